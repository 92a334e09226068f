"""PackedByteArray: what changes it, and what fails. What it computes is in test_golden; all of it was seen in Godot."""

from __future__ import annotations

import copy
import math
import pickle
import sys
from collections.abc import Callable
from typing import Any

import pytest

from godot_enet import Error
from godot_enet.compat.variant import CompressionMode, PackedByteArray, Vector2, encode_variant
from tests.rows import each_row

Logged = Callable[[], list[str]]


def of(*numbers: int) -> PackedByteArray:
    return PackedByteArray(numbers)


def test_it_is_a_bytearray() -> None:
    array = of(1, 2, 3)
    assert array == b"\1\2\3"
    assert bytes(array) == b"\1\2\3"
    array.append(4)
    array.extend(b"\5")
    assert array == of(1, 2, 3, 4, 5)
    for twin in (copy.copy(array), copy.deepcopy(array), pickle.loads(pickle.dumps(array)), array.duplicate()):
        assert type(twin) is PackedByteArray
        assert twin == array
        twin.clear()
    assert repr(array) == "PackedByteArray(b'\\x01\\x02\\x03\\x04\\x05')"
    assert type(array.slice(1, 3)) is PackedByteArray


def test_it_changes_as_in_godot(logged: Logged) -> None:
    array = of(5, 3, 9, 3, 1)
    assert array.insert(5, 7) is Error.OK
    assert array.insert(0, 44) is Error.OK
    assert array == of(44, 5, 3, 9, 3, 1, 7)
    assert logged() == []
    assert array.insert(-1, 8) is Error.ERR_INVALID_PARAMETER
    assert array.insert(8, 8) is Error.ERR_INVALID_PARAMETER
    assert len(logged()) == 2
    array.push_back(1)
    array.append_array(b"\2")
    assert array.erase(9)
    assert not array.erase(99)
    assert array == of(44, 5, 3, 3, 1, 7, 1, 2)
    array.reverse()
    array.sort()
    assert array == of(1, 1, 2, 3, 3, 5, 7, 44)
    array.remove_at(0)
    array.set(0, 9)
    assert array.resize(2) is Error.OK
    assert array.resize(4) is Error.OK
    assert array == of(9, 2, 0, 0)
    array.fill(7)
    assert array == of(7, 7, 7, 7)
    assert array.get(3) == 7
    assert logged() == []
    array.remove_at(-1)
    array.set(4, 1)
    assert array.get(4) == 0
    assert array.resize(-1) is Error.ERR_INVALID_PARAMETER
    assert len(logged()) == 4
    array.clear()
    assert array.is_empty()


def test_numbers_are_cut_to_their_width() -> None:
    array = of(*[0] * 8)
    array.encode_u8(0, 300)
    array.encode_s8(1, -300)
    array.encode_u16(2, -1)
    array.encode_s32(4, 0x1_0203_0405)
    assert array.hex_encode() == "2cd4ffff05040302"
    array.encode_u64(0, -1)
    assert array.decode_u64(0) == (1 << 64) - 1
    assert array.decode_s64(0) == -1
    array.encode_s64(0, 1 << 63)
    assert array.decode_s64(0) == -(1 << 63)
    array.encode_u32(4, 7)
    array.encode_s16(0, -2)
    assert array.hex_encode() == "feff000007000000"
    array.encode_double(0, 0.1)
    assert array.decode_double(0) == 0.1


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0.1, "cdcccc3d"),
        (1e300, "0000807f"),
        (-1e300, "000080ff"),
        (3.4028235677973364e38, "ffff7f7f"),
        (-0.0, "00000080"),
    ],
)
def test_floats_are_rounded(number: float, expected: str) -> None:
    array = of(0, 0, 0, 0)
    array.encode_float(0, number)
    assert array.hex_encode() == expected


@each_row(
    ("number", "expected"),
    [
        (1.0, "003c"),
        (65504.0, "ff7b"),
        (65535.9, "ff7b"),
        (65536.0, "007c"),
        (-1e6, "00fc"),
        (math.inf, "007c"),
        (-math.inf, "00fc"),
        (math.nan, "ff7f"),
        (0.1, "662e"),
        (1.9999, "ff3f"),
        (1.00048828125, "003c"),
        (2051.0, "0168"),
        (6.103515625e-5, "0004"),
        (6.2e-5, "1004"),
        (-6.1e-5, "0000"),
        (1e-8, "0000"),
        (-1e-8, "0000"),
    ],
)
def test_halves_are_cut_off(number: float, expected: str) -> None:
    array = of(0, 0)
    array.encode_half(0, number)
    assert array.hex_encode() == expected


