"""The lock of a host: a thread never waits for itself, and never forever for another one.

A signal handler, a finalizer or a log handler may run between any two steps of a thread, even inside a call on a host,
and may call that host again. The lock raises :class:`LockHeld` in such a nested call, instead of blocking it on the
call that it interrupted.

Two threads can also deadlock: each is inside one host and a finalizer calls the other host, or one is inside a host
and logs while the other calls that host from its log handler. So waits are bounded.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from typing import TYPE_CHECKING

__all__ = ["HostLock", "LockHeld"]

_PIECE = 0.1
"""Seconds of one wait. Waits are counted in pieces, so that time in which the process was stopped does not count."""
_PIECES = 50
"""Pieces that a thread waits for another thread."""
_PIECES_INSIDE = 5
"""The same for a thread that others may be waiting for: inside another host or a log handler."""


class LockHeld(Exception):
    """This thread already holds the lock, or another one does not release it. Never raised out of the core."""


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
    """Entered by ``with``, which raises :class:`LockHeld` instead of deadlocking.

    It is based on C's re-entrant lock because of its owner: acquiring sets it in one step, and ``with`` releases the
    lock in one step, so an exception from a signal handler cannot leave it held.
    """

    def __init__(self) -> None:
        super().__init__()  # with gevent's patches it is a class in Python, which has something to set up
        _locks[id(self)] = self

    def __enter__(self) -> None:
        if self._is_owned():
            raise LockHeld
        try:
            if not self.acquire(False):
                self._wait()
        except BaseException:
            # A signal handler may raise just after the lock was acquired.
            if self._is_owned():
                self.release()
            raise

    def is_mine(self) -> bool:
        """Whether this thread holds the lock, so that the caller is nested."""
        return self._is_owned()

    def is_free(self) -> bool:
        """Whether the lock is free at this moment."""
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

    def _wait(self) -> None:
        for _ in range(_PIECES_INSIDE if _is_awaited() else _PIECES):
            if self.acquire(timeout=_PIECE):
                return
        raise LockHeld


def _is_awaited() -> bool:
    """Whether this thread holds a lock of a host or a log handler, for which another thread may be waiting."""
    hosts = [seen() for seen in _locks.valuerefs()]
    handlers = [seen() for seen in list(getattr(logging, "_handlerList", ()))]
    held = [lock for lock in hosts if lock is not None] + [each.lock for each in handlers if each is not None]
    return any(getattr(lock, "_is_owned", bool)() for lock in held)


_locks: weakref.WeakValueDictionary[int, HostLock] = weakref.WeakValueDictionary()


def _release_in_child() -> None:
    """Release the locks that other threads held: after a fork they do not exist in the child."""
    for seen in _locks.valuerefs():
        lock = seen()
        if lock is not None and not lock.is_mine():
            lock._at_fork_reinit()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_release_in_child)  # before hosts, which use this module, repair themselves
