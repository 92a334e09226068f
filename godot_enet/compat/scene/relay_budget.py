"""Limits how much a server forwards for its clients.

A packet of eight bytes to all others makes a server send as many packets as there are clients. Each copy counts. The
connections themselves limit queued data; this limits the work.

Each client has a budget, and all together share one, which reconnecting does not renew. When that is used up, each
client still has an equal share, so that clients that send much do not silence those that send little.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from godot_enet.compat.scene.allowance import Allowance

__all__ = ["COPIES_AT_ONCE", "COPIES_OF_ALL", "COPIES_PER_SECOND", "RelayBudget"]

COPIES_PER_SECOND = 32_768
"""Packets that a server forwards for one client, counted for each receiver. Godot has no limit.

A thousand players who each send 30 packets a second to all others stay below it."""
COPIES_AT_ONCE = 65_536
"""The same after a pause, which saves up unused ones."""
COPIES_OF_ALL = 262_144
"""Packets that a server forwards for all clients in a second, or at once after a pause, before each client is limited
to its share.

90 players who each send 30 packets a second to all others stay below it, and it is more than Python can send."""


class RelayBudget:
    """A budget for each peer and one for all, which refill with time.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._of_all = Allowance(COPIES_OF_ALL, clock())
        self._own: dict[int, Allowance] = {}
        self._shares: dict[int, Allowance] = {}
        """By peer: its own budget, and its share of the common one."""

    def spend(self, peer: int, copies: int) -> bool:
        """Take copies from a peer's budget. Returns False, and takes none, if too few are left."""
        now = self._clock()
        own, share = self._own.get(peer), self._shares.get(peer)
        if own is None or share is None:
            own = self._own[peer] = Allowance(COPIES_AT_ONCE, now)
            share = self._shares[peer] = Allowance(0, now)  # shares grow with time: reconnecting gives none
        part = max(COPIES_OF_ALL / len(self._shares), len(self._shares))  # enough for one packet to all
        left, of_all, of_share = (
            own.fill(now, COPIES_PER_SECOND, COPIES_AT_ONCE),
            self._of_all.fill(now, COPIES_OF_ALL, COPIES_OF_ALL),
            share.fill(now, part, part),
        )
        if copies > left or copies > max(of_all, of_share):
            return False
        own.amount -= copies
        payer = self._of_all if copies <= of_all else share
        payer.amount -= copies
        return True

    def forget(self, peer: int) -> None:
        """Remove a peer."""
        self._own.pop(peer, None)
        self._shares.pop(peer, None)

    def clear(self) -> None:
        """Remove all peers. The shared budget is not restored."""
        self._own.clear()
        self._shares.clear()
