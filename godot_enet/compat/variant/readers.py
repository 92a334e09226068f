"""Readers of all types except the containers, which ``decode`` reads.

A reader takes the data, the offset of the body, and the header; it returns the value and the offset of its end. It
raises ``DecodeError``, or ``struct.error`` if the data ends too early.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from functools import partial
from struct import Struct
from typing import Any

from godot_enet.compat.globals import Error
from godot_enet.compat.variant.color import Color
from godot_enet.compat.variant.failures import DecodeError
from godot_enet.compat.variant.handles import RID, EncodedCallable, EncodedObjectAsID, EncodedSignal
from godot_enet.compat.variant.kinds import Variant, VariantType
from godot_enet.compat.variant.names import NodePath, StringName
from godot_enet.compat.variant.packed import (
    PackedFloat32Array,
    PackedFloat64Array,
    PackedInt32Array,
    PackedInt64Array,
    PackedStringArray,
    from_little_endian,
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
from godot_enet.compat.variant.row import Row, make
from godot_enet.compat.variant.shapes import AABB, Rect2, Rect2i
from godot_enet.compat.variant.transforms import Transform2D, Transform3D
from godot_enet.compat.variant.vector2 import Vector2, Vector2i
from godot_enet.compat.variant.vector3 import Vector3, Vector3i
from godot_enet.compat.variant.vector4 import Vector4, Vector4i
from godot_enet.compat.variant.writers import FLAG_64

__all__ = ["READERS", "Reader", "read_string", "unpack_u32"]

Reader = Callable[[bytes | bytearray, int, int], tuple[Variant, int]]

unpack_u32 = Struct("<I").unpack_from
_unpack_int = Struct("<i").unpack_from
_unpack_long = Struct("<q").unpack_from
_unpack_float = Struct("<f").unpack_from
_unpack_double = Struct("<d").unpack_from
_unpack_path = Struct("<III").unpack_from

_EARLY = "truncated Variant"
_CALLABLE = EncodedCallable()


def read_string(data: bytes | bytearray, start: int) -> tuple[str, int]:
    """A string block, and the offset of its end. Godot cuts at the first NUL and skips a byte order mark."""
    (length,) = unpack_u32(data, start)
    start += 4
    stop = start + length
    end = stop + (-length & 3)
    if end > len(data):
        raise DecodeError(_EARLY, Error.ERR_FILE_EOF)
    raw = data[start:stop]
    if 0 in raw:
        raw = raw[: raw.index(0)]
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise DecodeError("a string in a Variant is not UTF-8", Error.ERR_INVALID_DATA) from None
    return (text[1:] if text[:1] == "\ufeff" else text), end


def _read_nil(data: bytes | bytearray, start: int, header: int) -> tuple[None, int]:
    return None, start


def _read_bool(data: bytes | bytearray, start: int, header: int) -> tuple[bool, int]:
    return unpack_u32(data, start)[0] != 0, start + 4


def _read_int(data: bytes | bytearray, start: int, header: int) -> tuple[int, int]:
    if header & FLAG_64:
        return _unpack_long(data, start)[0], start + 8
    return _unpack_int(data, start)[0], start + 4


def _read_float(data: bytes | bytearray, start: int, header: int) -> tuple[float, int]:
    if header & FLAG_64:
        return _unpack_double(data, start)[0], start + 8
    return _unpack_float(data, start)[0], start + 4


def _read_string(data: bytes | bytearray, start: int, header: int) -> tuple[str, int]:
    return read_string(data, start)


def _read_string_name(data: bytes | bytearray, start: int, header: int) -> tuple[StringName, int]:
    text, end = read_string(data, start)
    return StringName(text), end


def _reals(cls: type[Row[Any]]) -> Reader:
    """Reads the floats of a type, of 32 bits or of 64."""
    narrow, wide = Struct(f"<{cls._width}f"), Struct(f"<{cls._width}d")
    build = _builder(cls)

    def read(data: bytes | bytearray, start: int, header: int) -> tuple[Variant, int]:
        layout = wide if header & FLAG_64 else narrow
        return build(layout.unpack_from(data, start)), start + layout.size

    return read


def _fixed(layout: Struct, build: Callable[[tuple[Any, ...]], Variant]) -> Reader:
    """Reads numbers that have one width only."""

    def read(data: bytes | bytearray, start: int, header: int) -> tuple[Variant, int]:
        return build(layout.unpack_from(data, start)), start + layout.size

    return read


def _builder(cls: type[Row[Any]]) -> Callable[[tuple[Any, ...]], Variant]:
    """``cls._from_wire``, with a shortcut for the types that store the numbers in wire format."""
    is_flat = cls._from_wire.__func__ is Row._from_wire.__func__  # type: ignore[attr-defined]
    return partial(make, cls) if is_flat else cls._from_wire


def _read_node_path(data: bytes | bytearray, start: int, header: int) -> tuple[NodePath, int]:
    if not unpack_u32(data, start)[0] & 0x80000000:
        raise DecodeError("NodePath in Godot 1 format is not supported", Error.ERR_INVALID_DATA)
    name_count, subname_count, flags = _unpack_path(data, start)
    name_count &= 0x7FFFFFFF
    start += 12
    names = []
    for _ in range(name_count + subname_count + bool(flags & 2)):  # an old form counts one subname too few
        name, start = read_string(data, start)
        names.append(name)
    return NodePath._of(names[:name_count], names[name_count:], bool(flags & 1)), start


def _read_object(data: bytes | bytearray, start: int, header: int) -> tuple[EncodedObjectAsID | None, int]:
    if not header & FLAG_64:
        raise DecodeError("objects are never decoded", Error.ERR_UNAUTHORIZED)
    (number,) = _unpack_long(data, start)
    return EncodedObjectAsID(number) if number else None, start + 8


def _read_callable(data: bytes | bytearray, start: int, header: int) -> tuple[EncodedCallable, int]:
    return _CALLABLE, start


def _read_signal(data: bytes | bytearray, start: int, header: int) -> tuple[EncodedSignal, int]:
    name, end = read_string(data, start)
    return EncodedSignal(StringName(name), _unpack_long(data, end)[0]), end + 8


def _block(data: bytes | bytearray, start: int, size: int) -> tuple[bytes, int]:
    """A block with a count of elements, each of ``size`` bytes, and the offset of its end. The count is checked
    first."""
    (count,) = unpack_u32(data, start)
    start += 4
    end = start + count * size
    if end > len(data):
        raise DecodeError(_EARLY, Error.ERR_INVALID_DATA)
    return bytes(data[start:end]), end


def _read_bytes(data: bytes | bytearray, start: int, header: int) -> tuple[bytes, int]:
    block, end = _block(data, start, 1)
    return block, end + (-len(block) & 3)  # the padding may be missing at the end of the data


def _numbers(cls: Callable[[], Any], size: int) -> Reader:
    def read(data: bytes | bytearray, start: int, header: int) -> tuple[Variant, int]:
        block, end = _block(data, start, size)
        values = cls()
        from_little_endian(values, block)
        return values, end

    return read


def _read_strings(data: bytes | bytearray, start: int, header: int) -> tuple[PackedStringArray, int]:
    (count,) = _unpack_int(data, start)  # a negative count means none, and is not an error
    start += 4
    strings = PackedStringArray()
    for _ in range(count):
        text, start = read_string(data, start)
        strings.append(text)
    return strings, start


def _rows(cls: type[PackedRowArray[Any]], flag_64: int = FLAG_64) -> Reader:
    width = cls._element._width

    def read(data: bytes | bytearray, start: int, header: int) -> tuple[Variant, int]:
        if not header & flag_64:
            block, end = _block(data, start, 4 * width)
            return cls.from_byte_array(block), end
        block, end = _block(data, start, 8 * width)
        wide = array("d")
        from_little_endian(wide, block)
        return cls._from_numbers(array("f", wide)), end

    return read


READERS: list[Reader | None] = [
    _read_nil,
    _read_bool,
    _read_int,
    _read_float,
    _read_string,
    _reals(Vector2),
    _fixed(Struct("<2i"), _builder(Vector2i)),
    _reals(Rect2),
    _fixed(Struct("<4i"), _builder(Rect2i)),
    _reals(Vector3),
    _fixed(Struct("<3i"), _builder(Vector3i)),
    _reals(Transform2D),
    _reals(Vector4),
    _fixed(Struct("<4i"), _builder(Vector4i)),
    _reals(Plane),
    _reals(Quaternion),
    _reals(AABB),
    _reals(Basis),
    _reals(Transform3D),
    _reals(Projection),
    _fixed(Struct("<4f"), _builder(Color)),  # of 32 bits whatever the flag says
    _read_string_name,
    _read_node_path,
    _fixed(Struct("<q"), lambda numbers: RID(*numbers)),
    _read_object,
    _read_callable,
    _read_signal,
    None,
    None,
    _read_bytes,
    _numbers(PackedInt32Array, 4),
    _numbers(PackedInt64Array, 8),
    _numbers(PackedFloat32Array, 4),
    _numbers(PackedFloat64Array, 8),
    _read_strings,
    _rows(PackedVector2Array),
    _rows(PackedVector3Array),
    _rows(PackedColorArray, flag_64=0),
    _rows(PackedVector4Array),
]
"""By type number; the two containers have none."""

assert len(READERS) == VariantType.TYPE_MAX
