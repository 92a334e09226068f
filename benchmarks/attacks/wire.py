"""Handmade datagrams that no honest program sends."""

from __future__ import annotations

import struct

__all__ = [
    "CONTROL",
    "acknowledge",
    "answers",
    "connect",
    "fragment",
    "piece",
    "ping",
    "read_verify",
    "reliable",
    "to_peer",
]

_CONNECT = struct.Struct(">HH BBHHBBIIIIIIII4sI")
_VERIFY = 3
CONTROL = 0xFF
"""The channel of commands that carry no packet."""
_SIZES = {1: 8, 2: 48, 3: 44, 4: 8, 5: 4, 6: 6, 7: 8, 8: 24, 9: 8, 10: 12, 11: 16, 12: 24}
"""Bytes of each command without its data."""
_LENGTH_AT = {6: 4, 7: 6, 8: 6, 9: 6, 12: 6}
"""Offset of the length of the data."""


def connect(connect_id: int, sent_time: int = 0) -> bytes:
    """A CONNECT as ENet sends it: 52 bytes."""
    fixed = (0x8FFF, sent_time, 0x82, 0xFF, 1, 0, 0xFF, 0xFF, 1392, 65536, 1, 0, 0, 5000, 2, 2)
    return _CONNECT.pack(*fixed, connect_id.to_bytes(4, "big"), 0)


def read_verify(data: bytes) -> tuple[int, int, int, int] | None:
    """Slot, session, sequence number and time of an answer to a CONNECT."""
    if len(data) < 12 or data[4] & 15 != _VERIFY:
        return None
    slot, number, sent_time = (int.from_bytes(data[at : at + 2], "big") for at in (8, 6, 2))
    return slot, data[11] & 3, number, sent_time


def to_peer(slot: int, session: int, sent_time: int, *commands: bytes) -> bytes:
    """A datagram to a connected peer."""
    return struct.pack(">HH", 0x8000 | session << 12 | slot, sent_time & 0xFFFF) + b"".join(commands)


def acknowledge(number: int, sent_time: int, channel: int = CONTROL) -> bytes:
    """ACKNOWLEDGE."""
    return struct.pack(">BBHHH", 1, channel, number, number, sent_time)


def ping(number: int) -> bytes:
    """PING, which requests an acknowledgement."""
    return struct.pack(">BBH", 0x85, 0xFF, number & 0xFFFF)


def fragment(start: int, total: int) -> bytes:
    """The first fragment of a packet of ``total`` bytes, without the others."""
    count = (total + 1023) // 1024
    return struct.pack(">BBHHHIIII", 0x88, 0, start, start, 1024, count, 0, total, 0) + bytes(1024)


def piece(start: int, number: int, count: int, total: int, offset: int, data: bytes = b"x") -> bytes:
    """Any fragment."""
    fixed = (0x88, 0, (start + number) & 0xFFFF, start, len(data), count, number, total, offset)
    return struct.pack(">BBHHHIIII", *fixed) + data


def reliable(number: int, data: bytes, channel: int = 0) -> bytes:
    """SEND_RELIABLE."""
    return struct.pack(">BBHH", 0x86, channel, number & 0xFFFF, len(data)) + data


def answers(data: bytes) -> list[bytes]:
    """The acknowledgements requested by a datagram without compression and checksum."""
    if not data[0] & 0x80:
        return []
    sent_time, at, wanted = int.from_bytes(data[2:4], "big"), 4, []
    while at < len(data):
        kind = data[at] & 15
        if data[at] & 0x80:
            wanted.append(acknowledge(int.from_bytes(data[at + 2 : at + 4], "big"), sent_time, data[at + 1]))
        length_at = at + _LENGTH_AT.get(kind, 0)
        at += _SIZES[kind] + (int.from_bytes(data[length_at : length_at + 2], "big") if kind in _LENGTH_AT else 0)
    return wanted
