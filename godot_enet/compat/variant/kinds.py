"""Godot's type numbers, and the type of each Python value."""

from __future__ import annotations

from array import array
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, NoneType
from typing import Any, TypeAlias

from godot_enet.core.protocol.enums import NamedIntEnum

__all__ = ["Variant", "VariantType", "refuse", "typeof"]

Variant: TypeAlias = Any
"""Anything that Godot can put into a variable; see :func:`typeof` for the Python types."""


class VariantType(NamedIntEnum):
    """Godot's ``Variant.Type``."""

    TYPE_NIL = 0
    TYPE_BOOL = 1
    TYPE_INT = 2
    TYPE_FLOAT = 3
    TYPE_STRING = 4
    TYPE_VECTOR2 = 5
    TYPE_VECTOR2I = 6
    TYPE_RECT2 = 7
    TYPE_RECT2I = 8
    TYPE_VECTOR3 = 9
    TYPE_VECTOR3I = 10
    TYPE_TRANSFORM2D = 11
    TYPE_VECTOR4 = 12
    TYPE_VECTOR4I = 13
    TYPE_PLANE = 14
    TYPE_QUATERNION = 15
    TYPE_AABB = 16
    TYPE_BASIS = 17
    TYPE_TRANSFORM3D = 18
    TYPE_PROJECTION = 19
    TYPE_COLOR = 20
    TYPE_STRING_NAME = 21
    TYPE_NODE_PATH = 22
    TYPE_RID = 23
    TYPE_OBJECT = 24
    TYPE_CALLABLE = 25
    TYPE_SIGNAL = 26
    TYPE_DICTIONARY = 27
    TYPE_ARRAY = 28
    TYPE_PACKED_BYTE_ARRAY = 29
    TYPE_PACKED_INT32_ARRAY = 30
    TYPE_PACKED_INT64_ARRAY = 31
    TYPE_PACKED_FLOAT32_ARRAY = 32
    TYPE_PACKED_FLOAT64_ARRAY = 33
    TYPE_PACKED_STRING_ARRAY = 34
    TYPE_PACKED_VECTOR2_ARRAY = 35
    TYPE_PACKED_VECTOR3_ARRAY = 36
    TYPE_PACKED_COLOR_ARRAY = 37
    TYPE_PACKED_VECTOR4_ARRAY = 38
    TYPE_MAX = 39

    @property
    def godot_name(self) -> str:
        """Godot's name for it: ``"String"``, ``"PackedInt32Array"``, ``"Nil"``."""
        return _NAMES.get(self) or "".join(part.capitalize() for part in self.name.split("_")[1:])


_NAMES = {
    VariantType.TYPE_BOOL: "bool",
    VariantType.TYPE_INT: "int",
    VariantType.TYPE_FLOAT: "float",
    VariantType.TYPE_VECTOR2I: "Vector2i",
    VariantType.TYPE_RECT2I: "Rect2i",
    VariantType.TYPE_VECTOR3I: "Vector3i",
    VariantType.TYPE_TRANSFORM2D: "Transform2D",
    VariantType.TYPE_VECTOR4I: "Vector4i",
    VariantType.TYPE_AABB: "AABB",
    VariantType.TYPE_TRANSFORM3D: "Transform3D",
    VariantType.TYPE_RID: "RID",
}
"""Names that are not simply the words of the constant."""

_PYTHON: dict[type, VariantType] = {
    NoneType: VariantType.TYPE_NIL,
    bool: VariantType.TYPE_BOOL,
    int: VariantType.TYPE_INT,
    float: VariantType.TYPE_FLOAT,
    str: VariantType.TYPE_STRING,
    dict: VariantType.TYPE_DICTIONARY,
    list: VariantType.TYPE_ARRAY,
    bytes: VariantType.TYPE_PACKED_BYTE_ARRAY,
    bytearray: VariantType.TYPE_PACKED_BYTE_ARRAY,
    memoryview: VariantType.TYPE_PACKED_BYTE_ARRAY,
    FunctionType: VariantType.TYPE_CALLABLE,
    MethodType: VariantType.TYPE_CALLABLE,
    BuiltinFunctionType: VariantType.TYPE_CALLABLE,
    partial: VariantType.TYPE_CALLABLE,
}


def typeof(variable: Variant) -> VariantType:
    """Return Godot's type of a value: that of its class, or of the nearest class it inherits.

    Raises:
        TypeError: it is not a Variant; the message says what to use instead.
    """
    plain = _PYTHON.get(type(variable))
    if plain is not None:
        return plain
    for cls in type(variable).__mro__:
        # the package's own classes carry their type, see Row and its like
        kind = cls.__dict__.get("variant_type") or _PYTHON.get(cls)
        if isinstance(kind, VariantType):
            return kind
    raise refuse(variable)


def refuse(value: object) -> TypeError:
    """The exception for a value that is not a Variant."""
    name = type(value).__name__
    if isinstance(value, tuple):
        hint = "use a list, or one of Godot's types such as Vector2"
    elif isinstance(value, (set, frozenset)):
        hint = "use a list"
    elif isinstance(value, (array, memoryview)) or hasattr(value, "__array_interface__"):
        is_number = getattr(value, "shape", None) == ()
        hint = "use int() or float()" if is_number else "say which packed array it is, as in PackedFloat32Array(values)"
    else:
        return TypeError(f"{name} is not a Variant type")
    return TypeError(f"{name} is not a Variant type: {hint}")
