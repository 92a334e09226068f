"""Our programs in C: libenet's side of every job, the clients of the server's frame, and the counted instructions.

They are compiled when they are first needed, into a temporary folder; where there is no compiler or no libenet
(``apt-get install gcc libenet-dev``, ``valgrind``), what needs them is left out.
"""

from __future__ import annotations

import atexit
import functools
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

__all__ = ["instructions", "libenet", "libenet_program", "why_unavailable"]

HERE = Path(__file__).parent
ENGINE = HERE.parent / "godot_enet/core/native/src"
OUTSIDE_THE_ENGINE = {"hot.c", "host.c", "platform_posix.c", "platform_windows.c", "udp_posix.c"}
BURST = 64


@functools.cache
def folder() -> Path:
    made = tempfile.mkdtemp(prefix="godot_enet-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


def build(name: str, sources: list[Path], libraries: list[str]) -> Path | None:
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        return None
    program = folder() / name
    arguments = ["-O3", "-flto", "-w", f"-I{ENGINE}", *map(str, sources), *libraries, "-o", str(program)]
    outcome = subprocess.run([compiler, *arguments], capture_output=True, check=False)
    return program if outcome.returncode == 0 else None


@functools.cache
def libenet_program() -> Path | None:
    """``libenet.c``, compiled; None where that is not possible."""
    return build("libenet", [HERE / "libenet.c", ENGINE / "rangecoder.c"], ["-lenet"])


def why_unavailable() -> str:
    """Why there is no such program; empty if there is."""
    return "" if libenet_program() else "libenet.c cannot be built (needs gcc and libenet-dev)"


def libenet(*job: object) -> float | None:
    """What the program prints for a job; None without it."""
    program = libenet_program()
    if program is None:
        return None
    done = subprocess.run([program, *map(str, job)], stdout=subprocess.PIPE, check=True, timeout=300)
    return float(done.stdout)


def instructions(flags: int, bursts: int) -> float | None:
    """Instructions the C engine takes for a 32-byte message, both ends, without sockets; None without valgrind."""
    if shutil.which("valgrind") is None:
        return None
    sources = [path for path in sorted(ENGINE.glob("*.c")) if path.name not in OUTSIDE_THE_ENGINE]
    program = build("instructions", [HERE / "instructions.c", *sources], [])
    if program is None:
        return None
    counts = [count(program, flags, number) for number in (bursts, 2 * bursts)]
    return (counts[1] - counts[0]) / (bursts * BURST)


def count(program: Path, flags: int, bursts: int) -> int:
    command = [
        "valgrind",
        "--tool=callgrind",
        f"--callgrind-out-file={os.devnull}",
        str(program),
        str(flags),
        str(bursts),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    found = re.search(r"Collected : (\d+)", done.stderr)
    assert found, done.stderr
    return int(found[1])
