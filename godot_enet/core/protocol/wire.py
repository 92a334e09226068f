"""The layout of every command, as a record with its fields in order; the ``struct`` and the size follow. Pure data.

A record of a control command has ``parse``, which reads it from its first byte, and ``build``, which returns the bytes
after the head. Commands that carry packets are read and written by their ``struct``, without an object.

All integers are big-endian except ``connect_id``, which is sent as four opaque bytes. Little-endian builds of the
reference fill them in native order; this package does the same, so that logs of both ends agree.
enet: include/enet/protocol.h.
"""

from __future__ import annotations

from struct import Struct
from typing import Annotated, Any, NamedTuple, get_type_hints

from godot_enet.core.protocol.constants import COMMAND_MASK, Command

__all__ = [
    "ACKNOWLEDGE",
    "BANDWIDTH_LIMIT",
    "COMMAND_SIZES",
    "CONNECT",
    "DISCONNECT",
    "FRAGMENT",
    "HEAD",
    "HEAD_LAYOUT",
    "LAYOUTS",
    "PING",
    "SEND_RELIABLE",
    "SEND_UNRELIABLE",
    "THROTTLE_CONFIGURE",
    "VERIFY_CONNECT",
    "Acknowledge",
    "BandwidthLimit",
    "Connect",
    "Disconnect",
    "Fragment",
    "Head",
    "ThrottleConfigure",
    "VerifyConnect",
    "pack_connect_id",
    "unpack_connect_id",
]

_U8 = Annotated[int, "B"]
_U16 = Annotated[int, "H"]
_U32 = Annotated[int, "I"]
_Opaque = Annotated[int, "4s"]
"""Wire types with their ``struct`` code."""


class Head(NamedTuple):
    """The header of every command."""

    command: _U8
    channel: _U8
    sequence: _U16

    @classmethod
    def parse(cls, data: bytes, at: int = 0) -> Head:
        """Parse the head of the command at ``at``."""
        return cls(*HEAD.unpack_from(data, at))


class Acknowledge(NamedTuple):
    """The acknowledgement of a command: its sequence number and the sent time of its datagram."""

    received_sequence: _U16
    received_sent_time: _U16

    @classmethod
    def parse(cls, data: bytes, at: int = 0) -> Acknowledge:
        """Parse the command at ``at``."""
        return cls(*ACKNOWLEDGE.unpack_from(data, at)[_HEAD_FIELDS:])


class Connect(NamedTuple):
    """A connection request. ``incoming`` and ``outgoing`` are from the sender's view."""

    peer_id: _U16
    incoming_session: _U8
    outgoing_session: _U8
    mtu: _U32
    window_size: _U32
    channel_count: _U32
    incoming_bandwidth: _U32
    outgoing_bandwidth: _U32
    throttle_interval: _U32
    throttle_acceleration: _U32
    throttle_deceleration: _U32
    connect_id: _Opaque
    data: _U32

    @classmethod
    def parse(cls, data: bytes, at: int = 0) -> Connect:
        """Parse the command at ``at``."""
        fields = CONNECT.unpack_from(data, at)
        return cls._make((*fields[_HEAD_FIELDS:-2], unpack_connect_id(fields[-2]), fields[-1]))

    def build(self) -> bytes:
        """The bytes after the head."""
        return CONNECT.pack(0, 0, 0, *self[:-2], pack_connect_id(self.connect_id), self.data)[_HEAD_SIZE:]


class VerifyConnect(NamedTuple):
    """The reply to a CONNECT: the parameters that both ends will use."""

    peer_id: _U16
    incoming_session: _U8
    outgoing_session: _U8
    mtu: _U32
    window_size: _U32
    channel_count: _U32
    incoming_bandwidth: _U32
    outgoing_bandwidth: _U32
    throttle_interval: _U32
    throttle_acceleration: _U32
    throttle_deceleration: _U32
    connect_id: _Opaque

    @classmethod
    def parse(cls, data: bytes, at: int = 0) -> VerifyConnect:
        """Parse the command at ``at``."""
        fields = VERIFY_CONNECT.unpack_from(data, at)
        return cls._make((*fields[_HEAD_FIELDS:-1], unpack_connect_id(fields[-1])))

    def build(self) -> bytes:
        """The bytes after the head."""
        return VERIFY_CONNECT.pack(0, 0, 0, *self[:-1], pack_connect_id(self.connect_id))[_HEAD_SIZE:]


class Disconnect(NamedTuple):
    """The end of a connection."""

    data: _U32

    @classmethod
    def parse(cls, data: bytes, at: int = 0) -> Disconnect:
        """Parse the command at ``at``."""
        return cls(*DISCONNECT.unpack_from(data, at)[_HEAD_FIELDS:])

    def build(self) -> bytes:
        """The bytes after the head."""
        return DISCONNECT.pack(0, 0, 0, *self)[_HEAD_SIZE:]


