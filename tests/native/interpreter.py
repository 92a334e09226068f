"""Programs in an interpreter of their own: what they print, say on stderr and return."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["run"]

_CHECKOUT = Path(__file__).parent.parent.parent


def run(program: str, *arguments: str, **variables: str | None) -> subprocess.CompletedProcess[str]:
    """Run a program given as text; ``variables`` are added to the environment, None takes one away."""
    environment = {**os.environ, "PYTHONPATH": str(_CHECKOUT)}
    for name, value in variables.items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    command = [sys.executable, "-W", "error", "-X", "faulthandler", "-c", program, *arguments]
    return subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )
