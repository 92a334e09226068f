"""The base of Godot's vectors of ints."""

from __future__ import annotations

import builtins
from operator import mul
from typing import TYPE_CHECKING, ClassVar, overload

from godot_enet.compat.variant.hashing import hash_ints
from godot_enet.compat.variant.row import clamp, make, sign, snap
from godot_enet.compat.variant.vectors import RealVector, Vector

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["GREATEST", "LEAST", "IntVector"]

LEAST, GREATEST = -(1 << 31), (1 << 31) - 1
"""The range of a component on the wire."""


def _quotient(a: int, b: int) -> int:
    """Truncate towards zero, as in C and GDScript; exact, since both have 32 bits."""
    return int(a / b)


class IntVector(Vector[int]):
    """Of ints. They may grow beyond 32 bits here, but such a one cannot be encoded.

    Division truncates towards zero, and the remainder has the sign of the dividend, as in GDScript. A factor or divisor
    that is a float gives the vector of floats.
    """

    __slots__ = ()
    _real: ClassVar[type[RealVector]]
    """The same with floats."""

    def __hash__(self) -> int:
        return hash_ints(self)  # often the key of a grid: half the time of what is for all numbers

    def _operand(self, other: object) -> Self | None:
        """A number as a vector, so that it serves each component."""
        if isinstance(other, int):
            return make(type(self), [other] * len(self))
        return other if isinstance(other, type(self)) else None

    @overload  # type: ignore[override]
    def __mul__(self, other: Self | int) -> Self: ...
    @overload
    def __mul__(self, other: float) -> RealVector: ...
    def __mul__(self, other: Self | float) -> Self | RealVector:
        if isinstance(other, float):
            return make(self._real, [component * other for component in self])
        operand = self._operand(other)
        return NotImplemented if operand is None else make(type(self), map(mul, self, operand))

    @overload  # type: ignore[override]
    def __rmul__(self, other: int) -> Self: ...
    @overload
    def __rmul__(self, other: float) -> RealVector: ...
    def __rmul__(self, other: float) -> Self | RealVector:
        return self * other if isinstance(other, (int, float)) else NotImplemented

    @overload
    def __truediv__(self, other: Self | int) -> Self: ...
    @overload
    def __truediv__(self, other: float) -> RealVector: ...
    def __truediv__(self, other: Self | float) -> Self | RealVector:
        if isinstance(other, float):
            return make(self._real, [component / other for component in self])
        operand = self._operand(other)
        return NotImplemented if operand is None else make(type(self), map(_quotient, self, operand))

    def __mod__(self, other: Self | int) -> Self:
        operand = self._operand(other)
        if operand is None:
            return NotImplemented
        return make(type(self), [a - _quotient(a, b) * b for a, b in zip(self, operand, strict=True)])

    def sign(self) -> Self:
        """1, -1 or 0 for each component."""
        return make(type(self), [int(sign(component)) for component in self])

    def snapped(self, step: Self) -> Self:
        """Each component rounded to the nearest multiple of ``step``; a step of 0 changes nothing."""
        return make(type(self), [int(snap(a, b)) for a, b in zip(self, step, strict=True)])

    def mini(self, with_: int) -> Self:
        """Each component, at most ``with_``."""
        return make(type(self), [builtins.min(component, with_) for component in self])

    def maxi(self, with_: int) -> Self:
        """Each component, at least ``with_``."""
        return make(type(self), [builtins.max(component, with_) for component in self])

    def clampi(self, min: int, max: int) -> Self:
        """Each component limited to ``min`` and ``max``."""
        return make(type(self), [clamp(component, min, max) for component in self])

    def snappedi(self, step: int) -> Self:
        """Each component rounded to the nearest multiple of ``step``; a step of 0 changes nothing."""
        return make(type(self), [int(snap(component, step)) for component in self])
