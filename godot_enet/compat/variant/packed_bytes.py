"""PackedByteArray: a ``bytearray`` with the methods that GDScript has on it."""

from __future__ import annotations

from typing import TypeVar

from godot_enet.compat.errors import fail
from godot_enet.compat.globals import Error
from godot_enet.compat.variant.byte_compression import CompressionMode, compress, decompress, inflate
from godot_enet.compat.variant.byte_text import ByteText
from godot_enet.compat.variant.decode import decode_variant
from godot_enet.compat.variant.encode import encode_variant
from godot_enet.compat.variant.failures import DecodeError, VariantError
from godot_enet.compat.variant.kinds import Variant, VariantType
from godot_enet.compat.variant.packed import (
    PackedArray,
    PackedFloat32Array,
    PackedFloat64Array,
    PackedInt32Array,
    PackedInt64Array,
    from_little_endian,
)
from godot_enet.compat.variant.packed_rows import (
    PackedColorArray,
    PackedVector2Array,
    PackedVector3Array,
    PackedVector4Array,
)

__all__ = ["PackedByteArray"]

_Numbers = TypeVar("_Numbers", PackedInt32Array, PackedInt64Array, PackedFloat32Array, PackedFloat64Array)
_Rows = TypeVar("_Rows", PackedVector2Array, PackedVector3Array, PackedVector4Array, PackedColorArray)


