"""Instructions counted by callgrind: the same in each run, however busy the machine is.

As a program, ``python -m benchmarks.instructions BURSTS`` exchanges that many bursts of messages, to be counted.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.contenders import CONTENDERS, RELIABLE
from benchmarks.libenet import ENGINE, HERE, build

__all__ = ["of_a_join", "of_a_message", "of_a_whole_message", "why_uncounted"]

BURST = 64  # as in instructions.c
OUTSIDE_THE_ENGINE = ("hot", "host", "udp")
MESSAGE = bytes(32)


@functools.cache
def engine_program() -> Path | None:
    sources = [path for path in sorted(ENGINE.glob("*.c")) if not path.name.startswith(OUTSIDE_THE_ENGINE)]
    return build("instructions", [HERE / "instructions.c", *sources], ["-lpthread"])


def why_uncounted() -> str:
    """The reason why nothing can be counted; empty if it can."""
    if shutil.which("valgrind") is None:
        return "valgrind is not installed"
    return "" if engine_program() else "instructions.c cannot be built"


def of_a_message(flags: int, bursts: int) -> float | None:
    """Instructions of the C engine for a 32-byte message, both ends, without sockets; None without valgrind."""
    if why_uncounted():
        return None
    counts = [count([engine_program(), "messages", flags, number]) for number in (bursts, 2 * bursts)]
    return (counts[1] - counts[0]) / (bursts * BURST)


def of_a_join(clients: int) -> float | None:
    """Instructions of a server's C engine for each client that joins, without sockets; None without valgrind."""
    if why_uncounted():
        return None
    return count([engine_program(), "joins", clients], "--toggle-collect=serve") / clients


def of_a_whole_message(bursts: int) -> float | None:
    """Instructions for a 32-byte reliable message between two ``ENetConnection``s, without those of the kernel.

    Python's own are most of them, so they depend on its version.
    """
    if why_uncounted():
        return None
    environment = {**os.environ, "PYTHONHASHSEED": "0", "GODOT_ENET_ENGINE": "native"}
    program = [sys.executable, "-m", "benchmarks.instructions"]
    counts = [count([*program, number], environment=environment) for number in (bursts, 3 * bursts)]
    return (counts[1] - counts[0]) / (2 * bursts * BURST)


def count(program: list[object], *options: str, environment: dict[str, str] | None = None) -> int:
    valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}", *options]
    done = subprocess.run(
        [*valgrind, *map(str, program)],
        cwd=HERE.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    found = re.search(r"Collected : (\d+)", done.stderr)
    assert found, done.stderr
    return int(found[1])


def main(bursts: int) -> None:
    """Exchange bursts of reliable messages as the scenario ``reliable`` does."""
    [native] = [contender for contender in CONTENDERS if contender.name == "native"]
    server, client = native.listen(1), native.client()
    client.connect(server.port(), 1)
    while not (server.connected and client.connected):
        client.drain()
        server.drain()
    received = 0
    for _ in range(bursts):
        client.send(MESSAGE, BURST, RELIABLE)
        client.drain()
        received += server.drain()
    while received < bursts * BURST:
        client.drain()
        received += server.drain()


if __name__ == "__main__":
    main(int(sys.argv[1]))
