"""Godot's ENet networking for Python programs.

The names that every program needs are imported at once, the others on first use, so that a bot with one connection
starts in milliseconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from godot_enet.compat import (
    ConnectEvent,
    DisconnectEvent,
    ENetConnection,
    ENetPacketPeer,
    Error,
    ErrorEvent,
    NoEvent,
    PacketPeer,
    ReceiveEvent,
    ServiceResult,
    error_string,
)
from godot_enet.core.host import available_engines

if TYPE_CHECKING:
    from godot_enet.compat.crypto import Crypto, CryptoKey, HashingContext, HMACContext, TLSOptions, X509Certificate
    from godot_enet.compat.deferred import run_deferred
    from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
    from godot_enet.compat.multiplayer_peer import MultiplayerPeer
    from godot_enet.compat.offline_multiplayer_peer import OfflineMultiplayerPeer
    from godot_enet.compat.scene.drops import SceneDrop
    from godot_enet.compat.scene.multiplayer_api import MultiplayerAPI
    from godot_enet.compat.scene.node import Node
    from godot_enet.compat.scene.replication.config import SceneReplicationConfig
    from godot_enet.compat.scene.replication.limits import ReplicationLimits
    from godot_enet.compat.scene.replication.scenes import SceneFactory, instantiate_scene, register_scene
    from godot_enet.compat.scene.replication.spawner import MultiplayerSpawner
    from godot_enet.compat.scene.replication.synchronizer import MultiplayerSynchronizer
    from godot_enet.compat.scene.replication.traffic import SceneCount, TrafficRow
    from godot_enet.compat.scene.rpc import BoundRpc, RpcDecorator, RpcMethod, rpc
    from godot_enet.compat.scene.rpc_config import RpcConfig
    from godot_enet.compat.scene.scene_change import Instantiable
    from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
    from godot_enet.compat.scene.scene_timers import SceneTreeTimer
    from godot_enet.compat.scene.scene_tree import SceneTree
    from godot_enet.compat.scene.timer import Timer
    from godot_enet.compat.signal import ConnectFlags, Signal, SignalConnection, SignalProperty
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
    "BoundRpc",
    "Color",
    "ConnectEvent",
    "ConnectFlags",
    "Crypto",
    "CryptoKey",
    "Dictionary",
    "DisconnectEvent",
    "ENetConnection",
    "ENetMultiplayerPeer",
    "ENetPacketPeer",
    "Error",
    "ErrorEvent",
    "HMACContext",
    "HashingContext",
    "Instantiable",
    "MultiplayerAPI",
    "MultiplayerPeer",
    "MultiplayerSpawner",
    "MultiplayerSynchronizer",
    "NoEvent",
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
    "ReceiveEvent",
    "Rect2",
    "Rect2i",
    "ReplicationLimits",
    "RpcConfig",
    "RpcDecorator",
    "RpcMethod",
    "SceneCount",
    "SceneDrop",
    "SceneFactory",
    "SceneMultiplayer",
    "SceneReplicationConfig",
    "SceneTree",
    "SceneTreeTimer",
    "ServiceResult",
    "Signal",
    "SignalConnection",
    "SignalProperty",
    "StringName",
    "TLSOptions",
    "Timer",
    "TrafficRow",
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
    "error_string",
    "instantiate_scene",
    "register_scene",
    "rpc",
    "run_deferred",
    "typeof",
    "var_to_bytes",
    "var_to_bytes_with_objects",
]

__version__ = "0.1.0"

_LAZY = {
    "crypto": (
        "Crypto",
        "CryptoKey",
        "HMACContext",
        "HashingContext",
        "TLSOptions",
        "X509Certificate",
    ),
    "deferred": ("run_deferred",),
    "enet_multiplayer_peer": ("ENetMultiplayerPeer",),
    "multiplayer_peer": ("MultiplayerPeer",),
    "offline_multiplayer_peer": ("OfflineMultiplayerPeer",),
    "scene.drops": ("SceneDrop",),
    "scene.multiplayer_api": ("MultiplayerAPI",),
    "scene.node": ("Node",),
    "scene.replication.config": ("SceneReplicationConfig",),
    "scene.replication.limits": ("ReplicationLimits",),
    "scene.replication.scenes": ("SceneFactory", "instantiate_scene", "register_scene"),
    "scene.replication.spawner": ("MultiplayerSpawner",),
    "scene.replication.synchronizer": ("MultiplayerSynchronizer",),
    "scene.replication.traffic": ("SceneCount", "TrafficRow"),
    "scene.rpc": ("BoundRpc", "RpcDecorator", "RpcMethod", "rpc"),
    "scene.rpc_config": ("RpcConfig",),
    "scene.scene_change": ("Instantiable",),
    "scene.scene_multiplayer": ("SceneMultiplayer",),
    "scene.scene_timers": ("SceneTreeTimer",),
    "scene.scene_tree": ("SceneTree",),
    "scene.timer": ("Timer",),
    "signal": (
        "ConnectFlags",
        "Signal",
        "SignalConnection",
        "SignalProperty",
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
"""Names imported on first use, by their module in compat."""
_MODULE_OF = {name: module for module, names in _LAZY.items() for name in names}


def _for_freezers() -> None:
    """Never called. What freezes a game follows import statements, and would leave out what is imported by a string."""
    import godot_enet.compat.crypto
    import godot_enet.compat.deferred
    import godot_enet.compat.enet_multiplayer_peer
    import godot_enet.compat.multiplayer_peer
    import godot_enet.compat.offline_multiplayer_peer
    import godot_enet.compat.scene.drops
    import godot_enet.compat.scene.multiplayer_api
    import godot_enet.compat.scene.node
    import godot_enet.compat.scene.replication.config
    import godot_enet.compat.scene.replication.limits
    import godot_enet.compat.scene.replication.scenes
    import godot_enet.compat.scene.replication.spawner
    import godot_enet.compat.scene.replication.synchronizer
    import godot_enet.compat.scene.replication.traffic
    import godot_enet.compat.scene.rpc
    import godot_enet.compat.scene.rpc_config
    import godot_enet.compat.scene.scene_change
    import godot_enet.compat.scene.scene_multiplayer
    import godot_enet.compat.scene.scene_timers
    import godot_enet.compat.scene.scene_tree
    import godot_enet.compat.scene.timer
    import godot_enet.compat.signal
    import godot_enet.compat.variant  # noqa: F401


def __getattr__(name: str) -> object:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"godot_enet.compat.{module}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
