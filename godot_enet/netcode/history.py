"""The states of the last ticks, to judge a shot by the world that the shooter saw."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

from godot_enet.netcode.blend import Blend

__all__ = ["History"]

_K = TypeVar("_K", bound=Hashable)
_T = TypeVar("_T")


class History(Generic[_K, _T]):
    """The states of the latest ticks on the server.

    Args:
        blend: Of the states.
        limit: The most ticks before the newest that :meth:`at` goes back. It bounds the advantage of a slow link, or of
            a client that claims to have one. 12 ticks at 20 per second are 600 ms.

    Raises:
        ValueError: ``limit`` is negative.
    """

    def __init__(self, blend: Blend[_T], limit: int = 12) -> None:
        if limit < 0:
            raise ValueError("limit must not be negative")
        self._blend = blend
        self._limit = limit
        self._ticks: deque[tuple[int, dict[_K, _T]]] = deque()

    def add(self, tick: int, states: Mapping[_K, _T]) -> None:
        """Add the states of a tick. They must not be changed later.

        Raises:
            ValueError: the tick is not later than the last.
        """
        if self._ticks and tick <= self._ticks[-1][0]:
            raise ValueError(f"tick {tick} is not later than {self._ticks[-1][0]}")
        self._ticks.append((tick, dict(states)))
        while len(self._ticks) > 1 and self._ticks[1][0] <= tick - self._limit:
            self._ticks.popleft()

    def bounded(self, tick: float) -> float:
        """The tick, or the nearest one that :meth:`at` goes back to.

        Raises:
            LookupError: nothing was added.
        """
        if not self._ticks:
            raise LookupError("the history is empty")
        newest = self._ticks[-1][0]
        oldest = max(self._ticks[0][0], newest - self._limit)
        return float(oldest) if math.isnan(tick) else min(max(tick, oldest), newest)

    def at(self, tick: float) -> dict[_K, _T]:
        """The states at a tick, with a fraction, within bounds: such as :attr:`TickClock.shown_tick` of the shooter.

        Between two ticks an object is where a client draws it, and missing if it is missing at the first of them.

        Raises:
            LookupError: nothing was added.
        """
        tick = self.bounded(tick)
        index = next(index for index in reversed(range(len(self._ticks))) if self._ticks[index][0] <= tick)
        start, before = self._ticks[index]
        if tick == start:
            return dict(before)
        end, after = self._ticks[index + 1]
        weight = (tick - start) / (end - start)
        mix = self._blend.mix
        return {key: mix(state, after[key], weight) if key in after else state for key, state in before.items()}
