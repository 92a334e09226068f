"""States between those that arrived: others are drawn a little in the past, where their way is known."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

from godot_enet.netcode.blend import Blend

__all__ = ["Interpolation"]

_K = TypeVar("_K", bound=Hashable)
_T = TypeVar("_T")

_KEPT = 64
"""States kept of an object, and ticks for which one that disappears is kept until that is drawn."""


class Interpolation(Generic[_K, _T]):
    """States by tick in, states at any time out.

    Args:
        blend: Of the states.
        extrapolation: The most ticks by which an object goes on after its newest state, as between its last two.
        gap: Ticks without a state after which an object is taken to have rested, not to have moved evenly. It then
            leaves its place one tick before its next state.

    Raises:
        ValueError: ``extrapolation`` is negative, or ``gap`` less than 1.
    """

    def __init__(self, blend: Blend[_T], extrapolation: float = 2.0, gap: int = 10) -> None:
        if not (extrapolation >= 0 and gap >= 1):
            raise ValueError("extrapolation must not be negative, and gap at least 1")
        self._blend = blend
        self._extrapolation = extrapolation
        self._gap = gap
        self._states: dict[_K, deque[tuple[int, _T]]] = {}
        self._gone: dict[_K, int] = {}

    def add(self, tick: int, states: Mapping[_K, _T]) -> None:
        """Add states of a tick, of all objects or of some. They may arrive late and out of order."""
        for key, state in states.items():
            kept = self._states.get(key)
            if kept is None:
                self._states[key] = deque([(tick, state)], maxlen=_KEPT)
            elif tick > kept[-1][0]:
                kept.append((tick, state))
            elif len(kept) < _KEPT and all(tick != other for other, _ in kept):
                kept.insert(sum(other < tick for other, _ in kept), (tick, state))
            if self._gone.get(key, tick) < tick:
                del self._gone[key]

    def remove(self, key: _K, tick: int) -> None:
        """Let an object disappear when this tick is drawn, unless later states arrive. Repeating it changes nothing."""
        if key in self._states:
            self._gone.setdefault(key, tick)
        while next(iter(self._gone.values()), tick) <= tick - _KEPT:  # nobody has drawn it
            first = next(iter(self._gone))
            del self._states[first], self._gone[first]

    def at(self, tick: float) -> dict[_K, _T]:
        """The states of all objects at a tick, with a fraction. Call it with ticks that do not go back.

        An object that has no state yet at this tick is missing.
        """
        for key in [key for key, end in self._gone.items() if end <= tick]:
            del self._states[key], self._gone[key]
        shown = {}
        for key, kept in self._states.items():
            while len(kept) > 2 and kept[1][0] <= tick:
                kept.popleft()
            state = self._between(kept, tick)
            if state is not None:
                shown[key] = state
        return shown

    def _between(self, kept: deque[tuple[int, _T]], tick: float) -> _T | None:
        start, before = kept[0]
        if tick < start:
            return None
        if len(kept) == 1:
            return before
        end, after = kept[1]
        if end - start > self._gap:
            start = end - 1
        if tick <= start:
            return before
        return self._blend.mix(before, after, (min(tick, end + self._extrapolation) - start) / (end - start))
