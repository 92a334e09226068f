"""Reliable means exactly once and in order, on any link, for as long as the connection lives."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godot_enet.core.protocol.constants import PacketFlag, PeerOption
from godot_enet.core.sim import LinkConfig
from tests.conftest import EnginePair
from tests.property.links import converse, play
from tests.scenario.engine_stage import NEVER, Pair

SEEDS_PER_BLOCK = 100

LINKS = st.builds(
    LinkConfig,
    loss=st.floats(0, 0.5),
    burst=st.floats(0, 0.1),
    burst_length=st.floats(1, 20),
    delay=st.integers(0, 500),
    jitter=st.integers(0, 300),
    reorder=st.floats(0, 1),
    duplicate=st.floats(0, 1),
    rate=st.sampled_from([0, 10_000, 100_000]),
    queue=st.integers(2000, 100_000),
)


@pytest.mark.parametrize("block", [pytest.param(n, marks=[pytest.mark.long] if n else []) for n in range(20)])
def test_two_thousand_seeds_hold(block: int) -> None:
    """The first of those that ``python -m tests.property`` plays."""
    lived = sum(play(seed) for seed in range(block * SEEDS_PER_BLOCK, (block + 1) * SEEDS_PER_BLOCK))
    # Both milder and harsher links were among them.
    assert SEEDS_PER_BLOCK // 4 < lived < SEEDS_PER_BLOCK


@pytest.mark.parametrize("modern", [True, False], ids=["modern", "exact"])
@given(there=LINKS, back=LINKS, seed=st.integers(0, (1 << 32) - 1), rounds=st.integers(1, 12))
def test_conversations_hold_on_any_link(
    engine_pair: EnginePair, modern: bool, there: LinkConfig, back: LinkConfig, seed: int, rounds: int
) -> None:
    converse(engine_pair, (there, back), Random(seed), rounds, seed, modern=modern)


def widened(pair: Pair) -> None:
    """Let neither side ever give the other up."""
    for host, peer in ((pair.client, pair.to_server), (pair.server, pair.to_client)):
        host.engine.configure(peer, PeerOption.TIMEOUT, 1 << 31, NEVER, NEVER)


@pytest.mark.parametrize("total", [5_000, pytest.param(100_000, marks=pytest.mark.long)])
def test_many_messages_arrive_both_ways_over_a_bad_link(engine_pair: EnginePair, total: int) -> None:
    burst = 1000
    link = LinkConfig(loss=0.1, duplicate=0.05, delay=25, jitter=50, reorder=1.0)
    pair = Pair(engine_pair, link, seed=total, capture=False)
    pair.connect()
    widened(pair)
    messages = [number.to_bytes(4, "big") for number in range(total)]
    for begin in range(0, total, burst):
        for message in messages[begin : begin + burst]:
            pair.client.engine.send(pair.to_server, 0, message, PacketFlag.RELIABLE)
            pair.server.engine.send(pair.to_client, 0, message, PacketFlag.RELIABLE)
        pair.world.run_for(40)
    pair.world.run_until(lambda: len(pair.server.events) >= total and len(pair.client.events) >= total)
    pair.world.run_for(10_000)
    assert pair.packets(pair.server) == messages
    assert pair.packets(pair.client) == messages


@pytest.mark.long
def test_large_and_small_messages_arrive_on_many_channels_over_a_bad_link(engine_pair: EnginePair) -> None:
    channels, total = 8, 8000
    link = LinkConfig(loss=0.1, burst=0.01, burst_length=5, duplicate=0.1, delay=40, jitter=80, reorder=0.7)
    pair = Pair(engine_pair, link, seed=8000, capture=False)
    pair.connect(channels)
    widened(pair)
    random = Random(8000)
    messages = [number.to_bytes(4, "big") + bytes(random.choice((0, 0, 0, 20, 1000, 5000))) for number in range(total)]
    for number, message in enumerate(messages):
        pair.client.engine.send(pair.to_server, number % channels, message, PacketFlag.RELIABLE)
        pair.server.engine.send(pair.to_client, number % channels, message, PacketFlag.RELIABLE)
        if number % 50 == 0:
            pair.world.run_for(16)
    pair.world.run_until(lambda: len(pair.server.events) >= total and len(pair.client.events) >= total)
    for host in (pair.server, pair.client):
        for channel in range(channels):
            heard = [timed.event.packet for timed in host.events if timed.event.channel == channel]
            assert heard == messages[channel::channels]
