"""Vectors of ints. That they compute what Godot computes is in test_golden."""

from __future__ import annotations

import operator
from typing import Any

import pytest

from godot_enet.compat.variant import Vector2, Vector2i, Vector3, Vector3i, Vector4, Vector4i


@pytest.mark.parametrize(("cls", "real"), [(Vector2i, Vector2), (Vector3i, Vector3), (Vector4i, Vector4)])
def test_a_float_makes_a_vector_of_floats(cls: Any, real: Any) -> None:
    ones, halves = cls.ONE, real.ONE * 0.5
    for result in (ones * 0.5, 0.5 * ones, ones / 2.0):
        assert result == halves
        assert [type(component) for component in result] == [float] * len(ones)
    for whole in (ones * 2, 2 * ones, ones / 1, ones % 2, ones * True):
        assert type(whole) is cls
        assert [type(component) for component in whole] == [int] * len(ones)
    with pytest.raises(TypeError):
        ones % 0.5


@pytest.mark.parametrize("cls", [Vector2i, Vector3i, Vector4i])
def test_its_limits_are_those_of_32_bits(cls: Any) -> None:
    assert set(cls.MIN) == {-(1 << 31)}
    assert set(cls.MAX) == {(1 << 31) - 1}


@pytest.mark.parametrize("wrong", ["1", None, Vector2(1, 1), (1, 1), [1, 1]])
def test_only_numbers_and_its_own_kind_are_factors(wrong: Any) -> None:
    for calculate in (operator.mul, operator.truediv, operator.mod):
        with pytest.raises(TypeError):
            calculate(Vector2i.ONE, wrong)
