"""Which rooms a gateway of examples/fleet knows, and what it remembers of players."""

from __future__ import annotations

from dataclasses import replace

from examples.fleet.directory import KEEP_SECONDS, LOST_SECONDS, MAX_ROOMS, Directory
from examples.fleet.messages import Announcement, Traveller, player_id

ANN, BEN = (Traveller(player_id(bytes([number]) * 16), name) for number, name in enumerate(("Ann", "Ben")))


class Known:
    """A directory with its clock."""

    def __init__(self) -> None:
        self.now = 100.0
        self.directory = Directory(lambda: self.now)

    def hear(self, room: str, *travellers: Traveller, seats: int = 4, is_open: bool = True) -> None:
        made = Announcement(room, "192.0.2.1", 9000, seats, open=is_open, travellers=list(travellers))
        self.directory.hear(f"fleet.room.{room}", made)

    def wait(self, seconds: float, bus_is_there: bool = True) -> None:
        self.now += seconds
        self.directory.update(bus_is_there)

    def rooms(self) -> list[str]:
        return [each.room for each in self.directory.rooms()]

    def holder(self, traveller: Traveller) -> str | None:
        found = self.directory.holder(traveller.player)
        return found.room if found else None


def test_the_emptiest_room_that_takes_players_is_the_best() -> None:
    known = Known()
    assert known.directory.best() == ""
    known.hear("a", ANN)
    known.hear("b", BEN, seats=8)
    known.hear("c", is_open=False)
    known.hear("d", ANN, BEN, seats=2)
    assert known.rooms() == ["c", "b", "a", "d"]
    assert known.directory.best() == "b"
    assert known.directory.best(without="b") == "a"


def test_a_room_that_is_silent_is_gone_and_its_players_are_remembered() -> None:
    known = Known()
    known.hear("a", replace(ANN, points=7))
    known.wait(LOST_SECONDS)
    assert (known.rooms(), known.holder(ANN)) == (["a"], "a")
    known.wait(0.1)
    assert (known.rooms(), known.holder(ANN)) == ([], None)
    known.hear("a")  # another process of that name
    assert known.holder(ANN) is None
    last = known.directory.last(ANN.player)
    assert last is not None
    assert last.points == 7
    known.wait(KEEP_SECONDS)
    assert known.directory.last(ANN.player) is None


def test_no_room_is_gone_while_the_bus_is_away() -> None:
    known = Known()
    known.hear("a", ANN)
    for _ in range(10):
        known.wait(LOST_SECONDS, bus_is_there=False)
    known.wait(LOST_SECONDS)
    assert known.holder(ANN) == "a"


def test_the_holder_is_the_room_that_said_so_last() -> None:
    known = Known()
    known.hear("a", ANN)
    known.hear("b", replace(ANN, points=2))
    assert known.holder(ANN) == "b"
    known.hear("a")
    assert known.holder(ANN) == "b"
    known.hear("b")
    assert known.holder(ANN) is None
    known.directory.drop("b")
    known.directory.drop("b")
    assert known.rooms() == ["a"]
    assert "b" not in known.directory


def test_what_strangers_announce_is_bounded() -> None:
    known = Known()
    known.directory.hear("fleet.room.b", Announcement("a", "192.0.2.1", 9000, 4))
    assert not known.rooms(), "its subject is that of another room"
    for number in range(MAX_ROOMS + 10):
        known.hear(f"r{number}")
    assert len(known.rooms()) == MAX_ROOMS
    known.hear("r0", ANN)
    assert known.holder(ANN) == "r0", "those that are known are still heard"
