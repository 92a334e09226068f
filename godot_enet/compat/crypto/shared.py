"""What a key and a certificate have in common: while a connection uses them, they stay what they are."""

from __future__ import annotations

import threading

__all__ = ["Shared"]


class Shared:
    """Counts its users. Whoever changes it holds ``_guard`` and looks at ``_users`` first."""

    def __init__(self) -> None:
        self._guard = threading.RLock()  # a finalizer may release while its thread is loading
        self._users = 0

    def _acquire(self) -> None:
        """From now on it must not change. Waits for a change that is under way."""
        with self._guard:
            self._users += 1

    def _release(self) -> None:
        """The end of one ``_acquire``."""
        with self._guard:
            self._users -= 1
