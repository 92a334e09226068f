"""The layout of every command: its fields in order, and the ``struct`` and the size that follow. Pure data, no state.

All integers are big-endian but for ``connect_id``, which travels as four opaque bytes that little-endian
builds of the reference fill in their own order; we do the same, so that logs of both ends agree.
enet: include/enet/protocol.h.
"""

from __future__ import annotations

from struct import Struct

from godot_enet.core.protocol.constants import COMMAND_MASK, Command

__all__ = [
    "ACKNOWLEDGE",
    "BANDWIDTH_LIMIT",
    "COMMAND_SIZES",
    "CONNECT",
    "DISCONNECT",
    "FRAGMENT",
    "HEAD",
    "LAYOUTS",
    "PING",
    "SEND_RELIABLE",
    "SEND_UNRELIABLE",
    "THROTTLE_CONFIGURE",
    "VERIFY_CONNECT",
    "pack_connect_id",
    "unpack_connect_id",
]

Layout = tuple[tuple[str, str], ...]
"""Name and ``struct`` code of each field."""

HEAD: Layout = (("command", "B"), ("channel", "B"), ("sequence", "H"))
"""What every command begins with."""
_CONNECTION: Layout = (
    *HEAD,
    ("peer_id", "H"),
    ("incoming_session", "B"),
    ("outgoing_session", "B"),
    ("mtu", "I"),
    ("window_size", "I"),
    ("channel_count", "I"),
    ("incoming_bandwidth", "I"),
    ("outgoing_bandwidth", "I"),
    ("throttle_interval", "I"),
    ("throttle_acceleration", "I"),
    ("throttle_deceleration", "I"),
    ("connect_id", "4s"),
)
_FRAGMENT: Layout = (
    *HEAD,
    ("start", "H"),
    ("length", "H"),
    ("count", "I"),
    ("number", "I"),
    ("total", "I"),
    ("offset", "I"),
)
LAYOUTS: dict[Command, Layout] = {
    Command.ACKNOWLEDGE: (*HEAD, ("received_sequence", "H"), ("received_sent_time", "H")),
    Command.CONNECT: (*_CONNECTION, ("data", "I")),
    Command.VERIFY_CONNECT: _CONNECTION,
    Command.DISCONNECT: (*HEAD, ("data", "I")),
    Command.PING: HEAD,
    Command.SEND_RELIABLE: (*HEAD, ("length", "H")),
    Command.SEND_UNRELIABLE: (*HEAD, ("unreliable_sequence", "H"), ("length", "H")),
    Command.SEND_FRAGMENT: _FRAGMENT,
    Command.SEND_UNSEQUENCED: (*HEAD, ("group", "H"), ("length", "H")),
    Command.BANDWIDTH_LIMIT: (*HEAD, ("incoming_bandwidth", "I"), ("outgoing_bandwidth", "I")),
    Command.THROTTLE_CONFIGURE: (*HEAD, ("interval", "I"), ("acceleration", "I"), ("deceleration", "I")),
    Command.SEND_UNRELIABLE_FRAGMENT: _FRAGMENT,
}
"""The fields of each command. Data follows where there is a ``length``."""


def _struct(command: Command) -> Struct:
    return Struct(">" + "".join(code for _, code in LAYOUTS[command]))


ACKNOWLEDGE = _struct(Command.ACKNOWLEDGE)
CONNECT = _struct(Command.CONNECT)
VERIFY_CONNECT = _struct(Command.VERIFY_CONNECT)
DISCONNECT = _struct(Command.DISCONNECT)
PING = _struct(Command.PING)
SEND_RELIABLE = _struct(Command.SEND_RELIABLE)
SEND_UNRELIABLE = _struct(Command.SEND_UNRELIABLE)
"""Also of SEND_UNSEQUENCED, whose group has the place of the unreliable number."""
FRAGMENT = _struct(Command.SEND_FRAGMENT)
BANDWIDTH_LIMIT = _struct(Command.BANDWIDTH_LIMIT)
THROTTLE_CONFIGURE = _struct(Command.THROTTLE_CONFIGURE)

_SIZES: dict[int, int] = {command: _struct(command).size for command in LAYOUTS}
COMMAND_SIZES: tuple[int, ...] = tuple(_SIZES.get(number, 0) for number in range(COMMAND_MASK + 1))
"""Fixed size of each command by its number in the low four bits; 0 for numbers that are no command."""


def pack_connect_id(connect_id: int) -> bytes:
    """The four bytes that stand for a connect id on the wire."""
    return connect_id.to_bytes(4, "little")


def unpack_connect_id(raw: bytes) -> int:
    """The connect id that four bytes of the wire stand for."""
    return int.from_bytes(raw, "little")
