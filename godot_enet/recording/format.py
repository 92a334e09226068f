"""The file of a recording: datagrams with their times, in blocks that are compressed where Zstandard is available.

::

    godot_enet recording 1, line feed
    blocks   u8 codec (0: stored, 1: zstd), u32 stored size, u32 size, u32 CRC-32 of the content, the stored content
    content  whole entries, each a u8 kind and:
      0 NOTE     u16 size, text "name=value"
      1 ADDRESS  u16 port, u8 size, IP; it gets the next number, from 0
      2 SENT     u64 time, u16 source, u16 destination, u16 size, data
      3 ARRIVED  as SENT
      4 END      nothing: the recording was closed, not cut off

Numbers are little-endian, times are microseconds from the beginning, texts are UTF-8. A file that ends between two
blocks is whole: its program ended before it closed the recording.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from enum import Enum
from ipaddress import ip_address
from pathlib import Path
from struct import Struct, error
from typing import BinaryIO, NamedTuple
from zlib import crc32

from godot_enet.core.compression import CodecUnavailable, Zstd
from godot_enet.core.interface import Address

__all__ = [
    "DEFAULT_LIMIT",
    "MAGIC",
    "MAX_LIMIT",
    "Moment",
    "RecordedDatagram",
    "Recording",
    "RecordingError",
    "RecordingWriter",
]

MAGIC = b"godot_enet recording "
_VERSION = 1
_HEAD = b"%s%d\n" % (MAGIC, _VERSION)
_MAX_HEAD = len(MAGIC) + 10

DEFAULT_LIMIT = 64 << 20
"""Bytes of a recording before compression, unless the program says otherwise."""
MAX_LIMIT = 256 << 20
"""Bytes of content that a reader accepts, and a writer writes."""
_BLOCK = 64 << 10
"""The size from which a block is written."""
_MAX_BLOCK = 256 << 10
_FLUSH_SECONDS = 1.0
"""The time after which a block is written, however small: the most that a killed program loses."""
_MAX_ADDRESSES = 0x10000
_MAX_NOTE_BYTES = 1 << 20

_BLOCK_HEAD = Struct("<BIII")
_NOTE = Struct("<BH")
_ADDRESS = Struct("<BHB")
_DATAGRAM = Struct("<BQHHH")
_NOTE_KIND, _ADDRESS_KIND, _SENT_KIND, _ARRIVED_KIND, _END_KIND = range(5)
_STORED, _ZSTD = range(2)


class RecordingError(ValueError):
    """A file that is not a recording, is damaged, or needs a package that is missing; the message is one line."""


class Moment(Enum):
    """When a datagram was recorded."""

    SENT = "sent"
    """As it left its sender; it may not have arrived."""
    ARRIVED = "arrived"
    """As it reached its destination."""
    CAPTURED = "captured"
    """Somewhere on its way, by another program."""


class RecordedDatagram(NamedTuple):
    """One datagram of a recording."""

    time: int
    """Microseconds from the beginning of the recording."""
    moment: Moment
    source: Address
    destination: Address
    data: bytes


class RecordingWriter:
    """Writes a recording. Not thread-safe.

    Args:
        file: open for writing in binary mode; the writer closes it.
        limit: bytes of content, at most :data:`MAX_LIMIT`; data beyond it is not written.
    """

    def __init__(self, file: BinaryIO, limit: int = DEFAULT_LIMIT) -> None:
        self._file = file
        self._limit = min(limit, MAX_LIMIT)
        self._used = 0
        self._content: list[bytes] = []
        self._size = 0
        self._numbers: dict[Address, int] = {}
        self._notes: dict[str, str] = {}
        self._note_bytes = 0
        self._flushed = time.monotonic()
        self.is_full = False
        """Whether the limit was reached, so that nothing more is written."""
        try:
            self._zstd: Zstd | None = Zstd()
        except CodecUnavailable:
            self._zstd = None
        file.write(_HEAD)

    def note(self, name: str, value: str) -> None:
        """Write a note, unless it was written before.

        Notes over 65535 bytes are skipped, and so are those beyond the limits of readers.

        Raises:
            OSError: the file cannot be written.
        """
        text = f"{name}={value}".encode()
        if self._notes.get(name) == value or len(text) > 0xFFFF or self._note_bytes + len(text) > _MAX_NOTE_BYTES:
            return
        self._notes[name] = value
        self._note_bytes += len(text)
        self._add(_NOTE.pack(_NOTE_KIND, len(text)) + text)
        if self._size >= _BLOCK:
            self.flush()

    def datagram(self, datagram: RecordedDatagram) -> None:
        """Write a datagram.

        Raises:
            OSError: the file cannot be written.
        """
        moment, data = datagram.moment, datagram.data
        source, destination = self._number(datagram.source), self._number(datagram.destination)
        kind = _SENT_KIND if moment is Moment.SENT else _ARRIVED_KIND
        self._add(_DATAGRAM.pack(kind, datagram.time, source, destination, len(data)) + data)
        if self._size >= _BLOCK or time.monotonic() - self._flushed >= _FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write all pending data.

        Raises:
            OSError: the file cannot be written.
        """
        content, self._content, self._size = b"".join(self._content), [], 0
        self._flushed = time.monotonic()
        if content:
            packed = self._zstd.compress(content, len(content)) if self._zstd else None
            codec, stored = (_STORED, content) if packed is None else (_ZSTD, packed)
            self._file.write(_BLOCK_HEAD.pack(codec, len(stored), len(content), crc32(content)) + stored)
            self._file.flush()

    def close(self) -> None:
        """Write the end, and close the file. Idempotent.

        Raises:
            OSError: the file cannot be written.
        """
        if not self._file.closed:
            try:
                self._content.append(bytes([_END_KIND]))
                self.flush()
            finally:
                self._file.close()

    def abandon(self) -> None:
        """Close the file as it is."""
        self._content.clear()
        with suppress(OSError):
            self._file.close()

    def _number(self, address: Address) -> int:
        number = self._numbers.get(address)
        if number is None:
            number = len(self._numbers)
            if number >= _MAX_ADDRESSES:
                self.is_full = True
                return 0
            self._numbers[address] = number
            host = address.host.encode()[:0xFF]
            self._add(_ADDRESS.pack(_ADDRESS_KIND, address.port, len(host)) + host)
        return number

    def _add(self, entry: bytes) -> None:
        if self._used + len(entry) >= self._limit:  # the end still fits
            self.is_full = True
        if not self.is_full:
            self._content.append(entry)
            self._size += len(entry)
            self._used += len(entry)


