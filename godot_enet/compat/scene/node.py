"""Node: the least of Godot's tree that the high-level multiplayer needs."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from godot_enet.compat.errors import as_int, as_str, fail
from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import as_bool
from godot_enet.compat.scene.node_paths import follow, free_name, line, readable_name, valid_name, way
from godot_enet.compat.scene.rpc import keep_decorated, script_methods
from godot_enet.compat.scene.rpc_config import RpcConfig, RpcTable, config_from_dictionary
from godot_enet.compat.signal import SignalProperty
from godot_enet.compat.variant import NodePath, StringName

if TYPE_CHECKING:
    from typing_extensions import Self

    from godot_enet.compat.scene.multiplayer_api import MultiplayerAPI
    from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
    from godot_enet.compat.scene.scene_tree import SceneTree

__all__ = ["Node"]

_NOT_INSIDE = 'Condition "!is_inside_tree()" is true. Returning: '


def _no_tree() -> None:
    """In place of a reference to one."""


class Node:
    """One object in a :class:`SceneTree`, with a name, a parent, children, and methods for other peers to call.

    A class that inherits it may have these methods, which the tree calls:

    - ``_enter_tree()``, parents first, when it has come into a tree.
    - ``_ready()``, children first, when it has done so for the first time.
    - ``_process(delta)`` every frame; ``delta`` is the time since the last one, in seconds.
    - ``_exit_tree()``, children first, when it is about to leave.

    Nodes are not freed: one that is no longer in a tree, nor anywhere else, goes as any Python object.

    Args:
        name: its name; without one it gets one when it is added to a parent.
    """

    tree_entered = SignalProperty[[]]()
    """It has come into a tree."""
    ready = SignalProperty[[]]()
    """It and its children are in a tree for the first time."""
    tree_exiting = SignalProperty[[]]()
    """It is about to leave the tree."""
    tree_exited = SignalProperty[[]]()
    """It has left the tree."""

    _class_table: ClassVar[RpcTable]
    """Of ``@rpc`` alone, made when first needed, for each class."""

    _name: str
    _parent: Node | None
    _children: dict[str, Node]
    _tree_reference: Callable[[], SceneTree | None]
    _authority: int
    _was_ready: bool
    _rpc_options: dict[str, Mapping[Any, Any]]
    _rpc_table: RpcTable | None

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        # Not in __init__, so that a class may forget to call it, as a GDScript class does.
        node = super().__new__(cls)
        node._name = ""
        node._parent = None
        node._children = {}
        node._tree_reference = _no_tree
        node._authority = 1
        node._was_ready = False
        node._rpc_options = {}
        node._rpc_table = None
        return node

    def __init__(self, name: str = "") -> None:
        self._name = valid_name(as_str(name, "name"))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        keep_decorated(cls)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(self.get_path()) if self._tree else self._name!r}>"

    @property
    def _tree(self) -> SceneTree | None:
        """The tree it is in. A weak reference: a tree that is dropped ends at once, and its network with it."""
        return self._tree_reference()

    @_tree.setter
    def _tree(self, tree: SceneTree | None) -> None:
        self._tree_reference = _no_tree if tree is None else weakref.ref(tree)

    # Name and place

    def get_name(self) -> StringName:
        """Its name."""
        return StringName(self._name)

    def set_name(self, name: str) -> None:
        """Give it a name; ``. : @ / " %`` become underscores, and one that a sibling has is changed."""
        text = valid_name(as_str(name, "name"))
        if not text:
            return fail('Condition "p_name.is_empty()" is true.', None)
        parent = self._parent
        if parent is None or text == self._name:
            self._name = text
            return
        if text in parent._children:
            text = free_name(text, "")
        parent._children = {text if child is self else name: child for name, child in parent._children.items()}
        self._name = text

    @property
    def name(self) -> StringName:
        """As the getter and the setter."""
        return self.get_name()

    @name.setter
    def name(self, name: str) -> None:
        self.set_name(name)

    def get_parent(self) -> Node | None:
        """What it is a child of, if anything."""
        return self._parent

    def get_children(self) -> list[Node]:
        """Its children, in the order in which they were added."""
        return list(self._children.values())

    def get_child_count(self) -> int:
        """How many children it has."""
        return len(self._children)

    def add_child(self, node: Node, force_readable_name: bool = False) -> None:
        """Make another node the last of its children.

        Args:
            node: one that has no parent.
            force_readable_name: give it a name like ``Player2`` where it has none, or a sibling's. Otherwise its name
                becomes one like ``@Player@2``, which no two peers share: RPCs need the same names everywhere.
        """
        readable = as_bool(force_readable_name, "force_readable_name")
        if not isinstance(node, Node):
            raise TypeError(f"node must be a Node, not {type(node).__name__}")
        if node._parent is not None:
            text = f"Can't add child '{node._name}' to '{self._name}', already has a parent '{node._parent._name}'."
            return fail(text, None)
        if node in line(self) or node._tree is not None:
            return fail(f"Can't add child '{node._name}' to '{self._name}' as it would be its own parent.", None)
        kind = type(node).__name__
        if readable:
            node._name = readable_name(node._name, kind, self._children)
        elif not node._name or node._name in self._children:
            node._name = free_name(node._name, kind)
        self._children[node._name] = node
        node._parent = self
        if self._tree is not None:
            node._enter(self._tree)
            node._become_ready()

    def remove_child(self, node: Node) -> None:
        """Take out one of its children, which keeps its own."""
        if not isinstance(node, Node):
            raise TypeError(f"node must be a Node, not {type(node).__name__}")
        if node._parent is not self:
            return fail('Condition "p_child->data.parent != this" is true.', None)
        if node._tree is not None:
            node._exit()
        if self._children.pop(node._name, None) is not None:
            node._parent = None

    def queue_free(self) -> None:
        """Take it out of its parent at the end of the frame; outside of a tree, at once."""
        if self._tree is not None:
            self._tree._doomed.append(self)
        elif self._parent is not None:
            self._parent.remove_child(self)

    def is_inside_tree(self) -> bool:
        """Whether it is in a tree."""
        return self._tree is not None

    def is_node_ready(self) -> bool:
        """Whether it has been in a tree, and its children, too."""
        return self._was_ready

    def get_tree(self) -> SceneTree | None:
        """The tree it is in; None, with an error, if it is in none."""
        return fail(_NOT_INSIDE + "nullptr", None) if self._tree is None else self._tree

    # Paths

    def get_path(self) -> NodePath:
        """Where it is, from ``/root`` on; an empty path, with an error, outside of a tree."""
        if self._tree is None:
            return fail("Cannot get path of node as it is not in a scene tree.", NodePath())
        return NodePath._of([node._name for node in line(self)], (), True)

    def get_path_to(self, node: Node) -> NodePath:
        """The way from here to another node of the same tree, such as ``../Player``."""
        names = way(self, node)
        return (
            fail('Parameter "common_parent" is null.', NodePath()) if names is None else NodePath._of(names, (), False)
        )

    def get_node_or_null(self, path: str | NodePath) -> Any:
        """The node at a path, absolute or from here; None if there is none."""
        where = path if isinstance(path, NodePath) else NodePath(as_str(path, "path"))
        return follow(self, where._names, absolute=where._absolute)

    def get_node(self, path: str | NodePath) -> Any:
        """The node at a path, absolute or from here; None, with an error, if there is none."""
        found = self.get_node_or_null(path)
        if found is not None:
            return found
        here = str(self.get_path()) if self._tree is not None else self._name
        if NodePath(path).is_absolute():
            return fail(f'Node not found: "{path}" (absolute path attempted from "{here}").', None)
        return fail(f'Node not found: "{path}" (relative to "{here}").', None)

    def has_node(self, path: str | NodePath) -> bool:
        """Whether there is a node at a path."""
        return self.get_node_or_null(path) is not None

    # Multiplayer

    def get_multiplayer(self) -> MultiplayerAPI | None:
        """The multiplayer of this part of the tree; None outside of a tree."""
        return None if self._tree is None else self._tree._multiplayer_of(self)

    @property
    def multiplayer(self) -> SceneMultiplayer:
        """As the getter, with the type that it has unless you made another, so that no cast is needed."""
        return cast("SceneMultiplayer", self.get_multiplayer())

    def set_multiplayer_authority(self, id: int, recursive: bool = True) -> None:
        """Say which peer decides about this node: 1, the server, to begin with. Every peer must be told alike.

        Args:
            id: the peer.
            recursive: whether it decides about the children of now, and theirs, too.
        """
        number, deep = as_int(id, "id"), as_bool(recursive, "recursive")
        self._authority = number
        if deep:
            waiting = self.get_children()
            while waiting:
                node = waiting.pop()
                node._authority = number
                waiting += node._children.values()

    def get_multiplayer_authority(self) -> int:
        """The peer that decides about this node."""
        return self._authority

    def is_multiplayer_authority(self) -> bool:
        """Whether that is this end; False, with an error, outside of a tree."""
        api = self.get_multiplayer()
        return fail(_NOT_INSIDE + "false", False) if api is None else self._authority == api.get_unique_id()

    def rpc(self, method: str, *args: Any) -> Error:
        """Call a method on all peers; the same as ``node.method.rpc(...)``.

        Returns:
            ``OK``, also where a peer turns out to be unknown; ``ERR_UNCONFIGURED`` outside of a tree or without a
            ``multiplayer_peer``, ``ERR_CONNECTION_ERROR`` while that is not connected, ``ERR_INVALID_PARAMETER`` if
            this is no method for RPCs, or may not be called here.

        Raises:
            TypeError, OverflowError: an argument is nothing that Godot can hold.
        """
        return self.rpc_id(0, method, *args)

    def rpc_id(self, peer_id: int, method: str, *args: Any) -> Error:
        """Call a method on one peer; on all with 0, and on all but one with that one's id, negated.

        Returns:
            As :meth:`rpc`.
        """
        if self._tree is None:
            return fail(_NOT_INSIDE + "ERR_UNCONFIGURED", Error.ERR_UNCONFIGURED)
        return self._tree._multiplayer_of(self).rpc(peer_id, self, method, args)

    def rpc_config(self, method: str, config: Mapping[Any, Any] | None) -> None:
        """Let other peers call a method that is not decorated; before the node's first RPC.

        Args:
            method: its name.
            config: ``rpc_mode``, ``transfer_mode``, ``call_local`` and ``channel``, as in Godot; None takes it back.

        Raises:
            TypeError: a value is no number.
        """
        name = as_str(method, "method")
        if config is None:
            self._rpc_options.pop(name, None)
        elif not isinstance(config, Mapping):
            fail('Condition "p_config.get_type() != Variant::DICTIONARY" is true.', None)
        else:
            config_from_dictionary(config)  # now, and not when a remote calls
            self._rpc_options[name] = dict(config)

    def get_node_rpc_config(self) -> dict[str, Mapping[Any, Any]]:
        """What :meth:`rpc_config` was given, by name."""
        return dict(self._rpc_options)

    def _table(self) -> RpcTable:
        """The methods that others may call; as in Godot, what it is at the first RPC it stays."""
        if self._rpc_table is None:
            cls = type(self)
            if self._rpc_options:
                configs: dict[str, RpcConfig | None]
                configs = {name: config_from_dictionary(options) for name, options in self._rpc_options.items()}
                self._rpc_table = RpcTable(configs, script_methods(cls))
            else:
                if "_class_table" not in vars(cls):
                    cls._class_table = RpcTable({}, script_methods(cls))
                self._rpc_table = cls._class_table
        return self._rpc_table

    # What the tree calls

    def _enter_tree(self) -> None:
        """It has come into a tree."""

    def _ready(self) -> None:
        """It and its children have come into a tree for the first time."""

    def _process(self, delta: float) -> None:
        """A frame."""

    def _exit_tree(self) -> None:
        """It is about to leave its tree."""

    def _enter(self, tree: SceneTree) -> None:
        self._tree = tree
        tree._register(self)
        self._enter_tree()
        self.tree_entered.emit()
        for child in self.get_children():
            if child._parent is self and child._tree is None:
                child._enter(tree)

    def _become_ready(self) -> None:
        for child in self.get_children():
            if child._parent is self:
                child._become_ready()
        if self._tree is not None and not self._was_ready:
            self._was_ready = True
            self._ready()
            self.ready.emit()

    def _exit(self) -> None:
        for child in reversed(self.get_children()):
            if child._tree is not None:
                child._exit()
        self._exit_tree()
        self.tree_exiting.emit()
        if self._tree is not None:
            self._tree._unregister(self)
            self._tree = None
        self.tree_exited.emit()
