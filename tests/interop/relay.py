"""A slow road between a client and a server: takes bursts of datagrams at once and passes them on at an even pace.

ENet sends a large unreliable packet as one burst of fragments, which overflows the receiver's socket buffer on
loopback. With this in between, nothing needs to be lost. It can be made a bad road, too, which delays, loses and
reorders. Run as ``python -m interop.relay SERVER_PORT LOSS JITTER SEED DELAY``; prints the port for the client and ends
when its standard input closes.
"""

from __future__ import annotations

import contextlib
import random
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from heapq import heappop, heappush
from pathlib import Path

__all__ = ["main", "relay"]

BUFFER = 4 << 20
DATAGRAM = 4096
TICK = 0.001
PER_TICK = 8
"""Datagrams passed on in each direction every tick: about 11 MB/s of full ones."""


class Side:
    """The socket towards one end and what waits to be sent there."""

    def __init__(self, loss: float, jitter: float, seed: str, delay: float) -> None:
        self.loss = loss
        self.jitter = jitter
        self.delay = delay
        self.random = random.Random(seed)
        self.count = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        force = getattr(socket, "SO_RCVBUFFORCE", 33)  # Linux, and allowed to root only: passes the system's maximum
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, force, BUFFER)
        self.socket.setblocking(False)
        self.far: tuple[str, int] | None = None
        self.waiting: list[tuple[float, int, bytes]] = []
        """When it may be passed on, in which order it came, and what."""

    def drain_into(self, other: Side) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                data, self.far = self.socket.recvfrom(DATAGRAM)
                other.take(data)

    def take(self, data: bytes) -> None:
        self.count += 1
        if self.random.random() >= self.loss:
            slow = self.delay + self.jitter * self.random.random()
            due = time.monotonic() + slow if slow else 0.0
            heappush(self.waiting, (due, self.count, data))

    def pass_on(self, count: int) -> None:
        now = time.monotonic()
        while count and self.waiting and self.waiting[0][0] <= now:
            count -= 1
            _, _, data = heappop(self.waiting)
            if self.far is not None:
                self.socket.sendto(data, self.far)


def main(arguments: list[str]) -> None:
    """Relay until standard input closes."""
    port, loss, jitter, seed, delay = arguments
    client, server = (Side(float(loss), float(jitter), f"{seed}/{name}", float(delay)) for name in ("client", "server"))
    server.far = ("127.0.0.1", int(port))
    sys.stdout.write(f"{client.socket.getsockname()[1]}\n")
    sys.stdout.flush()
    due = time.monotonic()
    while True:
        busy = bool(client.waiting or server.waiting)
        ready, _, _ = select.select([client.socket, server.socket, sys.stdin], [], [], TICK if busy else None)
        if sys.stdin in ready:
            return
        client.drain_into(server)
        server.drain_into(client)
        if time.monotonic() >= due:
            due = time.monotonic() + TICK
            client.pass_on(PER_TICK)
            server.pass_on(PER_TICK)


@contextlib.contextmanager
def relay(server_port: int, loss: float = 0.0, jitter: float = 0.0, seed: int = 0, delay: float = 0.0) -> Iterator[int]:
    """Run a relay in front of a server; gives the port to connect to instead.

    ``loss`` is the share of datagrams lost; each other one takes ``delay`` seconds, and up to ``jitter`` seconds more,
    so that some overtake.
    """
    here = Path(__file__).parent
    command = [sys.executable, "-m", f"{here.name}.relay", *map(str, (server_port, loss, jitter, seed, delay))]
    with subprocess.Popen(command, cwd=here.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.communicate(timeout=10)


if __name__ == "__main__":
    main(sys.argv[1:])
