"""Plane."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, overload

from godot_enet.compat.variant.kinds import VariantType
from godot_enet.compat.variant.row import EPSILON, Row, close, make, member, real
from godot_enet.compat.variant.vector3 import Vector3

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Plane"]


class Plane(Row[float]):
    """All points whose dot product with ``normal`` is ``d``; a normal of length 1 makes ``d`` a distance."""

    __slots__ = ()
    variant_type = VariantType.TYPE_PLANE
    _width = 4

    PLANE_YZ: ClassVar[Plane]
    PLANE_XZ: ClassVar[Plane]
    PLANE_XY: ClassVar[Plane]

    @overload
    def __new__(cls, a: Plane = ...) -> Self: ...
    @overload
    def __new__(cls, a: float, b: float, c: float, d: float) -> Self: ...
    @overload
    def __new__(cls, a: Vector3, b: float | Vector3 = 0.0) -> Self: ...
    @overload
    def __new__(cls, a: Vector3, b: Vector3, c: Vector3) -> Self: ...
    def __new__(cls, a: Any = 0.0, b: Any = 0.0, c: Any = 0.0, d: float = 0.0) -> Self:
        if isinstance(a, Plane):
            return make(cls, a)
        if not isinstance(a, Vector3):
            return make(cls, (real(a), real(b), real(c), real(d)))
        if isinstance(c, Vector3):  # three points, clockwise as seen from above the plane
            normal = (a - c).cross(a - b).normalized()
            return make(cls, (*normal, normal.dot(a)))
        return make(cls, (*a, a.dot(b) if isinstance(b, Vector3) else real(b)))

    x = member(float, 0, "That of the normal.")
    y = member(float, 1, "That of the normal.")
    z = member(float, 2, "That of the normal.")

    d = member(float, 3, "Distance from the origin, along the normal.")

    @property
    def normal(self) -> Vector3:
        """The normal, which points to the upper side; distances are right if its length is 1."""
        return make(Vector3, self[:3])

    def __neg__(self) -> Self:
        return make(type(self), [-component for component in self])

    def __pos__(self) -> Self:
        return self

    def normalized(self) -> Self:
        """The same plane with a normal of length 1."""
        length = self.normal.length()
        return make(type(self), [component / length for component in self]) if length else type(self)()

    def distance_to(self, point: Vector3) -> float:
        """The distance of a point, positive above the plane and negative below."""
        return self.normal.dot(point) - self.d

    def is_point_over(self, point: Vector3) -> bool:
        """Whether the point lies above the plane."""
        return self.distance_to(point) > 0.0

    def has_point(self, point: Vector3, tolerance: float = 0.00001) -> bool:
        """Whether a point is at most ``tolerance`` away from the plane."""
        return abs(self.distance_to(point)) <= tolerance

    def project(self, point: Vector3) -> Vector3:
        """The projection of a point onto the plane."""
        return point - self.normal * self.distance_to(point)

    def get_center(self) -> Vector3:
        """The point of the plane that is nearest to the origin."""
        return self.normal * self.d

    def intersect_3(self, b: Plane, c: Plane) -> Vector3 | None:
        """The point where three planes intersect; None if there is not exactly one."""
        one, two, three = self.normal, b.normal, c.normal
        volume = one.cross(two).dot(three)
        if close(volume, 0.0):
            return None
        return (two.cross(three) * self.d + three.cross(one) * b.d + one.cross(two) * c.d) / volume

    def intersects_ray(self, from_: Vector3, dir: Vector3) -> Vector3 | None:
        """The point where a ray from ``from_`` in a direction meets the plane, or None."""
        return self._meet(from_, dir, math.inf)

    def intersects_segment(self, from_: Vector3, to: Vector3) -> Vector3 | None:
        """The point where the line between two points meets the plane, or None."""
        return self._meet(from_, to - from_, 1.0)

    def _meet(self, start: Vector3, way: Vector3, reach: float) -> Vector3 | None:
        speed = self.normal.dot(way)
        if close(speed, 0.0):
            return None
        time = -self.distance_to(start) / speed
        return start + way * time if -EPSILON <= time <= reach + EPSILON else None


Plane.PLANE_YZ = Plane(1.0, 0.0, 0.0, 0.0)
Plane.PLANE_XZ = Plane(0.0, 1.0, 0.0, 0.0)
Plane.PLANE_XY = Plane(0.0, 0.0, 1.0, 0.0)
