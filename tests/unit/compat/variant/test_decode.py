"""Decoding: what the golden data does not show."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from struct import pack
from typing import Any

import pytest

from godot_enet import Error
from godot_enet.compat.variant import (
    RID,
    Array,
    Basis,
    Color,
    DecodeError,
    Dictionary,
    EncodedObjectAsID,
    NodePath,
    PackedByteArray,
    PackedColorArray,
    PackedFloat32Array,
    PackedInt32Array,
    PackedStringArray,
    PackedVector3Array,
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
    decode_variant,
    encode_variant,
)
from godot_enet.compat.variant.decode import MAX_AMPLIFICATION, MAX_KEY_NESTING
from tests.rows import each_row

Logged = Callable[[], list[str]]


def word(number: int) -> bytes:
    return pack("<I", number & 0xFFFFFFFF)


def text(data: bytes) -> bytes:
    return word(len(data)) + data + bytes(-len(data) % 4)


def array_of(kind: VariantType, *elements: Variant) -> bytes:
    """An array that says to hold one type, whatever it holds."""
    return word(28 | 1 << 16) + word(kind) + word(len(elements)) + b"".join(map(encode_variant, elements))


@each_row(
    ("data", "error"),
    [
        (b"", Error.ERR_INVALID_DATA),
        (word(39), Error.ERR_INVALID_DATA),
        (word(2) + b"\0\0\0", Error.ERR_INVALID_DATA),
        (word(4) + b"\0\0", Error.ERR_INVALID_DATA),
        (word(4) + word(4) + b"abc", Error.ERR_FILE_EOF),
        (word(4) + word(1) + b"a", Error.ERR_FILE_EOF),
        (word(4) + word(-1), Error.ERR_FILE_EOF),
        (word(4) + text(b"\xff"), Error.ERR_INVALID_DATA),
        (word(4) + text(b"\xed\xa0\x80"), Error.ERR_INVALID_DATA),
        (word(22) + word(0) + word(0) + word(0), Error.ERR_INVALID_DATA),
        (word(22) + word(0xFFFFFFFF) + word(-1) + word(0), Error.ERR_INVALID_DATA),
        (word(24) + text(b"Node") + word(0), Error.ERR_UNAUTHORIZED),
        (word(24 | 1 << 16) + b"\0\0\0\0", Error.ERR_INVALID_DATA),
        (word(26) + text(b"a") + b"\0\0\0\0", Error.ERR_INVALID_DATA),
        (word(28) + word(1), Error.ERR_INVALID_DATA),
        (word(28 | 1 << 16) + word(39) + word(0), Error.ERR_INVALID_DATA),
        (word(28 | 2 << 16) + text(b"\xff") + word(0), Error.ERR_INVALID_DATA),
        (word(27) + word(1) + word(0), Error.ERR_INVALID_DATA),
        (word(29) + word(-1), Error.ERR_INVALID_DATA),
        (word(29) + word(5) + b"abcd", Error.ERR_INVALID_DATA),
        (word(30) + word(0x40000000), Error.ERR_INVALID_DATA),
        (word(33) + word(1) + bytes(7), Error.ERR_INVALID_DATA),
        (word(34) + word(0x7FFFFFFF), Error.ERR_INVALID_DATA),
        (word(34) + word(1) + word(9), Error.ERR_FILE_EOF),
        (word(35 | 1 << 16) + word(1) + bytes(12), Error.ERR_INVALID_DATA),
        (word(38) + word(0x10000000), Error.ERR_INVALID_DATA),
    ],
)
def test_the_error_is_that_of_godot(data: bytes, error: Error) -> None:
    for around in (b"", word(28) + word(1), word(27) + word(1) + word(0)):
        with pytest.raises(DecodeError) as refused:
            decode_variant(around + data)
        assert refused.value.error is error


def test_depth_is_limited_as_in_godot() -> None:
    opened = word(28) + word(1)
    assert decode_variant(opened * 1024 + word(28) + word(0))[1] == 1025 * 8
    assert decode_variant(opened * 1024 + word(0))[1] == 1024 * 8 + 4
    for too_deep in (opened * 1025 + word(28) + word(0), opened * 1025 + word(0), opened * 100000):
        with pytest.raises(DecodeError) as refused:
            decode_variant(too_deep)
        assert refused.value.error is Error.ERR_OUT_OF_MEMORY


def test_it_starts_where_it_is_told_and_says_how_long_it_was() -> None:
    data = b"\xff" + encode_variant("abc") + encode_variant([1, b"x"]) + b"\xff\xff"
    assert decode_variant(data, 1) == ("abc", 12)
    assert decode_variant(data, 13) == ([1, b"x"], 28)
    with pytest.raises(DecodeError):
        decode_variant(data, len(data))
    with pytest.raises(DecodeError):
        decode_variant(data, len(data) + 100)


def test_bytes_may_lack_their_padding_at_the_very_end() -> None:
    assert decode_variant(word(29) + word(1) + b"x") == (b"x", 12)
    assert decode_variant(word(28) + word(1) + word(29) + word(1) + b"x") == ([b"x"], 20)


# Each pair in one array of the first's type: what came, and what it becomes, as seen in Godot 4.6.3.
@each_row(
    ("kind", "came", "becomes"),
    [
        (VariantType.TYPE_BOOL, 2, True),
        (VariantType.TYPE_BOOL, 0.0, False),
        (VariantType.TYPE_INT, -1.9, -1),
        (VariantType.TYPE_INT, True, 1),
        (VariantType.TYPE_FLOAT, 5, 5.0),
        (VariantType.TYPE_FLOAT, True, 1.0),
        (VariantType.TYPE_STRING, StringName("a"), "a"),
        (VariantType.TYPE_STRING, NodePath("a/b:c"), "a/b:c"),
        (VariantType.TYPE_STRING_NAME, "a", StringName("a")),
        (VariantType.TYPE_NODE_PATH, "a/b", NodePath("a/b")),
        (VariantType.TYPE_VECTOR2, Vector2i(3, -4), Vector2(3, -4)),
        (VariantType.TYPE_VECTOR2I, Vector2(1.5, -2.25), Vector2i(1, -2)),
        (VariantType.TYPE_VECTOR3I, Vector3(1.5, -2.25, 0), Vector3i(1, -2, 0)),
        (VariantType.TYPE_RECT2, Rect2i(1, 2, 3, 4), Rect2(1, 2, 3, 4)),
        (VariantType.TYPE_RECT2I, Rect2(1.9, 2, 3, 4), Rect2i(1, 2, 3, 4)),
        (VariantType.TYPE_QUATERNION, Basis(), Quaternion()),
        (VariantType.TYPE_BASIS, Quaternion(), Basis()),
        (VariantType.TYPE_TRANSFORM2D, Transform3D(Basis(), Vector3(5, 6, 7)), Transform2D(0.0, Vector2(5, 6))),
        (VariantType.TYPE_TRANSFORM3D, Transform2D(0.0, Vector2(5, 6)), Transform3D(Basis(), Vector3(5, 6, 0))),
        (VariantType.TYPE_TRANSFORM3D, Quaternion(), Transform3D()),
        (VariantType.TYPE_COLOR, 0x11223344, Color("#11223344")),
        (VariantType.TYPE_COLOR, "#112233", Color("#112233")),
        (VariantType.TYPE_COLOR, "Dark Red", Color.DARK_RED),
        (VariantType.TYPE_COLOR, "no colour", Color.BLACK),
        (VariantType.TYPE_ARRAY, PackedInt32Array([1, 2]), [1, 2]),
        (VariantType.TYPE_ARRAY, b"\1\2", [1, 2]),
        (VariantType.TYPE_PACKED_INT32_ARRAY, [1, 2], PackedInt32Array([1, 2])),
        (VariantType.TYPE_PACKED_INT32_ARRAY, ["a", "-1x2", 1 << 40, -2.5, {}], PackedInt32Array([0, -12, 0, -2, 0])),
        (VariantType.TYPE_PACKED_BYTE_ARRAY, [1, 2], b"\1\2"),
        (VariantType.TYPE_PACKED_BYTE_ARRAY, [300, -1, 2.5, None], b"\x2c\xff\2\0"),
        (VariantType.TYPE_PACKED_FLOAT32_ARRAY, [1e300, " -1.5e1x"], PackedFloat32Array([math.inf, -15.0])),
        (
            VariantType.TYPE_PACKED_STRING_ARRAY,
            [None, True, 1 / 3],
            PackedStringArray(["<null>", "true", "0." + 14 * "3"]),
        ),
        (VariantType.TYPE_PACKED_VECTOR3_ARRAY, [Vector2i(1, 2), 5], PackedVector3Array([Vector3(1, 2, 0), Vector3()])),
        (
            VariantType.TYPE_PACKED_COLOR_ARRAY,
            [255, "red", None],
            PackedColorArray([Color(0, 0, 0), Color.RED, Color()]),
        ),
        (VariantType.TYPE_RID, EncodedObjectAsID(5), RID()),
        (VariantType.TYPE_QUATERNION, Basis.from_scale(Vector3(2, 2, 2)), Quaternion()),
        (VariantType.TYPE_OBJECT, None, None),
    ],
)
def test_elements_of_another_type_are_converted(kind: VariantType, came: Variant, becomes: Variant) -> None:
    (element,) = decode_variant(array_of(kind, came))[0]
    assert element == becomes
    assert type(element) is type(becomes)


@each_row(
    ("kind", "came"),
    [
        (VariantType.TYPE_INT, "1"),
        (VariantType.TYPE_INT, None),
        (VariantType.TYPE_INT, float("nan")),
        (VariantType.TYPE_INT, 1e300),
        (VariantType.TYPE_STRING, 1),
        (VariantType.TYPE_VECTOR2, Vector3()),
        (VariantType.TYPE_VECTOR2I, Vector2(1e30, 0)),
        (VariantType.TYPE_RECT2I, Rect2(float("inf"), 0, 0, 0)),
        (VariantType.TYPE_PACKED_INT32_ARRAY, [float("nan")]),
        (VariantType.TYPE_PACKED_INT32_ARRAY, [2.0**31]),
        (VariantType.TYPE_PACKED_BYTE_ARRAY, [1e300]),
        (VariantType.TYPE_PACKED_STRING_ARRAY, [{}]),
        (VariantType.TYPE_OBJECT, 5),
    ],
)
def test_what_cannot_be_converted_is_dropped_with_one_line(logged: Logged, kind: VariantType, came: Variant) -> None:
    blank = decode_variant(array_of(kind))[0]
    value = decode_variant(array_of(kind, came, came))[0]
    assert value == []
    assert encode_variant(value) == encode_variant(blank)
    assert logged() == ["dropped 2 elements that do not fit the type of their Array or Dictionary"]


def test_a_typed_dictionary_looks_at_its_keys_and_not_at_its_values(logged: Logged) -> None:
    types = word(27 | 1 << 16 | 1 << 18) + word(VariantType.TYPE_INT) + word(VariantType.TYPE_INT)
    pairs: list[tuple[Any, Any]] = [("a", 1), (1.0, "b"), (1, "c"), (2, None)]
    data = types + word(4) + b"".join(encode_variant(key) + encode_variant(value) for key, value in pairs)
    value = decode_variant(data)[0]
    assert list(value.items()) == [(1, "c"), (2, None)]
    assert logged() == ["dropped 1 elements that do not fit the type of their Array or Dictionary"]


def test_one_line_tells_of_all_that_was_dropped(logged: Logged) -> None:
    many = word(28) + word(500) + array_of(VariantType.TYPE_INT, "a", 1, None) * 500
    assert decode_variant(many)[0] == [[1]] * 500
    assert logged() == ["dropped 1000 elements that do not fit the type of their Array or Dictionary"]


def dictionary(*pairs: tuple[Any, Any]) -> Variant:
    return decode_variant(encode_variant(Dictionary(pairs)))[0]


def test_a_dictionary_is_a_dict_where_that_loses_nothing() -> None:
    value = dictionary(("a", 1), (2, "b"), (Vector2(1, 2), None), (None, []), (0.5, {}), (b"x", 1))
    assert type(value) is dict
    assert list(value) == ["a", 2, Vector2(1, 2), None, 0.5, b"x"]


@pytest.mark.parametrize(
    "pairs",
    [
        [(1, "int"), (1.0, "float"), (True, "bool")],
        [(0, 1), (False, 2)],
        [([1, 2], 3)],
        [({}, 3), ("a", 1)],
        [(PackedInt32Array([1]), 3)],
        [(Array([], VariantType.TYPE_INT), 3)],
    ],
)
def test_it_is_a_dictionary_where_a_dict_would_lose_something(pairs: list[tuple[Any, Any]]) -> None:
    value = dictionary(*pairs)
    assert type(value) is Dictionary
    assert list(value.items()) == pairs
    assert [type(key) for key in value] == [type(key) for key, _ in pairs]


def test_a_key_that_comes_twice_keeps_its_place_and_the_last_value() -> None:
    pairs = [(1, "a"), (2, "b"), (1, "c")]
    body = b"".join(encode_variant(key) + encode_variant(value) for key, value in pairs)
    value = decode_variant(word(27) + word(3) + body)[0]
    assert type(value) is dict
    assert list(value.items()) == [(1, "c"), (2, "b")]


def nested_keys(depth: int, innermost: bytes) -> bytes:
    """A dictionary whose key is a dictionary whose key is one, and so on."""
    return (word(27) + word(1)) * depth + innermost + word(0) * depth


def test_keys_are_nested_only_so_deep() -> None:
    value: Any = decode_variant(nested_keys(MAX_KEY_NESTING, word(28) + word(0)))[0]
    for _ in range(MAX_KEY_NESTING):
        (value,) = value
    assert value == []
    with pytest.raises(DecodeError) as refused:
        decode_variant(nested_keys(MAX_KEY_NESTING + 1, word(28) + word(0)))
    assert refused.value.error is Error.ERR_OUT_OF_MEMORY
    in_values = (word(27) + word(1) + word(0)) * 1000 + word(0)
    assert decode_variant(in_values)[1] == len(in_values)


def test_nested_keys_cost_no_more_than_so_many_passes() -> None:
    large = word(28) + word(20000) + word(0) * 20000
    began = time.process_time()
    decode_variant(large)
    once = time.process_time() - began
    began = time.process_time()
    decode_variant(nested_keys(MAX_KEY_NESTING, large))
    assert time.process_time() - began < 100 * once + 0.5


@each_row("kind", [27, 28, 30, 33, 34, 35, 36, 37, 38])
def test_a_count_alone_takes_no_memory(kind: int) -> None:
    data = word(kind) + word(0x07FFFFFF) + word(0) * 100
    tracemalloc = pytest.importorskip("tracemalloc")  # which PyPy has not
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError):
            decode_variant(data)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def cases_of_many() -> dict[str, bytes]:
    """What takes most memory for each byte, and most time, each a few hundred times in one Array."""
    elements = {
        "a dictionary whose key is an array": word(27) + word(1) + word(28) + word(0) + word(0),
        "a typed dictionary": word(27 | 1 << 16) + word(2) + word(0),
        "a typed array": word(28 | 1 << 16) + word(2) + word(0),
        "an empty dictionary": word(27) + word(0),
        "an empty array": word(28) + word(0),
        "a Callable": word(25),
        "a NodePath": word(22) + word(0x80000000) + word(0) + word(0),
        "a Signal": word(26) + text(b"") + bytes(8),
        "a StringName": word(21) + text(b""),
        "a Transform3D": word(18) + pack("<12f", *range(12)),
        **{f"an empty packed array {kind}": word(kind) + word(0) for kind in range(29, 39)},
    }
    found = {name: word(28) + word(500) + 500 * element for name, element in elements.items()}
    long = word(3 | 1 << 16) + pack("<d", 1e308)
    found["numbers of 309 digits as text"] = (
        array_of(VariantType.TYPE_PACKED_STRING_ARRAY)[:8] + word(1) + (word(28) + word(500) + 500 * long)
    )
    turned = word(15) + pack("<4f", 1, 0, 0, 0)
    found["turns as matrices"] = word(28 | 1 << 16) + word(17) + word(500) + 500 * turned
    array = word(28) + word(2000) + 2000 * word(0)
    found["keys of keys"] = MAX_KEY_NESTING * (word(27) + word(1)) + array + MAX_KEY_NESTING * word(0)
    return found


@pytest.mark.parametrize(("name", "data"), cases_of_many().items(), ids=cases_of_many())
def test_memory_is_no_more_than_so_many_times_the_bytes(name: str, data: bytes) -> None:
    tracemalloc = pytest.importorskip("tracemalloc")  # which PyPy has not
    decode_variant(data)  # what is made once is there now
    tracemalloc.start()
    try:
        value = decode_variant(data)[0]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert value is not None
    assert most < MAX_AMPLIFICATION * len(data), name


def test_values_in_one_array_are_read_one_by_one_without_copying_it() -> None:
    class Watched(PackedByteArray):
        """Counts what is copied out of it."""

        copied = 0

        def __getitem__(self, key: Any) -> Any:
            part = super().__getitem__(key)
            Watched.copied += len(part) if isinstance(key, slice) else 0
            return part

        def __bytes__(self) -> bytes:
            raise AssertionError("it was copied as a whole")

    data = Watched(encode_variant("abc") * 1000)
    offset = 0
    while offset < len(data):
        assert data.decode_var(offset) == "abc"
        offset += data.decode_var_size(offset)
    assert Watched.copied <= 2 * len(data)


def test_a_long_text_that_converts_to_nothing_is_one_short_line(logged: Logged) -> None:
    path = "a::" + 100_000 * "b"
    value = decode_variant(array_of(VariantType.TYPE_NODE_PATH, *[path] * 20))[0]
    assert value == [NodePath()] * 20
    assert all(len(line) < 2000 for line in logged())
