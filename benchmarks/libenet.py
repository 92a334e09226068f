"""The benchmark program in C: libenet's side of each job, and the clients of ``frame``.

It is compiled on first use, into a temporary folder. Without a compiler or libenet (``apt-get install gcc
libenet-dev``) the scenarios that need it are left out.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

__all__ = ["ENGINE", "HERE", "build", "libenet", "libenet_program", "players_program", "why_unavailable"]

HERE = Path(__file__).parent
ENGINE = HERE.parent / "godot_enet/core/native/src"


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
    """The compiled ``libenet.c``; None if it cannot be compiled."""
    return build("libenet", [HERE / "libenet.c", ENGINE / "rangecoder.c"], ["-lenet"])


@functools.cache
def players_program() -> Path | None:
    """The compiled ``players.c``; None if it cannot be compiled."""
    return build("players", [HERE / "players.c"], ["-lenet"])


def why_unavailable() -> str:
    """The reason why the program is missing; empty if it exists."""
    return "" if libenet_program() else "libenet.c cannot be built (needs gcc and libenet-dev)"


def libenet(*job: object) -> float | None:
    """The output of the program for a job; None without the program."""
    program = libenet_program()
    if program is None:
        return None
    done = subprocess.run([program, *map(str, job)], stdout=subprocess.PIPE, check=True, timeout=300)
    return float(done.stdout)
