"""Rotations in space: Quaternion and Basis. Angles are in radians, and Euler angles in Godot's order, YXZ."""

from __future__ import annotations

import math
from operator import mul
from typing import TYPE_CHECKING, Any, ClassVar, overload

from godot_enet.compat.variant.kinds import VariantType
from godot_enet.compat.variant.row import Arithmetic, Row, close, make, real
from godot_enet.compat.variant.vector3 import Vector3

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Basis", "Quaternion"]


class Quaternion(Arithmetic):
    """A rotation without gimbal lock; its length should be 1."""

    __slots__ = ()
    variant_type = VariantType.TYPE_QUATERNION
    _width = 4

    IDENTITY: ClassVar[Quaternion]

    @overload
    def __new__(cls, x: float = 0.0, y: float = 0.0, z: float = 0.0, w: float = 1.0) -> Self: ...
    @overload
    def __new__(cls, x: Basis) -> Self: ...
    @overload
    def __new__(cls, x: Vector3, y: float | Vector3) -> Self: ...
    def __new__(cls, x: Any = 0.0, y: Any = 0.0, z: float = 0.0, w: float = 1.0) -> Self:
        if isinstance(x, Basis):
            return make(cls, x.get_rotation_quaternion())
        if isinstance(x, Vector3):
            return make(cls, _shortest_arc(x, y) if isinstance(y, Vector3) else _around(x, y))
        return make(cls, (real(x), real(y), real(z), real(w)))

    @staticmethod
    def from_euler(euler: Vector3) -> Quaternion:
        """From the turns around x, y and z, of which that around y comes first."""
        x, y, z = euler
        turns = (_around(Vector3.UP, y), _around(Vector3.RIGHT, x), _around(Vector3.BACK, z))
        return turns[0] * turns[1] * turns[2]

    @property
    def x(self) -> float:
        """The first imaginary part."""
        return self[0]

    @property
    def y(self) -> float:
        """The second imaginary part."""
        return self[1]

    @property
    def z(self) -> float:
        """The third imaginary part."""
        return self[2]

    @property
    def w(self) -> float:
        """The real part."""
        return self[3]

    @overload  # type: ignore[override]
    def __mul__(self, other: Vector3) -> Vector3: ...
    @overload
    def __mul__(self, other: Quaternion | float) -> Quaternion: ...
    def __mul__(self, other: Quaternion | Vector3 | float) -> Quaternion | Vector3:
        """Both rotations, the right one first; or a rotated vector; or all components scaled."""
        if isinstance(other, Vector3):
            imaginary = make(Vector3, self[:3])
            turn = imaginary.cross(other) * 2.0
            return other + turn * self.w + imaginary.cross(turn)
        if not isinstance(other, Quaternion):
            return super().__mul__(other)
        ax, ay, az, aw = self
        bx, by, bz, bw = other
        return make(
            Quaternion,
            (
                aw * bx + ax * bw + ay * bz - az * by,
                aw * by + ay * bw + az * bx - ax * bz,
                aw * bz + az * bw + ax * by - ay * bx,
                aw * bw - ax * bx - ay * by - az * bz,
            ),
        )

    def __truediv__(self, other: float) -> Self:  # type: ignore[override]
        return NotImplemented if isinstance(other, Quaternion) else super().__truediv__(other)

    def dot(self, with_: Quaternion) -> float:
        """The sum of the products of the components."""
        total: float = sum(map(mul, self, with_))
        return total

    def length(self) -> float:
        """1 for a rotation."""
        return math.sqrt(self.dot(self))

    def length_squared(self) -> float:
        """The same without the root."""
        return self.dot(self)

    def normalized(self) -> Self:
        """With a length of 1."""
        return self / self.length()

    def is_normalized(self) -> bool:
        """Whether the length is 1, with a tolerance of 0.001 to its square."""
        return abs(self.dot(self) - 1.0) < 0.001

    def inverse(self) -> Quaternion:
        """The rotation back."""
        return make(Quaternion, (-self.x, -self.y, -self.z, self.w))

    def angle_to(self, to: Quaternion) -> float:
        """The angle between the two rotations."""
        cosine = self.dot(to)
        return math.acos(max(-1.0, min(1.0, cosine * cosine * 2.0 - 1.0)))

    def get_angle(self) -> float:
        """How far it turns."""
        return 2.0 * math.acos(max(-1.0, min(1.0, self.w)))

    def get_axis(self) -> Vector3:
        """What it turns around; without a turn, the imaginary part as it is."""
        imaginary = make(Vector3, self[:3])
        return imaginary if abs(self.w) > 1.0 - 0.00001 else imaginary / math.sqrt(1.0 - self.w * self.w)

    def get_euler(self) -> Vector3:
        """The turns around x, y and z, of which that around y comes first."""
        return Basis(self).get_euler()

    def slerp(self, to: Quaternion, weight: float) -> Quaternion:
        """Between the two, by the shorter way and at an even speed."""
        start, cosine = make(Quaternion, self), self.dot(to)
        if cosine < 0.0:
            to, cosine = -to, -cosine
        if 1.0 - cosine <= 0.00001:
            return start * (1.0 - weight) + to * weight
        angle = math.acos(cosine)
        before, after = math.sin((1.0 - weight) * angle), math.sin(weight * angle)
        return (start * before + to * after) / math.sin(angle)