WIDTHS = {"8": 1, "16": 2, "32": 4, "64": 8, "half": 2, "float": 4, "double": 8}


@each_row("name", [f"{sign}{bits}" for bits in (8, 16, 32, 64) for sign in "us"] + list(WIDTHS)[4:])
def test_outside_nothing_is_read_or_written(logged: Logged, name: str) -> None:
    width = WIDTHS[name.lstrip("us")]
    array = PackedByteArray(b"\xff" * 8)
    for offset in (-1, 9 - width, 8, 1 << 70):
        assert getattr(array, f"decode_{name}")(offset) == 0
        getattr(array, f"encode_{name}")(offset, 1)
        text = f"{width} bytes at offset {offset} are outside an array of 8 bytes"
        assert logged() == [text, text]
    assert bytes(array) == b"\xff" * 8
    getattr(array, f"encode_{name}")(8 - width, 1)
    assert getattr(array, f"decode_{name}")(8 - width) == 1
    assert logged() == []


def test_bytes_are_swapped(logged: Logged) -> None:
    array = PackedByteArray(range(1, 17))
    array.bswap16()
    assert array == of(2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15)
    array.bswap16(4)
    assert array == of(2, 1, 4, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
    array.bswap32(4, 2)
    assert array == of(2, 1, 4, 3, 8, 7, 6, 5, 12, 11, 10, 9, 13, 14, 15, 16)
    array.bswap64(8)
    expected = of(2, 1, 4, 3, 8, 7, 6, 5, 16, 15, 14, 13, 9, 10, 11, 12)
    assert array == expected
    array.bswap16(2, 0)
    assert logged() == []
    swaps: list[Callable[[], object]] = [
        lambda: array.bswap16(13, 2),
        lambda: array.bswap32(-1),
        lambda: array.bswap16(0, 100),
        lambda: array.bswap32(20),
    ]
    for swap in swaps:
        swap()
        assert len(logged()) == 1
    assert array == expected
    array.bswap16(3)
    assert array == of(2, 1, 4, 8, 3, 6, 7, 16, 5, 14, 15, 9, 13, 11, 10, 12)


@each_row("name", ["int32", "int64", "float32", "float64", "vector2", "vector3", "vector4", "color"])
def test_other_arrays_need_whole_elements(logged: Logged, name: str) -> None:
    assert len(getattr(of(1, 2, 3), f"to_{name}_array")()) == 0
    (text,) = logged()
    assert text.startswith("PackedByteArray size must be a multiple of ")
    assert len(getattr(PackedByteArray(48), f"to_{name}_array")()) == 48 // int(text.split()[7])
    assert logged() == []


def test_broken_text_is_replaced_with_an_error(logged: Logged) -> None:
    assert of(0x61, 0xC3, 0x28).get_string_from_utf8() == "a\ufffd("
    assert len(logged()) == 1
    assert of(*[0xFF] * 3).get_string_from_utf8() == "\ufffd" * 3
    assert len(logged()) == 1
    assert of(0x3D, 0xD8, 0x61).get_string_from_utf16() == "\ufffd"
    assert len(logged()) == 1
    assert of(0, 0xD8, 0, 0).get_string_from_utf32() == "\ufffd"
    assert len(logged()) == 1
    assert of(0x61, 0, 0, 0, 0, 0, 0, 0, 0x62, 0, 0, 0).get_string_from_utf32() == "a\ufffdb"


def test_text_of_the_system() -> None:
    encoding = "utf-16-le" if sys.platform == "win32" else "utf-32-le"
    assert PackedByteArray("aé".encode(encoding)).get_string_from_wchar() == "aé"
    assert of(0xE9, 0, 0x61).get_string_from_multibyte_char("ISO-8859-1") == "é"
    assert of(0x61).get_string_from_multibyte_char() == "a"


def test_an_encoding_must_be_known(logged: Logged) -> None:
    assert of(0x61).get_string_from_multibyte_char("no such encoding") == ""
    assert logged() == ["Unknown encoding 'no such encoding'."]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("123", "Hexadecimal string of uneven length."),
        ("1g", 'Invalid hexadecimal character "g" at index 1.'),
        ("12 4", 'Invalid hexadecimal character " " at index 2.'),
        ("\uff11\uff12", 'Invalid hexadecimal character "\uff11" at index 0.'),
    ],
)
def test_only_hexadecimal_digits_are_decoded(logged: Logged, text: str, error: str) -> None:
    assert PackedByteArray.hex_decode(text) == b""
    assert logged() == [error]


