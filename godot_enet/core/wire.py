"""The layout of every command: sizes, and one ``struct`` per layout. Pure data, no state.

All integers are big-endian but for ``connectID``, which travels as four opaque bytes that little-endian
builds of the reference fill in their own order; we do the same, so that logs of both ends agree.
enet: include/enet/protocol.h.
"""

from __future__ import annotations

from struct import Struct

from godot_enet.core.constants import Command

__all__ = [
    "ACKNOWLEDGE",
    "BANDWIDTH_LIMIT",
    "COMMAND_SIZES",
    "CONNECT",
    "DISCONNECT",
    "FRAGMENT",
    "PING",
    "SEND_RELIABLE",
    "SEND_UNRELIABLE",
    "THROTTLE_CONFIGURE",
    "VERIFY_CONNECT",
    "pack_connect_id",
    "unpack_connect_id",
]

ACKNOWLEDGE = Struct(">BBHHH")
"""command, channel, (repeated number), acknowledged number, its sent time."""
CONNECT = Struct(">BBHHBBIIIIIIII4sI")
"""command, channel, number, peer id, incoming and outgoing session, mtu, window, channels, incoming and outgoing
bandwidth, throttle interval, acceleration, deceleration, connect id, data."""
VERIFY_CONNECT = Struct(">BBHHBBIIIIIIII4s")
"""As CONNECT, without the data."""
DISCONNECT = Struct(">BBHI")
PING = Struct(">BBH")
SEND_RELIABLE = Struct(">BBHH")
"""command, channel, reliable number, length; the data follows."""
SEND_UNRELIABLE = Struct(">BBHHH")
"""command, channel, reliable number, unreliable number (or unsequenced group), length; the data follows."""
FRAGMENT = Struct(">BBHHHIIII")
"""command, channel, reliable number, start number, length, fragment count, fragment number, total length, offset."""
BANDWIDTH_LIMIT = Struct(">BBHII")
THROTTLE_CONFIGURE = Struct(">BBHIII")

_SIZES: dict[int, int] = {
    Command.ACKNOWLEDGE: ACKNOWLEDGE.size,
    Command.CONNECT: CONNECT.size,
    Command.VERIFY_CONNECT: VERIFY_CONNECT.size,
    Command.DISCONNECT: DISCONNECT.size,
    Command.PING: PING.size,
    Command.SEND_RELIABLE: SEND_RELIABLE.size,
    Command.SEND_UNRELIABLE: SEND_UNRELIABLE.size,
    Command.SEND_FRAGMENT: FRAGMENT.size,
    Command.SEND_UNSEQUENCED: SEND_UNRELIABLE.size,
    Command.BANDWIDTH_LIMIT: BANDWIDTH_LIMIT.size,
    Command.THROTTLE_CONFIGURE: THROTTLE_CONFIGURE.size,
    Command.SEND_UNRELIABLE_FRAGMENT: FRAGMENT.size,
}
COMMAND_SIZES: tuple[int, ...] = tuple(_SIZES.get(number, 0) for number in range(16))
"""Fixed size of each command by its number in the low four bits; 0 for numbers that are no command."""


def pack_connect_id(connect_id: int) -> bytes:
    """The four bytes that stand for a connect id on the wire."""
    return connect_id.to_bytes(4, "little")


def unpack_connect_id(raw: bytes) -> int:
    """The connect id that four bytes of the wire stand for."""
    return int.from_bytes(raw, "little")
