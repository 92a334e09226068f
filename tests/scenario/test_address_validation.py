"""What a remote is sent before it has acknowledged anything of the connection that it requested."""

from __future__ import annotations

from typing import Any

import pytest

from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import Command, DisconnectMode, PeerState
from godot_enet.core.protocol.events import DisconnectReason, EventType
from godot_enet.core.sim import LinkConfig
from tests.conftest import EngineFactory, EnginePair
from tests.scenario import raw
from tests.scenario.engine_stage import Pair, Stage
from tests.scenario.test_half_open import Caller

WINDOW = 65_536


def connected(factory: EngineFactory, **fields: Any) -> Caller:
    """Somebody who has just proved that he reads one datagram, at a host with nothing turned off."""
    defaults = HostConfig()
    names = ("early_retransmit", "half_open_limit", "maximum_buffered_data")
    stage = Stage(factory, **{name: getattr(defaults, name) for name in names})
    caller = Caller(stage)
    caller.ask(**fields)
    caller.prove()
    (event,) = stage.events()
    assert event.type is EventType.CONNECT
    caller.peer.handle = event.peer
    return caller


def sent_to(caller: Caller) -> int:
    """Bytes sent there since the last call."""
    return sum(map(len, caller.peer.take()))


@pytest.mark.parametrize("flags", [0, 1, 2])
@pytest.mark.parametrize("size", [0, 1, 1000, 5000])
def test_it_is_sent_no_more_than_its_window(engine_factory: EngineFactory, flags: int, size: int) -> None:
    """Reliable, unreliable and resent together, acknowledgements and the end included."""
    caller = connected(engine_factory)
    stage = caller.stage
    total = sent_to(caller)
    for number in range(320):
        for _ in range(200 if size < 1000 else 20):
            if stage.engine.peer_state(caller.peer.handle) is PeerState.CONNECTED:
                stage.engine.send(caller.peer.handle, 0, bytes(size), flags)
        caller.peer.post(*[raw.ping(number)] * 20, raw.acknowledge(raw.CONTROL, number, stage.now - 1))
        stage.wait(100)
        total += sent_to(caller)
    assert total <= WINDOW
    (end,) = [event for event in stage.events() if event.type is EventType.DISCONNECT]
    assert end.reason is DisconnectReason.TIMEOUT


def test_a_narrow_window_counts(engine_factory: EngineFactory) -> None:
    caller = connected(engine_factory, bandwidths=(1000, 0))
    total = sent_to(caller)
    for _ in range(50):
        caller.stage.engine.send(caller.peer.handle, 0, bytes(500), 0)
        caller.stage.wait(20)
        total += sent_to(caller)
    assert 1000 < total <= 4096


def test_a_host_rests_when_the_window_is_used_up(engine_factory: EngineFactory) -> None:
    """Even if it has no bytes left for the ping that is due."""
    caller = connected(engine_factory, bandwidths=(1000, 0))
    stage, peer = caller.stage, caller.peer
    total = sent_to(caller)
    for _ in range(10):
        stage.engine.send(peer.handle, 0, bytes(1000), 0)
    for _ in range(300):
        stage.engine.ping(peer.handle)
    stage.wait(1)
    total += sent_to(caller)
    assert 4096 - 8 < total <= 4096
    while not stage.host.events:
        due = stage.engine.poll_timeout()
        assert due is not None
        assert due > stage.now
        stage.wait(due - stage.now)
    assert [event.reason for event in stage.events()] == [DisconnectReason.TIMEOUT]


def test_a_ping_leaves_with_the_first_data_and_its_answer_ends_it(engine_factory: EngineFactory) -> None:
    caller = connected(engine_factory)
    stage = caller.stage
    caller.peer.take()
    stage.engine.send(caller.peer.handle, 0, b"first", 0)
    (data,) = caller.peer.take()
    assert [command.kind for command in raw.read(data).commands] == [Command.SEND_UNRELIABLE, Command.PING]
    for _ in range(100):
        stage.engine.send(caller.peer.handle, 0, bytes(1000), 0)
    assert sent_to(caller) < WINDOW
    caller.peer.post(raw.acknowledge(raw.CONTROL, raw.read(data).commands[1].number, stage.now), time=None)
    stage.engine.send(caller.peer.handle, 0, bytes(1000), 0)
    assert sent_to(caller) > 30_000, "the rest"


