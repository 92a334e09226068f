"""Converts values to another type as Godot does, for the argument of a method or the element of a typed array.

godot: ``Variant::can_convert_strict`` tells from which types, and the constructor of the wanted type converts.
Undefined conversions, a float to an int that cannot hold it, are refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from godot_enet.compat.variant.color import Color
from godot_enet.compat.variant.handles import RID
from godot_enet.compat.variant.int_vector import IntVector
from godot_enet.compat.variant.kinds import Variant, VariantType, typeof
from godot_enet.compat.variant.names import NodePath, StringName
from godot_enet.compat.variant.packed import (
    PackedFloat32Array,
    PackedFloat64Array,
    PackedInt32Array,
    PackedInt64Array,
    PackedStringArray,
)
from godot_enet.compat.variant.packed_rows import (
    PackedColorArray,
    PackedVector2Array,
    PackedVector3Array,
    PackedVector4Array,
)
from godot_enet.compat.variant.projection import Projection
from godot_enet.compat.variant.rotations import Basis, Quaternion
from godot_enet.compat.variant.shapes import Rect2, Rect2i
from godot_enet.compat.variant.transforms import Transform2D, Transform3D
from godot_enet.compat.variant.vector2 import Vector2, Vector2i
from godot_enet.compat.variant.vector3 import Vector3, Vector3i
from godot_enet.compat.variant.vector4 import Vector4, Vector4i

__all__ = ["REFUSED", "convert"]

_Convert = Callable[[Any], Any]

REFUSED = object()
"""Stands for a value that cannot be converted."""

_VECTORS = (Vector2, Vector2i, Vector3, Vector3i, Vector4, Vector4i)
_INT_LIMIT = 2**63
_FLOAT_DIGITS = 14
_ALL_WHOLE = 2.0**53
"""Floats from here on have no fraction."""
_NUMBER = re.compile(r"[ \t\n\r\v\f]*([+-]?)(\d*\.?\d*(?:(?<=[\d.])[eE][+-]?\d+)?)", re.ASCII)


def _flat(matrix: Transform3D) -> Transform2D:
    """What is left of it in the plane."""
    basis, origin = matrix
    return Transform2D(Vector2(*basis.x[:2]), Vector2(*basis.y[:2]), Vector2(*origin[:2]))


def _upright(matrix: Transform2D) -> Transform3D:
    """The same in space."""
    x, y, origin = (Vector3(*column) for column in matrix)
    return Transform3D(Basis(x, y, Vector3.BACK), origin)


def _rotation(basis: Basis) -> Quaternion:
    """Godot has none either for a matrix that is not a pure rotation."""
    x, y, z = basis
    for a, b, wanted in ((x, x, 1.0), (y, y, 1.0), (z, z, 1.0), (x, y, 0.0), (x, z, 0.0), (y, z, 0.0)):
        if not math.isclose(a[0] * b[0] + a[1] * b[1] + a[2] * b[2], wanted, abs_tol=1e-5):
            return Quaternion()
    return Quaternion(basis) if math.isclose(basis.determinant(), 1.0, abs_tol=1e-5) else Quaternion()


def _whole(number: float, bits: int = 64) -> int:
    """Truncate towards zero."""
    result = int(number)
    if not -(1 << bits - 1) <= result < 1 << bits - 1:
        raise OverflowError(f"{number} does not fit {bits} bits")
    return result


def _color(text: str) -> Color:
    """Text that names no colour gives black, as in Godot; without an error, since a remote may have sent it."""
    return Color.from_string(text, Color())


def _cells(cls: Callable[..., IntVector]) -> _Convert:
    """Convert to a vector of ints, each of which must fit."""
    return lambda vector: cls(*[_whole(component, 32) for component in vector])


# Elements of packed arrays. Where there is no conversion, Godot makes a zero.


def _digits(text: str) -> int:
    """godot: String::to_int"""
    number, sign = 0, 1
    for character in text.partition(".")[0]:
        if "0" <= character <= "9":
            number = number * 10 + int(character)
            if number > _INT_LIMIT:
                return _INT_LIMIT - 1 if sign > 0 else -_INT_LIMIT
        elif character == "-" and not number:
            sign = -sign
    return sign * number


def _number(text: str) -> float:
    """godot: String::to_float"""
    found = _NUMBER.match(text)
    sign, digits = found.groups() if found else ("", "")
    number = float(digits) if digits.strip(".") else 0.0
    return -number if sign == "-" else number


def _int_element(value: Variant, bits: int) -> int:
    if isinstance(value, float):
        number = _whole(value, max(bits, 32))
    else:
        kind = typeof(value)
        number = _digits(value) if kind is VariantType.TYPE_STRING else int(value) if isinstance(value, int) else 0
    if bits == 8:
        return number & 0xFF
    return (number + (1 << bits - 1) & (1 << bits) - 1) - (1 << bits - 1)


def _float_element(value: Variant) -> float:
    if isinstance(value, (int, float)):
        return float(value)
    return _number(value) if typeof(value) is VariantType.TYPE_STRING else 0.0


def _single(value: Variant) -> float:
    number = _float_element(value)
    return number if abs(number) < 3.4028235677973366e38 or math.isnan(number) else math.copysign(math.inf, number)


def _text_element(value: Variant) -> str:
    """As Godot prints it. Godot prints everything, but only these types are converted to text."""
    if value is None:
        return "<null>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, (int, str, NodePath)):
        return str(int(value) if isinstance(value, int) else value)
    raise TypeError(f"{type(value).__name__} is not text")


def _float_text(number: float) -> str:
    """godot: String::num"""
    if not math.isfinite(number):
        return str(number)
    if abs(number) >= _ALL_WHOLE:
        return f"{int(number)}.0"  # a tenth of the time: a remote may have sent numbers of 309 digits
    decimals = _FLOAT_DIGITS - math.floor(math.log10(abs(number))) if abs(number) > 10 else _FLOAT_DIGITS
    text = f"{number:.{max(decimals, 0)}f}"
    whole, _, rest = text.partition(".")
    rest = rest.rstrip("0") or "0"
    return f"{'0' if whole == '-0' and rest == '0' else whole}.{rest}"


def _color_element(value: Variant) -> Color:
    if isinstance(value, Color):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Color.hex(value)
    return _color(value) if typeof(value) is VariantType.TYPE_STRING else Color()


def _vector_element(cls: Callable[..., Any], size: int) -> _Convert:
    def make(value: Variant) -> Any:
        found = tuple(value)[:size] if isinstance(value, _VECTORS) else ()
        return cls(*map(float, found), *[0.0] * (size - len(found)))

    return make


def _each(cls: Callable[[Iterable[Any]], Any], element: _Convert) -> _Convert:
    return lambda values: cls(map(element, values))


# Seen in Godot 4.6.3, by wanted type and found type; tests/vectors/rpc_arguments.json has the whole table.
_CONVERSIONS: dict[VariantType, dict[VariantType, _Convert]] = {
    VariantType.TYPE_BOOL: {VariantType.TYPE_INT: bool, VariantType.TYPE_FLOAT: bool},
    VariantType.TYPE_INT: {VariantType.TYPE_BOOL: int, VariantType.TYPE_FLOAT: _whole},
    VariantType.TYPE_FLOAT: {VariantType.TYPE_BOOL: float, VariantType.TYPE_INT: float},
    VariantType.TYPE_STRING: {VariantType.TYPE_STRING_NAME: str, VariantType.TYPE_NODE_PATH: str},
    VariantType.TYPE_STRING_NAME: {VariantType.TYPE_STRING: StringName},
    VariantType.TYPE_NODE_PATH: {VariantType.TYPE_STRING: NodePath},
    VariantType.TYPE_VECTOR2: {VariantType.TYPE_VECTOR2I: Vector2},
    VariantType.TYPE_VECTOR2I: {VariantType.TYPE_VECTOR2: _cells(Vector2i)},
    VariantType.TYPE_RECT2: {VariantType.TYPE_RECT2I: Rect2},
    VariantType.TYPE_RECT2I: {VariantType.TYPE_RECT2: lambda rect: Rect2i(*map(_cells(Vector2i), rect))},
    VariantType.TYPE_VECTOR3: {VariantType.TYPE_VECTOR3I: Vector3},
    VariantType.TYPE_VECTOR3I: {VariantType.TYPE_VECTOR3: _cells(Vector3i)},
    VariantType.TYPE_VECTOR4: {VariantType.TYPE_VECTOR4I: Vector4},
    VariantType.TYPE_VECTOR4I: {VariantType.TYPE_VECTOR4: _cells(Vector4i)},
    VariantType.TYPE_QUATERNION: {VariantType.TYPE_BASIS: _rotation},
    VariantType.TYPE_BASIS: {VariantType.TYPE_QUATERNION: Basis},
    VariantType.TYPE_TRANSFORM2D: {VariantType.TYPE_TRANSFORM3D: _flat},
    VariantType.TYPE_TRANSFORM3D: {
        VariantType.TYPE_TRANSFORM2D: _upright,
        VariantType.TYPE_QUATERNION: lambda turn: Transform3D(Basis(turn)),
        VariantType.TYPE_BASIS: Transform3D,
        VariantType.TYPE_PROJECTION: Transform3D,
    },
    VariantType.TYPE_PROJECTION: {VariantType.TYPE_TRANSFORM3D: Projection},
    VariantType.TYPE_COLOR: {VariantType.TYPE_STRING: _color, VariantType.TYPE_INT: Color.hex},
    VariantType.TYPE_RID: {VariantType.TYPE_OBJECT: lambda handle: RID()},
    VariantType.TYPE_OBJECT: {VariantType.TYPE_NIL: lambda nothing: None},
}
_PACKED: dict[VariantType, _Convert] = {
    VariantType.TYPE_PACKED_BYTE_ARRAY: _each(bytes, lambda value: _int_element(value, 8)),
    VariantType.TYPE_PACKED_INT32_ARRAY: _each(PackedInt32Array, lambda value: _int_element(value, 32)),
    VariantType.TYPE_PACKED_INT64_ARRAY: _each(PackedInt64Array, lambda value: _int_element(value, 64)),
    VariantType.TYPE_PACKED_FLOAT32_ARRAY: _each(PackedFloat32Array, _single),
    VariantType.TYPE_PACKED_FLOAT64_ARRAY: _each(PackedFloat64Array, _float_element),
    VariantType.TYPE_PACKED_STRING_ARRAY: _each(PackedStringArray, _text_element),
    VariantType.TYPE_PACKED_VECTOR2_ARRAY: _each(PackedVector2Array, _vector_element(Vector2, 2)),
    VariantType.TYPE_PACKED_VECTOR3_ARRAY: _each(PackedVector3Array, _vector_element(Vector3, 3)),
    VariantType.TYPE_PACKED_COLOR_ARRAY: _each(PackedColorArray, _color_element),
    VariantType.TYPE_PACKED_VECTOR4_ARRAY: _each(PackedVector4Array, _vector_element(Vector4, 4)),
}
_CONVERSIONS.update({wanted: {VariantType.TYPE_ARRAY: make} for wanted, make in _PACKED.items()})
_CONVERSIONS[VariantType.TYPE_ARRAY] = dict.fromkeys(_PACKED, list)


def convert(value: Variant, wanted: VariantType) -> Variant:
    """The value in the wanted type: itself if it has that type, otherwise converted; ``REFUSED`` if that is not
    possible.

    Raises:
        TypeError: the value is not a Variant.
    """
    found = typeof(value)
    if found is wanted:
        return value
    make = _CONVERSIONS.get(wanted, {}).get(found)
    if make is None:
        return REFUSED
    try:
        return make(value)
    except (TypeError, ValueError, ArithmeticError):  # a NaN for an int, a list of what has no text
        return REFUSED