class Recording:
    """A recording in a file. Iterate to get its datagrams in the order in which they were recorded.

    It reads the file once to check it, and again in each iteration, and never holds more than a block in memory.

    Args:
        path: the file.
        partial: whether to accept a damaged file up to the damage.

    Raises:
        RecordingError: it is not a recording, or of another version, or damaged, or it holds too much, or it is
            compressed and Zstandard is not available.
        OSError: the file cannot be read.
    """

    def __init__(self, path: str | Path, *, partial: bool = False) -> None:
        self.path = Path(path)
        self.notes: dict[str, str] = {}
        """The notes of the recorder, by name: see :func:`~godot_enet.recording.record`."""
        self.damage = ""
        """With ``partial``: why the rest of the file cannot be read."""
        self.is_closed = False
        """Whether the recorder has closed it; if not, its program ended first."""
        self.count = 0
        """Number of datagrams."""
        self.duration = 0
        """Time of the last datagram, in microseconds."""
        for datagram in self._read(self.notes, partial):
            self.count += 1
            self.duration = max(self.duration, datagram.time)

    def __repr__(self) -> str:
        return f"<Recording {str(self.path)!r} of {self.count} datagrams in {self.duration / 1e6:.3f} s>"

    def __iter__(self) -> Iterator[RecordedDatagram]:
        return self._read({}, partial=bool(self.damage))

    def _read(self, notes: dict[str, str], partial: bool) -> Iterator[RecordedDatagram]:
        addresses: list[Address] = []
        self._note_bytes = 0
        try:
            with self.path.open("rb") as file:
                for content in _blocks(file):
                    yield from self._entries(content, addresses, notes)
        except RecordingError as failure:
            text = f"{self.path}: {failure}"
            if not partial or not isinstance(failure, _Damage):
                raise RecordingError(text) from None
            self.damage = text

    def _entries(self, content: bytes, addresses: list[Address], notes: dict[str, str]) -> Iterator[RecordedDatagram]:
        at, end = 0, len(content)
        try:
            while at < end:
                kind = content[at]
                if kind in (_SENT_KIND, _ARRIVED_KIND):
                    _, moment, source, destination, size = _DATAGRAM.unpack_from(content, at)
                    at += _DATAGRAM.size
                    data = _take(content, at, size)
                    at += size
                    seen = Moment.SENT if kind == _SENT_KIND else Moment.ARRIVED
                    yield RecordedDatagram(moment, seen, addresses[source], addresses[destination], data)
                elif kind == _ADDRESS_KIND:
                    _, port, size = _ADDRESS.unpack_from(content, at)
                    at += _ADDRESS.size
                    host = _take(content, at, size).decode()
                    ip_address(host.partition("%")[0])  # a zone may follow
                    addresses.append(Address(host, port))
                    at += size
                    if len(addresses) > _MAX_ADDRESSES:
                        raise RecordingError(f"more than {_MAX_ADDRESSES} addresses")
                elif kind == _NOTE_KIND:
                    _, size = _NOTE.unpack_from(content, at)
                    at += _NOTE.size
                    name, _, value = _take(content, at, size).decode().partition("=")
                    at += size
                    notes[name] = value
                    self._note_bytes += size
                    if self._note_bytes > _MAX_NOTE_BYTES:
                        raise RecordingError(f"more than {_MAX_NOTE_BYTES} bytes of notes")
                elif kind == _END_KIND:
                    self.is_closed = True
                    at += 1
                else:
                    raise _Damage(f"damaged: an unknown kind of entry, {kind}")
        except (error, IndexError, ValueError) as failure:
            if isinstance(failure, RecordingError):
                raise
            raise _Damage("damaged: an entry does not fit into its block") from None


