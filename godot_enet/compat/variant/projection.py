"""Projection."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, overload

from godot_enet.compat.errors import fail
from godot_enet.compat.variant.kinds import VariantType
from godot_enet.compat.variant.plane import Plane
from godot_enet.compat.variant.row import Row, make, member
from godot_enet.compat.variant.shapes import AABB, Rect2
from godot_enet.compat.variant.transforms import Transform3D
from godot_enet.compat.variant.vector2 import Vector2
from godot_enet.compat.variant.vector3 import Vector3
from godot_enet.compat.variant.vector4 import Vector4

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Projection"]


class Projection(Row[Vector4]):
    """A 4 x 4 matrix for cameras; the members are its columns."""

    __slots__ = ()
    variant_type = VariantType.TYPE_PROJECTION
    _width = 16

    PLANE_NEAR: ClassVar[int] = 0
    PLANE_FAR: ClassVar[int] = 1
    PLANE_LEFT: ClassVar[int] = 2
    PLANE_TOP: ClassVar[int] = 3
    PLANE_RIGHT: ClassVar[int] = 4
    PLANE_BOTTOM: ClassVar[int] = 5
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

    # Made from what a camera sees; angles in degrees

    @staticmethod
    def _scaled(x: float, y: float, z: float, offset: Iterable[float] = (0.0, 0.0, 0.0)) -> Projection:
        """Of scale and offset alone."""
        columns = ((x, 0.0, 0.0, 0.0), (0.0, y, 0.0, 0.0), (0.0, 0.0, z, 0.0), (*offset, 1.0))
        return make(Projection, [make(Vector4, column) for column in columns])

    @staticmethod
    def create_perspective(
        fovy: float, aspect: float, z_near: float, z_far: float, flip_fov: bool = False
    ) -> Projection:
        """Of a symmetric camera; ``flip_fov`` means that the angle is the horizontal one."""
        if flip_fov:
            fovy = Projection.get_fovy(fovy, 1.0 / aspect)
        height = math.tan(math.radians(fovy / 2.0)) * z_near
        return Projection.create_frustum(-height * aspect, height * aspect, -height, height, z_near, z_far)

    @staticmethod
    def create_frustum(left: float, right: float, bottom: float, top: float, z_near: float, z_far: float) -> Projection:
        """Of a camera that sees this part of its near plane; an error, and no change, for an empty one."""
        for name, empty in (("p_right <= p_left", right <= left), ("p_top <= p_bottom", top <= bottom)):
            if empty:
                return fail(f'Condition "{name}" is true.', Projection())
        width, height, depth = right - left, top - bottom, z_far - z_near
        if depth <= 0.0:
            return fail('Condition "p_far <= p_near" is true.', Projection())
        columns = (
            (2.0 * z_near / width, 0.0, 0.0, 0.0),
            (0.0, 2.0 * z_near / height, 0.0, 0.0),
            ((right + left) / width, (top + bottom) / height, -(z_far + z_near) / depth, -1.0),
            (0.0, 0.0, -2.0 * z_far * z_near / depth, 0.0),
        )
        return make(Projection, [make(Vector4, column) for column in columns])

    @staticmethod
    def create_frustum_aspect(
        size: float, aspect: float, offset: Vector2, z_near: float, z_far: float, flip_fov: bool = False
    ) -> Projection:
        """The same from the size of that part, the vertical one unless flipped, and where its middle is."""
        return Projection.create_frustum(*_edges(size, aspect, offset, flip_fov), z_near, z_far)

    @staticmethod
    def create_orthogonal(
        left: float, right: float, bottom: float, top: float, z_near: float, z_far: float
    ) -> Projection:
        """Of a camera that makes nothing smaller."""
        width, height, depth = right - left, top - bottom, z_far - z_near
        offset = (-(right + left) / width, -(top + bottom) / height, -(z_far + z_near) / depth)
        return Projection._scaled(2.0 / width, 2.0 / height, -2.0 / depth, offset)

    @staticmethod
    def create_orthogonal_aspect(
        size: float, aspect: float, z_near: float, z_far: float, flip_fov: bool = False
    ) -> Projection:
        """The same from the size of what it sees, the vertical one unless flipped."""
        return Projection.create_orthogonal(*_edges(size, aspect, Vector2.ZERO, flip_fov), z_near, z_far)

    @staticmethod
    def create_fit_aabb(aabb: AABB) -> Projection:
        """A box made to fill the space from -1 to 1."""
        x, y, z = (2.0 / side for side in aabb.size)
        middles = zip(aabb.position, aabb.end, aabb.size, strict=True)
        return Projection._scaled(x, y, z, [-(low + high) / side for low, high, side in middles])

    @staticmethod
    def create_depth_correction(flip_y: bool) -> Projection:
        """Depths from -1 to 1 made 1 to 0."""
        return Projection._scaled(1.0, -1.0 if flip_y else 1.0, -0.5, (0.0, 0.0, 0.5))

    @staticmethod
    def create_light_atlas_rect(rect: Rect2) -> Projection:
        """What is in the square from 0 to 1 moved into a rectangle."""
        return Projection._scaled(rect.size.x, rect.size.y, 1.0, (*rect.position, 0.0))

    @staticmethod
    def create_perspective_hmd(
        fovy: float,
        aspect: float,
        z_near: float,
        z_far: float,
        flip_fov: bool,
        eye: int,
        intraocular_dist: float,
        convergence_dist: float,
    ) -> Projection:
        """Of one eye of two: 1 for the left one, 2 for the right one."""
        if flip_fov:
            fovy = Projection.get_fovy(fovy, 1.0 / aspect)
        height = math.tan(math.radians(fovy / 2.0)) * z_near
        width, away = height * aspect, {1: 0.5, 2: -0.5}.get(eye, 0.0) * intraocular_dist
        shift = away * z_near / convergence_dist
        seen = Projection.create_frustum(-width + shift, width + shift, -height, height, z_near, z_far)
        return seen * Projection._scaled(1.0, 1.0, 1.0, (away, 0.0, 0.0))

    @staticmethod
    def create_for_hmd(
        eye: int,
        aspect: float,
        intraocular_dist: float,
        display_width: float,
        display_to_lens: float,
        oversample: float,
        z_near: float,
        z_far: float,
    ) -> Projection:
        """The same for a display that both eyes look at through lenses; an error for another eye."""
        nose = intraocular_dist * 0.5 / display_to_lens
        ear = (display_width - intraocular_dist) * 0.5 / display_to_lens
        more = (nose + ear) * (oversample - 1.0) / 2.0
        nose, ear = (nose + more) * z_near, (ear + more) * z_near
        height = display_width / 4.0 / display_to_lens * oversample / aspect * z_near
        if eye not in (1, 2):
            return Projection()
        left, right = (-ear, nose) if eye == 1 else (-nose, ear)
        return Projection.create_frustum(left, right, -height, height, z_near, z_far)

    @staticmethod
    def get_fovy(fovx: float, aspect: float) -> float:
        """The vertical angle for a horizontal one; ``aspect`` is height divided by width."""
        return math.degrees(math.atan(aspect * math.tan(math.radians(fovx) * 0.5)) * 2.0)

    # What it shows

    def get_projection_plane(self, plane: int) -> Plane:
        """One of the planes around what is seen, ``PLANE_NEAR`` and so on, its normal pointing out."""
        rows = list(zip(*self, strict=True))
        if not 0 <= plane <= 5:
            return Plane()
        row, side = ((2, 1), (2, -1), (0, 1), (1, -1), (0, -1), (1, 1))[plane]
        a, b, c, d = (w + side * other for w, other in zip(rows[3], rows[row], strict=True))
        return Plane(-a, -b, -c, d).normalized()

    def get_z_near(self) -> float:
        """How far away the near plane is."""
        return (self.w.w + self.w.z) / (self.z.w + self.z.z)

    def get_z_far(self) -> float:
        """How far away the far plane is."""
        return (self.w.w - self.w.z) / (self.z.w - self.z.z)

    def _half_extents(self, distance: float) -> Vector2:
        reach = 1.0 if self.is_orthogonal() else distance
        return Vector2(reach / self.x.x, reach / self.y.y)

    def get_viewport_half_extents(self) -> Vector2:
        """Half the size of what is seen in the near plane."""
        return self._half_extents(self.get_z_near())

    def get_far_plane_half_extents(self) -> Vector2:
        """Half the size of what is seen in the far plane."""
        return self._half_extents(self.get_z_far())

    def get_aspect(self) -> float:
        """Width divided by height."""
        return self.get_viewport_half_extents().aspect()

    def get_fov(self) -> float:
        """The horizontal angle."""
        left, right = ((1.0 - self.z.x) / self.x.x, (1.0 + self.z.x) / self.x.x)
        return math.degrees(math.atan(left) + math.atan(right))

    def get_lod_multiplier(self) -> float:
        """The width of what is seen at a distance of 1."""
        return 2.0 / self.x.x

    def get_pixels_per_meter(self, for_pixel_width: int) -> int:
        """How many pixels of a picture so many wide show 1 in the near plane."""
        return int(for_pixel_width / (2.0 * self.get_viewport_half_extents().x))

    def is_orthogonal(self) -> bool:
        """Whether it makes nothing smaller."""
        return self.z.w == 0.0

    # Changed

    def perspective_znear_adjusted(self, new_znear: float) -> Projection:
        """With another near plane."""
        far = self.get_z_far()
        depth = far - new_znear
        (zx, zy, _, zw), (wx, wy, _, ww) = self.z, self.w
        z = Vector4(zx, zy, -(far + new_znear) / depth, zw)
        return make(Projection, (self.x, self.y, z, Vector4(wx, wy, -2.0 * new_znear * far / depth, ww)))

    def flipped_y(self) -> Projection:
        """Upside down."""
        return make(Projection, (self.x, -self.y, self.z, self.w))

    def jitter_offseted(self, offset: Vector2) -> Projection:
        """Moved a little, on what is seen."""
        return make(Projection, (self.x, self.y, self.z, self.w + Vector4(*offset)))

    def _minor(self, column: int, row: int) -> float:
        """The determinant without a column and a row, with the sign it counts with."""
        a, b, c = (Vector3(*each[:row], *each[row + 1 :]) for place, each in enumerate(self) if place != column)
        return a.dot(b.cross(c)) * (-1.0 if column + row & 1 else 1.0)

    def determinant(self) -> float:
        """0 if there is no way back."""
        return sum(self.x[row] * self._minor(0, row) for row in range(4))

    def inverse(self) -> Projection:
        """The way back. Raises ``ZeroDivisionError`` when there is none."""
        factor = 1.0 / self.determinant()
        columns = [[self._minor(row, column) for row in range(4)] for column in range(4)]
        return make(Projection, [make(Vector4, column) * factor for column in columns])

    def _to_wire(self) -> tuple[float, ...]:
        return (*self[0], *self[1], *self[2], *self[3])

    @classmethod
    def _from_wire(cls, numbers: tuple[float, ...]) -> Self:
        return make(cls, [make(Vector4, numbers[start : start + 4]) for start in (0, 4, 8, 12)])


def _edges(size: float, aspect: float, middle: Vector2, is_width: bool) -> tuple[float, float, float, float]:
    """Left, right, bottom and top."""
    width = size if is_width else size * aspect
    x, y = width / 2.0, width / aspect / 2.0
    return middle.x - x, middle.x + x, middle.y - y, middle.y + y


Projection.IDENTITY = Projection()
Projection.ZERO = Projection(Vector4(), Vector4(), Vector4(), Vector4())
