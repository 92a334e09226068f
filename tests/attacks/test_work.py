"""What a datagram costs does not grow with what its sender has arranged before."""

from __future__ import annotations

import time
from collections.abc import Iterator

from godot_enet.core.interface import Datagram
from godot_enet.core.protocol.constants import PeerState
from tests.attacks.work import work_of
from tests.conftest import EngineFactory
from tests.scenario import raw
from tests.scenario.engine_stage import RAW, RawPeer, Stage

FEW, MANY = 1500, 6000
"""What is arranged, once and four times as much."""
OLD_HASH = 0x9E3779B1


def write(peer: RawPeer, *commands: bytes) -> bytes:
    """A datagram of this peer."""
    return raw.datagram(*commands, peer=peer.slot, session=peer.session, time=peer.stage.now)


def receive(peer: RawPeer, datagrams: list[bytes]) -> None:
    """One receive pass."""
    peer.stage.engine.receive([Datagram(data, RAW) for data in datagrams], peer.stage.now)


def filled(commands: list[bytes], peer: RawPeer, size: int = 100) -> list[bytes]:
    """Datagrams of so many commands each."""
    return [write(peer, *commands[at : at + size]) for at in range(0, len(commands), size)]


def with_overdue(factory: EngineFactory, count: int) -> RawPeer:
    """A peer to whom so many packets were sent in vain, and wait to be sent again."""
    stage = Stage(factory)
    peer = stage.joined()
    peer.hush()
    for number in range(count):
        peer.send(number % 2, b"")
    peer.take()
    now = stage.now + 1000
    stage.engine.handle_timeout(now)
    assert stage.engine.peer_info(peer.handle).packets_queued == count
    return peer


def test_an_acknowledgement_finds_its_command_among_any_number(engine_factory: EngineFactory) -> None:
    """They walked through all that waits to be sent again."""

    def cost(count: int) -> int:
        peer = with_overdue(engine_factory, count)
        flood = filled([raw.acknowledge(1, 60_000 + index, peer.stage.now) for index in range(1000)], peer)
        return work_of(peer.stage.engine, lambda: receive(peer, flood))

    assert cost(MANY) < 2 * cost(FEW)


def test_commands_that_wait_to_be_sent_again_are_acknowledged(engine_factory: EngineFactory) -> None:
    peer = with_overdue(engine_factory, 10)
    sent = peer.stage.now
    receive(peer, [write(peer, *[raw.acknowledge(0, number, sent) for number in (1, 3, 5)])])
    assert peer.info.packets_queued == 7
    stage = peer.stage
    left = [
        (command.channel, command.number)
        for datagram in stage.engine.poll_transmit(sent + 1000)
        for command in raw.read(datagram.data).commands
    ]
    assert left == [(1, 1), (0, 2), (1, 2), (1, 3), (0, 4), (1, 4), (1, 5)]


def _home(number: int) -> int:
    return (number * OLD_HASH & 0xFFFFFFFF) >> 5 & 0x1FFFF


def fragments_of_one_home() -> list[int]:
    """Numbers of fragments that met in a table with the multiplier that everybody knew."""
    return sorted(range(1 << 20), key=_home)[:MANY]


def test_fragment_numbers_meet_nowhere(engine_factory: EngineFactory) -> None:
    """They were chosen for neighbouring places of a table with linear probing."""
    numbers = fragments_of_one_home()

    def costs(count: int) -> Iterator[int]:
        for _ in range(3):
            peer = Stage(engine_factory).joined()
            pieces = [raw.fragment(0, 1, number, 1 << 20, 1 << 20, number, b"x") for number in numbers[:count]]
            flood = filled(pieces, peer, 50)
            yield work_once(peer, flood)

    assert min(costs(MANY)) < 10 * min(costs(FEW))  # 16 if each looked at all others


def test_numbers_of_early_packets_meet_nowhere(engine_factory: EngineFactory) -> None:
    def home(number: int) -> int:
        return (number * OLD_HASH & 0xFFFFFFFF) >> 7 & 0x3FFF

    numbers = sorted(range(2, 0x6000), key=home)[:MANY]

    def costs(count: int) -> Iterator[int]:
        for _ in range(3):
            peer = Stage(engine_factory).joined()
            yield work_once(peer, filled([raw.reliable(0, number) for number in numbers[:count]], peer))

    assert min(costs(MANY)) < 10 * min(costs(FEW))  # 16 if each looked at all others


def work_once(peer: RawPeer, flood: list[bytes]) -> int:
    """As ``work_of``, for what can only be done once."""
    done: list[int] = []

    def once() -> None:
        if not done:
            receive(peer, flood)
            done.append(1)

    engine = peer.stage.engine
    if engine.name == "python":
        return work_of(engine, once)
    begin = time.thread_time_ns()
    once()
    return time.thread_time_ns() - begin


def test_unreliable_packets_that_wait_cost_no_walk(engine_factory: EngineFactory) -> None:
    """One that comes looks for its place among up to 1024, and those that pass leave the others where they are."""

    def cost(count: int) -> int:
        peer = Stage(engine_factory).joined()
        receive(peer, filled([raw.unreliable(0, 9, number) for number in range(1000, 1000 + count)], peer))
        stale = [raw.unreliable(0, 9, 1000)] * 500  # there already: the last to be looked at
        return work_of(peer.stage.engine, lambda: receive(peer, filled(stale, peer)))

    assert cost(1000) < 2 * cost(100)


def test_unreliable_packets_pass_those_that_wait(engine_factory: EngineFactory) -> None:
    def costs(count: int) -> Iterator[int]:
        for _ in range(3):
            peer = Stage(engine_factory).joined()
            waiting = [raw.unreliable(0, 9, number) for number in range(1, 1 + count)]
            receive(peer, filled(waiting, peer))
            piece = raw.fragment(0, 1, 0, 2, 2, 0, b"x", number=0, command=0x0C)
            assert peer.state is PeerState.CONNECTED
            passing = [piece] + [raw.unreliable(0, 0, number) for number in range(2, 502)]
            yield work_once(peer, filled(passing, peer))

    assert min(costs(1000)) < 4 * min(costs(100))
