"""Vector4 and Vector4i."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, overload

from godot_enet.compat.variant.kinds import VariantType
from godot_enet.compat.variant.row import make, real, whole
from godot_enet.compat.variant.vectors import IntVector, RealVector

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Vector4", "Vector4i"]


class Vector4(RealVector):
    """Four floats; a column of a :class:`Projection`, too."""

    __slots__ = ()
    variant_type = VariantType.TYPE_VECTOR4
    _width = 4

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

    @property
    def x(self) -> float:
        """The first component."""
        return self[0]

    @property
    def y(self) -> float:
        """The second component."""
        return self[1]

    @property
    def z(self) -> float:
        """The third component."""
        return self[2]

    @property
    def w(self) -> float:
        """The fourth component."""
        return self[3]


class Vector4i(IntVector):
    """Four ints."""

    __slots__ = ()
    variant_type = VariantType.TYPE_VECTOR4I
    _width = 4

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

    @property
    def x(self) -> int:
        """The first component."""
        return self[0]

    @property
    def y(self) -> int:
        """The second component."""
        return self[1]

    @property
    def z(self) -> int:
        """The third component."""
        return self[2]

    @property
    def w(self) -> int:
        """The fourth component."""
        return self[3]


Vector4.ZERO = Vector4(0.0, 0.0, 0.0, 0.0)
Vector4.ONE = Vector4(1.0, 1.0, 1.0, 1.0)
Vector4.INF = Vector4(math.inf, math.inf, math.inf, math.inf)

Vector4i.ZERO = Vector4i(0, 0, 0, 0)
Vector4i.ONE = Vector4i(1, 1, 1, 1)
