"""The limit on connections per second from one network (see ``ENetConnection.on_connect_request``).

Only verified addresses count: otherwise forged requests could lock out a third party. A client that verifies its
address after the limit is reached stays half-open, and is accepted with the next proof that is requested.
"""

from __future__ import annotations

from godot_enet.core.engine.half_open import prefix_of
from godot_enet.core.interface import Address
from godot_enet.core.protocol.tuning import CONNECT_RATE_INTERVAL

__all__ = ["ConnectRate"]


class ConnectRate:
    """The connections of the current second, by network; this machine counts as one."""

    def __init__(self) -> None:
        self.limit = 0
        """0 is unlimited; then nothing is counted."""
        self._second = 0
        self._counts: dict[str | bytes | None, int] = {}

    def has_room(self, address: Address, now: int) -> bool:
        """Whether one more connection is allowed from the address."""
        if not self.limit:
            return True
        if now // CONNECT_RATE_INTERVAL != self._second:
            self._second, self._counts = now // CONNECT_RATE_INTERVAL, {}
        return self._counts.get(prefix_of(address), 0) < self.limit

    def count(self, address: Address) -> None:
        """Count a connection that was allowed."""
        if self.limit:
            prefix = prefix_of(address)
            self._counts[prefix] = self._counts.get(prefix, 0) + 1
