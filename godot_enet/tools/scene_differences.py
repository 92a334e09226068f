"""Differences between a Godot project and nodes of this package, and their effects on a game."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.replication.config import SceneReplicationConfig
from godot_enet.compat.scene.replication.spawner import MultiplayerSpawner
from godot_enet.compat.scene.replication.synchronizer import MultiplayerSynchronizer
from godot_enet.scenes import SceneNode, spawner_setup, synchronizer_setup
from godot_enet.scenes.project import Project
from godot_enet.scenes.replication import ReplicatedProperty
from godot_enet.tools.gdscript import ScriptMethod
from godot_enet.tools.project_scripts import ProjectScripts
from godot_enet.tools.rpc_check import count_of, methods_of

__all__ = ["Difference", "Differences"]

_NUMBERS = "Godot numbers RPCs by their sorted names, so calls reach wrong methods of this node, or none"
_OPTIONS = "one end refuses calls, or sends them in a way that the other does not expect"
_ARGUMENTS = "calls with a different number of arguments fail on arrival"
_NO_NODE = "RPCs and replication do not find the node"
_SPAWNS = "scenes are sent by their position in the list, so another scene or none is created"
_SPAWN_PATH = "nodes are spawned under another parent, where RPCs do not find them"
_PROPERTIES = "values are sent by their position in the list, so wrong properties or none are set"
_ROOT = "the properties of another node are sent"
_MODES = ("never", "always", "on change")


class Difference(NamedTuple):
    """One difference."""

    file: str
    """In the Godot project."""
    line: int
    python: str
    """The Python class, or a description of what is there instead."""
    text: str
    """The difference."""
    effect: str
    """Its effect on a game."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.python}: {self.text}; {self.effect}"


