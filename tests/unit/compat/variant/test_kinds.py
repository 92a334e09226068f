"""Types and their numbers."""

from __future__ import annotations

import json
from typing import Any

import godot_enet.compat.variant as variant
from godot_enet.compat.variant import (
    Array,
    Color,
    Dictionary,
    PackedByteArray,
    PackedColorArray,
    PackedFloat64Array,
    PackedStringArray,
    StringName,
    VariantType,
    Vector2,
    Vector2i,
    typeof,
)
from tests.rows import each_row


@each_row(
    ("value", "kind"),
    [
        (None, VariantType.TYPE_NIL),
        (True, VariantType.TYPE_BOOL),
        (1, VariantType.TYPE_INT),
        (VariantType.TYPE_AABB, VariantType.TYPE_INT),
        (1.0, VariantType.TYPE_FLOAT),
        ("a", VariantType.TYPE_STRING),
        (StringName("a"), VariantType.TYPE_STRING_NAME),
        (Vector2(), VariantType.TYPE_VECTOR2),
        (Vector2i(), VariantType.TYPE_VECTOR2I),
        (Color(), VariantType.TYPE_COLOR),
        ([], VariantType.TYPE_ARRAY),
        (Array(), VariantType.TYPE_ARRAY),
        ({}, VariantType.TYPE_DICTIONARY),
        (Dictionary(), VariantType.TYPE_DICTIONARY),
        (b"", VariantType.TYPE_PACKED_BYTE_ARRAY),
        (bytearray(), VariantType.TYPE_PACKED_BYTE_ARRAY),
        (memoryview(b""), VariantType.TYPE_PACKED_BYTE_ARRAY),
        (PackedByteArray(), VariantType.TYPE_PACKED_BYTE_ARRAY),
        (PackedFloat64Array(), VariantType.TYPE_PACKED_FLOAT64_ARRAY),
        (PackedStringArray(), VariantType.TYPE_PACKED_STRING_ARRAY),
        (PackedColorArray(), VariantType.TYPE_PACKED_COLOR_ARRAY),
        (print, VariantType.TYPE_CALLABLE),
    ],
)
def test_a_value_has_the_type_that_godot_sees(value: Any, kind: VariantType) -> None:
    assert typeof(value) is kind


def test_each_type_of_the_package_has_its_own_number() -> None:
    declared = [getattr(getattr(variant, name), "variant_type", None) for name in variant.__all__]
    kinds = [kind for kind in declared if kind is not None]
    assert len(set(kinds)) == len(kinds)
    plain = {typeof(value) for value in (None, True, 1, 1.0, "")}
    assert {*kinds, *plain, VariantType.TYPE_MAX} == set(VariantType)


def test_the_numbers_are_plain_ints_to_others() -> None:
    assert json.dumps([VariantType.TYPE_MAX]) == "[39]"
