"""The base of keys and certificates, which cannot change while a connection uses them."""

from __future__ import annotations

import threading

__all__ = ["Shared"]


class Shared:
    """Counts its users. To change it, hold ``_guard`` and check ``_users``."""

    def __init__(self) -> None:
        self._guard = threading.RLock()  # a finalizer may release while its thread is loading
        self._users = 0

    def _acquire(self) -> None:
        """Lock it against changes. Waits for a change in progress."""
        with self._guard:
            self._users += 1

    def _release(self) -> None:
        """Undo one ``_acquire``."""
        with self._guard:
            self._users -= 1
