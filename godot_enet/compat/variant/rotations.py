"""Rotations in space: Quaternion and Basis. Angles are in radians, and Euler angles in Godot's order, YXZ."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from operator import mul
from typing import TYPE_CHECKING, Any, ClassVar, overload

from godot_enet.compat.errors import fail
from godot_enet.compat.variant.kinds import VariantType
from godot_enet.compat.variant.row import EPSILON, Arithmetic, Row, close, make, member, real
from godot_enet.compat.variant.vector3 import Vector3
from godot_enet.compat.variant.vectors import cubic, cubic_in_time

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Basis", "Quaternion"]

_AXES = (Vector3.RIGHT, Vector3.UP, Vector3.BACK)
EULER_ORDER_YXZ = 2
_ORDERS = ((0, 1, 2, 1.0), (0, 2, 1, -1.0), (1, 0, 2, -1.0), (1, 2, 0, 1.0), (2, 0, 1, 1.0), (2, 1, 0, -1.0))
"""Outermost to innermost axis, and whether they follow each other as x, y and z do."""

_LONE_MIDDLE = (0, EULER_ORDER_YXZ)
"""With these, Godot sees that nothing but the middle axis is turned around, however far."""


def _order(order: int) -> tuple[int, int, int, float]:
    if not 0 <= order < len(_ORDERS):
        return fail("Invalid Euler order parameter.", _ORDERS[EULER_ORDER_YXZ])
    return _ORDERS[order]


class Quaternion(Arithmetic):
    """A rotation without gimbal lock; its length should be 1."""

    __slots__ = ()
    variant_type = VariantType.TYPE_QUATERNION
    _width = 4

    IDENTITY: ClassVar[Quaternion]

    @overload
    def __new__(cls, x: float = 0.0, y: float = 0.0, z: float = 0.0, w: float = 1.0) -> Self: ...
    @overload
    def __new__(cls, x: Basis | Quaternion) -> Self: ...
    @overload
    def __new__(cls, x: Vector3, y: float | Vector3) -> Self: ...
    def __new__(cls, x: Any = 0.0, y: Any = 0.0, z: float = 0.0, w: float = 1.0) -> Self:
        if isinstance(x, (Basis, Quaternion)):
            return make(cls, x.get_rotation_quaternion() if isinstance(x, Basis) else x)
        if isinstance(x, Vector3):
            return make(cls, _shortest_arc(x, y) if isinstance(y, Vector3) else _around(x, y))
        return make(cls, (real(x), real(y), real(z), real(w)))

    @staticmethod
    def from_euler(euler: Vector3) -> Quaternion:
        """The rotation by Euler angles around x, y and z, in radians, in Godot's order YXZ."""
        x, y, z = euler
        turns = (_around(Vector3.UP, y), _around(Vector3.RIGHT, x), _around(Vector3.BACK, z))
        return turns[0] * turns[1] * turns[2]

    x = member(float, 0, "The first imaginary part.")
    y = member(float, 1, "The second imaginary part.")
    z = member(float, 2, "The third imaginary part.")
    w = member(float, 3, "The real part.")

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

    @overload  # type: ignore[override]
    def __rmul__(self, other: Vector3) -> Vector3: ...
    @overload
    def __rmul__(self, other: float) -> Self: ...
    def __rmul__(self, other: Vector3 | float) -> Vector3 | Self:
        """A vector rotated back; or all components scaled."""
        return self.inverse() * other if isinstance(other, Vector3) else super().__rmul__(other)

    def __truediv__(self, other: float) -> Self:  # type: ignore[override]
        return NotImplemented if isinstance(other, Quaternion) else super().__truediv__(other)

    def dot(self, with_: Quaternion) -> float:
        """The dot product: the sum of the products of the components."""
        total: float = sum(map(mul, self, with_))
        return total

    def length(self) -> float:
        """The length of the quaternion, 1 for a rotation."""
        return math.sqrt(self.dot(self))

    def length_squared(self) -> float:
        """The square of :meth:`length`."""
        return self.dot(self)

    def normalized(self) -> Self:
        """The quaternion with a length of 1."""
        return self / self.length()

    def is_normalized(self) -> bool:
        """Whether the length is 1, with a tolerance of 0.001 to its square."""
        return abs(self.dot(self) - 1.0) < 0.001

    def inverse(self) -> Quaternion:
        """The inverse rotation."""
        return make(Quaternion, (-self.x, -self.y, -self.z, self.w))

    def angle_to(self, to: Quaternion) -> float:
        """The angle between both rotations, in radians."""
        cosine = self.dot(to)
        return math.acos(max(-1.0, min(1.0, cosine * cosine * 2.0 - 1.0)))

    def get_angle(self) -> float:
        """The angle of the rotation, in radians."""
        return 2.0 * math.acos(max(-1.0, min(1.0, self.w)))

    def get_axis(self) -> Vector3:
        """The axis of the rotation, a unit vector; the imaginary part itself if there is no rotation."""
        imaginary = make(Vector3, self[:3])
        return imaginary if abs(self.w) > 1.0 - 0.00001 else imaginary / math.sqrt(1.0 - self.w * self.w)

    def get_euler(self, order: int = EULER_ORDER_YXZ) -> Vector3:
        """The Euler angles around x, y and z, in radians; see :meth:`Basis.get_euler`."""
        return Basis(self).get_euler(order)

    def slerp(self, to: Quaternion, weight: float) -> Quaternion:
        """Spherical interpolation by ``weight`` from 0 to 1, along the shorter arc."""
        start, cosine = make(Quaternion, self), self.dot(to)
        if cosine < 0.0:
            to, cosine = -to, -cosine
        if 1.0 - cosine <= 0.00001:
            return start * (1.0 - weight) + to * weight
        angle = math.acos(cosine)
        before, after = math.sin((1.0 - weight) * angle), math.sin(weight * angle)
        return (start * before + to * after) / math.sin(angle)

    def slerpni(self, to: Quaternion, weight: float) -> Quaternion:
        """Spherical interpolation without the choice of the shorter arc; this one if both are nearly parallel."""
        start, cosine = make(Quaternion, self), self.dot(to)
        if abs(cosine) > 0.9999:
            return start
        angle = math.acos(cosine)
        return (start * math.sin((1.0 - weight) * angle) + to * math.sin(weight * angle)) / math.sin(angle)

    def log(self) -> Quaternion:
        """The logarithm: axis times angle (in radians), with a real part of 0."""
        return make(Quaternion, (*(self.get_axis() * self.get_angle()), 0.0))

    def exp(self) -> Quaternion:
        """The reverse of :meth:`log`."""
        turn = make(Vector3, self[:3])
        angle = turn.length()
        return _around(turn, angle) if angle >= EPSILON else Quaternion.IDENTITY

    def spherical_cubic_interpolate(
        self, b: Quaternion, pre_a: Quaternion, post_b: Quaternion, weight: float
    ) -> Quaternion:
        """Between this and ``b``, on a smooth curve that comes from ``pre_a`` and goes on to ``post_b``."""
        return _curve(self, b, pre_a, post_b, weight, cubic)

    def spherical_cubic_interpolate_in_time(
        self,
        b: Quaternion,
        pre_a: Quaternion,
        post_b: Quaternion,
        weight: float,
        b_t: float,
        pre_a_t: float,
        post_b_t: float,
    ) -> Quaternion:
        """The same where the other three are reached at these times; this one is at 0."""
        return _curve(
            self, b, pre_a, post_b, weight, partial(cubic_in_time, to_t=b_t, before_t=pre_a_t, after_t=post_b_t)
        )


