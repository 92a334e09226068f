"""Reads and writes single numbers in a byte array, under Godot's names. Little-endian, offsets in bytes."""

from __future__ import annotations

from array import array
from operator import index
from struct import Struct

from godot_enet.compat.errors import fail

__all__ = ["ByteFields"]

_U8, _U16, _U32, _U64 = (Struct(f"<{code}") for code in "BHIQ")
_S8, _S16, _S32, _S64 = (Struct(f"<{code}") for code in "bhiq")
_NATIVE_U32 = Struct("=I")
_HALF, _FLOAT, _DOUBLE = (Struct(f"<{code}") for code in "efd")


def _half(value: float) -> int:
    """The 16 bits to which Godot converts a float: truncated towards zero, and 0 below the normal range."""
    # godot: core/math/math_funcs.h: make_half_float
    (single,) = _NATIVE_U32.unpack(array("f", (value,)))
    sign, exponent, mantissa = single >> 16 & 0x8000, single >> 23 & 0xFF, single & 0x7FFFFF
    if exponent == 0xFF and mantissa:
        return int(sign | 0x7FFF)
    if exponent >= 127 + 16:
        return int(sign | 0x7C00)
    if exponent <= 127 - 15:
        return 0
    return int(sign | exponent - 112 << 10 | mantissa >> 13)


class ByteFields(bytearray):
    """Outside the array, reads return 0 and writes are skipped, with an error, as in Godot."""

    __slots__ = ()

    def _fits(self, byte_offset: int, size: int, *, reading: bool = False) -> bool:
        if 0 <= byte_offset <= len(self) - size:
            return True
        text = f"{size} bytes at offset {byte_offset} are outside an array of {len(self)} bytes"
        return fail(text, False, remote=reading)  # often a packet that is too short

    def _decode_int(self, layout: Struct, byte_offset: int) -> int:
        if not self._fits(byte_offset, layout.size, reading=True):
            return 0
        number: int = layout.unpack_from(self, byte_offset)[0]
        return number

    def _decode_real(self, layout: Struct, byte_offset: int) -> float:
        if not self._fits(byte_offset, layout.size, reading=True):
            return 0.0
        number: float = layout.unpack_from(self, byte_offset)[0]
        return number

    def _encode_int(self, layout: Struct, byte_offset: int, value: int) -> None:
        if self._fits(byte_offset, layout.size):
            layout.pack_into(self, byte_offset, index(value) & (1 << 8 * layout.size) - 1)

    def decode_u8(self, byte_offset: int) -> int:
        """Read an unsigned 8-bit integer at a byte offset, little-endian; 0, with an error, beyond the end."""
        return self._decode_int(_U8, byte_offset)

    def decode_s8(self, byte_offset: int) -> int:
        """Read a signed 8-bit integer at a byte offset, little-endian; 0, with an error, beyond the end."""
        return self._decode_int(_S8, byte_offset)

    def decode_u16(self, byte_offset: int) -> int:
        """Read an unsigned 16-bit integer at a byte offset, little-endian; 0, with an error, beyond the end."""
        return self._decode_int(_U16, byte_offset)

    def decode_s16(self, byte_offset: int) -> int:
        """Read a signed 16-bit integer at a byte offset, little-endian; 0, with an error, beyond the end."""
        return self._decode_int(_S16, byte_offset)

    def decode_u32(self, byte_offset: int) -> int:
        """Read an unsigned 32-bit integer at a byte offset, little-endian; 0, with an error, beyond the end."""
        return self._decode_int(_U32, byte_offset)

    def decode_s32(self, byte_offset: int) -> int:
        """Read a signed 32-bit integer at a byte offset, little-endian; 0, with an error, beyond the end."""
        return self._decode_int(_S32, byte_offset)

    def decode_u64(self, byte_offset: int) -> int:
        """Read an unsigned 64-bit integer at a byte offset, little-endian; 0, with an error, beyond the end."""
        return self._decode_int(_U64, byte_offset)

    def decode_s64(self, byte_offset: int) -> int:
        """Read a signed 64-bit integer at a byte offset, little-endian; 0, with an error, beyond the end."""
        return self._decode_int(_S64, byte_offset)

    def decode_half(self, byte_offset: int) -> float:
        """Read a 16-bit float at a byte offset, little-endian; 0, with an error, beyond the end."""
        return self._decode_real(_HALF, byte_offset)

    def decode_float(self, byte_offset: int) -> float:
        """Read a 32-bit float at a byte offset, little-endian; 0, with an error, beyond the end."""
        return self._decode_real(_FLOAT, byte_offset)

    def decode_double(self, byte_offset: int) -> float:
        """Read a 64-bit float at a byte offset, little-endian; 0, with an error, beyond the end."""
        return self._decode_real(_DOUBLE, byte_offset)

    def encode_u8(self, byte_offset: int, value: int) -> None:
        """Write the lowest 8 bits of an integer at a byte offset, little-endian; beyond the end only an error."""
        self._encode_int(_U8, byte_offset, value)

    def encode_s8(self, byte_offset: int, value: int) -> None:
        """Write the lowest 8 bits of an integer at a byte offset, little-endian; beyond the end only an error."""
        self._encode_int(_U8, byte_offset, value)

    def encode_u16(self, byte_offset: int, value: int) -> None:
        """Write the lowest 16 bits of an integer at a byte offset, little-endian; beyond the end only an error."""
        self._encode_int(_U16, byte_offset, value)

    def encode_s16(self, byte_offset: int, value: int) -> None:
        """Write the lowest 16 bits of an integer at a byte offset, little-endian; beyond the end only an error."""
        self._encode_int(_U16, byte_offset, value)

    def encode_u32(self, byte_offset: int, value: int) -> None:
        """Write the lowest 32 bits of an integer at a byte offset, little-endian; beyond the end only an error."""
        self._encode_int(_U32, byte_offset, value)

    def encode_s32(self, byte_offset: int, value: int) -> None:
        """Write the lowest 32 bits of an integer at a byte offset, little-endian; beyond the end only an error."""
        self._encode_int(_U32, byte_offset, value)

    def encode_u64(self, byte_offset: int, value: int) -> None:
        """Write the lowest 64 bits of an integer at a byte offset, little-endian; beyond the end only an error."""
        self._encode_int(_U64, byte_offset, value)

    def encode_s64(self, byte_offset: int, value: int) -> None:
        """Write the lowest 64 bits of an integer at a byte offset, little-endian; beyond the end only an error."""
        self._encode_int(_U64, byte_offset, value)

    def encode_half(self, byte_offset: int, value: float) -> None:
        """Write a 16-bit float at a byte offset, little-endian; as in Godot, truncated instead of rounded."""
        if self._fits(byte_offset, 2):
            _U16.pack_into(self, byte_offset, _half(value))

    def encode_float(self, byte_offset: int, value: float) -> None:
        """Write a 32-bit float at a byte offset, little-endian; numbers that are too large become infinite."""
        if self._fits(byte_offset, 4):
            _FLOAT.pack_into(self, byte_offset, array("f", (value,))[0])

    def encode_double(self, byte_offset: int, value: float) -> None:
        """Write a 64-bit float at a byte offset, little-endian; beyond the end only an error."""
        if self._fits(byte_offset, 8):
            _DOUBLE.pack_into(self, byte_offset, value)
