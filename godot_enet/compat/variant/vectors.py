"""The bases of Godot's vectors, and of those of floats."""

from __future__ import annotations

import builtins
import math
from operator import mul
from typing import TYPE_CHECKING, ClassVar, TypeVar

from godot_enet.compat.variant.row import EPSILON, Arithmetic, Sums, clamp, close, floor, make, sign, snap

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["DirectedVector", "RealVector", "Vector", "cubic", "cubic_in_time"]

_N = TypeVar("_N", int, float)


def _round(value: float) -> float:
    """Halves go away from zero, as in C; Python's ``round`` takes them to the even neighbour."""
    return math.copysign(floor(builtins.abs(value) + 0.5), value)


def _posmod(value: float, by: float) -> float:
    """The remainder with the sign of the divisor. Dividing by zero gives no number, as in C."""
    return value % by if by and math.isfinite(value) else math.nan


def cubic(start: float, to: float, before: float, after: float, weight: float) -> float:
    """Between ``start`` and ``to``, on Catmull's and Rom's curve from ``before`` to ``after``."""
    linear = (to - before) * weight
    square = (2.0 * before - 5.0 * start + 4.0 * to - after) * weight**2
    return 0.5 * (2.0 * start + linear + square + (after - before + 3.0 * (start - to)) * weight**3)


def _part(time: float, whole: float, otherwise: float) -> float:
    return time / whole if whole else otherwise


def cubic_in_time(
    start: float, to: float, before: float, after: float, weight: float, to_t: float, before_t: float, after_t: float
) -> float:
    """The same where the four points have times; that of ``start`` is 0. By Barry's and Goldman's scheme."""
    time = to_t * weight
    a = before + (start - before) * _part(time - before_t, -before_t, 0.0)
    b = start + (to - start) * _part(time, to_t, 0.5)
    c = to + (after - to) * _part(time - to_t, after_t - to_t, 1.0)
    first = a + (b - a) * _part(time - before_t, to_t - before_t, 0.0)
    second = b + (c - b) * _part(time, after_t, 1.0)
    return first + (second - first) * _part(time, to_t, 0.5)


class Vector(Sums[_N]):
    """A vector of any numbers, in any number of dimensions."""

    __slots__ = ()

    AXIS_X: ClassVar[int] = 0
    AXIS_Y: ClassVar[int] = 1

    def length(self) -> float:
        """Distance from the origin."""
        return math.sqrt(sum(map(mul, self, self)))

    def length_squared(self) -> _N:
        """The square of :meth:`length`, which is faster to compute and enough to compare lengths."""
        total: _N = sum(map(mul, self, self))
        return total

    def distance_to(self, to: Self) -> float:
        """Distance between the two points."""
        return (to - self).length()

    def distance_squared_to(self, to: Self) -> _N:
        """The square of :meth:`distance_to`, which is faster to compute and enough to compare distances."""
        return (to - self).length_squared()

    def abs(self) -> Self:
        """The absolute value of each component."""
        return make(type(self), map(builtins.abs, self))

    def min(self, with_: Self) -> Self:
        """The smaller of both components, for each component."""
        return make(type(self), map(builtins.min, self, with_))

    def max(self, with_: Self) -> Self:
        """The larger of both components, for each component."""
        return make(type(self), map(builtins.max, self, with_))

    def clamp(self, min: Self, max: Self) -> Self:
        """Each component limited to the same component of ``min`` and ``max``."""
        return make(type(self), map(clamp, self, min, max))

    def max_axis_index(self) -> int:
        """The index of the largest component, 0 for x; the first one if several are equal."""
        return self.index(builtins.max(self))

    def min_axis_index(self) -> int:
        """The index of the smallest component, 0 for x; the last one if several are equal."""
        return len(self) - 1 - self[::-1].index(builtins.min(self))


