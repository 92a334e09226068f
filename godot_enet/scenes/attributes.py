"""Sets the properties of a scene's node as attributes of a Python object."""

from __future__ import annotations

from collections.abc import MutableMapping, MutableSequence
from copy import copy
from functools import cache
from typing import Any

from godot_enet.compat.errors import log_exception
from godot_enet.compat.scene.node import Node
from godot_enet.compat.variant import NodePath
from godot_enet.core.interrupts import raised_by_signal_handler
from godot_enet.scenes.native_properties import native_properties, placed
from godot_enet.scenes.scene import SceneNode

__all__ = ["connect_node_paths", "set_attributes"]

_SET_UP = {
    "spawn_path",
    "spawn_limit",
    "root_path",
    "replication_interval",
    "delta_interval",
    "replication_config",
    "visibility_update_mode",
    "public_visibility",
}
"""Properties of spawners and synchronizers, which are set up as a whole."""


def set_attributes(node: Node, record: SceneNode) -> None:
    """Set the properties of a scene's node, and the defaults of its Godot class that the Python class lacks.

    Only names that are valid attributes and not those of methods are set.

    Names that start with an underscore or contain a slash, such as metadata and theme overrides, are skipped.
    """
    cls: Any = type(node)
    for name, value in _missing_properties(cls, record.type).items():
        vars(node).setdefault(name, value)
    is_native = record.type in ("MultiplayerSpawner", "MultiplayerSynchronizer")
    properties = record.properties
    if "transform" in properties:
        properties = placed(properties["transform"], properties.get("rotation_order")) | properties
    for name, value in properties.items():
        if name.startswith("_") or not name.isidentifier() or (is_native and name in _SET_UP):
            continue
        if name in record.node_paths or callable(getattr(type(node), name, None)):
            continue
        _set(node, name, _copied(value))


@cache
def _missing_properties(cls: type[Any], native: str) -> dict[str, Any]:
    return {name: value for name, value in native_properties(native).items() if not hasattr(cls, name)}


def _copied(value: Any) -> Any:
    """Return a copy of a mutable value, so that nodes do not share it; resources are shared, as in Godot."""
    if type(value) is list:
        return [_copied(each) for each in value]
    if type(value) is dict:
        return {key: _copied(each) for key, each in value.items()}
    return copy(value) if isinstance(value, (MutableSequence, MutableMapping)) else value


def connect_node_paths(node: Node, record: SceneNode) -> None:
    """Set the properties that refer to nodes, after all nodes of the scene exist; None for a missing node."""
    for name in record.node_paths & record.properties.keys():
        value = record.properties[name]
        _set(node, name, [_node_at(node, each) for each in value] if isinstance(value, list) else _node_at(node, value))


def _node_at(node: Node, path: Any) -> Any:
    return node.get_node_or_null(path) if isinstance(path, NodePath) else path


def _set(node: Node, name: str, value: Any) -> None:
    try:
        setattr(node, name, value)
    except Exception as error:
        if raised_by_signal_handler(error):
            raise
        log_exception(f"Cannot set {name} of {type(node).__name__} to the value in its scene.", error)
