"""Who waits, and who has to make room."""

from __future__ import annotations

from dataclasses import dataclass

from godot_enet.core.dtls.admission import LINGER, MAXIMUM_WAITING, PATIENCE, SHARE, SILENCE, Admission
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
    assert len(admission) == 0


def test_there_is_a_limit() -> None:
    admission = Admission()
    for number in range(MAXIMUM_WAITING + 10):
        admission.wait(at(number), hello(), 0)
    assert len(admission) == MAXIMUM_WAITING


def test_one_host_has_a_quarter_while_others_wait() -> None:
    admission = Admission()
    for number in range(MAXIMUM_WAITING):
        admission.wait(at(number), hello(), 0)
    admission.wait(at(1, "10.0.0.2"), hello(), 0)
    assert len(admission) == SHARE + 1
    for number in range(100, 200):
        admission.wait(at(number), hello(), 0)
    assert len(admission) == SHARE + 1


def test_hosts_take_turns() -> None:
    admission = Admission()
    for number in range(3):
        admission.wait(at(number), hello(), 0)
    for host in ("10.0.0.2", "2001:db8::1", "2001:db8::2"):  # the last two may be one host
        admission.wait(at(9, host), hello(), 0)
    order = []
    while (address := admission.first(0)) is not None:
        order.append(address.host)
        admission.take(address)
    assert order == ["10.0.0.1", "10.0.0.2", "2001:db8::1", "10.0.0.1", "2001:db8::2", "10.0.0.1"]


def test_a_host_without_any_finds_room_where_all_is_full() -> None:
    admission = Admission()
    for host in range(MAXIMUM_WAITING // SHARE):
        for number in range(SHARE):
            admission.wait(at(number, f"10.0.1.{host}"), hello(), 0)
    assert len(admission) == MAXIMUM_WAITING
    admission.wait(at(1, "10.0.0.2"), hello(), 0)
    hosts = []
    while (address := admission.first(0)) is not None:
        hosts.append(address.host)
        admission.take(address)
    assert len(hosts) == MAXIMUM_WAITING
    assert "10.0.0.2" in hosts[:5]


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
