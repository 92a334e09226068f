"""``python -m benchmarks.attacks.far``: a stock libenet client 200 ms away connects while forged CONNECTs arrive.

Linux, as root (network namespaces). Twenty attempts per flood; prints the number connected within three seconds.
"""

from __future__ import annotations

import argparse
import heapq
import importlib
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from benchmarks.attacks.attackers import Server
from benchmarks.attacks.network import CLIENT, SERVER, Namespaces, namespaces, why_not
from benchmarks.engines import native_is_missing

__all__ = ["attempts", "main"]

DELAY = 0.1
"""Seconds each way."""
FILLING = 3.0
LIMIT = 3.0
"""Seconds in which a client should connect."""
FLOODS = (
    ("native", 25_000, "everywhere"),
    ("native", 4_000, "its own /24"),
    ("python", 5_000, "everywhere"),
    ("python", 4_000, "its own /24"),
)


@contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"benchmarks.attacks.{name}", *arguments]


def relay(port: int) -> None:
    """The delay: relays the client's datagrams from its own address later, and the answers too."""
    near, far = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    near.bind(("127.0.0.1", 0))
    far.bind((CLIENT, 0))
    far.connect((SERVER, port))
    print(near.getsockname()[1], flush=True)
    under_way: list[tuple[float, int, socket.socket, bytes]] = []
    home: tuple[str, int] | None = None
    number = 0
    while True:
        now = time.monotonic()
        while under_way and under_way[0][0] <= now:
            _, _, plain, data = heapq.heappop(under_way)
            with suppress(OSError):
                if plain is far:
                    far.send(data)
                elif home is not None:
                    near.sendto(data, home)
        wait = min(under_way[0][0] - now, 1.0) if under_way else 1.0
        for plain in select.select([near, far], [], [], wait)[0]:
            with suppress(OSError):
                data, source = plain.recvfrom(4096)
                if plain is near:
                    home = source
                number += 1
                other = far if plain is near else near
                heapq.heappush(under_way, (time.monotonic() + DELAY, number, other, data))


def client(port: int) -> None:
    """A libenet client: each line of standard input is one attempt, and ends the one before."""
    enet: Any = importlib.import_module("enet")
    host, peer = enet.Host(None, 1, 1, 0, 0), None
    while True:
        if select.select([sys.stdin], [], [], 0)[0]:
            if not sys.stdin.readline():
                return
            if peer is not None:
                peer.disconnect_now()
                host.flush()
            peer = host.connect(enet.Address(b"127.0.0.1", port), 1)
        host.service(5)


def attempts(
    here: Namespaces, engine: str, rate: int, where: str, count: int, limit: float = LIMIT
) -> tuple[list[float], float]:
    """The seconds that each attempt took until the server had its CONNECT event, and the rate of the flood.

    An attempt that is not connected after ``limit`` seconds counts as infinite.
    """
    with ExitStack() as stack:
        command = here.inside(here.server, *_module("server", engine, "at", SERVER))
        server = Server(stack.enter_context(_running(command)))
        source = CLIENT.rpartition(".")[0] if where != "everywhere" else where
        distance = here.inside(here.world, *_module("far", "--relay", str(server.port)))
        relay = stack.enter_context(_running(distance))
        assert relay.stdout is not None
        stock = here.inside(here.world, *_module("far", "--client", relay.stdout.readline().strip()))
        far = stack.enter_context(_running(stock))
        storm = here.inside(here.world, *_module("storm", SERVER, str(server.port), str(rate), source))
        flood = stack.enter_context(_running(storm))
        time.sleep(FILLING)  # until the table is full
        taken = [_attempt(server, far, limit) for _ in range(count)]
        reached, _ = flood.communicate("\n")
        return taken, float(reached)


def _attempt(server: Server, far: subprocess.Popen[str], limit: float) -> float:
    assert far.stdin is not None
    before, begin = server.look()["joined"], time.monotonic()
    far.stdin.write("\n")
    far.stdin.flush()
    while (passed := time.monotonic() - begin) < limit:
        if server.look()["joined"] > before:
            return passed
        time.sleep(0.02)
    return float("inf")


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    summary = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attacks.far", description=summary)
    parser.add_argument("--relay", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--client", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--attempts", type=int, default=20)
    options = parser.parse_args(arguments)
    for role, port in ((client, options.client), (relay, options.relay)):
        if port is not None:
            role(port)
            return 0
    if reason := why_not():
        print(reason, file=sys.stderr)
        return 1
    if native_is_missing():
        return 1
    print(f"| engine | forged CONNECTs | connected within {LIMIT:.0f} s | median | worst |\n|---|---|---|---|---|")
    with namespaces() as here:
        for engine, rate, where in FLOODS:
            taken, reached = attempts(here, engine, rate, where, options.attempts)
            taken.sort()
            good = sum(seconds <= LIMIT for seconds in taken)
            times = f"{taken[len(taken) // 2]:.2f} s | {taken[-1]:.2f} s"
            print(f"| {engine} | {reached:,.0f}/s from {where} | {good} of {len(taken)} | {times} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
