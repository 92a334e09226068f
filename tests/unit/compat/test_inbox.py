"""Inbox: what waits behind which packets, and for how long."""

from __future__ import annotations

from godot_enet.compat.inbox import Inbox
from godot_enet.compat.multiplayer_peer import MultiplayerPeer

RELIABLE = MultiplayerPeer.TRANSFER_MODE_RELIABLE


def arrive(inbox: Inbox[str], sender: int, *packets: bytes) -> None:
    for packet in packets:
        inbox.add_packet(packet, sender, 0, RELIABLE)


def waiting(inbox: Inbox[str]) -> list[bytes]:
    return [each.packet for each in inbox.packets]


def test_changes_without_packets_in_front_do_not_wait() -> None:
    inbox: Inbox[str] = Inbox()
    arrive(inbox, 2, b"of another")
    assert not inbox.hold(3, "connected")
    assert inbox.held == {}


def test_a_change_waits_until_its_peers_packets_are_taken() -> None:
    inbox: Inbox[str] = Inbox()
    arrive(inbox, 2, b"a")
    arrive(inbox, 3, b"b")
    assert inbox.hold(2, "gone")
    assert inbox.release(2) is None
    inbox.packets.popleft()
    assert inbox.release(2) == "gone"
    assert inbox.release(2) is None
    assert inbox.held == {}


def test_what_comes_after_a_held_change_stays_behind_it() -> None:
    inbox: Inbox[str] = Inbox()
    arrive(inbox, 2, b"a")
    assert inbox.hold(2, "gone")
    assert inbox.hold(2, "connected")
    arrive(inbox, 2, b"b", b"c")
    assert inbox.hold(2, "gone again")
    arrive(inbox, 3, b"x")
    assert waiting(inbox) == [b"a", b"x"]
    inbox.packets.popleft()
    assert [inbox.release(2), inbox.release(2), inbox.release(2)] == ["gone", "connected", None]
    assert waiting(inbox) == [b"x", b"b", b"c"]
    inbox.packets.clear()
    assert inbox.release(2) == "gone again"


def test_a_new_peer_stays_for_one_poll() -> None:
    inbox: Inbox[str] = Inbox()
    inbox.begin_poll()
    inbox.add_connected(2)
    assert inbox.hold(2, "gone")
    assert inbox.release(2) is None
    inbox.begin_poll()
    assert inbox.release(2) == "gone"


def test_a_program_that_does_not_read_hears_all_the_same() -> None:
    inbox: Inbox[str] = Inbox()
    arrive(inbox, 2, b"a")
    inbox.hold(2, "gone")
    inbox.hold(2, "connected")
    assert [inbox.begin_poll() for _ in range(3)] == [False, False, True]
    assert inbox.release(2, overtake=True) == "gone"
    assert inbox.release(2) is None  # one at a time
    assert inbox.release(2, overtake=True) == "connected"
    assert waiting(inbox) == [b"a"]


def test_a_program_that_reads_slowly_is_waited_for() -> None:
    inbox: Inbox[str] = Inbox()
    arrive(inbox, 3, *[b"x"] * 20)
    arrive(inbox, 2, b"a")
    inbox.hold(2, "gone")
    for _ in range(20):
        assert not inbox.begin_poll()
        assert inbox.release(2) is None
        inbox.packets.popleft()
    inbox.packets.popleft()
    assert inbox.release(2) == "gone"


def test_dropping_what_is_held_ends_a_release_in_progress() -> None:
    inbox: Inbox[str] = Inbox()
    arrive(inbox, 2, b"a")
    for change in ("gone", "connected"):
        inbox.hold(2, change)
    inbox.packets.clear()
    assert inbox.release(2) == "gone"
    arrive(inbox, 2, b"b")
    inbox.drop_held()
    assert inbox.release(2) is None
    inbox.clear()
    assert waiting(inbox) == []
