"""Projections. That they compute what Godot computes is in test_golden."""

from __future__ import annotations

import pytest

from godot_enet.compat.variant import Projection, Transform3D, Vector3, Vector4

CAMERA = Projection(Vector4(1.2), Vector4(0, 1.7), Vector4(0, 0, -1, -1), Vector4(0, 0, -0.2))


def test_the_inverse_undoes_it() -> None:
    there_and_back = CAMERA.inverse() * CAMERA
    assert there_and_back.is_equal_approx(Projection.IDENTITY)
    assert there_and_back.determinant() == pytest.approx(1.0)


def test_a_matrix_without_inverse_raises() -> None:
    assert Projection.ZERO.determinant() == 0.0
    with pytest.raises(ZeroDivisionError):
        Projection.ZERO.inverse()


def test_a_transform_survives() -> None:
    place = Transform3D().rotated(Vector3.UP, 1.0).translated(Vector3(1, 2, 3))
    assert Transform3D(Projection(place)) == place


def test_a_vector_on_the_left_meets_the_columns() -> None:
    assert Vector4(1, 0, 0, 0) * Projection.IDENTITY == Vector4(1, 0, 0, 0)
    with pytest.raises(TypeError):
        Vector3() * Projection.IDENTITY  # type: ignore[operator]
