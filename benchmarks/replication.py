"""Costs of scene replication: ``python -m benchmarks.replication``.

- *server*: a server with a number of synchronizers, each with three properties that all change, and clients in another
  process; 30 frames a second. For comparison, *raw*: the same packets sent by ``put_packet`` without replication, which
  is the share of ENet and the transport.
- *idle*: a poll in which nothing is due, with 2,000 synchronizers whose interval is a second.
- *watched*: a poll that samples unchanged properties, for each property.
- *receiving*: 10,000 synchronizers with three properties each second.

The last three run without a network, so they measure only the multiplayer.
"""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.engines import native_is_missing
from benchmarks.size import TIMEOUT
from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.replication.config import SceneReplicationConfig
from godot_enet.compat.scene.replication.spawner import MultiplayerSpawner
from godot_enet.compat.scene.replication.synchronizer import MultiplayerSynchronizer
from godot_enet.compat.scene.scene_tree import SceneTree
from godot_enet.compat.variant import Vector2

__all__ = ["Row", "Sink", "main", "measure"]

ROOT = Path(__file__).parents[1]
FRAME = 1 / 30
SCENE = "res://unit.tscn"
ALWAYS = SceneReplicationConfig.REPLICATION_MODE_ALWAYS
ON_CHANGE = SceneReplicationConfig.REPLICATION_MODE_ON_CHANGE
RECEIVED = 10_000


class Row(NamedTuple):
    """One row of the table."""

    title: str
    value: float
    unit: str
    goal: float

    def __str__(self) -> str:
        reached = "" if self.value <= self.goal else "  MISSED"
        return f"{self.title:58}{self.value:8.2f} {self.unit} (≤ {self.goal:g}){reached}"


class Unit(Node):
    """A node with three synchronized properties."""

    def __init__(self, name: str = "", mode: int = ALWAYS, interval: float = 0.0) -> None:
        super().__init__(name)
        self.where: Any = Vector2(1, 2)
        self.angle: Any = 0.5
        self.health: Any = 100
        config = SceneReplicationConfig()
        for path in (".:where", ".:angle", ".:health"):
            config.add_property(path)
            config.property_set_replication_mode(path, mode)
        synchronizer = MultiplayerSynchronizer("Sync")
        synchronizer.replication_config = config
        synchronizer.replication_interval = interval
        self.add_child(synchronizer)

    def change(self, tick: int) -> None:
        self.where, self.angle, self.health = Vector2(tick, -tick), tick * 0.5, 1000 + tick


class Sink(MultiplayerPeer):
    """A transport without a network: it counts sent packets, and receives given ones."""

    def __init__(self, number: int, others: Sequence[int]) -> None:
        super().__init__()
        self._number = number
        self._new = list(others)
        self._target = 0
        self.sent: list[tuple[int, int, bytes]] | None = None
        self.inbox: deque[bytes] = deque()

    def poll(self) -> None:
        new, self._new = self._new, []
        for peer in new:
            self.peer_connected.emit(peer)

    def close(self) -> None:
        """Nothing to close."""

    def disconnect_peer(self, peer: int, force: bool = False) -> None:
        """No peer leaves."""

    def get_connection_status(self) -> MultiplayerPeer.ConnectionStatus:
        return MultiplayerPeer.CONNECTION_CONNECTED

    def get_unique_id(self) -> int:
        return self._number

    def set_target_peer(self, id: int) -> None:
        self._target = id

    def get_available_packet_count(self) -> int:
        return len(self.inbox)

    def get_packet_peer(self) -> int:
        return 1

    def get_packet_channel(self) -> int:
        return 0

    def get_packet_mode(self) -> MultiplayerPeer.TransferMode:
        return MultiplayerPeer.TRANSFER_MODE_UNRELIABLE

    def _take_packet(self) -> tuple[Error, bytes]:
        return Error.OK, self.inbox.popleft()

    def _put_packet(self, packet: bytes) -> Error:
        if self.sent is not None:
            self.sent.append((self._target, int(self._transfer_mode), packet))
        return Error.OK


def world(transport: MultiplayerPeer) -> tuple[SceneTree, Node]:
    """A tree with a spawner, and its spawn node."""
    tree, units, spawner = SceneTree(), Node("Units"), MultiplayerSpawner("Spawner")
    spawner.add_spawnable_scene(SCENE, Unit)
    spawner.set_spawn_path("../Units")
    tree.root.add_child(units)
    tree.root.add_child(spawner)
    tree.get_multiplayer().multiplayer_peer = transport
    return tree, units


def populate(units: Node, count: int, mode: int = ALWAYS, interval: float = 0.0) -> list[Unit]:
    """Units under the spawn node."""
    made = [Unit(f"U{number}", mode, interval) for number in range(count)]
    for unit in made:
        units.add_child(unit)
    return made


# A server on a network


def be_clients(port: int, clients: int) -> None:
    """The other process: takes all packets, and ends when the server does."""
    logging.disable()  # what is left then
    peers = [ENetMultiplayerPeer() for _ in range(clients)]
    for peer in peers:
        assert peer.create_client("127.0.0.1", port) is Error.OK
    while any(peer.get_connection_status() for peer in peers):
        for peer in peers:
            peer.poll()
            while peer.get_available_packet_count():
                peer.get_packet()
        time.sleep(0.01)


