"""Transformations with an origin: Transform2D, Transform3D and Projection."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, overload

from godot_enet.compat.variant.kinds import VariantType
from godot_enet.compat.variant.rotations import Basis
from godot_enet.compat.variant.row import Row, close, make, real
from godot_enet.compat.variant.vector2 import Vector2
from godot_enet.compat.variant.vector3 import Vector3
from godot_enet.compat.variant.vector4 import Vector4

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Projection", "Transform2D", "Transform3D"]


class Transform2D(Row[Vector2]):
    """Where the two axes and the origin of a plane go to; angles in radians."""

    __slots__ = ()
    variant_type = VariantType.TYPE_TRANSFORM2D
    _width = 6

    IDENTITY: ClassVar[Transform2D]

    @overload
    def __new__(cls, x: Vector2 = ..., y: Vector2 = ..., origin: Vector2 = ...) -> Self: ...
    @overload
    def __new__(cls, x: float, y: Vector2) -> Self: ...
    @overload
    def __new__(cls, x: float, y: Vector2, origin: float, position: Vector2) -> Self: ...
    def __new__(
        cls, x: Any = Vector2.RIGHT, y: Any = Vector2.DOWN, origin: Any = Vector2.ZERO, position: Vector2 | None = None
    ) -> Self:
        if not isinstance(x, Vector2):  # rotation, position; or rotation, scale, skew, position
            angle, scale, skew = (real(x), Vector2.ONE, 0.0) if position is None else (real(x), y, real(origin))
            origin = y if position is None else position
            x = Vector2.from_angle(angle) * scale.x
            y = Vector2(-math.sin(angle + skew), math.cos(angle + skew)) * scale.y
        if not (isinstance(y, Vector2) and isinstance(origin, Vector2)):
            raise TypeError("the axes and the origin of a Transform2D must be Vector2")
        return make(cls, (x, y, origin))

    @property
    def x(self) -> Vector2:
        """Where the x axis goes to."""
        return self[0]

    @property
    def y(self) -> Vector2:
        """Where the y axis goes to."""
        return self[1]

    @property
    def origin(self) -> Vector2:
        """Where the origin goes to."""
        return self[2]

    @overload  # type: ignore[override]
    def __mul__(self, other: Vector2) -> Vector2: ...
    @overload
    def __mul__(self, other: Transform2D) -> Transform2D: ...
    def __mul__(self, other: Transform2D | Vector2) -> Transform2D | Vector2:
        """Both transformations, the right one first; or a transformed point."""
        if isinstance(other, Vector2):
            return self.basis_xform(other) + self.origin
        if isinstance(other, Transform2D):
            return make(Transform2D, (self.basis_xform(other.x), self.basis_xform(other.y), self * other.origin))
        return NotImplemented

    def basis_xform(self, v: Vector2) -> Vector2:
        """A transformed direction: without the origin."""
        return self.x * v[0] + self.y * v[1]

    def determinant(self) -> float:
        """The factor by which areas grow; negative when it mirrors."""
        return self.x.cross(self.y)

    def inverse(self) -> Transform2D:
        """The way back if this is a pure rotation with an origin; otherwise see :meth:`affine_inverse`."""
        x, y = Vector2(self.x.x, self.y.x), Vector2(self.x.y, self.y.y)
        return make(Transform2D, (x, y, -(x * self.origin.x + y * self.origin.y)))

    def affine_inverse(self) -> Transform2D:
        """The way back. Raises ``ZeroDivisionError`` when there is none."""
        factor = 1.0 / self.determinant()
        x, y = Vector2(self.y.y, -self.x.y) * factor, Vector2(-self.y.x, self.x.x) * factor
        return make(Transform2D, (x, y, -(x * self.origin.x + y * self.origin.y)))

    def get_rotation(self) -> float:
        """The angle of the x axis."""
        return self.x.angle()

    def get_scale(self) -> Vector2:
        """The lengths of the axes; that of y is negative when it mirrors."""
        return Vector2(self.x.length(), math.copysign(1.0, self.determinant()) * self.y.length())

    def get_skew(self) -> float:
        """The angle by which the y axis leans."""
        mirrored = math.copysign(1.0, self.determinant())
        return math.acos(max(-1.0, min(1.0, self.x.normalized().dot(self.y.normalized() * mirrored)))) - math.pi / 2

    def rotated(self, angle: float) -> Transform2D:
        """Turned further, around the origin of the world."""
        return make(Transform2D, [column.rotated(angle) for column in self])

    def scaled(self, scale: Vector2) -> Transform2D:
        """Scaled further, from the origin of the world."""
        return make(Transform2D, [column * scale for column in self])

    def translated(self, offset: Vector2) -> Transform2D:
        """Moved further, along the axes of the world."""
        return make(Transform2D, (self.x, self.y, self.origin + offset))

    def translated_local(self, offset: Vector2) -> Transform2D:
        """Moved further, along its own axes."""
        return make(Transform2D, (self.x, self.y, self * offset))

    def is_equal_approx(self, xform: Transform2D) -> bool:
        """Whether all components are equal but for rounding."""
        return all(map(close, self._to_wire(), xform._to_wire()))

    def _to_wire(self) -> tuple[float, ...]:
        return (*self[0], *self[1], *self[2])

    @classmethod
    def _from_wire(cls, numbers: tuple[float, ...]) -> Self:
        return make(cls, [make(Vector2, numbers[start : start + 2]) for start in (0, 2, 4)])


Transform2D.IDENTITY = Transform2D()


class Transform3D(Row[Any]):
    """A :class:`Basis` and an origin."""

    __slots__ = ()
    variant_type = VariantType.TYPE_TRANSFORM3D
    _width = 12

    IDENTITY: ClassVar[Transform3D]

    @overload
    def __new__(cls, basis: Basis = ..., origin: Vector3 = ...) -> Self: ...
    @overload
    def __new__(cls, basis: Projection) -> Self: ...
    @overload
    def __new__(cls, basis: Vector3, origin: Vector3, z_axis: Vector3, position: Vector3) -> Self: ...
    def __new__(
        cls,
        basis: Any = Basis.IDENTITY,
        origin: Vector3 = Vector3.ZERO,
        z_axis: Any = None,
        position: Any = None,
    ) -> Self:
        if isinstance(basis, Vector3):
            basis, origin = Basis(basis, origin, z_axis), position
        if isinstance(basis, Projection):
            *columns, origin = [Vector3(*column[:3]) for column in basis]
            basis = Basis(*columns)
        if not (isinstance(basis, Basis) and isinstance(origin, Vector3)):
            raise TypeError("a Transform3D is made of a Basis and a Vector3")
        return make(cls, (basis, origin))

    @property
    def basis(self) -> Basis:
        """Rotation, scale and shear."""
        return self[0]  # type: ignore[no-any-return]

    @property
    def origin(self) -> Vector3:
        """Where the origin goes to."""
        return self[1]  # type: ignore[no-any-return]

    @overload  # type: ignore[override]
    def __mul__(self, other: Vector3) -> Vector3: ...
    @overload
    def __mul__(self, other: Transform3D) -> Transform3D: ...
    def __mul__(self, other: Transform3D | Vector3) -> Transform3D | Vector3:
        """Both transformations, the right one first; or a transformed point."""
        if isinstance(other, Vector3):
            return self.basis * other + self.origin
        if isinstance(other, Transform3D):
            return make(Transform3D, (self.basis * other.basis, self * other.origin))
        return NotImplemented

    def inverse(self) -> Transform3D:
        """The way back if this is a pure rotation with an origin; otherwise see :meth:`affine_inverse`."""
        basis = self.basis.transposed()
        return make(Transform3D, (basis, basis * -self.origin))

    def affine_inverse(self) -> Transform3D:
        """The way back. Raises ``ZeroDivisionError`` when there is none."""
        basis = self.basis.inverse()
        return make(Transform3D, (basis, basis * -self.origin))

    def orthonormalized(self) -> Transform3D:
        """Without scale and shear."""
        return make(Transform3D, (self.basis.orthonormalized(), self.origin))

    def rotated(self, axis: Vector3, angle: float) -> Transform3D:
        """Turned further, around the origin of the world."""
        turn = Basis(axis, angle)
        return make(Transform3D, (turn * self.basis, turn * self.origin))

    def scaled(self, scale: Vector3) -> Transform3D:
        """Scaled further, from the origin of the world."""
        return make(Transform3D, (self.basis.scaled(scale), self.origin * scale))

    def translated(self, offset: Vector3) -> Transform3D:
        """Moved further, along the axes of the world."""
        return make(Transform3D, (self.basis, self.origin + offset))

    def translated_local(self, offset: Vector3) -> Transform3D:
        """Moved further, along its own axes."""
        return make(Transform3D, (self.basis, self * offset))

    def looking_at(self, target: Vector3, up: Vector3 = Vector3.UP, use_model_front: bool = False) -> Transform3D:
        """At the same place, turned towards the point ``target``; without scale."""
        return make(Transform3D, (Basis.looking_at(target - self.origin, up, use_model_front), self.origin))

    def interpolate_with(self, xform: Transform3D, weight: float) -> Transform3D:
        """Between the two: rotations by angle, scales and origins along straight lines."""
        turn = self.basis.get_rotation_quaternion().slerp(xform.basis.get_rotation_quaternion(), weight)
        scale = self.basis.get_scale().lerp(xform.basis.get_scale(), weight)
        basis = Basis(turn) * Basis.from_scale(scale)
        return make(Transform3D, (basis, self.origin.lerp(xform.origin, weight)))

    def is_equal_approx(self, xform: Transform3D) -> bool:
        """Whether all components are equal but for rounding."""
        return all(map(close, self._to_wire(), xform._to_wire()))

    def _to_wire(self) -> tuple[float, ...]:
        return (*self.basis._to_wire(), *self.origin)

    @classmethod
    def _from_wire(cls, numbers: tuple[float, ...]) -> Self:
        return make(cls, (Basis._from_wire(numbers[:9]), make(Vector3, numbers[9:])))


Transform3D.IDENTITY = make(Transform3D, (Basis.IDENTITY, Vector3.ZERO))


class Projection(Row[Vector4]):
    """A 4 x 4 matrix for cameras; the members are its columns."""

    __slots__ = ()
    variant_type = VariantType.TYPE_PROJECTION
    _width = 16

    IDENTITY: ClassVar[Projection]

    @overload
    def __new__(cls) -> Self: ...
    @overload
    def __new__(cls, x: Transform3D) -> Self: ...
    @overload
    def __new__(cls, x: Vector4, y: Vector4, z: Vector4, w: Vector4) -> Self: ...
    def __new__(cls, x: Any = Transform3D.IDENTITY, y: Any = None, z: Any = None, w: Any = None) -> Self:
        if isinstance(x, Transform3D):
            x, y, z, w = [make(Vector4, (*axis, 0.0)) for axis in x.basis] + [make(Vector4, (*x.origin, 1.0))]
        if not all(isinstance(column, Vector4) for column in (x, y, z, w)):
            raise TypeError("the columns of a Projection must be Vector4")
        return make(cls, (x, y, z, w))

    @property
    def x(self) -> Vector4:
        """The first column."""
        return self[0]

    @property
    def y(self) -> Vector4:
        """The second column."""
        return self[1]

    @property
    def z(self) -> Vector4:
        """The third column."""
        return self[2]

    @property
    def w(self) -> Vector4:
        """The fourth column."""
        return self[3]

    @overload  # type: ignore[override]
    def __mul__(self, other: Vector4) -> Vector4: ...
    @overload
    def __mul__(self, other: Projection) -> Projection: ...
    def __mul__(self, other: Projection | Vector4) -> Projection | Vector4:
        """Both, the right one first; or a transformed vector."""
        if isinstance(other, Vector4):
            return self.x * other[0] + self.y * other[1] + self.z * other[2] + self.w * other[3]
        if isinstance(other, Projection):
            return make(Projection, [self * column for column in other])
        return NotImplemented

    def _to_wire(self) -> tuple[float, ...]:
        return (*self[0], *self[1], *self[2], *self[3])

    @classmethod
    def _from_wire(cls, numbers: tuple[float, ...]) -> Self:
        return make(cls, [make(Vector4, numbers[start : start + 4]) for start in (0, 4, 8, 12)])


Projection.IDENTITY = Projection()
