"""Godot's networking classes over the core: Godot's names, defaults, numbers and ways of failing."""

from godot_enet.compat.enet_connection import ENetConnection, ServiceResult
from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.globals import Error
from godot_enet.compat.packet_peer import PacketPeer

__all__ = ["ENetConnection", "ENetPacketPeer", "Error", "PacketPeer", "ServiceResult"]
