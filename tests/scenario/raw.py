"""Datagrams by hand: builders for every command, and just enough reading to follow a conversation.

Written from the protocol's description and on purpose not from the package's own ``wire`` module, which it checks.
All numbers as on the wire; ``time`` is the sender's clock, of which the low 16 bits travel.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

UNKNOWN_PEER = 0xFFF
CONTROL = 0xFF

SIZES = {1: 8, 2: 48, 3: 44, 4: 8, 5: 4, 6: 6, 7: 8, 8: 24, 9: 8, 10: 12, 11: 16, 12: 24}
"""Fixed size of each command by number."""
LENGTH_AT = {6: 4, 7: 6, 8: 6, 9: 6, 12: 6}
"""Where the commands with data keep its length."""


def datagram(
    *commands: bytes,
    peer: int = 0,
    session: int = 0,
    time: int | None = None,
    key: bytes | None = None,
) -> bytes:
    """A whole datagram; ``time`` None leaves the sent time out, ``key`` adds a CRC-32 (four bytes: the connect id)."""
    word = peer | session << 12 | (0 if time is None else 0x8000)
    head = struct.pack(">H", word) + (b"" if time is None else struct.pack(">H", time & 0xFFFF))
    body = b"".join(commands)
    if key is None:
        return head + body
    return head + struct.pack(">I", zlib.crc32(head + key + body)) + body


def acknowledge(channel: int, number: int, time: int) -> bytes:
    """ACKNOWLEDGE of a command of a datagram sent at ``time``."""
    return struct.pack(">BBHHH", 0x01, channel, number, number, time & 0xFFFF)


def connect(
    *,
    number: int = 1,
    peer: int = 0,
    sessions: tuple[int, int] = (0xFF, 0xFF),
    mtu: int = 1392,
    window: int = 65536,
    channels: int = 2,
    bandwidths: tuple[int, int] = (0, 0),
    throttle: tuple[int, int, int] = (5000, 2, 2),
    connect_id: bytes = b"\x11\x22\x33\x44",
    data: int = 0,
    command: int = 0x82,
) -> bytes:
    """CONNECT; ``peer`` is the slot the answer shall name, pairs are (incoming, outgoing)."""
    fixed = struct.pack(
        ">BBHHBBIIIIIIII",
        *(command, CONTROL, number, peer, *sessions, mtu, window, channels, *bandwidths, *throttle),
    )
    return fixed + connect_id + struct.pack(">I", data)


def verify(
    *,
    number: int = 1,
    peer: int = 0,
    sessions: tuple[int, int] = (0, 0),
    mtu: int = 1392,
    window: int = 65536,
    channels: int = 2,
    bandwidths: tuple[int, int] = (0, 0),
    throttle: tuple[int, int, int] = (5000, 2, 2),
    connect_id: bytes = b"\x11\x22\x33\x44",
) -> bytes:
    """VERIFY_CONNECT."""
    fixed = struct.pack(
        ">BBHHBBIIIIIIII",
        *(0x83, CONTROL, number, peer, *sessions, mtu, window, channels, *bandwidths, *throttle),
    )
    return fixed + connect_id


def disconnect(number: int, data: int = 0, command: int = 0x84) -> bytes:
    """DISCONNECT: 0x84 to be acknowledged, 0x44 not."""
    return struct.pack(">BBHI", command, CONTROL, number, data)


def ping(number: int) -> bytes:
    """PING."""
    return struct.pack(">BBH", 0x85, CONTROL, number)


def reliable(channel: int, number: int, data: bytes = b"", command: int = 0x86, length: int | None = None) -> bytes:
    """SEND_RELIABLE; ``length`` overrides the truth."""
    return struct.pack(">BBHH", command, channel, number, len(data) if length is None else length) + data


def unreliable(channel: int, after: int, number: int, data: bytes = b"", command: int = 0x07) -> bytes:
    """SEND_UNRELIABLE number ``number`` behind reliable number ``after``."""
    return struct.pack(">BBHHH", command, channel, after, number, len(data)) + data


def unsequenced(channel: int, group: int, data: bytes = b"") -> bytes:
    """SEND_UNSEQUENCED."""
    return struct.pack(">BBHHH", 0x49, channel, 0, group, len(data)) + data


def fragment(
    channel: int,
    start: int,
    index: int,
    count: int,
    total: int,
    offset: int,
    data: bytes,
    *,
    number: int | None = None,
    command: int = 0x88,
) -> bytes:
    """SEND_FRAGMENT ``index`` of ``count``; its own number is start + index unless given."""
    own = (start + index) & 0xFFFF if number is None else number
    return struct.pack(">BBHHHIIII", command, channel, own, start, len(data), count, index, total, offset) + data


def unreliable_fragment(
    channel: int, after: int, start: int, index: int, count: int, total: int, offset: int, data: bytes
) -> bytes:
    """SEND_UNRELIABLE_FRAGMENT behind reliable number ``after``."""
    return fragment(channel, start, index, count, total, offset, data, number=after, command=0x0C)


def bandwidth_limit(number: int, incoming: int, outgoing: int) -> bytes:
    """BANDWIDTH_LIMIT, from the sender's point of view."""
    return struct.pack(">BBHII", 0x8A, CONTROL, number, incoming, outgoing)


def throttle_configure(number: int, interval: int, acceleration: int, deceleration: int) -> bytes:
    """THROTTLE_CONFIGURE."""
    return struct.pack(">BBHIII", 0x8B, CONTROL, number, interval, acceleration, deceleration)


class Command(NamedTuple):
    """One command of a datagram, as read."""

    kind: int
    acknowledged: bool
    """Whether its sender wants an acknowledgement."""
    channel: int
    number: int
    raw: bytes
    """The fixed part."""
    data: bytes

    def u8(self, offset: int) -> int:
        """One byte of the fixed part."""
        return self.raw[offset]

    def u16(self, offset: int) -> int:
        """Two bytes of the fixed part."""
        return int.from_bytes(self.raw[offset : offset + 2], "big")

    def u32(self, offset: int) -> int:
        """Four bytes of the fixed part."""
        return int.from_bytes(self.raw[offset : offset + 4], "big")


class Reading(NamedTuple):
    """A datagram, as read."""

    peer: int
    session: int
    compressed: bool
    time: int | None
    checksum: bytes | None
    commands: list[Command]


def read(data: bytes, *, checksum: bool = False) -> Reading:
    """Take a datagram of an honest sender apart; malformed ones fail the test."""
    word = int.from_bytes(data[:2], "big")
    timed = bool(word & 0x8000)
    position = 4 if timed else 2
    crc = data[position : position + 4] if checksum else None
    position += 4 if checksum else 0
    commands = []
    while position < len(data):
        kind = data[position] & 0x0F
        raw = data[position : position + SIZES[kind]]
        assert len(raw) == SIZES[kind], f"command {kind} is cut short"
        position += len(raw)
        length = int.from_bytes(raw[LENGTH_AT[kind] :][:2], "big") if kind in LENGTH_AT else 0
        content = data[position : position + length]
        assert len(content) == length, f"data of command {kind} is cut short"
        position += length
        number = int.from_bytes(raw[2:4], "big")
        commands.append(Command(kind, bool(raw[0] & 0x80), raw[1], number, raw, content))
    time = int.from_bytes(data[2:4], "big") if timed else None
    return Reading(word & 0xFFF, word >> 12 & 3, bool(word & 0x4000), time, crc, commands)
