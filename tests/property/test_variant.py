"""Laws of the Variant format that hold for any value and any bytes."""

from __future__ import annotations

import json
import math
from pathlib import Path
from struct import pack, unpack
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from godot_enet.compat.variant import (
    AABB,
    RID,
    Array,
    Basis,
    Color,
    DecodeError,
    Dictionary,
    EncodedCallable,
    EncodedObjectAsID,
    EncodedSignal,
    NodePath,
    PackedByteArray,
    PackedColorArray,
    PackedFloat32Array,
    PackedFloat64Array,
    PackedInt32Array,
    PackedInt64Array,
    PackedStringArray,
    PackedVector2Array,
    PackedVector3Array,
    PackedVector4Array,
    Plane,
    Projection,
    Quaternion,
    Rect2,
    Rect2i,
    StringName,
    Transform2D,
    Transform3D,
    Variant,
    VariantType,
    Vector2,
    Vector2i,
    Vector3,
    Vector3i,
    Vector4,
    Vector4i,
    decode_variant,
    encode_variant,
    typeof,
)
from tests.fuzz.fuzz_variant import check
from tests.rows import each_row

VECTORS = Path(__file__).parents[1] / "vectors"
SEEDS = [
    bytes.fromhex(case["hex"])
    for name in ("variant.json", "variant_decode.json")
    for case in json.loads((VECTORS / name).read_text(encoding="utf-8"))
]

ints32 = st.integers(-(1 << 31), (1 << 31) - 1)
ints64 = st.integers(-(1 << 63), (1 << 63) - 1)
singles = st.floats(width=32, allow_nan=False)
"""What 32 bits hold exactly; NaN is left out, as it equals nothing."""
doubles = st.floats(allow_nan=False)
text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9).filter(
    lambda text: not text.startswith("\ufeff")
)
names = text.map(StringName)
paths = st.builds(NodePath._of, st.lists(text, max_size=3), st.lists(text, max_size=3), st.booleans())
vectors2 = st.builds(Vector2, singles, singles)
vectors3 = st.builds(Vector3, singles, singles, singles)
vectors4 = st.builds(Vector4, singles, singles, singles, singles)
cells2 = st.builds(Vector2i, ints32, ints32)
colors = st.builds(Color, singles, singles, singles, singles)
bases = st.builds(Basis, vectors3, vectors3, vectors3)

