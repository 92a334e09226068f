"""The scenarios. Each takes a contender and the size of the job, and returns one number.

All traffic uses the loopback interface. Here both ends are in one process, and one thread drives them frame by frame as
fast as possible; ``processes.py`` has the jobs that need other processes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from benchmarks import instructions, processes
from benchmarks.asynchronous import core_overhead, godot_overhead, loop_overhead, wake_overhead
from benchmarks.contenders import PLAIN, PYENET, RELIABLE, UNRELIABLE, UNSEQUENCED, Contender, End, GodotEnet
from benchmarks.libenet import libenet
from benchmarks.size import TIMEOUT, Size

__all__ = ["LIBENET", "SCENARIOS", "Goal", "Scenario"]

LIBENET = "libenet"
"""The name of the contender that is a program in C."""
MESSAGE = bytes(range(32))
BURST = 64  # messages a frame
BACKLOG = 8 * BURST  # messages in flight above which a frame only receives
BULK_BACKLOG = 2 << 20  # bytes
LOST = 0.005  # seconds of silence after which unreliable messages count as lost


@dataclass(frozen=True, slots=True)
class Goal:
    """The goal for one contender: a number, or a multiple of another contender's."""

    bound: float
    against: str | None = "pyenet"
    contender: str = "native"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of the table."""

    name: str
    title: str
    unit: str
    run: Callable[[Contender, Size], float | None]
    """Returns None if the contender does not support it."""
    goal: Goal | None = None
    job: Callable[[Size], float | None] = lambda size: None
    """The same by libenet's program in C."""
    more_is_better: bool = False

    def sample(self, contender: Contender | None, size: Size) -> float | None:
        """One measurement; a contender of None is libenet in C."""
        return self.job(size) if contender is None else self.run(contender, size)


def connected_pair(contender: Contender, receiver: Contender | None = None) -> tuple[End, End]:
    """A server and a client, optionally of another contender."""
    server, client = (receiver or contender).listen(1), contender.client()
    client.connect(server.port(), 1)
    deadline = time.monotonic() + TIMEOUT
    while not (server.connected and client.connected):
        client.drain()
        server.drain()
        if time.monotonic() > deadline:
            raise RuntimeError(f"{contender.name}: no connection")
    return server, client


def messages(flags: int, contender: Contender, size: Size) -> float:
    """CPU time in ns for each small message that arrives, both ends, all threads."""
    server, client = connected_pair(contender)
    sent = received = 0
    start = now = progress = time.perf_counter()
    spent = -time.process_time_ns()
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
        elif flags != RELIABLE and now - progress > LOST:
            sent = received
        elif now - progress > TIMEOUT:
            raise RuntimeError(f"{contender.name}: nothing arrives")
    spent += time.process_time_ns()
    client.close()
    server.close()
    return spent / received


def bulk(length: int, receiver: Contender | None, contender: Contender, size: Size) -> float | None:
    """Megabytes of large packets delivered in a second."""
    if receiver is not None and not receiver.available():
        return None
    server, client = connected_pair(contender, receiver)
    packet = bytes(length)
    sent = received = 0
    start = now = time.perf_counter()
    while now - start < size.seconds or not received:
        while (sent - received) * length < BULK_BACKLOG:
            client.send(packet, 1, RELIABLE)
            sent += 1
        client.drain()
        received += server.drain()
        now = time.perf_counter()
        if now - start > TIMEOUT + size.seconds:
            raise RuntimeError(f"{contender.name}: nothing arrives")
    total = server.received_bytes
    client.close()
    server.close()
    return total / (now - start) / 1e6


def plain_bulk(contender: Contender, size: Size) -> float | None:
    """One datagram per system call, as in other implementations."""
    stand_ins: dict[str, Contender] = {"native": PLAIN, "pyenet": PYENET}
    stand_in = stand_ins.get(contender.name)
    return bulk(MIB, None, stand_in, size) if stand_in is not None and stand_in.available() else None


def count_instructions(flags: int, contender: Contender, size: Size) -> float | None:
    """The same in each run, so a change of 5 % comes from the code."""
    return instructions.of_a_message(flags, size.bursts) if contender.name == "native" else None


def count_join_instructions(contender: Contender, size: Size) -> float | None:
    return instructions.of_a_join(size.joining) if contender.name == "native" else None


def count_whole_instructions(contender: Contender, size: Size) -> float | None:
    return instructions.of_a_whole_message(size.bursts) if contender.name == "native" else None


def range_coder(decompress: int, contender: Contender, size: Size) -> float | None:
    """Megabytes a second of a 1.3 KB state, without sockets; only the C code has an entry for that."""
    if not isinstance(contender, GodotEnet) or contender.name != "native":
        return None
    return libenet("range_coder", 1, decompress, size.seconds)


def c_messages(flags: int, size: Size) -> float | None:
    return libenet("messages", flags, size.seconds)


def c_bulk(length: int, size: Size) -> float | None:
    return libenet("bulk", length, size.seconds)


def c_range_coder(decompress: int, size: Size) -> float | None:
    return libenet("range_coder", 0, decompress, size.seconds)