class PackedByteArray(PackedArray[int], ByteText):
    """Bytes that can be changed. Wherever bytes are taken, plain ``bytes`` will do as well.

    The class methods are those that Godot has on ``String``.
    """

    __slots__ = ()
    variant_type = VariantType.TYPE_PACKED_BYTE_ARRAY
    _blank = 0

    def __repr__(self) -> str:
        return f"PackedByteArray({bytes(self)!r})"

    # Where bytearray has the same name for something slightly different

    def find(self, value: int, from_: int = 0) -> int:  # type: ignore[override]
        """The first such byte at or after ``from_``; -1 if there is none."""
        return -1 if from_ < 0 else bytearray.find(self, value, from_)

    def rfind(self, value: int, from_: int = -1) -> int:  # type: ignore[override]
        """The last such byte at or before ``from_``; -1 if there is none. Negative counts from the end."""
        end = from_ + len(self) + 1 if from_ < 0 else from_ + 1
        return -1 if end < 0 else bytearray.rfind(self, value, 0, end)

    def insert(self, at_index: int, value: int) -> Error:  # type: ignore[override]
        """Put a byte before that one; an error beyond the end."""
        if not 0 <= at_index <= len(self):
            text = f"Index p_pos = {at_index} is out of bounds (new_size = {len(self) + 1})."
            return fail(text, Error.ERR_INVALID_PARAMETER)
        bytearray.insert(self, at_index, value)
        return Error.OK

    def fill(self, value: int) -> None:
        """Replace all bytes."""
        self[:] = bytes((value,)) * len(self)

    # Compression

    def compress(self, compression_mode: int = CompressionMode.COMPRESSION_FASTLZ) -> PackedByteArray:
        """Made smaller, if its content allows it; :class:`CompressionMode` has the modes.

        ``COMPRESSION_BROTLI`` is not available, and ``COMPRESSION_ZSTD`` only where Python has it: an error, and no
        bytes. FastLZ fills up what is shorter than 16 bytes.
        """
        return PackedByteArray(compress(bytes(self), compression_mode) if self else b"")

    def decompress(
        self, buffer_size: int, compression_mode: int = CompressionMode.COMPRESSION_FASTLZ
    ) -> PackedByteArray:
        """The reverse of :meth:`compress`; an error, and no bytes, if that gives more than ``buffer_size`` bytes."""
        if buffer_size <= 0:
            return fail("Decompression buffer size must be greater than zero.", PackedByteArray())
        if not self:
            return fail("Compressed buffer size must be greater than zero.", PackedByteArray(), theirs=True)
        return PackedByteArray(decompress(bytes(self), compression_mode, buffer_size))

    def decompress_dynamic(
        self, max_output_size: int, compression_mode: int = CompressionMode.COMPRESSION_FASTLZ
    ) -> PackedByteArray:
        """The same where the size is not known, for deflate and gzip. -1 is no limit: not for what a stranger sent."""
        if max_output_size == 0:
            return fail("Decompression failed.", PackedByteArray())
        return PackedByteArray(inflate(bytes(self), compression_mode, max_output_size if max_output_size > 0 else None))

    # Variants

    def encode_var(self, byte_offset: int, value: Variant, allow_objects: bool = False) -> int:
        """Write a value; how many bytes it took, or -1 if there is no room for it."""
        if byte_offset < 0:
            return fail(f"offset {byte_offset} is outside an array of {len(self)} bytes", -1)
        try:
            data = encode_variant(value, full_objects=allow_objects)
        except VariantError as error:
            return fail(str(error), -1)
        if len(data) > len(self) - byte_offset:
            return -1
        self[byte_offset : byte_offset + len(data)] = data
        return len(data)

    def decode_var(self, byte_offset: int, allow_objects: bool = False) -> Variant:
        """Read a value; None and an error if there is none."""
        return self._decode(byte_offset, allow_objects)[0]

    def decode_var_size(self, byte_offset: int, allow_objects: bool = False) -> int:
        """How many bytes the value takes; 0 and an error if there is none."""
        return self._decode(byte_offset, allow_objects)[1]

    def has_encoded_var(self, byte_offset: int, allow_objects: bool = False) -> bool:
        """Whether there is a value; an error, too, if there is none."""
        return self._decode(byte_offset, allow_objects)[1] > 0

    def _decode(self, byte_offset: int, allow_objects: bool) -> tuple[Variant, int]:
        if not 0 <= byte_offset <= len(self):
            text = f"offset {byte_offset} is outside an array of {len(self)} bytes"
            return fail(text, (None, 0), theirs=byte_offset >= 0)
        try:
            return decode_variant(self, byte_offset, allow_objects=allow_objects)
        except DecodeError as error:
            return fail(str(error), (None, 0), theirs=True)

    # Other arrays

    def _to_numbers(self, cls: type[_Numbers], of: str) -> _Numbers:
        made = cls()
        if len(self) % made.itemsize:
            size = made.itemsize
            text = f"PackedByteArray size must be a multiple of {size} (size of {of}) to convert to {cls.__name__}."
            return fail(text, made, theirs=True)
        from_little_endian(made, bytes(self))
        return made

    def _to_rows(self, cls: type[_Rows]) -> _Rows:
        element = cls._element
        size = 4 * element._width
        if len(self) % size:
            of = element.__name__
            text = f"PackedByteArray size must be a multiple of {size} (size of {of}) to convert to {cls.__name__}."
            return fail(text, cls(), theirs=True)
        return cls.from_byte_array(bytes(self))

    def to_int32_array(self) -> PackedInt32Array:
        """Four bytes for each int."""
        return self._to_numbers(PackedInt32Array, "32-bit integer")

    def to_int64_array(self) -> PackedInt64Array:
        """Eight bytes for each int."""
        return self._to_numbers(PackedInt64Array, "64-bit integer")

    def to_float32_array(self) -> PackedFloat32Array:
        """Four bytes for each float."""
        return self._to_numbers(PackedFloat32Array, "32-bit float")

    def to_float64_array(self) -> PackedFloat64Array:
        """Eight bytes for each float."""
        return self._to_numbers(PackedFloat64Array, "64-bit double")

    def to_vector2_array(self) -> PackedVector2Array:
        """Eight bytes for each vector."""
        return self._to_rows(PackedVector2Array)

    def to_vector3_array(self) -> PackedVector3Array:
        """Twelve bytes for each vector."""
        return self._to_rows(PackedVector3Array)

    def to_vector4_array(self) -> PackedVector4Array:
        """Sixteen bytes for each vector."""
        return self._to_rows(PackedVector4Array)

    def to_color_array(self) -> PackedColorArray:
        """Sixteen bytes for each colour."""
        return self._to_rows(PackedColorArray)

    # Byte order

    def _swap(self, width: int, offset: int, count: int) -> None:
        room = (len(self) - offset) // width
        if offset < 0 or room < 1 or count > room:
            text = f"{max(count, 1) * width} bytes at offset {offset} are outside an array of {len(self)} bytes"
            return fail(text, None, theirs=True)
        stop = offset + width * (room if count < 0 else count)
        part = self[offset:stop]
        swapped = bytearray(len(part))
        for place in range(width):
            swapped[place::width] = part[width - 1 - place :: width]
        self[offset:stop] = swapped

    def bswap16(self, offset: int = 0, count: int = -1) -> None:
        """Reverse the bytes of each number of 16 bits; -1 for all that follow."""
        self._swap(2, offset, count)

    def bswap32(self, offset: int = 0, count: int = -1) -> None:
        """The same with 32 bits."""
        self._swap(4, offset, count)

    def bswap64(self, offset: int = 0, count: int = -1) -> None:
        """The same with 64 bits."""
        self._swap(8, offset, count)
