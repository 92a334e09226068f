"""Datagrams that no honest program sends, made by hand."""

from __future__ import annotations

import struct

__all__ = ["acknowledge", "connect", "fragment", "ping", "read_verify", "to_peer"]

_CONNECT = struct.Struct(">HH BBHHBBIIIIIIII4sI")
_VERIFY = 3


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


def acknowledge(number: int, sent_time: int, channel: int = 0xFF) -> bytes:
    """ACKNOWLEDGE."""
    return struct.pack(">BBHHH", 1, channel, number, number, sent_time)


def ping(number: int) -> bytes:
    """PING, which wants an acknowledgement."""
    return struct.pack(">BBH", 0x85, 0xFF, number & 0xFFFF)


def fragment(start: int, total: int) -> bytes:
    """The first fragment of a packet of so many bytes whose others never come."""
    count = (total + 1023) // 1024
    return struct.pack(">BBHHHIIII", 0x88, 0, start, start, 1024, count, 0, total, 0) + bytes(1024)
