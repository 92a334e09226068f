"""Serves the network only inside the caller's ``service`` and ``flush``: deterministic, without a thread."""

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
from godot_enet.core.servicing import Servicing

__all__ = ["InlineDriver"]


_POLL_INTERVAL = 10
"""Milliseconds between checks of a wait that nothing can wake."""
_CLOSE_POLL = 0.0005
"""Seconds between checks whether all waiting threads have left a host that is closing."""
_CLOSED = "the host was closed"
_BUSY = "service() was called inside another call of the same host, or while one in another thread does not return"


class InlineDriver(Servicing):
    """Drives a pump from the calling thread, one thread at a time under :attr:`lock`.

    Code that calls the engine directly holds :attr:`lock` meanwhile, and calls :meth:`after_unlock` afterwards if
    any caller is :attr:`blocked` or any change :attr:`pending`. Changes that find the lock held go to :meth:`defer`.
    """

    def __init__(self, pump: Pump, clock: Clock) -> None:
        self.pump = pump
        self.clock = clock
        self.lock = HostLock()
        self.closed = False
        self.pending: deque[Callable[[], None]] = deque()
        """Changes requested inside another call; they are made when that call has released the lock."""
        self.blocked: dict[object, int] = {}
        """Callers that wait inside ``service`` with the lock released, and their threads.

        Each removes itself in one step without the lock, so that no exception can leave it here.
        """
        self.on_end: Callable[[], Callable[[], None] | None] | None = None
        """A weak reference to the callback for a host that closes by itself."""
        self.left = []
        self._peek_event, self._pop_event = pump.engine.peek_event, pump.engine.pop_event
        self._taking: Event | None = None
        """An event that was taken but may still be queued in the engine."""
        self._serviced = clock.now()
        """When ``service`` or ``serve`` last did network work."""
        self._released = False
        self._notify_peers = False
        """Whether connected peers are notified when it closes."""
        self._waker: Waker | None = None
        _live[id(self)] = self

    def service_into(self, taken: MutableSequence[Event], timeout: int = 0, limit: int = 1) -> None:
        """See :class:`Servicing`."""
        try:
            with self.lock:
                if self.closed:
                    raise HostClosed(_CLOSED)
                if self._take_events(taken, limit):
                    return
                now = self.clock.now()
                self._step(now)
                found = self._take_events(taken, limit) or self._take_failure(taken)
        except LockHeld:
            raise HostBusy(_BUSY) from None
        finally:
            if self.pending:
                self.after_unlock()
        if not found and timeout > 0:
            self._wait(now + timeout, taken, limit)
        elif not found and self.closed:
            raise HostClosed(_CLOSED)
        if self.pump.reporter.lines:
            self.pump.reporter.log_lines()

    def serve(self) -> bool:
        """Do the network work of ``service`` without taking an event. Returns whether events are queued."""
        try:
            with self.lock:
                if self.closed:
                    raise HostClosed(_CLOSED)
                self._step(self.clock.now())
                found = self._find_event()
        except LockHeld:
            raise HostBusy(_BUSY) from None
        finally:
            if self.pending:
                self.after_unlock()
        if self.pump.reporter.lines:
            self.pump.reporter.log_lines()
        return found

    def has_event(self) -> bool:
        """Whether events are queued."""
        event = self._peek_event()
        return bool(self.left) or (event is not None and event is not self._taking)

    def _find_event(self) -> bool:
        """Return whether events are queued; queue a failure of the transport that is to be reported once.

        One that lasts, such as that of a session which has not begun yet, is only reported to those who call.
        """
        found = self.has_event()
        if not found and self.pump.transport.failed() and not self.pump.transport.failed():
            self.left += (FAILURE,)
            found = True
        return found

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self.pump.transport.fileno()

    def poll_timeout(self) -> int | None:
        """When ``service`` is needed next if nothing arrives and no event is queued; None if never.

        At once for a failure of the transport that came together with the last event. Called with the lock held.
        """
        self._find_event()
        return self.clock.now() if self.left else self.pump.poll_timeout()

    def idle(self) -> int:
        """Milliseconds since ``service`` or ``serve`` last did network work; 0 while a ``service`` waits."""
        return 0 if self.blocked else max(0, self.clock.now() - self._serviced)

    def show_events_on(self, waker: Waker) -> None:
        """Make this descriptor readable while events are queued. A driver without a thread has no use for it."""
        waker.close()

    def _take_events(self, taken: MutableSequence[Event], limit: int) -> bool:
        """Append up to ``limit`` queued events. Returns whether there were any. Called with the lock held."""
        if self.left and self._take_left(taken, limit):
            return True
        if self._taking is not None:
            self._pop_event(self._taking)
            self._taking = None
        wanted = limit
        while wanted > 0 and (event := self._peek_event()) is not None:
            wanted -= 1
            taken += (event,)
            self._taking = event
            self._pop_event(event)
            self._taking = None
        return wanted < limit

    def _take_failure(self, taken: MutableSequence[Event]) -> bool:
        if not self.pump.transport.failed():
            return False
        taken += (FAILURE,)
        return True

    def flush(self) -> None:
        """Send queued packets now, without receiving anything."""
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
        """Make this change as soon as the lock is free."""
        self.pending.append(change)
        if self.lock.is_free():
            self._make_changes()

    def after_unlock(self) -> None:
        """Called after this thread has queued or set something and released the lock.

        Wakes a caller that waits inside ``service``, so that it sends at once.
        """
        if self.pending:
            self._make_changes()
        if self.blocked and self._waker is not None:
            self._waker.wake()

    def rearm(self) -> None:
        """A deadline may have moved; called with the lock held."""

    def close(self) -> None:
        """Close the host and end blocked calls. Idempotent; the port is free when this returns.

        Inside another call of this host, it is freed when that call ends.
        """
        try:
            with self.lock:
                self.closed = True
        except LockHeld:
            self.closed = True
            self.defer(self._finish)
        else:
            self._finish()

    def abandon(self, *, notify_peers: bool = False) -> None:
        """Close from a finalizer, which may run anywhere, even in a thread that holds the lock.

        Args:
            notify_peers: whether connected peers are notified once.
        """
        self._notify_peers = notify_peers
        self.closed = True
        self.defer(self._finish)

    def end(self) -> None:
        """Close a host that cannot continue, and notify its owner."""
        self.closed = True
        try:
            self._notify_owner()
        finally:
            self.close()

    def _notify_owner(self) -> None:
        owner = None if self.on_end is None else self.on_end()
        if owner is not None:
            owner()

    def _step(self, now: int) -> None:
        self.pump.step(now)
        self._serviced = now

    def _flush(self) -> None:
        self.pump.transmit(self.clock.now())

    def _wait(self, deadline: int, taken: MutableSequence[Event], limit: int) -> None:
        """Serve the network until ``deadline`` or an event, and append the events."""
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
                        found = self._take_events(taken, limit) or self._take_failure(taken)
                        now = self.clock.now()
                        if found and self.blocked and self._waker is not None:
                            # There may be more for another waiting caller, whose datagram has been read already.
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
                    self.pump.reporter.log_lines()
                self._sleep_until(until)
                woken = True
        finally:
            self.blocked.pop(token, None)
            if self._released:
                self._close_waker()

    def _open_waker(self) -> None:
        if self._waker is None:
            with expecting(OSError):  # no descriptor may be left
                self._waker = Waker()

    def _sleep_until(self, until: int) -> None:
        """Sleep until then, a datagram arrives, or another thread wakes this one. The lock is free meanwhile."""
        timeout = max(0, until - self.clock.now())
        descriptors = [self.pump.transport.fileno()]
        if self._waker is not None:
            descriptors.append(self._waker.fileno())
        else:
            timeout = min(timeout, _POLL_INTERVAL)
        wait_readable(descriptors, timeout)

    def _make_changes(self) -> None:
        """Make pending changes in order, unless another call holds the lock and will make them."""
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
                                with expecting(EnetError):  # its peer may no longer exist, for example
                                    change()
        finally:
            if closing:
                finish()

    def _others_wait(self) -> bool:
        """Whether another thread waits on the descriptors, which must stay open for it."""
        me = threading.get_ident()
        return any(thread != me for thread in list(self.blocked.values()))

    def _finish(self) -> None:
        """Close the descriptors once no thread waits on them."""
        while not self._released and self._others_wait():
            if self._waker is not None:
                self._waker.wake()
            time.sleep(_CLOSE_POLL)
        self._release()

    def _release(self) -> None:
        try:
            with self.lock:
                if not self._released:
                    if self._notify_peers:
                        self._disconnect_all()
                    self.pump.transport.close()
                    self._released = True
        except LockHeld:
            self.pending.append(self._finish)
        self._close_waker()

    def _disconnect_all(self) -> None:
        """Notify all connected peers once."""
        engine, now = self.pump.engine, self.clock.now()
        for peer in list(engine.peers()):
            if engine.peer_state(peer) is PeerState.CONNECTED:
                engine.disconnect(peer, 0, DisconnectMode.NOW, now)
        self.pump.transmit(now)

    def _close_waker(self) -> None:
        """Close the waker, or leave that to a waiting caller, which may be further up the stack of this thread."""
        waker = self._waker
        if waker is not None:
            if self.blocked:
                waker.wake()
            else:
                waker.close()

    def _after_fork_in_child(self) -> None:
        """Close our copies of the descriptors silently: socket and peers belong to the parent."""
        me = threading.get_ident()
        self.blocked = {token: thread for token, thread in self.blocked.items() if thread == me}
        self.closed = self._released = True
        self.pending.clear()
        self.pump.transport.close()
        if self._waker is not None:
            self._waker.close()  # waking it would wake the parent
        self._notify_owner()


_live: weakref.WeakValueDictionary[int, InlineDriver] = weakref.WeakValueDictionary()


def _repair_child() -> None:
    for seen in _live.valuerefs():
        driver = seen()
        if driver is not None and not driver.closed:
            driver._after_fork_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_repair_child)
