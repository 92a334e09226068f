"""Godot's Variant: its types in Python, and its binary format.

``None``, ``bool``, ``int``, ``float``, ``str``, ``bytes``, ``list`` and ``dict`` stand for Godot's own types of that
kind; the rest is here. Objects are never sent or decoded, only their numbers.
"""

from __future__ import annotations

from godot_enet.compat.errors import as_bytes, fail
from godot_enet.compat.globals import Error
from godot_enet.compat.own_methods import copy_methods
from godot_enet.compat.variant.byte_compression import CompressionMode
from godot_enet.compat.variant.color import Color
from godot_enet.compat.variant.containers import Array, Dictionary
from godot_enet.compat.variant.decode import decode_variant
from godot_enet.compat.variant.encode import encode_variant
from godot_enet.compat.variant.failures import DecodeError, EncodeError, VariantError
from godot_enet.compat.variant.handles import RID, EncodedCallable, EncodedObjectAsID, EncodedSignal
from godot_enet.compat.variant.kinds import Variant, VariantType, typeof
from godot_enet.compat.variant.names import NodePath, StringName
from godot_enet.compat.variant.packed import (
    PackedFloat32Array,
    PackedFloat64Array,
    PackedInt32Array,
    PackedInt64Array,
    PackedStringArray,
)
from godot_enet.compat.variant.packed_bytes import PackedByteArray
from godot_enet.compat.variant.packed_rows import (
    PackedColorArray,
    PackedVector2Array,
    PackedVector3Array,
    PackedVector4Array,
)
from godot_enet.compat.variant.plane import Plane
from godot_enet.compat.variant.projection import Projection
from godot_enet.compat.variant.rotations import Basis, Quaternion
from godot_enet.compat.variant.shapes import AABB, Rect2, Rect2i
from godot_enet.compat.variant.transforms import Transform2D, Transform3D
from godot_enet.compat.variant.vector2 import Vector2, Vector2i
from godot_enet.compat.variant.vector3 import Vector3, Vector3i
from godot_enet.compat.variant.vector4 import Vector4, Vector4i

__all__ = [
    "AABB",
    "RID",
    "Array",
    "Basis",
    "Color",
    "CompressionMode",
    "DecodeError",
    "Dictionary",
    "EncodeError",
    "EncodedCallable",
    "EncodedObjectAsID",
    "EncodedSignal",
    "NodePath",
    "PackedByteArray",
    "PackedColorArray",
    "PackedFloat32Array",
    "PackedFloat64Array",
    "PackedInt32Array",
    "PackedInt64Array",
    "PackedStringArray",
    "PackedVector2Array",
    "PackedVector3Array",
    "PackedVector4Array",
    "Plane",
    "Projection",
    "Quaternion",
    "Rect2",
    "Rect2i",
    "StringName",
    "Transform2D",
    "Transform3D",
    "Variant",
    "VariantError",
    "VariantType",
    "Vector2",
    "Vector2i",
    "Vector3",
    "Vector3i",
    "Vector4",
    "Vector4i",
    "bytes_to_var",
    "bytes_to_var_with_objects",
    "decode_packet",
    "decode_variant",
    "encode_packet",
    "encode_variant",
    "typeof",
    "var_to_bytes",
    "var_to_bytes_with_objects",
]


def var_to_bytes(variable: Variant) -> bytes:
    """Encode a value in Godot's binary format; ``b""``, with an error, if it is nested more than 1024 deep.

    >>> bytes_to_var(var_to_bytes({"name": "Ada", "scores": [3, 5]}))
    {'name': 'Ada', 'scores': [3, 5]}

    Raises:
        TypeError: it is or contains a value without a Godot type, such as a tuple; the message says what to use.
        OverflowError: an int does not fit 64 bits, or a component of an integer vector 32.
    """
    return encode_packet(variable)[1]


def var_to_bytes_with_objects(variable: Variant) -> bytes:
    """Encode like :func:`var_to_bytes`; typed arrays and dictionaries keep the names of classes and scripts.

    Objects are encoded as their ids here, too.
    """
    return encode_packet(variable, full_objects=True)[1]


def bytes_to_var(bytes: bytes | bytearray | memoryview) -> Variant:
    """Decode a value from Godot's binary format; None, with an error, if the bytes are invalid."""
    return decode_packet(as_bytes(bytes, "bytes"))


def bytes_to_var_with_objects(bytes: bytes | bytearray | memoryview) -> Variant:
    """Decode like :func:`bytes_to_var`; typed arrays and dictionaries keep the names of classes and scripts.

    Objects are rejected here, too.
    """
    return decode_packet(as_bytes(bytes, "bytes"), allow_objects=True)


def encode_packet(value: Variant, max_size: int = 0x7FFFFFFF, full_objects: bool = False) -> tuple[Error, bytes]:
    """Encode a value for ``put_var``: ``OK`` and the bytes, or an error, which is logged, and ``b""``.

    Raises:
        TypeError, OverflowError: as for :func:`var_to_bytes`.
    """
    try:
        return Error.OK, encode_variant(value, max_size=max_size, full_objects=full_objects)
    except EncodeError as error:
        return fail(str(error), (error.error, b""))


def decode_packet(packet: bytes, allow_objects: bool = False) -> Variant:
    """Decode a packet for ``get_var``: the value, or None with a logged error."""
    try:
        return decode_variant(packet, allow_objects=allow_objects)[0]
    except DecodeError as error:
        return fail(str(error), None, remote=True)


_public = [each for name, each in list(globals().items()) if name in __all__ and isinstance(each, type)]
for _each in _public:
    copy_methods(_each, _public)
