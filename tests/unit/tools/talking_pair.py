"""Two connections that talk, in one process, and a wait that ends by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from godot_enet import ENetConnection, ENetPacketPeer, Error

PATIENCE = 60.0  # seconds; only a fault makes a test wait that long


class Pair:
    """A server and a client that is connected to it."""

    def __init__(self) -> None:
        self.server, self.client = ENetConnection(), ENetConnection()
        assert self.server.create_host_bound("127.0.0.1", 0, 4) == Error.OK
        assert self.client.create_host(1) == Error.OK
        self.port = self.server.get_local_port()
        self.arrived: list[bytes] = []
        """What the client got."""
        self.at_server: list[bytes] = []

    def connect(self) -> ENetPacketPeer:
        """Returns the client's peer."""
        peer = self.client.connect_to_host("127.0.0.1", self.port, 2)
        assert peer is not None
        both = (ENetPacketPeer.STATE_CONNECTED,) * 2
        self.until(lambda: (peer.get_state(), *(other.get_state() for other in self.server.get_peers())) == both)
        return peer

    def step(self) -> None:
        """Take every event there is."""
        for connection, packets in ((self.server, self.at_server), (self.client, self.arrived)):
            while (event := connection.service()).peer is not None:
                if event.type == ENetConnection.EVENT_RECEIVE:
                    packets.append(event.peer.get_packet())

    def until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline
            self.step()
            time.sleep(0.001)

    def close(self) -> None:
        for connection in (self.client, self.server):
            if connection.engine_name:
                connection.destroy()


@contextmanager
def connections() -> Iterator[Pair]:
    """A pair that is closed at the end."""
    pair = Pair()
    try:
        yield pair
    finally:
        pair.close()
