"""Vector2 and Vector2i."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, overload

from godot_enet.compat.variant.int_vector import GREATEST, LEAST, IntVector
from godot_enet.compat.variant.kinds import VariantType
from godot_enet.compat.variant.row import make, member, real, whole
from godot_enet.compat.variant.vectors import DirectedVector

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Vector2", "Vector2i"]


class Vector2(DirectedVector):
    """A point or a direction in the plane; ``y`` points down, and angles are in radians, clockwise on the screen.

    >>> Vector2(3, 4).normalized()
    Vector2(0.6, 0.8)
    """

    __slots__ = ()
    variant_type = VariantType.TYPE_VECTOR2
    _width = 2

    ZERO: ClassVar[Vector2]
    ONE: ClassVar[Vector2]
    INF: ClassVar[Vector2]
    LEFT: ClassVar[Vector2]
    RIGHT: ClassVar[Vector2]
    UP: ClassVar[Vector2]
    DOWN: ClassVar[Vector2]

    @overload
    def __new__(cls, x: float = 0.0, y: float = 0.0) -> Self: ...
    @overload
    def __new__(cls, x: Vector2 | Vector2i) -> Self: ...
    def __new__(cls, x: float | Vector2 | Vector2i = 0.0, y: float = 0.0) -> Self:
        if isinstance(x, (Vector2, Vector2i)):
            return make(cls, map(float, x))
        return make(cls, (real(x), real(y)))

    x = member(float, 0, "The x component, to the right.")
    y = member(float, 1, "The y component, down.")

    @staticmethod
    def from_angle(angle: float) -> Vector2:
        """The unit vector at an angle from the x axis, in radians."""
        return make(Vector2, (math.cos(angle), math.sin(angle)))

    def angle(self) -> float:
        """The angle from the x axis, in radians from -pi to pi; positive is clockwise on the screen."""
        return math.atan2(self[1], self[0])

    def angle_to(self, to: Vector2) -> float:
        """The angle from this direction to another, in radians from -pi to pi; positive is clockwise on the screen."""
        return math.atan2(self.cross(to), self.dot(to))

    def angle_to_point(self, to: Vector2) -> float:
        """The angle of the line from this point to another, from the x axis, in radians."""
        return (to - self).angle()

    def aspect(self) -> float:
        """``x`` divided by ``y``."""
        return self[0] / self[1]

    def cross(self, with_: Vector2) -> float:
        """The cross product: the signed area of the parallelogram of both vectors."""
        return self[0] * with_[1] - self[1] * with_[0]

    def orthogonal(self) -> Self:
        """The vector rotated by 90 degrees, counter-clockwise on the screen."""
        return make(type(self), (self[1], -self[0]))

    def rotated(self, angle: float) -> Self:
        """The vector rotated around the origin by ``angle`` radians, clockwise on the screen."""
        x, y = self
        sine, cosine = math.sin(angle), math.cos(angle)
        return make(type(self), (x * cosine - y * sine, x * sine + y * cosine))

    def slerp(self, to: Self, weight: float) -> Self:
        """Interpolates angle and length, by ``weight`` from 0 to 1; linearly if one of the vectors is zero."""
        start, end = self.length(), to.length()
        if not start or not end:
            return self.lerp(to, weight)
        return self.rotated(self.angle_to(to) * weight) * ((start + (end - start) * weight) / start)


class Vector2i(IntVector):
    """A point or a direction in the plane with components of type int, such as a cell of a grid."""

    __slots__ = ()
    variant_type = VariantType.TYPE_VECTOR2I
    _width = 2
    _real = Vector2

    MIN: ClassVar[Vector2i]
    MAX: ClassVar[Vector2i]
    ZERO: ClassVar[Vector2i]
    ONE: ClassVar[Vector2i]
    LEFT: ClassVar[Vector2i]
    RIGHT: ClassVar[Vector2i]
    UP: ClassVar[Vector2i]
    DOWN: ClassVar[Vector2i]

    @overload
    def __new__(cls, x: float = 0, y: float = 0) -> Self: ...
    @overload
    def __new__(cls, x: Vector2 | Vector2i) -> Self: ...
    def __new__(cls, x: float | Vector2 | Vector2i = 0, y: float = 0) -> Self:
        if isinstance(x, (Vector2, Vector2i)):
            return make(cls, map(int, x))
        return make(cls, (whole(x), whole(y)))

    x = member(int, 0, "The x component, to the right.")
    y = member(int, 1, "The y component, down.")

    def aspect(self) -> float:
        """``x`` divided by ``y``."""
        return self[0] / self[1]


Vector2.ZERO = Vector2(0.0, 0.0)
Vector2.ONE = Vector2(1.0, 1.0)
Vector2.INF = Vector2(math.inf, math.inf)
Vector2.LEFT = Vector2(-1.0, 0.0)
Vector2.RIGHT = Vector2(1.0, 0.0)
Vector2.UP = Vector2(0.0, -1.0)
Vector2.DOWN = Vector2(0.0, 1.0)

Vector2i.MIN = Vector2i(LEAST, LEAST)
Vector2i.MAX = Vector2i(GREATEST, GREATEST)
Vector2i.ZERO = Vector2i(0, 0)
Vector2i.ONE = Vector2i(1, 1)
Vector2i.LEFT = Vector2i(-1, 0)
Vector2i.RIGHT = Vector2i(1, 0)
Vector2i.UP = Vector2i(0, -1)
Vector2i.DOWN = Vector2i(0, 1)
