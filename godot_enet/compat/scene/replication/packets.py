"""Parses and builds the packets of replication.

::

    SPAWN    u8 4, u8 scene, u32 path id of the spawner, u32 node, u32 count, u32 size of the name,
             count times u32 synchronizer, name, NUL; for scene 255 u32 size, argument; state
    DESPAWN  u8 5, u32 node
    SYNC     u8 6, u16 time, elements of u32 synchronizer, u32 size, values
    DELTA    u8 22, elements of u32 synchronizer, u64 which properties, u32 size, values

Values and arguments are in the short form of RPC arguments. Numbers are little-endian. A synchronizer's number with
the highest bit set is its path id.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from struct import Struct
from typing import NamedTuple

from godot_enet.compat.scene.scene_commands import DESPAWN, SPAWN, SYNC

__all__ = [
    "CUSTOM",
    "DELTA",
    "DELTA_ELEMENT",
    "PATH_ID",
    "SYNC_ELEMENT",
    "SYNC_HEAD",
    "TOO_LARGE",
    "MalformedPacket",
    "SpawnPacket",
    "despawn_packet",
    "parse_despawn",
    "parse_elements",
    "parse_spawn",
    "spawn_head",
    "spawn_packet",
    "split_argument",
]

DELTA = SYNC | 1 << 4
"""The first byte of a DELTA: a SYNC with a flag."""
CUSTOM = 0xFF
"""Instead of a scene number: the node is made by ``spawn_function``."""
PATH_ID = 0x80000000
"""Set in the number of a synchronizer that is a path id."""

SYNC_HEAD = Struct("<BH")
SYNC_ELEMENT = Struct("<II")
DELTA_ELEMENT = Struct("<IQI")
_SPAWN_HEAD = Struct("<BBIIII")
_U32 = Struct("<I")
_DESPAWN = Struct("<BI")

TOO_LARGE = 'Condition "size > uint32_t(p_buffer_len - ofs)" is true. Returning: ERR_INVALID_DATA'
"""Godot's line about an element that is longer than the rest of its packet."""


class MalformedPacket(Exception):
    """The message is Godot's."""


class SpawnPacket(NamedTuple):
    """A SPAWN, whose name, argument and values are not decoded yet."""

    scene: int
    spawner: int
    """Its path id at the sender."""
    node: bytes
    """Its number, four bytes."""
    synchronizers: bytes
    """Their numbers, four bytes each."""
    name: bytes
    rest: bytes


def spawn_packet(
    scene: int,
    spawner: int,
    node: int,
    synchronizers: Sequence[int],
    name: str,
    argument: bytes | None,
    state: bytes,
) -> bytes:
    """A SPAWN packet.

    Args:
        scene: the position in the spawner's list, truncated to 8 bits as in Godot.
        spawner: its path id.
        node: its number.
        synchronizers: their numbers.
        name: the name of the node.
        argument: encoded, for a custom spawn only.
        state: the encoded spawn properties of the synchronizers.
    """
    text = name.encode() + b"\0"
    head = _SPAWN_HEAD.pack(SPAWN, scene & 0xFF, spawner, node, len(synchronizers), len(text))
    numbers = b"".join([_U32.pack(number) for number in synchronizers])
    custom = b"" if argument is None else _U32.pack(len(argument)) + argument
    return head + numbers + text + custom + state


def spawn_head(packet: bytes) -> int:
    """The path id of the spawner of a SPAWN packet.

    Raises:
        MalformedPacket: it is too short to be one.
    """
    if len(packet) < _SPAWN_HEAD.size:
        raise MalformedPacket("Invalid spawn packet received")
    return int(_SPAWN_HEAD.unpack_from(packet)[2])


def parse_spawn(packet: bytes) -> SpawnPacket:
    """Parse a SPAWN packet that is long enough for its head.

    Raises:
        MalformedPacket: its sizes do not fit.
    """
    _, scene, spawner, _, count, size = _SPAWN_HEAD.unpack_from(packet)
    start = _SPAWN_HEAD.size
    end = start + 4 * count + size
    if end > len(packet):  # without Godot's overflow
        raise MalformedPacket(f"Invalid spawn packet size: {len(packet)}, wants: {end}")
    if size < 1:
        raise MalformedPacket("Zero spawn name size.")
    names = start + 4 * count
    name = packet[names:end].partition(b"\0")[0]
    return SpawnPacket(scene, spawner, packet[6:10], packet[start:names], name, packet[end:])


def split_argument(rest: bytes) -> tuple[bytes, bytes]:
    """The argument of a custom spawn, and the bytes after it.

    Raises:
        MalformedPacket: it is missing or incomplete.
    """
    if len(rest) < 4:
        raise MalformedPacket('Condition "p_buffer_len - ofs < 4" is true. Returning: ERR_INVALID_DATA')
    (size,) = _U32.unpack_from(rest)
    if size > len(rest) - 4:
        text = 'Condition "arg_size > uint32_t(p_buffer_len - ofs)" is true. Returning: ERR_INVALID_DATA'
        raise MalformedPacket(text)
    return rest[4 : 4 + size], rest[4 + size :]


def despawn_packet(node: int) -> bytes:
    """A DESPAWN packet."""
    return _DESPAWN.pack(DESPAWN, node)


def parse_despawn(packet: bytes) -> bytes:
    """The number of the node, four bytes.

    Raises:
        MalformedPacket: it is too short.
    """
    if len(packet) < _DESPAWN.size:
        raise MalformedPacket("Invalid spawn packet received")
    return packet[1:5]


def parse_elements(packet: bytes) -> Iterator[tuple[int, int | None, bytes]]:
    """The elements of a SYNC or DELTA packet: synchronizer, which properties (None: all synchronized), values.

    Raises:
        MalformedPacket: an element is longer than the rest of the packet.
    """
    is_delta = bool(packet[0] & DELTA & ~SYNC)
    at = 1 if is_delta else SYNC_HEAD.size
    head = DELTA_ELEMENT if is_delta else SYNC_ELEMENT
    while at + head.size < len(packet):
        number, *bits, size = head.unpack_from(packet, at)
        at += head.size
        if size > len(packet) - at:
            raise MalformedPacket(TOO_LARGE)
        yield number, bits[0] if bits else None, packet[at : at + size]
        at += size
