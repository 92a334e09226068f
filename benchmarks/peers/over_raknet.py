"""RakNet in C++, through the binding raknet: reliable, ordered, at once. Each peer has network threads of its own, and
can only be asked for packets, which the binding's own classes do every millisecond. A message is a byte longer: its
type."""

from __future__ import annotations

import importlib
import time
from typing import Any

from benchmarks.peers.ends import join, run

PAUSE = 0.001
LOOPBACK = "127.0.0.1"
CONNECTED, MESSAGE = 16, bytes([134])  # ID_CONNECTION_REQUEST_ACCEPTED, ID_USER_PACKET_ENUM


class RakNet:
    """The classes of versions before 0.4, which are those for Python 3.10 and 3.11, and of later ones."""

    def __init__(self, incoming: int) -> None:
        raknet = importlib.import_module("raknet")
        self._old = hasattr(raknet, "RakPeer")
        raw: Any = raknet if self._old else raknet.raw
        self._peer = raw.RakPeer()
        self._at_once = raw.PacketPriority.IMMEDIATE_PRIORITY
        self._ordered = raw.PacketReliability.RELIABLE_ORDERED
        if self._old:
            self._peer.startup(LOOPBACK, 0, max(1, incoming))
            self._peer.max_incoming_connections = incoming
            self.port = int(self._peer.get_bound_address().port)
        else:
            if self._peer.startup(max(1, incoming), [raw.SocketDescriptor(0, LOOPBACK)]).value:
                raise OSError("no peer")
            self._peer.set_maximum_incoming_connections(incoming)
            self.port = int(self._peer.get_my_bound_address().get_port())

    def connect(self, port: int) -> None:
        self._peer.connect(LOOPBACK, port)

    def send(self, message: bytes, to: Any) -> None:
        if self._old:
            self._peer.send(MESSAGE + message, self._at_once, self._ordered, 0, to)
        else:
            self._peer.send(MESSAGE + message, self._at_once, self._ordered, 0, to, False)

    def receive(self) -> Any:
        """The next packet, or None."""
        return self._peer.receive()


class RakNetClient:
    """A peer with one connection."""

    def __init__(self) -> None:
        self._raknet = RakNet(0)
        self._server: Any = None
        self.up = False

    def fileno(self) -> int:
        return -1

    def connect(self, port: int) -> None:
        self._raknet.connect(port)

    def send(self, packet: bytes) -> None:
        self._raknet.send(packet, self._server)

    def poll(self) -> list[bytes]:
        answers: list[bytes] = []
        while (packet := self._raknet.receive()) is not None:
            data = packet.data
            if data[:1] == MESSAGE:
                answers.append(data[1:])
            elif data[0] == CONNECTED:
                self._server, self.up = packet.system_address, True
        return answers


def serve(variant: str, clients: int) -> None:
    del variant
    server = RakNet(clients)
    print(server.port, flush=True)
    while True:
        while (packet := server.receive()) is not None:
            data = packet.data
            if data[:1] == MESSAGE:
                server.send(data[1:], packet.system_address)
        time.sleep(PAUSE)


def clients(variant: str, count: int, port: int, rate: float) -> None:
    del variant
    join([RakNetClient() for _ in range(count)], port, rate)


if __name__ == "__main__":
    run(serve, clients)
