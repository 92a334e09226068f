"""Godot's networking classes over the core: Godot's names, defaults, numbers and ways of failing."""

from godot_enet.compat.connection_events import (
    ConnectEvent,
    DisconnectEvent,
    ErrorEvent,
    NoEvent,
    ReceiveEvent,
    ServiceResult,
)
from godot_enet.compat.enet_connection import ENetConnection
from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.globals import Error, error_string
from godot_enet.compat.packet_peer import PacketPeer

__all__ = [
    "ConnectEvent",
    "DisconnectEvent",
    "ENetConnection",
    "ENetPacketPeer",
    "Error",
    "ErrorEvent",
    "NoEvent",
    "PacketPeer",
    "ReceiveEvent",
    "ServiceResult",
    "error_string",
]