MIB, KIB64 = 1 << 20, 1 << 16
ns, mb, us = "ns CPU each", "MB/s", "us"
SCENARIOS: tuple[Scenario, ...] = (
    *(
        Scenario(name, title, ns, partial(messages, flags), Goal(bound), partial(c_messages, flags))
        for name, title, flags, bound in (
            ("reliable", "32-byte reliable messages, bursts of 64", RELIABLE, 0.40),
            ("unreliable", "the same, unreliable", UNRELIABLE, 0.45),
            ("unsequenced", "the same, unsequenced", UNSEQUENCED, 0.35),
        )
    ),
    *(
        Scenario(name, title, mb, partial(bulk, length, receiver), goal, job, more_is_better=True)
        for name, title, length, receiver, goal, job in (
            ("bulk", "1 MiB reliable packets", MIB, None, Goal(4.0), partial(c_bulk, MIB)),
            ("bulk-64k", "64 KiB reliable packets", KIB64, None, Goal(4.0), partial(c_bulk, KIB64)),
            ("to-libenet", "1 MiB to a stock libenet", MIB, PYENET, Goal(1.7), lambda _: None),
            ("to-libenet-64k", "64 KiB to a stock libenet", KIB64, PYENET, Goal(1.7), lambda _: None),
        )
    ),
    Scenario(
        "plain", "1 MiB, ours without offload", mb, plain_bulk, Goal(1.2), partial(c_bulk, MIB), more_is_better=True
    ),
    Scenario(
        "frame",
        "a server's frame, 1,024 libenet clients",
        "ms CPU",
        processes.frame,
        Goal(0.72, LIBENET),
        lambda size: libenet("frame", size.clients, size.frames, 0),
    ),
    Scenario(
        "frame-floor",
        "the same datagrams through bare sockets in C",
        "ms CPU",
        lambda contender, size: None,
        job=lambda size: libenet("frame", size.clients, size.frames, 1),
    ),
    Scenario(
        "idle",
        "service(0), 4,095 idle peers",
        us,
        processes.idle,
        Goal(2.0, None),
        lambda size: libenet("idle", size.idle_peers, size.idle_peers, size.idle_calls),
    ),
    Scenario(
        "sparse",
        "service(0), 1 peer in 4,095 slots",
        us,
        processes.sparse,
        Goal(1.0, None),
        lambda size: libenet("idle", size.idle_peers, 1, size.idle_calls),
    ),
    Scenario("upkeep", "500 idle peers at 60 frames a second", "% of a core", processes.upkeep),
    Scenario(
        "busy",
        "request and answer, busy, p50",
        us,
        partial(processes.echo, 0),
        Goal(0.85),
        lambda size: libenet("echo", 0, size.requests, 2 * size.seconds),
    ),
    Scenario(
        "blocking",
        "request and answer, blocking, p50",
        us,
        partial(processes.echo, 1000),
        Goal(0.9),
        lambda size: libenet("echo", 1, size.requests, 2 * size.seconds),
    ),
    Scenario(
        "memory",
        "a peer with 255 channels that uses 2",
        "bytes",
        processes.memory,
        Goal(1536, None),
        lambda size: libenet("memory", size.memory_peers),
    ),
    Scenario(
        "joins",
        "a connection's cost to the server, 1,000 clients",
        "us CPU",
        processes.joins,
        Goal(0.67),
        lambda size: libenet("joins", size.joining),
    ),
    *(
        Scenario(
            name,
            title,
            mb,
            partial(range_coder, decompress),
            Goal(1.5, LIBENET),
            partial(c_range_coder, decompress),
            more_is_better=True,
        )
        for name, title, decompress in (
            ("compress", "range coder, a 1.3 KB state, compress", 0),
            ("decompress", "range coder, a 1.3 KB state, decompress", 1),
        )
    ),
    Scenario(
        "held", "main thread busy: the remote's round trip", "ms", processes.held, Goal(5, None, "native, thread")
    ),
    Scenario(
        "held-python",
        "the same, goal of the Python engine",
        "ms",
        processes.held_python,
        Goal(25, None, "python, thread"),
    ),
    Scenario("core", "a reliable message, hosts of the core", "x ENetConnection", core_overhead, Goal(1.1, None)),
    *(
        Scenario(name, title, "x inline", partial(loop_overhead, way, burst), Goal(bound, None))
        for name, title, way, burst, bound in (
            ("asyncio", "the same, async for, bursts of 64", "for", 64, 1.5),
            ("asyncio-256", "the same, async for, bursts of 256", "for", 256, 1.5),
            ("asyncio-all", "the same, service_all(), bursts of 64", "all", 64, 1.2),
            ("asyncio-all-256", "the same, service_all(), bursts of 256", "all", 256, 1.2),
        )
    ),
    *(
        Scenario(name, title, "x inline", partial(godot_overhead, burst), Goal(1.5, None))
        for name, title, burst in (
            ("asyncio-godot", "ENetConnection, async for, bursts of 64", 64),
            ("asyncio-godot-256", "ENetConnection, async for, bursts of 256", 256),
        )
    ),
    Scenario("wake", "a message a wake-up of the loop", "x DatagramProtocol", wake_overhead),
    Scenario("import", "import of the package", "ms", processes.import_time, Goal(60, None)),
    Scenario(
        "instructions",
        "C engine, a reliable message, no sockets",
        "instructions",
        partial(count_instructions, RELIABLE),
    ),
    Scenario("join-instructions", "C engine, a client that joins, no sockets", "instructions", count_join_instructions),
    Scenario("whole-instructions", "a reliable message, without the kernel", "instructions", count_whole_instructions),
)
