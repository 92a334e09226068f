"""A network thread that acknowledges, pings and resends while the program does something else.

``service`` and ``flush`` still do their network work in the calling thread, so that no packet waits for another thread;
the network thread runs only while no call serves the socket.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import sys
import threading
import time
import weakref
from collections.abc import Iterator, MutableSequence

from godot_enet.core.drivers.inline import InlineDriver
from godot_enet.core.drivers.waiting import Waker, wait_readable
from godot_enet.core.interface import Address, Clock
from godot_enet.core.interrupts import expecting
from godot_enet.core.lock import LockHeld
from godot_enet.core.protocol.events import Event
from godot_enet.core.protocol.tuning import BLOCKED_POLL_MS, SERVICE_GRACE_MS
from godot_enet.core.pump import Pump

__all__ = ["ThreadDriver"]

_log = logging.getLogger("godot_enet.network")


class ThreadDriver(InlineDriver):
    """An :class:`InlineDriver` with a thread beside it."""

    def __init__(self, pump: Pump, clock: Clock) -> None:
        super().__init__(pump, clock)
        self._waker = self._thread_waker = Waker()
        self._events: Waker | None = None
        """Readable while events are queued; open where the program has asked for it."""
        self._shows_events: bool | None = False
        """Whether it is readable; None after an interrupted change."""
        self._asleep = False
        """Whether the thread waits on the descriptors."""
        self._serviced -= SERVICE_GRACE_MS
        self._sleeping_until: int | None = 0
        """The deadline that the thread sleeps until; 0 while it is awake, None without one."""
        self._thread = threading.Thread(target=self._run, name="godot_enet network", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            _log.warning("Cannot start the network thread; the network is served only inside service().")
        else:
            _running[id(self)] = self

    def rearm(self) -> None:
        """A deadline may have moved; called with the lock held."""
        self._wake_for_deadline()

    def fileno(self) -> int:
        """The descriptor that is readable while events are queued; -1 if none is left."""
        if not self._thread.is_alive():
            return super().fileno()
        if self._events is None:
            with expecting(OSError):
                self._events = Waker()
        if self._events is None:
            return -1
        self._show_events(self._find_event())  # with a failure from before the program asked
        return self._events.fileno()

    def poll_timeout(self) -> int | None:
        """None: the thread meets all deadlines."""
        return None if self._thread.is_alive() else super().poll_timeout()

    def show_events_on(self, waker: Waker) -> None:
        """Make this descriptor readable while events are queued."""
        with self.lock:
            self._events, self._shows_events = waker, None
            self._show_events(self.has_event())

    def _show_events(self, waiting: bool) -> None:
        """Make the descriptor readable while events are queued; called with the lock held."""
        waker = self._events
        if waker is None or waiting is self._shows_events:
            return
        self._shows_events = None
        if waiting:
            waker.wake()
        else:
            waker.reset()
        self._shows_events = waiting

    def _take_events(self, taken: MutableSequence[Event], limit: int) -> bool:
        found = super()._take_events(taken, limit)
        if self._events is not None:
            # With the last event, a failure that came together with it is next.
            self._show_events(self._find_event() if found else self.has_event())
        return found

    def close(self) -> None:
        """End the thread, blocked calls and the socket. Idempotent; the port is free when this returns."""
        super().close()
        self._end_thread()
        if self._released and self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(1.0)

    def abandon(self, *, notify_peers: bool = False) -> None:
        """From a finalizer, perhaps in the network thread itself: that thread closes the host."""
        if self._thread.is_alive():
            self._notify_peers = notify_peers
            self.closed = True
            self._end_thread()
        else:
            super().abandon(notify_peers=notify_peers)

    def _end_thread(self) -> None:
        """Wake the thread so that it checks :attr:`closed`."""
        self._thread_waker.wake()
        _running.pop(id(self), None)

    def _step(self, now: int) -> None:
        super()._step(now)
        self._wake_for_deadline()

    def _flush(self) -> None:
        super()._flush()
        self._wake_for_deadline()

    def _wake_for_deadline(self) -> None:
        """Wake the thread if a deadline is now earlier than the one that it sleeps until."""
        sleeping_until = self._sleeping_until
        if sleeping_until != 0:
            due = self.pump.poll_timeout()
            if due is not None and (sleeping_until is None or due < sleeping_until):
                self._thread_waker.wake()
                self._sleeping_until = 0

    def _others_wait(self) -> bool:
        return super()._others_wait() or (self._asleep and self._thread is not threading.current_thread())

    def _run(self) -> None:
        """Run the thread. If it ends for any reason, it closes the host, so that no call waits for a dead thread."""
        try:
            while not self.closed:
                with contextlib.suppress(LockHeld):  # another call does not release the lock; try again
                    self._sleep()
                    self._yield_to_program()
                    self._work()
                if self.pending:
                    self.after_unlock()
                self._log_lines()
        except BaseException as error:
            address = self.pump.transport.local_address()
            self.end()
            self._report(error, address)
        finally:
            self._asleep = False
            _running.pop(id(self), None)
            self.defer(self._finish)  # the program may be inside a call that closed the host

    def _work(self) -> None:
        with self.lock:
            if self.closed:
                return
            self._thread_waker.reset()
            self.pump.step(self.clock.now(), urgent=True)
            if self._events is not None:
                self._show_events(self._find_event())
            if self.blocked:
                # A caller went to sleep meanwhile, and its datagram may just have been read.
                self._thread_waker.wake()

    def _yield_to_program(self) -> None:
        """Leave the socket to a program that serves it.

        Sleeps rather than waits with a timeout, which follows the wall clock on some systems: Python 3.10, macOS.
        """
        while not self.closed and (self.blocked or self.clock.now() - self._serviced < SERVICE_GRACE_MS):
            time.sleep(BLOCKED_POLL_MS / 1000 if self.blocked else SERVICE_GRACE_MS / 1000)

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

    def _log_lines(self) -> None:
        if self.pump.reporter.lines:
            with self._handlers_may_fail():
                self.pump.reporter.log_lines()

    def _report(self, error: BaseException, address: Address | None) -> None:
        with self._handlers_may_fail():
            text = (
                "The network thread of the host at %s failed, so the host was closed: %r. Please report this as a bug."
            )
            _log.error(text, address or "no port yet", error, exc_info=error)

    @contextlib.contextmanager
    def _handlers_may_fail(self) -> Iterator[None]:
        """Report exceptions of the program's log handlers through ``threading.excepthook``, and continue."""
        try:
            yield
        except Exception:
            threading.excepthook(threading.ExceptHookArgs([*sys.exc_info(), self._thread]))

    def _release(self) -> None:
        super()._release()
        if self._released and self._events is not None:
            self._events.close()

    def _after_fork_in_child(self) -> None:
        """The thread does not exist in the child."""
        super()._after_fork_in_child()
        if self._events is not None:
            self._events.close()
        self._asleep = False
        _running.pop(id(self), None)


_running: weakref.WeakValueDictionary[int, ThreadDriver] = weakref.WeakValueDictionary()


def _close_all() -> None:
    for seen in _running.valuerefs():
        driver = seen()
        if driver is not None:
            driver.close()


atexit.register(_close_all)
