"""Vector4 and Vector4i."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, overload

from godot_enet.compat.variant.int_vector import GREATEST, LEAST, IntVector
from godot_enet.compat.variant.kinds import VariantType
from godot_enet.compat.variant.row import make, member, real, whole
from godot_enet.compat.variant.vectors import RealVector

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Vector4", "Vector4i"]


class Vector4(RealVector):
    """Four floats; a column of a :class:`Projection`, too."""

    __slots__ = ()
    variant_type = VariantType.TYPE_VECTOR4
    _width = 4

    AXIS_Z: ClassVar[int] = 2
    AXIS_W: ClassVar[int] = 3
    ZERO: ClassVar[Vector4]
    ONE: ClassVar[Vector4]
    INF: ClassVar[Vector4]

    @overload
    def __new__(cls, x: float = 0.0, y: float = 0.0, z: float = 0.0, w: float = 0.0) -> Self: ...
    @overload
    def __new__(cls, x: Vector4 | Vector4i) -> Self: ...
    def __new__(cls, x: float | Vector4 | Vector4i = 0.0, y: float = 0.0, z: float = 0.0, w: float = 0.0) -> Self:
        if isinstance(x, (Vector4, Vector4i)):
            return make(cls, map(float, x))
        return make(cls, (real(x), real(y), real(z), real(w)))

    x = member(float, 0, "The first component.")
    y = member(float, 1, "The second component.")
    z = member(float, 2, "The third component.")
    w = member(float, 3, "The fourth component.")


class Vector4i(IntVector):
    """Four ints."""

    __slots__ = ()
    variant_type = VariantType.TYPE_VECTOR4I
    _width = 4
    _real = Vector4

    AXIS_Z: ClassVar[int] = 2
    AXIS_W: ClassVar[int] = 3
    MIN: ClassVar[Vector4i]
    MAX: ClassVar[Vector4i]
    ZERO: ClassVar[Vector4i]
    ONE: ClassVar[Vector4i]

    @overload
    def __new__(cls, x: float = 0, y: float = 0, z: float = 0, w: float = 0) -> Self: ...
    @overload
    def __new__(cls, x: Vector4 | Vector4i) -> Self: ...
    def __new__(cls, x: float | Vector4 | Vector4i = 0, y: float = 0, z: float = 0, w: float = 0) -> Self:
        if isinstance(x, (Vector4, Vector4i)):
            return make(cls, map(int, x))
        return make(cls, (whole(x), whole(y), whole(z), whole(w)))

    x = member(int, 0, "The first component.")
    y = member(int, 1, "The second component.")
    z = member(int, 2, "The third component.")
    w = member(int, 3, "The fourth component.")


Vector4.ZERO = Vector4(0.0, 0.0, 0.0, 0.0)
Vector4.ONE = Vector4(1.0, 1.0, 1.0, 1.0)
Vector4.INF = Vector4(math.inf, math.inf, math.inf, math.inf)

Vector4i.MIN = Vector4i(LEAST, LEAST, LEAST, LEAST)
Vector4i.MAX = Vector4i(GREATEST, GREATEST, GREATEST, GREATEST)
Vector4i.ZERO = Vector4i(0, 0, 0, 0)
Vector4i.ONE = Vector4i(1, 1, 1, 1)
