"""ENet's numbers under ENet's names: wire constants, limits, defaults and the enums of the API.

Owns: every number that the protocol fixes. Must not know: anything else of this package.
Units: times in milliseconds, lengths and bandwidths in bytes (per second), sequence numbers modulo 65536.
Source of all values: enet: include/enet/enet.h, include/enet/protocol.h, host.c, peer.c.
"""

from __future__ import annotations

from godot_enet.core.protocol.enums import NamedIntEnum, NamedIntFlag

__all__ = [
    "COMMAND_FLAG_ACKNOWLEDGE",
    "COMMAND_FLAG_UNSEQUENCED",
    "COMMAND_MASK",
    "CONTROL_CHANNEL",
    "DEFAULT_PING_INTERVAL",
    "DEFAULT_ROUND_TRIP_TIME",
    "DEFAULT_THROTTLE_ACCELERATION",
    "DEFAULT_THROTTLE_DECELERATION",
    "DEFAULT_THROTTLE_INTERVAL",
    "DEFAULT_TIMEOUT_LIMIT",
    "DEFAULT_TIMEOUT_MAXIMUM",
    "DEFAULT_TIMEOUT_MINIMUM",
    "FREE_WINDOWS",
    "HEADER_COMPRESSED",
    "HEADER_SENT_TIME",
    "HOST_BANDWIDTH_THROTTLE_INTERVAL",
    "HOST_DEFAULT_MAXIMUM_BUFFERED_DATA",
    "HOST_DEFAULT_MAXIMUM_PACKET_SIZE",
    "HOST_DEFAULT_MAXIMUM_QUEUED_DATA",
    "HOST_DEFAULT_MAXIMUM_QUEUED_TOTAL",
    "HOST_DEFAULT_MAXIMUM_WAITING_DATA",
    "HOST_DEFAULT_MTU",
    "HOST_SOCKET_RECEIVE_BUFFER",
    "HOST_SOCKET_SEND_BUFFER",
    "KEY_SIZE",
    "MAXIMUM_CHANNEL_COUNT",
    "MAXIMUM_DATAGRAM",
    "MAXIMUM_FRAGMENT_COUNT",
    "MAXIMUM_MTU",
    "MAXIMUM_PACKET_COMMANDS",
    "MAXIMUM_PEER_ID",
    "MAXIMUM_SHARDS",
    "MAXIMUM_WINDOW_SIZE",
    "MINIMUM_MTU",
    "MINIMUM_WINDOW_SIZE",
    "PACKET_LOSS_INTERVAL",
    "PACKET_LOSS_SCALE",
    "PACKET_THROTTLE_COUNTER",
    "PACKET_THROTTLE_SCALE",
    "PLACE_BITS",
    "ROUND_TRIP_BOUNDS",
    "SLOT_BITS",
    "UNKNOWN_SESSION",
    "WINDOW_SIZE_SCALE",
    "Command",
    "DisconnectMode",
    "HostStatistic",
    "NativeCodec",
    "PacketFlag",
    "PeerOption",
    "PeerState",
    "PeerStatistic",
]

MINIMUM_MTU = 576
MAXIMUM_MTU = 4096
MAXIMUM_PACKET_COMMANDS = 32
"""Commands in one datagram, acknowledgements included."""
MINIMUM_WINDOW_SIZE = 4096
MAXIMUM_WINDOW_SIZE = 65536
MAXIMUM_CHANNEL_COUNT = 255
MAXIMUM_PEER_ID = 0xFFF
"""Not a slot: it means that the sender does not know our slot yet. Real slots are 0..4094."""
MAXIMUM_SHARDS = 64
"""Sockets of one host that share a port, each with its own slots."""
SLOT_BITS = 12
PLACE_BITS = 18
"""The low bits of a peer's handle: its slot, below its shard. Above them is its generation."""
MAXIMUM_FRAGMENT_COUNT = 1024 * 1024
CONTROL_CHANNEL = 0xFF
UNKNOWN_SESSION = 0xFF
"""Session id of a slot that was never used."""

COMMAND_FLAG_ACKNOWLEDGE = 0x80
COMMAND_FLAG_UNSEQUENCED = 0x40
COMMAND_MASK = 0x0F
HEADER_COMPRESSED = 0x4000
HEADER_SENT_TIME = 0x8000

HOST_SOCKET_RECEIVE_BUFFER = 4 * 1024 * 1024
"""The requested size, which the system may reduce: large, so that a flood does not displace players' datagrams."""
HOST_SOCKET_SEND_BUFFER = 256 * 1024
HOST_BANDWIDTH_THROTTLE_INTERVAL = 1000
HOST_DEFAULT_MTU = 1392
HOST_DEFAULT_MAXIMUM_PACKET_SIZE = 32 * 1024 * 1024
HOST_DEFAULT_MAXIMUM_WAITING_DATA = 32 * 1024 * 1024
HOST_DEFAULT_MAXIMUM_BUFFERED_DATA = 256 * 1024 * 1024
HOST_DEFAULT_MAXIMUM_QUEUED_DATA = 64 * 1024 * 1024
HOST_DEFAULT_MAXIMUM_QUEUED_TOTAL = 1024 * 1024 * 1024
MAXIMUM_DATAGRAM = 4096
"""The reference's receive buffer: longer datagrams are not ENet."""

