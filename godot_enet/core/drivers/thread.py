"""A network thread that acknowledges, pings and resends while the program does something else.

The program's own ``service`` and ``flush`` still do their network work in the calling thread, so that no packet
takes a detour; the thread steps in only when nobody else looks after the socket.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import sys
import threading
import time
import weakref
from collections.abc import Iterator

from godot_enet.core.drivers.inline import InlineDriver
from godot_enet.core.drivers.waiting import Waker, wait_readable
from godot_enet.core.interface import Address, Clock
from godot_enet.core.lock import LockHeld
from godot_enet.core.protocol.tuning import STAND_BACK, YIELD
from godot_enet.core.pump import Pump

__all__ = ["ThreadDriver"]

_log = logging.getLogger("godot_enet.network")


class ThreadDriver(InlineDriver):
    """An :class:`InlineDriver` with a thread beside it."""

    def __init__(self, pump: Pump, clock: Clock) -> None:
        super().__init__(pump, clock)
        self._waker = self._thread_waker = Waker()
        self._asleep = False
        """Whether the thread sleeps on the descriptors."""
        self._serviced = clock.now() - STAND_BACK
        self._sleeping_until: int | None = 0
        """What the thread sleeps for; 0 while it is awake, None forever."""
        self._thread = threading.Thread(target=self._run, name="godot_enet network", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            _log.warning("No thread can be started here; the network is served inside service() alone.")
        else:
            _running[id(self)] = self

    def rearm(self) -> None:
        """A deadline may have moved; called with the lock held."""
        self._wake_for_deadline()

    def close(self) -> None:
        """End the thread, blocked calls and the socket. Idempotent; the port is free when this returns."""
        super().close()
        self._end_thread()
        if self._released and self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(1.0)

    def abandon(self, *, farewell: bool = False) -> None:
        """From a finalizer, perhaps in the network thread itself: let that thread do the closing."""
        if self._thread.is_alive():
            self._farewell = farewell
            self.closed = True
            self._end_thread()
        else:
            super().abandon(farewell=farewell)

    def _end_thread(self) -> None:
        """Have it look at :attr:`closed`."""
        self._thread_waker.wake()
        _running.pop(id(self), None)

    def _step(self, now: int) -> None:
        self.pump.step(now)
        self._serviced = now
        self._wake_for_deadline()

    def _flush(self) -> None:
        super()._flush()
        self._wake_for_deadline()

    def _wake_for_deadline(self) -> None:
        """What we just sent may need attention before the thread meant to get up."""
        sleeping_until = self._sleeping_until
        if sleeping_until != 0:
            due = self.pump.poll_timeout()
            if due is not None and (sleeping_until is None or due < sleeping_until):
                self._thread_waker.wake()
                self._sleeping_until = 0

    def _others_wait(self) -> bool:
        return super()._others_wait() or (self._asleep and self._thread is not threading.current_thread())

    def _run(self) -> None:
        """The thread. Whatever ends it ends the host, too: nobody may wait for a thread that is no more."""
        try:
            while not self.closed:
                with contextlib.suppress(LockHeld):  # somebody does not leave; we have all the time
                    self._sleep()
                    self._stand_back()
                    self._work()
                if self.pending:
                    self.after_unlock()
                self._speak()
        except BaseException as error:
            address = self.pump.transport.local_address()
            self.end()
            self._report(error, address)
        finally:
            self._asleep = False
            _running.pop(id(self), None)
            self.defer(self._finish)  # the program may be in the middle of a call that closed the host

    def _work(self) -> None:
        with self.lock:
            if self.closed:
                return
            self._thread_waker.reset()
            self.pump.step(self.clock.now(), urgent=True)
            if self.blocked:
                # Somebody fell asleep meanwhile, and what it waits for may have just been read.
                self._thread_waker.wake()

    def _stand_back(self) -> None:
        """Leave the socket to a program that looks after it.

        Asleep rather than in a wait with a time-out, which ends by the wall clock on some systems: Python 3.10, macOS.
        """
        while not self.closed and (self.blocked or self.clock.now() - self._serviced < STAND_BACK):
            time.sleep(YIELD / 1000 if self.blocked else STAND_BACK / 1000)

    def _sleep(self) -> None:
        """Sleep until there is something to do."""
        with self.lock:
            if self.closed:
                return
            due = self.pump.poll_timeout()
            self._sleeping_until = due
            descriptors = [self.pump.transport.fileno(), self._thread_waker.fileno()]
            self._asleep = True
        if self.pending:
            self._thread_waker.wake()
        wait_readable(descriptors, None if due is None else max(0, due - self.clock.now()))
        self._sleeping_until = 0
        self._asleep = False

    def _speak(self) -> None:
        if self.pump.reporter.lines:
            with self._handlers_may_fail():
                self.pump.reporter.speak()

    def _report(self, error: BaseException, address: Address | None) -> None:
        with self._handlers_may_fail():
            text = (
                "The network thread of the host at %s failed and the host is closed: %r. Please report this as a bug."
            )
            _log.error(text, address or "no port yet", error, exc_info=error)

    @contextlib.contextmanager
    def _handlers_may_fail(self) -> Iterator[None]:
        """What the program's log handlers raise is shown as usual for threads, and does not end the network."""
        try:
            yield
        except Exception:
            threading.excepthook(threading.ExceptHookArgs([*sys.exc_info(), self._thread]))

    def _after_fork_in_child(self) -> None:
        """The thread is not here."""
        super()._after_fork_in_child()
        self._asleep = False
        _running.pop(id(self), None)


_running: weakref.WeakValueDictionary[int, ThreadDriver] = weakref.WeakValueDictionary()


def _close_all() -> None:
    for seen in _running.valuerefs():
        driver = seen()
        if driver is not None:
            driver.close()


atexit.register(_close_all)
