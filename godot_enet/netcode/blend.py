"""Values between two others: numbers change evenly, angles the shorter way round, rotations on the sphere."""

from __future__ import annotations

import math
from collections.abc import Callable
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar

from godot_enet.compat.variant import Quaternion, Vector2, Vector3
from godot_enet.netcode.schema import Angle, Field, fields_of

__all__ = ["Blend"]

_T = TypeVar("_T")


class _Rule(NamedTuple):
    """The functions of one field."""

    mix: Callable[[Any, Any, float], Any]
    """The value at a weight from 0, the first, to 1, the second; beyond 1 it goes on."""
    difference: Callable[[Any, Any], Any]
    """The way from the second to the first."""
    shift: Callable[[Any, Any, float], Any]
    """A value moved by a share of a difference."""


def _mix_numbers(a: float, b: float, weight: float) -> float:
    return a + (b - a) * weight


def _mix_angles(a: float, b: float, weight: float) -> float:
    return math.remainder(a + math.remainder(b - a, math.tau) * weight, math.tau)


_NUMBER = _Rule(_mix_numbers, lambda a, b: a - b, lambda value, by, share: value + by * share)
_ANGLE = _Rule(
    _mix_angles,
    lambda a, b: math.remainder(a - b, math.tau),
    lambda value, by, share: math.remainder(value + by * share, math.tau),
)
_VECTOR = _Rule(lambda a, b, weight: a.lerp(b, weight), lambda a, b: a - b, lambda value, by, share: value + by * share)
_ROTATION = _Rule(
    lambda a, b, weight: a.normalized().slerp(b.normalized(), weight),
    lambda a, b: (b.normalized().inverse() * a.normalized()).normalized(),
    lambda value, by, share: value * Quaternion.IDENTITY.slerp(by, share),
)
_STEP = _Rule(lambda a, b, weight: a if weight < 1 else b, lambda a, b: None, lambda value, by, share: value)


def _rule_of(field: Field) -> _Rule:
    if field.steps:
        return _STEP
    if isinstance(field.mark, Angle):
        return _ANGLE
    if field.type is float:
        return _NUMBER
    if field.type in (Vector2, Vector3):
        return _VECTOR
    return _ROTATION if field.type is Quaternion else _STEP


class Blend(Generic[_T]):
    """Values between two states of a dataclass, field by field.

    A ``float``, a :class:`~godot_enet.Vector2` and a :class:`~godot_enet.Vector3` change evenly, a ``float`` marked as
    :class:`Angle` the shorter way round, and a :class:`~godot_enet.Quaternion` on the sphere. All other fields, and
    those marked as :class:`Step`, change when the second state is reached.

    Args:
        schema: The dataclass.

    Raises:
        TypeError: it is not a dataclass.
    """

    def __init__(self, schema: type[_T]) -> None:
        self._schema = schema
        fields = list(fields_of(schema))
        get = attrgetter(*[field.name for field in fields])
        self._get: Callable[[_T], tuple[Any, ...]] = get if len(fields) > 1 else lambda state: (get(state),)
        self._rules = [_rule_of(field) for field in fields]

    def mix(self, a: _T, b: _T, weight: float) -> _T:
        """The state at ``weight`` from ``a``, 0, to ``b``, 1. A weight beyond 1 goes on as between the two."""
        rows = zip(self._rules, self._get(a), self._get(b), strict=True)
        return self._schema(*[rule.mix(one, other, weight) for rule, one, other in rows])

    def difference(self, a: _T, b: _T) -> tuple[Any, ...]:
        """The way from ``b`` to ``a``, for :meth:`shift`; None for fields that are not blended."""
        rows = zip(self._rules, self._get(a), self._get(b), strict=True)
        return tuple([rule.difference(one, other) for rule, one, other in rows])

    def shift(self, state: _T, difference: tuple[Any, ...], share: float = 1.0) -> _T:
        """A state moved by a share of a difference."""
        rows = zip(self._rules, self._get(state), difference, strict=True)
        return self._schema(*[rule.shift(value, by, share) for rule, value, by in rows])
