"""The server's record of a player in lobby.py, with a rate limit for its requests."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

BURST, REQUESTS_PER_SECOND = 20.0, 4.0  # rate limit of a player: each request is sent to all others


@dataclass
class Seat:
    """A player on the server."""

    name: str
    peer: int
    ready: bool = False
    away: float = 0.0
    tokens: float = BURST
    since: float = field(default_factory=time.monotonic)

    def allow_request(self) -> bool:
        """Whether the player is within its rate limit; counts the request."""
        now = time.monotonic()
        self.tokens = min(BURST, self.tokens + (now - self.since) * REQUESTS_PER_SECOND)
        self.since = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True
