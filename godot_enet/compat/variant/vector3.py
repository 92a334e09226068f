"""Vector3 and Vector3i."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, overload

from godot_enet.compat.variant.kinds import VariantType
from godot_enet.compat.variant.row import make, real, whole
from godot_enet.compat.variant.vectors import DirectedVector, IntVector

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Vector3", "Vector3i"]


class Vector3(DirectedVector):
    """A point or a direction in space; ``y`` points up, and forward is ``-z``."""

    __slots__ = ()
    variant_type = VariantType.TYPE_VECTOR3
    _width = 3

    ZERO: ClassVar[Vector3]
    ONE: ClassVar[Vector3]
    INF: ClassVar[Vector3]
    LEFT: ClassVar[Vector3]
    RIGHT: ClassVar[Vector3]
    UP: ClassVar[Vector3]
    DOWN: ClassVar[Vector3]
    FORWARD: ClassVar[Vector3]
    BACK: ClassVar[Vector3]

    @overload
    def __new__(cls, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Self: ...
    @overload
    def __new__(cls, x: Vector3 | Vector3i) -> Self: ...
    def __new__(cls, x: float | Vector3 | Vector3i = 0.0, y: float = 0.0, z: float = 0.0) -> Self:
        if isinstance(x, (Vector3, Vector3i)):
            return make(cls, map(float, x))
        return make(cls, (real(x), real(y), real(z)))

    @property
    def x(self) -> float:
        """To the right."""
        return self[0]

    @property
    def y(self) -> float:
        """Up."""
        return self[1]

    @property
    def z(self) -> float:
        """Back."""
        return self[2]

    def cross(self, with_: Vector3) -> Vector3:
        """The normal of the two; its length is the area they span."""
        ax, ay, az = self
        bx, by, bz = with_
        return make(Vector3, (ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx))

    def angle_to(self, to: Vector3) -> float:
        """The angle between the two, 0 to pi."""
        return math.atan2(self.cross(to).length(), self.dot(to))

    def signed_angle_to(self, to: Vector3, axis: Vector3) -> float:
        """The angle between the two, positive when it is counter-clockwise around ``axis``."""
        cross = self.cross(to)
        angle = math.atan2(cross.length(), self.dot(to))
        return -angle if cross.dot(axis) < 0.0 else angle

    def rotated(self, axis: Vector3, angle: float) -> Vector3:
        """Turned around an axis of length 1, by Rodrigues' formula."""
        cosine = math.cos(angle)
        along = axis * (axis.dot(self) * (1.0 - cosine))
        return make(Vector3, self) * cosine + axis.cross(self) * math.sin(angle) + along

    def slerp(self, to: Vector3, weight: float) -> Vector3:
        """Between the two by angle and by length; along the straight line when they have no common plane."""
        start, end = self.length(), to.length()
        axis = self.cross(to).normalized()
        if not any(axis):
            return make(Vector3, self).lerp(to, weight)
        return self.rotated(axis, self.angle_to(to) * weight) * ((start + (end - start) * weight) / start)


class Vector3i(IntVector):
    """A cell in a grid of three dimensions."""

    __slots__ = ()
    variant_type = VariantType.TYPE_VECTOR3I
    _width = 3

    ZERO: ClassVar[Vector3i]
    ONE: ClassVar[Vector3i]
    LEFT: ClassVar[Vector3i]
    RIGHT: ClassVar[Vector3i]
    UP: ClassVar[Vector3i]
    DOWN: ClassVar[Vector3i]
    FORWARD: ClassVar[Vector3i]
    BACK: ClassVar[Vector3i]

    @overload
    def __new__(cls, x: float = 0, y: float = 0, z: float = 0) -> Self: ...
    @overload
    def __new__(cls, x: Vector3 | Vector3i) -> Self: ...
    def __new__(cls, x: float | Vector3 | Vector3i = 0, y: float = 0, z: float = 0) -> Self:
        if isinstance(x, (Vector3, Vector3i)):
            return make(cls, map(int, x))
        return make(cls, (whole(x), whole(y), whole(z)))

    @property
    def x(self) -> int:
        """To the right."""
        return self[0]

    @property
    def y(self) -> int:
        """Up."""
        return self[1]

    @property
    def z(self) -> int:
        """Back."""
        return self[2]


Vector3.ZERO = Vector3(0.0, 0.0, 0.0)
Vector3.ONE = Vector3(1.0, 1.0, 1.0)
Vector3.INF = Vector3(math.inf, math.inf, math.inf)
Vector3.LEFT = Vector3(-1.0, 0.0, 0.0)
Vector3.RIGHT = Vector3(1.0, 0.0, 0.0)
Vector3.UP = Vector3(0.0, 1.0, 0.0)
Vector3.DOWN = Vector3(0.0, -1.0, 0.0)
Vector3.FORWARD = Vector3(0.0, 0.0, -1.0)
Vector3.BACK = Vector3(0.0, 0.0, 1.0)

Vector3i.ZERO = Vector3i(0, 0, 0)
Vector3i.ONE = Vector3i(1, 1, 1)
Vector3i.LEFT = Vector3i(-1, 0, 0)
Vector3i.RIGHT = Vector3i(1, 0, 0)
Vector3i.UP = Vector3i(0, 1, 0)
Vector3i.DOWN = Vector3i(0, -1, 0)
Vector3i.FORWARD = Vector3i(0, 0, -1)
Vector3i.BACK = Vector3i(0, 0, 1)
