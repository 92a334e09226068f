"""Costs of RPCs on a server: ``python -m benchmarks.rpc``.

Clients in another process call a method with two arguments, an int and a Vector2, at a fixed total rate. The server has
60 frames a second, and its CPU time is measured, including the network thread. A server that only takes the packets
shows ENet's share, and decoding the arguments is timed separately. The rest is the multiplayer: finding the node and
the method, checking the permission, and calling it.
"""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.engines import native_is_missing
from benchmarks.size import TIMEOUT
from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.globals import Error
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import rpc
from godot_enet.compat.scene.rpc_packet import call_by_id, call_tail, parse_arguments, parse_call
from godot_enet.compat.scene.scene_tree import SceneTree
from godot_enet.compat.variant import Vector2

__all__ = ["Cost", "main", "measure"]

ROOT = Path(__file__).parents[1]
FRAME = 1 / 60
BOUND = 25.0  # % of one core
SETTLE = 0.5
DECODED = 20_000


class Cost(NamedTuple):
    """CPU time in % of one core."""

    total: float
    enet: float
    variant: float
    calls: float
    """Calls received per second."""

    @property
    def dispatch(self) -> float:
        return max(0.0, self.total - self.enet - self.variant)


class Player(Node):
    """The node that is called, and calls."""

    arrived = 0

    @rpc("any_peer")
    def move(self, tick: int, position: Vector2) -> None:
        self.arrived += 1


class Frames:
    """A constant rate."""

    def __init__(self) -> None:
        self._due = time.perf_counter()

    def wait(self) -> None:
        self._due = max(self._due + FRAME, time.perf_counter() - FRAME)
        time.sleep(max(0.0, self._due - time.perf_counter()))


def be_clients(port: int, clients: int, rate: float) -> None:
    """The other process: ends when the server does."""
    logging.disable()  # what is still sent then
    players = []
    for _ in range(clients):
        tree, player, transport = SceneTree(), Player("Player"), ENetMultiplayerPeer()
        tree.root.add_child(player)
        assert transport.create_client("127.0.0.1", port) is Error.OK
        tree.get_multiplayer().multiplayer_peer = transport
        players.append((tree, player, transport))
    frames, due, tick = Frames(), 0.0, 0
    while any(transport.get_connection_status() for _, _, transport in players):
        ready = all(1 in tree.get_multiplayer().get_peers() for tree, _, _ in players)
        due += rate * FRAME if ready else 0
        while due >= 1:
            players[tick % clients][1].move.rpc_id(1, tick, Vector2(tick, 0.5))
            tick += 1
            due -= 1
        for tree, _, _ in players:
            tree.process(FRAME)
        frames.wait()


def serve(clients: int, rate: float, seconds: float, *, only_enet: bool) -> tuple[float, float]:
    """CPU time in % of one core, and calls received per second."""
    tree, player, transport = SceneTree(), Player("Player"), ENetMultiplayerPeer()
    tree.root.add_child(player)
    transport.set_bind_ip("127.0.0.1")
    assert transport.create_server(0, clients) is Error.OK
    host = transport.get_host()
    assert host is not None
    tree.get_multiplayer().multiplayer_peer = transport
    command = [sys.executable, "-m", "benchmarks.rpc", "--be-clients", str(host.get_local_port())]
    command += ["--clients", str(clients), "--rate", str(rate)]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            return _measure(tree, player, transport, clients, seconds, only_enet=only_enet)
        finally:
            transport.close()
            process.wait(TIMEOUT)


def _measure(
    tree: SceneTree, player: Player, transport: ENetMultiplayerPeer, clients: int, seconds: float, *, only_enet: bool
) -> tuple[float, float]:
    frames, deadline = Frames(), time.perf_counter() + TIMEOUT
    settled = None
    while settled is None or time.perf_counter() < settled:
        tree.process(FRAME)
        frames.wait()
        if settled is None and player.arrived and len(tree.get_multiplayer().get_peers()) == clients:
            settled = time.perf_counter() + SETTLE
        elif time.perf_counter() > deadline:
            raise RuntimeError("the clients did not connect")
    before, taken = player.arrived, 0
    begun, spent = time.perf_counter(), -time.process_time()
    while time.perf_counter() - begun < seconds:
        if only_enet:
            transport.poll()
            while transport.get_available_packet_count():
                transport.get_packet()
                taken += 1
        else:
            tree.process(FRAME)
        frames.wait()
    spent += time.process_time()
    elapsed = time.perf_counter() - begun
    return 100 * spent / elapsed, (taken + player.arrived - before) / elapsed


def decoding() -> float:
    """Seconds to decode the arguments of one call."""
    packet = call_by_id(*_in_order(call_tail(0, [123456, Vector2(1234, 0.5)])))
    call = parse_call(packet)
    begun = time.process_time()
    for _ in range(DECODED):
        parse_arguments(packet, call)
    return (time.process_time() - begun) / DECODED


def _in_order(tail: tuple[int, bytes]) -> tuple[int, int, bytes]:
    return tail[0], 1, tail[1]


def measure(clients: int = 20, rate: float = 2000, seconds: float = 5.0) -> Cost:
    """The cost of a number of calls a second, from all clients together."""
    total, calls = serve(clients, rate, seconds, only_enet=False)
    enet, _ = serve(clients, rate, seconds, only_enet=True)
    return Cost(total, enet, 100 * decoding() * calls, calls)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rpc", description=__doc__)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--rate", type=float, default=2000.0, help="calls a second, all clients together")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--be-clients", type=int, metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.be_clients:
        be_clients(options.be_clients, options.clients, options.rate)
        return 0
    if native_is_missing():
        return 1
    cost = measure(options.clients, options.rate, options.seconds)
    print(f"{cost.calls:,.0f} RPCs/s from {options.clients} clients: {cost.total:.1f} % of one core (≤ {BOUND:.0f})")
    for name, share in [("ENet", cost.enet), ("Variant", cost.variant), ("dispatch", cost.dispatch)]:
        print(f"  {name:9}{share:5.1f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
