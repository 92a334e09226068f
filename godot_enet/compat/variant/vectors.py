"""What Godot's vectors of floats have in common, and what those of ints have."""

from __future__ import annotations

import builtins
import math
from operator import add, mul, neg, sub
from typing import TYPE_CHECKING

from godot_enet.compat.variant.row import Arithmetic, Row, close, floor, make, sign, snap

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["DirectedVector", "IntVector", "RealVector"]

_EPSILON = 0.00001


def _round(value: float) -> float:
    """Halves go away from zero, as in C; Python's ``round`` takes them to the even neighbour."""
    return math.copysign(floor(builtins.abs(value) + 0.5), value)


def _dot(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    total: float = sum(map(mul, a, b))
    return total


class RealVector(Arithmetic):
    """Of floats, in any number of dimensions."""

    __slots__ = ()

    def dot(self, with_: Self) -> float:
        """The sum of the products of the components."""
        return _dot(self, with_)

    def length(self) -> float:
        """Distance from the origin."""
        return math.sqrt(_dot(self, self))

    def length_squared(self) -> float:
        """The same without the root, to compare lengths quickly."""
        return _dot(self, self)

    def distance_to(self, to: Self) -> float:
        """Distance between the two points."""
        return (to - self).length()

    def distance_squared_to(self, to: Self) -> float:
        """The same without the root, to compare distances quickly."""
        return (to - self).length_squared()

    def direction_to(self, to: Self) -> Self:
        """The vector of length 1 that points to the other point."""
        return (to - self).normalized()

    def normalized(self) -> Self:
        """Of the same direction, with a length of 1; zero stays zero."""
        length = self.length()
        return self / length if length else self

    def is_normalized(self) -> bool:
        """Whether the length is 1, with a tolerance of 0.001 to its square."""
        return builtins.abs(self.length_squared() - 1.0) < 0.001

    def is_zero_approx(self) -> bool:
        """Whether all components are zero but for rounding."""
        return all(close(component, 0.0) for component in self)

    def abs(self) -> Self:
        """Without the signs."""
        return make(type(self), map(builtins.abs, self))

    def sign(self) -> Self:
        """1.0, -1.0 or 0.0 for each component."""
        return make(type(self), map(sign, self))

    def floor(self) -> Self:
        """Each component rounded down."""
        return make(type(self), map(floor, self))

    def ceil(self) -> Self:
        """Each component rounded up."""
        return make(type(self), [-floor(-component) for component in self])

    def round(self) -> Self:
        """Each component rounded; halves go away from zero."""
        return make(type(self), map(_round, self))

    def min(self, with_: Self) -> Self:
        """The lesser of each two components."""
        return make(type(self), map(builtins.min, self, with_))

    def max(self, with_: Self) -> Self:
        """The greater of each two components."""
        return make(type(self), map(builtins.max, self, with_))

    def clamp(self, min: Self, max: Self) -> Self:
        """Each component kept within its limits."""
        return self.max(min).min(max)

    def snapped(self, step: Self) -> Self:
        """Each component brought to the nearest multiple of ``step``."""
        return make(type(self), map(snap, self, step))

    def inverse(self) -> Self:
        """1 divided by each component."""
        return make(type(self), [1.0 / component for component in self])


class DirectedVector(RealVector):
    """What only two and three dimensions have."""

    __slots__ = ()

    def limit_length(self, length: float = 1.0) -> Self:
        """The same direction, and at most this length."""
        own = self.length()
        return self * (length / own) if own > length and own else self

    def move_toward(self, to: Self, delta: float) -> Self:
        """The point that is ``delta`` nearer to ``to``, and ``to`` itself once that is reached."""
        way = to - self
        length = way.length()
        return to if length <= delta or length < _EPSILON else self + way * (delta / length)

    def project(self, b: Self) -> Self:
        """The part of this vector that lies along ``b``."""
        return b * (self.dot(b) / b.length_squared())

    def slide(self, n: Self) -> Self:
        """This movement along a wall whose normal is ``n``."""
        return self - n * self.dot(n)

    def reflect(self, n: Self) -> Self:
        """Mirrored at the line or the axis ``n``; to bounce off a wall use :meth:`bounce`."""
        return n * (2.0 * self.dot(n)) - self

    def bounce(self, n: Self) -> Self:
        """This movement after hitting a wall whose normal is ``n``."""
        return -self.reflect(n)


def _quotient(a: int, b: int) -> int:
    """Cut towards zero, as in C and GDScript; exact, as both have 32 bits."""
    return int(a / b)


class IntVector(Row[int]):
    """Of ints. They may grow beyond 32 bits here, but such a one cannot be encoded.

    Division cuts towards zero, and the remainder has the sign of the dividend, as in GDScript.
    """

    __slots__ = ()

    def __add__(self, other: Self) -> Self:  # type: ignore[override]
        if type(other) is not type(self):
            return NotImplemented
        return make(type(self), map(add, self, other))

    def __sub__(self, other: Self) -> Self:
        if type(other) is not type(self):
            return NotImplemented
        return make(type(self), map(sub, self, other))

    def _operand(self, other: object) -> Self | None:
        """A number as a vector, so that it serves each component."""
        if isinstance(other, int):
            return make(type(self), [other] * len(self))
        return other if isinstance(other, type(self)) else None

    def __mul__(self, other: Self | int) -> Self:  # type: ignore[override]
        operand = self._operand(other)
        return NotImplemented if operand is None else make(type(self), map(mul, self, operand))

    def __rmul__(self, other: int) -> Self:  # type: ignore[override]
        return self * other if isinstance(other, int) else NotImplemented

    def __truediv__(self, other: Self | int) -> Self:
        operand = self._operand(other)
        return NotImplemented if operand is None else make(type(self), map(_quotient, self, operand))

    def __mod__(self, other: Self | int) -> Self:
        operand = self._operand(other)
        if operand is None:
            return NotImplemented
        return make(type(self), [a - _quotient(a, b) * b for a, b in zip(self, operand, strict=True)])

    def __neg__(self) -> Self:
        return make(type(self), map(neg, self))

    def __pos__(self) -> Self:
        return self

    def length(self) -> float:
        """Distance from the origin."""
        return math.sqrt(self.length_squared())

    def length_squared(self) -> int:
        """The same without the root, and so still an int."""
        return sum(map(mul, self, self))

    def distance_to(self, to: Self) -> float:
        """Distance between the two points."""
        return (to - self).length()

    def distance_squared_to(self, to: Self) -> int:
        """The same without the root, and so still an int."""
        return (to - self).length_squared()

    def abs(self) -> Self:
        """Without the signs."""
        return make(type(self), map(builtins.abs, self))

    def sign(self) -> Self:
        """1, -1 or 0 for each component."""
        return make(type(self), [int(sign(component)) for component in self])

    def min(self, with_: Self) -> Self:
        """The lesser of each two components."""
        return make(type(self), map(builtins.min, self, with_))

    def max(self, with_: Self) -> Self:
        """The greater of each two components."""
        return make(type(self), map(builtins.max, self, with_))

    def clamp(self, min: Self, max: Self) -> Self:
        """Each component kept within its limits."""
        return self.max(min).min(max)

    def snapped(self, step: Self) -> Self:
        """Each component brought to the nearest multiple of ``step``."""
        return make(type(self), [int(snap(a, b)) for a, b in zip(self, step, strict=True)])
