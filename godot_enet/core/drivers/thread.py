"""A network thread that acknowledges, pings and resends while the program does something else.

The program's own ``service`` and ``flush`` still do their network work in the calling thread, so that no packet
takes a detour; the thread steps in only when nobody else looks after the socket.
"""

from __future__ import annotations

import atexit
import logging
import threading
import weakref

from godot_enet.core.drivers.inline import InlineDriver
from godot_enet.core.drivers.waiting import Waker, wait_readable
from godot_enet.core.interface import Clock
from godot_enet.core.pump import Pump

__all__ = ["ThreadDriver"]

_log = logging.getLogger("godot_enet.network")

_STAND_BACK = 2
"""Milliseconds after a call of ``service`` in which the thread leaves the socket to the program.

A program that calls in a tight loop does all the work itself then, without fighting for the interpreter.
"""
_YIELD = 0.01
"""Seconds between looks whether a program that blocks inside ``service`` still does."""


class ThreadDriver(InlineDriver):
    """An :class:`InlineDriver` with a thread beside it."""

    def __init__(self, pump: Pump, clock: Clock) -> None:
        super().__init__(pump, clock)
        self._waker = self._thread_waker = Waker()
        self._closing = threading.Event()
        self._serviced = clock.now() - _STAND_BACK
        self._sleeping_until: int | None = 0
        """What the thread sleeps for; 0 while it is awake, None for ever."""
        self._thread = threading.Thread(target=self._run, name="godot_enet network", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            _log.warning("No thread can be started here; the network is served inside service() alone.")
        else:
            _running.add(self)

    def flush(self) -> None:
        """Send what is queued now, without receiving anything."""
        with self.lock:
            if not self.closed:
                self.pump.transmit(self.clock.now())
                self._wake_for_deadline()

    def leave(self) -> None:
        """Something was queued or set, and the lock is free again."""
        if self._blocked or self._abandoned:
            self._thread_waker.wake()

    def rearm(self) -> None:
        """A deadline may have moved; called with the lock held."""
        self._wake_for_deadline()

    def close(self) -> None:
        """End the thread, blocked calls and the socket. Idempotent; the port is free when this returns."""
        self._closing.set()
        super().close()
        _running.discard(self)
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(1.0)

    def abandon(self, *, farewell: bool = False) -> None:
        """From a finalizer, perhaps in the network thread itself: let that thread do the closing."""
        if self._thread.is_alive():
            self._farewell = farewell
            self._abandoned = True
            self._thread_waker.wake()
        else:
            super().abandon(farewell=farewell)

    def _step(self, now: int) -> None:
        self.pump.step(now)
        self._serviced = now
        self._wake_for_deadline()

    def _wake_for_deadline(self) -> None:
        """What we just sent may need attention before the thread meant to get up."""
        sleeping_until = self._sleeping_until
        if sleeping_until != 0:
            due = self.pump.poll_timeout()
            if due is not None and (sleeping_until is None or due < sleeping_until):
                self._sleeping_until = 0
                self._thread_waker.wake()

    def _run(self) -> None:
        pump, clock, lock, closing = self.pump, self.clock, self.lock, self._closing
        while self._sleep():
            while not self._abandoned and (self._blocked or clock.now() - self._serviced < _STAND_BACK):
                if closing.wait(_YIELD if self._blocked else _STAND_BACK / 1000):
                    break
            with lock:
                if self.closed or self._abandoned:
                    break
                self._thread_waker.reset()
                pump.step(clock.now(), urgent=True)
                if self._blocked:
                    # Somebody fell asleep meanwhile, and what he waits for may have just been read.
                    self._thread_waker.wake()
            if pump.reporter.lines:
                pump.reporter.speak()
        with lock:
            # The program dropped the host without closing it: nobody is left to do it.
            if not self.closed and not self._waiters:
                self.closed = True
                self._release()
        _running.discard(self)

    def _sleep(self) -> bool:
        """Sleep until there is something to do; False when the driver is closing."""
        with self.lock:
            if self.closed or self._abandoned:
                return False
            due = self.pump.poll_timeout()
            self._sleeping_until = due
            descriptors = [self.pump.transport.fileno(), self._thread_waker.fileno()]
            self._waiters += 1
        timeout = None if due is None else max(0, due - self.clock.now())
        wait_readable(descriptors, timeout)
        with self.lock:
            self._sleeping_until = 0
            self._waiters -= 1
            if self.closed:
                self._left.notify_all()
        return not self.closed

    def _after_fork_in_child(self) -> None:
        """The thread is not here."""
        self._closing = threading.Event()
        self._closing.set()
        self._close_in_child()


_running: weakref.WeakSet[ThreadDriver] = weakref.WeakSet()


def _close_all() -> None:
    for driver in list(_running):
        driver.close()


atexit.register(_close_all)
