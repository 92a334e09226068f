"""Transformations with an origin: Transform2D and Transform3D.

``transform * thing`` transforms it; ``thing * transform`` transforms it back, if the transform is a pure rotation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, overload

from godot_enet.compat.variant.kinds import VariantType
from godot_enet.compat.variant.packed_rows import PackedVector2Array, PackedVector3Array
from godot_enet.compat.variant.plane import Plane
from godot_enet.compat.variant.rotations import Basis
from godot_enet.compat.variant.row import Row, close, make, member, real
from godot_enet.compat.variant.shapes import AABB, Rect2
from godot_enet.compat.variant.vector2 import Vector2
from godot_enet.compat.variant.vector3 import Vector3

if TYPE_CHECKING:
    from typing_extensions import Self

    from godot_enet.compat.variant.projection import Projection

__all__ = ["Transform2D", "Transform3D"]


def _each(transform: Callable[[Any], Any], thing: object) -> Any:
    """Types that consist of points, transformed point by point."""
    if isinstance(thing, (Rect2, AABB)):
        return thing._around(list(map(transform, thing._corners())))
    if isinstance(thing, (PackedVector2Array, PackedVector3Array)):
        return type(thing)(map(transform, thing))
    return NotImplemented


def _lerp_angle(start: float, to: float, weight: float) -> float:
    """Between two angles, by the shorter way."""
    return start + math.remainder(to - start, math.tau) * weight


def _through(point: Vector3, normal: Vector3) -> Plane:
    """The plane through a point."""
    return Plane(normal.normalized(), point)


class Transform2D(Row[Vector2]):
    """Where the two axes and the origin of a plane go to; angles in radians.

    >>> Transform2D(0.0, Vector2(10, 0)) * Vector2(1, 2)
    Vector2(11.0, 2.0)
    """

    __slots__ = ()
    variant_type = VariantType.TYPE_TRANSFORM2D
    _width = 6

    IDENTITY: ClassVar[Transform2D]
    FLIP_X: ClassVar[Transform2D]
    FLIP_Y: ClassVar[Transform2D]

    @overload
    def __new__(cls, x: Vector2 = ..., y: Vector2 = ..., origin: Vector2 = ...) -> Self: ...
    @overload
    def __new__(cls, x: Transform2D) -> Self: ...
    @overload
    def __new__(cls, x: float, y: Vector2) -> Self: ...
    @overload
    def __new__(cls, x: float, y: Vector2, origin: float, position: Vector2) -> Self: ...
    def __new__(
        cls, x: Any = Vector2.RIGHT, y: Any = Vector2.DOWN, origin: Any = Vector2.ZERO, position: Vector2 | None = None
    ) -> Self:
        if isinstance(x, Transform2D):
            return make(cls, x)
        if not isinstance(x, Vector2):  # rotation, position; or rotation, scale, skew, position
            angle, scale, skew = (real(x), Vector2.ONE, 0.0) if position is None else (real(x), y, real(origin))
            origin = y if position is None else position
            x = Vector2.from_angle(angle) * scale.x
            y = Vector2(-math.sin(angle + skew), math.cos(angle + skew)) * scale.y
        if not (isinstance(y, Vector2) and isinstance(origin, Vector2)):
            raise TypeError("the axes and the origin of a Transform2D must be Vector2")
        return make(cls, (x, y, origin))

    x = member(Vector2, 0, "Where the x axis goes to.")
    y = member(Vector2, 1, "Where the y axis goes to.")
    origin = member(Vector2, 2, "The origin: where the point zero goes to.")

    @overload  # type: ignore[override]
    def __mul__(self, other: Vector2) -> Vector2: ...
    @overload
    def __mul__(self, other: Transform2D | float) -> Transform2D: ...
    @overload
    def __mul__(self, other: Rect2) -> Rect2: ...
    @overload
    def __mul__(self, other: PackedVector2Array) -> PackedVector2Array: ...
    def __mul__(self, other: Any) -> Any:
        """Both transformations, the right one first; or what is transformed; or all columns scaled."""
        if isinstance(other, Vector2):
            return self.basis_xform(other) + self.origin
        if isinstance(other, Transform2D):
            return make(Transform2D, (self.basis_xform(other.x), self.basis_xform(other.y), self * other.origin))
        if isinstance(other, (float, int)):
            return make(Transform2D, [column * other for column in self])
        return _each(self.__mul__, other)

    @overload  # type: ignore[override]
    def __rmul__(self, other: Vector2) -> Vector2: ...
    @overload
    def __rmul__(self, other: Rect2) -> Rect2: ...
    @overload
    def __rmul__(self, other: PackedVector2Array) -> PackedVector2Array: ...
    def __rmul__(self, other: Any) -> Any:
        if isinstance(other, Vector2):
            return self.basis_xform_inv(other - self.origin)
        return _each(self.__rmul__, other)

    def __truediv__(self, other: float) -> Transform2D:
        return self * (1.0 / other) if isinstance(other, (float, int)) else NotImplemented

    def basis_xform(self, v: Vector2) -> Vector2:
        """The vector transformed without the origin, as for a direction."""
        return self.x * v[0] + self.y * v[1]

    def basis_xform_inv(self, v: Vector2) -> Vector2:
        """The vector transformed by the inverse without the origin; valid for a pure rotation only."""
        return Vector2(self.x.dot(v), self.y.dot(v))

    def determinant(self) -> float:
        """The determinant: the factor by which areas grow, negative if the transform mirrors."""
        return self.x.cross(self.y)

    def inverse(self) -> Transform2D:
        """The inverse of a transform that only rotates and moves; :meth:`affine_inverse` is for all others."""
        x, y = Vector2(self.x.x, self.y.x), Vector2(self.x.y, self.y.y)
        return make(Transform2D, (x, y, -(x * self.origin.x + y * self.origin.y)))

    def affine_inverse(self) -> Transform2D:
        """The inverse. Raises ``ZeroDivisionError`` if there is none."""
        factor = 1.0 / self.determinant()
        x, y = Vector2(self.y.y, -self.x.y) * factor, Vector2(-self.y.x, self.x.x) * factor
        return make(Transform2D, (x, y, -(x * self.origin.x + y * self.origin.y)))

    def get_origin(self) -> Vector2:
        """The origin: where the point zero goes to."""
        return self.origin

    def get_rotation(self) -> float:
        """The rotation: the angle of the x axis, in radians."""
        return self.x.angle()

    def get_scale(self) -> Vector2:
        """The scale: the lengths of the axes; that of y is negative if the transform mirrors."""
        return Vector2(self.x.length(), math.copysign(1.0, self.determinant()) * self.y.length())

    def get_skew(self) -> float:
        """The skew, in radians."""
        mirrored = math.copysign(1.0, self.determinant())
        return math.acos(max(-1.0, min(1.0, self.x.normalized().dot(self.y.normalized() * mirrored)))) - math.pi / 2

    def rotated(self, angle: float) -> Transform2D:
        """The transform rotated by ``angle`` radians around the parent's origin."""
        return make(Transform2D, [column.rotated(angle) for column in self])

    def scaled(self, scale: Vector2) -> Transform2D:
        """The transform scaled from the parent's origin."""
        return make(Transform2D, [column * scale for column in self])

    def rotated_local(self, angle: float) -> Transform2D:
        """The transform rotated by ``angle`` radians around its own origin."""
        return self * Transform2D(angle, Vector2.ZERO)

    def scaled_local(self, scale: Vector2) -> Transform2D:
        """The transform scaled along its own axes."""
        return make(Transform2D, (self.x * scale.x, self.y * scale.y, self.origin))

    def orthonormalized(self) -> Transform2D:
        """The transform without scale and skew."""
        x = self.x.normalized()
        return make(Transform2D, (x, (self.y - x * x.dot(self.y)).normalized(), self.origin))

    def looking_at(self, target: Vector2 = Vector2.ZERO) -> Transform2D:
        """The transform with the same origin, rotated so that its x axis points at ``target``."""
        turn = (self.affine_inverse() * target * self.get_scale()).angle()
        return Transform2D(self.get_rotation() + turn, self.origin)

    def interpolate_with(self, xform: Transform2D, weight: float) -> Transform2D:
        """Interpolates by ``weight`` (0 to 1): rotation and skew along the shorter arc, scale and origin linearly."""
        return Transform2D(
            _lerp_angle(self.get_rotation(), xform.get_rotation(), weight),
            self.get_scale().lerp(xform.get_scale(), weight),
            _lerp_angle(self.get_skew(), xform.get_skew(), weight),
            self.origin.lerp(xform.origin, weight),
        )

    def is_conformal(self) -> bool:
        """Whether it preserves angles: the axes are orthogonal and of equal length."""
        (xx, xy), (yx, yy), _ = self
        return (close(xx, yy) and close(xy, -yx)) or (close(xx, -yy) and close(xy, yx))

    def translated(self, offset: Vector2) -> Transform2D:
        """The transform moved by ``offset`` along the axes of the parent."""
        return make(Transform2D, (self.x, self.y, self.origin + offset))

    def translated_local(self, offset: Vector2) -> Transform2D:
        """The transform moved by ``offset`` along its own axes."""
        return make(Transform2D, (self.x, self.y, self * offset))

    def _to_wire(self) -> tuple[float, ...]:
        return (*self[0], *self[1], *self[2])

    @classmethod
    def _from_wire(cls, numbers: tuple[float, ...]) -> Self:
        return make(cls, [make(Vector2, numbers[start : start + 2]) for start in (0, 2, 4)])


