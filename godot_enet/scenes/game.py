"""Instantiates the scenes of a Godot project as nodes of this package, with Python classes instead of scripts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.replication.config import SceneReplicationConfig
from godot_enet.compat.scene.replication.scenes import register_scene, register_uid
from godot_enet.compat.scene.replication.spawner import MultiplayerSpawner
from godot_enet.compat.scene.replication.synchronizer import MultiplayerSynchronizer
from godot_enet.compat.scene.scene_tree import SceneTree
from godot_enet.compat.scene.timer import Timer
from godot_enet.scenes.attributes import connect_node_paths, set_attributes
from godot_enet.scenes.classes import NodeFactory, check_classes, registered_class
from godot_enet.scenes.connections import connect
from godot_enet.scenes.derived_properties import set_derived
from godot_enet.scenes.errors import Problem, SceneError
from godot_enet.scenes.native_properties import native_class
from godot_enet.scenes.project import Project
from godot_enet.scenes.replication import spawner_setup, synchronizer_setup
from godot_enet.scenes.scene import Origin, Scene, SceneNode

__all__ = ["Game", "PackedScene"]

_NATIVE: dict[str, type[Node]] = {
    "MultiplayerSpawner": MultiplayerSpawner,
    "MultiplayerSynchronizer": MultiplayerSynchronizer,
    "Timer": Timer,
}


class PackedScene:
    """A scene of a game that can be instantiated any number of times; see :meth:`Game.load`.

    Args:
        game: the game that the scene belongs to.
        scene: its description.
    """

    def __init__(self, game: Game, scene: Scene) -> None:
        self.scene = scene
        self._game = game

    def __repr__(self) -> str:
        return f"<PackedScene {self.scene.path}>"

    @property
    def resource_path(self) -> str:
        """Its path."""
        return self.scene.path

    def instantiate(self) -> Node:
        """Create the nodes of the scene, outside any tree, and return the root.

        As in Godot, a node gets its properties before its children, and parents come before children. Properties are
        set as attributes; an exception in a setter is logged. Finally, signals are connected if the node has the signal
        and the class of the other node has the method.

        Raises:
            TypeError: a class replaces a spawner or synchronizer but does not inherit it.
        """
        made: dict[int, Node] = {}
        for record in self.scene.nodes():
            node = self._game._make(record)
            made[id(record)] = node
            if record.parent is not None:
                made[id(record.parent)].add_child(node)
            if record.owner is not None:
                node.owner = made[id(record.owner)]
                node.unique_name_in_owner = record.is_unique
        for record in self.scene.nodes():
            connect_node_paths(made[id(record)], record)
        for node in made.values():
            if isinstance(node, MultiplayerSynchronizer):
                _set_derived_properties(node)
        for each in self.scene.connections:
            connect(each, made[id(each.source)], made[id(each.target)])
        return made[id(self.scene.root)]


class Game:
    """A Godot project whose scenes can be instantiated.

    Args:
        folder: the folder with ``project.godot``.
        classes: Python classes by the path of the script or scene that they replace. Other paths are looked up among
            the classes decorated with :func:`script`; everything else becomes a ``Node`` with the properties of
            its Godot class.

    Raises:
        SceneError: there is no ``project.godot``, or it cannot be read.
        TypeError: a class for a script does not inherit ``Node``.
    """

    def __init__(self, folder: str | Path, classes: Mapping[str, NodeFactory] | None = None) -> None:
        self.project = Project(folder)
        self.classes = dict(classes or {})
        check_classes(self.classes)
        self._scenes: dict[str, PackedScene] = {}
        self._configs: dict[Origin, SceneReplicationConfig] = {}

    def __repr__(self) -> str:
        return f"<Game {self.project.name!r} in {self.project.folder.root}>"

    def load(self, path: str) -> PackedScene:
        """Load a scene, like Godot's ``load``.

        Args:
            path: ``res://`` or ``uid://``.

        Raises:
            SceneError: it cannot be read.
        """
        place = self.project.locate(path) or path
        if place not in self._scenes:
            self._scenes[place] = PackedScene(self, self.project.scene(place))
        return self._scenes[place]

    def instantiate(self, path: str) -> Node:
        """Create the nodes of a scene: ``load(path).instantiate()``."""
        return self.load(path).instantiate()

    def autoloads(self) -> list[Node]:
        """Create the nodes of the autoloads, in order. Autoloads that cannot be loaded are reported as problems."""
        found = []
        for autoload in self.project.autoloads:
            try:
                if autoload.path.endswith((".tscn", ".scn")):
                    node = self.instantiate(autoload.path)
                else:
                    node = (self._class_for(autoload.path) or Node)()
            except SceneError as error:
                self.project.add_problem(
                    Problem("res://project.godot", autoload.line, f"autoload {autoload.name} is skipped: {error}")
                )
                continue
            node.name = autoload.name
            found.append(node)
        return found

    def start(self, tree: SceneTree) -> Node | None:
        """Add the autoloads and then the main scene to the root of a tree, like Godot at the start of a game.

        Returns:
            The root of the main scene; None if the project has none.

        Raises:
            SceneError: the main scene cannot be read.
        """
        for node in self.autoloads():
            tree.root.add_child(node)
        path = self.project.main_scene
        if not path:
            return None
        main = self.instantiate(path)
        tree._scene.start(main)
        return main

    def register_scenes(self) -> None:
        """Call :func:`~godot_enet.register_scene` for each scene of this game that is saved as text, for spawners.

        From then on ``add_spawnable_scene`` also takes the ``uid://`` of a scene.
        """
        for path in self.project.scene_paths():
            register_scene(path, partial(self.instantiate, path))
        for uid, path in self.project.uids.paths().items():
            register_uid(uid, path)

    # Nodes

    def _class_for(self, path: str) -> NodeFactory | None:
        """The class for a script or scene; :func:`script` may decorate it after the game has been read."""
        return self.classes.get(path) or registered_class(path)

    def _make(self, record: SceneNode) -> Node:
        """Create a node with its name, groups and properties, outside any tree."""
        native = _NATIVE.get(record.type, Node)
        stands_here = self._class_for(record.script) or self._class_for(record.scene)
        node = (stands_here or _NATIVE.get(record.type) or native_class(record.type))()
        if not isinstance(node, native):
            place = record.script or record.scene
            raise TypeError(f"{type(node).__name__} replaces {place}, so it must inherit {native.__name__}")
        node.name = record.name
        node.scene_file_path = record.scene
        for group in record.groups:
            node.add_to_group(group, True)
        if isinstance(node, MultiplayerSpawner):
            self._set_up_spawner(node, record)
        elif isinstance(node, MultiplayerSynchronizer):
            self._set_up_synchronizer(node, record)
        set_attributes(node, record)
        return node

    def _set_up_spawner(self, node: MultiplayerSpawner, record: SceneNode) -> None:
        setup = spawner_setup(self.project, record)
        node.spawn_path = setup.spawn_path
        node.spawn_limit = setup.spawn_limit
        for path in setup.scenes:
            is_readable = path.endswith(".tscn") and self.project.exists(path)
            node.add_spawnable_scene(path, partial(self.instantiate, path) if is_readable else None)

    def _set_up_synchronizer(self, node: MultiplayerSynchronizer, record: SceneNode) -> None:
        setup = synchronizer_setup(self.project, record)
        node.root_path = setup.root_path
        node.replication_interval = setup.replication_interval
        node.delta_interval = setup.delta_interval
        node.visibility_update_mode = setup.visibility_update_mode
        node.public_visibility = setup.public_visibility
        if "replication_config" not in record.properties:
            return
        key = setup.origin  # nodes of one scene share their resources, as in Godot
        if key not in self._configs:
            config = self._configs[key] = SceneReplicationConfig()
            for entry in setup.properties:
                config.add_property(entry.path)
                config.property_set_spawn(entry.path, entry.spawn)
                config.property_set_replication_mode(entry.path, entry.mode)
        node.replication_config = self._configs[key]


def _set_derived_properties(node: MultiplayerSynchronizer) -> None:
    """Set the properties that a synchronizer replicates and Godot computes, so that they can be read and received."""
    root, config = node.get_node_or_null(node.root_path), node.replication_config
    for path in config.get_properties() if root is not None and config is not None else ():
        set_derived(root, path)
