"""MultiplayerSpawner: spawns nodes at all peers when its authority adds them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from godot_enet.compat.coroutines import at_once
from godot_enet.compat.errors import as_int, as_str, fail, log_exception
from godot_enet.compat.scene.naming import valid_name
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.replication.packets import CUSTOM
from godot_enet.compat.scene.replication.scenes import SceneFactory, check_factory, factory_of, located, make
from godot_enet.compat.scene.replication.values import duplicate
from godot_enet.compat.signal import ConnectFlags, SignalProperty
from godot_enet.compat.variant import NodePath, PackedStringArray, Variant, typeof
from godot_enet.core.interrupts import raised_by_signal_handler

if TYPE_CHECKING:
    from typing_extensions import Self

    from godot_enet.compat.scene.multiplayer_api import MultiplayerAPI

__all__ = ["MultiplayerSpawner", "SpawnFunction"]

SpawnFunction = Callable[[Any], "Node"]

_MAY_NOT = (
    'Condition "!is_inside_tree() || !get_multiplayer()->has_multiplayer_peer() || !is_multiplayer_authority()" '
    "is true. Returning: nullptr"
)
_LIMIT = "Spawn limit reached!"


class _Scene:
    """A scene in the list."""

    __slots__ = ("factory", "path")

    def __init__(self, path: str, factory: SceneFactory | None) -> None:
        self.path = path
        self.factory = factory


class _Spawned:
    """A node that this spawner has announced."""

    __slots__ = ("_api", "argument", "leaving", "node", "scene")

    def __init__(
        self, node: Node, argument: Variant, scene: int, leaving: Callable[[], None], api: MultiplayerAPI | None
    ) -> None:
        self.node = node
        self.argument = argument
        self.scene = scene
        self.leaving = leaving
        """The callable connected to its ``tree_exiting``."""
        self._api = None if api is None else weakref.ref(api)  # nodes do not keep their multiplayer alive

    def end(self, spawner: MultiplayerSpawner) -> None:
        """Despawn it through the multiplayer where it was announced, whichever this part of the tree has now."""
        api = None if self._api is None else self._api()
        if api is not None:
            api.object_configuration_remove(self.node, spawner)


class MultiplayerSpawner(Node):
    """Announces nodes that are added to its spawn node, and makes the nodes that the spawner of another peer announces.

    Only the peer with authority over the spawner announces, by default the server. A node of a scene in the
    list is announced by itself when it is added to the spawn node; any other one is made by :meth:`spawn`, which calls
    ``spawn_function`` at all peers. All peers need a spawner at the same path with the same scenes in the same order.

    When a node leaves the tree here, it is freed at the other peers. Peers that join later get it, too.
    """

    spawned = SignalProperty[[Node]]("node")
    """A node announced by a remote was made: it is in the tree and ready."""
    despawned = SignalProperty[[Node]]("node")
    """A node announced by a remote has ended: it is out of the tree, and will be freed."""

    _native_class = "MultiplayerSpawner"

    _scenes: list[_Scene]
    _spawn_path: NodePath
    _spawn_limit: int
    _spawn_function: SpawnFunction | None
    _spawn_node: Node | None
    _tracked: dict[int, _Spawned]
    """By ``id()`` of the node."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        node = super().__new__(cls, *args, **kwargs)
        node._scenes = []
        node._spawn_path = NodePath()
        node._spawn_limit = 0
        node._spawn_function = None
        node._spawn_node = None
        node._tracked = {}
        return node

    # The list of scenes

    def add_spawnable_scene(self, path: str, factory: SceneFactory | None = None) -> None:
        """Add a scene to the end of the list. Its position is its number, which must be the same at all peers.

        Args:
            path: its path in the Godot project, such as ``"res://player.tscn"``. A node is of this scene if that is its
                ``scene_file_path``. A ``uid://`` is replaced by its path after ``Game.register_scenes()``; an
                unknown one stays. (In Godot it becomes "", and its scene can never be spawned.)
            factory: a callable that makes a new node with all its children, such as a class, whose objects are then of
                this scene. (Not in Godot.) By default, that of :func:`register_scene`. A scene without one keeps its
                position, and can be announced but not received.
        """
        name = located(as_str(path, "path"))
        self._scenes.append(_Scene(name, None if factory is None else check_factory(factory)))
        if len(self._scenes) == 1 and self._spawn_node is not None:
            self._watch(self._spawn_node)

    def get_spawnable_scene_count(self) -> int:
        """Return the number of scenes in the list."""
        return len(self._scenes)

    def get_spawnable_scene(self, index: int) -> str:
        """Return the path of a scene; ``""``, with an error, beyond the last."""
        place, count = as_int(index, "index"), len(self._scenes)
        if not 0 <= place < count:
            text = f"Index p_idx = {place} is out of bounds ((int)spawnable_scenes.size() = {count})."
            return fail(text, "")
        return self._scenes[place].path

    def clear_spawnable_scenes(self) -> None:
        """Empty the list. Announced nodes stay."""
        self._scenes.clear()
        if self._spawn_node is not None:
            self._unwatch(self._spawn_node)

    def _get_spawnable_scenes(self) -> PackedStringArray:
        return PackedStringArray([scene.path for scene in self._scenes])

    def _set_spawnable_scenes(self, scenes: Sequence[str]) -> None:
        self.clear_spawnable_scenes()
        for path in scenes:
            self.add_spawnable_scene(path)

    # Spawn node, limit and function

    def get_spawn_path(self) -> NodePath:
        """Return the path from here to the node whose children are announced; empty by default."""
        return self._spawn_path

    def set_spawn_path(self, path: NodePath | str) -> None:
        """Set the path to the node whose children are announced."""
        self._spawn_path = NodePath(path)
        self._update_spawn_node()

    def get_spawn_limit(self) -> int:
        """Return the maximum number of nodes that :meth:`spawn` makes; 0, the default, is unlimited."""
        return self._spawn_limit

    def set_spawn_limit(self, limit: int) -> None:
        """Set the maximum number of nodes that :meth:`spawn` makes. Nodes of scenes in the list are only counted."""
        self._spawn_limit = as_int(limit, "limit") & 0xFFFFFFFF

    def get_spawn_function(self) -> SpawnFunction | None:
        """Return the function that :meth:`spawn` calls at all peers; None by default."""
        return self._spawn_function

    def set_spawn_function(self, spawn_function: SpawnFunction | None) -> None:
        """Set the function that :meth:`spawn` calls at all peers: it takes the data, and returns a new node outside any
        tree."""
        if spawn_function is not None and not callable(spawn_function):
            text = f"spawn_function must be callable, not {type(spawn_function).__name__}"
            raise TypeError(text)
        self._spawn_function = spawn_function

    def spawn(self, data: Variant = None) -> Node | None:
        """Make a node by ``spawn_function``, here and at all peers, and add it to the spawn node.

        Args:
            data: the argument of ``spawn_function``, which is sent to the other peers.

        Returns:
            The node at this end; None, with an error, if it cannot be made.
        """
        # godot: multiplayer_spawner.cpp: spawn
        api = self.get_multiplayer()
        if api is None or not self._is_ours(api):
            return fail(_MAY_NOT, None)
        if self._is_full():
            return fail(_LIMIT, None)
        if self._spawn_function is None:
            text = "Custom spawn requires the 'spawn_function' property to be a valid callable."
            return fail(text, None)
        parent = self._spawn_node
        if parent is None or parent._freed:
            return fail("Cannot find spawn node.", None)
        node, lines = self._make_custom(data)
        for line in lines:
            fail(line, None)
        if node is None:
            return fail("The 'spawn_function' callable must return a valid node.", None)
        self._track(node, data, CUSTOM)
        parent.add_child(node, True)
        return node

    # Its life in the tree

    def _native_notification(self, what: int) -> None:
        super()._native_notification(what)
        if what == self.NOTIFICATION_POST_ENTER_TREE:
            self._update_spawn_node()
        elif what == self.NOTIFICATION_EXIT_TREE:
            self._update_spawn_node()
            self._drop_all()

    def _drop_all(self) -> None:
        """It leaves the tree: its announced nodes are despawned at other peers, and no longer tracked here."""
        for spawned in list(self._tracked.values()):
            spawned.node.tree_exiting.disconnect(spawned.leaving)
            spawned.end(self)
        self._tracked.clear()

    def _update_spawn_node(self) -> None:
        if self._spawn_node is not None:
            self._unwatch(self._spawn_node)
        found = self.get_node_or_null(self._spawn_path)
        self._spawn_node = found if isinstance(found, Node) else None
        if self._spawn_node is not None and self._scenes:
            self._watch(self._spawn_node)

    def _watch(self, node: Node) -> None:
        if not node.child_entered_tree.is_connected(self._node_added):
            node.child_entered_tree.connect(self._node_added)

    def _unwatch(self, node: Node) -> None:
        if node.child_entered_tree.is_connected(self._node_added):
            node.child_entered_tree.disconnect(self._node_added)

    def _node_added(self, node: Node) -> None:
        # godot: multiplayer_spawner.cpp: _node_added, without effect outside a tree
        api = self.get_multiplayer()
        if api is None or not self._is_ours(api) or id(node) in self._tracked:
            return
        if self._spawn_node is None or node._parent is not self._spawn_node:
            return
        scene = self._scene_of(node)
        if scene is None:
            return
        if valid_name(node._name) != node._name:
            text = (
                f"Unable to auto-spawn node with reserved name: {node._name}. Make sure to add your replicated scenes "
                "via 'add_child(node, true)' to produce valid names."
            )
            return fail(text, None)
        self._track(node, None, scene)

    def _is_ours(self, api: MultiplayerAPI) -> bool:
        return api.has_multiplayer_peer() and self._authority == api.get_unique_id()

    def _is_full(self) -> bool:
        return 0 < self._spawn_limit <= len(self._tracked)

    def _scene_of(self, node: Node) -> int | None:
        """The number of the first scene in the list that a node belongs to."""
        path = node.scene_file_path
        for number, scene in enumerate(self._scenes):
            factory = scene.factory or factory_of(scene.path)
            if scene.path == path if path else isinstance(factory, type) and type(node) is factory:
                return number
        return None

    def _track(self, node: Node, argument: Variant, scene: int) -> None:
        if id(node) in self._tracked:
            return

        def leaving() -> None:
            spawned = self._tracked.pop(id(node), None)
            if spawned is not None:
                spawned.end(self)

        api = self.get_multiplayer()
        self._tracked[id(node)] = _Spawned(node, duplicate(argument), scene, leaving, api)
        node.tree_exiting.connect(leaving, ConnectFlags.CONNECT_ONE_SHOT)
        if api is not None:
            api.object_configuration_add(node, self)

    # For the replicator

    def _spawn_of(self, node: Node) -> tuple[int, Variant]:
        """The number of a node's scene, and the argument of its custom spawn."""
        found = self._tracked.get(id(node))
        return (CUSTOM, None) if found is None else (found.scene, found.argument)

    def _make_custom(self, data: Variant) -> tuple[Node | None, list[str]]:
        """A node from ``spawn_function``, or Godot's errors if there is none."""
        if self._is_full():
            return None, [_LIMIT]
        function = self._spawn_function
        if function is None:
            return None, ["Custom spawn requires a valid 'spawn_function'."]
        try:
            made: object = function(data)
            at_once(made)
        except Exception as error:
            if raised_by_signal_handler(error):
                raise
            log_exception(f"Error calling spawn_function of '{self._name}'.", error)
            return None, ["Failed to call spawn function."]
        if isinstance(made, Node):
            return made, []
        is_object = made is not None and not _is_variant(made)
        return None, [] if is_object else ["The spawn function must return a Node."]

    def _make_scene(self, number: int) -> tuple[Node | None, list[str]]:
        """A node of a scene, or Godot's errors if there is none."""
        if self._is_full():
            return None, [_LIMIT]
        count = len(self._scenes)
        if number >= count:
            return None, [f"Index (uint32_t)p_id = {number} is out of bounds (spawnable_scenes.size() = {count})."]
        scene = self._scenes[number]
        factory = scene.factory or factory_of(scene.path)
        if factory is None:
            return None, [f"Invalid spawnable scene: {scene.path}"]
        try:
            made: object = make(scene.path, factory)
            at_once(made)
        except Exception as error:
            if raised_by_signal_handler(error):
                raise
            log_exception(f"Error making a node of '{scene.path}'.", error)
            return None, [f"Invalid spawnable scene: {scene.path}"]
        return (made, []) if isinstance(made, Node) else (None, [f"Invalid spawnable scene: {scene.path}"])

    # Properties

    @property
    def spawn_path(self) -> NodePath:
        """As :meth:`get_spawn_path`; can be set."""
        return self.get_spawn_path()

    @spawn_path.setter
    def spawn_path(self, path: NodePath | str) -> None:
        self.set_spawn_path(path)

    @property
    def spawn_limit(self) -> int:
        """As :meth:`get_spawn_limit`; can be set."""
        return self.get_spawn_limit()

    @spawn_limit.setter
    def spawn_limit(self, limit: int) -> None:
        self.set_spawn_limit(limit)

    @property
    def spawn_function(self) -> SpawnFunction | None:
        """As :meth:`get_spawn_function`; can be set."""
        return self.get_spawn_function()

    @spawn_function.setter
    def spawn_function(self, function: SpawnFunction | None) -> None:
        self.set_spawn_function(function)


def _is_variant(value: object) -> bool:
    """Whether a value is a Variant, not an object of a class unknown to Godot."""
    try:
        typeof(value)
    except TypeError:
        return False
    return True
