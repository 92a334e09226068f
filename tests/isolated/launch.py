"""Runs the programs of this folder, each in an interpreter of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["run", "start"]

_FOLDER = Path(__file__).parent
_CHECKOUT = _FOLDER.parent.parent


def start(program: str, *arguments: str, engine: str | None = None) -> subprocess.Popen[str]:
    """Start a program. Any warning is an error, and so is seen on its stderr, even from a finalizer."""
    command = [sys.executable, "-W", "error", "-X", "faulthandler", str(_FOLDER / program), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(_CHECKOUT)}
    if engine is not None:
        environment["GODOT_ENET_ENGINE"] = engine
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def run(program: str, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, and end it if that takes longer than ``timeout`` seconds.

    Raises:
        subprocess.TimeoutExpired: it did.
    """
    with start(program, *arguments) as process:
        try:
            output, errors = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)
