"""Links that lose nearly half of everything: an idle connection is called before it is given up."""

from __future__ import annotations

import itertools

import pytest

from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import Command, PeerState
from godot_enet.core.sim import LinkConfig
from tests.conftest import EngineFactory, EnginePair
from tests.scenario import raw
from tests.scenario.engine_stage import CLIENT, SERVER, Pair, Stage, timed_out

MINUTE = 60_000


def idle(
    factory: EngineFactory, loss: float, seed: int, minutes: int, *, delay: int = 60, redundant_copies: int = 2
) -> Pair:
    """Two hosts that say nothing, over a link that begins to lose when they are connected."""
    config = HostConfig(redundant_copies=redundant_copies)
    pair = Pair(
        EnginePair(factory, factory), LinkConfig(delay=delay), seed, client=config, server=config, exactly=False
    )
    pair.connect()
    for source, destination in ((CLIENT, SERVER), (SERVER, CLIENT)):
        pair.world.set_link(source, destination, LinkConfig(delay=delay, loss=loss))
    pair.world.run_for(minutes * MINUTE)
    return pair


@pytest.mark.parametrize(
    ("delay", "seeds"),
    [(120, 4), pytest.param(120, 20, marks=pytest.mark.long), pytest.param(5, 20, marks=pytest.mark.long)],
)
def test_idle_connections_outlive_forty_percent_each_way(engine_factory: EngineFactory, delay: int, seeds: int) -> None:
    for seed in range(seeds):
        pair = idle(engine_factory, 0.4, seed, 10, delay=delay)
        assert not pair.client.events
        assert not pair.server.events


@pytest.mark.long
def test_where_little_is_lost_nobody_is_called(engine_factory: EngineFactory) -> None:
    for seed, loss in enumerate((0.0, 0.002, 0.005, 0.009)):
        with_calls = idle(engine_factory, loss, seed, 10)
        without = idle(engine_factory, loss, seed, 10, redundant_copies=0)
        assert len(with_calls.world.captures) == len(without.world.captures)


def test_when_calls_leave(engine_factory: EngineFactory) -> None:
    """From a second after the first copy that stayed unanswered on, each 100 ms after the last one."""
    stage = Stage(engine_factory, early_retransmit=True)
    peer = stage.joined(sample=100)
    stage.wait(1000)
    peer.answer(100)
    peer.take()
    begin = stage.now
    while stage.engine.peer_state(peer.handle) == PeerState.CONNECTED:
        stage.wait(10)
    times = [
        arrival.time - begin
        for arrival in peer.mailbox.received
        if raw.read(arrival.data).commands[0].kind == Command.PING
    ]
    first = times[0]
    before = [time - first for time in times if time - first < 1000]
    calls = [time - first for time in times if time - first >= 1000]
    assert len(before) <= 5
    assert {later - earlier for earlier, later in itertools.pairwise(calls)} <= set(range(1, 101))
    assert calls[-1] > 4800
    assert stage.events() == [timed_out(peer.handle, Command.PING)]
