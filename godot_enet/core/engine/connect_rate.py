"""How many connections a second one network may make (see ``ENetConnection.on_connect_request``).

Only proved addresses count: forged requests would close the network of somebody else. Whoever proves its address when
the second is used up keeps its half-open connection, and is let in by the proof that is asked for next.
"""

from __future__ import annotations

from godot_enet.core.engine.half_open import prefix_of
from godot_enet.core.interface import Address
from godot_enet.core.protocol.tuning import CONNECT_RATE_INTERVAL

__all__ = ["ConnectRate"]


class ConnectRate:
    """The connections of the current second, by network; this machine is one, too."""

    def __init__(self) -> None:
        self.limit = 0
        """0 is unlimited, and counts nothing."""
        self._second = 0
        self._counts: dict[str | bytes | None, int] = {}

    def has_room(self, address: Address, now: int) -> bool:
        """Whether one more may come from there."""
        if not self.limit:
            return True
        if now // CONNECT_RATE_INTERVAL != self._second:
            self._second, self._counts = now // CONNECT_RATE_INTERVAL, {}
        return self._counts.get(prefix_of(address), 0) < self.limit

    def count(self, address: Address) -> None:
        """One has come, for which there was room."""
        if self.limit:
            prefix = prefix_of(address)
            self._counts[prefix] = self._counts.get(prefix, 0) + 1
