"""Everything happens inside the caller's ``service`` and ``flush``: deterministic, and no thread."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref

from godot_enet.core.constants import DisconnectMode, PeerState
from godot_enet.core.drivers.waiting import Waker, wait_readable
from godot_enet.core.errors import HostClosed
from godot_enet.core.events import Event
from godot_enet.core.interface import Clock
from godot_enet.core.pump import Pump

__all__ = ["InlineDriver"]


_UNWAKEABLE = 10
"""Milliseconds that a wait goes on before it looks around, where nothing can wake it up."""


class InlineDriver:
    """Drives a pump from whichever thread calls; one at a time, under :attr:`lock`.

    Whoever calls the engine directly holds :attr:`lock` meanwhile, and calls :meth:`leave` after releasing it.
    """

    def __init__(self, pump: Pump, clock: Clock) -> None:
        self.pump = pump
        self.clock = clock
        self.lock = threading.Lock()
        self.closed = False
        self._poll_event = pump.engine.poll_event
        self._abandoned = False
        self._farewell = False
        """Whether connected peers are told when it closes."""
        self._blocked = 0
        """Callers that wait inside ``service``, with the lock released."""
        self._waiters = 0
        """Threads asleep on the descriptors, which must not be closed under them."""
        self._left = threading.Condition(self.lock)
        self._waker: Waker | None = None
        _live.add(self)

    def service(self, timeout: int = 0) -> Event | None:
        """The next event; waits up to ``timeout`` ms for one. None when there is none.

        While events are queued the network is not touched, as in ENet.

        Raises:
            HostClosed: the host was closed, before or during the call.
        """
        with self.lock:
            if self.closed:
                raise HostClosed("the host was closed")
            event = self._poll_event()
            if event is not None:
                return event
            now = self.clock.now()
            self._step(now)
            event = self.pump.poll_event()
            if event is None and timeout > 0:
                event = self._wait(now, now + timeout)
        if self.pump.reporter.lines:
            self.pump.reporter.speak()
        return event

    def flush(self) -> None:
        """Send what is queued now, without receiving anything."""
        with self.lock:
            if not self.closed:
                self.pump.transmit(self.clock.now())

    def leave(self) -> None:
        """Something was queued or set, and the lock is free again.

        A caller that waits inside ``service`` sends it now, instead of when it wakes up.
        """
        if self._blocked and self._waker is not None:
            self._waker.wake()
        if self._abandoned:
            self.close()

    def rearm(self) -> None:
        """A deadline may have moved; called with the lock held."""

    def close(self) -> None:
        """End everything, blocked calls included. Idempotent; the port is free when this returns."""
        with self.lock:
            if self.closed:
                return
            self.closed = True
            if self._waker is not None:
                self._waker.wake()
            while self._waiters:
                self._left.wait()
            self._release()

    def abandon(self, *, farewell: bool = False) -> None:
        """Close from a finalizer. That may run anywhere, even in a thread that holds the lock: so it never waits,
        and whoever has the lock closes when it leaves.

        Args:
            farewell: whether connected peers are told, once.
        """
        self._farewell = farewell
        self._abandoned = True
        if self.lock.acquire(blocking=False):
            try:
                if not self.closed and not self._waiters:
                    self.closed = True
                    self._release()
            finally:
                self.lock.release()

    def _step(self, now: int) -> None:
        self.pump.step(now)

    def _wait(self, now: int, deadline: int) -> Event | None:
        """Wait until ``deadline`` for an event, keeping the network going. Called and left with the lock held."""
        if self._waker is None:
            with contextlib.suppress(OSError):  # there may be no descriptor left for one
                self._waker = Waker()
        waker = self._waker
        while True:
            due = self.pump.poll_timeout()
            until = deadline if due is None else min(due, deadline)
            descriptors = [self.pump.transport.fileno()]
            if waker is not None:
                descriptors.append(waker.fileno())
            else:
                until = min(until, now + _UNWAKEABLE)
            self._blocked += 1
            self._waiters += 1
            self.lock.release()
            try:
                if self.pump.reporter.lines:
                    self.pump.reporter.speak()
                wait_readable(descriptors, max(0, until - now))
            finally:
                self.lock.acquire()
                self._blocked -= 1
                self._waiters -= 1
                if self.closed:
                    self._left.notify_all()
            if self.closed:
                raise HostClosed("the host was closed")
            if waker is not None:
                waker.reset()
            now = self.clock.now()
            self._step(now)
            event = self.pump.poll_event()
            if event is not None and self._blocked and waker is not None:
                # There may be more, and somebody else sleeps through it: the datagram that brought it is read.
                waker.wake()
            if event is not None or now >= deadline:
                return event

    def _release(self) -> None:
        """Give back the descriptors. Nobody waits on them any more."""
        if self._farewell:
            self._disconnect_all()
        self.pump.transport.close()
        if self._waker is not None:
            self._waker.close()

    def _disconnect_all(self) -> None:
        """Tell all connected peers, once."""
        engine, now = self.pump.engine, self.clock.now()
        for peer in list(engine.peers()):
            if engine.peer_state(peer) is PeerState.CONNECTED:
                engine.disconnect(peer, 0, DisconnectMode.NOW, now)
        self.pump.transmit(now)

    def _after_fork_in_child(self) -> None:
        """No other thread exists here: what one was in the middle of stays undone, so the host cannot be used."""
        if self.lock.locked() or self._waiters:
            self._close_in_child()

    def _close_in_child(self) -> None:
        """Close this process's copies of the descriptors; the peers belong to the parent."""
        self.lock = threading.Lock()
        self._left = threading.Condition(self.lock)
        self._blocked = self._waiters = 0
        self._farewell = False
        self.closed = True
        self._release()


_live: weakref.WeakSet[InlineDriver] = weakref.WeakSet()


def _repair_child() -> None:
    for driver in list(_live):
        if not driver.closed:
            driver._after_fork_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_repair_child)
