"""Parses datagrams without being one of their ends: finds the codec that compressed them, and their commands."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from godot_enet.core.compression import Codec, CodecUnavailable, make_compressor
from godot_enet.core.interface import Compressor
from godot_enet.core.protocol.constants import (
    COMMAND_MASK,
    CONTROL_CHANNEL,
    HEADER_COMPRESSED,
    HEADER_SENT_TIME,
    MAXIMUM_DATAGRAM,
    Command,
)
from godot_enet.core.protocol.wire import COMMAND_SIZES, LAYOUTS, Head, unpack_connect_id

__all__ = ["Unpacker", "body_of", "command_fields", "header_size", "split_commands"]

_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_CHECKSUM_SIZE = 4
_LENGTH_AT = {
    int(command): struct.calcsize(">" + "".join(code for _, code in layout[: names.index("length")]))
    for command, layout in LAYOUTS.items()
    if "length" in (names := [name for name, _ in layout])
}
"""The offset of the length field of each command that carries data."""
_UNUSED_BITS = 0x30
_CONTROL = frozenset(
    {
        Command.CONNECT,
        Command.VERIFY_CONNECT,
        Command.DISCONNECT,
        Command.PING,
        Command.BANDWIDTH_LIMIT,
        Command.THROTTLE_CONFIGURE,
    }
)
"""Commands of the connection, without a channel."""
_STRUCTS = {command: struct.Struct(">" + "".join(code for _, code in layout)) for command, layout in LAYOUTS.items()}


class Unpacker:
    """Decompresses datagrams whose codec is unknown.

    Args:
        codecs: the cache of compressors. Unpackers of one thread should share it, since some take 300 KiB.
    """

    def __init__(self, codecs: dict[Codec, Compressor]) -> None:
        self.codec: Codec | None = None
        """The codec; None until something was compressed."""
        self.undecodable: str = ""
        """Why compressed datagrams cannot be read; empty if they can."""
        self._codecs = codecs

    def unpack(self, data: bytes) -> bytes:
        """The decompressed datagram; empty if no codec fits."""
        if len(data) < 2 or not data[0] << 8 & HEADER_COMPRESSED:
            return data
        fitting = list(self._fitting(data))
        if not fitting:
            self.undecodable = self.undecodable or "compressed with none of Godot's codecs"
            return b""
        # The range coder and FastLZ turn some of the other's output into commands, too, but not back again.
        start, codec, body = next(
            ((start, codec, body) for start, codec, body in fitting if self._packs(codec, body, data[start:])),
            fitting[0],
        )
        self.codec, self.undecodable = codec, ""
        return bytes([data[0] & ~(HEADER_COMPRESSED >> 8)]) + data[1:start] + body

    def _fitting(self, data: bytes) -> Iterator[tuple[int, Codec, bytes]]:
        """Where the compressed part may start, with which codec, and the commands that come out."""
        size = header_size(data)
        for start in (size, size + _CHECKSUM_SIZE):
            for codec in [self.codec] if self.codec else Codec:
                body = self._decompress(codec, data[start:])
                if body is not None and split_commands(body):
                    yield start, codec, body

    def _packs(self, codec: Codec, body: bytes, packed: bytes) -> bool:
        return self.codec is codec or self._codecs[codec].compress(body, len(packed) + 1) == packed

    def _decompress(self, codec: Codec, data: bytes) -> bytes | None:
        try:
            if codec not in self._codecs:
                self._codecs[codec] = make_compressor(codec)
        except CodecUnavailable as error:
            if data.startswith(_ZSTD_MAGIC):
                self.undecodable = str(error)
            return None
        return self._codecs[codec].decompress(data, MAXIMUM_DATAGRAM)


def header_size(data: bytes) -> int:
    """The size of the header of a datagram, without a checksum."""
    return 4 if data[0] << 8 & HEADER_SENT_TIME else 2


def body_of(data: bytes) -> tuple[bytes, bool]:
    """The commands of a datagram that is not compressed, and whether a checksum is before them; empty if it has none.

    Nothing in a datagram tells whether it has a checksum, so the start is chosen from which all commands are usual.
    """
    size = header_size(data)
    plain, checked = data[size:], data[size + _CHECKSUM_SIZE :]
    if not _is_usual(plain) and _is_usual(checked):
        return checked, True
    return (plain if split_commands(plain) else b""), False


def _is_usual(body: bytes) -> bool:
    """Whether a body consists of commands as every ENet sends them."""
    commands = split_commands(body)
    return bool(commands) and not any(
        head.command & _UNUSED_BITS or (head.command & COMMAND_MASK in _CONTROL) != (head.channel == CONTROL_CHANNEL)
        for head, _ in commands
        if head.command & COMMAND_MASK != Command.ACKNOWLEDGE
    )


def split_commands(body: bytes) -> list[tuple[Head, bytes]]:
    """The commands in the body of a datagram, each from its first byte; none unless it consists of whole ones."""
    found = []
    at = 0
    while at < len(body):
        number = body[at] & COMMAND_MASK
        if at and not number and not any(body[at:]):
            break  # the zeros that pad FastLZ's short inputs
        size = COMMAND_SIZES[number]
        if not size or at + size > len(body):
            return []
        if number in _LENGTH_AT:
            place = at + _LENGTH_AT[number]
            size += body[place] << 8 | body[place + 1]
        if at + size > len(body):
            return []
        found.append((Head.parse(body, at), body[at : at + size]))
        at += size
    return found


def command_fields(command: bytes) -> tuple[dict[str, int], bytes]:
    """The fields of a command after its head, by ENet's names, and the data that follows them."""
    kind = Command(command[0] & COMMAND_MASK)
    values = _STRUCTS[kind].unpack_from(command)
    fields = dict(zip((name for name, _ in LAYOUTS[kind]), values, strict=True))
    for name in Head._fields:
        del fields[name]
    if "connect_id" in fields:
        fields["connect_id"] = unpack_connect_id(fields["connect_id"])
    return fields, command[_STRUCTS[kind].size :]
