"""Players in processes of their own, and what can be done to them."""

from __future__ import annotations

import os
import signal
import time

from tests.demos.program import PATIENCE, Program

__all__ = ["SILENCE", "Player", "pair"]

SILENCE = 2000
"""Milliseconds of silence after which a player gives the other one up."""


class Player(Program):
    """A server, or a client of the server on a port; see ``player.py``."""

    def __init__(self, role: str, port: int, driver: str, silence: int = SILENCE, engine: str | None = None) -> None:
        chosen = os.environ if engine is None else {**os.environ, "GODOT_ENET_ENGINE": engine}
        super().__init__("-m", "tests.faults.player", role, str(port), driver, str(silence), environment=chosen)

    def __enter__(self) -> Player:
        return self

    def port(self) -> int:
        """Where the server is."""
        self.wait_for("port ")
        return int(self.lines[0].split()[-1])

    def stop(self) -> None:
        """Suspend it, as a shell does with Ctrl-Z, or a laptop that is shut."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it run again."""
        self._process.send_signal(signal.SIGCONT)

    def back(self) -> int:
        """How many of a client's numbers have come back."""
        return sum(line.startswith("back") for line in list(self.lines))

    def wait_for_more(self, count: int = 3) -> None:
        """Wait until so many more have."""
        self.wait_for(f"back {self.back() + count}")

    def disconnects(self) -> int:
        """How often it was told of an end."""
        return sum(line.startswith("disconnect") for line in list(self.lines))

    def wait_for_disconnects(self, count: int) -> None:
        """Wait until it was told so often."""
        deadline = time.monotonic() + PATIENCE
        while self.disconnects() < count:
            assert time.monotonic() < deadline, self.output
            time.sleep(0.01)


def pair(driver: str, silence: int = SILENCE, engine: str | None = None) -> tuple[Player, Player]:
    """A server and a client in the middle of a conversation; the caller ends them."""
    server = Player("server", 0, driver, silence, engine)
    try:
        client = Player("client", server.port(), driver, silence, engine)
        try:
            client.wait_for("back 3")
        except BaseException:
            client.__exit__(None, None, None)
            raise
    except BaseException:
        server.__exit__(None, None, None)
        raise
    return server, client
