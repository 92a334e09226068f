"""Inbox: what waits behind which packets, and for how long."""

from __future__ import annotations

from godot_enet.compat.inbox import Inbox
from godot_enet.compat.multiplayer_peer import MultiplayerPeer

RELIABLE = MultiplayerPeer.TRANSFER_MODE_RELIABLE


class Remote:
    """Where packets come from, and what its host was told."""

    def __init__(self) -> None:
        self.active = True
        self.told: list[tuple[int, int]] = []

    def is_active(self) -> bool:
        return self.active

    def _set_unread(self, packets: int, size: int) -> None:
        self.told.append((packets, size))


def arrive(inbox: Inbox[str], sender: int, *packets: bytes, remote: Remote | None = None) -> None:
    for packet in packets:
        incoming, queue, fresh = inbox.place_packet(packet, sender, 0, RELIABLE, remote or Remote())
        queue.append(incoming)
        fresh.append(incoming)


def hold(inbox: Inbox[str], number: int, change: str) -> bool:
    queue = inbox.place_change(number)
    if queue is not None:
        queue.append(change)
    return queue is not None


def release(inbox: Inbox[str], number: int, *, overtake: bool = False) -> object:
    queue = inbox.next_change(number, overtake=overtake)
    if queue is None:
        return None
    change = queue.popleft()
    inbox.tidy(number)
    return change


def waiting(inbox: Inbox[str]) -> list[bytes]:
    return [each.packet for each in inbox.packets]


def test_changes_without_packets_in_front_do_not_wait() -> None:
    inbox: Inbox[str] = Inbox()
    arrive(inbox, 2, b"of another")
    assert not hold(inbox, 3, "connected")
    assert inbox.held == {}


def test_a_change_waits_until_its_peers_packets_are_taken() -> None:
    inbox: Inbox[str] = Inbox()
    arrive(inbox, 2, b"a")
    arrive(inbox, 3, b"b")
    assert hold(inbox, 2, "gone")
    assert release(inbox, 2) is None
    inbox.packets.popleft()
    assert release(inbox, 2) == "gone"
    assert release(inbox, 2) is None
    assert inbox.held == {}


def test_what_comes_after_a_held_change_stays_behind_it() -> None:
    inbox: Inbox[str] = Inbox()
    arrive(inbox, 2, b"a")
    assert hold(inbox, 2, "gone")
    assert hold(inbox, 2, "connected")
    arrive(inbox, 2, b"b", b"c")
    assert hold(inbox, 2, "gone again")
    arrive(inbox, 3, b"x")
    assert waiting(inbox) == [b"a", b"x"]
    inbox.packets.popleft()
    assert [release(inbox, 2), release(inbox, 2), release(inbox, 2)] == ["gone", "connected", None]
    assert waiting(inbox) == [b"x", b"b", b"c"]
    inbox.packets.clear()
    assert release(inbox, 2) == "gone again"


def test_a_new_peer_stays_for_one_poll() -> None:
    inbox: Inbox[str] = Inbox()
    inbox.begin_poll()
    inbox.add_connected(2)
    assert hold(inbox, 2, "gone")
    assert release(inbox, 2) is None
    inbox.begin_poll()
    assert release(inbox, 2) == "gone"


def test_a_program_that_does_not_read_hears_all_the_same() -> None:
    inbox: Inbox[str] = Inbox()
    arrive(inbox, 2, b"a")
    hold(inbox, 2, "gone")
    hold(inbox, 2, "connected")
    assert [inbox.begin_poll() for _ in range(3)] == [False, False, True]
    assert release(inbox, 2, overtake=True) == "gone"
    assert release(inbox, 2) is None  # one at a time
    assert release(inbox, 2, overtake=True) == "connected"
    assert waiting(inbox) == [b"a"]


def test_a_program_that_reads_slowly_is_waited_for() -> None:
    inbox: Inbox[str] = Inbox()
    arrive(inbox, 3, *[b"x"] * 20)
    arrive(inbox, 2, b"a")
    hold(inbox, 2, "gone")
    for _ in range(20):
        assert not inbox.begin_poll()
        assert release(inbox, 2) is None
        inbox.packets.popleft()
    inbox.packets.popleft()
    assert release(inbox, 2) == "gone"


def test_dropping_what_is_held_ends_a_release_in_progress() -> None:
    inbox: Inbox[str] = Inbox()
    arrive(inbox, 2, b"a")
    for change in ("gone", "connected"):
        hold(inbox, 2, change)
    inbox.packets.clear()
    assert release(inbox, 2) == "gone"
    arrive(inbox, 2, b"b")
    inbox.drop_held()
    assert release(inbox, 2) is None
    inbox.clear()
    assert waiting(inbox) == []


