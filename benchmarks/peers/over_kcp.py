"""KCP in C, through the binding siokcp, with KCP's fast mode: resends after two later acknowledgements, no congestion
window, and an immediate ``flush()`` of what is sent. It has no handshake: the first datagram makes a connection."""

from __future__ import annotations

import importlib
import itertools
import select
import socket
import time
from contextlib import suppress
from functools import partial
from typing import Any

from benchmarks.peers.ends import TICK, join, run

NODELAY, RESEND, NO_CONGESTION_WINDOW = 1, 2, 1
DATAGRAM = 2048


def milliseconds() -> int:
    return time.monotonic_ns() // 1_000_000


def connection(conversation: int, output: Any) -> Any:
    made = importlib.import_module("siokcp").KCPConnection(conversation, output, lambda line: None)
    made.nodelay(NODELAY, int(TICK * 1000), RESEND, NO_CONGESTION_WINDOW)
    made.update(milliseconds())
    return made


class KcpServer:
    """One socket, and a connection for each address."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self._connections: dict[tuple[str, int], Any] = {}
        self.port: int = self._socket.getsockname()[1]

    def _send(self, address: tuple[str, int], datagram: bytes) -> int:
        self._socket.sendto(datagram, address)
        return 0

    def _take(self) -> None:
        """Answer what has arrived."""
        now = milliseconds()
        touched = set()
        while True:
            try:
                datagram, address = self._socket.recvfrom(DATAGRAM)
            except BlockingIOError:
                break
            if address not in self._connections:
                conversation = importlib.import_module("siokcp").getconv(datagram)
                self._connections[address] = connection(conversation, partial(self._send, address))
            each = self._connections[address]
            each.update(now)
            each.receive_data(datagram)
            while (request := each.next_event()) is not None:
                each.send(request)
            touched.add(each)
        for each in touched:
            each.flush()

    def run(self) -> None:
        """Echo forever."""
        tick_due = time.perf_counter() + TICK
        while True:
            if select.select([self._socket], [], [], max(0.0, tick_due - time.perf_counter()))[0]:
                self._take()
            if time.perf_counter() >= tick_due:
                now = milliseconds()
                for each in self._connections.values():
                    each.update(now)
                tick_due = time.perf_counter() + TICK


class KcpClient:
    """A connection on a connected socket."""

    _conversations = itertools.count(1)

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._kcp = connection(next(self._conversations), self._send)
        self.up = False

    def _send(self, datagram: bytes) -> int:
        self._socket.send(datagram)
        return 0

    def fileno(self) -> int:
        return self._socket.fileno()

    def connect(self, port: int) -> None:
        self._socket.connect(("127.0.0.1", port))
        self.up = True

    def send(self, packet: bytes) -> None:
        self._kcp.update(milliseconds())
        self._kcp.send(packet)
        self._kcp.flush()

    def poll(self) -> list[bytes]:
        self._kcp.update(milliseconds())
        answers: list[bytes] = []
        taken = False
        with suppress(BlockingIOError):
            while True:
                self._kcp.receive_data(self._socket.recv(DATAGRAM))
                taken = True
        if taken:
            while (answer := self._kcp.next_event()) is not None:
                answers.append(answer)
            self._kcp.flush()
        return answers


def serve(variant: str, clients: int) -> None:
    del variant, clients
    server = KcpServer()
    print(server.port, flush=True)
    server.run()


def clients(variant: str, count: int, port: int, rate: float) -> None:
    del variant
    join([KcpClient() for _ in range(count)], port, rate)


if __name__ == "__main__":
    run(serve, clients)
