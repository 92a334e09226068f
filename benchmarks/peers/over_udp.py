"""Bare sockets from Python: no connection, nothing is sent again. The floor for all others."""

from __future__ import annotations

import socket
from contextlib import suppress

from benchmarks.peers.ends import join, run


def serve(variant: str, clients: int) -> None:
    del variant, clients
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    while True:
        request, client = server.recvfrom(2048)
        server.sendto(request, client)


class UdpClient:
    """A connected socket."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self.up = False

    def fileno(self) -> int:
        return self._socket.fileno()

    def connect(self, port: int) -> None:
        self._socket.connect(("127.0.0.1", port))
        self.up = True

    def send(self, packet: bytes) -> None:
        self._socket.send(packet)

    def poll(self) -> list[bytes]:
        answers: list[bytes] = []
        with suppress(BlockingIOError):
            while True:
                answers.append(self._socket.recv(2048))
        return answers


def clients(variant: str, count: int, port: int, rate: float) -> None:
    del variant
    join([UdpClient() for _ in range(count)], port, rate)


if __name__ == "__main__":
    run(serve, clients)
