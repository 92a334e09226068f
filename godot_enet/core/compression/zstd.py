"""Zstandard, as Godot uses it: one frame (RFC 8878) a datagram.

Owns: which library does the work, and how far a frame is trusted. The library sees whole frames only, each with a
window no larger than its output may be, so it needs no memory beyond the output.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from godot_enet.core.errors import EnetError

if TYPE_CHECKING:
    from godot_enet.core.interface import Compressor

__all__ = ["CodecUnavailable", "Zstd"]

_LEVEL = 3
"""Godot's default, and the library's."""
_MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE_MAGIC = b"\x2a\x4d\x18"
"""After a byte 0x50..0x5f; a length follows, and as many bytes to ignore."""
_SINGLE_SEGMENT = 0x20
_CHECKSUM = 0x04
_REPEATED_BYTE = 1
_MAX_FRAMES = 8
"""The frames of one datagram. A sender makes one; each takes time, however small it is."""
_MIN_WINDOW_BITS = 10
_MAX_WINDOW_BITS = 31
"""libzstd refuses larger ones."""


class CodecUnavailable(EnetError):
    """The library that a codec needs is not installed or cannot be loaded; the message names it."""


class Zstd:
    """Interchangeable with ``COMPRESS_ZSTD`` of Godot, and equal to it byte for byte with the same libzstd.

    Raises:
        CodecUnavailable: neither Python itself nor a package provides it: ``zstandard`` or ``backports.zstd``.
    """

    __slots__ = ("_library",)

    def __init__(self) -> None:
        self._library = _load()

    def compress(self, data: bytes, limit: int) -> bytes | None:
        """The compressed data, or None if it would not be shorter than ``limit`` bytes or ``data`` is empty."""
        if not data:
            return None
        coded = self._library.compress(data)
        return coded if len(coded) < limit else None

    def decompress(self, data: bytes, limit: int) -> bytes | None:
        """The decompressed data, or None if ``data`` is invalid, or holds nothing or more than ``limit`` bytes.

        As in libzstd, several frames may follow each other, and some may have to be skipped.
        """
        library = self._library
        plain = b""
        at = frames = 0
        while at < len(data):
            frames += 1
            if frames > _MAX_FRAMES:
                return None
            room = limit - len(plain)
            frame = _read_frame(data, at, room)
            if frame is None:
                return None
            if frame.content is not None:
                try:
                    plain += library.decompress(frame.content, max(room, 1))
                except library.error:
                    return None
                if len(plain) > limit:
                    return None
            at = frame.end
        return plain or None


class _Frame(NamedTuple):
    end: int
    content: bytes | None
    """The frame itself, with a window that suits the limit; None for one to skip."""


def _read_frame(data: bytes, at: int, limit: int) -> _Frame | None:
    """The frame that starts at ``at``; None if it is truncated, invalid, or claims to hold over ``limit`` bytes.

    RFC 8878, section 3.1.1.
    """
    start = at
    if data[at + 1 : at + 4] == _SKIPPABLE_MAGIC and data[at] >> 4 == 5:
        at += 8
        end = at + int.from_bytes(data[at - 4 : at], "little")
        return _Frame(end, None) if at <= len(data) and end <= len(data) else None
    if data[at : at + 4] != _MAGIC or at + 6 > len(data):
        return None
    descriptor = data[at + 4]
    at += 5
    window = b""
    if not descriptor & _SINGLE_SEGMENT:
        if _MIN_WINDOW_BITS + (data[at] >> 3) > _MAX_WINDOW_BITS:
            return None
        # Nothing refers further back than the length of the output, whatever window the frame requests.
        bits = max(_MIN_WINDOW_BITS, limit.bit_length())
        window = bytes([bits - _MIN_WINDOW_BITS << 3])
        at += 1
    rest = at
    at += (0, 1, 2, 4)[descriptor & 3]
    width = (0 if window else 1, 2, 4, 8)[descriptor >> 6]
    size = int.from_bytes(data[at : at + width], "little") + (256 if width == 2 else 0)
    if size > limit:
        return None
    at += width
    last = 0
    while not last:
        block = int.from_bytes(data[at : at + 3], "little")
        last = block & 1
        at += 3 + (1 if block >> 1 & 3 == _REPEATED_BYTE else block >> 3)
        if at > len(data):
            return None
    if descriptor & _CHECKSUM:
        at += 4
    if at > len(data):
        return None
    return _Frame(at, data[start : start + 5] + window + data[rest:at])


class _Library(NamedTuple):
    """One libzstd; contexts are made once and used again."""

    compress: Callable[[bytes], bytes]
    decompress: Callable[[bytes, int], bytes]
    """One whole frame, and the bytes it may hold at most, which are at least 1. Raises ``error``."""
    error: type[Exception]


def _load() -> _Library:
    """That of the standard library, if it is built in (Python 3.14 and later), else that of a package."""
    sources = [(_from_package, "zstandard"), (_from_standard_library, "backports.zstd")]
    if sys.version_info >= (3, 14):
        sources.insert(0, (_from_standard_library, "compression.zstd"))
    reasons = []
    for load, name in sources:
        try:
            return load(name)
        except ModuleNotFoundError:  # noqa: PERF203 - the first one is found at once
            continue
        except ImportError as error:  # it is installed, but cannot be loaded
            reasons.append(f" ({error})")
    text = "Zstandard needs Python 3.14 or later, or the package zstandard: pip install zstandard"
    raise CodecUnavailable(text + "".join(reasons))


def _from_standard_library(name: str) -> _Library:
    module = importlib.import_module(name)
    compressor = module.ZstdCompressor(level=_LEVEL)
    whole_frame = module.ZstdCompressor.FLUSH_FRAME
    error: type[Exception] = module.ZstdError

    def compress(data: bytes) -> bytes:
        frame: bytes = compressor.compress(data, whole_frame)
        return frame

    def decompress(frame: bytes, limit: int) -> bytes:
        stream = module.ZstdDecompressor()  # It cannot be used again.
        plain: bytes = stream.decompress(frame, limit)
        if not stream.eof:
            raise error("the frame is truncated or holds more than the limit")
        return plain

    return _Library(compress, decompress, error)


def _from_package(name: str) -> _Library:
    module = importlib.import_module(name)
    compressor = module.ZstdCompressor(level=_LEVEL)
    decompressor = module.ZstdDecompressor()
    return _Library(compressor.compress, decompressor.decompress, module.ZstdError)


def _for_freezers() -> None:
    """Never called. Tools that freeze a game follow import statements, and so include the installed ones of these."""
    import backports.zstd  # noqa: F401
    import compression.zstd  # type: ignore[import-not-found]  # noqa: F401
    import zstandard  # noqa: F401


if TYPE_CHECKING:
    _check: type[Compressor] = Zstd