class _Damage(RecordingError):
    """Damage in the file; the content before it can be used."""


def _take(content: bytes, at: int, size: int) -> bytes:
    if at + size > len(content):
        raise IndexError
    return content[at : at + size]


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """The contents of the blocks."""
    head = file.readline(_MAX_HEAD)
    if not head.startswith(MAGIC):
        raise RecordingError("not a recording of godot_enet")
    if not head.endswith(b"\n") and len(head) < _MAX_HEAD:
        raise _Damage("damaged: cut off in the first line")
    version = head[len(MAGIC) :].strip().decode("ascii", "replace")
    if head != _HEAD:
        raise RecordingError(f"a recording of version {version!r}; this godot_enet reads version {_VERSION}")
    zstd: Zstd | None = None
    total = 0
    while head := file.read(_BLOCK_HEAD.size):
        if len(head) < _BLOCK_HEAD.size:
            raise _Damage(f"damaged: cut off after {total} bytes of content")
        codec, stored_size, size, checksum = _BLOCK_HEAD.unpack(head)
        if not 0 < size <= _MAX_BLOCK or stored_size > size or codec > _ZSTD:
            raise _Damage(f"damaged: a block of {size} bytes in {stored_size}, of codec {codec}")
        total += size
        if total > MAX_LIMIT:
            raise RecordingError(f"more than {MAX_LIMIT} bytes of content")
        content: bytes | None = file.read(stored_size)
        if content is None or len(content) < stored_size:
            raise _Damage(f"damaged: cut off after {total - size} bytes of content")
        if codec == _ZSTD:
            if zstd is None:
                try:
                    zstd = Zstd()
                except CodecUnavailable as failure:
                    raise RecordingError(str(failure)) from None
            content = zstd.decompress(content, size)
        if content is None or len(content) != size or crc32(content) != checksum:
            raise _Damage("damaged: the content of a block does not match its checksum")
        yield content
