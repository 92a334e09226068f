"""Which arguments a method takes, and what is made of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from godot_enet.compat.scene.parameters import ArgumentsError, Parameters
from godot_enet.compat.variant import (
    Array,
    NodePath,
    PackedByteArray,
    PackedInt32Array,
    StringName,
    VariantType,
    Vector2,
    Vector2i,
)

if TYPE_CHECKING:
    from decimal import Decimal


def none(node: object) -> None: ...
def one(node: object, a: Any) -> None: ...
def two(node: object, a: int, b: str = "") -> None: ...
def rest(node: object, a: int, *others: Any) -> None: ...
def keyword(node: object, a: int, *, b: int = 1) -> None: ...


@pytest.mark.parametrize(
    ("function", "count"), [(none, (0, 0)), (one, (1, 1)), (two, (1, 2)), (rest, (1, None)), (keyword, (1, 1))]
)
def test_counts(function: Any, count: tuple[int, int | None]) -> None:
    parameters = Parameters(function)
    assert parameters.count == count
    fewest, most = count
    assert parameters.fit([1] * fewest) == [1] * fewest
    if fewest:
        with pytest.raises(ArgumentsError, match=r"Method expected 1 argument\(s\), but called with 0"):
            parameters.fit([])
    if most is None:
        assert len(parameters.fit([1] * 50)) == 50
    else:
        with pytest.raises(ArgumentsError, match=rf"Method expected {most} argument\(s\), but called with {most + 1}"):
            parameters.fit([1] * (most + 1))


def test_without_a_signature_anything_goes() -> None:
    assert Parameters(dict.update, skip=0).count[1] is None


def fitted(annotation: object, value: Any) -> Any:
    def function(node: object, a: Any) -> None: ...

    function.__annotations__["a"] = annotation
    [result] = Parameters(function).fit([value])
    return result


@pytest.mark.parametrize(
    ("annotation", "value", "result"),
    [
        (int, 1.9, 1),
        (int, True, 1),
        (float, 2, 2.0),
        (float, True, 1.0),
        (bool, 2, True),
        (bool, 0.0, False),
        (str, NodePath("a/b"), "a/b"),
        (str, StringName("x"), "x"),
        (bytes, [300, -1, "2"], b"\x2c\xff\2"),
        (PackedInt32Array, ["x"], PackedInt32Array([0])),
        (StringName, "x", StringName("x")),
        (NodePath, "a:b", NodePath("a:b")),
        (Vector2, Vector2i(1, 2), Vector2(1, 2)),
        (Vector2i, Vector2(1.5, 2), Vector2i(1, 2)),
        (bytes, [1, 2], b"\1\2"),
        (PackedByteArray, b"x", PackedByteArray(b"x")),
        (PackedInt32Array, [1], PackedInt32Array([1])),
        (list, PackedInt32Array([1]), [1]),
        ("list[int]", PackedInt32Array([1]), [1]),
        (dict[str, int], {}, {}),
    ],
)
def test_conversions_as_in_godot(annotation: object, value: Any, result: Any) -> None:
    made = fitted(annotation, value)
    assert made == result
    assert type(made) is type(result)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (list, Array([1], VariantType.TYPE_INT)),
        (Array, [1]),
        (bytes, PackedByteArray(b"x")),
        (Any, object),
        ("int | None", None),
        ("Decimal", "unknown at run time"),
        ("no such thing", 1),
        (object, 1),
    ],
)
def test_what_is_left_as_it_is(annotation: object, value: Any) -> None:
    assert fitted(annotation, value) is value


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, "1"),
        (int, None),
        (int, math.nan),
        (int, math.inf),
        (int, 1e300),
        (float, "x"),
        (str, 1),
        (str, b"x"),
        (Vector2, [1, 2]),
        (list, {}),
        (dict, []),
        (bytes, "x"),
        (bytes, [1e300]),
        (PackedInt32Array, [math.nan]),
    ],
)
def test_what_does_not_fit(annotation: object, value: Any) -> None:
    with pytest.raises(ArgumentsError, match="Cannot convert argument 1 from"):
        fitted(annotation, value)


def test_annotations_need_not_exist_at_run_time() -> None:
    def function(node: object, a: Decimal, b: int) -> None: ...

    assert Parameters(function).fit(["x", 2.0]) == ["x", 2]
