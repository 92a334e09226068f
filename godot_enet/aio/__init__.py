"""Godot's classes on an asyncio loop: no thread, and the network is served while the program awaits something else.

The classes are those of ``godot_enet`` with a loop instead of a network thread. Create and use them where the loop
runs. See docs/asyncio.md.
"""

from __future__ import annotations

from godot_enet.aio.connection import ENetConnection
from godot_enet.aio.multiplayer import SceneMultiplayer
from godot_enet.aio.multiplayer_peer import ENetMultiplayerPeer

__all__ = ["ENetConnection", "ENetMultiplayerPeer", "SceneMultiplayer"]
