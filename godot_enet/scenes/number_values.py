"""Values that are written as numbers in brackets: vectors, transforms, colors, and packed arrays of all these."""

from __future__ import annotations

import base64
import binascii
import math
import re
from array import array
from collections.abc import Callable, Sequence
from typing import Any

from godot_enet.compat.variant import (
    AABB,
    Basis,
    Color,
    PackedByteArray,
    PackedColorArray,
    PackedFloat32Array,
    PackedFloat64Array,
    PackedInt32Array,
    PackedInt64Array,
    PackedVector2Array,
    PackedVector3Array,
    PackedVector4Array,
    Plane,
    Projection,
    Quaternion,
    Rect2,
    Rect2i,
    Transform2D,
    Transform3D,
    Variant,
    Vector2,
    Vector2i,
    Vector3,
    Vector3i,
    Vector4,
    Vector4i,
)
from godot_enet.compat.variant.row import Row
from godot_enet.scenes.tokens import Cursor

__all__ = ["NUMBER_READERS", "NUMBER_WORDS", "ends", "whole"]

NUMBER_WORDS = {"inf": math.inf, "-inf": -math.inf, "inf_neg": -math.inf, "nan": math.nan}
_PLAIN_NUMBERS = re.compile(r"[-\d.eE+,\s]*", re.ASCII)
_NO_NUMBER = re.compile(r"(?:^|[,\s-])[+.]", re.ASCII)
"""Text that Python parses as a number, and Godot does not."""

_NumberReader = Callable[[Cursor], Variant]


def _numbers(cursor: Cursor) -> Sequence[int | float]:
    # godot: VariantParser::_parse_construct
    cursor.expect("(")
    end = cursor.text.find(")", cursor.position)
    inside = cursor.text[cursor.position : end] if end >= 0 else ""
    if inside and _PLAIN_NUMBERS.fullmatch(inside) and not _NO_NUMBER.search(inside):
        try:
            found: Sequence[int | float] = list(map(float, inside.split(",")))
        except ValueError:
            pass  # the slow way finds the position of the error
        else:
            cursor.position = end + 1
            return found
    return _numbers_one_by_one(cursor)


def _numbers_one_by_one(cursor: Cursor) -> list[int | float]:
    found: list[int | float] = []
    while not (cursor.skip(")") if not found else ends(cursor)):
        cursor.peek()
        start = cursor.position
        number = cursor.number()
        if number is None:
            number = NUMBER_WORDS.get(cursor.word())
        if number is None:
            cursor.position = start
            raise cursor.error("a number")
        found.append(number)
    return found


def ends(cursor: Cursor) -> bool:
    """Whether a list in brackets ends, or continues after a comma."""
    if cursor.skip(")"):
        return True
    if not cursor.skip(","):
        raise cursor.error("',' or ')'")
    return False


def whole(value: float, bits: int = 32) -> int:
    """Convert like a C cast; NaN becomes 0."""
    if not math.isfinite(value):
        return 0
    half = 1 << (bits - 1)
    return (int(value) + half) % (2 * half) - half


def _row(cls: type[Row[Any]], width: int, convert: Callable[[float], float] = float) -> _NumberReader:
    def read(cursor: Cursor) -> Variant:
        start = cursor.position
        numbers = _numbers(cursor)
        if len(numbers) != width:
            cursor.position = start
            raise cursor.error(f"{width} numbers for {cls.__name__}")
        return cls._from_wire(tuple(map(convert, numbers)))

    return read


def _ints(cls: type[PackedInt32Array | PackedInt64Array], bits: int) -> _NumberReader:
    def read(cursor: Cursor) -> Variant:
        start = cursor.position
        numbers = _numbers(cursor)
        if bits > 32 and max(map(abs, numbers), default=0) > 1 << 53:  # beyond the precision of a float
            cursor.position = start
            cursor.expect("(")
            numbers = _numbers_one_by_one(cursor)
        try:
            return cls(map(int, numbers))
        except (OverflowError, ValueError):  # too large, infinite or NaN
            return cls(whole(number, bits) for number in numbers)

    return read


def _floats(cls: type[PackedFloat32Array | PackedFloat64Array]) -> _NumberReader:
    return lambda cursor: cls(map(float, _numbers(cursor)))


def _rows(cls: Any, width: int) -> _NumberReader:
    def read(cursor: Cursor) -> Variant:
        numbers = _numbers(cursor)
        return cls._from_numbers(array("f", numbers[: len(numbers) // width * width]))

    return read


def _bytes(cursor: Cursor) -> Variant:
    start = cursor.position
    cursor.expect("(")
    if cursor.peek() != '"':
        cursor.position = start
        numbers = _numbers(cursor)
        try:
            return PackedByteArray(map(int, numbers))
        except (OverflowError, ValueError):
            return PackedByteArray(whole(number, 64) & 0xFF for number in numbers)
    start = cursor.position
    text = cursor.string()
    cursor.expect(")")
    try:
        return PackedByteArray(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        cursor.position = start
        raise cursor.error("Base64") from None


# The second and third names of a line are those of Godot 3 and 2.
NUMBER_READERS: dict[str, _NumberReader] = {
    "Vector2": _row(Vector2, 2),
    "Vector2i": _row(Vector2i, 2, whole),
    "Rect2": _row(Rect2, 4),
    "Rect2i": _row(Rect2i, 4, whole),
    "Vector3": _row(Vector3, 3),
    "Vector3i": _row(Vector3i, 3, whole),
    "Vector4": _row(Vector4, 4),
    "Vector4i": _row(Vector4i, 4, whole),
    **dict.fromkeys(("Transform2D", "Matrix32"), _row(Transform2D, 6)),
    "Plane": _row(Plane, 4),
    **dict.fromkeys(("Quaternion", "Quat"), _row(Quaternion, 4)),
    **dict.fromkeys(("AABB", "Rect3"), _row(AABB, 6)),
    **dict.fromkeys(("Basis", "Matrix3"), _row(Basis, 9)),
    **dict.fromkeys(("Transform3D", "Transform"), _row(Transform3D, 12)),
    "Projection": _row(Projection, 16),
    "Color": _row(Color, 4),
    **dict.fromkeys(("PackedByteArray", "PoolByteArray", "ByteArray"), _bytes),
    **dict.fromkeys(("PackedInt32Array", "PackedIntArray", "PoolIntArray", "IntArray"), _ints(PackedInt32Array, 32)),
    "PackedInt64Array": _ints(PackedInt64Array, 64),
    **dict.fromkeys(
        ("PackedFloat32Array", "PackedRealArray", "PoolRealArray", "FloatArray"), _floats(PackedFloat32Array)
    ),
    "PackedFloat64Array": _floats(PackedFloat64Array),
    **dict.fromkeys(("PackedVector2Array", "PoolVector2Array", "Vector2Array"), _rows(PackedVector2Array, 2)),
    **dict.fromkeys(("PackedVector3Array", "PoolVector3Array", "Vector3Array"), _rows(PackedVector3Array, 3)),
    **dict.fromkeys(("PackedVector4Array", "PoolVector4Array", "Vector4Array"), _rows(PackedVector4Array, 4)),
    **dict.fromkeys(("PackedColorArray", "PoolColorArray", "ColorArray"), _rows(PackedColorArray, 4)),
}
"""The readers of numbers in brackets after a name, by that name."""
