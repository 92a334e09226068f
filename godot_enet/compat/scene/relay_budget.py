"""How much a server passes on for one client.

A packet of eight bytes to all others makes a server send as many packets as there are clients. Each copy counts. What
waits to be sent is bounded by the connections themselves; this bounds the work.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

__all__ = ["COPIES_AT_ONCE", "COPIES_PER_SECOND", "RelayBudget"]

COPIES_PER_SECOND = 32_768
"""Packets that a server passes on for one client, each receiver counted. Ours, not Godot's: it has no limit.

A thousand players who each tell all others something 30 times a second stay below it."""
COPIES_AT_ONCE = 65_536
"""The same after a pause, in which unused ones are saved up."""


class RelayBudget:
    """A budget for each peer, which fills up again with time.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._left: dict[int, tuple[float, float]] = {}
        """By peer: the copies that it has left, and when that was counted."""

    def spend(self, peer: int, copies: int) -> bool:
        """Take copies off a peer's budget; False, and none taken, if it has not so many."""
        now = self._clock()
        left, then = self._left.get(peer, (float(COPIES_AT_ONCE), now))
        left = min(left + (now - then) * COPIES_PER_SECOND, COPIES_AT_ONCE)
        enough = copies <= left
        self._left[peer] = (left - copies if enough else left, now)
        return enough

    def forget(self, peer: int) -> None:
        """A peer is gone."""
        self._left.pop(peer, None)

    def clear(self) -> None:
        """All are gone."""
        self._left.clear()
