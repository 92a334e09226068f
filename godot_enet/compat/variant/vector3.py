"""Vector3 and Vector3i."""

from __future__ import annotations

import builtins
import math
from typing import TYPE_CHECKING, ClassVar, overload

from godot_enet.compat.variant.int_vector import GREATEST, LEAST, IntVector
from godot_enet.compat.variant.kinds import VariantType
from godot_enet.compat.variant.row import make, member, real, whole
from godot_enet.compat.variant.vector2 import Vector2
from godot_enet.compat.variant.vectors import DirectedVector

if TYPE_CHECKING:
    from typing_extensions import Self

    from godot_enet.compat.variant.rotations import Basis

__all__ = ["Vector3", "Vector3i"]


class Vector3(DirectedVector):
    """A point or a direction in space; ``y`` points up, and forward is ``-z``."""

    __slots__ = ()
    variant_type = VariantType.TYPE_VECTOR3
    _width = 3

    AXIS_Z: ClassVar[int] = 2
    ZERO: ClassVar[Vector3]
    ONE: ClassVar[Vector3]
    INF: ClassVar[Vector3]
    LEFT: ClassVar[Vector3]
    RIGHT: ClassVar[Vector3]
    UP: ClassVar[Vector3]
    DOWN: ClassVar[Vector3]
    FORWARD: ClassVar[Vector3]
    BACK: ClassVar[Vector3]
    MODEL_LEFT: ClassVar[Vector3]
    MODEL_RIGHT: ClassVar[Vector3]
    MODEL_TOP: ClassVar[Vector3]
    MODEL_BOTTOM: ClassVar[Vector3]
    MODEL_FRONT: ClassVar[Vector3]
    MODEL_REAR: ClassVar[Vector3]

    @overload
    def __new__(cls, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Self: ...
    @overload
    def __new__(cls, x: Vector3 | Vector3i) -> Self: ...
    def __new__(cls, x: float | Vector3 | Vector3i = 0.0, y: float = 0.0, z: float = 0.0) -> Self:
        if isinstance(x, (Vector3, Vector3i)):
            return make(cls, map(float, x))
        return make(cls, (real(x), real(y), real(z)))

    x = member(float, 0, "The x component, to the right.")
    y = member(float, 1, "The y component, up.")
    z = member(float, 2, "The z component, back.")

    def cross(self, with_: Vector3) -> Vector3:
        """The cross product: perpendicular to both vectors, and as long as the area of their parallelogram."""
        ax, ay, az = self
        bx, by, bz = with_
        return make(Vector3, (ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx))

    def angle_to(self, to: Vector3) -> float:
        """The angle between both directions, in radians from 0 to pi."""
        return math.atan2(self.cross(to).length(), self.dot(to))

    def signed_angle_to(self, to: Vector3, axis: Vector3) -> float:
        """The angle to another direction, in radians; positive if counter-clockwise seen from the side of ``axis``."""
        cross = self.cross(to)
        angle = math.atan2(cross.length(), self.dot(to))
        return -angle if cross.dot(axis) < 0.0 else angle

    def rotated(self, axis: Vector3, angle: float) -> Vector3:
        """The vector rotated by ``angle`` radians around ``axis``, a unit vector."""
        cosine = math.cos(angle)
        along = axis * (axis.dot(self) * (1.0 - cosine))
        return make(Vector3, self) * cosine + axis.cross(self) * math.sin(angle) + along

    def slerp(self, to: Vector3, weight: float) -> Vector3:
        """Interpolates angle and length, by ``weight`` from 0 to 1; linearly if the directions are parallel."""
        start, end = self.length(), to.length()
        axis = self.cross(to).normalized()
        if not any(axis):
            return make(Vector3, self).lerp(to, weight)
        return self.rotated(axis, self.angle_to(to) * weight) * ((start + (end - start) * weight) / start)

    def outer(self, with_: Vector3) -> Basis:
        """The outer product: the products of all components, of this vector by rows and the other by columns."""
        from godot_enet.compat.variant.rotations import Basis  # which is made of these

        return make(Basis, [make(Vector3, self) * component for component in with_])

    def octahedron_encode(self) -> Vector2:
        """This direction, a unit vector, in octahedral encoding: two components from 0 to 1."""
        x, y, z = (component / sum(map(builtins.abs, self)) for component in self)
        if z < 0.0:  # the lower half, folded out over the corners
            x, y = (1.0 - builtins.abs(y)) * _side(x), (1.0 - builtins.abs(x)) * _side(y)
        return make(Vector2, (x * 0.5 + 0.5, y * 0.5 + 0.5))

    @staticmethod
    def octahedron_decode(uv: Vector2) -> Vector3:
        """The unit vector that :meth:`octahedron_encode` was called on."""
        x, y = (component * 2.0 - 1.0 for component in uv)
        z = 1.0 - builtins.abs(x) - builtins.abs(y)
        fold = max(0.0, min(1.0, -z))
        return make(Vector3, (x - fold * _side(x), y - fold * _side(y), z)).normalized()


def _side(number: float) -> float:
    return 1.0 if number >= 0.0 else -1.0


class Vector3i(IntVector):
    """A point or a direction in space with components of type int, such as a cell of a grid."""

    __slots__ = ()
    variant_type = VariantType.TYPE_VECTOR3I
    _width = 3
    _real = Vector3

    AXIS_Z: ClassVar[int] = 2
    MIN: ClassVar[Vector3i]
    MAX: ClassVar[Vector3i]
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

    x = member(int, 0, "The x component, to the right.")
    y = member(int, 1, "The y component, up.")
    z = member(int, 2, "The z component, back.")


Vector3.ZERO = Vector3(0.0, 0.0, 0.0)
Vector3.ONE = Vector3(1.0, 1.0, 1.0)
Vector3.INF = Vector3(math.inf, math.inf, math.inf)
Vector3.LEFT = Vector3(-1.0, 0.0, 0.0)
Vector3.RIGHT = Vector3(1.0, 0.0, 0.0)
Vector3.UP = Vector3(0.0, 1.0, 0.0)
Vector3.DOWN = Vector3(0.0, -1.0, 0.0)
Vector3.FORWARD = Vector3(0.0, 0.0, -1.0)
Vector3.BACK = Vector3(0.0, 0.0, 1.0)
Vector3.MODEL_LEFT = Vector3.RIGHT  # a model looks at the viewer
Vector3.MODEL_RIGHT = Vector3.LEFT
Vector3.MODEL_TOP = Vector3.UP
Vector3.MODEL_BOTTOM = Vector3.DOWN
Vector3.MODEL_FRONT = Vector3.BACK
Vector3.MODEL_REAR = Vector3.FORWARD

Vector3i.MIN = Vector3i(LEAST, LEAST, LEAST)
Vector3i.MAX = Vector3i(GREATEST, GREATEST, GREATEST)
Vector3i.ZERO = Vector3i(0, 0, 0)
Vector3i.ONE = Vector3i(1, 1, 1)
Vector3i.LEFT = Vector3i(-1, 0, 0)
Vector3i.RIGHT = Vector3i(1, 0, 0)
Vector3i.UP = Vector3i(0, 1, 0)
Vector3i.DOWN = Vector3i(0, -1, 0)
Vector3i.FORWARD = Vector3i(0, 0, -1)
Vector3i.BACK = Vector3i(0, 0, 1)
