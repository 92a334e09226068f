"""Packets of calls, byte for byte as Godot's."""

from __future__ import annotations

import pytest

from godot_enet.compat.scene.rpc_packet import call_by_id, call_by_path, call_tail, parse_arguments, parse_call
from godot_enet.compat.variant import DecodeError
from tests.rows import each_row


def test_widths_are_the_smallest_that_hold_the_numbers() -> None:
    for node, method, head in [
        (1, 2, "80 01 02"),
        (255, 255, "80 ff ff"),
        (256, 256, "d0 0001 0001"),
        (65535, 0x8000, "d0 ffff 0080"),
        (65536, 0, "a0 00000100 00"),
    ]:
        flags, tail = call_tail(method, [])
        packet = call_by_id(flags, node, tail)
        assert packet == bytes.fromhex(head)
        parsed = parse_call(packet)
        assert (parsed.node, parsed.path, parsed.method) == (node, None, method)
        assert parse_arguments(packet, parsed) == []


def test_the_widest_form_and_the_one_with_a_path() -> None:
    flags, tail = call_tail(3, [7])
    assert call_by_id(flags, 1, tail, widest=True) == bytes.fromhex("20 01000000 03 01 0207")
    packet = call_by_path(flags, "Main", tail)
    assert packet == bytes.fromhex("20 09000080 03 01 0207 4d61696e00")
    parsed = parse_call(packet)
    assert (parsed.path, parsed.method) == (b"Main", 3)
    assert parse_arguments(packet, parsed) == [7]


def test_bytes_alone_are_sent_raw() -> None:
    flags, tail = call_tail(3, [bytearray(b"\1\2\3")])
    packet = call_by_id(flags, 1, tail)
    assert packet == bytes.fromhex("80 01 03 010203")
    assert parse_arguments(packet, parse_call(packet)) == [b"\1\2\3"]
    with_path = call_by_path(flags, "a", tail)
    assert parse_arguments(with_path, parse_call(with_path)) == [b"\1\2\3"]
    flags, tail = call_tail(3, [b"\1", 2])
    packet = call_by_id(flags, 1, tail)
    assert parse_arguments(packet, parse_call(packet)) == [b"\1", 2]


@each_row(
    "packet",
    [
        "00",
        "00 01",
        "30 00000000 00",  # no such width
        "f0 00000000 0000",
        "a0 010000 00",
        "60 01000000 00",  # the method has two bytes
        "20 05000080 00 00",  # the path begins inside the head
        "20 07000080 00 00",  # and behind the end
        "20 ffffffff 00 00",
    ],
)
def test_a_malformed_head(packet: str) -> None:
    with pytest.raises(DecodeError):
        parse_call(bytes.fromhex(packet))


@pytest.mark.parametrize("packet", ["00 01 03", "00 01 03 01", "00 01 03 02 0205", "20 08000080 03 01 02 6100"])
def test_malformed_arguments(packet: str) -> None:
    data = bytes.fromhex(packet)
    parsed = parse_call(data)
    with pytest.raises(DecodeError):
        parse_arguments(data, parsed)


def test_a_path_ends_at_its_nul_or_the_end() -> None:
    assert parse_call(bytes.fromhex("a0 06000080 02 6162")).path == b"ab"
    assert parse_call(bytes.fromhex("a0 06000080 02 61006200")).path == b"a"
