"""Who waits, and who has to make room."""

from __future__ import annotations

from dataclasses import dataclass

from godot_enet.core.dtls.admission import LINGER, MAXIMUM_WAITING, PATIENCE, SILENCE, Admission
from godot_enet.core.dtls.records import Hello
from godot_enet.core.interface import Address


@dataclass
class Session:
    address: Address
    started: int
    heard: bool = False


def at(number: int, host: str = "10.0.0.1") -> Address:
    return Address(host, number)


def hello(random: bytes = b"") -> Hello:
    return Hello(b"", random, b"", b"")


def test_first_come_first_served() -> None:
    admission = Admission()
    for number in (3, 1, 2):
        admission.wait(at(number), hello(b"%d" % number), 0)
    admission.wait(at(3), hello(b"again"), 10)  # keeps its place
    order = []
    while (address := admission.first(20)) is not None:
        order.append((address.port, admission.take(address).random))
    assert order == [(3, b"again"), (1, b"1"), (2, b"2")]


def test_a_hello_that_waits_too_long_is_stale() -> None:
    admission = Admission()
    admission.wait(at(1), hello(), 0)
    admission.wait(at(2), hello(), 5)
    assert admission.first(PATIENCE - 1) == at(1)
    assert admission.first(PATIENCE) == at(2)
    assert admission.first(PATIENCE + 5) is None
    assert admission.waiting == {}


def test_there_is_a_limit() -> None:
    admission = Admission()
    for number in range(MAXIMUM_WAITING + 10):
        admission.wait(at(number), hello(), 0)
    assert len(admission.waiting) == MAXIMUM_WAITING


def test_the_oldest_silent_one_of_the_biggest_crowd_makes_room() -> None:
    admission = Admission()
    alone = Session(at(1, "10.0.0.2"), 0)
    crowd = [Session(at(number), number) for number in range(5)]
    crowd[0].heard = True
    assert admission.victim([alone, *crowd], 1000) is crowd[1]
    assert admission.victim([alone], 1000) is alone
    assert admission.victim([crowd[0]], LINGER - 1) is None
    assert admission.victim([crowd[0]], LINGER) is crowd[0]


def test_nobody_makes_room_before_he_had_time_to_answer_unless_too_many_wait() -> None:
    admission = Admission()
    session = Session(at(1), 0)
    admission.wait(at(100), hello(), 0)
    assert admission.victim([session], SILENCE - 1) is None
    assert admission.next_time([session]) == SILENCE
    assert admission.next_time([Session(at(1), 0, heard=True)]) == LINGER
    for number in range(MAXIMUM_WAITING):
        admission.wait(at(number), hello(), 0)
    assert admission.victim([session], SILENCE - 1) is session


def test_there_is_nothing_to_wait_for_when_nobody_waits() -> None:
    assert Admission().next_time([Session(at(1), 0)]) is None
