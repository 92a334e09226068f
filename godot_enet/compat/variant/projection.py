"""Projection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, overload

from godot_enet.compat.variant.kinds import VariantType
from godot_enet.compat.variant.row import Row, make, member
from godot_enet.compat.variant.transforms import Transform3D
from godot_enet.compat.variant.vector3 import Vector3
from godot_enet.compat.variant.vector4 import Vector4

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Projection"]


class Projection(Row[Vector4]):
    """A 4 x 4 matrix; the members are its columns. It has none of Godot's camera methods: nothing is drawn here."""

    __slots__ = ()
    variant_type = VariantType.TYPE_PROJECTION
    _width = 16

    IDENTITY: ClassVar[Projection]
    ZERO: ClassVar[Projection]

    @overload
    def __new__(cls) -> Self: ...
    @overload
    def __new__(cls, x: Transform3D | Projection) -> Self: ...
    @overload
    def __new__(cls, x: Vector4, y: Vector4, z: Vector4, w: Vector4) -> Self: ...
    def __new__(cls, x: Any = Transform3D.IDENTITY, y: Any = None, z: Any = None, w: Any = None) -> Self:
        if isinstance(x, Projection):
            return make(cls, x)
        if isinstance(x, Transform3D):
            x, y, z, w = [make(Vector4, (*axis, 0.0)) for axis in x.basis] + [make(Vector4, (*x.origin, 1.0))]
        if not all(isinstance(column, Vector4) for column in (x, y, z, w)):
            raise TypeError("the columns of a Projection must be Vector4")
        return make(cls, (x, y, z, w))

    x = member(Vector4, 0, "The first column.")
    y = member(Vector4, 1, "The second column.")
    z = member(Vector4, 2, "The third column.")
    w = member(Vector4, 3, "The fourth column.")

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

    def __rmul__(self, other: Vector4) -> Vector4:  # type: ignore[override]
        """A vector times this matrix: its dot product with each column."""
        return make(Vector4, map(other.dot, self)) if isinstance(other, Vector4) else NotImplemented

    def _minor(self, column: int, row: int) -> float:
        """The determinant without a column and a row, with the sign it counts with."""
        a, b, c = (Vector3(*each[:row], *each[row + 1 :]) for place, each in enumerate(self) if place != column)
        return a.dot(b.cross(c)) * (-1.0 if column + row & 1 else 1.0)

    def determinant(self) -> float:
        """The determinant; 0 if there is no inverse."""
        return sum(self.x[row] * self._minor(0, row) for row in range(4))

    def inverse(self) -> Projection:
        """The inverse. Raises ``ZeroDivisionError`` if there is none."""
        factor = 1.0 / self.determinant()
        columns = [[self._minor(row, column) for row in range(4)] for column in range(4)]
        return make(Projection, [make(Vector4, column) * factor for column in columns])

    def _to_wire(self) -> tuple[float, ...]:
        return (*self[0], *self[1], *self[2], *self[3])

    @classmethod
    def _from_wire(cls, numbers: tuple[float, ...]) -> Self:
        return make(cls, [make(Vector4, numbers[start : start + 4]) for start in (0, 4, 8, 12)])


Projection.IDENTITY = Projection()
Projection.ZERO = Projection(Vector4(), Vector4(), Vector4(), Vector4())
