"""The implementations that are compared, each driven the way its users write their frame loop.

Owns: everything that knows how godot_enet and pyenet are called. The loops inside an ``End`` are written out for
each of them, so that no common layer is measured. pyenet has no type stubs: this is the one file that touches it.
"""

from __future__ import annotations

import ctypes
import importlib
import tracemalloc
from collections.abc import Callable
from typing import Any, Protocol

from godot_enet import ENetConnection, ENetPacketPeer, Error

__all__ = ["CONTENDERS", "Contender", "End", "GodotEnet", "PyEnet"]

MALLINFO2 = (
    *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
    *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
)
RELIABLE, UNSEQUENCED, UNRELIABLE = 1, 2, 0  # packet flags, the same numbers in all of them


class End(Protocol):
    """One host, with at most one connection that it started itself."""

    connected: int
    """CONNECT events so far."""
    received_bytes: int

    def port(self) -> int:
        """The UDP port it is bound to."""
        ...

    def connect(self, port: int, channels: int) -> None:
        """Begin to connect to a server on this machine."""
        ...

    def send(self, packet: bytes, count: int, flags: int) -> None:
        """Queue the packet ``count`` times on channel 0."""
        ...

    def drain(self, wait: int = 0) -> int:
        """Take events until there are none, waiting at most ``wait`` ms for the first. Returns packets received."""
        ...

    def service_once(self) -> Callable[[], object]:
        """What a frame with nothing to do calls: service(0) without any wrapping that could be spared."""
        ...

    def close(self) -> None:
        """Drop every connection without a word."""
        ...


class Contender(Protocol):
    """A way to run ENet from Python."""

    name: str

    def available(self) -> bool:
        """Whether it can run here."""
        ...

    def listen(self, peers: int) -> End:
        """A server on a free port of the loopback interface."""
        ...

    def client(self) -> End:
        """A host for one connection."""
        ...

    def heap(self) -> int | None:
        """Bytes allocated where this implementation allocates; None if that cannot be told here."""
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
        packets = 0
        service = self.host.service
        receive, nothing = ENetConnection.EVENT_RECEIVE, ENetConnection.EVENT_NONE
        kind, peer, _, _ = service(wait)
        while kind != nothing:
            if kind == receive and peer is not None:
                self.received_bytes += len(peer.get_packet())
                packets += 1
            elif kind == ENetConnection.EVENT_CONNECT:
                self.connected += 1
            kind, peer, _, _ = service()
        return packets

    def service_once(self) -> Callable[[], object]:
        return self.host.service

    def close(self) -> None:
        self.host.destroy()


class GodotEnet:
    """This package, with or without its network thread."""

    def __init__(self, name: str, threaded: bool) -> None:
        self.name = name
        self.threaded = threaded

    def available(self) -> bool:
        return True

    def listen(self, peers: int) -> End:
        return GodotEnetEnd(self.threaded, peers, bound=True)

    def client(self) -> End:
        return GodotEnetEnd(self.threaded, 1, bound=False)

    def heap(self) -> int | None:
        if not tracemalloc.is_tracing():
            tracemalloc.start()
        return tracemalloc.get_traced_memory()[0]


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
        packets = 0
        service = self.host.service
        receive, nothing = self.enet.EVENT_TYPE_RECEIVE, self.enet.EVENT_TYPE_NONE
        event = service(wait)
        while (kind := event.type) != nothing:
            if kind == receive:
                self.received_bytes += len(event.packet.data)
                packets += 1
            elif kind == self.enet.EVENT_TYPE_CONNECT:
                self.connected += 1
            event = service(0)
        return packets

    def service_once(self) -> Callable[[], object]:
        service = self.host.service
        return lambda: service(0)  # its time-out has no default

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

    def heap(self) -> int | None:
        """What malloc has handed out: libenet's memory is invisible to Python. Needs glibc 2.33."""

        class Mallinfo2(ctypes.Structure):
            _fields_ = [(name, ctypes.c_size_t) for name in MALLINFO2]

        try:
            mallinfo2 = ctypes.CDLL(None).mallinfo2
        except (AttributeError, OSError, TypeError):
            return None
        mallinfo2.restype = Mallinfo2
        info = mallinfo2()
        return int(info.uordblks) + int(info.hblkhd)


CONTENDERS: tuple[Contender, ...] = (
    GodotEnet("inline", threaded=False),
    GodotEnet("threaded", threaded=True),
    PyEnet(),
)
