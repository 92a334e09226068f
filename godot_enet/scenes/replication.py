"""The configuration of the spawners and synchronizers of a scene."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from godot_enet.compat.variant import NodePath, PackedStringArray, Variant
from godot_enet.scenes.errors import Problem, SceneError
from godot_enet.scenes.project import Project
from godot_enet.scenes.records import ExtResource, SubResource
from godot_enet.scenes.scene import Origin, SceneNode

__all__ = [
    "ALWAYS",
    "NEVER",
    "ON_CHANGE",
    "ReplicatedProperty",
    "SpawnerSetup",
    "SynchronizerSetup",
    "replicated_properties",
    "spawner_setup",
    "synchronizer_setup",
]

NEVER, ALWAYS, ON_CHANGE = range(3)
"""The names of Godot's ``SceneReplicationConfig.ReplicationMode``."""
_ENTRY = re.compile(r"properties/(\d+)/(\w+)", re.ASCII)
_FLAGS = {"sync": ALWAYS, "watch": ON_CHANGE}
"""The format of Godot 4.0."""

_T = TypeVar("_T")


class ReplicatedProperty(NamedTuple):
    """An entry of a ``SceneReplicationConfig``."""

    path: NodePath
    """The path from the root node of the synchronizer."""
    spawn: bool
    mode: int
    """``NEVER``, ``ALWAYS`` or ``ON_CHANGE``."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class SpawnerSetup:
    """The configuration of a ``MultiplayerSpawner``."""

    spawn_path: NodePath
    spawn_limit: int
    scenes: list[str]
    """Paths, in the order that both ends must have; empty for a ``uid://`` that no file has."""
    origin: Origin
    """The place of the list of scenes, or of the node without one."""


@dataclass(frozen=True, slots=True)
class SynchronizerSetup:
    """The configuration of a ``MultiplayerSynchronizer``."""

    root_path: NodePath
    replication_interval: float
    delta_interval: float
    visibility_update_mode: int
    public_visibility: bool
    properties: list[ReplicatedProperty]
    origin: Origin
    """The place of the config, or of the node without one."""


def _property(node: SceneNode, name: str, default: _T) -> _T:
    """A property of the same type as its default; an int counts as a float, too."""
    found = node.properties.get(name, default)
    if isinstance(default, float) and type(found) is int:
        return float(found)  # type: ignore[return-value]
    return found if isinstance(found, type(default)) else default


def spawner_setup(project: Project, node: SceneNode) -> SpawnerSetup:
    """Read the configuration of a ``MultiplayerSpawner``. Missing scenes are reported as problems of the project."""
    origin = node.origins.get("_spawnable_scenes", node.origin)
    scenes = []
    for written in _property(node, "_spawnable_scenes", PackedStringArray()):
        path = project.locate(written, beside=origin.file)
        if not path:
            project.add_problem(Problem(*origin, f"{node.name}: no file with {written}"))
        elif not project.exists(path):
            project.add_problem(Problem(*origin, f"{node.name}: scene not found: {path}"))
        scenes.append(path)
    return SpawnerSetup(_property(node, "spawn_path", NodePath()), _property(node, "spawn_limit", 0), scenes, origin)


def synchronizer_setup(project: Project, node: SceneNode) -> SynchronizerSetup:
    """Read the configuration of a ``MultiplayerSynchronizer``. Unreadable parts are problems of the project."""
    config, origin = node.properties.get("replication_config"), node.origins.get("replication_config", node.origin)
    properties: list[ReplicatedProperty] = []
    if isinstance(config, ExtResource):
        try:
            resource = project.resource_file(config.path).resource
        except SceneError as error:
            project.add_problem(Problem(*origin, f"{node.name} has no replication_config: {error}"))
        else:
            if resource is not None:
                origin = Origin(config.path, resource.line)
                properties = replicated_properties(project, resource, config.path)
    elif isinstance(config, SubResource):
        origin = Origin(origin.file, config.line)
        properties = replicated_properties(project, config, origin.file)
    return SynchronizerSetup(
        _property(node, "root_path", NodePath("..")),
        _property(node, "replication_interval", 0.0),
        _property(node, "delta_interval", 0.0),
        _property(node, "visibility_update_mode", 0),
        _property(node, "public_visibility", True),
        properties,
        origin,
    )


def replicated_properties(project: Project, config: SubResource, file: str) -> list[ReplicatedProperty]:
    """Read the entries of a ``SceneReplicationConfig``, in order. Entries that Godot rejects are problems.

    Args:
        project: records the problems.
        config: the resource.
        file: the file that contains it.
    """
    # godot: modules/multiplayer/scene_replication_config.cpp: SceneReplicationConfig::_set
    found: list[ReplicatedProperty] = []
    for name, value in config.properties.items():
        match = _ENTRY.fullmatch(name)
        if match is None:
            continue
        index, what = int(match.group(1)), match.group(2)
        origin = Origin(file, config.lines[name])
        if index == len(found) and what == "path":
            entry = _new_entry(found, value, origin)
        else:
            entry = _changed(found[index], what, value) if index < len(found) else None
        if entry is None:
            project.add_problem(Problem(*origin, f"Godot rejects {name} = {value!r} here"))
        elif index == len(found):
            found.append(entry)
        else:
            found[index] = entry
    return found


def _new_entry(known: list[ReplicatedProperty], path: Variant, origin: Origin) -> ReplicatedProperty | None:
    is_property = isinstance(path, NodePath) and path.get_subname_count() > 0
    if not is_property or any(each.path == path for each in known):
        return None
    return ReplicatedProperty(path, True, ALWAYS, origin)


def _changed(entry: ReplicatedProperty, what: str, value: Variant) -> ReplicatedProperty | None:
    if what == "replication_mode":
        is_mode = type(value) is int and NEVER <= value <= ON_CHANGE
        return entry._replace(mode=value) if is_mode else None
    if not isinstance(value, bool):
        return None
    if what == "spawn":
        return entry._replace(spawn=value)
    if what in _FLAGS:
        mode = _FLAGS[what]
        return entry._replace(mode=mode if value else NEVER if entry.mode == mode else entry.mode)
    return None
