"""A player that steers itself to the nearest coin: the server's bots, and the client's autopilot."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from demos.arena.rules import DOWN, LEFT, RIGHT, UP, Body

STUCK_SPEED = 25.0  # pixels a second; slower than that for a while, and the bot tries another way
PATIENCE, DETOUR = 20, 25  # inputs
DIRECTIONS = (LEFT, RIGHT, UP, DOWN, LEFT | UP, LEFT | DOWN, RIGHT | UP, RIGHT | DOWN)
DEAD_ZONE = 5.0  # pixels


class Bot:
    """Sees what a player sees, and presses the same buttons."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._taste = self._random.randrange(1000)
        self._slow = 0
        self._detour = 0
        self._direction = 0

    def steer(self, body: Body, coins: Sequence[tuple[int, int]]) -> int:
        """The buttons of the next input."""
        if self._detour:
            self._detour -= 1
            return self._direction
        self._slow = self._slow + 1 if abs(body.vx) + abs(body.vy) < STUCK_SPEED else 0
        if self._slow > PATIENCE or not coins:
            self._slow = 0
            self._detour = self._random.randrange(DETOUR // 2, DETOUR)
            self._direction = self._random.choice(DIRECTIONS)
            return self._direction
        x, y = min(coins, key=lambda coin: body.distance(*coin) + self._dislike(*coin))
        across = RIGHT if x > body.x + DEAD_ZONE else LEFT if x < body.x - DEAD_ZONE else 0
        along = DOWN if y > body.y + DEAD_ZONE else UP if y < body.y - DEAD_ZONE else 0
        return across | along

    def _dislike(self, x: int, y: int) -> int:
        """Pixels that a coin seems farther away: another number for each bot, so that not all run for the same coin."""
        return (x * 7 + y * 13) * self._taste % 300
