"""A relay between clients and a server on this machine that delays every datagram and loses some.

As a program, ``python -m benchmarks.relay PORT LOSS SEED`` relays to the server at PORT, prints its own port, and ends
with its standard input. A line there sets another loss; the answer is what the relay has counted so far.
"""

from __future__ import annotations

import os
import random
import select
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

__all__ = ["DELAY", "HEADERS", "Counts", "LossyLink", "lossy_link"]

ROOT = Path(__file__).parents[1]
DELAY = 0.025
"""Seconds, each way."""
HEADERS = 28
"""Bytes of UDP and IPv4 for each datagram."""
BUFFER = 1 << 20


class Counts(NamedTuple):
    """What both sides sent, whether or not it was lost."""

    datagrams: int = 0
    bytes: int = 0
    """With ``HEADERS``."""


class LossyLink:
    """A running relay."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._before = Counts()
        self.port = int(self._read())
        """Where clients connect."""

    def set_loss(self, loss: float) -> Counts:
        """Lose this share of the datagrams from now on. Returns the counts since the last call."""
        assert self._process.stdin is not None
        print(loss, file=self._process.stdin, flush=True)
        before, self._before = self._before, Counts(*map(int, self._read().split()))
        return Counts(self._before.datagrams - before.datagrams, self._before.bytes - before.bytes)

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def lossy_link(port: int, loss: float, seed: int) -> Iterator[LossyLink]:
    """Relay to the server at ``port`` for the duration of the block, in its own process."""
    command = [sys.executable, "-m", "benchmarks.relay", str(port), str(loss), str(seed)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield LossyLink(process)
        finally:
            process.kill()


class Relay:
    """A socket for the clients, and one to the server for each of them."""

    def __init__(self, port: int, loss: float, seed: int) -> None:
        self.loss = loss
        self._chance = random.Random(seed)
        self._server = ("127.0.0.1", port)
        self._front = _bound()
        self._backs: dict[tuple[str, int], socket.socket] = {}
        self._clients: dict[socket.socket, tuple[str, int]] = {}
        self._under_way: deque[tuple[float, bytes, socket.socket, tuple[str, int]]] = deque()
        self.counts = Counts()
        self.port: int = self._front.getsockname()[1]

    def run(self) -> None:
        """Relay forever."""
        while True:
            wait = max(0.0, self._under_way[0][0] - time.perf_counter()) if self._under_way else 1.0
            for side in select.select([self._front, *self._clients], [], [], wait)[0]:
                self._take(side)
            self._deliver()

    def _take(self, side: socket.socket) -> None:
        with suppress(BlockingIOError):
            while True:
                data, source = side.recvfrom(4096)
                if side is self._front:
                    way, target = self._back(source), self._server
                else:
                    way, target = self._front, self._clients[side]
                self.counts = Counts(self.counts.datagrams + 1, self.counts.bytes + len(data) + HEADERS)
                if self._chance.random() >= self.loss:
                    self._under_way.append((time.perf_counter() + DELAY, data, way, target))

    def _back(self, client: tuple[str, int]) -> socket.socket:
        if client not in self._backs:
            self._backs[client] = _bound()
            self._clients[self._backs[client]] = client
        return self._backs[client]

    def _deliver(self) -> None:
        now = time.perf_counter()
        while self._under_way and self._under_way[0][0] <= now:
            _, data, way, target = self._under_way.popleft()
            way.sendto(data, target)


def _bound() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    return made


def main(port: str, loss: str, seed: str) -> None:
    relay = Relay(int(port), float(loss), int(seed))

    def obey() -> None:
        for line in sys.stdin:
            relay.loss = float(line)
            print(*relay.counts, flush=True)
        os._exit(0)

    print(relay.port, flush=True)
    threading.Thread(target=obey, daemon=True).start()
    relay.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
