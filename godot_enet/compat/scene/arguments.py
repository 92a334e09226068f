"""The arguments of RPCs as they are sent: Variants, with a shorter form for ``bool`` and ``int``.

Only an argument itself is shortened, not the values inside it. Values follow each other without alignment.
Source of the layout: Godot's ``MultiplayerAPI::encode_and_compress_variant``.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct, error

from godot_enet.compat.globals import Error
from godot_enet.compat.variant import DecodeError, Variant, VariantType, decode_variant, encode_variant, typeof

__all__ = [
    "MAX_ARGUMENTS",
    "MissingValueError",
    "decode_arguments",
    "decode_values",
    "encode_argument",
    "encode_arguments",
    "is_bytes",
]

MAX_ARGUMENTS = 255

_BOOL = int(VariantType.TYPE_BOOL)
_INT = int(VariantType.TYPE_INT)
_TYPE_BITS = 0x3F
_FALSE = bytes([_BOOL])
_TRUE = bytes([_BOOL | 0x80])
_WIDTHS = [Struct("<b"), Struct("<h"), Struct("<i"), Struct("<q")]
"""The formats of ints, by the two bits above the type."""
_PACK_SMALL = Struct("<Bb").pack
_PACK = [Struct("<Bb").pack, Struct("<Bh").pack, Struct("<Bi").pack, Struct("<Bq").pack]
_READ = [(width.unpack_from, 1 + width.size) for width in _WIDTHS]


def is_bytes(value: Variant) -> bool:
    """Whether it is a PackedByteArray; a call with nothing else is sent without any header."""
    return isinstance(value, (bytes, bytearray, memoryview)) or (
        getattr(value, "variant_type", None) is VariantType.TYPE_PACKED_BYTE_ARRAY
    )


def _encode_int(value: int) -> bytes:
    if -0x80 <= value < 0x80:
        return _PACK_SMALL(_INT, value)
    width = 1 if -0x8000 <= value < 0x8000 else 2 if -0x80000000 <= value < 0x80000000 else 3
    try:
        return _PACK[width](_INT | width << 6, value)
    except error:
        raise OverflowError(f"{value} does not fit the 64 bits of a Godot int") from None


def encode_argument(value: Variant, *, full_objects: bool = False) -> bytes:
    """One argument.

    Raises:
        EncodeError, TypeError, OverflowError: as for :func:`encode_variant`.
    """
    cls = type(value)
    if cls is int:
        return _encode_int(value)
    if cls is bool:
        return _TRUE if value else _FALSE
    if isinstance(value, int) and typeof(value) is VariantType.TYPE_INT:  # such as an IntEnum
        return _encode_int(int(value))
    return encode_variant(value, full_objects=full_objects)


def encode_arguments(values: Sequence[Variant], *, full_objects: bool = False) -> bytes:
    """Several arguments, one after the other."""
    return b"".join([encode_argument(value, full_objects=full_objects) for value in values])


class MissingValueError(DecodeError):
    """Values are missing."""


def decode_arguments(data: bytes, start: int, count: int, *, allow_objects: bool = False) -> list[Variant]:
    """Decode ``count`` arguments, from ``start`` on. Bytes after them are ignored, as in Godot.

    Raises:
        DecodeError: there are fewer, or one is malformed. (Godot makes the call with nulls.)
    """
    return decode_values(data, start, count, allow_objects=allow_objects)[0]


def decode_values(data: bytes, start: int, count: int, *, allow_objects: bool = False) -> tuple[list[Variant], int]:
    """Decode ``count`` values, from ``start`` on. Returns them and the offset of their end.

    Raises:
        MissingValueError: there are fewer.
        DecodeError: one is malformed.
    """
    values: list[Variant] = []
    try:
        for _ in range(count):
            head = data[start]
            kind = head & _TYPE_BITS
            if kind == _INT:
                unpack, size = _READ[head >> 6]
                values.append(unpack(data, start + 1)[0])
                start += size
            elif kind == _BOOL:
                values.append(head >= 0x80)
                start += 1
            else:
                value, size = decode_variant(data, start, allow_objects=allow_objects)
                values.append(value)
                start += size
    except (IndexError, error) as failure:
        kind_of_error = MissingValueError if isinstance(failure, IndexError) else DecodeError
        text = f"argument {len(values) + 1} of {count} is truncated"
        raise kind_of_error(text, Error.ERR_INVALID_DATA) from None
    return values, start
