"""Writers of all types except the containers, which ``encode`` writes."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable
from functools import partial
from struct import Struct, error
from types import BuiltinFunctionType, FunctionType, MethodType, NoneType
from typing import Any

from godot_enet.compat.errors import as_str
from godot_enet.compat.variant.color import Color
from godot_enet.compat.variant.handles import RID, EncodedCallable, EncodedObjectAsID, EncodedSignal
from godot_enet.compat.variant.kinds import VariantType, refuse
from godot_enet.compat.variant.names import NodePath, StringName
from godot_enet.compat.variant.packed import (
    PackedFloat32Array,
    PackedFloat64Array,
    PackedInt32Array,
    PackedInt64Array,
    PackedStringArray,
    to_little_endian,
)
from godot_enet.compat.variant.packed_rows import (
    PackedColorArray,
    PackedRowArray,
    PackedVector2Array,
    PackedVector3Array,
    PackedVector4Array,
)
from godot_enet.compat.variant.plane import Plane
from godot_enet.compat.variant.projection import Projection
from godot_enet.compat.variant.rotations import Basis, Quaternion
from godot_enet.compat.variant.row import Row
from godot_enet.compat.variant.shapes import AABB, Rect2, Rect2i
from godot_enet.compat.variant.transforms import Transform2D, Transform3D
from godot_enet.compat.variant.vector2 import Vector2, Vector2i
from godot_enet.compat.variant.vector3 import Vector3, Vector3i
from godot_enet.compat.variant.vector4 import Vector4, Vector4i

__all__ = ["FLAG_64", "WRITERS", "pack_u32", "string_block", "well_formed"]

FLAG_64 = 1 << 16
"""Ints and floats of 64 bits; for an object, that its number follows."""

_MASK_64 = (1 << 64) - 1
_PADDING = (b"", b"\0\0\0", b"\0\0", b"\0")
"""By length modulo 4."""

pack_u32 = Struct("<I").pack
_pack_u64 = Struct("<Q").pack
_pack_header = Struct("<II").pack
_pack_path = Struct("<IIII").pack
_pack_int = Struct("<Ii").pack
_pack_long = Struct("<Iq").pack
_pack_float = Struct("<If").pack
_pack_double = Struct("<Id").pack
_unpack_float = Struct("<If").unpack

_SURROGATES = re.compile("[\ud800-\udfff]")
_NIL = bytes(4)
_FALSE = _pack_header(VariantType.TYPE_BOOL, 0)
_TRUE = _pack_header(VariantType.TYPE_BOOL, 1)
_STRING = pack_u32(VariantType.TYPE_STRING)
_STRING_NAME = pack_u32(VariantType.TYPE_STRING_NAME)
_CALLABLE = pack_u32(VariantType.TYPE_CALLABLE)


def well_formed(text: str) -> str:
    """The text as Godot can store it: up to the first NUL, and with U+FFFD instead of surrogates."""
    return _SURROGATES.sub("\ufffd", text.partition("\0")[0])


def string_block(text: str, end: bytes = b"") -> bytes:
    try:
        data = text.encode()
    except UnicodeEncodeError:
        data = well_formed(text).encode()
    if 0 in data:
        data = data[: data.index(0)]
    data += end
    return pack_u32(len(data)) + data + _PADDING[len(data) & 3]


def _write_bool(value: bool) -> bytes:
    return _TRUE if value else _FALSE


def _write_int(value: int) -> bytes:
    if -0x80000000 <= value <= 0x7FFFFFFF:
        return _pack_int(VariantType.TYPE_INT, value)
    try:
        return _pack_long(VariantType.TYPE_INT | FLAG_64, value)
    except error:
        raise OverflowError(f"{value} does not fit the 64 bits of a Godot int") from None


def _write_float(value: float) -> bytes:
    try:
        data = _pack_float(VariantType.TYPE_FLOAT, value)
    except OverflowError:
        pass
    else:
        if _unpack_float(data)[1] == value:
            return data
    return _pack_double(VariantType.TYPE_FLOAT | FLAG_64, value)


def _write_string(value: str) -> bytes:
    return _STRING + string_block(value)


def _write_string_name(value: StringName) -> bytes:
    return _STRING_NAME + string_block(value)


def _reals(cls: type[Row[Any]]) -> Callable[[Row[Any]], bytes]:
    """Writes the 32-bit floats of a type; numbers that are too large become infinite, as in a C cast."""
    pack = Struct(f"<I{cls._width}f").pack
    kind = int(cls.variant_type)

    def write(value: Row[Any]) -> bytes:
        numbers = value._to_wire()
        try:
            return pack(kind, *numbers)
        except OverflowError:
            return pack_u32(kind) + to_little_endian(array("f", numbers))

    return write


def _ints(cls: type[Row[Any]]) -> Callable[[Row[Any]], bytes]:
    """Writes the 32-bit ints of a type."""
    pack = Struct(f"<I{cls._width}i").pack
    kind = int(cls.variant_type)

    def write(value: Row[Any]) -> bytes:
        try:
            return pack(kind, *value._to_wire())
        except error:
            raise OverflowError(f"a component of {value} does not fit 32 bits") from None

    return write


def _write_node_path(value: NodePath) -> bytes:
    names, subnames, absolute = value._names, value._subnames, value._absolute
    head = _pack_path(VariantType.TYPE_NODE_PATH, len(names) | 0x80000000, len(subnames), absolute)
    return head + b"".join(map(string_block, names + subnames))


def _write_rid(value: RID) -> bytes:
    return pack_u32(VariantType.TYPE_RID) + _pack_u64(value.id & _MASK_64)


def _write_object(value: EncodedObjectAsID) -> bytes:
    return pack_u32(VariantType.TYPE_OBJECT | FLAG_64) + _pack_u64(value.object_id & _MASK_64)


def _write_signal(value: EncodedSignal) -> bytes:
    return pack_u32(VariantType.TYPE_SIGNAL) + string_block(value.name) + _pack_u64(value.object_id & _MASK_64)


def _write_bytes(value: bytes | bytearray) -> bytes:
    return _pack_header(VariantType.TYPE_PACKED_BYTE_ARRAY, len(value)) + value + _PADDING[len(value) & 3]


def _write_memoryview(value: memoryview) -> bytes:
    if value.format not in ("B", "b", "c"):
        raise refuse(value)  # its numbers would silently become their bytes
    return _write_bytes(value.tobytes())


def _write_numbers(value: Any) -> bytes:
    return _pack_header(value.variant_type, len(value)) + to_little_endian(value)


def _write_rows(value: PackedRowArray[Any]) -> bytes:
    return _pack_header(value.variant_type, len(value)) + value.to_byte_array()


def _write_strings(value: PackedStringArray) -> bytes:
    blocks = [string_block(as_str(text, "an element of PackedStringArray"), b"\0") for text in value]
    return _pack_header(VariantType.TYPE_PACKED_STRING_ARRAY, len(value)) + b"".join(blocks)


_REALS = (
    Vector2,
    Vector3,
    Vector4,
    Rect2,
    Transform2D,
    Plane,
    Quaternion,
    AABB,
    Basis,
    Transform3D,
    Projection,
    Color,
)
_NUMBERS = (PackedInt32Array, PackedInt64Array, PackedFloat32Array, PackedFloat64Array)
_ROWS = (PackedVector2Array, PackedVector3Array, PackedVector4Array, PackedColorArray)
_CALLABLES = (EncodedCallable, FunctionType, MethodType, BuiltinFunctionType, partial)

WRITERS: dict[type, Callable[[Any], bytes]] = {
    NoneType: lambda nothing: _NIL,
    bool: _write_bool,
    int: _write_int,
    float: _write_float,
    str: _write_string,
    **{cls: _reals(cls) for cls in _REALS},
    **{cls: _ints(cls) for cls in (Vector2i, Vector3i, Vector4i, Rect2i)},
    StringName: _write_string_name,
    NodePath: _write_node_path,
    RID: _write_rid,
    EncodedObjectAsID: _write_object,
    **dict.fromkeys(_CALLABLES, lambda function: _CALLABLE),
    EncodedSignal: _write_signal,
    bytes: _write_bytes,
    bytearray: _write_bytes,
    memoryview: _write_memoryview,
    **dict.fromkeys(_NUMBERS, _write_numbers),
    PackedStringArray: _write_strings,
    **dict.fromkeys(_ROWS, _write_rows),
}
"""By exact type; the containers have none."""
