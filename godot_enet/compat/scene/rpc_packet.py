"""The packets of calls: ``REMOTE_CALL`` in its two forms, with the number of the node or with its path.

::

    u8  0 | node width << 4 | method width << 6 | bytes only << 7
    node: u8, u16 or u32    its number; or, with the highest bit of 32, where in the packet its path begins
    method: u8 or u16
    u8  number of arguments, and the arguments; or, with "bytes only", nothing, or the bytes that are the one argument
    path, NUL               in the second form only
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import NamedTuple

from godot_enet.compat.globals import Error
from godot_enet.compat.scene.arguments import decode_arguments, encode_arguments, is_bytes
from godot_enet.compat.variant import DecodeError, Variant

__all__ = [
    "BY_PATH",
    "RemoteCall",
    "call_by_id",
    "call_by_path",
    "call_tail",
    "count_arguments",
    "parse_arguments",
    "parse_call",
]

BY_PATH = 0x80000000
_METHOD_WIDE = 1 << 6
_BYTES_ONLY = 1 << 7
_U32 = Struct("<I")
_HEADS = [[Struct(f"<B{node}{method}").unpack_from for node in "BHI"] for method in "BH"]
_SIZES = [[1 + node + method for node in (1, 2, 4)] for method in (1, 2)]


class RemoteCall(NamedTuple):
    """The target of a call; its arguments are not decoded yet."""

    node: int
    """Its number at the sender; 0 if the path is given."""
    path: bytes | None
    method: int
    bytes_only: bool
    start: int
    """The offset of the arguments, or of their number."""
    end: int


def call_tail(method: int, arguments: Sequence[Variant], *, full_objects: bool = False) -> tuple[int, bytes]:
    """The flags for the first byte, and the bytes after the node.

    Raises:
        EncodeError, TypeError, OverflowError: the arguments cannot be encoded.
    """
    wide = method > 0xFF
    flags = _METHOD_WIDE if wide else 0
    head = method.to_bytes(2 if wide else 1, "little")
    if not arguments:
        return flags | _BYTES_ONLY, head
    if len(arguments) == 1 and is_bytes(arguments[0]):
        return flags | _BYTES_ONLY, head + bytes(arguments[0])
    return flags, head + bytes([len(arguments)]) + encode_arguments(arguments, full_objects=full_objects)


def call_by_id(flags: int, node: int, tail: bytes, *, widest: bool = False) -> bytes:
    """A call to a node by its number; with ``widest`` as long as for a peer that gets the path."""
    width = 2 if widest or node > 0xFFFF else 1 if node > 0xFF else 0
    return bytes([flags | width << 4]) + node.to_bytes(1 << width, "little") + tail


def call_by_path(flags: int, path: str, tail: bytes) -> bytes:
    """A call to a node by its path."""
    offset = 5 + len(tail)
    return bytes([flags | 2 << 4]) + _U32.pack(BY_PATH | offset) + tail + path.encode() + b"\0"


def parse_call(packet: bytes) -> RemoteCall:
    """The beginning of a call.

    Raises:
        DecodeError: it is malformed.
    """
    head = packet[0]
    node_width, method_width = head >> 4 & 3, head >> 6 & 1
    if node_width == 3:
        raise DecodeError("invalid width of a node id", Error.ERR_INVALID_DATA)
    start = _SIZES[method_width][node_width]
    if len(packet) < start:
        raise DecodeError("a call is truncated", Error.ERR_INVALID_DATA)
    _, node, method = _HEADS[method_width][node_width](packet)
    if not node & BY_PATH:
        return RemoteCall(node, None, method, head >= _BYTES_ONLY, start, len(packet))
    end = node & ~BY_PATH
    if not start <= end < len(packet):
        raise DecodeError("the packet does not contain the path of the call", Error.ERR_INVALID_DATA)
    return RemoteCall(0, packet[end:].partition(b"\0")[0], method, head >= _BYTES_ONLY, start, end)


def count_arguments(packet: bytes, call: RemoteCall) -> int:
    """The number of arguments of a call, without decoding them."""
    if call.bytes_only:
        return int(call.start < call.end)
    return packet[call.start] if call.start < call.end else 0


def parse_arguments(packet: bytes, call: RemoteCall, *, allow_objects: bool = False) -> list[Variant]:
    """The arguments of a call. An empty PackedByteArray looks like no argument, and counts as none, as in Godot.

    Raises:
        DecodeError: they are malformed.
    """
    start, end = call.start, call.end
    if call.bytes_only:
        return [packet[start:end]] if start < end else []
    if start >= end:
        raise DecodeError("a call is truncated", Error.ERR_INVALID_DATA)
    data = packet if end == len(packet) else packet[:end]
    return decode_arguments(data, start + 1, packet[start], allow_objects=allow_objects)
