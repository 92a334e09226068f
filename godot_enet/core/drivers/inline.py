"""Everything happens inside the caller's ``service`` and ``flush``: deterministic, and no thread."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, MutableSequence

from godot_enet.core.drivers.waiting import Waker, wait_readable
from godot_enet.core.errors import EnetError, HostBusy, HostClosed
from godot_enet.core.interface import Clock
from godot_enet.core.interrupts import expecting
from godot_enet.core.lock import HostLock, LockHeld
from godot_enet.core.protocol.constants import DisconnectMode, PeerState
from godot_enet.core.protocol.events import FAILURE, Event
from godot_enet.core.pump import Pump

__all__ = ["InlineDriver"]


_UNWAKEABLE = 10
"""Milliseconds that a wait goes on before it looks around, where nothing can wake it up."""
_LEAVING = 0.0005
"""Seconds between looks whether all who wait have left a host that is being closed."""
_CLOSED = "the host was closed"
_BUSY = "service() was called while the same host is busy with a call that it interrupts, or that does not end"


class InlineDriver:
    """Drives a pump from whichever thread calls; one at a time, under :attr:`lock`.

    Whoever calls the engine directly holds :attr:`lock` meanwhile, and calls :meth:`after_unlock` afterwards if
    somebody is :attr:`blocked` or something :attr:`pending`. Changes that find the lock held go to :meth:`defer`.
    """

    def __init__(self, pump: Pump, clock: Clock) -> None:
        self.pump = pump
        self.clock = clock
        self.lock = HostLock()
        self.closed = False
        self.pending: deque[Callable[[], None]] = deque()
        """Changes that came in the middle of another call; they are made when that call has left the lock."""
        self.blocked: dict[object, int] = {}
        """Callers that wait inside ``service``, with the lock released, and their threads.

        Each takes itself out in one step and without the lock, so that no exception can leave it here.
        """
        self.on_end: Callable[[], Callable[[], None] | None] | None = None
        """A weak reference to what is called when the host ends by itself."""
        self.left: list[Event] = []
        """Events that were taken for a call of ``service`` that was broken off; the next one gives them."""
        self._peek_event, self._pop_event = pump.engine.peek_event, pump.engine.pop_event
        self._taking: Event | None = None
        """An event that has been taken, and is perhaps still among the engine's."""
        self._released = False
        self._farewell = False
        """Whether connected peers are told when it closes."""
        self._waker: Waker | None = None
        _live[id(self)] = self

    def service(self, timeout: int = 0) -> Event | None:
        """The next event; waits up to ``timeout`` ms for one. None when there is none.

        While events are queued the network is not touched, as in ENet.

        Raises:
            HostBusy: this thread is in the middle of another call of this host.
            HostClosed: the host was closed, before or during the call.
        """
        taken: list[Event] = []
        try:
            self.service_into(taken, timeout)
            return taken[0] if taken else None
        except BaseException:
            self.left += taken  # before any call: see interrupts.py
            raise

    def service_into(self, taken: MutableSequence[Event], timeout: int = 0) -> None:
        """As :meth:`service`, but the event is appended to a list: if an exception comes out, it may be there already.

        Whoever does not hand it on then adds it to :attr:`left`.
        """
        try:
            with self.lock:
                if self.closed:
                    raise HostClosed(_CLOSED)
                if self._take_event(taken):
                    return
                now = self.clock.now()
                self._step(now)
                found = self._take_event(taken) or self._take_failure(taken)
        except LockHeld:
            raise HostBusy(_BUSY) from None
        finally:
            if self.pending:
                self.after_unlock()
        if not found and timeout > 0:
            self._wait(now + timeout, taken)
        elif not found and self.closed:
            raise HostClosed(_CLOSED)
        if self.pump.reporter.lines:
            self.pump.reporter.speak()

    def _take_event(self, taken: MutableSequence[Event]) -> bool:
        """Append the next event, if there is one. Called with the lock held."""
        left = self.left
        if left:
            taken += left[:1]
            del left[0]
            return True
        if self._taking is not None:
            self._pop_event(self._taking)
            self._taking = None
        event = self._peek_event()
        if event is None:
            return False
        taken += (event,)
        self._taking = event
        self._pop_event(event)
        self._taking = None
        return True

    def _take_failure(self, taken: MutableSequence[Event]) -> bool:
        if not self.pump.transport.failed():
            return False
        taken += (FAILURE,)
        return True

    def flush(self) -> None:
        """Send what is queued now, without receiving anything."""
        try:
            with self.lock:
                if not self.closed:
                    self._flush()
        except LockHeld:
            self.defer(self._flush)
        finally:
            if self.pending:
                self.after_unlock()

    def defer(self, change: Callable[[], None]) -> None:
        """Make this change when whoever is inside the lock has left it."""
        self.pending.append(change)
        if self.lock.is_free():
            self._make_changes()

    def after_unlock(self) -> None:
        """Something was queued or set, and this thread has left the lock.

        A caller that waits inside ``service`` sends it now, instead of when it wakes up.
        """
        if self.pending:
            self._make_changes()
        if self.blocked and self._waker is not None:
            self._waker.wake()

    def rearm(self) -> None:
        """A deadline may have moved; called with the lock held."""

    def close(self) -> None:
        """End everything, blocked calls included. Idempotent; the port is free when this returns.

        In the middle of another call of this host it is free when that call ends.
        """
        try:
            with self.lock:
                self.closed = True
        except LockHeld:
            self.closed = True
            self.defer(self._finish)
        else:
            self._finish()

    def abandon(self, *, farewell: bool = False) -> None:
        """Close from a finalizer, which may run anywhere, even in a thread that holds the lock.

        Args:
            farewell: whether connected peers are told, once.
        """
        self._farewell = farewell
        self.closed = True
        self.defer(self._finish)

    def end(self) -> None:
        """Close since the host cannot go on by itself: as :meth:`close`, and its owner is told."""
        self.closed = True
        try:
            self._tell_owner()
        finally:
            self.close()

    def _tell_owner(self) -> None:
        owner = None if self.on_end is None else self.on_end()
        if owner is not None:
            owner()

    def _step(self, now: int) -> None:
        self.pump.step(now)

    def _flush(self) -> None:
        self.pump.transmit(self.clock.now())

    def _wait(self, deadline: int, taken: MutableSequence[Event]) -> None:
        """Wait until ``deadline`` for an event, keeping the network going, and append it."""
        token = object()
        woken = False
        try:
            while True:
                try:
                    with self.lock:
                        self.blocked.pop(token, None)
                        if self.closed:
                            raise HostClosed(_CLOSED)
                        if woken:
                            if self._waker is not None:
                                self._waker.reset()
                            self._step(self.clock.now())
                        found = self._take_event(taken) or self._take_failure(taken)
                        now = self.clock.now()
                        if found and self.blocked and self._waker is not None:
                            # There may be more, and somebody else sleeps through it: its datagram is read.
                            self._waker.wake()
                        if found or now >= deadline:
                            return
                        due = self.pump.poll_timeout()
                        until = deadline if due is None else min(due, deadline)
                        self._open_waker()
                        self.blocked[token] = threading.get_ident()
                except LockHeld:
                    raise HostBusy(_BUSY) from None
                finally:
                    if self.pending:
                        self.after_unlock()
                if self.pump.reporter.lines:
                    self.pump.reporter.speak()
                self._sleep_until(until)
                woken = True
        finally:
            self.blocked.pop(token, None)
            if self._released:
                self._close_waker()

    def _open_waker(self) -> None:
        if self._waker is None:
            with expecting(OSError):  # there may be no descriptor left for one
                self._waker = Waker()

    def _sleep_until(self, until: int) -> None:
        """Until then, a datagram arrives, or somebody wakes us. The lock is free meanwhile."""
        timeout = max(0, until - self.clock.now())
        descriptors = [self.pump.transport.fileno()]
        if self._waker is not None:
            descriptors.append(self._waker.fileno())
        else:
            timeout = min(timeout, _UNWAKEABLE)
        wait_readable(descriptors, timeout)

    def _make_changes(self) -> None:
        """What is pending, in its order; where somebody is inside again, that is left to it."""
        pending, closing = self.pending, False
        finish = self._finish
        try:
            with contextlib.suppress(LockHeld):
                while pending:
                    with self.lock:
                        while pending:
                            change = pending[0]
                            is_end = change == finish
                            del pending[0]
                            closing = closing or is_end
                            if not is_end and not self.closed:
                                with expecting(EnetError):  # its peer has gone meanwhile, for example
                                    change()
        finally:
            if closing:
                finish()

    def _others_wait(self) -> bool:
        """Whether another thread sleeps on the descriptors, which must not be closed under it."""
        me = threading.get_ident()
        return any(thread != me for thread in list(self.blocked.values()))

    def _finish(self) -> None:
        """Give the descriptors back once nobody waits on them any more."""
        while not self._released and self._others_wait():
            if self._waker is not None:
                self._waker.wake()
            time.sleep(_LEAVING)
        self._release()

    def _release(self) -> None:
        try:
            with self.lock:
                if not self._released:
                    if self._farewell:
                        self._disconnect_all()
                    self.pump.transport.close()
                    self._released = True
        except LockHeld:
            self.pending.append(self._finish)
        self._close_waker()

    def _disconnect_all(self) -> None:
        """Tell all connected peers, once."""
        engine, now = self.pump.engine, self.clock.now()
        for peer in list(engine.peers()):
            if engine.peer_state(peer) is PeerState.CONNECTED:
                engine.disconnect(peer, 0, DisconnectMode.NOW, now)
        self.pump.transmit(now)

    def _close_waker(self) -> None:
        """The last one who waits does that: a caller in this very thread, which we were called on top of, wakes up."""
        waker = self._waker
        if waker is not None:
            if self.blocked:
                waker.wake()
            else:
                waker.close()

    def _after_fork_in_child(self) -> None:
        """The socket is the parent's, and so are the peers behind it: close our copies without a word."""
        self.lock.after_fork_in_child()
        me = threading.get_ident()
        self.blocked = {token: thread for token, thread in self.blocked.items() if thread == me}
        self.closed = self._released = True
        self.pending.clear()
        self.pump.transport.close()
        if self._waker is not None:
            self._waker.close()  # waking it would wake the parent
        self._tell_owner()


_live: weakref.WeakValueDictionary[int, InlineDriver] = weakref.WeakValueDictionary()


def _repair_child() -> None:
    for seen in _live.valuerefs():
        driver = seen()
        if driver is not None and not driver.closed:
            driver._after_fork_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_repair_child)
