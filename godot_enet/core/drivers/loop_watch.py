"""What an asyncio loop does for a host: it watches the descriptor and one timer."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
from collections.abc import Callable
from typing import Protocol

from godot_enet.core.drivers.waiting import Waker, wait_readable
from godot_enet.core.interrupts import raised_by_signal_handler

__all__ = ["LoopWatch", "Watched", "report_failure"]

_log = logging.getLogger("godot_enet.network")

_MAX_WAIT = 86_400_000
"""Maximum milliseconds of one timer; a later deadline may exceed the range of timers."""
_MAX_FAILURES = 3
"""Consecutive failed wake-ups after which the host is closed."""
_CHECK_INTERVAL = 1000
"""Milliseconds between checks of a waiting thread whether its loop still exists."""


class Watched(Protocol):
    """The methods of a host that are needed here."""

    @property
    def closed(self) -> bool: ...
    def fileno(self) -> int: ...
    def poll_timeout(self) -> int | None: ...
    def now(self) -> int: ...


class LoopWatch:
    """Has a loop call ``work`` when the descriptor of a host is readable, and at the host's deadlines.

    Args:
        loop: the loop; only used from its own thread.
        host: opened without a network thread.
        work: serves the host.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, host: Watched, work: Callable[[], None]) -> None:
        self._loop = loop
        self._host = host
        self._work = work
        self._descriptor = host.fileno()
        self._thread: _WaitingThread | None = None
        """Waits for the descriptor where the loop cannot."""
        self._timer: asyncio.TimerHandle | None = None
        self._due = math.inf
        """When the timer fires, in ms."""
        self._failures = 0
        """Consecutive failed wake-ups."""
        self._watching = False

    def start(self) -> None:
        """Watch the descriptor."""
        try:
            self._loop.add_reader(self._descriptor, self._work)
            self._watching = True
        except NotImplementedError:  # Windows' Proactor loop
            if self._thread is None:
                self._thread = _WaitingThread(self._loop, self._descriptor, self._work)

    def stop(self) -> None:
        """Stop watching the descriptor.

        Also if the host was closed elsewhere: the next socket may get the descriptor, which the loop still knows.
        """
        if self._thread is not None:
            self._thread.stop()
            self._thread = None
        elif self._watching:
            self._watching = False
            self._loop.remove_reader(self._descriptor)

    def end(self) -> None:
        """Leave the descriptor and the timer alone from now on."""
        self.stop()
        if self._timer is not None:
            self._timer.cancel()
        self._work = _nothing  # so that the host is freed without a collection

    def arm(self, *, at_once: bool = False) -> None:
        """Set the timer for the next deadline of the host. A timer that fires early is rescheduled then."""
        due = self._host.poll_timeout()
        if not at_once and (due is None or due >= self._due):
            return
        now = self._host.now()
        if at_once:
            due = now
        if due is None or due >= self._due or self._host.closed:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._loop.time() + min(max(1, due - now), _MAX_WAIT) / 1000, self._wake)
        self._due = due

    def _wake(self) -> None:
        self._timer = None
        self._due = math.inf
        self._work()

    def succeeded(self) -> None:
        """A wake-up has ended well."""
        self._failures = 0

    def may_go_on(self, error: BaseException) -> bool:
        """Return whether the host may continue after a wake-up that raised this; False once nothing else happens."""
        if not isinstance(error, Exception) or raised_by_signal_handler(error):
            return True
        self._failures += 1
        return self._failures < _MAX_FAILURES


def report_failure(error: BaseException) -> None:
    """Log why a host was closed."""
    _log.error("The host failed and is closed: %r. Please report this as a bug.", error, exc_info=error)


def _nothing() -> None:
    pass


class _WaitingThread:
    """Waits for a descriptor in place of a loop that cannot."""

    def __init__(self, loop: asyncio.AbstractEventLoop, descriptor: int, call: Callable[[], None]) -> None:
        self._loop = loop
        self._descriptor = descriptor
        self._call = call
        self._waker = Waker()
        self._handled = threading.Event()
        self._stopped = False
        threading.Thread(target=self._run, name="godot_enet waiting", daemon=True).start()

    def stop(self) -> None:
        """Stop calling back."""
        self._stopped = True
        self._waker.wake()
        self._handled.set()

    def _run(self) -> None:
        descriptors = [self._descriptor, self._waker.fileno()]
        try:
            while not (self._stopped or self._loop.is_closed()):
                if not wait_readable(descriptors, _CHECK_INTERVAL) or self._stopped:
                    continue
                self._handled.clear()
                try:
                    self._loop.call_soon_threadsafe(self._handle)
                except RuntimeError:  # the loop is closed
                    return
                while not self._handled.wait(_CHECK_INTERVAL / 1000) and not self._loop.is_closed():
                    pass
        finally:
            self._waker.close()

    def _handle(self) -> None:
        try:
            if not self._stopped:
                self._call()
        finally:
            self._handled.set()
