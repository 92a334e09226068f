"""Rectangles, boxes and planes. A rectangle holds its lower edges and not its upper ones, as in Godot."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, TypeVar, overload

from godot_enet.compat.variant.kinds import VariantType
from godot_enet.compat.variant.row import Row, close, make, real
from godot_enet.compat.variant.vector2 import Vector2, Vector2i
from godot_enet.compat.variant.vector3 import Vector3

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["AABB", "Plane", "Rect2", "Rect2i"]

_V = TypeVar("_V", Vector2, Vector2i, Vector3)


class _Extent(Row[_V]):
    """A corner and a size, in any number of dimensions. The size should not be negative; see ``abs``."""

    __slots__ = ()

    @property
    def position(self) -> _V:
        """The corner with the least coordinates."""
        return self[0]

    @property
    def size(self) -> _V:
        """From that corner to the opposite one."""
        return self[1]

    @property
    def end(self) -> _V:
        """The opposite corner."""
        return self[0] + self[1]

    def _between(self, position: _V, end: _V) -> Self:
        return make(type(self), (position, end - position))

    def abs(self) -> Self:
        """The same extent with a size that is not negative."""
        return self._between(self.position.min(self.end), self.position.max(self.end))

    def get_center(self) -> _V:
        """The middle; in ints, rounded towards the corner."""
        return self.position + self.size / (2 if isinstance(self.position, Vector2i) else 2.0)

    def has_point(self, point: _V) -> bool:
        """Whether the point lies inside; the lower edges count, the upper ones do not."""
        return all(low <= p < high for low, p, high in zip(self.position, point, self.end, strict=True))

    def encloses(self, with_: Self) -> bool:
        """Whether the other one lies completely inside; common edges are allowed."""
        starts = all(a <= b for a, b in zip(self.position, with_.position, strict=True))
        return starts and all(a >= b for a, b in zip(self.end, with_.end, strict=True))

    def intersects(self, with_: Self) -> bool:
        """Whether the two overlap; touching is not enough."""
        starts = all(a < b for a, b in zip(self.position, with_.end, strict=True))
        return starts and all(a > b for a, b in zip(self.end, with_.position, strict=True))

    def intersection(self, with_: Self) -> Self:
        """What the two have in common; empty and at the origin when that is nothing."""
        if not self.intersects(with_):
            return type(self)()
        return self._between(self.position.max(with_.position), self.end.min(with_.end))

    def merge(self, with_: Self) -> Self:
        """The smallest one that holds both."""
        return self._between(self.position.min(with_.position), self.end.max(with_.end))

    def expand(self, to: _V) -> Self:
        """The smallest one that holds this one and the point."""
        return self._between(self.position.min(to), self.end.max(to))

    def grow(self, by: float) -> Self:
        """Moved outwards on all sides."""
        margin = type(self.position)(*[by] * len(self.position))
        return make(type(self), (self.position - margin, self.size + margin + margin))

    def _to_wire(self) -> tuple[float, ...]:
        return (*self[0], *self[1])


class Rect2(_Extent[Vector2]):
    """A rectangle of floats."""

    __slots__ = ()
    variant_type = VariantType.TYPE_RECT2
    _width = 4

    @overload
    def __new__(cls, position: Vector2 = ..., size: Vector2 = ...) -> Self: ...
    @overload
    def __new__(cls, position: Rect2 | Rect2i) -> Self: ...
    @overload
    def __new__(cls, position: float, size: float, width: float, height: float) -> Self: ...
    def __new__(
        cls, position: Any = Vector2.ZERO, size: Any = Vector2.ZERO, width: float | None = None, height: float = 0
    ) -> Self:
        if width is not None:
            position, size = Vector2(position, size), Vector2(width, height)
        elif isinstance(position, (Rect2, Rect2i)):
            position, size = position
        return make(cls, (_vector2(position), _vector2(size)))

    def get_area(self) -> float:
        """Width times height."""
        return self.size.x * self.size.y

    def has_area(self) -> bool:
        """Whether both sides are positive."""
        return self.size.x > 0.0 and self.size.y > 0.0

    def is_equal_approx(self, rect: Rect2) -> bool:
        """Whether all components are equal but for rounding."""
        return all(map(close, self._to_wire(), rect._to_wire()))

    @classmethod
    def _from_wire(cls, numbers: tuple[float, ...]) -> Self:
        return make(cls, (make(Vector2, numbers[:2]), make(Vector2, numbers[2:])))


class Rect2i(_Extent[Vector2i]):
    """A rectangle of ints."""

    __slots__ = ()
    variant_type = VariantType.TYPE_RECT2I
    _width = 4

    @overload
    def __new__(cls, position: Vector2i = ..., size: Vector2i = ...) -> Self: ...
    @overload
    def __new__(cls, position: Rect2 | Rect2i) -> Self: ...
    @overload
    def __new__(cls, position: float, size: float, width: float, height: float) -> Self: ...
    def __new__(
        cls, position: Any = Vector2i.ZERO, size: Any = Vector2i.ZERO, width: float | None = None, height: float = 0
    ) -> Self:
        if width is not None:
            position, size = Vector2i(position, size), Vector2i(width, height)
        elif isinstance(position, (Rect2, Rect2i)):
            position, size = position
        return make(cls, (_vector2i(position), _vector2i(size)))

    def get_area(self) -> int:
        """Width times height."""
        return self.size.x * self.size.y

    def has_area(self) -> bool:
        """Whether both sides are positive."""
        return self.size.x > 0 and self.size.y > 0

    @classmethod
    def _from_wire(cls, numbers: tuple[float, ...]) -> Self:
        return make(cls, (make(Vector2i, numbers[:2]), make(Vector2i, numbers[2:])))


class AABB(_Extent[Vector3]):
    """A box along the axes."""

    __slots__ = ()
    variant_type = VariantType.TYPE_AABB
    _width = 6

    def __new__(cls, position: Vector3 = Vector3.ZERO, size: Vector3 = Vector3.ZERO) -> Self:
        return make(cls, (_vector3(position), _vector3(size)))

    def get_volume(self) -> float:
        """The product of the three sides."""
        return self.size.x * self.size.y * self.size.z

    def has_volume(self) -> bool:
        """Whether all sides are positive."""
        return min(self.size) > 0.0

    def has_point(self, point: Vector3) -> bool:
        """Whether the point lies inside; unlike in a rectangle, all faces count."""
        return all(low <= p <= high for low, p, high in zip(self.position, point, self.end, strict=True))

    def is_equal_approx(self, aabb: AABB) -> bool:
        """Whether all components are equal but for rounding."""
        return all(map(close, self._to_wire(), aabb._to_wire()))

    @classmethod
    def _from_wire(cls, numbers: tuple[float, ...]) -> Self:
        return make(cls, (make(Vector3, numbers[:3]), make(Vector3, numbers[3:])))


class Plane(Row[float]):
    """All points whose dot product with ``normal`` is ``d``; a normal of length 1 makes ``d`` a distance."""

    __slots__ = ()
    variant_type = VariantType.TYPE_PLANE
    _width = 4

    @overload
    def __new__(cls) -> Self: ...
    @overload
    def __new__(cls, a: float, b: float, c: float, d: float) -> Self: ...
    @overload
    def __new__(cls, a: Vector3, b: float | Vector3 = 0.0) -> Self: ...
    @overload
    def __new__(cls, a: Vector3, b: Vector3, c: Vector3) -> Self: ...
    def __new__(cls, a: Any = 0.0, b: Any = 0.0, c: Any = 0.0, d: float = 0.0) -> Self:
        if not isinstance(a, Vector3):
            return make(cls, (real(a), real(b), real(c), real(d)))
        if isinstance(c, Vector3):  # three points, clockwise as seen from above the plane
            normal = (a - c).cross(a - b).normalized()
            return make(cls, (*normal, normal.dot(a)))
        return make(cls, (*a, a.dot(b) if isinstance(b, Vector3) else real(b)))

    @property
    def x(self) -> float:
        """That of the normal."""
        return self[0]

    @property
    def y(self) -> float:
        """That of the normal."""
        return self[1]

    @property
    def z(self) -> float:
        """That of the normal."""
        return self[2]

    @property
    def d(self) -> float:
        """Distance from the origin, along the normal."""
        return self[3]

    @property
    def normal(self) -> Vector3:
        """Where "above" is."""
        return make(Vector3, self[:3])

    def __neg__(self) -> Self:
        return make(type(self), [-component for component in self])

    def normalized(self) -> Self:
        """The same plane with a normal of length 1."""
        length = self.normal.length()
        return make(type(self), [component / length for component in self]) if length else type(self)()

    def distance_to(self, point: Vector3) -> float:
        """Distance of the point, positive above the plane."""
        return self.normal.dot(point) - self.d

    def is_point_over(self, point: Vector3) -> bool:
        """Whether the point lies above the plane."""
        return self.distance_to(point) > 0.0

    def has_point(self, point: Vector3, tolerance: float = 0.00001) -> bool:
        """Whether the point lies in the plane."""
        return builtins.abs(self.distance_to(point)) <= tolerance

    def project(self, point: Vector3) -> Vector3:
        """The point of the plane that is nearest."""
        return point - self.normal * self.distance_to(point)

    def get_center(self) -> Vector3:
        """The point of the plane that is nearest to the origin."""
        return self.normal * self.d

    def is_equal_approx(self, to_plane: Plane) -> bool:
        """Whether all components are equal but for rounding."""
        return all(map(close, self, to_plane))


def _vector2(value: Vector2 | Vector2i) -> Vector2:
    if not isinstance(value, (Vector2, Vector2i)):
        raise TypeError(f"a Vector2 is needed, not {type(value).__name__}")
    return value if isinstance(value, Vector2) else Vector2(value)


def _vector2i(value: Vector2 | Vector2i) -> Vector2i:
    if not isinstance(value, (Vector2, Vector2i)):
        raise TypeError(f"a Vector2i is needed, not {type(value).__name__}")
    return value if isinstance(value, Vector2i) else Vector2i(value)


def _vector3(value: Vector3) -> Vector3:
    if not isinstance(value, Vector3):
        raise TypeError(f"a Vector3 is needed, not {type(value).__name__}")
    return value
