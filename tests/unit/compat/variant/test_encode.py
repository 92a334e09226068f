"""Encoding: what the golden data does not show."""

from __future__ import annotations

import functools
import math
import sys
from array import array
from collections import OrderedDict, defaultdict
from enum import IntEnum
from struct import pack
from types import FrameType
from typing import Any

import pytest

from godot_enet import Error
from godot_enet.compat.variant import (
    RID,
    Array,
    Color,
    EncodedCallable,
    EncodedObjectAsID,
    EncodedSignal,
    EncodeError,
    NodePath,
    PackedByteArray,
    PackedFloat32Array,
    PackedStringArray,
    PackedVector2Array,
    Rect2i,
    StringName,
    Vector2,
    Vector2i,
    Vector3,
    decode_variant,
    encode_variant,
)
from tests.rows import each_row

# Halfway between the largest float of 32 bits and the next power of two: from here on a C cast gives infinity.
MIDPOINT = 3.4028235677973366e38


class Choice(IntEnum):
    FIRST = 1


class Position(Vector2):
    __slots__ = ()


class Names(list[str]):
    pass


class Text(str):
    pass


def nested(depth: int, innermost: Any = None) -> Any:
    """Lists in lists, ``depth`` of them, around a value."""
    value: list[Any] = [] if innermost is None else [innermost]
    for _ in range(depth - 1):
        value = [value]
    return value


@each_row(
    ("given", "plain"),
    [
        (Choice.FIRST, 1),
        (Error.ERR_BUSY, 44),
        (Text("a"), "a"),
        (Position(1, 2), Vector2(1, 2)),
        (Names(["a"]), ["a"]),
        (OrderedDict(a=1), {"a": 1}),
        (defaultdict(int, a=1), {"a": 1}),
        (bytearray(b"abc"), b"abc"),
        (memoryview(b"abcdef")[1:4], b"bcd"),
        (memoryview(b"abcdef")[::2], b"ace"),
        (PackedByteArray(b"abc"), b"abc"),
        ([Choice.FIRST, Text("a")], [1, "a"]),
    ],
)
def test_a_class_is_written_as_what_it_inherits(given: Any, plain: Any) -> None:
    assert encode_variant(given) == encode_variant(plain)


def test_functions_become_empty_callables() -> None:
    empty = encode_variant(EncodedCallable())
    assert empty == bytes.fromhex("19000000")
    bound = PackedByteArray().size
    for function in (nested, lambda: None, len, bound, functools.partial(print, 1)):
        assert encode_variant(function) == empty


def test_a_memoryview_of_numbers_is_not_taken_for_bytes() -> None:
    for view in (memoryview(PackedFloat32Array([1.0])), memoryview(bytes(8)).cast("H")):
        with pytest.raises(TypeError, match="say which packed array it is"):
            encode_variant(view)


def test_a_plain_array_is_refused_with_a_hint() -> None:
    with pytest.raises(TypeError, match="say which packed array it is, as in PackedFloat32Array"):
        encode_variant(array("f", [1.0]))


@each_row("number", [0.1, 1e300, math.pi, 5e-324, 16777217.0, MIDPOINT, -MIDPOINT, 2.0**-150])
def test_floats_that_need_it_get_64_bits(number: float) -> None:
    assert encode_variant(number) == pack("<Id", 3 | 1 << 16, number)


@pytest.mark.parametrize("number", [0.5, -0.0, math.inf, -math.inf, 2.0**-149, 16777216.0, 1e10])
def test_other_floats_get_32(number: float) -> None:
    assert encode_variant(number) == pack("<If", 3, number)


def test_not_a_number_keeps_64_bits() -> None:
    assert encode_variant(math.nan)[:4].hex() == "03000100"


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        (MIDPOINT, "0000807f"),
        (-MIDPOINT, "000080ff"),
        (math.nextafter(MIDPOINT, 0), "ffff7f7f"),
        (1e300, "0000807f"),
        (1e-300, "00000000"),
        (-1e-300, "00000080"),
    ],
)
def test_components_are_rounded_as_a_c_cast_does(component: float, expected: str) -> None:
    assert encode_variant(Vector2(component, 0.5)).hex() == f"05000000{expected}0000003f"
    assert encode_variant(Color(component, 0.5, 0, 0)).hex() == f"14000000{expected}0000003f" + "00000000" * 2
    assert encode_variant(PackedVector2Array([Vector2(component, 0.5)])).hex() == f"2300000001000000{expected}0000003f"


