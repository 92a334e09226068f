"""ENet as Godot speaks it, for programs that are not Godot."""

from godot_enet.compat import ENetConnection, ENetPacketPeer, Error, PacketPeer

__all__ = ["ENetConnection", "ENetPacketPeer", "Error", "PacketPeer"]

__version__ = "0.1.0"
