"""Planes. That they compute what Godot computes is in test_golden."""

from __future__ import annotations

import math

from godot_enet.compat.variant import Plane, Vector3


def test_a_line_that_only_touches_the_plane_meets_it() -> None:
    floor = Plane(Vector3.UP)
    assert floor.intersects_segment(Vector3(1, 2, 3), Vector3(1, 0, 3)) == Vector3(1, 0, 3)
    assert floor.intersects_segment(Vector3(1, 2, 3), Vector3(1, 0.1, 3)) is None
    assert floor.intersects_ray(Vector3(1, 0, 3), Vector3.UP) == Vector3(1, 0, 3)
    assert floor.intersects_ray(Vector3(1, 1, 3), Vector3.UP) is None


def test_a_plane_without_a_normal_is_met_nowhere() -> None:
    nothing = Plane()
    assert nothing.normalized() == nothing
    assert nothing.intersects_ray(Vector3(), Vector3.UP) is None
    assert nothing.intersect_3(Plane.PLANE_XY, Plane.PLANE_XZ) is None


def test_components_need_not_be_finite() -> None:
    assert not Plane(math.nan, 0, 0, 0).is_finite()
    assert Plane(0, 0, 1, 0) == +Plane.PLANE_XY
