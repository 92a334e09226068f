"""One view of three things: our ENetConnection, a Godot's and a libenet host, so that a test can pair any of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from . import payloads
from .traffic import Report

__all__ = ["Endpoint", "Message", "Seen", "Totals"]


class Message(NamedTuple):
    """A packet by its seed, size in bytes and kind of content; see ``payloads``."""

    seed: int
    size: int
    kind: str = payloads.NOISE

    def digest(self) -> str:
        return payloads.digest(payloads.make(*self))


class Seen(NamedTuple):
    """An event as an endpoint reported it; of a packet the size, SHA-256 and flags."""

    kind: str
    peer: int
    data: int
    channel: int
    size: int = 0
    digest: str = ""
    flags: int = 0


class Totals(NamedTuple):
    """Datagrams and their bytes over the life of a host."""

    sent_data: int
    sent_packets: int
    received_data: int
    received_packets: int


class Endpoint(ABC):
    """A host and its connections. A peer is named by a number: 0 for the first connection, then 1, and so on."""

    name: str

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        """Every event so far, in order."""

    def of(self, kind: str, peer: int | None = None) -> list[Seen]:
        """The events of one kind so far, of one peer or of all."""
        return [seen for seen in self.seen if seen.kind == kind and peer in (None, seen.peer)]

    @abstractmethod
    def open(self, bind: str = "", *, peers: int = 8, channels: int = 0, incoming: int = 0, outgoing: int = 0) -> int:
        """Create the host, bound to an address if one is given; returns its port, 0 while that is not known."""

    @abstractmethod
    def connect(self, port: int, channels: int = 255, data: int = 0) -> int:
        """Begin to connect to a host on this machine; returns the peer."""

    @abstractmethod
    def send(self, peer: int, message: Message, flags: int, channel: int = 0, count: int = 1) -> int:
        """Send ``count`` packets with seeds that count up; returns the first error, or 0."""

    @abstractmethod
    def send_and_end(self, peer: int, message: Message, count: int, mode: str, data: int) -> None:
        """Queue reliable packets on channel 0 and end the connection, without a chance to service in between."""

    @abstractmethod
    def broadcast(self, message: Message, flags: int, channel: int = 0) -> None: ...

    @abstractmethod
    def end(self, peer: int, mode: str, data: int = 0) -> None:
        """End a connection; ``mode`` is disconnect, later, now or reset."""

    @abstractmethod
    def ping(self, peer: int) -> None: ...

    @abstractmethod
    def ping_interval(self, peer: int, milliseconds: int) -> None:
        """libenet keeps its default, because pyenet has no such call."""

    @abstractmethod
    def set_timeout(self, peer: int, limit: int, minimum: int, maximum: int) -> None:
        """Milliseconds; libenet keeps its defaults, because pyenet has no such call."""

    @abstractmethod
    def throttle_configure(self, peer: int, interval: int, acceleration: int, deceleration: int) -> None: ...

    @abstractmethod
    def bandwidth_limit(self, incoming: int, outgoing: int) -> None: ...

    @abstractmethod
    def compress(self, mode: int) -> None:
        """Choose a ``CompressionMode``; libenet has the first two, and no way back from the second."""

    @abstractmethod
    def statistic(self, peer: int, which: int) -> int: ...

    @abstractmethod
    def info(self, peer: int) -> dict[str, Any]:
        """Keys state, active, channels, address, port, local_port; by libenet also mtu, window, incoming, outgoing,
        sessions."""

    @abstractmethod
    def totals(self) -> Totals: ...

    @abstractmethod
    def expect_traffic(self, peer: int) -> None:
        """From now on every packet belongs to a ``Traffic`` with this peer, which does not send yet."""

    @abstractmethod
    def run_traffic(self, running: bool) -> None: ...

    @abstractmethod
    def traffic_report(self) -> Report: ...

    @abstractmethod
    def poll(self) -> None:
        """Take the events there are."""

    @abstractmethod
    def close(self) -> None: ...
