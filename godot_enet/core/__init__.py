"""Plain ENet, without Godot's classes."""

from godot_enet.core.any_host import AnyHost, HostOpener
from godot_enet.core.drivers.waiting import Waker
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
    SeveralShards,
    UnknownPeer,
    UnknownZone,
)
from godot_enet.core.host import Host
from godot_enet.core.interface import (
    Address,
    Clock,
    Compressor,
    Datagram,
    DropReport,
    Engine,
    HostView,
    PeerInfo,
    Summary,
    Transport,
    TransportStage,
)
from godot_enet.core.native import NativeUnavailable
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
from godot_enet.core.shards import shard_of

__all__ = [
    "Address",
    "AnyHost",
    "BindError",
    "Clock",
    "Command",
    "Compressor",
    "Datagram",
    "DisconnectMode",
    "DisconnectReason",
    "Drop",
    "DropReport",
    "EnetError",
    "Engine",
    "Event",
    "EventType",
    "Host",
    "HostBusy",
    "HostClosed",
    "HostConfig",
    "HostOpener",
    "HostStatistic",
    "HostView",
    "InvalidChannel",
    "NativeUnavailable",
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
    "SeveralShards",
    "Summary",
    "Transport",
    "TransportStage",
    "UnknownPeer",
    "UnknownZone",
    "Waker",
    "shard_of",
]