def test_text_must_be_text() -> None:
    wrong: Any = b"abc"
    for make in (PackedByteArray.to_utf8_buffer, PackedByteArray.to_ascii_buffer, PackedByteArray.hex_decode):
        with pytest.raises(TypeError, match="text must be a str"):
            make(wrong)


MODES = [CompressionMode.COMPRESSION_DEFLATE, CompressionMode.COMPRESSION_GZIP, CompressionMode.COMPRESSION_FASTLZ]
TEXT = PackedByteArray(b"hello hello hello hello" * 10)


@pytest.mark.parametrize("mode", MODES)
def test_compression_is_undone(logged: Logged, mode: CompressionMode) -> None:
    coded = TEXT.compress(mode)
    assert len(coded) < len(TEXT)
    for room in (len(TEXT), len(TEXT) + 1, 1 << 40):
        assert coded.decompress(room, mode) == TEXT
    assert logged() == []
    for wrong, room in ((coded, len(TEXT) - 1), (coded, 1), (PackedByteArray(b"\xff" * 9), 100)):
        assert wrong.decompress(room, mode) == b""
        assert logged() == ["Decompression failed."]
    assert PackedByteArray().compress(mode) == b""
    assert logged() == []


@pytest.mark.parametrize("mode", MODES[:2])
def test_it_is_undone_without_a_size(logged: Logged, mode: CompressionMode) -> None:
    coded = TEXT.compress(mode)
    for limit in (-1, len(TEXT), 1 << 40):
        assert coded.decompress_dynamic(limit, mode) == TEXT
        assert PackedByteArray(coded + b"more").decompress_dynamic(limit, mode) == TEXT
    assert logged() == []
    for data, limit in ((coded, len(TEXT) - 1), (coded, 0), (TEXT, -1), (PackedByteArray(), -1), (coded[:-3], -1)):
        assert PackedByteArray(data).decompress_dynamic(limit, mode) == b""
        assert logged() == ["Decompression failed."]


def test_what_godot_coded_is_decoded() -> None:
    # godot: "hello hello hello hello".to_utf8_buffer().compress(mode)
    coded = {
        0: "0568656c6c6f20e00505026c6c6f",
        1: "789ccb48cdc9c957c8402701680308b1",
        3: "1f8b0800000000000003cb48cdc9c957c8402701e3513d8d17000000",
    }
    for mode, digits in coded.items():
        assert PackedByteArray.hex_decode(digits).decompress(23, mode) == b"hello hello hello hello"


@pytest.mark.parametrize("mode", [4, 5, -1])
def test_other_modes_are_an_error(logged: Logged, mode: int) -> None:
    assert TEXT.compress(mode) == b""
    assert TEXT.decompress(100, mode) == b""
    assert TEXT.decompress_dynamic(100, mode) == b""
    assert len(logged()) == 3


def test_sizes_to_decompress_to_must_be_sizes(logged: Logged) -> None:
    assert TEXT.decompress(0, 1) == TEXT.decompress(-1, 1) == b""
    assert logged() == ["Decompression buffer size must be greater than zero."] * 2
    assert PackedByteArray().decompress(1, 1) == b""
    assert logged() == ["Compressed buffer size must be greater than zero."]


def test_a_value_is_written_where_there_is_room(logged: Logged) -> None:
    array = PackedByteArray(12)
    assert array.encode_var(0, Vector2(1, 2)) == 12
    assert bytes(array) == encode_variant(Vector2(1, 2))
    assert array.encode_var(1, Vector2(1, 2)) == -1
    assert array.encode_var(12, None) == -1
    assert array.encode_var(13, None) == -1
    assert logged() == []
    assert array.encode_var(2, True) == 8
    assert (array.decode_var(2), array.decode_var_size(2), array.has_encoded_var(2)) == (True, 8, True)
    assert array.encode_var(-1, 5) == -1
    assert logged() == ["offset -1 is outside an array of 12 bytes"]
    endless: list[Any] = []
    endless.append(endless)
    assert array.encode_var(0, endless) == -1
    assert logged() == ["Potential infinite recursion detected. Bailing."]
    with pytest.raises(TypeError):
        array.encode_var(0, (1, 2))


@pytest.mark.parametrize("offset", [-1, 0, 9, 1 << 70])
def test_where_no_value_is_there_is_none(logged: Logged, offset: int) -> None:
    array = PackedByteArray(b"\xff" * 8)
    assert array.decode_var(offset) is None
    assert len(logged()) == 1
    assert array.decode_var_size(offset) == 0
    assert len(logged()) == 1
    assert array.has_encoded_var(offset) is False
    assert len(logged()) == 1
