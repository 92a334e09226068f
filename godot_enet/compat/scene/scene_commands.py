"""The first bytes of the packets of a SceneMultiplayer.

The three lowest bits of the first byte are a command. ``SYS`` commands have a second byte and, except for
authentication, a peer's id after it (32 bits, little-endian, signed)::

    7 0 data            authentication; without data: completed
    7 1 peer            the server: a peer is there
    7 2 peer            the server: a peer is gone
    7 3 peer packet     to the server: pass this on to the peer (0: all, -n: all but n); from it: this is from the peer
"""

# godot: modules/multiplayer/scene_multiplayer.h: NetworkCommands, SysCommands

from __future__ import annotations

from struct import Struct

from godot_enet.compat.multiplayer_peer import MultiplayerPeer

__all__ = [
    "ADD_PEER",
    "AUTH",
    "COMMAND_MASK",
    "CONFIRM_PATH",
    "DEL_PEER",
    "DESPAWN",
    "RAW",
    "RELAY",
    "REMOTE_CALL",
    "SERVER",
    "SIMPLIFY_PATH",
    "SPAWN",
    "SYNC",
    "SYS",
    "SYS_HEAD",
]

COMMAND_MASK = 7
REMOTE_CALL, SIMPLIFY_PATH, CONFIRM_PATH, RAW, SPAWN, DESPAWN, SYNC, SYS = range(8)

AUTH = bytes([SYS, 0])
"""With data: the data for ``auth_callback``. Without: that end has completed."""
ADD_PEER, DEL_PEER, RELAY = 1, 2, 3
SYS_HEAD = Struct("<BBi")
"""``SYS``, the command, a peer."""

SERVER = MultiplayerPeer.TARGET_PEER_SERVER
