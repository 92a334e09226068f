"""The virtual network of the scenarios with a DTLS stage at each of its ends.

Whoever writes first to an address is the client of a session with it. The handshake takes no time and no part in what
the links do; from then on every datagram travels as a record, and is lost, delayed and doubled as one.
"""

from __future__ import annotations

from typing import Any

from godot_enet.core.dtls.client import ClientStage, DtlsClientTransport
from godot_enet.core.dtls.server import DtlsServerTransport, ServerStage
from godot_enet.core.interface import Address, Datagram
from godot_enet.core.sim.world import Capture, Mailbox, SimHost, World
from tests.dtls.certificates import localhost
from tests.dtls.memory_net import TRUSTED, End, Net, Port

__all__ = ["SecureWorld"]

_SERVER_STAGE = ServerStage(localhost().credentials, 4095)


class _Record(bytes):
    """An encrypted datagram."""


class _Link:
    """A session between two addresses."""

    def __init__(self, client: Address, server: Address) -> None:
        self.net = Net()
        self.ends: dict[Address, End[Any]] = {
            client: End[DtlsClientTransport](self.net, client, ClientStage(TRUSTED)),
            server: End[DtlsServerTransport](self.net, server, _SERVER_STAGE),
        }
        for end in self.ends.values():
            for address in self.ends:
                end.view.add(address)
        self.ends[client].send(server, b"hello")
        self.net.settle(*self.ends.values())
        assert self.ends[server].got.pop() == b"hello"
        self.net.tamper = lambda source, target, data: []  # from now on the world carries

    def seal(self, source: Address, target: Address, data: bytes) -> bytes:
        """The record for this packet."""
        port: Port = self.ends[source].port
        self.ends[source].send(target, data)
        record = port.sent.pop().data
        port.sent.clear()
        assert len(data) < 16 or data not in record
        return record

    def open(self, source: Address, target: Address, record: bytes) -> list[bytes]:
        """The packet in it, once."""
        end = self.ends[target]
        end.port.inbox.append(Datagram(record, source))
        end.take()
        packets, end.got = end.got, []
        return packets


class SecureWorld(World):
    """A :class:`World` on whose wires nothing can be read. ``captures`` still show what was said."""

    _sessions: dict[frozenset[Address], _Link]

    def post(self, source: Address, destination: Address, data: bytes) -> None:
        """As in any world, but encrypted. Nothing, or more than ENet ever sends, is no packet."""
        if not data or len(data) > 4096 or source == destination:
            return super().post(source, destination, data)
        capture = Capture(self.now, source, destination, data)
        if self._capturing:
            self.captures.append(capture)
        if (source, destination) in self._cut:
            return None
        if (source, destination) not in self._links:
            self.set_link(source, destination, self._default)
        record = self._link(source, destination).seal(source, destination, data)
        sealed = capture._replace(data=_Record(record))
        for arrival in self._links[source, destination].transit(len(data), self.now):
            self._on_the_way.push(arrival, sealed)
        return None

    def _link(self, source: Address, destination: Address) -> _Link:
        sessions = self.__dict__.setdefault("_sessions", {})
        key = frozenset((source, destination))
        if key not in sessions:
            sessions[key] = _Link(source, destination)
        link: _Link = sessions[key]
        return link

    def _place(self, address: Address, place: SimHost | Mailbox) -> None:
        deliver = place.deliver
        super()._place(address, _Door(self, address, deliver))  # type: ignore[arg-type]


class _Door:
    """What stands at an address instead of a host or mailbox, and hands on what can be decrypted."""

    def __init__(self, world: SecureWorld, address: Address, deliver: Any) -> None:
        self._world = world
        self._address = address
        self._deliver = deliver

    def deliver(self, source: Address, data: bytes) -> None:
        if not isinstance(data, _Record):
            self._deliver(source, data)
            return
        for packet in self._world._link(source, self._address).open(source, self._address, data):
            self._deliver(source, packet)