@pytest.mark.parametrize(
    ("text", "sent"),
    [("a\0b", b"a"), ("\0", b""), ("\ud800x", b"\xef\xbf\xbdx"), ("\ud83d\ude00", b"\xef\xbf\xbd" * 2)],
)
def test_text_is_cut_and_repaired_as_godot_strings_are(text: str, sent: bytes) -> None:
    block = pack("<I", len(sent)) + sent + bytes(-len(sent) % 4)
    assert encode_variant(text) == b"\x04\0\0\0" + block
    assert encode_variant(StringName(text)) == b"\x15\0\0\0" + block
    assert decode_variant(encode_variant(PackedStringArray([text])))[0] == [sent.decode()]


def test_packed_strings_must_be_strings() -> None:
    strings: list[Any] = ["a", 1]
    with pytest.raises(TypeError, match="an element of PackedStringArray must be a str, not int"):
        encode_variant(PackedStringArray(strings))


@pytest.mark.parametrize("number", [-1, (1 << 64) - 1])
def test_handles_have_64_bits_with_and_without_sign(number: int) -> None:
    assert encode_variant(RID(number)) == pack("<Iq", 23, -1)
    assert encode_variant(EncodedObjectAsID(number)) == pack("<Iq", 24 | 1 << 16, -1)
    signal = EncodedSignal(StringName("hit"), number)
    assert encode_variant(signal) == pack("<II4sq", 26, 3, b"hit\0", -1)
    assert decode_variant(encode_variant(signal)) == (EncodedSignal(StringName("hit"), -1), 20)


def test_depth_is_limited_as_in_godot() -> None:
    assert len(encode_variant(nested(1025))) == 1025 * 8
    assert len(encode_variant(nested(1024, 5))) == 1024 * 8 + 8
    for too_deep in (nested(1026), nested(1025, 5), {"a": nested(1025)}):
        with pytest.raises(EncodeError) as refused:
            encode_variant(too_deep)
        assert refused.value.error is Error.ERR_OUT_OF_MEMORY


def test_depth_has_nothing_to_do_with_that_of_the_caller() -> None:
    data = encode_variant(nested(1025))
    depth = 0
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 30)  # as if the caller had used up nearly all of it
    try:
        assert encode_variant(decode_variant(data)[0]) == data
    finally:
        sys.setrecursionlimit(limit)


@each_row("value", [5, "abcdefgh", Vector3(1, 2, 3), bytes(9), [1, [2, "x"]], {"a": [1]}, Array([1], 2), [[[[]]]]])
def test_the_size_is_limited_to_the_byte(value: Any) -> None:
    data = encode_variant(value)
    assert encode_variant(value, max_size=len(data)) == data
    with pytest.raises(EncodeError) as refused:
        encode_variant(value, max_size=len(data) - 1)
    assert refused.value.error is Error.ERR_OUT_OF_MEMORY


def test_the_same_list_may_be_in_it_twice() -> None:
    shared = [1]
    assert decode_variant(encode_variant([shared, shared]))[0] == [[1], [1]]


def test_a_wide_tree_stops_at_the_limit_of_size() -> None:
    tree: list[Any] = []
    for _ in range(60):
        tree = [tree, tree]  # 2**60 lists, if one followed them all
    with pytest.raises(EncodeError):
        encode_variant(tree, max_size=1 << 16)


@pytest.mark.parametrize("rect", [Rect2i(1 << 31, 0, 0, 0), Rect2i(0, 0, 0, 1 << 31)])
def test_integer_components_must_fit(rect: Rect2i) -> None:
    with pytest.raises(OverflowError, match="does not fit 32 bits"):
        encode_variant([rect])


def test_the_limits_of_integer_components_fit() -> None:
    cell = Vector2i((1 << 31) - 1, -(1 << 31))
    assert decode_variant(encode_variant(cell))[0] == cell


def test_parts_of_a_path_are_sent_as_they_are() -> None:
    odd = NodePath._of(("a/b", ""), ("c:d",), True)
    assert decode_variant(encode_variant(odd))[0] == odd
