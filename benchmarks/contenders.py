"""The compared implementations, each driven by a typical frame loop of its users.

Only this file calls pyenet, which has no type stubs. The loops inside an ``End`` are written separately for each
implementation, so that no common layer is measured. libenet in C runs whole jobs: see ``libenet.py``.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable
from typing import Any, Protocol
from unittest import mock

from godot_enet import ENetConnection, ENetPacketPeer, Error, available_engines
from godot_enet.core.native import HotTypes, hot_types
from godot_enet.core.native.structs import HostFlag

__all__ = ["CONTENDERS", "PLAIN", "PYENET", "Contender", "End", "GodotEnet", "PyEnet"]

RELIABLE, UNSEQUENCED, UNRELIABLE = 1, 2, 0  # packet flags, the same numbers in all of them


class End(Protocol):
    """One host, with at most one connection that it started itself."""

    connected: int
    """Number of CONNECT events so far."""
    received_bytes: int

    def port(self) -> int:
        """The UDP port it is bound to."""
        ...

    def connect(self, port: int, channels: int) -> None:
        """Start to connect to a server on this machine."""
        ...

    def send(self, packet: bytes, count: int, flags: int) -> None:
        """Queue the packet ``count`` times on channel 0."""
        ...

    def drain(self, wait: int = 0) -> int:
        """Take all events, waiting at most ``wait`` ms for the first. Returns the number of received packets."""
        ...

    def ask(self, packet: bytes, wait: int) -> float:
        """Seconds from a reliable request until its answer. 0 ms of ``wait`` is a busy loop."""
        ...

    def answer(self, wait: int) -> None:
        """Echo all packets forever."""
        ...

    def broadcast(self, packet: bytes) -> None:
        """Send to all, unreliably, at once."""
        ...

    def service_once(self) -> Callable[[], object]:
        """The call of a frame with nothing to do: service(0) with as little wrapping as possible."""
        ...

    def close(self) -> None:
        """Drop all connections without notice."""
        ...


class Contender(Protocol):
    """A way to run ENet from Python."""

    name: str

    def available(self) -> bool:
        """Whether it is available here."""
        ...

    def listen(self, peers: int) -> End:
        """A server on a free port of the loopback interface."""
        ...

    def client(self) -> End:
        """A host for one connection."""
        ...


class GodotEnetEnd:
    """An ``ENetConnection``."""

    def __init__(self, threaded: bool, peers: int, bound: bool) -> None:
        self.host = ENetConnection(threaded=threaded)
        error = self.host.create_host_bound("127.0.0.1", 0, peers) if bound else self.host.create_host(peers)
        if error != Error.OK:
            raise OSError(f"no host: {error!r}")
        self.peer: ENetPacketPeer | None = None
        self.connected = 0
        self.received_bytes = 0

    def port(self) -> int:
        return self.host.get_local_port()

    def connect(self, port: int, channels: int) -> None:
        self.peer = self.host.connect_to_host("127.0.0.1", port, channels)

    def send(self, packet: bytes, count: int, flags: int) -> None:
        assert self.peer is not None
        send = self.peer.send
        for _ in range(count):
            send(0, packet, flags)

    def drain(self, wait: int = 0) -> int:
        packets = size = 0
        service = self.host.service
        receive, nothing = ENetConnection.EVENT_RECEIVE, ENetConnection.EVENT_NONE
        while True:
            kind, peer, _, _ = service(wait)
            wait = 0
            if kind == receive and peer:
                size += len(peer.get_packet())
                packets += 1
            elif kind == nothing:
                self.received_bytes += size
                return packets
            elif kind == ENetConnection.EVENT_CONNECT:
                self.connected += 1

    def ask(self, packet: bytes, wait: int) -> float:
        assert self.peer is not None
        service, receive = self.host.service, ENetConnection.EVENT_RECEIVE
        start = time.perf_counter()
        self.peer.send(0, packet, RELIABLE)
        while True:
            kind, peer, _, _ = service(wait)
            if kind == receive and peer:
                peer.get_packet()
                return time.perf_counter() - start

    def answer(self, wait: int) -> None:
        service, receive = self.host.service, ENetConnection.EVENT_RECEIVE
        while True:
            kind, peer, _, _ = service(wait)
            if kind == receive and peer:
                peer.send(0, peer.get_packet(), RELIABLE)

    def broadcast(self, packet: bytes) -> None:
        self.host.broadcast(0, packet, UNRELIABLE)
        self.host.flush()

    def service_once(self) -> Callable[[], object]:
        return self.host.service

    def close(self) -> None:
        self.host.destroy()


class GodotEnet:
    """This package: one of its engines, with or without the network thread, with or without segmentation offload."""

    def __init__(self, name: str, engine: str, threaded: bool, offload: bool = True) -> None:
        self.name = name
        self.engine = engine
        self.threaded = threaded
        self.offload = offload

    def available(self) -> bool:
        return self.engine in available_engines() and (self.offload or hot_types() is not None)

    def make(self, peers: int, bound: bool) -> End:
        with mock.patch.dict(os.environ, GODOT_ENET_ENGINE=self.engine):
            if self.offload:
                return GodotEnetEnd(self.threaded, peers, bound)
            with mock.patch("godot_enet.core.native.host.hot_types", without_offload):
                return GodotEnetEnd(self.threaded, peers, bound)

    def listen(self, peers: int) -> End:
        return self.make(peers, bound=True)

    def client(self) -> End:
        return self.make(1, bound=False)


def without_offload() -> HotTypes:
    """Opens hosts that use one system call for each datagram."""
    hot: Any = hot_types()
    off = HostFlag.NO_OFFLOAD
    changed: HotTypes = hot._replace(handle=lambda config, bind, flags: hot.handle(config, bind, flags | off))
    return changed


class PyEnetEnd:
    """A pyenet ``Host``."""

    def __init__(self, enet: Any, peers: int, bound: bool) -> None:
        self.enet = enet
        self.host = enet.Host(enet.Address(b"127.0.0.1", 0) if bound else None, peers, 0, 0, 0)
        self.peer: Any = None
        self.connected = 0
        self.received_bytes = 0

    def port(self) -> int:
        port: int = self.host.address.port
        return port

    def connect(self, port: int, channels: int) -> None:
        self.peer = self.host.connect(self.enet.Address(b"127.0.0.1", port), channels, 0)

    def send(self, packet: bytes, count: int, flags: int) -> None:
        send, make = self.peer.send, self.enet.Packet
        for _ in range(count):
            send(0, make(packet, flags))

    def drain(self, wait: int = 0) -> int:
        packets = size = 0
        service = self.host.service
        receive, nothing = self.enet.EVENT_TYPE_RECEIVE, self.enet.EVENT_TYPE_NONE
        while True:
            event = service(wait)
            wait = 0
            kind = event.type
            if kind == receive:
                size += len(event.packet.data)
                packets += 1
            elif kind == nothing:
                self.received_bytes += size
                return packets
            elif kind == self.enet.EVENT_TYPE_CONNECT:
                self.connected += 1

    def ask(self, packet: bytes, wait: int) -> float:
        service, receive = self.host.service, self.enet.EVENT_TYPE_RECEIVE
        start = time.perf_counter()
        self.peer.send(0, self.enet.Packet(packet, RELIABLE))
        while True:
            event = service(wait)
            if event.type == receive:
                _ = event.packet.data
                return time.perf_counter() - start

    def answer(self, wait: int) -> None:
        service, receive = self.host.service, self.enet.EVENT_TYPE_RECEIVE
        while True:
            event = service(wait)
            if event.type == receive:
                event.peer.send(0, self.enet.Packet(event.packet.data, RELIABLE))

    def broadcast(self, packet: bytes) -> None:
        self.host.broadcast(0, self.enet.Packet(packet, UNRELIABLE))
        self.host.flush()

    def service_once(self) -> Callable[[], object]:
        service = self.host.service
        return lambda: service(0)  # its timeout has no default

    def close(self) -> None:
        self.host = self.peer = None  # pyenet frees a host with its last reference


class PyEnet:
    """libenet in C, through its Cython binding."""

    name = "pyenet"

    def __init__(self) -> None:
        self.enet: Any
        try:
            self.enet = importlib.import_module("enet")
        except ImportError:
            self.enet = None

    def available(self) -> bool:
        return self.enet is not None

    def listen(self, peers: int) -> End:
        return PyEnetEnd(self.enet, peers, bound=True)

    def client(self) -> End:
        return PyEnetEnd(self.enet, 1, bound=False)


PYENET = PyEnet()
PLAIN = GodotEnet("native, no offload", "native", threaded=False, offload=False)
"""Takes part only in scenarios about offload."""
CONTENDERS: tuple[Contender, ...] = (
    GodotEnet("native", "native", threaded=False),
    GodotEnet("native, thread", "native", threaded=True),
    GodotEnet("python", "python", threaded=False),
    GodotEnet("python, thread", "python", threaded=True),
    PYENET,
)
