"""Waiting for the sockets of all bots of a process in gevent's hub."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

__all__ = ["GeventWaiter"]

_T = TypeVar("_T")
_READABLE = 1


class GeventWaiter(Generic[_T]):
    """A :class:`~godot_enet.load.waiters.Waiter` that waits in one greenlet, while others run."""

    def __init__(self) -> None:
        from gevent import get_hub, sleep
        from gevent.event import Event

        self._loop: Any = get_hub().loop
        self._sleep: Callable[[float], object] = sleep
        self._woken = Event()
        self._ready: dict[_T, None] = {}
        self._watchers: dict[int, Any] = {}

    def watch(self, descriptor: int, owner: _T) -> None:
        """See :class:`Waiter`."""
        watcher = self._watchers[descriptor] = self._loop.io(descriptor, _READABLE)
        watcher.start(self._on_readable, owner)

    def unwatch(self, descriptor: int) -> None:
        """See :class:`Waiter`."""
        watcher = self._watchers.pop(descriptor)
        watcher.stop()
        watcher.close()

    def _on_readable(self, owner: _T) -> None:
        """Runs in the hub, again and again as long as the descriptor is readable."""
        self._ready[owner] = None
        self._woken.set()

    def wake(self) -> None:
        """See :class:`Waiter`."""
        self._woken.set()

    def wait(self, seconds: float) -> list[_T]:
        """See :class:`Waiter`. Other greenlets run in any case."""
        if seconds <= 0 or self._ready:
            self._sleep(0)
        else:
            self._woken.wait(seconds)
        self._woken.clear()
        ready, self._ready = self._ready, {}
        return list(ready)
