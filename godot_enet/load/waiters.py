"""Waiting for the sockets of all bots of a process."""

from __future__ import annotations

import selectors
import time
from typing import Generic, Protocol, TypeVar

__all__ = ["SelectorWaiter", "Waiter"]

_T = TypeVar("_T")


class Waiter(Protocol[_T]):
    """What a :class:`~godot_enet.load.crowd.Crowd` waits with."""

    def watch(self, descriptor: int, owner: _T) -> None:
        """Report the owner when its descriptor is readable, until :meth:`unwatch`."""

    def unwatch(self, descriptor: int) -> None:
        """Forget the descriptor, which is still open."""

    def wake(self) -> None:
        """End a :meth:`wait` that another greenlet is in."""

    def wait(self, seconds: float) -> list[_T]:
        """Return the owners of readable descriptors, after at most this time if there is none."""


class SelectorWaiter(Generic[_T]):
    """Waits in the calling thread."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def watch(self, descriptor: int, owner: _T) -> None:
        """See :class:`Waiter`."""
        self._selector.register(descriptor, selectors.EVENT_READ, owner)

    def unwatch(self, descriptor: int) -> None:
        """See :class:`Waiter`."""
        self._selector.unregister(descriptor)

    def wake(self) -> None:
        """See :class:`Waiter`. Nobody else can call it meanwhile."""

    def wait(self, seconds: float) -> list[_T]:
        """See :class:`Waiter`."""
        if not self._selector.get_map():  # which Windows cannot wait for
            time.sleep(max(0.0, seconds))
            return []
        return [key.data for key, _ in self._selector.select(max(0.0, seconds))]