Transform2D.IDENTITY = Transform2D()
Transform2D.FLIP_X = Transform2D(Vector2.LEFT, Vector2.DOWN, Vector2.ZERO)
Transform2D.FLIP_Y = Transform2D(Vector2.RIGHT, Vector2.UP, Vector2.ZERO)


class Transform3D(Row[Any]):
    """A :class:`Basis` and an origin."""

    __slots__ = ()
    variant_type = VariantType.TYPE_TRANSFORM3D
    _width = 12

    IDENTITY: ClassVar[Transform3D]
    FLIP_X: ClassVar[Transform3D]
    FLIP_Y: ClassVar[Transform3D]
    FLIP_Z: ClassVar[Transform3D]

    @overload
    def __new__(cls, basis: Basis = ..., origin: Vector3 = ...) -> Self: ...
    @overload
    def __new__(cls, basis: Projection | Transform3D) -> Self: ...
    @overload
    def __new__(cls, basis: Vector3, origin: Vector3, z_axis: Vector3, position: Vector3) -> Self: ...
    def __new__(
        cls,
        basis: Any = Basis.IDENTITY,
        origin: Vector3 = Vector3.ZERO,
        z_axis: Any = None,
        position: Any = None,
    ) -> Self:
        if isinstance(basis, Transform3D):
            return make(cls, basis)
        if isinstance(basis, Vector3):
            basis, origin = Basis(basis, origin, z_axis), position
        if isinstance(basis, Row) and basis.variant_type is VariantType.TYPE_PROJECTION:
            *columns, origin = [Vector3(*column[:3]) for column in basis]
            basis = Basis(*columns)
        if not (isinstance(basis, Basis) and isinstance(origin, Vector3)):
            raise TypeError("a Transform3D is made of a Basis and a Vector3")
        return make(cls, (basis, origin))

    basis = member(Basis, 0, "Rotation, scale and shear.")
    origin = member(Vector3, 1, "The origin: where the point zero goes to.")

    @overload  # type: ignore[override]
    def __mul__(self, other: Vector3) -> Vector3: ...
    @overload
    def __mul__(self, other: Transform3D | float) -> Transform3D: ...
    @overload
    def __mul__(self, other: AABB) -> AABB: ...
    @overload
    def __mul__(self, other: Plane) -> Plane: ...
    @overload
    def __mul__(self, other: PackedVector3Array) -> PackedVector3Array: ...
    def __mul__(self, other: Any) -> Any:
        """Both transformations, the right one first; or what is transformed; or everything scaled."""
        if isinstance(other, Vector3):
            return self.basis * other + self.origin
        if isinstance(other, Transform3D):
            return make(Transform3D, (self.basis * other.basis, self * other.origin))
        if isinstance(other, Plane):
            return _through(self * other.get_center(), self.basis.inverse().transposed() * other.normal)
        if isinstance(other, (float, int)):
            return make(Transform3D, (self.basis * other, self.origin * other))
        return _each(self.__mul__, other)

    @overload  # type: ignore[override]
    def __rmul__(self, other: Vector3) -> Vector3: ...
    @overload
    def __rmul__(self, other: AABB) -> AABB: ...
    @overload
    def __rmul__(self, other: Plane) -> Plane: ...
    @overload
    def __rmul__(self, other: PackedVector3Array) -> PackedVector3Array: ...
    def __rmul__(self, other: Any) -> Any:
        """As described above; a plane is transformed back by any transform."""
        if isinstance(other, Vector3):
            return (other - self.origin) * self.basis
        if isinstance(other, Plane):
            return _through(self.affine_inverse() * other.get_center(), self.basis.transposed() * other.normal)
        return _each(self.__rmul__, other)

    def __truediv__(self, other: float) -> Transform3D:
        return self * (1.0 / other) if isinstance(other, (float, int)) else NotImplemented

    def inverse(self) -> Transform3D:
        """The inverse of a transform that only rotates and moves; :meth:`affine_inverse` is for all others."""
        basis = self.basis.transposed()
        return make(Transform3D, (basis, basis * -self.origin))

    def affine_inverse(self) -> Transform3D:
        """The inverse. Raises ``ZeroDivisionError`` if there is none."""
        basis = self.basis.inverse()
        return make(Transform3D, (basis, basis * -self.origin))

    def orthonormalized(self) -> Transform3D:
        """The transform without scale and shear."""
        return make(Transform3D, (self.basis.orthonormalized(), self.origin))

    def rotated(self, axis: Vector3, angle: float) -> Transform3D:
        """The transform rotated by ``angle`` radians around the parent's origin."""
        turn = Basis(axis, angle)
        return make(Transform3D, (turn * self.basis, turn * self.origin))

    def scaled(self, scale: Vector3) -> Transform3D:
        """The transform scaled from the parent's origin."""
        return make(Transform3D, (self.basis.scaled(scale), self.origin * scale))

    def rotated_local(self, axis: Vector3, angle: float) -> Transform3D:
        """The transform rotated by ``angle`` radians around ``axis``, a unit vector in its own coordinates."""
        return make(Transform3D, (self.basis * Basis(axis, angle), self.origin))

    def scaled_local(self, scale: Vector3) -> Transform3D:
        """The transform scaled along its own axes."""
        return make(Transform3D, (self.basis.scaled_local(scale), self.origin))

    def translated(self, offset: Vector3) -> Transform3D:
        """The transform moved by ``offset`` along the axes of the parent."""
        return make(Transform3D, (self.basis, self.origin + offset))

    def translated_local(self, offset: Vector3) -> Transform3D:
        """The transform moved by ``offset`` along its own axes."""
        return make(Transform3D, (self.basis, self * offset))

    def looking_at(self, target: Vector3, up: Vector3 = Vector3.UP, use_model_front: bool = False) -> Transform3D:
        """The same origin, rotated so that ``-z`` (``z`` with ``use_model_front``) points at ``target``."""
        return make(Transform3D, (Basis.looking_at(target - self.origin, up, use_model_front), self.origin))

    def interpolate_with(self, xform: Transform3D, weight: float) -> Transform3D:
        """Interpolates by ``weight`` from 0 to 1: the rotation spherically, scale and origin linearly."""
        turn = self.basis.get_rotation_quaternion().slerp(xform.basis.get_rotation_quaternion(), weight)
        scale = self.basis.get_scale().lerp(xform.basis.get_scale(), weight)
        basis = Basis(turn) * Basis.from_scale(scale)
        return make(Transform3D, (basis, self.origin.lerp(xform.origin, weight)))

    def _to_wire(self) -> tuple[float, ...]:
        return (*self.basis._to_wire(), *self.origin)

    @classmethod
    def _from_wire(cls, numbers: tuple[float, ...]) -> Self:
        return make(cls, (Basis._from_wire(numbers[:9]), make(Vector3, numbers[9:])))


Transform3D.IDENTITY = Transform3D()
Transform3D.FLIP_X = Transform3D(Basis.FLIP_X)
Transform3D.FLIP_Y = Transform3D(Basis.FLIP_Y)
Transform3D.FLIP_Z = Transform3D(Basis.FLIP_Z)
