"""``python -m benchmarks.scale``: what a host of several shards costs, and ``receive_all()``. See docs/scale.md.

Each row is a ratio of two measurements that take turns: the median of the ratios of all pairs.
"""

from __future__ import annotations

import argparse
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.contenders import RELIABLE, UNRELIABLE, UNSEQUENCED
from benchmarks.engines import native_is_missing
from benchmarks.libenet import libenet, players_program
from benchmarks.size import TIMEOUT
from godot_enet import ENetConnection, Error

__all__ = ["ROWS", "Load", "Row", "main"]

PAIRS = 9
RATE = 5  # inputs and states a second
FRAME = 1 / 60
WARM_UP = 1.0
STATE = bytes(200)
MESSAGE, BURST, BACKLOG = bytes(32), 64, 512
LOST = 0.005  # seconds of silence after which unreliable messages count as lost
IDLE_CALLS = 2000
JOIN_TIMEOUT = 90.0

CONNECT, RECEIVE, NONE = ENetConnection.EVENT_CONNECT, ENetConnection.EVENT_RECEIVE, ENetConnection.EVENT_NONE


@dataclass(frozen=True, slots=True)
class Load:
    """Amount of work of one measurement."""

    seconds: float = 3.0
    clients: int = 1000
    """Clients of one shard."""
    crowd: int = 12_000
    """Clients of four."""
    silent: int = 2000
    """Silent peers of libenet."""


QUICK = Load(seconds=0.2, clients=20, crowd=60, silent=20)

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Row:
    """A ratio with its goal."""

    name: str
    title: str
    goal: float
    measure: Callable[[Load], Pair | None]
    """The two values of a pair; None without libenet."""


class Server:
    """A sharded server, driven like a game: events and packets each frame, states at ``RATE``."""

    def __init__(self, shards: int, peers: int) -> None:
        self.host = ENetConnection(shards=shards)
        error = self.host.create_host_bound("127.0.0.1", 0, peers)
        if error != Error.OK:
            raise OSError(f"no host: {error!r}")
        self.connected = 0
        self.inputs = 0
        self.states = 0

    def drain(self, wait: int = 0) -> None:
        """Take all events."""
        service = self.host.service
        while True:
            kind, peer, _, _ = service(wait)
            wait = 0
            if kind == RECEIVE and peer:
                peer.get_packet()
                self.inputs += 1
            elif kind == NONE:
                return
            else:
                self.connected += 1 if kind == CONNECT else -1

    def run(self, seconds: float, frame: float = FRAME) -> None:
        """Serve for a while."""
        due = start = time.perf_counter()
        state_due = 0.0
        while due - start < seconds:
            self.drain()
            if due - start >= state_due:
                self.host.broadcast(1, STATE, 0)
                self.host.flush()
                self.states += self.connected
                state_due += 1 / RATE
            due += frame
            time.sleep(max(0.0, due - time.perf_counter()))


