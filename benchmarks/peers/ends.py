"""What the programs of all contenders share: arguments, orders, and clients that are polled.

``python -m benchmarks.peers.over_X VARIANT serve CLIENTS`` prints its port and echoes. ``... VARIANT join CLIENTS PORT
RATE`` connects, prints a line, and sends requests for the seconds in each line of standard input; the answer is a line
with the number of requests and the round trip of each answer in microseconds. Both end with their standard input.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from benchmarks.peers.schedule import Schedule

__all__ = ["JOINING", "JOIN_TIMEOUT", "TICK", "Client", "join", "order", "report", "run"]

JOINING = 32
"""Simultaneous connection attempts."""
JOIN_TIMEOUT = 90.0
TICK = 0.01
"""Seconds between the calls for timers, of servers and clients alike."""


class Client(Protocol):
    """One connection with a socket of its own."""

    up: bool
    """Whether it is connected."""

    def fileno(self) -> int:
        """What is readable when ``poll`` has work; -1 if it has to be asked."""
        ...

    def connect(self, port: int) -> None:
        """Start to connect to a server on this machine."""
        ...

    def send(self, packet: bytes) -> None:
        """Send a request."""
        ...

    def poll(self) -> list[bytes]:
        """Read what is there, do what is due. Returns the answers."""
        ...


def run(serve: Callable[[str, int], None], clients: Callable[[str, int, int, float], None]) -> None:
    """The main function of a contender's program.

    Args:
        serve: Called with a variant and the number of clients.
        clients: Called with a variant, the number of clients, a port, and the requests a second of each client.
    """
    variant, role, count, *rest = sys.argv[1:]
    if role == "serve":
        threading.Thread(target=_end_with_input, daemon=True).start()
        serve(variant, int(count))
    else:
        port, rate = rest
        clients(variant, int(count), int(port), float(rate))


def _end_with_input() -> None:
    with contextlib.suppress(OSError):
        sys.stdin.read()
    os._exit(0)


def order() -> float:
    """Wait for the next order: the seconds for which to send requests. The program ends if there is none."""
    line = sys.stdin.readline()
    if not line:
        os._exit(0)
    return float(line)


def report(schedule: Schedule) -> None:
    """Print the result."""
    print(schedule.sent, *(f"{each:.1f}" for each in schedule.round_trips), flush=True)


def join(clients: Sequence[Client], port: int, rate: float) -> None:
    """Connect the clients, and obey orders. Each is polled when it is readable, and every ``TICK``."""
    _connect(clients, port)
    print("ready", flush=True)
    # A program with nothing to do still has to answer pings, until it has an order.
    while True:
        while not select.select([sys.stdin], [], [], TICK)[0]:
            for client in clients:
                client.poll()
        schedule = Schedule(len(clients), rate, order())
        _send(clients, schedule)
        report(schedule)


def _connect(clients: Sequence[Client], port: int) -> None:
    deadline = time.monotonic() + JOIN_TIMEOUT
    for first in range(0, len(clients), JOINING):
        some = clients[first : first + JOINING]
        for client in some:
            client.connect(port)
        while not all(client.up for client in some):
            for client in clients[: first + JOINING]:
                client.poll()
            time.sleep(0.001)
            if time.monotonic() > deadline:
                raise RuntimeError("not all clients could connect")


def _send(clients: Sequence[Client], schedule: Schedule) -> None:
    watch = select.epoll()
    by_fileno = {client.fileno(): client for client in clients}
    by_fileno.pop(-1, None)
    for fileno in by_fileno:
        watch.register(fileno, select.EPOLLIN)
    # Without descriptors the only way is to ask all of them, as often as a program can afford.
    tick = TICK if by_fileno else TICK / 10
    tick_due = time.perf_counter() + tick
    while not schedule.over:
        for number, request in schedule.due():
            clients[number].send(request)
        wait = min(schedule.wait(), max(0.0, tick_due - time.perf_counter()))
        ready: Sequence[Client] = [by_fileno[fileno] for fileno, _ in watch.poll(wait, 256)]
        if time.perf_counter() >= tick_due:
            ready = clients
            tick_due = time.perf_counter() + tick
        for client in ready:
            for answer in client.poll():
                schedule.answered(answer)
    watch.close()
