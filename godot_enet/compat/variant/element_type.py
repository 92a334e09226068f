"""What the elements of a typed array or dictionary must be, and how others are made to fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from godot_enet.compat.variant.color import Color
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

__all__ = ["ANY", "REFUSED", "ElementType"]

_Convert = Callable[[Any], Any]

REFUSED = object()
"""In place of an element that does not fit."""


def _flat(matrix: Transform3D) -> Transform2D:
    """What is left of it in the plane."""
    basis, origin = matrix
    return Transform2D(Vector2(*basis.x[:2]), Vector2(*basis.y[:2]), Vector2(*origin[:2]))


def _upright(matrix: Transform2D) -> Transform3D:
    """The same in space."""
    x, y, origin = (Vector3(*column) for column in matrix)
    return Transform3D(Basis(x, y, Vector3.BACK), origin)


def _whole(number: float, bits: int = 64) -> int:
    """Cut towards zero."""
    result = int(number)
    if result.bit_length() >= bits:
        raise OverflowError(f"{number} does not fit {bits} bits")
    return result


def _color(text: str) -> Color:
    """What names no colour is black, as in Godot; without an error each, as a stranger may have sent it."""
    return Color.from_string(text, Color())


def _cells(cls: Callable[..., IntVector]) -> _Convert:
    """To a vector of ints, each of which must fit."""
    return lambda vector: cls(*[_whole(component, 32) for component in vector])


# What Godot converts on its own (seen in 4.6.3), by wanted type and found type; the constructors do the work.
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
    VariantType.TYPE_QUATERNION: {VariantType.TYPE_BASIS: Quaternion},
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
    VariantType.TYPE_OBJECT: {VariantType.TYPE_NIL: lambda nothing: None},
    VariantType.TYPE_PACKED_BYTE_ARRAY: {VariantType.TYPE_ARRAY: bytes},
    VariantType.TYPE_PACKED_INT32_ARRAY: {VariantType.TYPE_ARRAY: PackedInt32Array},
    VariantType.TYPE_PACKED_INT64_ARRAY: {VariantType.TYPE_ARRAY: PackedInt64Array},
    VariantType.TYPE_PACKED_FLOAT32_ARRAY: {VariantType.TYPE_ARRAY: PackedFloat32Array},
    VariantType.TYPE_PACKED_FLOAT64_ARRAY: {VariantType.TYPE_ARRAY: PackedFloat64Array},
    VariantType.TYPE_PACKED_STRING_ARRAY: {VariantType.TYPE_ARRAY: PackedStringArray},
    VariantType.TYPE_PACKED_VECTOR2_ARRAY: {VariantType.TYPE_ARRAY: PackedVector2Array},
    VariantType.TYPE_PACKED_VECTOR3_ARRAY: {VariantType.TYPE_ARRAY: PackedVector3Array},
    VariantType.TYPE_PACKED_VECTOR4_ARRAY: {VariantType.TYPE_ARRAY: PackedVector4Array},
    VariantType.TYPE_PACKED_COLOR_ARRAY: {VariantType.TYPE_ARRAY: PackedColorArray},
}
_CONVERSIONS[VariantType.TYPE_ARRAY] = dict.fromkeys(
    [wanted for wanted, found in _CONVERSIONS.items() if VariantType.TYPE_ARRAY in found], list
)


@dataclass(frozen=True, slots=True)
class ElementType:
    """The type of the elements: ``TYPE_NIL`` for any. Classes and scripts are names; nothing is ever loaded."""

    type: VariantType = VariantType.TYPE_NIL
    class_name: str = ""
    script: str = ""

    def fit(self, value: Variant) -> Variant:
        """The value as an element, converted if need be; ``REFUSED`` if it cannot be one."""
        if self.type is VariantType.TYPE_NIL:
            return value
        found = typeof(value)
        if found is self.type:
            return value
        convert = _CONVERSIONS.get(self.type, {}).get(found)
        if convert is None:
            return REFUSED
        try:
            return convert(value)
        except (TypeError, ValueError, ArithmeticError):  # a NaN for an int, a list of the wrong things
            return REFUSED

    def admit(self, value: Variant) -> Variant:
        """The value as an element, converted if need be.

        Raises:
            TypeError: it cannot be one.
        """
        element = self.fit(value)
        if element is REFUSED:
            raise TypeError(f"an element of {typeof(value).name} does not fit {self.type.name}")
        return element


ANY = ElementType()
