"""Numbers as bits, the first one lowest."""

from __future__ import annotations

from godot_enet.core.protocol.packing import MAX_NUMBER_BITS, NUMBER_GROUP
from godot_enet.netcode.errors import MessageError

__all__ = ["BitReader", "BitWriter"]

_PART = 4096
"""Bytes of a message that are in one integer, since each step takes as long as the integer is."""


class BitWriter:
    """Collects bits."""

    __slots__ = ("bits", "length")

    def __init__(self, bits: int = 0, length: int = 0) -> None:
        self.bits = bits
        self.length = length

    def write(self, value: int, size: int) -> None:
        """Append ``size`` bits."""
        self.bits |= value << self.length
        self.length += size

    def write_number(self, value: int) -> None:
        """Append a number of any size; smaller ones take fewer bits."""
        while value >= 1 << NUMBER_GROUP:
            self.write(value & ((1 << NUMBER_GROUP) - 1) | 1 << NUMBER_GROUP, NUMBER_GROUP + 1)
            value >>= NUMBER_GROUP
        self.write(value, NUMBER_GROUP + 1)

    def to_bytes(self) -> bytes:
        """All bits; the last byte is filled with zeros."""
        return self.bits.to_bytes(-(-self.length // 8), "little")


class BitReader:
    """Takes bits from a message that may be anything."""

    __slots__ = ("_at", "_bits", "_data", "_length", "_loaded")

    def __init__(self, data: bytes, position: int = 0) -> None:
        start = position // 8
        part = data[start : start + _PART]
        self._data = data
        self._loaded = start + len(part)
        """Bytes up to the end of the part."""
        self._bits = int.from_bytes(part, "little")
        self._length = 8 * len(part)
        self._at = position % 8

    @property
    def position(self) -> int:
        """Bits that were taken."""
        return 8 * self._loaded - self._length + self._at

    def _load(self, size: int) -> None:
        """Go on to a part with the next ``size`` bits, or those that there are."""
        if self._loaded < len(self._data):
            start = self._loaded - self._length // 8 + self._at // 8
            part = self._data[start : start + size // 8 + 2 + _PART]
            self._bits = int.from_bytes(part, "little")
            self._length = 8 * len(part)
            self._loaded = start + len(part)
            self._at %= 8

    def peek(self, size: int) -> int:
        """The next bits, zeros after the end."""
        if self._at + size > self._length:
            self._load(size)
        return self._bits >> self._at & ((1 << size) - 1)

    def skip(self, size: int) -> None:
        """Leave ``size`` bits behind.

        Raises:
            MessageError: there are not as many.
        """
        if self._at + size > self._length:
            self._load(size)
        self._at += size
        if self._at > self._length:
            raise MessageError("truncated")

    def read(self, size: int) -> int:
        """Take ``size`` bits.

        Raises:
            MessageError: there are not as many.
        """
        if self._at + size > self._length:
            self._load(size)
        at = self._at
        self._at = end = at + size
        if end > self._length:
            raise MessageError("truncated")
        return self._bits >> at & ((1 << size) - 1)

    def read_number(self) -> int:
        """Take a number that ``write_number`` wrote.

        Raises:
            MessageError: it is truncated or too large.
        """
        part = value = self.read(NUMBER_GROUP + 1)
        shift = 0
        while part >> NUMBER_GROUP:
            shift += NUMBER_GROUP
            if shift > MAX_NUMBER_BITS:
                raise MessageError("a number is too large")
            part = self.read(NUMBER_GROUP + 1)
            value ^= (part << shift) ^ (1 << shift)
        return value

    def end(self) -> None:
        """Check that nothing but the rest of the last byte is left.

        Raises:
            MessageError: something is left.
        """
        if self._loaded < len(self._data) or self._length - self._at >= 8 or self._bits >> self._at:
            raise MessageError("bytes after the end")