def test_what_is_taken_before_the_next_poll_is_not_counted() -> None:
    inbox: Inbox[str] = Inbox()
    remote = Remote()
    for _ in range(3):
        inbox.count()
        arrive(inbox, 2, b"a", b"b", remote=remote)
        assert [inbox.take().packet, inbox.take().packet] == [b"a", b"b"]
    inbox.count()
    assert remote.told == []


def test_what_is_not_taken_counts_until_it_is() -> None:
    inbox: Inbox[str] = Inbox()
    one, two = Remote(), Remote()
    arrive(inbox, 2, b"a", b"bb", remote=one)
    arrive(inbox, 3, b"ccc", remote=two)
    inbox.count()
    assert (one.told, two.told) == ([(2, 3)], [(1, 3)])
    arrive(inbox, 2, b"dddd", remote=one)
    inbox.take()
    inbox.count()
    assert (one.told, two.told) == ([(2, 3), (2, 6)], [(1, 3)])
    while inbox.packets:
        inbox.take()
    inbox.count()
    assert (one.told[2:], two.told[1:]) == ([(0, 0)], [(0, 0)])
    inbox.count()
    assert len(one.told) == 3


def test_much_is_counted_at_once() -> None:
    """A poll goes on for as long as there are events."""
    inbox: Inbox[str] = Inbox()
    remote = Remote()
    arrive(inbox, 2, *[bytes(100_000)] * 25, remote=remote)
    assert remote.told == [(11, 1_100_000), (22, 2_200_000)]


def test_what_waits_behind_a_change_counts_like_the_rest() -> None:
    """It is of a new peer with the same number, which may send as much as it likes while the change waits."""
    inbox: Inbox[str] = Inbox()
    remote, new = Remote(), Remote()
    arrive(inbox, 2, b"a", remote=remote)
    hold(inbox, 2, "gone")
    arrive(inbox, 2, b"bb", b"cc", remote=new)
    inbox.count()
    assert new.told == [(2, 4)]
    inbox.take()
    assert release(inbox, 2) == "gone"
    assert release(inbox, 2) is None
    inbox.count()
    assert (remote.told, new.told[-1]) == ([(1, 1), (0, 0)], (2, 4))
    assert inbox.take().packet == b"bb"
    inbox.count()
    assert new.told[-1] == (1, 2)
    assert inbox.take().packet == b"cc"
    inbox.count()
    assert new.told[-1] == (0, 0)


def test_what_is_released_and_taken_between_two_counts_is_gone() -> None:
    inbox: Inbox[str] = Inbox()
    remote, new = Remote(), Remote()
    arrive(inbox, 2, b"a", remote=remote)
    arrive(inbox, 3, b"x", remote=remote)
    hold(inbox, 2, "gone")
    arrive(inbox, 2, b"counted", remote=new)
    inbox.count()
    arrive(inbox, 2, b"fresh", remote=new)
    inbox.take()
    assert release(inbox, 2) == "gone"
    assert release(inbox, 2) is None
    assert [inbox.take().packet for _ in range(3)] == [b"x", b"counted", b"fresh"]
    arrive(inbox, 3, b"y", remote=remote)
    inbox.count()
    assert (remote.told[-1], new.told[-1]) == ((1, 1), (0, 0))


def test_what_is_held_counts_while_nothing_else_waits() -> None:
    inbox: Inbox[str] = Inbox()
    remote = Remote()
    inbox.add_connected(2)
    hold(inbox, 2, "gone")
    arrive(inbox, 2, b"bb", remote=remote)
    inbox.count()
    assert remote.told == [(1, 2)]
    inbox.drop_held()
    inbox.count()
    assert remote.told[-1] == (0, 0)


def test_what_those_left_behind_who_are_gone_is_dropped_when_it_is_too_much() -> None:
    inbox: Inbox[str] = Inbox(limit=3000)
    gone, there = Remote(), Remote()
    arrive(inbox, 2, b"a", b"b", remote=gone)
    arrive(inbox, 3, b"c", remote=there)
    gone.active = False
    inbox.count()
    assert inbox.drop_orphans() == 0
    arrive(inbox, 3, bytes(3000), remote=there)
    inbox.count()
    assert inbox.drop_orphans() == 2
    assert waiting(inbox) == [b"c", bytes(3000)]
    assert there.told[-1] == (2, 3001)
    arrive(inbox, 3, b"d", remote=there)
    inbox.count()
    assert inbox.drop_orphans() == 0  # whoever is there has a limit of its own


def test_nothing_counts_after_clearing() -> None:
    inbox: Inbox[str] = Inbox()
    remote = Remote()
    arrive(inbox, 2, b"a", remote=remote)
    inbox.count()
    inbox.clear()
    assert remote.told == [(1, 1), (0, 0)]
