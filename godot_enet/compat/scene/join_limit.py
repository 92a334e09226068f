"""Limits how often clients of one address may join a server that relays.

The server announces each client to the others: a join and the following disconnect take three packets for each client.
A client that keeps joining would cause this traffic with a few packets of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from time import monotonic

from godot_enet.compat.scene.allowance import Allowance

__all__ = ["JOINS_AT_ONCE", "JOINS_PER_SECOND", "JoinLimit"]

JOINS_PER_SECOND = 2
"""Clients of one address that are admitted. Godot has no limit."""
JOINS_AT_ONCE = 128
"""The same after a pause, which saves up unused joins: a whole school may join at once."""
_FORGET_ABOVE = 1024


class JoinLimit:
    """An allowance for each network, which refills with time.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._left: dict[Hashable, Allowance] = {}
        self._forget_above = _FORGET_ABOVE

    def may_join(self, network: Hashable | None) -> bool:
        """Whether one more client may join from a network; always from None: this machine or an unknown network."""
        if network is None:
            return True
        now = self._clock()
        left = self._left.get(network)
        if left is None:
            self._forget_full(now)
            left = self._left[network] = Allowance(JOINS_AT_ONCE, now)
        if left.fill(now, JOINS_PER_SECOND, JOINS_AT_ONCE) < 1:
            return False
        left.amount -= 1
        return True

    def _forget_full(self, now: float) -> None:
        """Forget networks whose allowance is full again."""
        if len(self._left) < self._forget_above:
            return
        for network, left in list(self._left.items()):
            if left.fill(now, JOINS_PER_SECOND, JOINS_AT_ONCE) == JOINS_AT_ONCE:
                del self._left[network]
        self._forget_above = max(_FORGET_ABOVE, 2 * len(self._left))
