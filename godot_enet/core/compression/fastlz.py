"""FastLZ, a byte-oriented code of literal runs and copies of what came before.

Owns: both levels of the format when decoding, level 1 when encoding, and the padding that Godot adds to short inputs.
Must not know: what the bytes mean. Units: bytes. A distance of 1 is the byte before.

Godot chooses level 2 from 64 KiB on, which no datagram reaches; the stream itself says which level it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from godot_enet.core.interface import Compressor

from godot_enet.core.protocol.constants import NativeCodec

__all__ = ["FastLz"]

_PADDED = 16
"""godot: core/io/compression.cpp: shorter inputs are padded with zeros, and their number is not stored."""
_MAX_RUN = 32
_MIN_MATCH = 3
_MAX_MATCH = 264
"""2, plus the maximum of three bits and one byte."""
_MAX_DISTANCE = 8191
"""One less than level 1 can encode, as in the original encoder."""
_LONG_DISTANCE = 8192
"""Distances of level 2 from here on take two bytes more."""


class FastLz:
    """Interchangeable with ``COMPRESS_FASTLZ`` of Godot."""

    native_mode = NativeCodec.FASTLZ
    """Its number in the C engine, which has it, too."""
    __slots__ = ()

    def compress(self, data: bytes, limit: int) -> bytes | None:
        """The compressed data, or None if it would not be shorter than ``limit`` bytes or ``data`` is empty.

        If ``data`` has fewer than 16 bytes, it decodes to 16, the rest being zeros; to ENet these are not commands.
        """
        if not data:
            return None
        coded = _encode(data.ljust(_PADDED, b"\0"), limit)
        return bytes(coded) if len(coded) < limit else None

    def decompress(self, data: bytes, limit: int) -> bytes | None:
        """The decompressed data, or None if ``data`` is invalid, or holds nothing or more than ``limit`` bytes.

        A limit below 16 cuts off the padding.
        """
        plain = _decode(data, max(limit, _PADDED))
        if not plain:
            return None
        return bytes(plain[:limit] if limit < _PADDED else plain)


def _encode(data: bytes, limit: int) -> bytearray:
    """A level 1 stream. If it gets too long, it is abandoned, and the result is not shorter than ``limit``."""
    out = bytearray()
    latest: dict[bytes, int] = {}  # Where each sequence of three bytes was last seen.
    size = len(data)
    last = size - _MIN_MATCH
    at = literals = 0
    while at <= last:
        key = data[at : at + 3]
        source = latest.get(key)
        latest[key] = at
        if source is None or at - source > _MAX_DISTANCE:
            at += 1
            continue
        if literals < at:
            _put_literals(out, data, literals, at)
            if len(out) >= limit:
                return out
        length = _MIN_MATCH
        most = min(_MAX_MATCH, size - at)
        while length < most and data[source + length] == data[at + length]:
            length += 1
        distance = at - source - 1
        if length < 9:
            out.append(length - 2 << 5 | distance >> 8)
        else:
            out.append(7 << 5 | distance >> 8)
            out.append(length - 9)
        out.append(distance & 0xFF)
        at += length
        literals = at
        # Only the end of the match is indexed: the same bytes often follow it again.
        latest[data[at - 2 : at + 1]] = at - 2
        latest[data[at - 1 : at + 2]] = at - 1
    _put_literals(out, data, literals, size)
    return out


def _put_literals(out: bytearray, data: bytes, start: int, end: int) -> None:
    for at in range(start, end, _MAX_RUN):
        run = data[at : min(at + _MAX_RUN, end)]
        out.append(len(run) - 1)
        out += run


def _decode(data: bytes, limit: int) -> bytearray | None:
    """The content of a stream of either level; None if it is invalid or holds more than ``limit`` bytes."""
    size = len(data)
    if not size or data[0] > 63:
        return None
    level2 = data[0] > 31
    # A single last byte is an instruction in level 2, but not in level 1.
    end = size if level2 else size - 1
    out = bytearray()
    have = 0
    instruction = data[0] & 31
    at = 1
    while True:
        if instruction < 32:
            have += instruction + 1
            stop = at + instruction + 1
            if have > limit or stop > size:
                return None
            out += data[at:stop]
            at = stop
        else:
            length = (instruction >> 5) + 2
            distance = (instruction & 31) << 8
            if length == 9:
                more = 255
                while more == 255:
                    if at > size - 2:
                        return None
                    more = data[at]
                    at += 1
                    length += more
                    if not level2:
                        break
            if at >= size:
                return None
            distance += data[at] + 1
            at += 1
            if level2 and distance == _LONG_DISTANCE:
                # The original requires a byte after these two.
                if at >= size - 2:
                    return None
                distance += data[at] << 8 | data[at + 1]
                at += 2
            start = have - distance
            have += length
            if start < 0 or have > limit:
                return None
            if distance >= length:
                out += out[start : start + length]
            else:  # The copy reaches into itself: a pattern.
                pattern = out[start:]
                out += (pattern * (length // distance + 1))[:length]
        if at >= end:
            return out
        instruction = data[at]
        at += 1


if TYPE_CHECKING:
    _check: type[Compressor] = FastLz
