"""Connections on loopback, serviced in turns until something has happened, and everything they reported."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from godot_enet import ENetConnection, ENetPacketPeer, Error
from godot_enet.compat import ServiceResult
from godot_enet.core.any_host import HostOpener
from godot_enet.core.host import Host

__all__ = ["DEADLINE", "Link", "Stage", "kinds"]

DEADLINE = 60.0
"""Seconds after which something that should happen at once is taken never to happen."""


def kinds(events: list[ServiceResult]) -> list[int]:
    """The event types alone."""
    return [event.type for event in events]


class Stage:
    """Makes connections of one kind, services all that are open, and closes them in the end."""

    def __init__(self, threaded: bool, opener: HostOpener = Host.open) -> None:
        self.threaded = threaded
        self._opener = opener
        self._events: dict[ENetConnection, list[ServiceResult]] = {}
        self._sockets: list[socket.socket] = []

    def connection(self) -> ENetConnection:
        """A new, inactive connection."""
        connection = ENetConnection(threaded=self.threaded, opener=self._opener)
        self._events[connection] = []
        return connection

    def server(self, address: str = "127.0.0.1", max_peers: int = 32, max_channels: int = 0) -> ENetConnection:
        """A connection bound to a free port."""
        server = self.connection()
        assert server.create_host_bound(address, 0, max_peers, max_channels) is Error.OK
        return server

    def client(self) -> ENetConnection:
        """A connection for connecting from; not bound to a port yet."""
        client = self.connection()
        assert client.create_host(1) is Error.OK
        return client

    def socket(self, address: str = "127.0.0.1") -> socket.socket:
        """A plain UDP socket on a free port. It never answers by itself."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        plain = socket.socket(family, socket.SOCK_DGRAM)
        self._sockets.append(plain)
        plain.bind((address, 0))
        plain.settimeout(DEADLINE)
        return plain

    def run(self, until: Callable[[], object], each: Callable[[], object] | None = None) -> None:
        """Service all connections in turns until the condition holds; ``each`` is called four times a second."""
        deadline = time.monotonic() + DEADLINE
        next_call = time.monotonic()
        while not until():
            now = time.monotonic()
            assert now < deadline, f"did not happen within {DEADLINE} s; events so far: {list(self._events.values())}"
            if each is not None and now >= next_call:
                each()
                next_call = now + 0.25
            for connection, events in self._events.items():
                if connection.engine_name:
                    event = connection.service(1)
                    if event.type != ENetConnection.EVENT_NONE:
                        events.append(event)

    def events(self, connection: ENetConnection) -> list[ServiceResult]:
        """What a connection has reported since this was last called."""
        taken = list(self._events[connection])
        self._events[connection].clear()
        return taken

    def peek(self, connection: ENetConnection) -> list[ServiceResult]:
        """The same, without taking it."""
        return self._events[connection]

    def link(self, *, channels: int = 0, data: int = 0, max_channels: int = 0, address: str = "127.0.0.1") -> Link:
        """A server and a client that have connected, with no event left to take."""
        return self.join(self.server(address, max_channels=max_channels), self.client(), channels, data, address)

    def join(
        self,
        server: ENetConnection,
        client: ENetConnection,
        channels: int = 0,
        data: int = 0,
        address: str = "127.0.0.1",
    ) -> Link:
        """Connect one to the other; both CONNECT events are taken."""
        before = set(server.get_peers())
        at_client = client.connect_to_host(address, server.get_local_port(), channels, data)
        assert at_client is not None
        self.run(lambda: self.peek(client) and self.peek(server))
        assert kinds(self.events(client)) == kinds(self.events(server)) == [ENetConnection.EVENT_CONNECT]
        (at_server,) = set(server.get_peers()) - before
        return Link(self, server, client, at_client, at_server)

    def close(self) -> None:
        """Destroy what is still active."""
        for connection in self._events:
            if connection.engine_name:
                connection.destroy()
        for plain in self._sockets:
            plain.close()


class Link:
    """Two connected ends."""

    def __init__(
        self,
        stage: Stage,
        server: ENetConnection,
        client: ENetConnection,
        at_client: ENetPacketPeer,
        at_server: ENetPacketPeer,
    ) -> None:
        self.stage = stage
        self.server = server
        self.client = client
        self.at_client = at_client
        """The client's object: it stands for the server."""
        self.at_server = at_server
        """The server's object: it stands for the client."""

    def deliver(self, packet: bytes, channel: int = 0, flags: int = 1) -> tuple[bytes, int, int]:
        """Send from the client, again and again if unreliably, until it arrives.

        Returns the packet, its channel and its flags as the server reports them.
        """
        arrived: list[tuple[bytes, int, int]] = []

        def send() -> None:
            assert self.at_client.send(channel, packet, flags) is Error.OK

        def take() -> bool:
            for event in self.stage.events(self.server):
                assert (event.type, event.peer) == (ENetConnection.EVENT_RECEIVE, self.at_server)
                received_flags = self.at_server.get_packet_flags()
                arrived.append((self.at_server.get_packet(), event.channel, received_flags))
            return (packet, channel) in [entry[:2] for entry in arrived]

        reliable = bool(flags & ENetPacketPeer.FLAG_RELIABLE)
        if reliable:
            send()
        self.stage.run(take, each=None if reliable else send)
        return next(entry for entry in arrived if entry[:2] == (packet, channel))

    def fence(self) -> None:
        """Send a packet each way and wait until both have come: all that was sent reliably before has come, too."""
        for sender, receiver in ((self.at_client, self.at_server), (self.at_server, self.at_client)):
            waiting = receiver.get_available_packet_count()
            assert sender.send(0, b"fence", ENetPacketPeer.FLAG_RELIABLE) is Error.OK
            self.stage.run(lambda r=receiver, n=waiting: r.get_available_packet_count() > n)  # type: ignore[misc]
