"""``service`` in terms of ``service_into``, the same for every host.

An exception from a signal handler may end either call at any step. The next call returns the events taken so far: see
``interrupts.py``.
"""

from __future__ import annotations

from collections.abc import MutableSequence

from godot_enet.core.protocol.events import Event

__all__ = ["Servicing"]


class Servicing:
    """A mixin for hosts that implement ``service_into``; the contract is in :class:`AnyHost`."""

    left: list[Event]
    """Events of interrupted calls: callers of ``service_into`` add them, and the next call returns them first."""

    def service(self, timeout: int = 0) -> Event | None:
        """The next event; waits up to ``timeout`` ms for one. None when there is none."""
        taken: list[Event] = []
        try:
            self.service_into(taken, timeout)
            return taken[0] if taken else None
        except BaseException:
            self.left += taken  # before any call: see interrupts.py
            raise

    def service_into(self, taken: MutableSequence[Event], timeout: int = 0, limit: int = 1) -> None:
        """As :meth:`service`, but append up to ``limit`` events to a list."""
        raise NotImplementedError

    def _take_left(self, taken: MutableSequence[Event], limit: int) -> bool:
        """Append events of interrupted calls. Returns whether there were any."""
        left = self.left
        if not left:
            return False
        taken += left[:limit]
        del left[:limit]
        return True