def _around(axis: Vector3, angle: float) -> Quaternion:
    length = axis.length()
    if not length:
        return make(Quaternion, (0.0, 0.0, 0.0, 0.0))
    return make(Quaternion, (*(axis * (math.sin(angle * 0.5) / length)), math.cos(angle * 0.5)))


def _shortest_arc(start: Vector3, end: Vector3) -> Quaternion:
    a, b = start.normalized(), end.normalized()
    cosine = a.dot(b)
    if cosine < -1.0 + 0.00001:  # opposite: any axis across would do; this is Godot's choice
        across = a.cross(Vector3.RIGHT if abs(a.x) <= min(abs(a.y), abs(a.z)) else Vector3.UP)
        return make(Quaternion, (*across.normalized(), 0.0))
    double = math.sqrt((1.0 + cosine) * 2.0)
    return make(Quaternion, (*(a.cross(b) / double), double * 0.5))


Quaternion.IDENTITY = make(Quaternion, (0.0, 0.0, 0.0, 1.0))


class Basis(Row[Vector3]):
    """A 3 x 3 matrix for rotation, scale and shear. The members are its columns: where the axes go to."""

    __slots__ = ()
    variant_type = VariantType.TYPE_BASIS
    _width = 9

    IDENTITY: ClassVar[Basis]

    @overload
    def __new__(cls, x: Vector3 = ..., y: Vector3 = ..., z: Vector3 = ...) -> Self: ...
    @overload
    def __new__(cls, x: Quaternion) -> Self: ...
    @overload
    def __new__(cls, x: Vector3, y: float) -> Self: ...
    def __new__(cls, x: Any = Vector3.RIGHT, y: Any = Vector3.UP, z: Vector3 = Vector3.BACK) -> Self:
        if isinstance(x, Vector3) and isinstance(y, (float, int)):
            x = _around(x, y)
        if isinstance(x, Quaternion):
            return make(cls, [x * axis for axis in (Vector3.RIGHT, Vector3.UP, Vector3.BACK)])
        if not (isinstance(x, Vector3) and isinstance(y, Vector3) and isinstance(z, Vector3)):
            raise TypeError("the axes of a Basis must be Vector3")
        return make(cls, (x, y, z))

    @staticmethod
    def from_euler(euler: Vector3) -> Basis:
        """From the turns around x, y and z, of which that around y comes first."""
        return Basis(Quaternion.from_euler(euler))

    @staticmethod
    def from_scale(scale: Vector3) -> Basis:
        """Of scale alone."""
        return make(Basis, (Vector3(scale.x, 0.0, 0.0), Vector3(0.0, scale.y, 0.0), Vector3(0.0, 0.0, scale.z)))

    @staticmethod
    def looking_at(target: Vector3, up: Vector3 = Vector3.UP, use_model_front: bool = False) -> Basis:
        """Turned so that ``-z`` (or ``z``, the front of models) points along ``target``."""
        back = target.normalized() if use_model_front else -target.normalized()
        right = up.cross(back).normalized()
        return make(Basis, (right, back.cross(right), back))

    @property
    def x(self) -> Vector3:
        """The first column."""
        return self[0]

    @property
    def y(self) -> Vector3:
        """The second column."""
        return self[1]

    @property
    def z(self) -> Vector3:
        """The third column."""
        return self[2]

    @overload  # type: ignore[override]
    def __mul__(self, other: Vector3) -> Vector3: ...
    @overload
    def __mul__(self, other: Basis | float) -> Basis: ...
    def __mul__(self, other: Basis | Vector3 | float) -> Basis | Vector3:
        """Both transformations, the right one first; or a transformed vector; or everything scaled."""
        if isinstance(other, Vector3):
            return self.x * other[0] + self.y * other[1] + self.z * other[2]
        if isinstance(other, Basis):
            return make(Basis, [self * column for column in other])
        if isinstance(other, (float, int)):
            return make(Basis, [column * other for column in self])
        return NotImplemented

    def transposed(self) -> Basis:
        """Rows and columns exchanged; for a pure rotation this is the inverse."""
        return make(Basis, [make(Vector3, row) for row in zip(*self, strict=True)])

    def determinant(self) -> float:
        """The factor by which volumes grow; negative when it mirrors."""
        return self.x.dot(self.y.cross(self.z))

    def inverse(self) -> Basis:
        """The transformation back. Raises ``ZeroDivisionError`` when there is none."""
        factor = 1.0 / self.determinant()
        rows = (self.y.cross(self.z), self.z.cross(self.x), self.x.cross(self.y))
        return make(Basis, [row * factor for row in rows]).transposed()

    def orthonormalized(self) -> Basis:
        """The nearest pure rotation, by Gram and Schmidt, x first."""
        x = self.x.normalized()
        y = (self.y - x * x.dot(self.y)).normalized()
        z = (self.z - x * x.dot(self.z) - y * y.dot(self.z)).normalized()
        return make(Basis, (x, y, z))

    def rotated(self, axis: Vector3, angle: float) -> Basis:
        """Turned further, around an axis of the world."""
        return Basis(axis, angle) * self

    def scaled(self, scale: Vector3) -> Basis:
        """Scaled further, along the axes of the world."""
        return make(Basis, [column * scale for column in self])

    def get_scale(self) -> Vector3:
        """The lengths of the axes; negative when it mirrors."""
        scale = Vector3(*[column.length() for column in self])
        return -scale if self.determinant() < 0.0 else scale

    def get_rotation_quaternion(self) -> Quaternion:
        """The rotation in it, without scale and shear."""
        pure = self.orthonormalized()
        if pure.determinant() < 0.0:
            pure = pure * -1.0
        (xx, yx, zx), (xy, yy, zy), (xz, yz, zz) = pure
        # twice each component, squared; the greatest is the one to divide by
        squares = (1.0 + xx - yy - zz, 1.0 - xx + yy - zz, 1.0 - xx - yy + zz, 1.0 + xx + yy + zz)
        largest = max(range(4), key=squares.__getitem__)
        products = (
            (squares[0], xy + yx, xz + zx, zy - yz),
            (xy + yx, squares[1], yz + zy, xz - zx),
            (xz + zx, yz + zy, squares[2], yx - xy),
            (zy - yz, xz - zx, yx - xy, squares[3]),
        )
        return make(Quaternion, products[largest]) / (2.0 * math.sqrt(squares[largest]))

    def get_euler(self) -> Vector3:
        """The turns around x, y and z, of which that around y comes first."""
        (xx, yx, _), (xy, yy, _), (xz, yz, zz) = self
        if abs(yz) >= 1.0 - 0.00001:  # straight up or down: y and z turn around the same axis, and z is taken to be 0
            return Vector3(-math.copysign(math.pi / 2.0, yz), math.atan2(math.copysign(1.0, -yz) * xy, xx), 0.0)
        return Vector3(math.asin(-yz), math.atan2(xz, zz), math.atan2(yx, yy))

    def is_equal_approx(self, b: Basis) -> bool:
        """Whether all components are equal but for rounding."""
        return all(map(close, self._to_wire(), b._to_wire()))

    def _to_wire(self) -> tuple[float, ...]:
        (xx, yx, zx), (xy, yy, zy), (xz, yz, zz) = self
        return (xx, xy, xz, yx, yy, yz, zx, zy, zz)  # row by row

    @classmethod
    def _from_wire(cls, numbers: tuple[float, ...]) -> Self:
        return make(cls, [make(Vector3, numbers[column::3]) for column in range(3)])


Basis.IDENTITY = Basis()
