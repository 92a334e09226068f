"""Many clients on loopback, each with a socket of its own, served in one thread beside a server that is under test."""

from __future__ import annotations

import time
from collections.abc import Callable

from godot_enet.core import Address, AnyHost, Event, EventType, HostConfig, PeerHandle
from godot_enet.core.clock import SystemClock
from godot_enet.core.native import NativeHost

__all__ = ["DEADLINE", "Crowd"]

DEADLINE = 30.0
"""Seconds for anything to happen; far more than it takes."""


class Crowd:
    """Clients of a server, and the events of all of them.

    Args:
        server: the host that they connect to, and whose events are taken here.
        count: the number of clients; each sends its own as the data of its connection.
        host: the address to connect to.
    """

    def __init__(self, server: AnyHost, count: int, host: str = "127.0.0.1") -> None:
        self.server = server
        self.host = host
        self.clients: list[NativeHost] = []
        self.remotes: list[PeerHandle] = []
        self.connected: set[int] = set()
        """The clients that consider themselves connected."""
        self.received: list[list[bytes]] = []
        """What each client has received."""
        self.peers: dict[PeerHandle, int] = {}
        """The number of each connected client, by the server's handle."""
        self.arrived: list[tuple[int, bytes]] = []
        """What the server has received: the client's number and the packet."""
        self.ended: list[int] = []
        """The clients whose DISCONNECT the server has reported."""
        self.add(count)

    def add(self, count: int) -> None:
        """Have more clients connect."""
        at = self.server.local_address()
        assert at is not None
        for number in range(len(self.clients), len(self.clients) + count):
            client = NativeHost(HostConfig(peer_count=1), SystemClock(), threaded=False)
            self.clients.append(client)
            self.remotes.append(client.connect(Address(self.host, at.port), 2, number))
            self.received.append([])

    def forget_clients(self) -> None:
        """Close the clients, whose connections have ended, and forget what they have done."""
        for client in self.clients:
            client.close()
        for each in (self.clients, self.remotes, self.received, self.arrived, self.ended):
            each.clear()
        self.connected.clear()

    def close(self) -> None:
        """Close all hosts."""
        self.forget_clients()
        self.server.close()

    def turn(self, *, serve: bool = True) -> None:
        """Service every host once."""
        for number, client in enumerate(self.clients):
            while event := client.service():
                if event.type is EventType.CONNECT:
                    self.connected.add(number)
                elif event.type is EventType.RECEIVE:
                    self.received[number].append(event.packet)
                else:
                    self.connected.discard(number)
        while serve and (event := self.server.service(1)):
            self._take(event)

    def _take(self, event: Event) -> None:
        if event.type is EventType.CONNECT:
            self.peers[event.peer] = event.data
        elif event.type is EventType.RECEIVE:
            self.arrived.append((self.peers[event.peer], event.packet))
        else:
            self.ended.append(self.peers.pop(event.peer))

    def until(self, done: Callable[[], bool]) -> None:
        """Service all hosts until this is true."""
        deadline = time.monotonic() + DEADLINE
        while not done():
            assert time.monotonic() < deadline, "it did not happen"
            self.turn()

    def turns(self, seconds: float) -> None:
        """Service all hosts for a while, to see that something does not happen."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.turn()
