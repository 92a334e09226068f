"""What Godot's networking layer has and this package does not have yet. Entries only ever leave this list."""

from __future__ import annotations

__all__ = ["MISSING"]

_CLASSES = {
    "Crypto",
    "CryptoKey",
    "ENetMultiplayerPeer",
    "MultiplayerAPI",
    "MultiplayerPeer",
    "MultiplayerSpawner",
    "MultiplayerSynchronizer",
    "OfflineMultiplayerPeer",
    "SceneMultiplayer",
    "SceneReplicationConfig",
    "TLSOptions",
    "X509Certificate",
}
_METHODS: set[str] = set()
_ENUMS = {
    "Variant.Type",
}
_FUNCTIONS = {
    "bytes_to_var",
    "bytes_to_var_with_objects",
    "var_to_bytes",
    "var_to_bytes_with_objects",
}
MISSING: frozenset[str] = frozenset(_CLASSES | _METHODS | _ENUMS | _FUNCTIONS)
