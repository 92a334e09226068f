"""One measurement: a server, its clients, and a relay between them if the link is lossy, each in a process."""

from __future__ import annotations

import ctypes
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from benchmarks.peers.contenders import Contender
from benchmarks.relay import lossy_link

__all__ = ["Load", "Result", "direct", "lossy"]

ROOT = Path(__file__).parents[2]
WARM_UP = 1.0
"""Seconds of requests before those that count."""


@dataclass(frozen=True, slots=True)
class Load:
    """Clients, requests of each a second, and seconds."""

    clients: int
    rate: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Result:
    """Of one measurement."""

    server: float
    """Microseconds of the server's CPU for each answer, the kernel's and all threads' included."""
    client: float
    """The same of the clients."""
    p50: float
    """Round trip in milliseconds."""
    p99: float
    answered: float
    """Share of the requests, 0 to 1."""
    wire: float | None = None
    """Bytes of both directions for each request, with the headers of UDP and IP. None without a relay."""


class Process:
    """A child that obeys lines."""

    def __init__(self, command: Sequence[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        clock = ctypes.c_int()
        # Of another process, and exact, unlike its ticks in /proc.
        if ctypes.CDLL(None).clock_getcpuclockid(self.process.pid, ctypes.byref(clock)):
            raise OSError("no clock of another process")
        self._clock = clock.value

    def cpu(self) -> float:
        """Seconds, of all threads."""
        return time.clock_gettime(self._clock)

    def read(self) -> str:
        """The next line.

        Raises:
            RuntimeError: The process has ended.
        """
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args!r} ended with {self.process.wait()}")
        return line

    def order(self, line: object) -> str:
        """The answer."""
        assert self.process.stdin is not None
        print(line, file=self.process.stdin, flush=True)
        return self.read()


@contextmanager
def _running(command: Sequence[str]) -> Iterator[Process]:
    running = Process(command)
    with running.process:
        try:
            yield running
        finally:
            running.process.kill()


def _run(contender: Contender, load: Load, losses: Sequence[float | None], seed: int) -> Iterator[Result]:
    """A result for each loss, with the same connections; without a relay if it is None."""
    program = contender.program()
    with _running([*program, "serve", str(load.clients)]) as server:
        port = int(server.read())
        with lossy_link(port, 0.0, seed) if losses != (None,) else nullcontext() as link:
            to = link.port if link else port
            with _running([*program, "join", str(load.clients), str(to), str(load.rate)]) as clients:
                clients.read()
                for loss in losses:
                    if link:
                        link.set_loss(loss or 0.0)
                    clients.order(min(WARM_UP, load.seconds))
                    if link:
                        link.set_loss(loss or 0.0)  # counts from here on
                    before = server.cpu(), clients.cpu()
                    sent, *round_trips = clients.order(load.seconds).split()
                    spent = server.cpu() - before[0], clients.cpu() - before[1]
                    wire = link.set_loss(0.0).bytes if link else None
                    yield _result(int(sent), sorted(map(float, round_trips)), spent, wire)


def _result(sent: int, round_trips: list[float], spent: tuple[float, float], wire: int | None) -> Result:
    if len(round_trips) < 2:
        raise RuntimeError(f"{len(round_trips)} of {sent} requests were answered")
    each = quantiles(round_trips, n=100, method="inclusive")
    server, client = (seconds * 1e6 / len(round_trips) for seconds in spent)
    return Result(
        server, client, each[49] / 1000, each[98] / 1000, len(round_trips) / sent, None if wire is None else wire / sent
    )


def direct(contender: Contender, load: Load) -> Result:
    """Over loopback."""
    [result] = _run(contender, load, (None,), 0)
    return result


def lossy(contender: Contender, load: Load, losses: Sequence[float], seed: int) -> list[Result]:
    """Through the relay, a result for each loss. Connections are made without any."""
    return list(_run(contender, load, losses, seed))
