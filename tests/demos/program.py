"""A Python program in a process of its own: started, watched, and gone at the end of the test."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0  # seconds; only a broken program makes a test wait that long


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """A UDP port of 127.0.0.1 that nobody uses at the moment, for a program that is told its port.

    It is below the ports that systems give to sockets bound to port 0 (32768 and up on Linux, 49152 and up elsewhere):
    one of those could go to another test before the program binds it.
    """
    while True:
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port := random.SystemRandom().randrange(20_000, 32_768)))
            except OSError:
                continue  # in use
            return port


def free_tcp_port() -> int:
    """As `free_port`, for TCP."""
    return free_port(socket.SOCK_STREAM)


class Program:
    """Runs ``python ARGUMENTS`` from the checkout, with SDL's dummy video; a context manager that ends it for sure."""

    def __init__(self, *arguments: str | Path, environment: Mapping[str, str] | None = None) -> None:
        self.lines: list[str] = []
        """What it has printed so far, standard error included."""
        if environment is None:
            environment = os.environ | {"SDL_VIDEODRIVER": "dummy"}
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background of a shell: not for its child
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self._process = subprocess.Popen(
            [sys.executable, "-u", *map(str, arguments)],
            cwd=ROOT,
            env={**environment, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, text: str) -> None:
        """Wait until a line with this text has been printed; fail when the program ends or hangs before."""
        deadline = time.monotonic() + PATIENCE
        with self._changed:
            while not any(text in line for line in self.lines):
                running = self._reader.is_alive()
                if not running or not self._changed.wait(max(0.0, deadline - time.monotonic())):
                    raise AssertionError(f"no {text!r} ({'hung' if running else 'ended'}):\n{self.output}")

    def finish(self, patience: float = PATIENCE) -> int:
        """Wait for its end. Returns the exit code."""
        code = self._process.wait(patience)
        self._reader.join(PATIENCE)
        return code

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End it at once, without a chance to say goodbye to anybody."""
        self._process.kill()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                with self._changed:
                    self.lines.append(line.rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()


class Demo(Program):
    """Runs ``python -m godot_enet demo NAME ARGUMENTS``."""

    def __init__(self, name: str, *arguments: str | Path, environment: Mapping[str, str] | None = None) -> None:
        super().__init__("-m", "godot_enet", "demo", name, *arguments, environment=environment)


class DemoWithoutPygame(Program):
    """The same where pygame is not installed, with these lines as its input."""

    def __init__(self, name: str, *arguments: str, typed: str = "") -> None:
        hide = f"import io, sys; sys.modules['pygame'] = None; sys.stdin = io.StringIO({typed!r})"
        run = f"from godot_enet.__main__ import main; sys.exit(main({['demo', name, *arguments]!r}))"
        super().__init__("-c", f"{hide}; {run}")