BY_TYPE: dict[VariantType, st.SearchStrategy[Any]] = {
    VariantType.TYPE_NIL: st.none(),
    VariantType.TYPE_BOOL: st.booleans(),
    VariantType.TYPE_INT: ints32 | ints64,
    VariantType.TYPE_FLOAT: singles | doubles,
    VariantType.TYPE_STRING: text,
    VariantType.TYPE_VECTOR2: vectors2,
    VariantType.TYPE_VECTOR2I: cells2,
    VariantType.TYPE_RECT2: st.builds(Rect2, vectors2, vectors2),
    VariantType.TYPE_RECT2I: st.builds(Rect2i, cells2, cells2),
    VariantType.TYPE_VECTOR3: vectors3,
    VariantType.TYPE_VECTOR3I: st.builds(Vector3i, ints32, ints32, ints32),
    VariantType.TYPE_TRANSFORM2D: st.builds(Transform2D, vectors2, vectors2, vectors2),
    VariantType.TYPE_VECTOR4: vectors4,
    VariantType.TYPE_VECTOR4I: st.builds(Vector4i, ints32, ints32, ints32, ints32),
    VariantType.TYPE_PLANE: st.builds(Plane, singles, singles, singles, singles),
    VariantType.TYPE_QUATERNION: st.builds(Quaternion, singles, singles, singles, singles),
    VariantType.TYPE_AABB: st.builds(AABB, vectors3, vectors3),
    VariantType.TYPE_BASIS: bases,
    VariantType.TYPE_TRANSFORM3D: st.builds(Transform3D, bases, vectors3),
    VariantType.TYPE_PROJECTION: st.builds(Projection, vectors4, vectors4, vectors4, vectors4),
    VariantType.TYPE_COLOR: colors,
    VariantType.TYPE_STRING_NAME: names,
    VariantType.TYPE_NODE_PATH: paths,
    VariantType.TYPE_RID: st.builds(RID, ints64),
    VariantType.TYPE_OBJECT: st.none() | st.builds(EncodedObjectAsID, ints64.filter(bool)),
    VariantType.TYPE_CALLABLE: st.just(EncodedCallable()),
    VariantType.TYPE_SIGNAL: st.builds(EncodedSignal, names, ints64),
    VariantType.TYPE_PACKED_BYTE_ARRAY: st.binary(max_size=9),
    VariantType.TYPE_PACKED_INT32_ARRAY: st.lists(ints32, max_size=4).map(PackedInt32Array),
    VariantType.TYPE_PACKED_INT64_ARRAY: st.lists(ints64, max_size=4).map(PackedInt64Array),
    VariantType.TYPE_PACKED_FLOAT32_ARRAY: st.lists(singles, max_size=4).map(PackedFloat32Array),
    VariantType.TYPE_PACKED_FLOAT64_ARRAY: st.lists(doubles, max_size=4).map(PackedFloat64Array),
    VariantType.TYPE_PACKED_STRING_ARRAY: st.lists(text, max_size=4).map(PackedStringArray),
    VariantType.TYPE_PACKED_VECTOR2_ARRAY: st.lists(vectors2, max_size=3).map(PackedVector2Array),
    VariantType.TYPE_PACKED_VECTOR3_ARRAY: st.lists(vectors3, max_size=3).map(PackedVector3Array),
    VariantType.TYPE_PACKED_COLOR_ARRAY: st.lists(colors, max_size=3).map(PackedColorArray),
    VariantType.TYPE_PACKED_VECTOR4_ARRAY: st.lists(vectors4, max_size=3).map(PackedVector4Array),
}
leaves = st.one_of(*BY_TYPE.values())


@st.composite
def typed_arrays(draw: st.DrawFn) -> Array:
    kind = draw(st.sampled_from([kind for kind in BY_TYPE if kind is not VariantType.TYPE_OBJECT]))
    return Array(draw(st.lists(BY_TYPE[kind], max_size=3)), kind)


@st.composite
def typed_dictionaries(draw: st.DrawFn) -> Dictionary:
    plain = [kind for kind in BY_TYPE if kind is not VariantType.TYPE_OBJECT]
    key_type, value_type = draw(st.sampled_from(plain)), draw(st.sampled_from(plain))
    assume(key_type or value_type)
    pairs = draw(st.lists(st.tuples(BY_TYPE[key_type], BY_TYPE[value_type]), max_size=3))
    return Dictionary(pairs, key_type, "", None, value_type)


values = st.recursive(
    leaves | typed_arrays() | typed_dictionaries(),
    lambda inner: st.lists(inner, max_size=4) | st.lists(st.tuples(inner, inner), max_size=4).map(Dictionary),
    max_leaves=12,
)


@pytest.mark.parametrize("kind", BY_TYPE, ids=lambda kind: kind.name)
def test_each_type_comes_back(kind: VariantType) -> None:
    @given(BY_TYPE[kind])
    def comes_back(value: Variant) -> None:
        data = encode_variant(value)
        decoded, size = decode_variant(data)
        assert size == len(data)
        assert decoded == value
        assert type(decoded) is type(value)
        assert typeof(decoded) is typeof(value)
        assert encode_variant(decoded) == data

    comes_back()


@given(values)
def test_every_value_comes_back(value: Variant) -> None:
    data = encode_variant(value)
    decoded, size = decode_variant(data)
    assert size == len(data)
    assert len(data) % 4 == 0
    assert decoded == value
    assert encode_variant(decoded) == data


@given(values, st.binary(max_size=8))
def test_what_follows_a_value_does_not_matter(value: Variant, more: bytes) -> None:
    data = encode_variant(value)
    decoded, size = decode_variant(more + data + more, len(more))
    assert size == len(data)
    assert encode_variant(decoded) == data


