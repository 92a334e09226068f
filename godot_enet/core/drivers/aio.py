"""A host on an asyncio event loop: no thread, and the network lives on while the program awaits something else.

The loop watches the host's descriptor and one timer. Each wake-up drains the host once, into a queue that
``await service()`` and ``async for`` empty without going back to the loop in between.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, MutableSequence
from types import TracebackType
from typing import Generic, Protocol, TypeVar

from godot_enet.core.clock import SystemClock
from godot_enet.core.errors import HostBusy, HostClosed
from godot_enet.core.interrupts import raised_by_signal_handler
from godot_enet.core.protocol.events import Event, EventType

__all__ = ["AsyncHost", "Pollable"]

_log = logging.getLogger("godot_enet.network")

_BATCH = 1024
"""Events taken in one go; the other tasks of the loop have their turn then."""
_KEPT = 32 * 1024 * 1024
"""Bytes of events kept for a program that does not take them. Beyond that the host rests."""
_OVERHEAD = 64
"""Bytes that an event counts for besides its packet."""
_LOOK = 10
"""Milliseconds between looks at the network where the loop cannot watch a descriptor."""
_MAX_WAIT = 86_400_000
"""Milliseconds after which the timer looks whether its deadline is still far: it may be further than timers reach."""
_MAX_FAILURES = 3
"""Wake-ups in a row that may fail before the host ends."""


class Pollable(Protocol):
    """What is needed of a host; both kinds have it."""

    @property
    def closed(self) -> bool: ...
    def service_into(self, taken: MutableSequence[Event], timeout: int = 0) -> None: ...
    def flush(self) -> None: ...
    def fileno(self) -> int: ...
    def poll_timeout(self) -> int | None: ...
    def close(self) -> None: ...


AnyPollable = TypeVar("AnyPollable", bound=Pollable)


class AsyncHost(Generic[AnyPollable]):
    """Serves a host from the running event loop, and only from there.

    ``async with`` closes it at the end; ``async for`` gives its events until it is closed. In the child of
    ``os.fork()`` it is closed.

    Args:
        host: opened with ``threaded=False``. Call its other methods as usual, but close it here.
    """

    def __init__(self, host: AnyPollable) -> None:
        self.host = host
        self._loop = asyncio.get_running_loop()
        self._clock = SystemClock()
        self._events: deque[Event] = deque()
        self._kept = 0
        self._ready = asyncio.Event()
        self._resting = False
        self._flush_scheduled = False
        self._failures = 0
        """Wake-ups that have failed since the last one that has not."""
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0
        self._descriptor = host.fileno()
        self._can_watch = True
        self._watch()
        self._arm()

    def __repr__(self) -> str:
        return f"<AsyncHost of {self.host!r}>"

    async def __aenter__(self) -> AsyncHost[AnyPollable]:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> AsyncHost[AnyPollable]:
        return self

    async def __anext__(self) -> Event:
        try:
            return await self.service()
        except HostClosed:
            raise StopAsyncIteration from None

    async def service(self) -> Event:
        """The next event, however long it takes. What is queued to be sent leaves before it waits.

        Raises:
            HostClosed: the host was closed, before or meanwhile.
        """
        while not self._events:
            if self.host.closed:
                raise HostClosed("the host was closed")
            if self._resting:
                self._resting = False
                self._watch()
                self._drain()
            else:
                self._flush()
            if not self._events:
                self._ready.clear()
                await self._ready.wait()
        event = self._events[0]
        size = len(event.packet) + _OVERHEAD
        # No call from here on: a signal handler that raises finds the event here, or it is returned.
        del self._events[0]
        self._kept = self._kept - size if self._events else 0
        return event

    def flush(self) -> None:
        """Send what is queued at the end of this pass of the loop; call it as often as you like."""
        if not self._flush_scheduled:
            self._flush_scheduled = True
            self._soon(self._flush)

    def close(self) -> None:
        """Close the host and end whoever awaits an event. Idempotent."""
        self._unwatch()
        if self._timer is not None:
            self._timer.cancel()
        self.host.close()
        self._soon(self._ready.set)

    def _soon(self, call: Callable[[], None]) -> None:
        """Call it in the next pass of the loop, which begins now: we may be in a signal handler while it sleeps."""
        with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits
            self._loop.call_soon_threadsafe(call)

    def _flush(self) -> None:
        self._flush_scheduled = False
        self.host.flush()
        self._arm()

    def _drain(self) -> None:
        """Let the host work, and take what has happened."""
        if self._resting or self.host.closed:
            return
        done = False
        try:
            done = self._take_events()
        except HostClosed:  # by a signal handler or a log handler
            self.close()
        except HostBusy:  # another thread is inside; the timer looks again
            pass
        except BaseException as error:
            if not isinstance(error, Exception) or raised_by_signal_handler(error):
                raise
            self._failures += 1
            if self._failures < _MAX_FAILURES:
                raise
            self.close()
            _log.error("The host failed and is closed: %r. Please report this as a bug.", error, exc_info=error)
        else:
            self._failures = 0
        finally:
            if self._kept > _KEPT:
                self._resting = True
                self._unwatch()
            if self._events:
                self._ready.set()
            self._arm(at_once=not done)

    def _take_events(self) -> bool:
        """Whether that was all."""
        take, events = self.host.service_into, self._events
        for _ in range(_BATCH):
            before = len(events)
            take(events)
            if len(events) == before:
                return True
            event = events[-1]
            self._kept += len(event.packet) + _OVERHEAD
            if event.type is EventType.ERROR:  # nothing else can have happened, and it may go on for a while
                return True
        return False

    def _arm(self, *, at_once: bool = False) -> None:
        """Have the timer wake the host when it needs that. A timer that fires too early is only put right then."""
        due = self.host.poll_timeout()
        now = self._clock.now()
        if at_once:
            due = now
        elif not self._can_watch:
            due = now + _LOOK if due is None else min(due, now + _LOOK)
        if due is None or self.host.closed or (self._timer is not None and self._due <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = self._loop.call_at(self._loop.time() + min(max(1, due - now), _MAX_WAIT) / 1000, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._drain()

    def _watch(self) -> None:
        try:
            self._loop.add_reader(self._descriptor, self._drain)
        except NotImplementedError:  # Windows' Proactor loop
            self._can_watch = False

    def _unwatch(self) -> None:
        if self._can_watch and not self.host.closed:
            self._loop.remove_reader(self._descriptor)