class RealVector(Arithmetic, Vector[float]):
    """A vector of floats, in any number of dimensions."""

    __slots__ = ()

    def dot(self, with_: Self) -> float:
        """The dot product: the sum of the products of the components."""
        total: float = sum(map(mul, self, with_))
        return total

    def direction_to(self, to: Self) -> Self:
        """The unit vector from this point to another; zero if they are equal."""
        return (to - self).normalized()

    def normalized(self) -> Self:
        """The unit vector of the same direction; zero stays zero."""
        length = self.length()
        return self / length if length else self

    def is_normalized(self) -> bool:
        """Whether the length is 1, with a tolerance of 0.001 to its square."""
        return builtins.abs(self.length_squared() - 1.0) < 0.001

    def is_zero_approx(self) -> bool:
        """Whether all components are zero but for rounding."""
        return all(close(component, 0.0) for component in self)

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

    def snapped(self, step: Self) -> Self:
        """Each component rounded to the nearest multiple of ``step``; a step of 0 changes nothing."""
        return make(type(self), map(snap, self, step))

    def inverse(self) -> Self:
        """1 divided by each component."""
        return make(type(self), [1.0 / component for component in self])

    def minf(self, with_: float) -> Self:
        """Each component, at most ``with_``."""
        return make(type(self), [builtins.min(component, with_) for component in self])

    def maxf(self, with_: float) -> Self:
        """Each component, at least ``with_``."""
        return make(type(self), [builtins.max(component, with_) for component in self])

    def clampf(self, min: float, max: float) -> Self:
        """Each component limited to ``min`` and ``max``."""
        return make(type(self), [clamp(component, min, max) for component in self])

    def snappedf(self, step: float) -> Self:
        """Each component rounded to the nearest multiple of ``step``; a step of 0 changes nothing."""
        return make(type(self), [snap(component, step) for component in self])

    def posmod(self, mod: float) -> Self:
        """The remainder of each component, with the sign of ``mod``."""
        return make(type(self), [_posmod(component, mod) for component in self])

    def posmodv(self, modv: Self) -> Self:
        """The remainder of each component with the sign of the same component of ``modv``."""
        return make(type(self), map(_posmod, self, modv))

    def cubic_interpolate(self, b: Self, pre_a: Self, post_b: Self, weight: float) -> Self:
        """The point at ``weight`` (0 to 1) on the cubic curve from here to ``b``, by the points before and after."""
        return make(type(self), map(cubic, self, b, pre_a, post_b, [weight] * len(self)))

    def cubic_interpolate_in_time(
        self, b: Self, pre_a: Self, post_b: Self, weight: float, b_t: float, pre_a_t: float, post_b_t: float
    ) -> Self:
        """:meth:`cubic_interpolate` with a time for each of the other points; this one is at 0."""
        times = (weight, b_t, pre_a_t, post_b_t)
        return make(type(self), [cubic_in_time(*four, *times) for four in zip(self, b, pre_a, post_b, strict=True)])


class DirectedVector(RealVector):
    """A vector of two or three dimensions."""

    __slots__ = ()

    def limit_length(self, length: float = 1.0) -> Self:
        """The vector shortened to ``length`` if it is longer."""
        own = self.length()
        return self * (length / own) if own > length and own else self

    def move_toward(self, to: Self, delta: float) -> Self:
        """The point moved towards ``to`` by ``delta``, but not beyond it."""
        way = to - self
        length = way.length()
        return to if length <= delta or length < EPSILON else self + way * (delta / length)

    def project(self, b: Self) -> Self:
        """The projection of this vector onto ``b``."""
        return b * (self.dot(b) / b.length_squared())

    def slide(self, n: Self) -> Self:
        """This movement along a wall whose unit normal is ``n``: the part that goes into the wall is removed."""
        return self - n * self.dot(n)

    def reflect(self, n: Self) -> Self:
        """This vector mirrored at the line of the unit vector ``n``; :meth:`bounce` takes a wall's normal."""
        return n * (2.0 * self.dot(n)) - self

    def bounce(self, n: Self) -> Self:
        """This movement after it hits a wall whose unit normal is ``n``."""
        return -self.reflect(n)

    def bezier_interpolate(self, control_1: Self, control_2: Self, end: Self, t: float) -> Self:
        """The point at ``t`` (0 to 1) on the cubic Bezier curve from here to ``end``."""
        rest = 1.0 - t
        near = self * rest**3 + control_1 * (3.0 * rest * rest * t)
        return near + control_2 * (3.0 * rest * t * t) + end * t**3

    def bezier_derivative(self, control_1: Self, control_2: Self, end: Self, t: float) -> Self:
        """The derivative at ``t`` (0 to 1) of the cubic Bezier curve from here to ``end``: its direction and speed."""
        rest = 1.0 - t
        near = (control_1 - self) * (3.0 * rest * rest) + (control_2 - control_1) * (6.0 * rest * t)
        return near + (end - control_2) * (3.0 * t * t)
