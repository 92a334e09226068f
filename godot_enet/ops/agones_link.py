"""Reports a server to Agones from a thread of its own, so that a slow SDK server never delays a frame."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from godot_enet.ops.agones import Agones, AgonesError

__all__ = ["AgonesLink"]

_log = logging.getLogger("godot_enet.ops")
_RETRY = 0.5
"""Seconds between attempts while the SDK server, which may start later than this one, does not answer."""
_ATTEMPTS = 4
"""Seconds to report the end of this server."""


class AgonesLink:
    """Reports to Agones: ready once, healthy periodically, the players as a list, and the end.

    Args:
        agones: the client.
        is_healthy: called before each health message, which is left out if it returns False.
        period: seconds between health messages.
        players: the name of the list of players; None for none.
    """

    def __init__(self, agones: Agones, is_healthy: Callable[[], bool], period: float, players: str | None) -> None:
        self._agones = agones
        self._is_healthy = is_healthy
        self._period = period
        self._list = players
        self._wanted: list[str] = []
        self._known: list[str] | None = None
        """The players that Agones knows; None if unknown."""
        self._ready = self._told_ready = self._ending = False
        self._next_health = 0.0
        self._answers = True
        """Whether the last request was answered."""
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="godot_enet agones", daemon=True)
        self._thread.start()

    def ready(self) -> None:
        """Tell Agones that the server is ready for players."""
        self._ready = True
        self._wake.set()

    def set_players(self, players: Sequence[str]) -> None:
        """Set the connected players; Agones is told if they have changed."""
        if self._list is not None and self._wanted != [*players]:
            self._wanted = [*players]
            self._wake.set()

    def close(self, timeout: float = 5.0) -> None:
        """Tell Agones that this server ends, and wait for the answer for some seconds. Idempotent."""
        self._ending = True
        self._wake.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._ending:
            done = self._try(self._report)
            self._wake.wait(max(0.0, self._next_health - time.monotonic()) if done else _RETRY)
            self._wake.clear()
        for _ in range(_ATTEMPTS):
            if self._try(self._agones.shutdown):
                break
            time.sleep(_RETRY)

    def _report(self) -> None:
        if self._ready and not self._told_ready:
            self._agones.ready()
            self._told_ready = True
        if time.monotonic() >= self._next_health:
            if self._is_healthy():
                self._agones.health()
            self._next_health = time.monotonic() + self._period
        wanted = self._wanted
        if self._list is not None and wanted != (self._known or []):
            self._known = None
            self._agones.set_list(self._list, wanted)
            self._known = wanted

    def _try(self, work: Callable[[], None]) -> bool:
        """Send the reports; log the first of consecutive failures, and their end."""
        try:
            work()
        except AgonesError as error:
            if self._answers:
                _log.warning("Agones: %s", error)
            self._answers = False
            return False
        if not self._answers:
            _log.info("Agones answers again.")
        self._answers = True
        return True
