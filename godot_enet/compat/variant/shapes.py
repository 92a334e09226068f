"""Rectangles and boxes. A rectangle includes its lower edges but not its upper ones, as in Godot."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeVar, overload

from godot_enet.compat.errors import fail
from godot_enet.compat.variant.kinds import VariantType
from godot_enet.compat.variant.plane import Plane
from godot_enet.compat.variant.row import Row, make
from godot_enet.compat.variant.vector2 import Vector2, Vector2i
from godot_enet.compat.variant.vector3 import Vector3

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["AABB", "Rect2", "Rect2i"]

_V = TypeVar("_V", Vector2, Vector2i, Vector3)
_AXES = (Vector3.RIGHT, Vector3.UP, Vector3.BACK)


def _support(position: float, size: float, direction: float) -> float:
    return position + size if direction > 0.0 else position


class _Extent(Row[_V]):
    """A corner and a size, in any number of dimensions. The size should not be negative; see ``abs``."""

    __slots__ = ()

    @property
    def position(self) -> _V:
        """The corner with the smallest coordinates."""
        return self[0]

    @property
    def size(self) -> _V:
        """The vector from ``position`` to ``end``."""
        return self[1]

    @property
    def end(self) -> _V:
        """The corner with the largest coordinates: ``position`` plus ``size``."""
        return self[0] + self[1]

    def _between(self, position: _V, end: _V) -> Self:
        return make(type(self), (position, end - position))

    def abs(self) -> Self:
        """The same extent with a size that is not negative."""
        return self._between(self.position.min(self.end), self.position.max(self.end))

    def get_center(self) -> _V:
        """The centre; with ints, rounded towards ``position``."""
        return self.position + self.size / (2 if isinstance(self.position, Vector2i) else 2.0)

    def has_point(self, point: _V) -> bool:
        """Whether the point lies inside; the lower edges count, the upper ones do not."""
        return all(low <= p < high for low, p, high in zip(self.position, point, self.end, strict=True))

    def encloses(self, with_: Self) -> bool:
        """Whether another one lies completely inside; they may share edges."""
        starts = all(a <= b for a, b in zip(self.position, with_.position, strict=True))
        return starts and all(a >= b for a, b in zip(self.end, with_.end, strict=True))

    def intersects(self, with_: Self) -> bool:
        """Whether both overlap; touching is not enough."""
        starts = all(a < b for a, b in zip(self.position, with_.end, strict=True))
        return starts and all(a > b for a, b in zip(self.end, with_.position, strict=True))

    def intersection(self, with_: Self) -> Self:
        """The intersection; empty and at the origin if they do not overlap.

        >>> Rect2(0, 0, 10, 5).intersection(Rect2(8, 3, 9, 9))
        Rect2(Vector2(8.0, 3.0), Vector2(2.0, 2.0))
        """
        if not self.intersects(with_):
            return type(self)()
        return self._between(self.position.max(with_.position), self.end.min(with_.end))

    def merge(self, with_: Self) -> Self:
        """The smallest one that contains both."""
        return self._between(self.position.min(with_.position), self.end.max(with_.end))

    def expand(self, to: _V) -> Self:
        """The smallest one that contains this one and a point."""
        return self._between(self.position.min(to), self.end.max(to))

    def grow(self, by: float) -> Self:
        """Grown by ``by`` on all sides."""
        margin = type(self.position)(*[by] * len(self.position))
        return make(type(self), (self.position - margin, self.size + margin + margin))

    def _to_wire(self) -> tuple[float, ...]:
        return (*self[0], *self[1])


class _Rect(_Extent[_V]):
    __slots__ = ()

    def grow_individual(self, left: float, top: float, right: float, bottom: float) -> Self:
        """Grown by a different amount on each side."""
        vector = type(self.position)
        return make(type(self), (self.position - vector(left, top), self.size + vector(left + right, top + bottom)))

    def grow_side(self, side: int, amount: float) -> Self:
        """Grown on one side: 0 left, 1 top, 2 right, 3 bottom."""
        amounts = [0.0, 0.0, 0.0, 0.0]
        amounts[side] = amount
        return self.grow_individual(*amounts)


class Rect2(_Rect[Vector2]):
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

    def intersects(self, b: Self, include_borders: bool = False) -> bool:
        """Whether both overlap; with ``include_borders`` they may just touch."""
        if not include_borders:
            return super().intersects(b)
        starts = all(low <= high for low, high in zip(self.position, b.end, strict=True))
        return starts and all(high >= low for high, low in zip(self.end, b.position, strict=True))

    def get_area(self) -> float:
        """Width times height."""
        return self.size.x * self.size.y

    def has_area(self) -> bool:
        """Whether both sides are positive."""
        return self.size.x > 0.0 and self.size.y > 0.0

    def get_support(self, direction: Vector2) -> Vector2:
        """The corner that is farthest in a direction."""
        return make(Vector2, map(_support, self.position, self.size, direction))

    def _corners(self) -> list[Vector2]:
        (x, y), (width, height) = self
        return [make(Vector2, corner) for corner in ((x, y), (x + width, y), (x, y + height), (x + width, y + height))]

    @staticmethod
    def _around(points: list[Vector2]) -> Rect2:
        """The smallest that holds all points."""
        low, high = (make(Vector2, map(best, zip(*points, strict=True))) for best in (min, max))
        return make(Rect2, (low, high - low))

    @classmethod
    def _from_wire(cls, numbers: tuple[float, ...]) -> Self:
        return make(cls, (make(Vector2, numbers[:2]), make(Vector2, numbers[2:])))


class Rect2i(_Rect[Vector2i]):
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

    @overload
    def __new__(cls, position: Vector3 = ..., size: Vector3 = ...) -> Self: ...
    @overload
    def __new__(cls, position: AABB) -> Self: ...
    def __new__(cls, position: Any = Vector3.ZERO, size: Vector3 = Vector3.ZERO) -> Self:
        if isinstance(position, AABB):
            position, size = position
        return make(cls, (_vector3(position), _vector3(size)))

    def get_volume(self) -> float:
        """The product of the three sides."""
        return self.size.x * self.size.y * self.size.z

    def has_volume(self) -> bool:
        """Whether all sides are positive."""
        return min(self.size) > 0.0

    def has_surface(self) -> bool:
        """Whether any side is positive."""
        return max(self.size) > 0.0

    def get_endpoint(self, idx: int) -> Vector3:
        """One of the eight corners: 4 for the far end in x, plus 2 for y, plus 1 for z. An error beyond 7."""
        if not 0 <= idx <= 7:
            return fail(f"Index p_point = {idx} is out of bounds (8 = 8).", Vector3.ZERO)
        return make(Vector3, [self[0][axis] + self[1][axis] * (idx >> 2 - axis & 1) for axis in range(3)])

    def get_support(self, direction: Vector3) -> Vector3:
        """The corner that is farthest in a direction."""
        return make(Vector3, map(_support, self.position, self.size, direction))

    def get_longest_axis_index(self) -> int:
        """The axis of the longest side: 0 for x, 1 for y, 2 for z."""
        return self.size.index(max(self.size))

    def get_longest_axis(self) -> Vector3:
        """The axis of :meth:`get_longest_axis_index` as a unit vector."""
        return _AXES[self.get_longest_axis_index()]

    def get_longest_axis_size(self) -> float:
        """The length of the longest side."""
        return max(self.size)

    def get_shortest_axis_index(self) -> int:
        """The axis of the shortest side: 0 for x, 1 for y, 2 for z."""
        return self.size.index(min(self.size))

    def get_shortest_axis(self) -> Vector3:
        """The axis of :meth:`get_longest_axis_index` as a unit vector."""
        return _AXES[self.get_shortest_axis_index()]

    def get_shortest_axis_size(self) -> float:
        """The length of the shortest side."""
        return min(self.size)

    def intersects_plane(self, plane: Plane) -> bool:
        """Whether there are corners on both sides of a plane."""
        return len({plane.is_point_over(corner) for corner in self._corners()}) == 2

    def intersects_segment(self, from_: Vector3, to: Vector3) -> Vector3 | None:
        """The point where a line enters the box; ``from_`` if that is inside; None if the line misses."""
        return self._enter(from_, to - from_, 1.0)

    def intersects_ray(self, from_: Vector3, dir: Vector3) -> Vector3 | None:
        """As :meth:`intersects_segment`, for a ray from ``from_`` in a direction."""
        return self._enter(from_, dir, math.inf)

    def _enter(self, start: Vector3, way: Vector3, reach: float) -> Vector3 | None:
        """The point where a line enters, by the times at which it passes the faces of each axis."""
        enter, leave = 0.0, reach
        for at, speed, low, high in zip(start, way, self.position, self.end, strict=True):
            if speed:
                first, last = sorted(((low - at) / speed, (high - at) / speed))
                enter, leave = max(enter, first), min(leave, last)
            elif not low <= at <= high:
                return None
        return start + way * enter if enter <= leave else None

    def _corners(self) -> list[Vector3]:
        return [self.get_endpoint(index) for index in range(8)]

    @staticmethod
    def _around(points: list[Vector3]) -> AABB:
        """The smallest that holds all points."""
        low, high = (make(Vector3, map(best, zip(*points, strict=True))) for best in (min, max))
        return make(AABB, (low, high - low))

    def has_point(self, point: Vector3) -> bool:
        """Whether the point lies inside; unlike in a rectangle, all faces count."""
        return all(low <= p <= high for low, p, high in zip(self.position, point, self.end, strict=True))

    @classmethod
    def _from_wire(cls, numbers: tuple[float, ...]) -> Self:
        return make(cls, (make(Vector3, numbers[:3]), make(Vector3, numbers[3:])))


def _vector2(value: Vector2 | Vector2i) -> Vector2:
    if not isinstance(value, (Vector2, Vector2i)):
        raise TypeError(f"expected a Vector2, not {type(value).__name__}")
    return value if isinstance(value, Vector2) else Vector2(value)


def _vector2i(value: Vector2 | Vector2i) -> Vector2i:
    if not isinstance(value, (Vector2, Vector2i)):
        raise TypeError(f"expected a Vector2i, not {type(value).__name__}")
    return value if isinstance(value, Vector2i) else Vector2i(value)


def _vector3(value: Vector3) -> Vector3:
    if not isinstance(value, Vector3):
        raise TypeError(f"expected a Vector3, not {type(value).__name__}")
    return value
