"""Limits as small as a program may set: a sender that keeps ENet's rules gets everything across, whatever is lost."""

from __future__ import annotations

import pytest

from godot_enet.core.protocol.config import MIN_BUFFERED_DATA, MIN_WAITING_DATA, HostConfig
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import EventType
from godot_enet.core.sim import LinkConfig
from tests.conftest import EngineFactory, EnginePair
from tests.scenario import raw
from tests.scenario.engine_stage import Pair, Stage

CHANNELS = 4
CHOICES = [
    # packet sizes, how many of each, latency in ms
    ((1, 30), 3000, 20),
    ((1000,), 4000, 2),
    ((1, 5000, 900), 100, 50),
    ((100_000, 10), 6, 20),
    ((1 << 21, 1200, 70, 900), 2, 5),
]
LOSSES = (0.0, pytest.param(0.02, marks=pytest.mark.long), 0.1)


def sent(sizes: tuple[int, ...], count: int) -> list[tuple[int, bytes]]:
    """Channels and packets, no two alike."""
    made: list[tuple[int, bytes]] = []
    for number in range(count):
        for size in sizes:
            channel = len(made) % CHANNELS
            made.append((channel, (b"%d " % number * size)[:size]))
    return made


def carry(pair: Pair, packets: list[tuple[int, bytes]], frame: int) -> None:
    """Send them all, one way, to a program that takes what has come every ``frame`` ms, and check what arrives."""
    pair.server.collecting = False
    for channel, packet in packets:
        pair.client.engine.send(pair.to_server, channel, packet, 1)
    for _ in range(600_000 // frame):
        pair.world.run_for(frame)
        pair.server.collect()
        if len(pair.server.events) >= len(packets) or pair.client.events:
            break
    assert not pair.client.events
    got = [(timed.event.channel, timed.event.packet) for timed in pair.server.events_of(EventType.RECEIVE)]
    for channel in range(CHANNELS):
        assert [packet for at, packet in got if at == channel] == [packet for at, packet in packets if at == channel]


@pytest.mark.parametrize("early", [False, True], ids=["stock", "early"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("choice", range(len(CHOICES)))
def test_everything_arrives(engine_pair: EnginePair, choice: int, loss: float, early: bool) -> None:
    sizes, count, latency = CHOICES[choice]
    for seed, waiting, kept in ((1, MIN_WAITING_DATA, 1 << 28), (2, 1 << 25, MIN_BUFFERED_DATA)):
        server = HostConfig(peer_count=1, maximum_waiting_data=waiting, maximum_buffered_data=kept)
        client = HostConfig(early_retransmit=early, maximum_queued_data=0, maximum_queued_total=0)
        link = LinkConfig(delay=latency, loss=loss)
        pair = Pair(engine_pair, link, seed=seed, client=client, server=server, capture=False, exactly=False)
        pair.connect(channels=CHANNELS)
        carry(pair, sent(sizes, count), 5 * seed * seed * seed)


def test_what_is_refused_does_not_take_the_rest_of_its_datagram_along(engine_factory: EngineFactory) -> None:
    """The missing packet may be behind one that there is no room for."""
    stage = Stage(engine_factory, maximum_waiting_data=10)
    peer = stage.joined()
    peer.exchange(raw.reliable(0, 2, bytes(10)))
    answers = peer.exchange(raw.reliable(0, 3, b"full"), raw.unsequenced(0, 1, b"full"), raw.reliable(0, 1, b"missing"))
    assert [command.number for answer in answers for command in raw.read(answer).commands] == [1]
    assert stage.packets() == [b"missing", bytes(10)]
    assert stage.engine.drops[Drop.WAITING_DATA_FULL] == 2


def test_unreliable_packets_leave_half_of_the_room(engine_factory: EngineFactory) -> None:
    stage = Stage(engine_factory, maximum_waiting_data=10)
    peer = stage.joined()
    stage.host.collecting = False
    peer.exchange(raw.unsequenced(0, 1, bytes(5)))
    peer.exchange(raw.unsequenced(0, 2, bytes(5)))
    assert len(peer.exchange(raw.reliable(0, 1, bytes(5)))) == 1
    assert len(stage.host.collect()) == 2


def test_a_window_in_each_channel_is_let_in_when_nothing_else_could_help(engine_factory: EngineFactory) -> None:
    """Beside larger ones that are begun: it may be the oldest that its sender has under way."""
    stage = Stage(engine_factory, maximum_waiting_data=10, maximum_packet_size=1 << 20)
    peer = stage.joined(channels=8)
    for channel in range(2):
        assert peer.exchange(raw.fragment(channel, 1, 0, 1024, 1 << 20, 0, bytes(1024)))
    assert not peer.exchange(raw.fragment(2, 1, 0, 1024, 1 << 20, 0, bytes(1024)))
    for channel in range(3, 8):
        assert peer.exchange(raw.fragment(channel, 1, 0, 1024, 1 << 16, 0, bytes(64)))
