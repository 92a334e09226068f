"""The value types as Python objects: immutable, strict about types, hashable. Their arithmetic is in test_golden."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from godot_enet.compat.variant import (
    AABB,
    Basis,
    Color,
    Plane,
    Projection,
    Quaternion,
    Rect2,
    Rect2i,
    Transform2D,
    Transform3D,
    Vector2,
    Vector2i,
    Vector3,
    Vector3i,
    Vector4,
    Vector4i,
)
from tests.rows import each_row

# One of each, and the names of its members with what they should be.
EXAMPLES: list[tuple[Any, dict[str, Any]]] = [
    (Vector2(1, 2), {"x": 1.0, "y": 2.0}),
    (Vector2i(1, 2), {"x": 1, "y": 2}),
    (Vector3(1, 2, 3), {"x": 1.0, "y": 2.0, "z": 3.0}),
    (Vector3i(1, 2, 3), {"x": 1, "y": 2, "z": 3}),
    (Vector4(1, 2, 3, 4), {"x": 1.0, "y": 2.0, "z": 3.0, "w": 4.0}),
    (Vector4i(1, 2, 3, 4), {"x": 1, "y": 2, "z": 3, "w": 4}),
    (Rect2(1, 2, 3, 4), {"position": Vector2(1, 2), "size": Vector2(3, 4), "end": Vector2(4, 6)}),
    (Rect2i(1, 2, 3, 4), {"position": Vector2i(1, 2), "size": Vector2i(3, 4), "end": Vector2i(4, 6)}),
    (
        AABB(Vector3(1, 2, 3), Vector3(4, 5, 6)),
        {"position": Vector3(1, 2, 3), "size": Vector3(4, 5, 6), "end": Vector3(5, 7, 9)},
    ),
    (Plane(1, 2, 3, 4), {"x": 1.0, "y": 2.0, "z": 3.0, "d": 4.0, "normal": Vector3(1, 2, 3)}),
    (Quaternion(1, 2, 3, 4), {"x": 1.0, "y": 2.0, "z": 3.0, "w": 4.0}),
    (
        Transform2D(Vector2(1, 2), Vector2(3, 4), Vector2(5, 6)),
        {"x": Vector2(1, 2), "y": Vector2(3, 4), "origin": Vector2(5, 6)},
    ),
    (Basis(), {"x": Vector3(1, 0, 0), "y": Vector3(0, 1, 0), "z": Vector3(0, 0, 1)}),
    (Transform3D(Basis(), Vector3(1, 2, 3)), {"basis": Basis(), "origin": Vector3(1, 2, 3)}),
    (Projection(), {"x": Vector4(1), "y": Vector4(0, 1), "z": Vector4(0, 0, 1), "w": Vector4(0, 0, 0, 1)}),
    (
        Color(0.2, 0.4, 0.6, 0.8),
        {"r": 0.2, "g": 0.4, "b": 0.6, "a": 0.8, "r8": 51, "g8": 102, "b8": 153, "a8": 204, "v": 0.6},
    ),
]
VALUES = [value for value, _ in EXAMPLES]
ONE_OF_EACH = each_row("value", VALUES, ids=lambda value: type(value).__name__)


@each_row(("value", "members"), EXAMPLES, ids=[type(value).__name__ for value in VALUES])
def test_members_have_names(value: Any, members: dict[str, Any]) -> None:
    for name, expected in members.items():
        member = getattr(value, name)
        assert member == expected
        assert type(member) is type(expected)
        with pytest.raises(AttributeError):
            setattr(value, name, expected)
    with pytest.raises(AttributeError):
        value.something = 1


@ONE_OF_EACH
def test_a_value_survives_copying_and_pickling(value: Any) -> None:
    for twin in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert twin == value
        assert type(twin) is type(value)


@ONE_OF_EACH
def test_its_representation_makes_it_again(value: Any) -> None:
    import godot_enet.compat.variant as names

    assert eval(repr(value), vars(names).copy()) == value


@ONE_OF_EACH
def test_it_equals_only_its_own_type(value: Any) -> None:
    assert value == type(value)(*value)
    assert hash(value) == hash(type(value)(*value))
    others = [other for other in VALUES if type(other) is not type(value)]
    for other in (*others, tuple(value), list(value), None, 1):
        assert value != other
        assert other != value
    assert len({*VALUES, tuple(value)}) == len(VALUES) + 1


@ONE_OF_EACH
def test_it_is_no_tuple_to_arithmetic(value: Any) -> None:
    operates: list[Callable[[], object]] = [
        lambda: value + tuple(value),
        lambda: tuple(value) + value,
        lambda: value + None,
        lambda: sum([value]),
        lambda: value * "a",
        lambda: "a" * value,
        lambda: value * None,
        lambda: value - 1,
    ]
    for operate in operates:
        with pytest.raises(TypeError):
            operate()


@ONE_OF_EACH
def test_it_unpacks_into_its_members(value: Any) -> None:
    assert type(value)(*value) == value
    assert len(list(value)) == len(value)


@each_row("left", VALUES, ids=lambda value: type(value).__name__)
def test_types_do_not_mix_in_sums(left: Any) -> None:
    for right in VALUES:
        if type(left) is not type(right):
            with pytest.raises(TypeError):
                left + right
            with pytest.raises(TypeError):
                left - right


@each_row("cls", [Vector2, Vector3, Vector4, Vector2i, Vector3i, Vector4i, Color, Quaternion, Plane])
@each_row("wrong", ["1", b"1", None, [1], 1j])
def test_components_must_be_numbers(cls: Any, wrong: Any) -> None:
    with pytest.raises(TypeError):
        cls(1, wrong)


@each_row(
    ("cls", "arguments"),
    [
        (Rect2, (1, 2)),
        (Rect2, ((1, 2), (3, 4))),
        (Rect2i, ("a", "b")),
        (AABB, (1, 2)),
        (AABB, (Vector2(), Vector2())),
        (Basis, (1, 2, 3)),
        (Basis, (Vector3(), Vector3(), (1, 2, 3))),
        (Transform2D, (Vector2(), Vector2(), 3)),
        (Transform2D, (0.5, 1)),
        (Transform3D, (1,)),
        (Transform3D, (Basis(), Vector2())),
        (Projection, (Vector4(), Vector4(), Vector4())),
    ],
)
def test_parts_must_be_of_the_right_type(cls: Any, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        cls(*arguments)


def test_numbers_become_what_the_type_holds() -> None:
    assert [type(component) for component in Vector3(1, True, 2.5)] == [float] * 3
    assert Vector3i(1.9, -1.9, True) == Vector3i(1, -1, 1)
    assert [type(component) for component in Vector3i(1.9, -1.9, True)] == [int] * 3
    assert [type(component) for component in Vector2i(3, 4) * 2] == [int] * 2
    assert [type(component) for component in Vector2(3, 4) * 2] == [float] * 2


def test_dividing_by_zero_raises() -> None:
    divides: list[Callable[[], object]] = [
        lambda: Vector2(1, 2) / 0,
        lambda: Vector2i(1, 2) / 0,
        lambda: Vector2i(1, 2) % Vector2i(1, 0),
        lambda: Basis(Vector3(), Vector3(), Vector3()).inverse(),
    ]
    for divide in divides:
        with pytest.raises(ZeroDivisionError):
            divide()


def test_infinity_and_not_a_number_are_components_like_others() -> None:
    odd = Vector3(math.inf, -math.inf, math.nan)
    assert [str(component) for component in odd.floor()] == ["inf", "-inf", "nan"]
    assert [str(component) for component in odd.round()] == ["inf", "-inf", "nan"]
    assert [str(component) for component in odd.ceil()] == ["inf", "-inf", "nan"]
    assert not odd.is_finite()
    assert Vector2(math.inf, math.inf) == Vector2.INF


def test_numbers_of_numpy_leave_arithmetic_to_the_row() -> None:
    class Number(float):
        """Like numpy's: it would make an array of what it is multiplied with, unless that says it need not."""

        def __mul__(self, other: Any) -> Any:
            return NotImplemented if getattr(other, "__array_ufunc__", ()) is None else list(other)

    assert Number(2) * Vector2(1, 2) == Vector2(1, 2) * Number(2) == Vector2(2, 4)


