"""What is measured. A scenario takes a contender and the size of the job and returns one number.

Everything runs over the loopback interface; unless a crowd is needed, both ends live in one process and one thread
drives them, frame by frame, as fast as it can.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median

from benchmarks.contenders import RELIABLE, UNRELIABLE, UNSEQUENCED, Contender, End
from benchmarks.crowd import crowd

__all__ = ["SCENARIOS", "Scenario", "Size"]

MESSAGE = bytes(range(32))
BURST = 64  # messages a frame
BACKLOG = 8 * BURST  # messages under way before a frame only listens
FRAME = 1 / 60  # seconds
BULK = bytes(1 << 20)
CHANNELS = 255  # in the memory scenario
SETTLE = 0.2  # seconds for the last handshakes to be acknowledged
PATIENCE = 30.0  # seconds without any progress after which a scenario fails


@dataclass(frozen=True, slots=True)
class Size:
    """How much one sample does."""

    seconds: float = 0.5
    idle_peers: int = 500
    idle_calls: int = 2000
    memory_peers: int = 40
    joining: int = 32


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of the table."""

    name: str
    title: str
    unit: str
    run: Callable[[Contender, Size], float | None]
    """Returns None where the contender has no way to measure it."""
    goal: float | None
    """What the pure-Python engine is meant to reach."""
    more_is_better: bool = True


def connected_pair(contender: Contender) -> tuple[End, End]:
    server, client = contender.listen(1), contender.client()
    client.connect(server.port(), 1)
    deadline = time.monotonic() + PATIENCE
    while not (server.connected and client.connected):
        client.drain()
        server.drain()
        if time.monotonic() > deadline:
            raise RuntimeError(f"{contender.name}: no connection")
    return server, client


def messages(flags: int, contender: Contender, size: Size) -> float:
    """Small messages delivered in a second."""
    server, client = connected_pair(contender)
    sent = received = 0
    start = now = progress = time.perf_counter()
    while now - start < size.seconds:
        if sent - received < BACKLOG:
            client.send(MESSAGE, BURST, flags)
            sent += BURST
        client.drain()
        got = server.drain()
        received += got
        now = time.perf_counter()
        if got:
            progress = now
        elif flags != RELIABLE and now - progress > 0.005:
            sent = received  # those are lost
        elif now - progress > PATIENCE:
            raise RuntimeError(f"{contender.name}: nothing arrives")
    client.close()
    server.close()
    return received / (now - start)


def bulk(contender: Contender, size: Size) -> float:
    """Megabytes of large packets delivered in a second."""
    server, client = connected_pair(contender)
    sent = received = 0
    start = now = time.perf_counter()
    while now - start < size.seconds or not received:
        if sent - received < 2:
            client.send(BULK, 1, RELIABLE)
            sent += 1
        client.drain()
        received += server.drain()
        now = time.perf_counter()
        if now - start > PATIENCE + size.seconds:
            raise RuntimeError(f"{contender.name}: nothing arrives")
    total = server.received_bytes
    client.close()
    server.close()
    return total / (now - start) / 1e6


def idle(contender: Contender, size: Size) -> float:
    """Microseconds of a service(0) while many peers are connected and silent but for ENet's own pings."""
    server = contender.listen(size.idle_peers)
    with crowd(server, size.idle_peers, 1):
        settle(server)
        service = server.service_once()
        clock = time.perf_counter_ns
        spent: list[int] = []
        for _ in range(size.idle_calls):
            before = clock()
            service()
            spent.append(clock() - before)
    server.close()
    return median(spent) / 1000


def upkeep(contender: Contender, size: Size) -> float:
    """Processor time, in % of one core, that many idle peers cost at 60 frames a second, network thread included."""
    server = contender.listen(size.idle_peers)
    with crowd(server, size.idle_peers, 1):
        settle(server)
        spent = -time.process_time()
        start = now = time.perf_counter()
        while now - start < 2 * size.seconds:  # an idle peer is pinged every half second
            server.drain()
            time.sleep(FRAME)
            now = time.perf_counter()
        spent += time.process_time()
    server.close()
    return 100 * spent / (now - start)


def memory(contender: Contender, size: Size) -> float | None:
    """Bytes that a server holds for a peer with 255 channels that has not used them."""
    server = contender.listen(size.memory_peers + 4)
    with crowd(server, 4, CHANNELS):  # takes what is allocated only once
        settle(server)
        before = contender.heap()
        with crowd(server, size.memory_peers, CHANNELS):
            settle(server)
            after = contender.heap()
    server.close()
    tracemalloc.stop()
    return None if before is None or after is None else (after - before) / size.memory_peers


def joins(contender: Contender, size: Size) -> float:
    """Connections established in a second, the making of each client's host included."""
    joined = 0
    spent = 0.0
    while spent < size.seconds:
        server = contender.listen(size.joining)
        start = time.perf_counter()
        clients = [contender.client() for _ in range(size.joining)]
        for client in clients:
            client.connect(server.port(), 1)
        while server.connected < size.joining or not all(client.connected for client in clients):
            for client in clients:
                client.drain()
            server.drain()
            if time.perf_counter() - start > PATIENCE:
                raise RuntimeError(f"{contender.name}: not everybody could connect")
        spent += time.perf_counter() - start
        joined += size.joining
        for end in (*clients, server):
            end.close()
    return joined / spent


def settle(server: End) -> None:
    """Let the handshakes end, so that what is measured afterwards is a quiet server."""
    deadline = time.monotonic() + SETTLE
    while time.monotonic() < deadline:
        server.drain(1)
    gc.collect()


SCENARIOS: tuple[Scenario, ...] = (
    Scenario("reliable", "32-byte reliable messages, bursts of 64", "messages/s", partial(messages, RELIABLE), 25_000),
    Scenario("unreliable", "the same, unreliable", "messages/s", partial(messages, UNRELIABLE), 30_000),
    Scenario("unsequenced", "the same, unsequenced", "messages/s", partial(messages, UNSEQUENCED), 30_000),
    Scenario("bulk", "1 MiB reliable packets", "MB/s", bulk, 10),
    Scenario("idle", "service(0), 500 idle peers", "us", idle, 50, more_is_better=False),
    Scenario(
        "upkeep", "the same at 60 frames a second, pings included", "% of a core", upkeep, None, more_is_better=False
    ),
    Scenario("memory", "a peer with 255 unused channels", "bytes", memory, 4096, more_is_better=False),
    Scenario("joins", "connections, 32 at a time", "1/s", joins, None),
)
