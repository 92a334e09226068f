"""The servers under attack: one function for each kind creates the server that ``server`` drives."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["GREETINGS", "PROGRAMS", "Program", "of_libenet"]

PEERS = 32
GREETINGS = 14_000
"""Packets that a talkative server sends to each new peer."""


class Program(NamedTuple):
    """A bound server."""

    port: int
    turn: Callable[[], int]
    """Do one round of work. Returns the number of new peers."""
    received: Callable[[], int]
    """Datagrams since the last call."""
    peers: Callable[[], int]
    """Number of connected peers."""
    dropped: Callable[[], int] = lambda: 0


def _connection(
    host: str, *, packed: bool = False, takes: bool = True, decodes: bool = False, greets: int = 0
) -> Program:
    from godot_enet import ENetConnection, ENetPacketPeer

    connection = ENetConnection(threaded=False)
    connection.create_host_bound(host, 0, PEERS)
    if packed:
        connection.compress(ENetConnection.COMPRESS_RANGE_CODER)

    def turn() -> int:
        joined = 0
        while (event := connection.service()).type != ENetConnection.EVENT_NONE:
            joined += event.type == ENetConnection.EVENT_CONNECT
            if event.peer is None:
                continue
            if event.type == ENetConnection.EVENT_CONNECT:
                for _ in range(greets):
                    event.peer.send(0, b"", ENetPacketPeer.FLAG_RELIABLE)
            elif event.type == ENetConnection.EVENT_RECEIVE and decodes:
                event.peer.get_var()
            elif event.type == ENetConnection.EVENT_RECEIVE and takes:
                event.peer.get_packet()
        return joined

    return Program(
        connection.get_local_port(),
        turn,
        lambda: int(connection.pop_statistic(ENetConnection.HOST_TOTAL_RECEIVED_PACKETS)),
        lambda: len(connection.get_peers()),
        lambda: sum(connection.counters().values()),
    )


def _core(server: Any) -> Program:
    from godot_enet.core import EventType
    from godot_enet.core.protocol.constants import HostStatistic

    def turn() -> int:
        joined = 0
        while (event := server.service()) is not None:
            joined += event.type is EventType.CONNECT
        return joined

    address = server.local_address()
    assert address is not None
    return Program(
        address.port,
        turn,
        lambda: int(server.pop_statistic(HostStatistic.TOTAL_RECEIVED_PACKETS)),
        lambda: len(server.peers()),
    )


def _checked(host: str) -> Program:
    from godot_enet.core import HostConfig
    from godot_enet.core.host import Host

    return _core(Host.open(HostConfig(checksum=True), bind=host, threaded=False))


def _secure(host: str) -> Program:
    from benchmarks.dtls import CREDENTIALS, make_engine
    from godot_enet.core import Host
    from godot_enet.core.dtls.server import ServerStage
    from godot_enet.core.host import choose_engine
    from godot_enet.core.transports.udp import UdpTransport

    config, engine = make_engine(choose_engine())
    stage = ServerStage(CREDENTIALS, PEERS)
    return _core(Host(config, threaded=False, transport=UdpTransport(host, 0), engine=engine, stage=stage))


def _scene(host: str) -> Program:
    """A SceneMultiplayer with Godot's defaults, so it relays."""
    from godot_enet import ENetConnection, ENetMultiplayerPeer, SceneMultiplayer

    peer = ENetMultiplayerPeer(threaded=False)
    peer.set_bind_ip(host)
    peer.create_server(0, PEERS)
    connection = peer.host
    assert connection is not None
    multiplayer = SceneMultiplayer()
    multiplayer.multiplayer_peer = peer
    joined: list[int] = []
    multiplayer.peer_connected.connect(joined.append)

    def turn() -> int:
        before = len(joined)
        multiplayer.poll()
        return len(joined) - before

    return Program(
        connection.get_local_port(),
        turn,
        lambda: int(connection.pop_statistic(ENetConnection.HOST_TOTAL_RECEIVED_PACKETS)),
        lambda: len(multiplayer.get_peers()),
        lambda: sum(connection.counters().values()),
    )


PROGRAMS: dict[str, Callable[[str], Program]] = {
    "plain": _connection,
    "packed": lambda host: _connection(host, packed=True),
    "untaken": lambda host: _connection(host, takes=False),
    "decoding": lambda host: _connection(host, decodes=True),
    "talkative": lambda host: _connection(host, greets=GREETINGS),
    "checked": _checked,
    "secure": _secure,
    "scene": _scene,
}
"""The kinds of server, by name."""


def of_libenet(kind: str, address: str) -> Program:
    """Libenet's server, of which there is a plain and a packed one."""
    enet: Any = importlib.import_module("enet")
    host = enet.Host(enet.Address(address.encode(), 0), PEERS, 255, 0, 0)
    if kind == "packed":
        host.compress_with_range_coder()

    def turn() -> int:
        joined = 0
        while (event := host.service(0)).type != enet.EVENT_TYPE_NONE:
            joined += event.type == enet.EVENT_TYPE_CONNECT
        return joined

    counted = 0

    def received() -> int:
        nonlocal counted
        before, counted = counted, int(host.totalReceivedPackets)
        return counted - before

    return Program(host.address.port, turn, received, lambda: 0)
