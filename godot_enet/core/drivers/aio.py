"""A host on an asyncio event loop: no thread, and the network is served while the program awaits something else.

The loop watches the host's descriptor and one timer. Each wake-up takes one batch of events from the host.
``await service()`` and ``async for`` return them one by one without going back to the loop, ``await service_all()``
returns the whole batch.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, MutableSequence
from operator import length_hint
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from godot_enet.core.drivers.loop_watch import LoopWatch, report_failure
from godot_enet.core.drivers.waiters import Waiters
from godot_enet.core.errors import HostBusy, HostClosed
from godot_enet.core.native.loader import hot_types
from godot_enet.core.protocol.events import Event

__all__ = ["AsyncHost", "Pollable"]

_BATCH = 1024
"""Maximum events per batch; then the other tasks of the loop run."""
_MAX_BUFFERED = 32 * 1024 * 1024
"""Maximum bytes of events buffered for the program. Beyond that the host pauses."""
_OVERHEAD = 64
"""Bytes that an event counts for besides its packet."""


class Pollable(Protocol):
    """The methods that a host needs here; every host of the core has them."""

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        ...

    def service_into(self, taken: MutableSequence[Event], timeout: int = 0, limit: int = 1) -> None:
        """Append up to ``limit`` events to a list; see :meth:`~godot_enet.core.AnyHost.service_into`."""
        ...

    def flush(self) -> None:
        """Send what is queued now, without receiving anything."""
        ...

    def fileno(self) -> int:
        """The descriptor of the socket, to wait on; -1 once closed."""
        ...

    def poll_timeout(self) -> int | None:
        """When ``service_into`` is needed next if nothing arrives: milliseconds of the system clock; None if never."""
        ...

    def now(self) -> int:
        """The clock of the host: monotonic milliseconds."""
        ...

    def close(self) -> None:
        """Drop all peers without notifying them and free the port. Idempotent."""
        ...


AnyPollable = TypeVar("AnyPollable", bound=Pollable)
_AnyEvent = TypeVar("_AnyEvent")


class PlainIteration(Generic[_AnyEvent]):
    """``__anext__`` where it is not in C (``native/src/hot_async.c``): a coroutine for each event."""

    _events: Iterator[_AnyEvent]

    def __anext__(self) -> Awaitable[_AnyEvent]:
        return self._await_event()

    async def _await_event(self) -> _AnyEvent:
        raise NotImplementedError


_hot = hot_types()
if TYPE_CHECKING or _hot is None:
    Iteration = PlainIteration
else:

    class Iteration(_hot.async_host, Generic[_AnyEvent]):
        """The same in C."""


class AsyncHost(Iteration[Event], Generic[AnyPollable]):
    """Serves a host from the running event loop, and only from there.

    ``async with`` closes it at the end; ``async for`` yields its events until it is closed. In the child of
    ``os.fork()`` it is closed.

    Args:
        host: opened with ``threaded=False``. Call its other methods as usual, but close it here.
    """

    def __init__(self, host: AnyPollable) -> None:
        self.host = host
        self._loop = asyncio.get_running_loop()
        self._events: Iterator[Event] = iter(())
        """The current batch."""
        self._batches: deque[tuple[list[Event], int]] = deque()
        """Later batches, each with the bytes that it counts for."""
        self._buffered = 0
        """Bytes of all batches."""
        self._fresh: list[Event] = []
        """Events being taken from the host; an interrupted call leaves them here."""
        self._waiters = Waiters()
        self._resting = False
        self._flush_scheduled = False
        self._watch = LoopWatch(self._loop, host, self._drain)
        self._watch.start()
        self._watch.arm()

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

    async def _await_event(self) -> Event:
        """What ``__anext__`` does where no event has been taken already."""
        try:
            return await self.service()
        except HostClosed:
            raise StopAsyncIteration from None

    async def service(self) -> Event:
        """Wait for the next event. Queued packets are sent before it waits.

        Raises:
            HostClosed: the host was closed, before or during the call.
        """
        while True:
            for event in self._events:
                return event  # no call since it was taken: see interrupts.py
            await self._begin_batch()

    async def service_all(self) -> list[Event]:
        """As :meth:`service`, but return all events of a wake-up, at least one: the cheapest way for many events."""
        while True:
            events = [*self._events]
            if events:
                return events  # no call since they were taken
            await self._begin_batch()

    async def _begin_batch(self) -> None:
        """Begin the next batch, or wait until there may be one."""
        if self._batches:
            batch = self._batches[0]
            events = iter(batch[0])
            # No call from here on.
            self._events = events
            self._buffered -= batch[1]
            del self._batches[0]
        elif self._fresh:  # of an interrupted wake-up
            self._add_batch()
        elif self.host.closed:
            self._watch.stop()
            raise HostClosed("the host was closed")
        elif self._resting:
            self._resting = False
            self._watch.start()
            self._drain()
        else:
            self._flush()
            await self._waiters.wait()

    def flush(self) -> None:
        """Send queued packets at the end of this iteration of the loop. Repeated calls are cheap."""
        if not self._flush_scheduled:
            self._flush_scheduled = True
            if asyncio.current_task(self._loop) is not None:  # so the loop is awake
                self._loop.call_soon(self._flush)
            else:
                self._soon(self._flush)

    def close(self) -> None:
        """Close the host and end all calls that wait for an event. Idempotent."""
        self._watch.end()
        self.host.close()
        self._soon(self._waiters.wake)

    def _soon(self, call: Callable[[], None]) -> None:
        """Call it in the next iteration of the loop, and wake the loop, which may sleep under a signal handler."""
        with contextlib.suppress(RuntimeError):  # the loop is closed, so no task waits
            self._loop.call_soon_threadsafe(call)

    def _flush(self) -> None:
        self._flush_scheduled = False
        self.host.flush()
        self._watch.arm()

    def _drain(self) -> None:
        """Serve the host and take its events."""
        if self._resting:
            return
        fresh = self._fresh
        before = len(fresh)
        all_taken = False
        try:
            self.host.service_into(fresh, 0, _BATCH)
            taken = len(fresh) - before
            # What arrives later makes the descriptor readable, or is due at its time.
            all_taken = taken < _BATCH
            self._watch.succeeded()
        except HostClosed:  # before, or by a signal handler or a log handler
            self.close()
        except HostBusy:  # another thread is inside; the timer looks again
            pass
        except BaseException as error:
            if self._watch.may_go_on(error):
                raise
            self.close()
            report_failure(error)
        finally:
            if fresh:
                self._add_batch()
                self._waiters.wake()
                if self._buffered > _MAX_BUFFERED:
                    self._resting = True
                    self._watch.stop()
            self._watch.arm(at_once=not all_taken)

    def _add_batch(self) -> None:
        """Queue the events taken from the host for the program."""
        fresh = self._fresh
        if not self._batches and not length_hint(self._events):  # it is next, and does not count as waiting
            events = iter(fresh)
            # No call from here on.
            self._events = events
            self._fresh = []
            return
        size = len(fresh) * _OVERHEAD + sum([len(event.packet) for event in fresh])
        batch = fresh, size
        # No call from here on.
        self._batches += (batch,)
        self._buffered += size
        self._fresh = []
