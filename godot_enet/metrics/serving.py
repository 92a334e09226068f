"""The connection and the peers below each class that can listen."""

from __future__ import annotations

from typing import TypeAlias

from godot_enet.compat.enet_connection import ConnectionMethods, ENetConnection
from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer

__all__ = ["Serving", "connection_of", "transport_of"]

Serving: TypeAlias = ENetConnection | ENetMultiplayerPeer | SceneMultiplayer
"""A class that a game server is made of, or its namesake for asyncio."""


def transport_of(serving: Serving) -> MultiplayerPeer | None:
    """Return the numbered peers; None for an ``ENetConnection``, which has none."""
    if isinstance(serving, SceneMultiplayer):
        return serving.get_multiplayer_peer()
    return serving if isinstance(serving, MultiplayerPeer) else None


def connection_of(serving: Serving) -> ConnectionMethods | None:
    """Return the connection of a server or client; None while it is inactive, and for a mesh."""
    if isinstance(serving, ConnectionMethods):
        return serving if serving.engine_name else None
    transport = transport_of(serving)
    found = transport._hosts.get(0) if isinstance(transport, ENetMultiplayerPeer) else None
    return found if found is not None and found.engine_name else None
