"""Laws of the high-level multiplayer that hold for any packets, and of calls that hold for any arguments."""

from __future__ import annotations

from struct import pack
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from godot_enet.compat.scene.arguments import decode_arguments, encode_arguments
from godot_enet.compat.scene.rpc_config import RpcConfig, RpcTable
from godot_enet.compat.scene.rpc_packet import call_by_id, call_by_path, call_tail, parse_arguments, parse_call
from godot_enet.compat.variant import DecodeError, Vector2
from tests.fuzz.fuzz_scene import Target, check, framed

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"))  # what Godot's strings cannot hold
ARGUMENT = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | TEXT | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(-9, 9), inner, max_size=4),
    max_leaves=8,
)
CHECKSUM = Target()._table().checksum.encode() + b"\0"


def introduce(number: int, path: bytes) -> bytes:
    return b"\x01" + CHECKSUM + pack("<I", number) + path + b"\0"


def call(method: int, *arguments: Any, node: int = 1) -> bytes:
    flags, tail = call_tail(method, arguments)
    return call_by_id(flags, node, tail)


PLAUSIBLE = st.one_of(
    st.binary(max_size=40),
    st.builds(lambda head, rest: bytes([head]) + rest, st.integers(0, 255), st.binary(max_size=60)),
    st.builds(introduce, st.integers(0, 3), st.sampled_from([b"Main", b".", b"..", b"/root/Main", b"", b"x" * 5000])),
    st.builds(lambda same, number: pack("<BBI", 2, same, number), st.integers(0, 2), st.integers(0, 3)),
    st.builds(call, st.integers(0, 5), st.integers(-(2**40), 2**40), node=st.integers(0, 3)),
    st.builds(lambda method: call(method, 7, Vector2(1, 2)), st.integers(0, 5)),
    st.builds(lambda peer, data: b"\x07\x03" + pack("<i", peer) + data, st.integers(-8, 8), st.binary(max_size=30)),
    st.builds(lambda sub, peer: b"\x07" + bytes([sub]) + pack("<i", peer), st.integers(0, 5), st.integers(-8, 8)),
    st.sampled_from([b"\x07\x00", b"\x07\x00yes", b"\x07\x00no"]),
)
PACKETS = st.lists(st.tuples(st.integers(0, 3) | st.integers(0x40, 0x43), PLAUSIBLE), max_size=12)
RELAYED = b"\x07\x03" + pack("<i", 6) + introduce(1, b"Main")
FORGED = b"\x07\x03" + pack("<i", 0) + b"\x07\x03" + pack("<i", 0) + call(0, 1)


@given(st.builds(lambda packets: framed(*packets), PACKETS) | st.binary(max_size=200))
@example(framed((0, introduce(1, b"Main")), (0, call(1, 1)), (0, call(0, 1)), (0, call(2, 7, Vector2(1, 2)))))
@example(framed((0, RELAYED), (0, b"\x07\x03" + pack("<i", 6) + call(2, 1)), (0, FORGED), (1, FORGED)))
@example(framed((0x40, b"\x07\x00yes"), (0, b"\x07\x00"), (1, b"\x03x"), (0, b"\x07\x00no")))
@example(framed((2, b"\x07\x02" + pack("<i", 1)), (2, b"\x07\x01" + pack("<i", 5)), (2, b"\x07\x02" + pack("<i", 6))))
def test_no_packets_do_harm(data: bytes) -> None:
    check(data)


@given(st.lists(ARGUMENT, max_size=6), st.integers(0, 0xFFFF), st.integers(0, 0x7FFFFFFF))
def test_calls_arrive_as_they_were(arguments: list[Any], method: int, node: int) -> None:
    flags, tail = call_tail(method, arguments)
    for packet in (call_by_id(flags, node, tail), call_by_id(flags, node, tail, widest=True)):
        parsed = parse_call(packet)
        assert (parsed.node, parsed.path, parsed.method) == (node, None, method)
        assert parse_arguments(packet, parsed) == ([] if arguments == [b""] else arguments)
    packet = call_by_path(flags, "a/b", tail)
    parsed = parse_call(packet)
    assert (parsed.path, parsed.method) == (b"a/b", method)
    assert parse_arguments(packet, parsed) == ([] if arguments == [b""] else arguments)


@given(st.lists(ARGUMENT, max_size=4), st.integers(0, 80))
def test_arguments_that_are_cut_off_are_no_arguments(arguments: list[Any], cut: int) -> None:
    data = encode_arguments(arguments)
    try:
        values = decode_arguments(data[:cut], 0, len(arguments))
    except DecodeError:
        assert cut < len(data)
    else:
        assert cut >= len(data) or cut >= len(data) - 3  # the padding of a last PackedByteArray
        assert values == arguments


@given(st.binary(max_size=100), st.integers(0, 255))
def test_any_bytes_are_arguments_or_refused(data: bytes, count: int) -> None:
    try:
        values = decode_arguments(data, 0, count)
    except DecodeError:
        return
    assert len(values) == count


@given(st.binary(min_size=1, max_size=60))
def test_any_bytes_are_a_call_or_refused(packet: bytes) -> None:
    try:
        parsed = parse_call(packet)
        parse_arguments(packet, parsed)
    except DecodeError:
        return
    assert 0 < parsed.start <= parsed.end <= len(packet)


@given(st.sets(st.text("abcXYZ_\u00e4\u4e2d", min_size=1)), st.sets(st.text("abcXYZ_", min_size=1)))
def test_numbers_follow_the_names(script: set[str], node: set[str]) -> None:
    table = RpcTable(dict.fromkeys(node, RpcConfig()), {name: (RpcConfig(), len) for name in script})
    assert table.names == sorted(node) + sorted(script)
    for name in script:
        assert table.ids[name] == sorted(script).index(name)
    for name in node - script:
        assert table.ids[name] == 0x8000 | sorted(node).index(name)
    assert {number: entry.name for number, entry in table.entries.items()} == {
        **dict(enumerate(sorted(script))),
        **{0x8000 | number: name for number, name in enumerate(sorted(node))},
    }