def test_a_value_can_be_a_key_and_sorted() -> None:
    assert {Vector2i(1, 2): "cell"}[Vector2i(1, 2)] == "cell"
    assert sorted([Vector2(2, 0), Vector2(1, 5), Vector2(1, 2)]) == [Vector2(1, 2), Vector2(1, 5), Vector2(2, 0)]


@each_row("code", ["#12345", "1234567", "", "#", "xyz", "12 4", "-123", "\uff11\uff12\uff13"])
def test_only_codes_and_names_mean_colours(logged: Callable[[], list[str]], code: str) -> None:
    assert Color(code) == Color.html(code) == Color.BLACK
    assert Color(code, 0.5) == Color(0, 0, 0, 0.5)
    assert Color.from_string(code, Color.RED) == Color.RED
    assert not Color.html_is_valid(code)
    named = f"Invalid color name: {code}."
    assert logged() == [named, f"Invalid color code: {code}.", named]


def test_a_colour_comes_back_from_linear_light() -> None:
    for byte in range(256):
        color = Color(byte / 255, 1 - byte / 255, 0.5, byte / 255)
        assert color.srgb_to_linear().linear_to_srgb().is_equal_approx(color)


def test_integer_vectors_grow_beyond_32_bits() -> None:
    assert Vector2i((1 << 31) - 1, 0) + Vector2i(1, 0) == Vector2i(1 << 31, 0)