@given(values, st.data())
def test_a_value_that_is_cut_short_is_refused(value: Variant, data: st.DataObject) -> None:
    coded = encode_variant(value)
    cut = coded[: data.draw(st.integers(0, len(coded) - 1))]
    try:
        decoded, _ = decode_variant(cut)
    except DecodeError:
        return
    assert cut + bytes(-len(cut) % 4) == coded  # all that may be missing is padding behind bytes
    assert encode_variant(decoded) == coded


@given(doubles)
@example(3.4028235677973366e38)
@example(math.nextafter(3.4028235677973366e38, 0))
@example(5e-324)
def test_components_are_rounded_to_32_bits(number: float) -> None:
    (single,) = unpack("<4xf4x", encode_variant(Vector2(number, 0)))
    assert PackedFloat32Array([number])[0] == single
    if math.isfinite(single):
        assert pack("<f", number) == pack("<f", single)
    else:
        assert abs(number) >= 3.4028235677973366e38


@given(st.binary(max_size=300))
def test_any_bytes_are_decoded_or_refused(data: bytes) -> None:
    check(data)


heads = st.builds(
    lambda kind, flags: pack("<I", kind | flags << 16),
    st.integers(0, 38),
    st.sampled_from([0, 0, 1, 2, 3, 4, 5, 8, 15]),
)
words = st.one_of(heads, st.integers(0, 5).map(lambda count: pack("<I", count)), st.binary(min_size=4, max_size=4))


@given(st.lists(words, max_size=40).map(b"".join))
@example(pack("<I", 28 | 1 << 16) + pack("<II", 38, 1) + pack("<II", 28, 1) + pack("<I", 12) + bytes(16))
def test_bytes_that_look_like_values_are_decoded_or_refused(data: bytes) -> None:
    check(data)


changes = st.tuples(st.integers(0, 1 << 20), st.binary(max_size=5), st.integers(0, 5))


@given(values.map(encode_variant) | st.sampled_from(SEEDS), st.lists(changes, min_size=1, max_size=3))
def test_damaged_values_are_decoded_or_refused(data: bytes, damage: list[tuple[int, bytes, int]]) -> None:
    for place, put, taken in damage:
        at = place % (len(data) + 1)
        data = data[:at] + put + data[at + taken :]
    check(data)


@each_row("data", SEEDS)
def test_what_is_known_keeps_the_laws(data: bytes) -> None:
    check(data)


keys = st.one_of(
    st.sampled_from([0, 1, 0.0, 1.0, False, True, None, "a", StringName("a"), b"a", math.nan]),
    st.sampled_from([Vector2(0, 1), Vector2i(0, 1), NodePath("a"), RID(1)]),
    st.builds(lambda number: [number], st.sampled_from([0, 1, "a"])),
    st.builds(lambda number: PackedInt32Array([number]), st.integers(0, 1)),
)


@given(st.lists(st.tuples(st.booleans(), keys, st.integers()), max_size=12))
def test_a_dictionary_behaves_as_a_list_of_pairs_would(steps: list[tuple[bool, Any, int]]) -> None:
    def identity(key: Any) -> tuple[str, bytes]:
        kind = "str" if isinstance(key, str) else type(key).__name__
        return kind, encode_variant(str(key) if isinstance(key, str) else key)

    dictionary = Dictionary()
    model: list[tuple[Any, int]] = []
    for put, key, value in steps:
        places = [place for place, (other, _) in enumerate(model) if identity(other) == identity(key)]
        assert (key in dictionary) is bool(places)
        if put:
            dictionary[key] = value
            if places:
                model[places[0]] = (model[places[0]][0], value)
            else:
                model.append((key, value))
        elif places:
            assert dictionary.pop(key) == model.pop(places[0])[1]
        assert [(identity(key), value) for key, value in dictionary.items()] == [
            (identity(key), value) for key, value in model
        ]


@given(st.binary(max_size=24), st.integers(-3, 30))
def test_byte_arrays_read_values_anywhere(data: bytes, offset: int) -> None:
    array = PackedByteArray(data)
    size = array.decode_var_size(offset)
    assert array.has_encoded_var(offset) is (size > 0)
    if size:
        assert encode_variant(array.decode_var(offset)) == encode_variant(decode_variant(data[offset:])[0])
    else:
        assert array.decode_var(offset) is None
