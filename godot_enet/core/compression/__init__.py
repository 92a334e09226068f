"""The codecs that a host can compress its datagrams with. Both ends must use the same one; it is not negotiated."""

from __future__ import annotations

from enum import Enum

from godot_enet.core.compression.deflate import Zlib
from godot_enet.core.compression.fastlz import FastLz
from godot_enet.core.compression.range_coder import RangeCoder
from godot_enet.core.compression.zstd import CodecUnavailable, Zstd
from godot_enet.core.interface import Compressor

__all__ = ["Codec", "CodecUnavailable", "FastLz", "RangeCoder", "Zlib", "Zstd", "make_compressor"]


class Codec(Enum):
    """The codecs by name."""

    RANGE_CODER = "range_coder"
    """ENet's own."""
    FASTLZ = "fastlz"
    ZLIB = "zlib"
    ZSTD = "zstd"


_CLASSES: dict[Codec, type[Compressor]] = {
    Codec.RANGE_CODER: RangeCoder,
    Codec.FASTLZ: FastLz,
    Codec.ZLIB: Zlib,
    Codec.ZSTD: Zstd,
}


def make_compressor(codec: Codec | str) -> Compressor:
    """A new compressor, for one host.

    Raises:
        CodecUnavailable: the library that the codec needs is not installed, or cannot be loaded.
        ValueError: there is no codec of this name.
    """
    return _CLASSES[Codec(codec)]()
