"""What Godot 4.6.3 itself makes of values and of bytes; the files are in ``tests/vectors``. A test a type of value.

``variant.json``: expressions, and what ``var_to_bytes`` gave for them. ``variant_decode.json``: odd and malformed
bytes, and whether ``bytes_to_var`` took them. ``variant_math.json``: expressions again, with methods and operators.
``variant_methods.json``: the same for every member, method, constant, constructor and operator that the value types
have, but for those of ``tests/contract/left_out.py``, and for some of their corners.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from godot_enet.compat.variant import (
    Array,
    Color,
    DecodeError,
    Dictionary,
    EncodedObjectAsID,
    EncodedSignal,
    NodePath,
    PackedFloat32Array,
    PackedFloat64Array,
    PackedStringArray,
    PackedVector2Array,
    PackedVector3Array,
    PackedVector4Array,
    StringName,
    Transform2D,
    Variant,
    VariantType,
    Vector2,
    Vector3,
    Vector4,
    bytes_to_var,
    decode_variant,
    encode_variant,
    typeof,
    var_to_bytes,
)
from tests.rows import check_rows, each_row
from tests.unit.compat.variant.gdscript_expressions import evaluate

Logged = Callable[[], list[str]]

VECTORS = Path(__file__).parents[3] / "vectors"
INF, NAN = math.inf, math.nan


Case = dict[str, Any]


def load(*names: str) -> list[Case]:
    """The cases in these files."""
    return [case for name in names for case in json.loads((VECTORS / name).read_text(encoding="utf-8"))]


def title(case: Case) -> str:
    return str(case.get("name") or case["expr"])


def by_type(*names: str) -> pytest.MarkDecorator:
    """A test for each type of value: that which Godot names, or else the first in the expression."""
    groups: dict[str, list[Case]] = {}
    for case in load(*names):
        named = re.search(r"\b[A-Z]\w+", case["expr"])
        kind = VariantType(case["type"]).name if "type" in case else named[0] if named else "plain"
        groups.setdefault(kind, []).append(case)
    return pytest.mark.parametrize("cases", [pytest.param(cases, id=kind) for kind, cases in groups.items()])


def check_each(cases: list[Case], check: Callable[[Case], object]) -> None:
    check_rows([(title(case), case) for case in cases], check)


# Where GDScript's compiler, not the encoder, makes something else of the text: it reads numbers with less precision,
# takes -0.0 in a constant for 0.0, and computes the sine in 32 bits. Names of colours are not known here.
INSTEAD: dict[str, Variant] = {
    "float_neg_zero": 0.0,
    "float_float32_max": float.fromhex("0x1.fffffe0000001p127"),
    "float_double_min_normal": 0.0,
    "float_double_denorm_min": 0.0,
    "transform2d_rot": Transform2D(Vector2(-4.37113883e-8, 1.0), Vector2(-1.0, -4.37113883e-8), Vector2(10, 20)),
    "color_named": Color("#6495ed"),
    "dict_array_key": Dictionary([([1, 2], [3])]),
    "array_floats": [0.5, 0.1, 0.0],
    "packed_float32": PackedFloat32Array([0.1, 0.0, INF, -INF, NAN, 1e300]),
    "packed_float64": PackedFloat64Array([0.1, 0.0, INF, -INF, NAN, 1e300]),
}


@by_type("variant.json")
def test_a_value_is_encoded_as_by_godot_and_comes_back(cases: list[Case]) -> None:
    def check(case: Case) -> None:
        value = INSTEAD[case["name"]] if case["name"] in INSTEAD else evaluate(case["expr"])
        assert var_to_bytes(value).hex() == case["hex"]
        data = bytes.fromhex(case["hex"])
        decoded, size = decode_variant(data)
        assert size == len(data)
        assert encode_variant(decoded) == data
        assert typeof(decoded) == case["type"]

    check_each(cases, check)


# What the odd ones decode to, in the order of the file; those that are refused are left out.
DECODED: list[Variant] = [
    None,
    None,
    True,
    True,
    5,
    5,
    -1,
    4.0,
    0.5,
    Vector2(0.5, 0.25),
    PackedVector2Array([Vector2(0.5, 0.25)]),
    PackedVector3Array([Vector3(0.1, 0.25, 1)]),
    PackedVector4Array([Vector4(0.1, 0.25, 1, 2)]),
    Color(1, 1, 1, 1),
    "abc",
    "a",
    "a",
    "a",
    "a",
    "a",
    NodePath("a:b"),
    NodePath("a"),
    None,
    EncodedObjectAsID(5),
    evaluate("Callable()"),
    EncodedSignal(StringName("a"), 7),
    {None: 5},
    {5: None},
    [5],
    Array([5], VariantType.TYPE_INT),
    Array([1], VariantType.TYPE_INT),
    Array([], VariantType.TYPE_INT),
    [None],
    Array([None], VariantType.TYPE_OBJECT, "EncodedObjectAsID"),
    Array([None], VariantType.TYPE_OBJECT, "EncodedObjectAsID"),
    Array([None], VariantType.TYPE_OBJECT, "EncodedObjectAsID"),
    Dictionary({1: "a"}, VariantType.TYPE_INT, "", None, VariantType.TYPE_STRING),
    {1: 3},
    b"\1",
    [b"\1", 5],
    PackedStringArray(),
    PackedStringArray(["a"]),
    PackedStringArray(["a"]),
    PackedStringArray(["a"]),
    evaluate("rid_from_int64(5)"),
]


def accepted() -> list[Any]:
    taken = [case for case in load("variant_decode.json") if not case["rejected"]]
    return [pytest.param(case, value, id=case["name"]) for case, value in zip(taken, DECODED, strict=True)]


@each_row(("case", "value"), accepted())
def test_odd_bytes_are_taken_as_by_godot(case: Case, value: Variant) -> None:
    decoded = bytes_to_var(bytes.fromhex(case["hex"]))
    assert repr(decoded) == repr(value)
    assert encode_variant(decoded) == encode_variant(value)


@each_row("case", [case for case in load("variant_decode.json") if case["rejected"]], ids=title)
def test_malformed_bytes_are_refused_as_by_godot(logged: Logged, case: Case) -> None:
    data = bytes.fromhex(case["hex"])
    with pytest.raises(DecodeError) as refused:
        decode_variant(data)
    assert bytes_to_var(data) is None
    assert logged() == [str(refused.value)]


def numbers(value: Variant) -> list[float] | None:
    """The numbers that a value is made of, if it is."""
    if isinstance(value, (int, float)):
        return [value]
    if not isinstance(value, (tuple, PackedVector2Array, PackedVector3Array)):
        return None
    return [number for member in value for number in numbers(member) or ()]


def same(a: float, b: float) -> bool:
    """Equal but for what Godot loses by computing in 32 bits."""
    return math.isclose(a, b, rel_tol=3e-5, abs_tol=3e-6) or (a != a and b != b)


def check_computed(value: Variant, case: Case) -> None:
    """Whether a value is what Godot made of the same expression."""
    expected = bytes_to_var(bytes.fromhex(case["hex"]))
    assert typeof(value) is typeof(expected)
    components = numbers(expected)
    if components is None:
        assert var_to_bytes(value).hex() == case["hex"]
    else:
        assert all(map(same, numbers(value) or (), components)), (value, expected)
        assert len(numbers(value) or ()) == len(components)


@by_type("variant_math.json", "variant_methods.json")
def test_it_computes_as_godot_does(cases: list[Case]) -> None:
    check_each(cases, lambda case: check_computed(evaluate(case["expr"]), case))
