"""How often a client may ask."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Lets one call of each peer through per period, in seconds. Others are ignored: an honest client asks again."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._last: dict[int, float] = {}
        """By peer, the one let through longest ago first. Those that may call again are not in it."""

    def allows(self, peer: int) -> bool:
        now = self._clock()
        while self._last and now - next(iter(self._last.values())) >= self._seconds:
            del self._last[next(iter(self._last))]
        if peer in self._last:
            return False
        self._last[peer] = now
        return True
