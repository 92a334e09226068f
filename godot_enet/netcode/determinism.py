"""Checks that a simulation does the same twice. Prediction, rollback and lockstep rely on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from copy import deepcopy
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar

__all__ = ["Difference", "check_determinism"]

_S = TypeVar("_S")
_A = TypeVar("_A")


@dataclass(frozen=True, slots=True)
class Difference:
    """The first difference between two runs."""

    tick: int
    """The number of inputs after which it was seen; 0 is the beginning."""
    path: str
    """Where in the state: ``players[3].position.x``."""
    first: Any
    second: Any
    replayed: bool
    """Whether the second value comes from a replay of the last ticks of the same run, not from another run."""

    def __str__(self) -> str:
        how = "replayed from a copy" if self.replayed else "in a second run"
        return f"tick {self.tick}: {self.path} is {self.first!r}, and {self.second!r} {how}"


def check_determinism(
    start: Callable[[], _S], step: Callable[[_S, _A], _S | None], inputs: Iterable[_A], replay: int = 8
) -> Difference | None:
    """Run a simulation twice with the same inputs, and return the first difference between the states, or None.

    In addition the first run goes back every ``replay`` ticks, to a copy of the state, and simulates these ticks again:
    that finds state outside of the state, such as a random number generator or a counter elsewhere.

    Args:
        start: Makes a new state, of which ``copy.deepcopy`` makes a copy.
        step: Applies an input to a state and returns the state, or None if it changed it in place.
        inputs: One for each tick; they must not be changed.
        replay: 0 for no replays.

    Raises:
        ValueError: ``replay`` is negative.
    """
    if replay < 0:
        raise ValueError("replay must not be negative")
    given = list(inputs)
    state = start()
    trail = [deepcopy(state)]
    for tick, action in enumerate(given, 1):
        state = stepped(step, state, action)
        trail.append(deepcopy(state))
        if replay and tick % replay == 0:
            again = deepcopy(trail[tick - replay])
            for back in range(tick - replay, tick):
                again = stepped(step, again, given[back])
                found = _first_difference("", trail[back + 1], again)
                if found:
                    return Difference(back + 1, *found, replayed=True)
    second = start()
    for tick, known in enumerate(trail):
        if tick:
            second = stepped(step, second, given[tick - 1])
        found = _first_difference("", known, second)
        if found:
            return Difference(tick, *found, replayed=False)
    return None


def stepped(step: Callable[[_S, _A], _S | None], state: _S, action: _A) -> _S:
    """The state after an input, whether ``step`` returns it or changes it in place."""
    new = step(state, action)
    return state if new is None else new


def _first_difference(
    path: str, one: Any, other: Any, seen: frozenset[int] = frozenset()
) -> tuple[str, Any, Any] | None:
    """Where two values differ. Floats are equal bit for bit, and the order of dictionaries counts."""
    where = path.removeprefix(".") or "the state"
    if type(one) is not type(other):
        return where, one, other
    if isinstance(one, float):
        same = one == other and math.copysign(1, one) == math.copysign(1, other)
        return None if same or (one != one and other != other) else (where, one, other)
    parts = _parts(one)
    if parts is None:
        return None if one == other else (where, one, other)
    if id(one) in seen:
        return None  # a circle; its beginning is being compared
    others = _parts(other) or {}
    if list(parts) != list(others):
        return f"the parts of {where}", list(parts), list(others)
    for name, value in parts.items():
        found = _first_difference(path + name, value, others[name], seen | {id(one)})
        if found:
            return found
    return None


def _parts(value: Any) -> dict[str, Any] | None:
    """The parts of a value, by the text that follows its path; None for a value that is compared as a whole."""
    if isinstance(value, (str, bytes, bytearray, Set, type, Enum)) or callable(value):
        return None
    if is_dataclass(value):
        return {f".{field.name}": getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return {f"[{key!r}]": each for key, each in value.items()}
    if isinstance(value, Sequence):
        return {f"[{index}]": each for index, each in enumerate(value)}
    equality: Any = type(value).__eq__
    if equality is not object.__eq__:
        return None
    _, arguments, *rest = value.__reduce_ex__(4)  # as copy.deepcopy sees it
    state = rest[0] if rest else None
    named = [part for part in (state if isinstance(state, tuple) else (state,)) if isinstance(part, dict)]
    if named:
        return {f".{name}": each for part in named for name, each in part.items()}
    return {" (arguments)": arguments[1:], " (contents)": state}