class BandwidthLimit(NamedTuple):
    """The receive and send limits of the sender, in bytes per second; 0 is unlimited."""

    incoming_bandwidth: _U32
    outgoing_bandwidth: _U32

    @classmethod
    def parse(cls, data: bytes, at: int = 0) -> BandwidthLimit:
        """Parse the command at ``at``."""
        return cls(*BANDWIDTH_LIMIT.unpack_from(data, at)[_HEAD_FIELDS:])

    def build(self) -> bytes:
        """The bytes after the head."""
        return BANDWIDTH_LIMIT.pack(0, 0, 0, *self)[_HEAD_SIZE:]


class ThrottleConfigure(NamedTuple):
    """Parameters of the packet throttle; the receiver adopts them."""

    interval: _U32
    acceleration: _U32
    deceleration: _U32

    @classmethod
    def parse(cls, data: bytes, at: int = 0) -> ThrottleConfigure:
        """Parse the command at ``at``."""
        return cls(*THROTTLE_CONFIGURE.unpack_from(data, at)[_HEAD_FIELDS:])

    def build(self) -> bytes:
        """The bytes after the head."""
        return THROTTLE_CONFIGURE.pack(0, 0, 0, *self)[_HEAD_SIZE:]


class Fragment(NamedTuple):
    """A piece of a packet: its number and the offset of its data, which follows."""

    start_sequence: _U16
    """The sequence number of the first piece."""
    length: _U16
    fragment_count: _U32
    fragment_number: _U32
    total_length: _U32
    fragment_offset: _U32


class _Reliable(NamedTuple):
    length: _U16


class _Unreliable(NamedTuple):
    unreliable_sequence: _U16
    length: _U16


class _Unsequenced(NamedTuple):
    group: _U16
    length: _U16


Layout = tuple[tuple[str, str], ...]
"""Name and ``struct`` code of each field."""


def _layout(record: Any) -> Layout:
    hints = get_type_hints(record, include_extras=True)
    return tuple((name, hints[name].__metadata__[0]) for name in record._fields)


def _struct(layout: Layout) -> Struct:
    return Struct(">" + "".join(code for _, code in layout))


HEAD_LAYOUT = _layout(Head)
LAYOUTS: dict[Command, Layout] = {
    command: (*HEAD_LAYOUT, *(() if record is None else _layout(record)))
    for command, record in {
        Command.ACKNOWLEDGE: Acknowledge,
        Command.CONNECT: Connect,
        Command.VERIFY_CONNECT: VerifyConnect,
        Command.DISCONNECT: Disconnect,
        Command.PING: None,
        Command.SEND_RELIABLE: _Reliable,
        Command.SEND_UNRELIABLE: _Unreliable,
        Command.SEND_FRAGMENT: Fragment,
        Command.SEND_UNSEQUENCED: _Unsequenced,
        Command.BANDWIDTH_LIMIT: BandwidthLimit,
        Command.THROTTLE_CONFIGURE: ThrottleConfigure,
        Command.SEND_UNRELIABLE_FRAGMENT: Fragment,
    }.items()
}
"""The fields of each command, from its first byte. Data follows if there is a ``length``."""

HEAD = _struct(HEAD_LAYOUT)
_HEAD_FIELDS = len(HEAD_LAYOUT)
_HEAD_SIZE = HEAD.size
ACKNOWLEDGE = _struct(LAYOUTS[Command.ACKNOWLEDGE])
CONNECT = _struct(LAYOUTS[Command.CONNECT])
VERIFY_CONNECT = _struct(LAYOUTS[Command.VERIFY_CONNECT])
DISCONNECT = _struct(LAYOUTS[Command.DISCONNECT])
PING = _struct(LAYOUTS[Command.PING])
SEND_RELIABLE = _struct(LAYOUTS[Command.SEND_RELIABLE])
SEND_UNRELIABLE = _struct(LAYOUTS[Command.SEND_UNRELIABLE])
"""Also for SEND_UNSEQUENCED, whose group takes the place of the unreliable number."""
FRAGMENT = _struct(LAYOUTS[Command.SEND_FRAGMENT])
BANDWIDTH_LIMIT = _struct(LAYOUTS[Command.BANDWIDTH_LIMIT])
THROTTLE_CONFIGURE = _struct(LAYOUTS[Command.THROTTLE_CONFIGURE])

_SIZES: dict[int, int] = {command: _struct(layout).size for command, layout in LAYOUTS.items()}
COMMAND_SIZES: tuple[int, ...] = tuple(_SIZES.get(number, 0) for number in range(COMMAND_MASK + 1))
"""Fixed size of each command by number; 0 for numbers without a command."""


def pack_connect_id(connect_id: int) -> bytes:
    """The four wire bytes of a connect id."""
    return connect_id.to_bytes(4, "little")


def unpack_connect_id(raw: bytes) -> int:
    """The connect id in four wire bytes."""
    return int.from_bytes(raw, "little")
