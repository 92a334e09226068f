"""The processes of a fleet on one machine: starts them, and replaces those that crash."""

from __future__ import annotations

import itertools
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from .messages import MAX_BYTES

STOP_SECONDS = 15.0
INSTALL = "pip install -r examples/fleet/requirements.txt"


class Fleet:
    """NATS, a gateway and rooms. What crashes is started again, a room under another name. What drains is not.

    Args:
        folder: for the configuration of NATS.
        nats: where NATS is to listen, as a URL.
        rooms: how many.
        host: where clients reach the rooms.
        bind: where gateway and rooms listen.
        port: that of the gateway.
    """

    def __init__(self, folder: Path, nats: str, rooms: int, host: str, bind: str, port: int) -> None:
        self._rooms = rooms
        self._numbers = itertools.count(1)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._stop = False
        config = folder / "nats.conf"
        address = nats.rpartition("/")[2]
        config.write_text(f'listen: "{address}"\nmax_payload: {MAX_BYTES}\n', encoding="utf-8")
        program = shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")
        if program is None:
            sys.exit(f"nats-server is missing: {INSTALL}")
        us, network = [sys.executable, "-u", "-m", "examples.fleet"], ["--nats", nats, "--bind", bind]
        self._commands = {
            "nats-server": [program, "-c", str(config)],
            "gateway": [*us, "gateway", *network, "--port", str(port)],
            "room": [*us, "room", *network, "--host", host],
        }

    def run(self) -> int:
        """Keep the processes running until SIGINT or SIGTERM. Returns the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        for name in ["nats-server", "gateway", *["room"] * self._rooms]:
            self._start(name)
        while not self._stop:
            time.sleep(0.1)
            for name, process in list(self._running.items()):
                code = process.poll()
                if code is not None:
                    del self._running[name]
                    print(f"{name} has ended with {code}")
                    if code:
                        time.sleep(0.5)  # one that fails at once is not started all the time
                        self._start("room" if name.startswith("room-") else name)
        # NATS at last, since the others use it to say goodbye.
        self._end([process for name, process in self._running.items() if name != "nats-server"])
        self._end(list(self._running.values()))
        return 0

    def _start(self, name: str) -> None:
        command = self._commands[name]
        if name == "room":
            name = f"room-{next(self._numbers)}"
            command = [*command, "--name", name]
        # In a session of its own, so that Ctrl-C in a terminal reaches this process alone.
        self._running[name] = subprocess.Popen(command, start_new_session=True)
        print(f"{name} runs as process {self._running[name].pid}")

    def _end(self, processes: list[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            process.terminate()
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            process.kill()  # which does nothing to one that has ended

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop = True
