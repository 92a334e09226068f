"""The sums over all peers of a host."""

from __future__ import annotations

from godot_enet.core.interface import Summary
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import ROUND_TRIP_BOUNDS, DisconnectMode, PacketFlag, PeerStatistic
from godot_enet.core.sim import LinkConfig, World
from tests.conftest import EngineFactory
from tests.scenario.engine_stage import CLIENT, SERVER, START

NOTHING = Summary(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (0,) * (len(ROUND_TRIP_BOUNDS) + 1))


def test_an_idle_host(engine_factory: EngineFactory) -> None:
    assert engine_factory(HostConfig()).summary() == NOTHING


def test_the_peers_of_each_state_and_their_queues(engine_factory: EngineFactory) -> None:
    world = World(start=START, link=LinkConfig(delay=40))
    client = world.add_host(engine_factory(HostConfig(seed=1)), CLIENT)
    server = world.add_host(engine_factory(HostConfig(seed=2)), SERVER)
    peers = [client.engine.connect(SERVER, 1, 0) for _ in range(3)]
    before = client.engine.summary()
    assert (before.connecting, before.connected, before.packets_queued) == (3, 0, 3)
    world.run_until(lambda: server.engine.summary().half_open == 3)
    world.run_for(2000)
    here, there = client.engine.summary(), server.engine.summary()
    assert (here.connecting, here.connected, there.connected, there.half_open) == (0, 3, 3, 0)
    times = [client.engine.peer_statistic(peer, PeerStatistic.ROUND_TRIP_TIME) for peer in peers]
    assert here.round_trip_time == sum(times)
    assert here.packet_throttle == 3 * 32
    assert [bound for bound, count in zip(ROUND_TRIP_BOUNDS, here.round_trip_times, strict=False) if count] == [100]

    client.engine.send(peers[0], 0, b"x" * 100, PacketFlag.RELIABLE)
    queued = client.engine.summary()
    assert (queued.packets_queued, queued.queued_data, queued.reliable_data_in_transit) == (1, 362, 0)
    world.run_for(1)
    sent = client.engine.summary()
    assert (sent.packets_queued, sent.queued_data, sent.reliable_data_in_transit) == (0, 362, 100)
    world.run_for(200)
    assert client.engine.summary().queued_data == 0

    client.engine.disconnect(peers[1], 0, DisconnectMode.NORMAL, world.now)
    after = client.engine.summary()
    assert (after.connecting, after.connected, after.disconnecting) == (0, 2, 1)
