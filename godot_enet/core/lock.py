"""The lock of a host: a thread never waits for itself, nor without end for another one.

A signal handler, a finalizer or a log handler may run between any two steps of a thread, also in the middle of a call
on a host, and may call that host again. The lock tells such a call that it is nested (:class:`LockHeld`) instead of
letting it wait for the call that it interrupts.

Two threads can also wait for each other: each is inside one host and a finalizer in it calls the other host, or one is
inside a host and logs while the other one calls that host from its log handler. So waits are bounded.
"""

from __future__ import annotations

import logging
import threading
import weakref
from typing import TYPE_CHECKING

__all__ = ["HostLock", "LockHeld"]

_PIECE = 0.1
"""Seconds of one wait. Waits are counted in pieces, so that a process that was stopped has not waited meanwhile."""
_PIECES = 50
"""Pieces that a thread waits for another one."""
_PIECES_INSIDE = 5
"""The same for a thread that others may wait for: it is inside another host, or in a log handler."""


class LockHeld(Exception):
    """This thread is inside already, or another one does not leave. Never leaves the core."""


if TYPE_CHECKING:

    class _RLock:
        def __exit__(self, *_: object) -> None: ...
        def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...
        def release(self) -> None: ...
        def _is_owned(self) -> bool: ...
        def _at_fork_reinit(self) -> None: ...
else:
    _RLock = type(threading.RLock())


class HostLock(_RLock):
    """Entered by ``with``, which raises :class:`LockHeld` where it would not be left again.

    It is C's re-entrant lock for the sake of its owner: that is set in the step that takes the lock, and ``with`` gives
    the lock back in one step, so an exception from a signal handler cannot leave it held.
    """

    def __init__(self) -> None:
        _locks[id(self)] = self

    def __enter__(self) -> None:
        if self._is_owned():
            raise LockHeld
        try:
            if not self.acquire(False):
                self._wait()
        except BaseException:
            # A signal handler may raise when the lock has just been taken.
            if self._is_owned():
                self.release()
            raise

    def is_mine(self) -> bool:
        """Whether this thread is inside, so that the caller is nested in that call."""
        return self._is_owned()

    def is_free(self) -> bool:
        """Whether nobody is inside; a moment later somebody may be."""
        if self._is_owned():
            return False
        try:
            if not self.acquire(False):
                return False
        except BaseException:
            if self._is_owned():
                self.release()
            raise
        self.release()
        return True

    def after_fork_in_child(self) -> None:
        """Give up what another thread held: it does not exist here."""
        if not self._is_owned():
            self._at_fork_reinit()

    def _wait(self) -> None:
        for _ in range(_PIECES_INSIDE if _is_awaited() else _PIECES):
            if self.acquire(timeout=_PIECE):
                return
        raise LockHeld


def _is_awaited() -> bool:
    """Whether this thread holds a lock that another one may wait for: a host's, or a log handler's."""
    hosts = [seen() for seen in _locks.valuerefs()]
    handlers = [seen() for seen in list(getattr(logging, "_handlerList", ()))]
    held = [lock for lock in hosts if lock is not None] + [each.lock for each in handlers if each is not None]
    return any(getattr(lock, "_is_owned", bool)() for lock in held)


_locks: weakref.WeakValueDictionary[int, HostLock] = weakref.WeakValueDictionary()
