"""Starts and commands the real programs: a headless Godot, and libenet in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

__all__ = [
    "NO_GODOT",
    "Program",
    "find_godot",
    "godot_or_exit",
    "run_silently",
    "start_godot",
    "start_libenet",
]

HERE = Path(__file__).parent
START_SECONDS = 60
NO_GODOT = "Godot is not installed (run tests/interop/install_godot.sh or set GODOT)"
ANSWER_SECONDS = 30


class Program:
    """A process that obeys commands over TCP, one JSON line each, and reports events with every answer."""

    def __init__(
        self, name: str, command: Sequence[str], directory: Path, environment: dict[str, str] | None = None
    ) -> None:
        self.name = name
        self.events: dict[int, list[dict[str, Any]]] = {}
        """What happened at each host of the process and was not taken yet."""
        self._output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(0.2)
            self._process = subprocess.Popen(
                [*command, str(listener.getsockname()[1])],
                cwd=directory,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=subprocess.STDOUT,
            )
            self._control = self._accept(listener)
        self._control.settimeout(ANSWER_SECONDS)
        self._control.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._control.makefile("rb")

    def _accept(self, listener: socket.socket) -> socket.socket:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None and "ERROR" not in self.output():
            with contextlib.suppress(TimeoutError):
                return listener.accept()[0]
        output = self.output()
        self.kill()
        self._output.close()
        raise RuntimeError(f"{self.name} did not start:\n{output}")

    def call(self, do: str, **arguments: Any) -> Any:
        """Carry out one command; returns its result."""
        try:
            self._control.sendall(json.dumps({"do": do, **arguments}).encode() + b"\n")
            line = self._answers.readline()
        except OSError as error:
            self.kill()
            raise RuntimeError(f"{self.name} did not answer {do!r}: {error}\n{self.output()}") from error
        if not line:
            self.kill()
            raise RuntimeError(f"{self.name} ended during {do!r}:\n{self.output()}")
        answer = json.loads(line, strict=False)  # Godot writes control characters as they are
        for event in answer["events"]:
            self.events.setdefault(int(event["host"]), []).append(event)
        return answer["result"]

    @property
    def alive(self) -> bool:
        """Whether it can still be called."""
        return self._process.poll() is None

    def output(self) -> str:
        """Everything the process has printed."""
        self._output.seek(0)
        return self._output.read().decode(errors="replace")

    def kill(self) -> None:
        """End the process at once, as a crash would (SIGKILL): it says goodbye to nobody."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Let the process end by itself."""
        self._answers.close()
        self._control.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
        self._output.close()


def find_godot() -> str | None:
    """The Godot to test with: $GODOT, else where install_godot.sh puts it; None when there is none."""
    named = os.environ.get("GODOT")
    if named:
        return shutil.which(named)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    places = (cache / "godot_enet" / "godot4" / "godot4", cache / "godot4" / "godot4")
    return next((str(place) for place in places if os.access(place, os.X_OK)), None)


def godot_or_exit() -> str:
    """The Godot to record with; ends the program without one."""
    executable = find_godot()
    if executable is None:
        sys.exit(NO_GODOT)
    return executable


def run_silently(command: list[str], environment: dict[str, str], seconds: float) -> None:
    """Run a program to its end, whatever it prints and returns."""
    subprocess.run(
        command,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=seconds,
        check=False,
    )


def start_godot(executable: str, home: Path) -> Program:
    """A Godot that runs peer.gd. ``home`` takes a copy of the project and everything Godot writes."""
    project = home / "project"
    shutil.copytree(HERE / "godot", project, dirs_exist_ok=True)
    places = {name: str(home / name) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    command = [executable, "--headless", "--path", str(project), "--script", "peer.gd", "--"]
    return Program("godot", command, project, places)


def start_libenet() -> Program:
    """A Python process that runs libenet through pyenet."""
    return Program("libenet", [sys.executable, "-m", f"{HERE.name}.libenet_peer"], HERE.parent)
