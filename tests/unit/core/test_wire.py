"""The layouts, written out byte by byte."""

from __future__ import annotations

from struct import Struct

import pytest

from godot_enet.core.protocol import wire
from godot_enet.core.protocol.constants import Command
from tests.rows import each_row


@each_row(
    ("layout", "values", "expected"),
    [
        (wire.ACKNOWLEDGE, (1, 2, 0x0304, 0x0506, 0x0708), "01 02 0304 0506 0708"),
        (wire.DISCONNECT, (4, 255, 0x0102, 0x03040506), "04 ff 0102 03040506"),
        (wire.PING, (0x85, 255, 0x0102), "85 ff 0102"),
        (wire.SEND_RELIABLE, (0x86, 7, 0x0102, 0x0304), "86 07 0102 0304"),
        (wire.SEND_UNRELIABLE, (7, 8, 0x0102, 0x0304, 0x0506), "07 08 0102 0304 0506"),
        (
            wire.FRAGMENT,
            (0x88, 1, 0x0102, 0x0304, 0x0506, 0x0708090A, 0x0B0C0D0E, 0x0F101112, 0x13141516),
            "88 01 0102 0304 0506 0708090a 0b0c0d0e 0f101112 13141516",
        ),
        (wire.BANDWIDTH_LIMIT, (0x8A, 255, 0x0102, 0x03040506, 0x0708090A), "8a ff 0102 03040506 0708090a"),
        (
            wire.THROTTLE_CONFIGURE,
            (0x8B, 255, 0x0102, 0x03040506, 0x0708090A, 0x0B0C0D0E),
            "8b ff 0102 03040506 0708090a 0b0c0d0e",
        ),
        (
            wire.CONNECT,
            (0x82, 255, 1, 0x0FFE, 254, 253, 1392, 65536, 3, 4, 5, 5000, 2, 6, b"\xaa\xbb\xcc\xdd", 7),
            "82 ff 0001 0ffe fe fd 00000570 00010000 00000003 00000004 00000005 00001388 00000002 00000006 aabbccdd"
            "00000007",
        ),
        (
            wire.VERIFY_CONNECT,
            (0x83, 255, 1, 0x0FFE, 1, 2, 1392, 65536, 3, 4, 5, 5000, 2, 6, b"\xaa\xbb\xcc\xdd"),
            "83 ff 0001 0ffe 01 02 00000570 00010000 00000003 00000004 00000005 00001388 00000002 00000006 aabbccdd",
        ),
    ],
)
def test_layout(layout: Struct, values: tuple[int | bytes, ...], expected: str) -> None:
    packed = layout.pack(*values)
    assert packed == bytes.fromhex(expected)
    assert layout.unpack(packed) == values


def test_fixed_sizes() -> None:
    sizes = {
        Command.ACKNOWLEDGE: 8,
        Command.CONNECT: 48,
        Command.VERIFY_CONNECT: 44,
        Command.DISCONNECT: 8,
        Command.PING: 4,
        Command.SEND_RELIABLE: 6,
        Command.SEND_UNRELIABLE: 8,
        Command.SEND_FRAGMENT: 24,
        Command.SEND_UNSEQUENCED: 8,
        Command.BANDWIDTH_LIMIT: 12,
        Command.THROTTLE_CONFIGURE: 16,
        Command.SEND_UNRELIABLE_FRAGMENT: 24,
    }
    assert len(wire.COMMAND_SIZES) == 16  # every value of the low four bits has an answer
    for number, size in enumerate(wire.COMMAND_SIZES):
        assert size == sizes.get(Command(number) if number <= 12 else Command.NONE, 0)


@pytest.mark.parametrize("connect_id", [0, 1, 0x12345678, 0xFFFFFFFF])
def test_connect_ids_are_little_endian(connect_id: int) -> None:
    assert wire.unpack_connect_id(wire.pack_connect_id(connect_id)) == connect_id
    assert wire.pack_connect_id(0x12345678) == b"\x78\x56\x34\x12"


CONNECT = (
    "82 ff 0001 0ffe fe fd 00000570 00010000 00000003 00000004 00000005 00001388 00000002 00000006 ddccbbaa 00000007"
)
FIELDS = (0x0FFE, 254, 253, 1392, 65536, 3, 4, 5, 5000, 2, 6, 0xAABBCCDD)


@each_row(
    ("record", "command"),
    [
        (wire.Connect(*FIELDS, 7), CONNECT),
        (wire.VerifyConnect(*FIELDS), CONNECT[: -len(" 00000007")]),
        (wire.Disconnect(0x03040506), "04 ff 0102 03040506"),
        (wire.BandwidthLimit(0x03040506, 0x0708090A), "8a ff 0102 03040506 0708090a"),
        (wire.ThrottleConfigure(0x03040506, 0x0708090A, 0x0B0C0D0E), "8b ff 0102 03040506 0708090a 0b0c0d0e"),
    ],
)
def test_a_record_is_built_behind_its_head_and_parsed_from_it(
    record: wire.Connect | wire.VerifyConnect | wire.Disconnect | wire.BandwidthLimit | wire.ThrottleConfigure,
    command: str,
) -> None:
    raw = bytes.fromhex(command)
    assert record.build() == raw[4:]
    assert type(record).parse(b"??" + raw, 2) == record


def test_an_acknowledgement_is_parsed() -> None:
    raw = bytes.fromhex("01 02 0304 0506 0708")
    assert wire.Head.parse(raw) == (1, 2, 0x0304)
    assert wire.Acknowledge.parse(raw) == (0x0506, 0x0708)