def test_what_must_be_acknowledged_needs_no_ping(engine_factory: EngineFactory) -> None:
    caller = connected(engine_factory)
    caller.peer.take()
    caller.stage.engine.send(caller.peer.handle, 0, b"first", 1)
    (data,) = caller.peer.take()
    assert [command.kind for command in raw.read(data).commands] == [Command.SEND_RELIABLE]


def test_no_ping_follows_the_disconnect_of_a_peer_that_was_to_leave_later(engine_factory: EngineFactory) -> None:
    caller = connected(engine_factory)
    peer, engine = caller.peer, caller.stage.engine
    peer.take()
    engine.send(peer.handle, 0, b"the last", 0)
    for mode in (DisconnectMode.LATER, DisconnectMode.NOW):
        engine.disconnect(peer.handle, 7, mode, caller.stage.now)
    kinds = [[command.kind for command in raw.read(data).commands] for data in peer.take()]
    assert kinds == [[Command.DISCONNECT]]
    assert engine.peer_state(peer.handle) is PeerState.DISCONNECTED


def test_a_full_datagram_leaves_the_ping_for_the_next(engine_factory: EngineFactory) -> None:
    caller = connected(engine_factory)
    caller.peer.take()
    for size in (1000, 1392 - 4 - 8 - 1000 - 8):
        caller.stage.engine.send(caller.peer.handle, 0, bytes(size), 0)
    kinds = [[command.kind for command in raw.read(data).commands] for data in caller.peer.take()]
    assert kinds == [[Command.SEND_UNRELIABLE] * 2, [Command.PING]]


@pytest.mark.parametrize("flags", [0, 1])
def test_between_real_hosts_nobody_waits(engine_pair: EnginePair, flags: int) -> None:
    """What fits the first window arrives in one go, and what does not a round trip later at most."""
    pair = Pair(engine_pair, LinkConfig(delay=50), exactly=False)
    pair.connect()
    begin = pair.world.now
    for number in range(60):
        pair.server.engine.send(pair.to_client, 0, number.to_bytes(2, "big") + bytes(1000), flags)
    pair.world.run_for(52)
    assert len(pair.packets(pair.client)) == 60
    for number in range(60, 200):
        pair.server.engine.send(pair.to_client, 0, number.to_bytes(2, "big") + bytes(1000), flags)
    pair.world.run_until(lambda: len(pair.packets(pair.client)) == 200, limit=1000)
    assert pair.world.now - begin <= 52 + 100 + (200 if flags else 0)
    assert [int.from_bytes(packet[:2], "big") for packet in pair.packets(pair.client)] == list(range(200))


def test_acknowledgements_alone_carry_no_ping(engine_factory: EngineFactory) -> None:
    """A client of ENet pings as soon as it is connected."""
    caller = connected(engine_factory)
    caller.peer.take()
    caller.peer.post(raw.reliable(0, 1, b"x"))
    (data,) = caller.peer.take()
    assert [command.kind for command in raw.read(data).commands] == [Command.ACKNOWLEDGE]
    caller.stage.wait(600)
    data, *_ = caller.peer.take()
    assert [command.kind for command in raw.read(data).commands] == [Command.PING]


def test_whoever_only_sends_is_asked_in_time(engine_factory: EngineFactory) -> None:
    """Else the acknowledgements of what comes would use up its credit."""
    caller = connected(engine_factory, bandwidths=(1000, 0))
    caller.peer.take()
    sent, asked = 0, False
    for number in range(1, 500):
        caller.peer.post(raw.reliable(0, number, b"x"))
        for data in caller.peer.take():
            sent += len(data)
            asked = asked or Command.PING in [command.kind for command in raw.read(data).commands]
        if asked:
            break
    assert asked
    assert 800 < sent < 1100, "a quarter of 4,096 bytes"
    caller.stage.wait(40_000)
    (end,) = [event for event in caller.stage.events() if event.type is EventType.DISCONNECT]
    assert end.reason is DisconnectReason.TIMEOUT