@contextmanager
def players(shards: int, count: int) -> Iterator[tuple[Server, Callable[[str], None], Callable[[], list[float]]]]:
    """A server whose clients are connected, what tells them to start or stop, and what returns their counts."""
    program = players_program()
    assert program is not None
    server = Server(shards, min(shards * 4095, count + count // 8 + 64))
    command = [str(program), str(server.host.get_local_port()), str(count), str(RATE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        source, sink = process.stdout, process.stdin

        def tell(line: str) -> None:
            print(line, file=sink, flush=True)

        def read() -> str:
            deadline = time.monotonic() + JOIN_TIMEOUT
            while not select.select([source], [], [], 0)[0]:
                server.drain(5)
                if time.monotonic() > deadline:
                    raise RuntimeError("the clients do not answer")
            line: str = source.readline()
            return line

        try:
            if read() != "ready\n":
                raise RuntimeError(f"only {server.connected} of {count} clients connected")
            while server.connected < count:
                server.drain(5)
            yield server, tell, lambda: list(map(float, read().split()))
        finally:
            sink.close()
            process.wait(TIMEOUT)
            server.host.destroy()


def thread_times() -> list[float]:
    """CPU seconds of each thread, the main thread's first."""
    tasks = sorted(Path("/proc/self/task").iterdir(), key=lambda task: int(task.name))
    return [int((task / "schedstat").read_text().split()[0]) * 1e-9 for task in tasks]


def play(shards: int, count: int, seconds: float, frame: float = FRAME) -> tuple[float, list[float], int]:
    """CPU seconds of all threads and of each, and the datagrams of inputs and states in that time.

    Raises:
        RuntimeError: a client or reliable data was lost.
    """
    with players(shards, count) as (server, tell, answer):
        tell("play")
        server.run(WARM_UP if seconds > 1 else seconds, frame)
        server.inputs, inputs, server.states = 0, server.inputs, 0
        spent, each = -time.process_time(), thread_times()
        server.run(seconds, frame)
        spent += time.process_time()
        each = [after - before for before, after in zip(each, thread_times(), strict=True)]
        datagrams = server.inputs + server.states
        tell("stop")
        connected, sent, reliable, *_ = answer()
        inputs += server.inputs
    if connected < count:
        raise RuntimeError(f"{count - connected:.0f} of {count} clients were lost")
    if inputs < reliable or inputs < 0.9 * sent:
        raise RuntimeError(f"{inputs} of {sent:.0f} inputs arrived, {reliable:.0f} of them reliable")
    return spent, each, datagrams


def growth(load: Load) -> Pair | None:
    """Microseconds of CPU for each input that is taken and each state that is sent."""
    if players_program() is None:
        return None
    values = []
    for shards, count in ((4, load.crowd), (1, load.clients)):
        spent, _, datagrams = play(shards, count, load.seconds)
        values.append(spent / datagrams * 1e6)
    return values[0], values[1]


def busiest(load: Load) -> Pair | None:
    """The same of the busier of two network threads, and of one shard, whose states the main thread sends.

    The program looks in ten times a second.
    """
    if players_program() is None:
        return None
    values = []
    for shards in (2, 1):
        _, each, datagrams = play(shards, 4 * load.clients, load.seconds, 0.1)
        values.append((max(each[1:]) if shards > 1 else sum(each)) / datagrams * 1e6)
    return values[0], values[1]


def silent(load: Load) -> Pair | None:
    """Microseconds of a service(0) with nothing to do."""
    if players_program() is None:
        return None
    with players(4, load.crowd) as (server, _, _):
        service, clock = server.host.service, time.perf_counter_ns
        for _ in range(30):
            server.drain(10)
        spent = []
        for _ in range(IDLE_CALLS):
            before = clock()
            service()
            spent.append(clock() - before)
    theirs = libenet("idle", load.silent, load.silent, IDLE_CALLS)
    assert theirs is not None
    return median(spent) / 1000, theirs


class Messages:
    """Two connected ends in one thread: one sends bursts, the other takes them."""

    def __init__(self, flags: int) -> None:
        self.flags = flags
        self.server, self.client = ENetConnection(threaded=False), ENetConnection(threaded=False)
        assert self.server.create_host_bound("127.0.0.1", 0, 1) is Error.OK
        assert self.client.create_host(1) is Error.OK
        peer = self.client.connect_to_host("127.0.0.1", self.server.get_local_port(), 1)
        assert peer is not None
        self.peer = peer
        connected = 0
        while connected < 2:
            connected += (self.server.service().type == CONNECT) + (self.client.service().type == CONNECT)

    def by_service(self, host: ENetConnection) -> int:
        count = 0
        service = host.service
        while True:
            kind, peer, _, _ = service(0)
            if kind == RECEIVE and peer:
                peer.get_packet()
                count += 1
            elif kind == NONE:
                return count

    def by_receive_all(self, host: ENetConnection) -> int:
        count = 0
        for _peer, _channel, _flags, _packet in host.receive_all():
            count += 1
        return count

    def run(self, take: Callable[[ENetConnection], int], seconds: float) -> Pair:
        """Nanoseconds of CPU for each message that arrives: of both ends, and of the receiving one."""
        send: Callable[[int, bytes, int], object] = self.peer.send
        sent = received = 0
        start = now = progress = time.perf_counter()
        spent, taking = -time.process_time_ns(), 0
        while now - start < seconds:
            if sent - received < BACKLOG:
                for _ in range(BURST):
                    send(0, MESSAGE, self.flags)
                sent += BURST
            take(self.client)
            before = time.thread_time_ns()
            got = take(self.server)
            taking += time.thread_time_ns() - before
            received += got
            now = time.perf_counter()
            if got:
                progress = now
            elif self.flags != RELIABLE and now - progress > LOST:
                sent = received
        return (spent + time.process_time_ns()) / received, taking / received

    def close(self) -> None:
        self.client.destroy()
        self.server.destroy()


def taking(flags: int, load: Load) -> Pair:
    """Nanoseconds of CPU at the receiving end for each message."""
    values = []
    for take in (Messages.by_receive_all, Messages.by_service):
        messages = Messages(flags)
        values.append(messages.run(partial(take, messages), load.seconds / 8)[1])
        messages.close()
    return values[0], values[1]


def against_libenet(flags: int, load: Load) -> Pair | None:
    """Nanoseconds of CPU at both ends for each message."""
    theirs = libenet("messages", flags, load.seconds / 8)
    if theirs is None:
        return None
    messages = Messages(flags)
    ours = messages.run(messages.by_receive_all, load.seconds / 8)[0]
    messages.close()
    return ours, theirs


KINDS = (("reliable", RELIABLE, 1.0), ("unreliable", UNRELIABLE, 1.1), ("unsequenced", UNSEQUENCED, 1.1))
ROWS: tuple[Row, ...] = (
    Row("growth", "CPU of a client's frame: a crowd on 4 shards / 1,000 clients on one", 1.1, growth),
    Row("busiest", "CPU, 4,000 clients: the busier thread of 2 shards / all of one", 0.55, busiest),
    Row("silent", "service(0): a silent crowd on 4 shards / libenet's 2,000 peers", 0.1, silent),
    *(
        Row(f"take-{name}", f"taking a 32-byte {name} message: receive_all() / service()", 0.7, partial(taking, flags))
        for name, flags, _ in KINDS
    ),
    *(
        Row(
            f"c-{name}",
            f"a 32-byte {name} message, both ends: receive_all() / libenet in C",
            goal,
            partial(against_libenet, flags),
        )
        for name, flags, goal in KINDS
    ),
)


def main(argv: Sequence[str] | None = None) -> int:
    names = [row.name for row in ROWS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("row", nargs="*", help=f"any of: {', '.join(names)} (default: all)")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="pairs of measurements; default: %(default)s")
    parser.add_argument("--seconds", type=float, default=Load().seconds, help="of each; default: %(default)s")
    parser.add_argument("--crowd", type=int, default=Load().crowd, help="clients of four shards; default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="tiny jobs, one pair, to check that everything runs")
    options = parser.parse_args(argv)
    if unknown := sorted(set(options.row) - set(names)):
        parser.error(f"no such row: {', '.join(unknown)}")
    if native_is_missing("Several shards need it."):
        return 1
    load, pairs = (QUICK, 1) if options.quick else (Load(options.seconds, crowd=options.crowd), options.pairs)
    print("tiny jobs: the numbers mean nothing" if options.quick else f"medians of {pairs} pairs")
    print("| row | ratio of | first | second | ratio | goal |\n|---|---|---:|---:|---:|---:|")
    for row in ROWS:
        if options.row and row.name not in options.row:
            continue
        found = [pair for pair in (row.measure(load) for _ in range(pairs)) if pair is not None]
        cells = ["-"] * 3
        if found:
            ratio = median(first / second for first, second in found)
            cells = [f"{value:.3g}" for value in (*map(median, zip(*found, strict=True)), ratio)]
        print(f"| `{row.name}` | {row.title} | {' | '.join(cells)} | ≤ {row.goal:g} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
