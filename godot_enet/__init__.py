"""ENet as Godot speaks it, for programs that are not Godot.

What every program needs is imported at once; the rest when it is first asked for, so that a bot with one connection
starts in milliseconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from godot_enet.compat import ENetConnection, ENetPacketPeer, Error, PacketPeer
from godot_enet.core.host import available_engines

if TYPE_CHECKING:
    from godot_enet.compat.crypto import Crypto, CryptoKey, HashingContext, HMACContext, TLSOptions, X509Certificate
    from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
    from godot_enet.compat.multiplayer_peer import MultiplayerPeer
    from godot_enet.compat.offline_multiplayer_peer import OfflineMultiplayerPeer
    from godot_enet.compat.scene.drops import SceneDrop
    from godot_enet.compat.scene.multiplayer_api import MultiplayerAPI
    from godot_enet.compat.scene.node import Node
    from godot_enet.compat.scene.rpc import rpc
    from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
    from godot_enet.compat.scene.scene_tree import SceneTree
    from godot_enet.compat.signal import ConnectFlags, Signal, SignalProperty, run_deferred
    from godot_enet.compat.variant import (
        AABB,
        RID,
        Array,
        Basis,
        Color,
        Dictionary,
        NodePath,
        PackedByteArray,
        PackedColorArray,
        PackedFloat32Array,
        PackedFloat64Array,
        PackedInt32Array,
        PackedInt64Array,
        PackedStringArray,
        PackedVector2Array,
        PackedVector3Array,
        PackedVector4Array,
        Plane,
        Projection,
        Quaternion,
        Rect2,
        Rect2i,
        StringName,
        Transform2D,
        Transform3D,
        Variant,
        VariantType,
        Vector2,
        Vector2i,
        Vector3,
        Vector3i,
        Vector4,
        Vector4i,
        bytes_to_var,
        bytes_to_var_with_objects,
        typeof,
        var_to_bytes,
        var_to_bytes_with_objects,
    )

__all__ = [
    "AABB",
    "RID",
    "Array",
    "Basis",
    "Color",
    "ConnectFlags",
    "Crypto",
    "CryptoKey",
    "Dictionary",
    "ENetConnection",
    "ENetMultiplayerPeer",
    "ENetPacketPeer",
    "Error",
    "HMACContext",
    "HashingContext",
    "MultiplayerAPI",
    "MultiplayerPeer",
    "Node",
    "NodePath",
    "OfflineMultiplayerPeer",
    "PackedByteArray",
    "PackedColorArray",
    "PackedFloat32Array",
    "PackedFloat64Array",
    "PackedInt32Array",
    "PackedInt64Array",
    "PackedStringArray",
    "PackedVector2Array",
    "PackedVector3Array",
    "PackedVector4Array",
    "PacketPeer",
    "Plane",
    "Projection",
    "Quaternion",
    "Rect2",
    "Rect2i",
    "SceneDrop",
    "SceneMultiplayer",
    "SceneTree",
    "Signal",
    "SignalProperty",
    "StringName",
    "TLSOptions",
    "Transform2D",
    "Transform3D",
    "Variant",
    "VariantType",
    "Vector2",
    "Vector2i",
    "Vector3",
    "Vector3i",
    "Vector4",
    "Vector4i",
    "X509Certificate",
    "available_engines",
    "bytes_to_var",
    "bytes_to_var_with_objects",
    "rpc",
    "run_deferred",
    "typeof",
    "var_to_bytes",
    "var_to_bytes_with_objects",
]

__version__ = "0.1.0"

_LATER = {
    "crypto": (
        "Crypto",
        "CryptoKey",
        "HMACContext",
        "HashingContext",
        "TLSOptions",
        "X509Certificate",
    ),
    "enet_multiplayer_peer": ("ENetMultiplayerPeer",),
    "multiplayer_peer": ("MultiplayerPeer",),
    "offline_multiplayer_peer": ("OfflineMultiplayerPeer",),
    "scene.drops": ("SceneDrop",),
    "scene.multiplayer_api": ("MultiplayerAPI",),
    "scene.node": ("Node",),
    "scene.rpc": ("rpc",),
    "scene.scene_multiplayer": ("SceneMultiplayer",),
    "scene.scene_tree": ("SceneTree",),
    "signal": (
        "ConnectFlags",
        "Signal",
        "SignalProperty",
        "run_deferred",
    ),
    "variant": (
        "AABB",
        "Array",
        "Basis",
        "Color",
        "Dictionary",
        "NodePath",
        "PackedByteArray",
        "PackedColorArray",
        "PackedFloat32Array",
        "PackedFloat64Array",
        "PackedInt32Array",
        "PackedInt64Array",
        "PackedStringArray",
        "PackedVector2Array",
        "PackedVector3Array",
        "PackedVector4Array",
        "Plane",
        "Projection",
        "Quaternion",
        "RID",
        "Rect2",
        "Rect2i",
        "StringName",
        "Transform2D",
        "Transform3D",
        "Variant",
        "VariantType",
        "Vector2",
        "Vector2i",
        "Vector3",
        "Vector3i",
        "Vector4",
        "Vector4i",
        "bytes_to_var",
        "bytes_to_var_with_objects",
        "typeof",
        "var_to_bytes",
        "var_to_bytes_with_objects",
    ),
}
"""Names by the module of compat that has them."""
_HOME = {name: home for home, names in _LATER.items() for name in names}


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"godot_enet.compat.{home}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