def _curve(
    start: Quaternion,
    to: Quaternion,
    before: Quaternion,
    after: Quaternion,
    weight: float,
    between: Callable[..., float],
) -> Quaternion:
    """A curve through four rotations: once by their logarithms as seen from the start, once from the end, blended."""
    four = [Basis(each).get_rotation_quaternion() for each in (before, start, to, after)]
    if _signbit(four[1].dot(four[0])):
        four[0] = -four[0]
    flipped = _signbit(four[1].dot(four[2]))
    if flipped:
        four[2] = -four[2]
    cosine = four[2].dot(four[3])
    if cosine <= 0.0 if flipped else _signbit(cosine):
        four[3] = -four[3]

    def seen_from(here: Quaternion) -> Quaternion:
        turns = [(here.inverse() * each).log() for each in four]
        turns[four.index(here)] = make(Quaternion, (0.0, 0.0, 0.0, 0.0))
        turn = [between(b, c, a, d, weight) for a, b, c, d in zip(*turns, strict=True)]
        return here * make(Quaternion, turn).exp()

    return seen_from(four[1]).slerp(seen_from(four[2]), weight)


def _signbit(number: float) -> bool:
    return math.copysign(1.0, number) < 0.0


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


def _turned_axes(x: float, y: float, z: float, w: float) -> tuple[Vector3, Vector3, Vector3]:
    """The three axes as a quaternion turns them: what ``x * Vector3.RIGHT`` and so on are, in a fifth of the time."""
    x2, y2, z2 = 2.0 * x, 2.0 * y, 2.0 * z
    return (
        make(Vector3, (1.0 - (y * y2 + z * z2), z2 * w + x * y2, x * z2 - y2 * w)),
        make(Vector3, (y * x2 - z2 * w, 1.0 - (z * z2 + x * x2), x2 * w + y * z2)),
        make(Vector3, (y2 * w + z * x2, z * y2 - x2 * w, 1.0 - (x * x2 + y * y2))),
    )