PACKET_THROTTLE_SCALE = 32
PACKET_THROTTLE_COUNTER = 7
PACKET_LOSS_SCALE = 65536
PACKET_LOSS_INTERVAL = 10000
WINDOW_SIZE_SCALE = 65536
FREE_WINDOWS = 8
"""enet: ENET_PEER_FREE_RELIABLE_WINDOWS."""

DEFAULT_ROUND_TRIP_TIME = 500
DEFAULT_PING_INTERVAL = 500
DEFAULT_TIMEOUT_LIMIT = 32
DEFAULT_TIMEOUT_MINIMUM = 5000
DEFAULT_TIMEOUT_MAXIMUM = 30000
DEFAULT_THROTTLE_INTERVAL = 5000
DEFAULT_THROTTLE_ACCELERATION = 2
DEFAULT_THROTTLE_DECELERATION = 2

ROUND_TRIP_BOUNDS = (10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000, 2000)
"""Milliseconds: the upper end of each class of round trip times in a summary; the last class has none."""

KEY_SIZE = 32
"""Bytes of the secret from which an engine derives unpredictable numbers."""


class Command(NamedIntEnum):
    """Command numbers of the wire format."""

    NONE = 0
    ACKNOWLEDGE = 1
    CONNECT = 2
    VERIFY_CONNECT = 3
    DISCONNECT = 4
    PING = 5
    SEND_RELIABLE = 6
    SEND_UNRELIABLE = 7
    SEND_FRAGMENT = 8
    SEND_UNSEQUENCED = 9
    BANDWIDTH_LIMIT = 10
    THROTTLE_CONFIGURE = 11
    SEND_UNRELIABLE_FRAGMENT = 12


class PeerState(NamedIntEnum):
    """States of a peer; the numeric order carries meaning in the reference."""

    DISCONNECTED = 0
    CONNECTING = 1
    ACKNOWLEDGING_CONNECT = 2
    CONNECTION_PENDING = 3
    CONNECTION_SUCCEEDED = 4
    CONNECTED = 5
    DISCONNECT_LATER = 6
    DISCONNECTING = 7
    ACKNOWLEDGING_DISCONNECT = 8
    ZOMBIE = 9


class PacketFlag(NamedIntFlag):
    """Flags of a packet; 0 is plain unreliable, sequenced."""

    RELIABLE = 1
    UNSEQUENCED = 2
    UNRELIABLE_FRAGMENT = 8


class DisconnectMode(NamedIntEnum):
    """The four ways to end a connection (enet: enet_peer_disconnect*, enet_peer_reset)."""

    NORMAL = 0
    """Notify the remote and wait for its acknowledgement; then a DISCONNECT event."""
    LATER = 1
    """As NORMAL, once everything queued has been delivered."""
    NOW = 2
    """Notify the remote once and remove the peer; no event here."""
    RESET = 3
    """Remove the peer without notifying the remote; no event here."""


class PeerOption(NamedIntEnum):
    """Options for :meth:`Engine.configure`, with their values in order."""

    PING_INTERVAL = 0
    """(interval ms,); 0 restores the default."""
    TIMEOUT = 1
    """(limit, minimum ms, maximum ms); 0 restores each default."""
    THROTTLE = 2
    """(interval ms, acceleration, deceleration); sent to the remote, which adopts them."""


class NativeCodec(NamedIntEnum):
    """The codecs that the C library implements (see ``native_mode`` of a compressor)."""

    NONE = 0
    RANGE_CODER = 1
    FASTLZ = 2
    OUTSIDE = 3
    """Any other: the caller of the C engine does the work."""


class PeerStatistic(NamedIntEnum):
    """Per-peer statistics, in the order and units of ``ENetPacketPeer.PeerStatistic``."""

    PACKET_LOSS = 0
    PACKET_LOSS_VARIANCE = 1
    PACKET_LOSS_EPOCH = 2
    ROUND_TRIP_TIME = 3
    ROUND_TRIP_TIME_VARIANCE = 4
    LAST_ROUND_TRIP_TIME = 5
    LAST_ROUND_TRIP_TIME_VARIANCE = 6
    PACKET_THROTTLE = 7
    PACKET_THROTTLE_LIMIT = 8
    PACKET_THROTTLE_COUNTER = 9
    PACKET_THROTTLE_EPOCH = 10
    PACKET_THROTTLE_ACCELERATION = 11
    PACKET_THROTTLE_DECELERATION = 12
    PACKET_THROTTLE_INTERVAL = 13


class HostStatistic(NamedIntEnum):
    """Traffic totals of a host: UDP payloads as they cross the socket, junk included."""

    TOTAL_SENT_DATA = 0
    TOTAL_SENT_PACKETS = 1
    TOTAL_RECEIVED_DATA = 2
    TOTAL_RECEIVED_PACKETS = 3
