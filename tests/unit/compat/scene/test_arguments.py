"""Arguments in their short form, byte for byte."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import pytest

from godot_enet.compat.scene.arguments import decode_arguments, encode_argument, encode_arguments, is_bytes
from godot_enet.compat.variant import DecodeError, PackedByteArray, PackedInt32Array, Vector2
from tests.rows import each_row


class Colour(IntEnum):
    RED = 300


@each_row(
    ("value", "data"),
    [
        (5, "0205"),
        (-1, "02ff"),
        (127, "027f"),
        (128, "428000"),
        (-128, "0280"),
        (-129, "427fff"),
        (32767, "42ff7f"),
        (32768, "8200800000"),
        (2**31 - 1, "82ffffff7f"),
        (2**31, "c20000008000000000"),
        (-(2**63), "c20000000000000080"),
        (True, "81"),
        (False, "01"),
        (None, "00000000"),
        (1.5, "030000000000c03f"),
        ([1, True], "1c0000000200000002000000010000000100000001000000"),
        (Vector2(1, 2), "050000000000803f00000040"),
    ],
)
def test_one_value(value: Any, data: str) -> None:
    assert encode_argument(value).hex() == data
    [decoded] = decode_arguments(bytes.fromhex(data), 0, 1)
    assert decoded == value
    assert type(decoded) is type(value)


def test_an_enum_is_an_int() -> None:
    assert encode_argument(Colour.RED) == encode_argument(300)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1])
def test_an_int_that_does_not_fit(value: int) -> None:
    with pytest.raises(OverflowError, match="64 bits"):
        encode_argument(value)


def test_what_is_no_variant() -> None:
    with pytest.raises(TypeError, match="use a list"):
        encode_argument((1, 2))


def test_values_follow_each_other_unaligned() -> None:
    data = encode_arguments([1, "x", True, b"\x09", 2])
    assert data.hex() == "0201" + "040000000100000078000000" + "81" + "1d0000000100000009000000" + "0202"
    assert decode_arguments(b"??" + data + b"more", 2, 5) == [1, "x", True, b"\x09", 2]


def test_the_unused_bit_of_a_bool_does_not_matter() -> None:
    assert decode_arguments(b"\x41\xc1", 0, 2) == [False, True]


@each_row("data", ["", "02", "42ff", "82ffffff", "c2ffffffffffffff", "04000000", "27000000", "440000000000"])
def test_what_is_cut_off_or_unknown(data: str) -> None:
    with pytest.raises(DecodeError):
        decode_arguments(bytes.fromhex(data), 0, 1)


def test_fewer_than_announced() -> None:
    with pytest.raises(DecodeError, match="argument 3 of 4"):
        decode_arguments(b"\x02\x01\x81", 0, 4)


def test_is_bytes() -> None:
    for value in (b"", bytearray(2), memoryview(b"x"), PackedByteArray(b"x")):
        assert is_bytes(value)
    for other in ("x", [1], PackedInt32Array([1]), None):
        assert not is_bytes(other)