class Basis(Row[Vector3]):
    """A 3 x 3 matrix for rotation, scale and shear. The members are its columns: where the axes go to."""

    __slots__ = ()
    variant_type = VariantType.TYPE_BASIS
    _width = 9

    IDENTITY: ClassVar[Basis]
    FLIP_X: ClassVar[Basis]
    FLIP_Y: ClassVar[Basis]
    FLIP_Z: ClassVar[Basis]

    @overload
    def __new__(cls, x: Vector3 = ..., y: Vector3 = ..., z: Vector3 = ...) -> Self: ...
    @overload
    def __new__(cls, x: Quaternion | Basis) -> Self: ...
    @overload
    def __new__(cls, x: Vector3, y: float) -> Self: ...
    def __new__(cls, x: Any = Vector3.RIGHT, y: Any = Vector3.UP, z: Vector3 = Vector3.BACK) -> Self:
        if isinstance(x, Basis):
            return make(cls, x)
        if isinstance(x, Vector3) and isinstance(y, (float, int)):
            x = _around(x, y)
        if isinstance(x, Quaternion):
            return make(cls, _turned_axes(*x))
        if not (isinstance(x, Vector3) and isinstance(y, Vector3) and isinstance(z, Vector3)):
            raise TypeError("the axes of a Basis must be Vector3")
        return make(cls, (x, y, z))

    @staticmethod
    def from_euler(euler: Vector3, order: int = EULER_ORDER_YXZ) -> Basis:
        """From the turns around x, y and z.

        Args:
            euler: their angles.
            order: which is the outermost, as Godot's ``EULER_ORDER_...``: 0 XYZ, 1 XZY, 2 YXZ, 3 YZX, 4 ZXY, 5 ZYX.
        """
        i, j, k, _ = _order(order)
        return Basis(_AXES[i], euler[i]) * Basis(_AXES[j], euler[j]) * Basis(_AXES[k], euler[k])

    @staticmethod
    def from_scale(scale: Vector3) -> Basis:
        """The matrix that scales along the axes."""
        return make(Basis, (Vector3(scale.x, 0.0, 0.0), Vector3(0.0, scale.y, 0.0), Vector3(0.0, 0.0, scale.z)))

    @staticmethod
    def looking_at(target: Vector3, up: Vector3 = Vector3.UP, use_model_front: bool = False) -> Basis:
        """The rotation whose ``-z`` axis (``z`` with ``use_model_front``) points in the direction ``target``."""
        back = target.normalized() if use_model_front else -target.normalized()
        right = up.cross(back).normalized()
        return make(Basis, (right, back.cross(right), back))

    x = member(Vector3, 0, "The first column.")
    y = member(Vector3, 1, "The second column.")
    z = member(Vector3, 2, "The third column.")

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

    def __rmul__(self, other: Vector3) -> Vector3:  # type: ignore[override]
        """A vector transformed back, if this is a pure rotation."""
        return self.transposed() * other if isinstance(other, Vector3) else NotImplemented

    def __truediv__(self, other: float) -> Basis:
        return make(Basis, [column / other for column in self]) if isinstance(other, (float, int)) else NotImplemented

    def transposed(self) -> Basis:
        """The matrix with rows and columns exchanged, which is the inverse of a pure rotation."""
        return make(Basis, [make(Vector3, row) for row in zip(*self, strict=True)])

    def determinant(self) -> float:
        """The determinant: the factor by which volumes grow, negative if the matrix mirrors."""
        return self.x.dot(self.y.cross(self.z))

    def inverse(self) -> Basis:
        """The inverse matrix. Raises ``ZeroDivisionError`` if there is none."""
        factor = 1.0 / self.determinant()
        rows = (self.y.cross(self.z), self.z.cross(self.x), self.x.cross(self.y))
        return make(Basis, [row * factor for row in rows]).transposed()

    def orthonormalized(self) -> Basis:
        """The matrix with orthogonal axes of length 1, by the Gram-Schmidt process."""
        x = self.x.normalized()
        y = (self.y - x * x.dot(self.y)).normalized()
        z = (self.z - x * x.dot(self.z) - y * y.dot(self.z)).normalized()
        return make(Basis, (x, y, z))

    def rotated(self, axis: Vector3, angle: float) -> Basis:
        """The matrix rotated by ``angle`` radians around ``axis``, a unit vector in the parent's coordinates."""
        return Basis(axis, angle) * self

    def scaled(self, scale: Vector3) -> Basis:
        """The matrix scaled along the axes of the parent."""
        return make(Basis, [column * scale for column in self])

    def scaled_local(self, scale: Vector3) -> Basis:
        """The matrix scaled along its own axes."""
        return make(Basis, map(mul, self, scale))

    def slerp(self, to: Basis, weight: float) -> Basis:
        """Interpolates the rotation spherically and the scale linearly, by ``weight`` from 0 to 1."""
        turn = Basis(Quaternion(self).slerp(Quaternion(to), weight)).transposed()
        rows = zip(turn, self.transposed(), to.transposed(), strict=True)
        scaled = [row * (a.length() + (b.length() - a.length()) * weight) for row, a, b in rows]
        return make(Basis, scaled).transposed()

    def tdotx(self, with_: Vector3) -> float:
        """The dot product of a vector and the first column."""
        return self.x.dot(with_)

    def tdoty(self, with_: Vector3) -> float:
        """The dot product of a vector and the second column."""
        return self.y.dot(with_)

    def tdotz(self, with_: Vector3) -> float:
        """The dot product of a vector and the third column."""
        return self.z.dot(with_)

    def is_conformal(self) -> bool:
        """Whether it preserves angles: the axes are orthogonal and of equal length."""
        x, y, z = self
        size = x.length_squared()
        if not (close(size, y.length_squared()) and close(size, z.length_squared())):
            return False
        return all(close(dot, 0.0) for dot in (x.dot(y), x.dot(z), y.dot(z)))

    def get_scale(self) -> Vector3:
        """The scale: the lengths of the axes, negative if the matrix mirrors."""
        scale = Vector3(*[column.length() for column in self])
        return -scale if self.determinant() < 0.0 else scale

    def get_rotation_quaternion(self) -> Quaternion:
        """The rotation, without scale and shear."""
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

    def get_euler(self, order: int = EULER_ORDER_YXZ) -> Vector3:
        """The Euler angles around x, y and z, in radians, for an order of rotations. In gimbal lock one is 0."""
        i, j, k, hand = _order(order)
        rows = list(zip(*self, strict=True))
        euler = [0.0, 0.0, 0.0]
        sine = hand * rows[i][k]
        if order in _LONE_MIDDLE and rows[j][j] == 1.0 and not any((rows[i][j], rows[j][i], rows[j][k], rows[k][j])):
            euler[j] = math.atan2(sine, rows[i][i])
        elif abs(sine) < 1.0 - EPSILON:
            euler[i] = math.atan2(-hand * rows[j][k], rows[k][k])
            euler[j] = math.asin(sine)
            euler[k] = math.atan2(-hand * rows[i][j], rows[i][i])
        else:
            euler[i] = math.atan2(hand * rows[k][j], rows[j][j])
            euler[j] = math.copysign(math.pi / 2.0, sine)
        return make(Vector3, euler)

    def _to_wire(self) -> tuple[float, ...]:
        (xx, yx, zx), (xy, yy, zy), (xz, yz, zz) = self
        return (xx, xy, xz, yx, yy, yz, zx, zy, zz)  # row by row

    @classmethod
    def _from_wire(cls, numbers: tuple[float, ...]) -> Self:
        return make(cls, [make(Vector3, numbers[column::3]) for column in range(3)])


Basis.IDENTITY = Basis()
Basis.FLIP_X = Basis.from_scale(Vector3(-1.0, 1.0, 1.0))
Basis.FLIP_Y = Basis.from_scale(Vector3(1.0, -1.0, 1.0))
Basis.FLIP_Z = Basis.from_scale(Vector3(1.0, 1.0, -1.0))