class Differences:
    """Finds differences between a project and the Python side.

    Args:
        project: the project.
        scripts: its scripts.
    """

    def __init__(self, project: Project, scripts: ProjectScripts) -> None:
        self._project = project
        self._scripts = scripts
        self._compared: set[tuple[str, type]] = set()
        self.scripts_told: set[str] = set()
        """Scripts that were compared, or whose node is missing."""

    def of_class(self, path: str, cls: type[Node]) -> Iterator[Difference]:
        """Differences in RPCs between a script and a class; once for each pair.

        Args:
            path: of the script, or with ``:Inner`` of a class inside it.
            cls: its Python class.
        """
        self.tell(path)
        if (path, cls) in self._compared:
            return
        self._compared.add((path, cls))
        theirs, ours = self._scripts.methods(path), methods_of(cls)
        python = f"{cls.__module__}.{cls.__qualname__}"
        for name in sorted({*theirs, *ours}):
            file, line = self._scripts.place(theirs[name]) if name in theirs else (path, 0)
            for text, effect in _method_differences(name, theirs, ours):
                yield Difference(file, line, python, text, effect)

    def of_tree(self, record: SceneNode, node: Node) -> Iterator[Difference]:
        """Differences between a scene and its nodes in Python.

        Args:
            record: the root of the scene.
            node: the root of the nodes.
        """
        for each in record.walk():
            if not self.matters(each):
                continue
            found = node.get_node_or_null(each.path)
            if found is None:
                self.tell(each.script)
                yield Difference(*each.origin, type(node).__qualname__, f"there is no node {each.path}", _NO_NODE)
                continue
            if each.script:
                yield from self.of_class(each.script, type(found))
            if each.type == "MultiplayerSpawner":
                yield from self._of_spawner(each, found)
            if each.type == "MultiplayerSynchronizer":
                yield from self._of_synchronizer(each, found)

    def tell(self, path: str) -> None:
        """Mark a script, and those that it extends, as compared."""
        self.scripts_told.add(path)
        self.scripts_told.update(self._scripts.place(method)[0] for method in self._scripts.methods(path).values())

    def matters(self, record: SceneNode) -> bool:
        """Whether a node has RPCs or is replicated."""
        if record.type in ("MultiplayerSpawner", "MultiplayerSynchronizer"):
            return True
        return bool(record.script and self._scripts.methods(record.script))

    def _of_spawner(self, record: SceneNode, node: Node) -> Iterator[Difference]:
        setup = spawner_setup(self._project, record)
        if not isinstance(node, MultiplayerSpawner):
            text = f"{record.path} is not a MultiplayerSpawner"
            yield Difference(*record.origin, type(node).__qualname__, text, "nothing is spawned here")
            return
        ours = [node.get_spawnable_scene(index) for index in range(node.get_spawnable_scene_count())]
        ours = [self._project.locate(path) or path if path else "" for path in ours]
        if ours != setup.scenes:
            text = f"{record.path} spawns {_listed(setup.scenes)} in Godot, {_listed(ours)} in Python"
            yield Difference(*setup.origin, type(node).__qualname__, text, _SPAWNS)
        if node.spawn_path != setup.spawn_path:
            origin = record.origins.get("spawn_path", record.origin)
            text = f"{record.path} has the spawn_path {setup.spawn_path} in Godot, {node.spawn_path} in Python"
            yield Difference(*origin, type(node).__qualname__, text, _SPAWN_PATH)

    def _of_synchronizer(self, record: SceneNode, node: Node) -> Iterator[Difference]:
        setup = synchronizer_setup(self._project, record)
        if not isinstance(node, MultiplayerSynchronizer):
            text = f"{record.path} is not a MultiplayerSynchronizer"
            yield Difference(*record.origin, type(node).__qualname__, text, "nothing is sent or set here")
            return
        if node.root_path != setup.root_path:
            origin = record.origins.get("root_path", record.origin)
            text = f"{record.path} has the root_path {setup.root_path} in Godot, {node.root_path} in Python"
            yield Difference(*origin, type(node).__qualname__, text, _ROOT)
        ours = _entries(node.replication_config)
        for index, entry in enumerate(setup.properties):
            told = _told(entry)
            if ours[index : index + 1] != [told]:
                other = ours[index] if index < len(ours) else "nothing"
                text = f"{record.path}, property {index}: {told} in Godot, {other} in Python"
                yield Difference(*entry.origin, type(node).__qualname__, text, _PROPERTIES)
        if len(ours) > len(setup.properties):
            more = _listed(ours[len(setup.properties) :])
            text = f"{record.path} has nothing more in Godot, {more} in Python"
            yield Difference(*setup.origin, type(node).__qualname__, text, _PROPERTIES)


def _method_differences(
    name: str, theirs: Mapping[str, ScriptMethod], ours: Mapping[str, ScriptMethod]
) -> Iterator[tuple[str, str]]:
    their, our = theirs.get(name), ours.get(name)
    if their is None or our is None:
        yield f"RPC {name} is missing in {'GDScript' if their is None else 'Python'}", _NUMBERS
        return
    channel = our.config.channel if their.unknown_channel else their.config.channel
    if their.config._replace(channel=channel) != our.config:
        yield f"RPC {name} is {their.config} in GDScript, {our.config} in Python", _OPTIONS
    if (their.fewest, their.most) != (our.fewest, our.most):
        yield f"RPC {name} takes {count_of(their)} in GDScript, {count_of(our)} in Python", _ARGUMENTS


def _listed(texts: list[str]) -> str:
    return ", ".join(texts) or "nothing"


def _told(entry: ReplicatedProperty) -> str:
    return _entry(str(entry.path), entry.spawn, entry.mode)


def _entry(path: str, spawn: bool, mode: int) -> str:
    return f"{path} ({_MODES[mode]}{', at spawn' if spawn else ''})"


def _entries(config: SceneReplicationConfig | None) -> list[str]:
    if config is None:
        return []
    return [
        _entry(str(path), config.property_get_spawn(path), int(config.property_get_replication_mode(path)))
        for path in config.get_properties()
    ]
