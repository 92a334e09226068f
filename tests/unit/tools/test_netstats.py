"""The samples: what was sent and counted comes out as rates, by a clock that the test winds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from godot_enet import ENetConnection, ENetPacketPeer
from godot_enet.tools.bad_network import BadNetwork
from godot_enet.tools.netstats import ENET, NetStats, Rate
from tests.unit.tools.talking_pair import Pair, connections

RELIABLE = ENetPacketPeer.FLAG_RELIABLE


class Clock:
    """Seconds, as the test says."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def pair(host_engine: str) -> Iterator[Pair]:
    with connections() as pair:
        yield pair


def test_it_takes_a_sample_every_tenth_of_a_second() -> None:
    clock = Clock()
    stats = NetStats(ENetConnection(), clock=clock)
    fresh = []
    for _ in range(32):
        clock.now += 1 / 64
        fresh.append(stats.update())
    assert [index for index, new in enumerate(fresh) if new] == [6, 13, 20, 27]
    assert [sample.seconds for sample in stats.history] == [7 / 64] * 4
    assert stats.history[0].gap == 1000 / 64


def test_an_inactive_connection_is_silent() -> None:
    clock = Clock()
    stats = NetStats(ENetConnection(), clock=clock)
    assert stats.recent() is None
    clock.now += 1
    assert stats.update()
    recent = stats.recent()
    assert recent is not None
    assert (recent.peers, recent.round_trip, recent.bytes_sent, recent.bytes_received) == (0, 0.0, 0.0, 0.0)
    assert (recent.throttle, recent.queued, recent.dropped) == (1.0, 0, 0)


def test_what_was_sent_is_counted_by_kind(pair: Pair) -> None:
    peer = pair.connect()
    for which in ENetConnection.HostStatistic:
        pair.client.pop_statistic(which)
    clock = Clock()
    stats = NetStats(pair.client, clock=clock)
    for packet in (b"a" * 100, b"b" * 50):
        peer.send(0, packet, RELIABLE)
        stats.count("chat", len(packet))
    peer.send(1, b"c" * 10, 0)
    stats.count("place", 10)
    pair.until(lambda: len(pair.at_server) == 3)
    pair.server.broadcast(0, b"d" * 200, RELIABLE)
    pair.until(lambda: len(pair.arrived) == 1)
    stats.count("world", 200, received=True)
    clock.now += 0.5
    assert stats.update()

    (sample,) = stats.history
    assert sample.sent["chat"] == Rate(300.0, 4.0)
    assert sample.sent["place"] == Rate(20.0, 2.0)
    assert sample.received["world"] == Rate(400.0, 2.0)
    assert 0 < sample.sent[ENET].bytes < 1000  # headers and acknowledgements
    assert sample.sent[ENET].packets >= 2  # datagrams
    assert sample.bytes_received == 400.0 + sample.received[ENET].bytes
    assert sample.peers == 1

    clock.now += 0.5
    stats.update()
    assert stats.history[-1].sent["chat"] == Rate(0.0, 0.0)
    recent = stats.recent(1.0)
    assert recent is not None
    assert recent.seconds == 1.0
    assert recent.sent["chat"] == Rate(150.0, 2.0)


def test_what_never_left_is_not_in_the_sum(pair: Pair) -> None:
    peer = pair.connect()
    clock = Clock()
    stats = NetStats(pair.client, clock=clock)
    clock.now += 1
    stats.update()
    peer.send(0, b"a" * 30, RELIABLE)
    pair.until(lambda: len(pair.at_server) == 1)
    stats.count("claimed", 100_000)
    clock.now += 1
    stats.update()
    sample = stats.history[-1]
    assert sample.sent[ENET].bytes == 0
    assert 30 < sample.bytes_sent < 1000
    assert sample.sent["claimed"].bytes == sample.bytes_sent


def test_round_trip_and_loss_are_those_of_the_line(pair: Pair) -> None:
    network = BadNetwork(pair.client, latency=30)
    peer = pair.connect()
    clock = Clock()
    of_client, of_server = NetStats(pair.client, clock=clock), NetStats(pair.server, clock=clock)
    pair.until(lambda: peer.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME) < 450)  # 500 until it is measured
    network.change(loss=1.0)
    peer.send(0, b"e" * 1000, RELIABLE)
    pair.client.flush()
    clock.now += 0.125
    assert of_client.update()
    sample = of_client.history[-1]
    assert sample.round_trip >= 60
    assert sample.round_trip == peer.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME)
    assert sample.variance == peer.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME_VARIANCE)
    assert sample.throttle == 1.0
    assert sample.in_transit == 1000
    assert sample.gap == 125.0

    pair.server.get_peers()[0].peer_disconnect_now()
    clock.now += 1
    assert of_server.update()
    assert of_server.history[-1].peers == 0


def test_packets_that_nobody_took_are_counted(pair: Pair) -> None:
    peer = pair.connect()
    clock = Clock()
    stats = NetStats(pair.client, peer, clock=clock)
    for number in range(3):
        pair.server.broadcast(0, bytes([number]), RELIABLE)
    taken = 0
    while taken < 3:
        pair.server.service()
        taken += pair.client.service(10).type == ENetConnection.EVENT_RECEIVE
    clock.now += 1
    stats.update()
    assert stats.history[-1].waiting == 3
    peer.get_packet()
    clock.now += 1
    stats.update()
    assert stats.history[-1].waiting == 2


def test_junk_is_counted(pair: Pair) -> None:
    pair.connect()
    clock = Clock()
    stats = NetStats(pair.server, clock=clock)
    clock.now += 1
    stats.update()
    before = sum(pair.server.counters().values())
    pair.client.socket_send("127.0.0.1", pair.port, b"\xff\xff junk")
    pair.until(lambda: sum(pair.server.counters().values()) > before)
    clock.now += 1
    stats.update()
    assert stats.history[-1].dropped == sum(pair.server.counters().values()) - before
