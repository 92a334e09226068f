"""Python source text for the declarations of a script."""

from __future__ import annotations

import json
import keyword
import math
from typing import Any

import godot_enet
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene.rpc_config import RpcConfig, RPCMode
from godot_enet.compat.variant import Variant, Vector2
from godot_enet.compat.variant.row import Row
from godot_enet.tools.gdscript import Declaration, ScriptClass

__all__ = ["annotation", "declaration", "decorator", "kind_of_derived", "parameter", "quoted", "safe", "value_of"]

_TYPES = {"String": "str", "StringName": "str", "Array": "list[Any]", "Dictionary": "dict[Any, Any]"}
_PLAIN = ("int", "float", "bool", "str")
_MODES: dict[int, str] = {
    MultiplayerPeer.TransferMode.TRANSFER_MODE_UNRELIABLE: "unreliable",
    MultiplayerPeer.TransferMode.TRANSFER_MODE_UNRELIABLE_ORDERED: "unreliable_ordered",
}


def annotation(script: ScriptClass, declared: Declaration) -> str:
    kind = declared.type
    if not kind and declared.default is not None:
        kind = type(value_of(script, declared)).__name__
    value = getattr(godot_enet, kind, None) if kind.isidentifier() else None
    if kind in _PLAIN or hasattr(value, "variant_type"):
        return kind
    return "list[Any]" if kind.startswith("Array[") else _TYPES.get(kind, "Any")


def value_of(script: ScriptClass, declared: Declaration) -> Any:
    """The constant that it is by default; None if there is none, or none that a line of Python shows."""
    if declared.default is None:
        return _by_itself(declared.type)
    try:
        value = script.value(declared.default)
    except (ValueError, OSError):
        return None
    finite = not isinstance(value, float) or math.isfinite(value)
    return value if finite and isinstance(value, (bool, int, float, str, Row)) else None


def kind_of_derived(name: str, native: dict[str, Variant]) -> str:
    """The type of a property that follows from others of a node, such as ``global_position``; empty if it is none."""
    plain = name.removeprefix("global_").removesuffix("_degrees")
    if plain in native:
        return type(native[plain]).__name__
    if plain == "transform" and "position" in native:
        return "Transform2D" if isinstance(native["position"], Vector2) else "Transform3D"
    return {"basis": "Basis", "quaternion": "Quaternion"}.get(plain, "")


def _by_itself(kind: str) -> Any:
    """What a variable of a type is in GDScript before anything is assigned to it."""
    if kind in ("int", "float", "bool"):
        return {"int": 0, "float": 0.0, "bool": False}[kind]
    if kind in ("String", "StringName"):
        return ""
    value = getattr(godot_enet, kind, None) if kind.isidentifier() else None
    return value() if isinstance(value, type) and issubclass(value, Row) else None


def declaration(script: ScriptClass, declared: Declaration) -> str:
    """With a value in any case."""
    value = value_of(script, declared)
    kind = annotation(script, declared)
    return f"{declared.name}: {kind if value is not None or kind == 'Any' else f'{kind} | None'} = {_shown(value)}"


def parameter(script: ScriptClass, declared: Declaration) -> str:
    """With a value if it has one."""
    if declared.default is not None:
        return declaration(script, declared)
    return f"{declared.name}: {annotation(script, declared)}"


def safe(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _shown(value: object) -> str:
    return quoted(value) if type(value) is str else repr(value)


def quoted(text: str) -> str:
    return json.dumps(text)


def decorator(config: RpcConfig) -> str:
    words = ["any_peer" if config.mode == RPCMode.RPC_MODE_ANY_PEER else "authority"]
    if config.call_local:
        words.append("call_local")
    if config.transfer_mode != MultiplayerPeer.TransferMode.TRANSFER_MODE_RELIABLE:
        words.append(_MODES[config.transfer_mode])
    arguments = [quoted(word) for word in words]
    if config.channel:
        arguments.append(str(config.channel))
    return f"@rpc({', '.join(arguments)})" if arguments != ['"authority"'] else "@rpc"
