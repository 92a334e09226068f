"""The few bytes of DTLS that are read and written without OpenSSL: record headers, ClientHello, HelloVerifyRequest.

Everything here accepts any bytes and never raises. Source of the layouts: RFC 6347, 4.1 and 4.2; RFC 5246, 7.4.1.2.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "APPLICATION_DATA",
    "COOKIE_LENGTH",
    "Hello",
    "hello_verify_request",
    "is_one_record",
    "is_record",
    "pack",
    "parse_client_hello",
    "plain_alert",
    "renumber",
    "sequence_of",
    "sift",
]

COOKIE_LENGTH = 32
"""Bytes; a HelloVerifyRequest then has 60, less than the shortest possible ClientHello with 67."""

APPLICATION_DATA = 23
"""The type of a record with a packet: its first byte."""

_ALERT = 21
_RECORD_HEADER = 13
_MESSAGE_HEADER = 12
_HANDSHAKE = 22
_CLIENT_HELLO = 1
_HELLO_VERIFY_REQUEST = 3
_MAJOR = 0xFE
_DTLS_1_0 = b"\xfe\xff"


class Hello(NamedTuple):
    """A well-formed ClientHello."""

    record: bytes
    """Its record, without the rest of the datagram."""
    random: bytes
    """32 bytes that distinguish one attempt of a client from the next."""
    cookie: bytes
    parameters: bytes
    """The fields that a client repeats with a cookie: version, random, session id, suites, compression."""


def is_record(data: bytes) -> bool:
    """Whether a datagram starts like a DTLS record."""
    return len(data) > _RECORD_HEADER and 20 <= data[0] <= 23 and data[1] == _MAJOR


def is_one_record(data: bytes) -> bool:
    """Whether the first record fills the datagram."""
    return len(data) == _RECORD_HEADER + (data[11] << 8 | data[12])


def sift(data: bytes, least: int) -> bytes:
    """The records of a datagram that may be genuine: complete, and with at least ``least`` bytes if encrypted.

    OpenSSL up to 3.3 ends a connection because of shorter ones, and every OpenSSL because of unencrypted alerts and
    packets during a handshake. Anyone can forge these.
    """
    kept = []
    start = 0
    while start + _RECORD_HEADER <= len(data) and 20 <= data[start] <= 23 and data[start + 1] == _MAJOR:
        length = data[start + 11] << 8 | data[start + 12]
        end = start + _RECORD_HEADER + length
        if end > len(data):
            break
        is_plain = not any(data[start + 3 : start + 5])
        if (data[start] not in (_ALERT, APPLICATION_DATA)) if is_plain else length >= least:
            kept.append(data[start:end])
        start = end
    return b"".join(kept)


def plain_alert(data: bytes) -> int | None:
    """The number of the unencrypted fatal alert at the start of a datagram; None for anything else."""
    if len(data) < _RECORD_HEADER + 2 or data[0] != _ALERT or data[1] != _MAJOR or any(data[3:5]):
        return None
    return data[14] if data[11:14] == b"\0\2\2" else None


def pack(stream: bytes, limit: int) -> list[bytes]:
    """Split OpenSSL's output between records into as few datagrams of up to ``limit`` bytes as possible."""
    datagrams: list[bytes] = []
    open_datagram = b""
    for record in _split(stream):
        if open_datagram and len(open_datagram) + len(record) > limit:
            datagrams.append(open_datagram)
            open_datagram = b""
        open_datagram += record
    return [*datagrams, open_datagram] if open_datagram else datagrams


def sequence_of(record: bytes) -> int:
    """The number of a record within its epoch."""
    return int.from_bytes(record[5:11], "big")


def renumber(stream: bytes, shift: int) -> bytes:
    """Add to the sequence numbers of unencrypted records (epoch 0), which are not authenticated."""
    return b"".join(
        record if any(record[3:5]) else record[:5] + (sequence_of(record) + shift).to_bytes(6, "big") + record[11:]
        for record in _split(stream)
    )


def _split(stream: bytes) -> list[bytes]:
    records = []
    start = 0
    while start < len(stream):
        end = start + _RECORD_HEADER + int.from_bytes(stream[start + 11 : start + 13], "big")
        records.append(stream[start:end])
        start = end
    return records


def parse_client_hello(data: bytes) -> Hello | None:
    """The ClientHello at the start of a datagram; None for anything else, including a fragmented one."""
    if len(data) < _RECORD_HEADER + _MESSAGE_HEADER or data[0] != _HANDSHAKE or data[1] != _MAJOR:
        return None
    if any(data[3:7]):  # another epoch, or a number that no honest client reaches
        return None
    end = _RECORD_HEADER + (data[11] << 8 | data[12])
    length = int.from_bytes(data[14:17], "big")
    whole = int.from_bytes(data[19:22], "big") == 0 and int.from_bytes(data[22:25], "big") == length
    if data[13] != _CLIENT_HELLO or not whole or end > len(data):
        return None
    body = data[_RECORD_HEADER + _MESSAGE_HEADER : end]
    if len(body) != length or length < 35 or body[0] != _MAJOR:
        return None
    session_id, at = _vector(body, 34, 1)
    cookie_at = at
    cookie, at = _vector(body, at, 1)
    cookie_end = at
    suites, at = _vector(body, at, 2)
    compressions, at = _vector(body, at, 1)
    if session_id is None or cookie is None or not suites or len(suites) % 2 or not compressions:
        return None
    parameters = body[:cookie_at] + body[cookie_end:at]
    if at != length:
        extensions, at = _vector(body, at, 2)
        if extensions is None or at != length:
            return None
    return Hello(data[:end], body[2:34], cookie, parameters)


def _vector(body: bytes, at: int, width: int) -> tuple[bytes | None, int]:
    """The bytes after a length of ``width`` bytes, and their end; None if they do not fit."""
    start = at + width
    end = start + int.from_bytes(body[at:start], "big")
    return (body[start:end], end) if start <= len(body) and end <= len(body) else (None, len(body) + 1)


def hello_verify_request(hello: Hello, cookie: bytes) -> bytes:
    """The datagram that asks a client to repeat its hello with this cookie.

    Its version is DTLS 1.0, whatever is negotiated later, and it repeats the number of the hello's record, so that the
    server stores nothing. RFC 6347, 4.2.1.
    """
    body = _DTLS_1_0 + bytes([len(cookie)]) + cookie
    length = len(body).to_bytes(3, "big")
    message = bytes([_HELLO_VERIFY_REQUEST]) + length + bytes(5) + length + body
    return bytes([_HANDSHAKE]) + _DTLS_1_0 + hello.record[3:11] + len(message).to_bytes(2, "big") + message
