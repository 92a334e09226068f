"""ENetConnection on an asyncio loop."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import TYPE_CHECKING

from godot_enet.compat import enet_connection
from godot_enet.compat.connection_events import ReportedEvent, ServiceResult
from godot_enet.compat.coroutines import running_loop
from godot_enet.compat.errors import INACTIVE
from godot_enet.core import EventType, Host, HostClosed, HostConfig, PeerHandle
from godot_enet.core.any_host import HostOpener
from godot_enet.core.drivers.aio import Iteration
from godot_enet.core.drivers.loop_service import LoopService

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["ENetConnection"]

_BATCH = 1024
"""Maximum events in a row; then the other tasks of the loop run."""


class ENetConnection(enet_connection.ENetConnection):
    """:class:`godot_enet.ENetConnection` on the running asyncio loop, without a network thread.

    From ``create_host`` on, the loop serves the network: it acknowledges, resends and pings while the program awaits
    something else. ``async for event in connection`` yields the events; all other methods are the inherited ones, for
    the thread of the loop only. Packets leave when the program next waits for an event, or with ``flush()``: call
    that if one task sends while another one waits.

    ``async with ENetConnection() as connection`` destroys it at the end, as dropping the last reference does.

    Args:
        config: as for :class:`godot_enet.ENetConnection`.
        opener: as for :class:`godot_enet.ENetConnection`.
    """

    def __init__(self, *, config: HostConfig | None = None, opener: HostOpener = Host.open) -> None:
        self._loop_service: LoopService | None = None
        self._streams: weakref.WeakSet[_Stream] = weakref.WeakSet()
        self._shown: Callable[[], object] | None = None
        """Called in the loop once events are queued."""
        super().__init__(threaded=False, config=config, opener=opener)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        self.__exit__(kind, error, trace)

    def __aiter__(self) -> _Stream:
        """Return an asynchronous iterator over the events; it ends, at once, when the connection is destroyed.

        Several tasks may iterate: each event goes to one of them. A task that is cancelled loses no event.
        """
        return _Stream(self)

    def __anext__(self) -> Awaitable[ReportedEvent]:
        """Return an awaitable of the next event, for ``await anext(connection)``.

        Raises:
            StopAsyncIteration: when awaited, if the connection is inactive or destroyed meanwhile.
        """
        return _Stream(self).__anext__()

    async def wait(self) -> None:
        """Send queued packets and wait until ``service()`` has an event, or the connection is destroyed.

        Raises:
            HostClosed: it is inactive.
        """
        service = self._attach()
        if service is None:
            raise HostClosed(INACTIVE)
        if not self._undelivered:
            await service.wait()

    def flush(self) -> None:
        """Send queued data now, without receiving or reporting events."""
        super().flush()
        service = self._loop_service
        if service is not None and service.loop is running_loop() and not service.ended:
            service.flush()

    def _attach(self) -> LoopService | None:
        """Return the service of the host in the running loop; None while inactive."""
        host = self._host
        if host is None or host.closed:
            return None
        service = self._loop_service
        if service is not None and service.loop is not running_loop():  # a loop that has ended
            self._detach()
            service = None
        if service is None:
            service = self._loop_service = LoopService(host, self._shown)
        return service

    def _call_when_shown(self, shown: Callable[[], object] | None) -> None:
        """Set what to call, in the loop, when events are queued."""
        self._shown = shown
        if self._loop_service is not None:
            self._loop_service.shown = shown

    def _join(self) -> None:
        self._detach()
        super()._join()
        with contextlib.suppress(RuntimeError):  # no loop runs yet
            self._attach()

    def _detach(self) -> None:
        """Have the loop forget the host, before it is closed."""
        service, self._loop_service = self._loop_service, None
        if service is not None:
            service.end()

    def _forget_peers(self) -> None:
        self._detach()
        self._end_batches()
        super()._forget_peers()

    def _report(
        self, kind: int, handle: PeerHandle, data: int, why: tuple[int, int], ended: list[PeerHandle]
    ) -> ServiceResult:
        if kind == EventType.ERROR:
            self._end_batches()  # while it lasts, every call returns it
        return super()._report(kind, handle, data, why, ended)

    def _end_batches(self) -> None:
        """Have each iteration wait for the loop before it calls ``service()`` again."""
        for stream in self._streams:
            stream._events = iter(())


class _Stream(Iteration[ReportedEvent]):
    """The iteration of one ``async for``; see ``native/src/hot_async.c``."""

    def __init__(self, connection: ENetConnection) -> None:
        self._connection = connection
        self._events = iter(())
        self._begun = False
        connection._streams.add(self)

    def __aiter__(self) -> _Stream:
        return self

    async def _await_event(self) -> ReportedEvent:
        connection = self._connection
        while True:
            for event in self._events:
                return event  # with no call since it was taken: see core/interrupts.py
            service = connection._attach()
            if service is None:
                raise StopAsyncIteration
            if self._begun and not connection._undelivered:
                await service.wait()
            self._begun = True
            if not service.ended:
                self._events = islice(connection._queued_events(), _BATCH)
