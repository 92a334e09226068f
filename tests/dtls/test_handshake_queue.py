"""Who waits, and who has to make room."""

from __future__ import annotations

from dataclasses import dataclass

from godot_enet.core.dtls.handshake_queue import MAX_WAIT, MAX_WAITING, PEER_LIMIT, SHARE, SILENCE_LIMIT, HandshakeQueue
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
    queue = HandshakeQueue()
    for number in (3, 1, 2):
        queue.wait(at(number), hello(b"%d" % number), 0)
    queue.wait(at(3), hello(b"again"), 10)  # keeps its place
    order = []
    while (address := queue.first(20)) is not None:
        order.append((address.port, queue.take(address).random))
    assert order == [(3, b"again"), (1, b"1"), (2, b"2")]


def test_a_hello_that_waits_too_long_is_stale() -> None:
    queue = HandshakeQueue()
    queue.wait(at(1), hello(), 0)
    queue.wait(at(2), hello(), 5)
    assert queue.first(MAX_WAIT - 1) == at(1)
    assert queue.first(MAX_WAIT) == at(2)
    assert queue.first(MAX_WAIT + 5) is None
    assert len(queue) == 0


def test_there_is_a_limit() -> None:
    queue = HandshakeQueue()
    for number in range(MAX_WAITING + 10):
        queue.wait(at(number), hello(), 0)
    assert len(queue) == MAX_WAITING


def test_one_host_has_a_quarter_while_others_wait() -> None:
    queue = HandshakeQueue()
    for number in range(MAX_WAITING):
        queue.wait(at(number), hello(), 0)
    queue.wait(at(1, "10.0.0.2"), hello(), 0)
    assert len(queue) == SHARE + 1
    for number in range(100, 200):
        queue.wait(at(number), hello(), 0)
    assert len(queue) == SHARE + 1


def test_hosts_take_turns() -> None:
    queue = HandshakeQueue()
    for number in range(3):
        queue.wait(at(number), hello(), 0)
    for host in ("10.0.0.2", "2001:db8::1", "2001:db8::2"):  # the last two may be one host
        queue.wait(at(9, host), hello(), 0)
    order = []
    while (address := queue.first(0)) is not None:
        order.append(address.host)
        queue.take(address)
    assert order == ["10.0.0.1", "10.0.0.2", "2001:db8::1", "10.0.0.1", "2001:db8::2", "10.0.0.1"]


def test_a_host_without_any_finds_room_where_all_is_full() -> None:
    queue = HandshakeQueue()
    for host in range(MAX_WAITING // SHARE):
        for number in range(SHARE):
            queue.wait(at(number, f"10.0.1.{host}"), hello(), 0)
    assert len(queue) == MAX_WAITING
    queue.wait(at(1, "10.0.0.2"), hello(), 0)
    hosts = []
    while (address := queue.first(0)) is not None:
        hosts.append(address.host)
        queue.take(address)
    assert len(hosts) == MAX_WAITING
    assert "10.0.0.2" in hosts[:5]


def test_the_oldest_silent_one_of_the_biggest_crowd_makes_room() -> None:
    queue = HandshakeQueue()
    alone = Session(at(1, "10.0.0.2"), 0)
    crowd = [Session(at(number), number) for number in range(5)]
    crowd[0].heard = True
    assert queue.victim([alone, *crowd], 1000) is crowd[1]
    assert queue.victim([alone], 1000) is alone
    assert queue.victim([crowd[0]], PEER_LIMIT - 1) is None
    assert queue.victim([crowd[0]], PEER_LIMIT) is crowd[0]


def test_nobody_makes_room_before_he_had_time_to_answer_unless_too_many_wait() -> None:
    queue = HandshakeQueue()
    session = Session(at(1), 0)
    queue.wait(at(100), hello(), 0)
    assert queue.victim([session], SILENCE_LIMIT - 1) is None
    assert queue.next_time([session]) == SILENCE_LIMIT
    assert queue.next_time([Session(at(1), 0, heard=True)]) == PEER_LIMIT
    for number in range(MAX_WAITING):
        queue.wait(at(number), hello(), 0)
    assert queue.victim([session], SILENCE_LIMIT - 1) is session


def test_there_is_nothing_to_wait_for_when_nobody_waits() -> None:
    assert HandshakeQueue().next_time([Session(at(1), 0)]) is None
