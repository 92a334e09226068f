"""ENet itself: no Godot in here. For programs that want plain ENet, and for those who test against it."""

from godot_enet.core.errors import (
    BindError,
    EnetError,
    HostBusy,
    HostClosed,
    InvalidChannel,
    NoFreePeer,
    NotConnected,
    PacketTooLarge,
    SendQueueFull,
    UnknownPeer,
    UnknownZone,
)
from godot_enet.core.host import Host
from godot_enet.core.interface import Address, PeerInfo
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import (
    Command,
    DisconnectMode,
    HostStatistic,
    PacketFlag,
    PeerOption,
    PeerState,
    PeerStatistic,
)
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import DisconnectReason, Event, EventType, PeerHandle

__all__ = [
    "Address",
    "BindError",
    "Command",
    "DisconnectMode",
    "DisconnectReason",
    "Drop",
    "EnetError",
    "Event",
    "EventType",
    "Host",
    "HostBusy",
    "HostClosed",
    "HostConfig",
    "HostStatistic",
    "InvalidChannel",
    "NoFreePeer",
    "NotConnected",
    "PacketFlag",
    "PacketTooLarge",
    "PeerHandle",
    "PeerInfo",
    "PeerOption",
    "PeerState",
    "PeerStatistic",
    "SendQueueFull",
    "UnknownPeer",
    "UnknownZone",
]
