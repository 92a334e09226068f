"""ENet as Godot speaks it, for programs that are not Godot."""

from godot_enet.compat import ENetConnection, ENetPacketPeer, Error, PacketPeer
from godot_enet.core.host import available_engines

__all__ = ["ENetConnection", "ENetPacketPeer", "Error", "PacketPeer", "available_engines"]

__version__ = "0.1.0"