class Server:
    """A server whose clients run in another process."""

    def __init__(self, clients: int) -> None:
        self.clients = clients
        self.transport = ENetMultiplayerPeer()
        self.transport.set_bind_ip("127.0.0.1")
        assert self.transport.create_server(0, clients) is Error.OK
        host = self.transport.get_host()
        assert host is not None
        command = [sys.executable, "-m", "benchmarks.replication", "--be-clients", str(host.get_local_port())]
        self._process = subprocess.Popen([*command, "--clients", str(clients)], cwd=ROOT)
        self.tree, self.units = world(self.transport)
        self._api = self.tree.get_multiplayer()

    def wait(self) -> None:
        deadline = time.perf_counter() + TIMEOUT
        while len(self._api.get_peers()) < self.clients:
            assert time.perf_counter() < deadline, "the clients did not connect"
            self.tree.process(FRAME)
            time.sleep(FRAME)

    def close(self) -> None:
        self.transport.close()
        self._process.wait(TIMEOUT)


def at_pace(work: Callable[[int], object], seconds: float) -> float:
    """Run a function in each frame. Returns the CPU time of this process in % of one core."""
    begun = due = time.perf_counter()
    spent, tick = -time.process_time(), 0
    while time.perf_counter() - begun < seconds:
        work(tick)
        tick += 1
        due = max(due + FRAME, time.perf_counter())
        time.sleep(max(0.0, due - time.perf_counter()))
    return 100 * (spent + time.process_time()) / (time.perf_counter() - begun)


def serving(synchronizers: int, clients: int, seconds: float) -> tuple[float, float]:
    """The whole server, and the same packets sent raw, each in % of one core."""
    server = Server(clients)
    try:
        server.wait()
        units = populate(server.units, synchronizers)
        server.tree.process(FRAME)

        def frame(tick: int) -> None:
            for unit in units:
                unit.change(tick)
            server.tree.process(FRAME)

        at_pace(frame, 0.5)
        replicated = at_pace(frame, seconds)
        packets = one_frame(synchronizers, list(server.tree.get_multiplayer().get_peers()))
        transport = server.transport

        def raw(_: int) -> None:
            transport.poll()
            transport.set_transfer_mode(MultiplayerPeer.TRANSFER_MODE_UNRELIABLE)
            for peer, packet in packets:
                transport.set_target_peer(peer)
                transport.put_packet(packet)

        at_pace(raw, 0.5)
        return replicated, at_pace(raw, seconds)
    finally:
        server.close()


def one_frame(synchronizers: int, peers: Sequence[int]) -> list[tuple[int, bytes]]:
    """The packets of one frame."""
    sink = Sink(1, peers)
    tree, units = world(sink)
    tree.process(FRAME)
    populate(units, synchronizers)
    tree.process(FRAME)
    sink.sent = []
    tree.process(FRAME)
    return [(peer, packet) for peer, mode, packet in sink.sent if not mode]


# Without a network


def best_of(work: Callable[[], object], times: int = 15) -> float:
    """Seconds, the median of several."""
    samples = []
    for _ in range(times):
        begun = time.process_time()
        work()
        samples.append(time.process_time() - begun)
    return median(samples)


def idle(synchronizers: int, peers: int) -> float:
    """Seconds of a poll in which nothing is due."""
    tree, units = world(Sink(1, range(2, 2 + peers)))
    api = tree.get_multiplayer()
    api.poll()
    populate(units, synchronizers, interval=3600.0)
    for _ in range(3):
        api.poll()
    return best_of(api.poll)


def watching(synchronizers: int, peers: int) -> float:
    """Seconds that a poll takes for each watched property, when none has changed."""
    tree, units = world(Sink(1, range(2, 2 + peers)))
    api = tree.get_multiplayer()
    api.poll()
    populate(units, synchronizers, ON_CHANGE)
    for _ in range(3):
        api.poll()
    return best_of(api.poll) / (3 * synchronizers)


def receiving(synchronizers: int) -> float:
    """Seconds to receive :data:`RECEIVED` elements."""
    server, client = Sink(1, [2]), Sink(2, [1])
    tree, units = world(server)
    server.sent = []
    tree.process(FRAME)
    made = populate(units, synchronizers)
    other, _ = world(client)
    packets: list[bytes] = []
    for tick in range(-(-RECEIVED // synchronizers)):
        for unit in made:
            unit.change(tick)
        tree.process(FRAME)
        if not tick:
            client.inbox += [packet for _, mode, packet in server.sent if mode]
            other.process(FRAME)
        packets += [packet for _, mode, packet in server.sent if not mode]
        server.sent = []
    client.inbox += packets
    begun = time.process_time()
    while client.inbox:  # a poll ends early if it takes long
        other.get_multiplayer().poll()
    return time.process_time() - begun


def measure(*, synchronizers: int = 200, clients: int = 32, many: int = 2000, seconds: float = 5.0) -> list[Row]:
    """All figures."""
    replicated, raw = serving(synchronizers, clients, seconds)
    return [
        Row(f"server: {synchronizers} synchronizers to {clients} clients, 30 Hz", replicated, "% of a core", 25),
        Row("  the same packets raw", raw, "% of a core", 100),
        Row("  beside raw", replicated / raw, "times", 3),
        Row(f"idle: a poll, {many} synchronizers, nothing due", 1e3 * idle(many, 8), "ms", 0.3),
        Row("watched: a property in a poll", 1e6 * watching(many, 1), "us", 0.6),
        Row(f"receiving: {RECEIVED} synchronizers a second", 100 * receiving(synchronizers), "% of a core", 15),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replication", description=__doc__)
    parser.add_argument("--synchronizers", type=int, default=200)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--many", type=int, default=2000, help="synchronizers of the rows without a network")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--be-clients", type=int, metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.be_clients:
        be_clients(options.be_clients, options.clients)
        return 0
    if native_is_missing():
        return 1
    rows = measure(
        synchronizers=options.synchronizers, clients=options.clients, many=options.many, seconds=options.seconds
    )
    print("\n".join(map(str, rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
