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
    """Mutable bytes. Plain ``bytes`` are accepted wherever this is.

    The class methods are methods of ``String`` in Godot.
    """

    __slots__ = ()
    variant_type = VariantType.TYPE_PACKED_BYTE_ARRAY
    _blank = 0

    def __repr__(self) -> str:
        return f"PackedByteArray({bytes(self)!r})"

    # Where bytearray has the same name for something slightly different

    def find(self, value: int, from_: int = 0) -> int:  # type: ignore[override]
        """The index of the first byte with this value at or after ``from_``; -1 if there is none."""
        return -1 if from_ < 0 else bytearray.find(self, value, from_)

    def rfind(self, value: int, from_: int = -1) -> int:  # type: ignore[override]
        """The index of the last byte with this value at or before ``from_``, which may count from the end; or -1."""
        end = from_ + len(self) + 1 if from_ < 0 else from_ + 1
        return -1 if end < 0 else bytearray.rfind(self, value, 0, end)

    def insert(self, at_index: int, value: int) -> Error:  # type: ignore[override]
        """Insert a byte at an index. Returns ``OK``, or ``ERR_INVALID_PARAMETER`` beyond the end."""
        if not 0 <= at_index <= len(self):
            text = f"Index p_pos = {at_index} is out of bounds (new_size = {len(self) + 1})."
            return fail(text, Error.ERR_INVALID_PARAMETER)
        bytearray.insert(self, at_index, value)
        return Error.OK

    def fill(self, value: int) -> None:
        """Set all bytes to a value."""
        self[:] = bytes((value,)) * len(self)

    # Compression

    def compress(self, compression_mode: int = CompressionMode.COMPRESSION_FASTLZ) -> PackedByteArray:
        """The compressed bytes.

        Args:
            compression_mode: as Godot's ``FileAccess.CompressionMode``: 0 is FastLZ, which pads input of less than 16
                bytes, 1 is deflate, 2 is Zstandard (needs Python 3.14 or the extra ``zstd``), 3 is gzip. Brotli (4) is
                not available.

        Returns:
            The bytes; none, with an error in the log, if the mode is not available.
        """
        return PackedByteArray(compress(bytes(self), compression_mode) if self else b"")

    def decompress(
        self, buffer_size: int, compression_mode: int = CompressionMode.COMPRESSION_FASTLZ
    ) -> PackedByteArray:
        """The bytes that :meth:`compress` was called with.

        Args:
            buffer_size: the size of the result in bytes, at least.
            compression_mode: the mode that :meth:`compress` was called with.

        Returns:
            The bytes; none, with an error in the log, if the data is invalid or gives more than ``buffer_size`` bytes.
        """
        if buffer_size <= 0:
            return fail("Decompression buffer size must be greater than zero.", PackedByteArray())
        if not self:
            return fail("Compressed buffer size must be greater than zero.", PackedByteArray(), remote=True)
        return PackedByteArray(decompress(bytes(self), compression_mode, buffer_size))

    def decompress_dynamic(
        self, max_output_size: int, compression_mode: int = CompressionMode.COMPRESSION_FASTLZ
    ) -> PackedByteArray:
        """:meth:`decompress` for an unknown size; for deflate and gzip only.

        Args:
            max_output_size: the limit of the result in bytes. -1 is no limit: never use it for data from the network.
            compression_mode: 1 for deflate, 3 for gzip.

        Returns:
            The bytes; none, with an error in the log, if the data is invalid or gives more than the limit.
        """
        if max_output_size == 0:
            return fail("Decompression failed.", PackedByteArray())
        return PackedByteArray(inflate(bytes(self), compression_mode, max_output_size if max_output_size > 0 else None))

    # Variants

    def encode_var(self, byte_offset: int, value: Variant, allow_objects: bool = False) -> int:
        """Encode a value at an offset. Returns its size in bytes, or -1 if the array is too short."""
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
        """Decode the value at an offset; None, with an error in the log, if there is none."""
        return self._decode(byte_offset, allow_objects)[0]

    def decode_var_size(self, byte_offset: int, allow_objects: bool = False) -> int:
        """The size in bytes of the encoded value at an offset; 0, with an error in the log, if there is none."""
        return self._decode(byte_offset, allow_objects)[1]

    def has_encoded_var(self, byte_offset: int, allow_objects: bool = False) -> bool:
        """Whether there is an encoded value at an offset; if not, an error is logged, too."""
        return self._decode(byte_offset, allow_objects)[1] > 0

    def _decode(self, byte_offset: int, allow_objects: bool) -> tuple[Variant, int]:
        if not 0 <= byte_offset <= len(self):
            text = f"offset {byte_offset} is outside an array of {len(self)} bytes"
            return fail(text, (None, 0), remote=byte_offset >= 0)
        try:
            return decode_variant(self, byte_offset, allow_objects=allow_objects)
        except DecodeError as error:
            return fail(str(error), (None, 0), remote=True)

    # Other arrays

    def _to_numbers(self, cls: type[_Numbers], of: str) -> _Numbers:
        made = cls()
        if len(self) % made.itemsize:
            size = made.itemsize
            text = f"PackedByteArray size must be a multiple of {size} (size of {of}) to convert to {cls.__name__}."
            return fail(text, made, remote=True)
        from_little_endian(made, bytes(self))
        return made

    def _to_rows(self, cls: type[_Rows]) -> _Rows:
        element = cls._element
        size = 4 * element._width
        if len(self) % size:
            of = element.__name__
            text = f"PackedByteArray size must be a multiple of {size} (size of {of}) to convert to {cls.__name__}."
            return fail(text, cls(), remote=True)
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
            return fail(text, None, remote=True)
        stop = offset + width * (room if count < 0 else count)
        part = self[offset:stop]
        swapped = bytearray(len(part))
        for place in range(width):
            swapped[place::width] = part[width - 1 - place :: width]
        self[offset:stop] = swapped

    def bswap16(self, offset: int = 0, count: int = -1) -> None:
        """Swap the bytes of ``count`` 16-bit numbers from a byte offset on; -1 means all of them."""
        self._swap(2, offset, count)

    def bswap32(self, offset: int = 0, count: int = -1) -> None:
        """Swap the bytes of ``count`` 32-bit numbers from a byte offset on; -1 means all of them."""
        self._swap(4, offset, count)

    def bswap64(self, offset: int = 0, count: int = -1) -> None:
        """Swap the bytes of ``count`` 64-bit numbers from a byte offset on; -1 means all of them."""
        self._swap(8, offset, count)
