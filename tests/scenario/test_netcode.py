"""The pieces of netcode over RPCs and over replication, on the virtual network. Over packets: docs/netcode.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest

from godot_enet import (
    ENetMultiplayerPeer,
    MultiplayerSynchronizer,
    Node,
    SceneReplicationConfig,
    SceneTree,
    Vector2,
    rpc,
)
from godot_enet.netcode import Blend, DeltaReceiver, DeltaSender, Interpolation, Packer, Range, TickClock
from godot_enet.testing import LinkConfig, Network

RATE, SPEED = 20, 5.0
"""Ticks a second, and pixels a tick."""


@dataclass(frozen=True)
class Ship:
    position: Annotated[Vector2, Range(0, 2000, 1 / 8)]


PACKER = Packer(Ship)


class States(Node):
    """Sends changes by RPC. On the client it also receives them."""

    def __init__(self) -> None:
        super().__init__("States")
        self.sender: DeltaSender[int, Ship] = DeltaSender(PACKER)
        self.receiver = DeltaReceiver(PACKER)
        self.clock = TickClock(RATE)
        self.between: Interpolation[int, Ship] = Interpolation(Blend(Ship))
        self.now = 0.0

    @rpc("authority", "unreliable_ordered")
    def state(self, message: bytes) -> None:
        update = self.receiver.receive(bytes(message))
        if update is not None:
            self.clock.receive_snapshot(update.tick, self.now)
            self.between.add(update.tick, update.states)
            self.acknowledge.rpc_id(1, self.receiver.ack())

    @rpc("any_peer", "unreliable")
    def acknowledge(self, ack: bytes) -> None:
        self.sender.acknowledge(self.multiplayer.get_remote_sender_id(), bytes(ack))


class Replicated(Node):
    """A ship whose position and tick a synchronizer sends."""

    def __init__(self) -> None:
        super().__init__("Ship")
        self.position = Vector2()
        self.tick = 0
        self.synchronizer = MultiplayerSynchronizer("Synchronizer")
        config = SceneReplicationConfig()
        for path in (".:position", ".:tick"):
            config.add_property(path)
            config.property_set_replication_mode(path, SceneReplicationConfig.REPLICATION_MODE_ALWAYS)
        self.synchronizer.replication_config = config
        self.add_child(self.synchronizer)


class End:
    """A tree with the nodes of one side."""

    def __init__(self, peer: ENetMultiplayerPeer) -> None:
        self.tree, self.states, self.ship = SceneTree(), States(), Replicated()
        self.api = self.tree.get_multiplayer()
        self.api.multiplayer_peer = peer
        self.tree.root.add_child(self.states)
        self.tree.root.add_child(self.ship)


@pytest.mark.usefixtures("host_engine")
def test_over_rpcs_and_over_replication() -> None:
    """A ship moves evenly. On a link that loses a tenth, both draw it on its path, off by less than a tick's way."""
    network = Network(seed=2, link=LinkConfig(delay=40, jitter=20, loss=0.1))
    machine = network.machine()
    peers = [machine.multiplayer_peer(), network.machine().multiplayer_peer()]
    peers[0].create_server(7777)
    peers[1].create_client(machine.ip, 7777)
    server, client = (End(peer) for peer in peers)
    clock, replicated = TickClock(RATE), Interpolation[str, Ship](Blend(Ship))

    def on_synchronized() -> None:
        clock.receive_snapshot(client.ship.tick, network.now)
        replicated.add(client.ship.tick, {"ship": Ship(client.ship.position)})

    client.ship.synchronizer.synchronized.connect(on_synchronized)
    drawn: list[tuple[float, float]] = []
    for frame in range(400):
        network.run(50 // 3)
        for end in (server, client):
            end.states.now = network.now
            end.api.poll()
        if frame % 3 == 0:
            tick = frame // 3 + 1
            server.ship.position, server.ship.tick = Vector2(SPEED * tick, 0), tick
            server.states.sender.update(tick, {7: Ship(server.ship.position)})
            for peer in server.api.get_peers():
                server.states.state.rpc_id(peer, server.states.sender.message(peer).data)
        for times, shown in ((clock, replicated.at), (client.states.clock, client.states.between.at)):
            times.update(network.now)
            if frame > 200 and times.shown_tick is not None:
                (ship,) = shown(times.shown_tick).values()
                drawn.append((times.shown_tick, ship.position.x))
    assert len(drawn) > 350
    assert max(abs(x - SPEED * tick) for tick, x in drawn) < SPEED
    assert sum(abs(x - SPEED * tick) for tick, x in drawn) / len(drawn) < 0.1
