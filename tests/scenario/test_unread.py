"""Packets that were reported but not read count as waiting data until the program has read them."""

from __future__ import annotations

from godot_enet.core.interface import Address
from godot_enet.core.protocol.constants import DisconnectMode
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import EventType
from godot_enet.core.protocol.tuning import BUFFER_OVERHEAD, MAX_HELD_COMMANDS
from tests.conftest import EngineFactory
from tests.scenario import raw
from tests.scenario.engine_stage import RAW, Stage

OTHER = Address("10.0.0.3", 6000)
LIMIT = 200_000


def test_beyond_the_limit_nothing_more_is_acknowledged(engine_factory: EngineFactory) -> None:
    stage = Stage(engine_factory, maximum_waiting_data=LIMIT)
    peer = stage.joined()
    assert peer.exchange(raw.reliable(0, 1, bytes(1000))) != []
    assert len(stage.packets()) == 1
    stage.engine.set_unread(peer.handle, 200, LIMIT)
    assert peer.info.waiting_data == LIMIT
    for command in (raw.reliable(0, 2, b"x"), raw.reliable(0, 3, b"x"), raw.fragment(0, 2, 0, 2, 2000, 0, bytes(1000))):
        assert peer.exchange(command) == []
    peer.post(raw.unsequenced(0, 1, b"x"), raw.unreliable(0, 1, 1, b"x"))
    assert stage.packets() == []
    assert stage.engine.drops[Drop.WAITING_DATA_FULL] > 0
    stage.engine.set_unread(peer.handle, 199, LIMIT - 1)
    assert peer.exchange(raw.reliable(0, 2, b"x")) != []
    assert stage.packets() == [b"x"]


def test_their_number_counts_too(engine_factory: EngineFactory) -> None:
    stage = Stage(engine_factory)
    peer = stage.joined()
    stage.engine.set_unread(peer.handle, MAX_HELD_COMMANDS, 0)
    assert peer.exchange(raw.reliable(0, 1, b"x")) == []
    stage.engine.set_unread(peer.handle, MAX_HELD_COMMANDS - 1, 0)
    assert peer.exchange(raw.reliable(0, 1, b"x")) != []


def test_they_count_for_the_host(engine_factory: EngineFactory) -> None:
    stage = Stage(engine_factory, maximum_buffered_data=LIMIT, peer_count=2)
    greedy, honest = stage.joined(RAW), stage.joined(OTHER)
    stage.engine.set_unread(greedy.handle, 100, LIMIT - 100 * BUFFER_OVERHEAD)
    greedy.post(raw.reliable(0, 2, b"x"))
    stage.settle()
    assert stage.engine.drops[Drop.HOST_DATA_FULL] == 1
    honest.post(raw.reliable(0, 2, b"x"))
    stage.settle()
    assert stage.engine.drops[Drop.HOST_DATA_FULL] == 1  # it has its share
    stage.engine.set_unread(greedy.handle, 0, 0)
    assert greedy.exchange(raw.reliable(0, 2, b"x")) != []


def test_a_stalled_program_loses_nothing(engine_factory: EngineFactory) -> None:
    """20 seconds at 100 KB/s, of which nothing is taken, are far from the limit."""
    stage = Stage(engine_factory, maximum_waiting_data=32 * 1024 * 1024)
    peer = stage.joined()
    for number in range(1, 2001):
        assert peer.exchange(raw.reliable(0, number, bytes(1000))) != []
        stage.engine.set_unread(peer.handle, number, number * 1000)
    assert len(stage.packets()) == 2000


def test_nothing_is_left_of_those_who_go(engine_factory: EngineFactory) -> None:
    stage = Stage(engine_factory, maximum_buffered_data=LIMIT, peer_count=2)
    for port in range(10):
        peer = stage.joined(Address(RAW.host, 100 + port))
        stage.engine.set_unread(peer.handle, 10, LIMIT - 10 * BUFFER_OVERHEAD)
        if port % 2:
            peer.disconnect(mode=DisconnectMode.RESET)
        else:
            peer.post(raw.disconnect(1, command=0x44))
            assert [event.type for event in stage.events()] == [EventType.DISCONNECT]
        stage.engine.set_unread(peer.handle, 1, 1000)  # too late: nobody is meant
    peer = stage.joined(OTHER)
    for number in range(2, 102):
        peer.post(raw.reliable(0, number, bytes(1000)))
        stage.settle()
    assert stage.engine.drops[Drop.HOST_DATA_FULL] == 0


def test_the_end_is_reported_all_the_same(engine_factory: EngineFactory) -> None:
    stage = Stage(engine_factory, maximum_waiting_data=LIMIT)
    peer = stage.joined()
    stage.engine.set_unread(peer.handle, 1, LIMIT)
    peer.post(raw.disconnect(1, command=0x44))
    assert [event.type for event in stage.events()] == [EventType.DISCONNECT]
