"""Compression of byte arrays: the modes that Godot has for them."""

from __future__ import annotations

import contextlib
import zlib

from godot_enet.compat.errors import fail
from godot_enet.core.compression import Codec, CodecUnavailable, make_compressor
from godot_enet.core.protocol.enums import NamedIntEnum

__all__ = ["CompressionMode", "compress", "decompress", "inflate"]


class CompressionMode(NamedIntEnum):
    """Godot's ``FileAccess.CompressionMode``."""

    COMPRESSION_FASTLZ = 0
    COMPRESSION_DEFLATE = 1
    COMPRESSION_ZSTD = 2
    COMPRESSION_GZIP = 3
    COMPRESSION_BROTLI = 4


_WINDOW_BITS: dict[int, int] = {CompressionMode.COMPRESSION_DEFLATE: 15, CompressionMode.COMPRESSION_GZIP: 16 + 15}
_CODECS: dict[int, Codec] = {
    CompressionMode.COMPRESSION_FASTLZ: Codec.FASTLZ,
    CompressionMode.COMPRESSION_ZSTD: Codec.ZSTD,
}


def _unavailable(mode: int, why: object = "") -> bytes:
    try:
        name = CompressionMode(mode).name
    except ValueError:
        return fail(f"unknown compression mode {mode}", b"")
    return fail(f"{name} is not available. {why}".rstrip(), b"")


def compress(data: bytes, mode: int) -> bytes:
    """The compressed bytes; empty, with an error, for a mode that is not available."""
    if mode in _WINDOW_BITS:
        stream = zlib.compressobj(wbits=_WINDOW_BITS[mode])
        return stream.compress(data) + stream.flush()
    if mode not in _CODECS:
        return _unavailable(mode)
    try:
        return make_compressor(_CODECS[mode]).compress(data, 1 << 62) or b""
    except CodecUnavailable as error:
        return _unavailable(mode, error)


def decompress(data: bytes, mode: int, limit: int) -> bytes:
    """The decompressed bytes; empty, with an error, if the data is malformed or gives more than ``limit`` bytes."""
    if mode in _WINDOW_BITS:
        return inflate(data, mode, limit)
    if mode not in _CODECS:
        return _unavailable(mode)
    try:
        plain = make_compressor(_CODECS[mode]).decompress(data, limit)
    except CodecUnavailable as error:
        return _unavailable(mode, error)
    return fail("Decompression failed.", b"", remote=True) if plain is None else plain


def inflate(data: bytes, mode: int, limit: int | None) -> bytes:
    """The decompressed bytes of deflate or gzip, at most ``limit`` unless that is None; data after the end is
    ignored."""
    if mode not in _WINDOW_BITS:
        return fail("Only COMPRESSION_DEFLATE and COMPRESSION_GZIP can be decompressed without a size.", b"")
    stream = zlib.decompressobj(wbits=_WINDOW_BITS[mode])
    with contextlib.suppress(zlib.error):
        plain = stream.decompress(data, limit or 0)
        # after exactly ``limit`` bytes the end of the data may still have to be read
        more = b"" if stream.eof or limit is None else stream.decompress(stream.unconsumed_tail, 1)
        if stream.eof and not more:
            return plain
    return fail("Decompression failed.", b"", remote=True)
