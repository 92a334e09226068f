"""The jobs that need more than one process. As a program, ``python -m benchmarks.processes NAME PEERS`` prints the
bytes per peer on a server of that contender."""

from __future__ import annotations

import ctypes
import gc
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.contenders import CONTENDERS, PYENET, Contender, End, GodotEnet
from benchmarks.libenet import libenet_program
from benchmarks.remotes import InputCrowd, crowd, remote
from benchmarks.size import TIMEOUT, Size

__all__ = ["echo", "frame", "held", "held_python", "idle", "import_time", "joins", "memory", "sparse", "upkeep"]

ROOT = Path(__file__).parents[1]
FRAME = 1 / 60  # seconds
CHUNK = 256  # clients that send together, so that their data fits into the server's socket buffer
LATE = 0.05  # seconds after which inputs count as lost
STATE = bytes(200)
REQUEST = bytes(32)
SETTLE = 0.2  # seconds for the last handshakes to be acknowledged
CHANNELS = 255  # in the memory scenario
IMPORT = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"


def settle(server: End) -> None:
    """Let the handshakes end before measuring an idle server."""
    deadline = time.monotonic() + SETTLE
    while time.monotonic() < deadline:
        server.drain(1)
    gc.collect()


def frame(contender: Contender, size: Size) -> float | None:
    """CPU time in ms: take an input of 48 bytes from each client, send 200 bytes of state to all."""
    if libenet_program() is None:
        return None
    server = contender.listen(size.clients)
    clients = InputCrowd(server, size.clients)
    spent, inputs = 0, 0
    for _ in range(size.frames):
        for first in range(0, size.clients, CHUNK):
            clients.order(f"s {first} {CHUNK}")
            spent -= time.process_time_ns()
            got = server.drain()
            deadline = time.monotonic() + LATE
            while got < min(CHUNK, size.clients) and time.monotonic() < deadline:  # a busy system delivers later
                got += server.drain(1)
            spent += time.process_time_ns()
            inputs += got
        spent -= time.process_time_ns()
        server.broadcast(STATE)
        spent += time.process_time_ns()
        clients.order("r")
    clients.close()
    server.close()
    if inputs < 0.9 * size.clients * size.frames:
        raise RuntimeError(f"{contender.name}: inputs were lost")
    return spent / size.frames / 1e6


def quiet_service(contender: Contender, slots: int, peers: int, calls: int) -> float:
    """Microseconds of a service(0) while the connected peers send only ENet's pings."""
    server = contender.listen(slots)
    with crowd(server, peers, 1):
        settle(server)
        service = server.service_once()
        clock = time.perf_counter_ns
        spent: list[int] = []
        for _ in range(calls):
            before = clock()
            service()
            spent.append(clock() - before)
    server.close()
    return median(spent) / 1000


def idle(contender: Contender, size: Size) -> float:
    """All slots taken."""
    return quiet_service(contender, size.idle_peers, size.idle_peers, size.idle_calls)


def sparse(contender: Contender, size: Size) -> float:
    """One slot taken."""
    return quiet_service(contender, size.idle_peers, 1, size.idle_calls)


def upkeep(contender: Contender, size: Size) -> float:
    """CPU time, in % of one core, that idle peers cost at 60 frames a second, network thread included."""
    server = contender.listen(size.upkeep_peers)
    with crowd(server, size.upkeep_peers, 1):
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


def joins(contender: Contender, size: Size) -> float | None:
    """Microseconds of the server's CPU time for each libenet client that connects."""
    program = libenet_program()
    if program is None:
        return None
    server = contender.listen(size.joining)
    deadline = time.monotonic() + TIMEOUT
    with subprocess.Popen([program, "visit", str(server.port()), str(size.joining)]) as process:
        spent = -time.process_time_ns()
        while server.connected < size.joining and time.monotonic() < deadline:
            server.drain(1)
        spent += time.process_time_ns()
        process.kill()
    connected = server.connected
    server.close()
    if connected < size.joining:
        raise RuntimeError(f"{contender.name}: not all clients could connect")
    return spent / size.joining / 1000


def echo(wait: int, contender: Contender, size: Size) -> float:
    """Microseconds from a reliable request to its answer by a process of the same kind, median."""
    client = contender.client()
    with remote("answer", contender.name, wait) as process:
        assert process.stdout is not None
        client.connect(int(process.stdout.readline()), 1)
        while not client.connected:
            client.drain(10)
        spent: list[float] = []
        while len(spent) < size.requests and (sum(spent) < 2 * size.seconds or len(spent) < 20):
            spent.append(client.ask(REQUEST, wait))
    client.close()
    return median(spent) * 1e6


def memory(contender: Contender, size: Size) -> float | None:
    """Bytes per peer on a server, including Python objects, which are allocated by malloc here."""
    command = [sys.executable, "-m", "benchmarks.processes", contender.name, str(size.memory_peers)]
    environment = {**os.environ, "PYTHONMALLOC": "malloc"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment, check=True)
    return float(done.stdout) or None


def held(contender: Contender, size: Size) -> float | None:
    """Milliseconds: the round trip measured by a remote while the main thread of this program runs Python."""
    server = contender.listen(1)
    with remote("watch", server.port(), size.held + 0.2) as process:
        assert process.stdout is not None
        while not server.connected:
            server.drain(1)
        settle(server)
        process.stdout.readline()
        over = time.perf_counter() + size.held
        number = 0
        while time.perf_counter() < over:
            number += 1
        while process.poll() is None:
            server.drain(1)
        longest = float(process.stdout.readline())
    server.close()
    return longest


def held_python(contender: Contender, size: Size) -> float | None:
    """The same, only for the Python engine."""
    return held(contender, size) if contender.name.startswith("python") else None


def import_time(contender: Contender, size: Size) -> float | None:
    """Milliseconds."""
    if isinstance(contender, GodotEnet) and contender.name != "native":
        return None  # they are one package
    command = [sys.executable, "-c", IMPORT.format("enet" if contender is PYENET else "godot_enet")]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as cache:  # compiled, as an installed package is
        environment["PYTHONPYCACHEPREFIX"] = cache
        for _ in range(2):
            done = subprocess.run(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment, check=True)
    return float(done.stdout) * 1000


class Mallinfo2(ctypes.Structure):
    """Bytes allocated by malloc; glibc 2.33 and later."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def heap() -> int | None:
    try:
        mallinfo2 = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError, TypeError):
        return None
    mallinfo2.restype = Mallinfo2
    info = mallinfo2()
    return int(info.uordblks) + int(info.hblkhd)


def measure_memory(name: str, peers: int) -> float:
    """0 if not available."""
    [contender] = [contender for contender in CONTENDERS if contender.name == name]
    server = contender.listen(peers + 64)
    with crowd(server, 64, CHANNELS):  # takes what is allocated only once
        settle(server)
        before = heap()
        with crowd(server, peers, CHANNELS):
            settle(server)
            after = heap()
    server.close()
    return 0 if before is None or after is None else (after - before) / peers


if __name__ == "__main__":
    print(measure_memory(sys.argv[1], int(sys.argv[2])))
