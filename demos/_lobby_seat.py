"""A player as the server of lobby.py knows it, and how much it may ask for."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

WORDS, WORDS_PER_SECOND = 20.0, 4.0  # requests of a player at once, and further ones: each is told to all others


@dataclass
class Seat:
    """A player, as the server knows it."""

    name: str
    peer: int
    ready: bool = False
    away: float = 0.0
    words: float = WORDS
    since: float = field(default_factory=time.monotonic)

    def may_ask(self) -> bool:
        """Whether it has not asked for too much lately. This counts."""
        now = time.monotonic()
        self.words = min(WORDS, self.words + (now - self.since) * WORDS_PER_SECOND)
        self.since = now
        if self.words < 1:
            return False
        self.words -= 1
        return True
