"""Projections. That they compute what Godot computes is in test_golden."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from godot_enet.compat.variant import AABB, Projection, Transform3D, Vector3, Vector4

Logged = Callable[[], list[str]]
CAMERA = Projection.create_perspective(60, 1.5, 0.1, 100)


def test_the_way_back_leads_back() -> None:
    there_and_back = CAMERA.inverse() * CAMERA
    assert there_and_back.is_equal_approx(Projection.IDENTITY)
    assert there_and_back.determinant() == pytest.approx(1.0)


def test_what_cannot_be_undone_raises() -> None:
    assert Projection.ZERO.determinant() == 0.0
    with pytest.raises(ZeroDivisionError):
        Projection.ZERO.inverse()


def test_a_transform_survives() -> None:
    place = Transform3D().rotated(Vector3.UP, 1.0).translated(Vector3(1, 2, 3))
    assert Transform3D(Projection(place)) == place


def test_a_camera_without_room_is_none(logged: Logged) -> None:
    assert Projection.create_frustum(1, 1, -1, 1, 0.1, 9) == Projection()
    assert Projection.create_frustum(-1, 1, 1, 1, 0.1, 9) == Projection()
    assert Projection.create_frustum(-1, 1, -1, 1, 9, 9) == Projection()
    assert logged() == [
        f'Condition "{condition}" is true.'
        for condition in ("p_right <= p_left", "p_top <= p_bottom", "p_far <= p_near")
    ]
    with pytest.raises(ZeroDivisionError):
        Projection.create_fit_aabb(AABB())


def test_there_are_six_planes() -> None:
    sides = [CAMERA.get_projection_plane(side) for side in range(6)]
    assert all(not plane.is_point_over(Vector3(0, 0, -1)) for plane in sides)
    assert CAMERA.get_projection_plane(6).normal == Vector3.ZERO


def test_a_vector_on_the_left_meets_the_columns() -> None:
    assert Vector4(1, 0, 0, 0) * Projection.IDENTITY == Vector4(1, 0, 0, 0)
    with pytest.raises(TypeError):
        Vector3() * Projection.IDENTITY  # type: ignore[operator]
