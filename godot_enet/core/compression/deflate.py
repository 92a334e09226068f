"""zlib, as Godot uses it: one zlib stream (RFC 1950) a datagram.

Owns: how the standard library is called. There is nothing to keep from one datagram to the next: zlib's Python module
cannot rewind a stream, and copying a prepared one takes longer than starting a new one.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from godot_enet.core.interface import Compressor

__all__ = ["Zlib"]


class Zlib:
    """Interchangeable with ``COMPRESS_ZLIB`` of Godot, and equal to it byte for byte at its default level."""

    __slots__ = ()

    def compress(self, data: bytes, limit: int) -> bytes | None:
        """The compressed data, or None if it would not be shorter than ``limit`` bytes or ``data`` is empty."""
        if not data:
            return None
        coded = zlib.compress(data)
        return coded if len(coded) < limit else None

    def decompress(self, data: bytes, limit: int) -> bytes | None:
        """The decompressed data, or None if ``data`` is invalid, or holds nothing or more than ``limit`` bytes.

        Bytes after the end of the stream are ignored, as in Godot.
        """
        if limit < 1:  # zlib would take 0 for "no limit"
            return None
        stream = zlib.decompressobj()
        try:
            plain = stream.decompress(data, limit)
            if not stream.eof and stream.decompress(stream.unconsumed_tail, 1):
                return None  # One byte over the limit.
        except zlib.error:
            return None
        return plain if plain and stream.eof else None


if TYPE_CHECKING:
    _check: type[Compressor] = Zlib
