"""Node: the least of Godot's tree that the high-level multiplayer needs."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, cast

from godot_enet.compat.errors import as_int, as_str, fail
from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import as_bool
from godot_enet.compat.scene.lifecycle import add_to_tree, after_exit, detach, exit_tree, orphans
from godot_enet.compat.scene.node_paths import (
    ancestry,
    readable_name,
    relative_names,
    resolve,
    unique_name,
    valid_name,
)
from godot_enet.compat.scene.rpc import keep_decorated, script_methods
from godot_enet.compat.scene.rpc_config import RpcConfig, RpcTable, config_from_dictionary
from godot_enet.compat.signal import Freeable, SignalProperty
from godot_enet.compat.variant import NodePath, StringName

if TYPE_CHECKING:
    from typing_extensions import Self

    from godot_enet.compat.scene.multiplayer_api import MultiplayerAPI
    from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
    from godot_enet.compat.scene.scene_tree import SceneTree

__all__ = ["Node"]

_NOT_INSIDE = 'Condition "!is_inside_tree()" is true. Returning: '
_BUSY_ADDING = (
    "Parent node is busy setting up children, `add_child()` failed. "
    "Consider using `add_child.call_deferred(child)` instead."
)
_BUSY_REMOVING = (
    "Parent node is busy adding/removing children, `remove_child()` can't be called at this time. "
    "Consider using `remove_child.call_deferred(child)` instead."
)
_queue_order = count(1)


def _no_tree() -> None:
    """In place of a reference to one."""


class Node(Freeable):
    """One object in a :class:`SceneTree`, with a name, a parent, children, and methods for other peers to call.

    A class that inherits it may have these methods, which the tree calls:

    - ``_enter_tree()``, parents first, when it has come into a tree.
    - ``_ready()``, children first, when it has done so for the first time.
    - ``_process(delta)`` every frame, in the order of the tree; ``delta`` is the time since the last one, in seconds.
    - ``_exit_tree()``, children first and the last one first, when it is about to leave.

    An exception in one of them is logged with its traceback, and the rest goes on, as in Godot. While the tree goes
    through the children of a node, ``add_child`` and ``remove_child`` of that node are refused, as in Godot.

    Nodes are what they are, whatever ``__eq__``, ``__hash__`` or ``__bool__`` of a class say: two that are equal are
    still two.

    A node ends with :meth:`free` or :meth:`queue_free`, and its connections with it. One that was only removed goes
    as any Python object, when nothing refers to it any more.

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
    renamed = SignalProperty[[]]()
    """It has another name, and is in a tree."""
    child_entered_tree = SignalProperty[["Node"]]("node")
    """A child has come into the tree; that child's children come next."""
    child_exiting_tree = SignalProperty[["Node"]]("node")
    """A child is about to leave the tree; its children have left."""

    _native_class: ClassVar[str] = "Node"
    """Godot's class, after which unnamed nodes are named: a script's class has no name there."""
    _class_table: ClassVar[RpcTable]
    """Of ``@rpc`` alone, made when first needed, for each class."""

    _name: str
    _parent: Node | None
    _children: dict[str, Node]
    _tree_reference: Callable[[], SceneTree | None]
    _authority: int
    _was_ready: bool
    _children_ready: bool
    """Its children are ready, or about to be: one that is added becomes ready at once."""
    _busy: int
    """How many passes through its children are under way."""
    _moves: int
    """How often it has entered or left a tree."""
    _queued_at: int
    """When it was queued for deletion, counted from 1; 0: it was not."""
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
        node._children_ready = False
        node._busy = 0
        node._moves = 0
        node._queued_at = 0
        node._rpc_options = {}
        node._rpc_table = None
        return node

    def __init__(self, name: str = "") -> None:
        self._name = valid_name(as_str(name, "name"))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        keep_decorated(cls)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(self.get_path()) if self._tree is not None else self._name!r}>"

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
        """Give it a name.

        ``. : @ / " %`` become underscores. If a sibling has that name, the number at its end is counted up: ``A2``.
        """
        text = valid_name(as_str(name, "name"))
        if not text:
            return fail('Condition "p_name.is_empty()" is true.', None)
        parent = self._parent
        if parent is not None and text != self._name:
            if text in parent._children:
                text = readable_name(text, {name for name, child in parent._children.items() if child is not self})
            # The same place among its siblings.
            parent._children = {text if child is self else name: child for name, child in parent._children.items()}
        self._name = text
        if self._tree is not None:
            self._tree._renames += 1
            self.renamed.emit()

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
            force_readable_name: give it a name like ``Player2`` if a sibling has its name, and ``Node`` if it has
                none. Otherwise its name becomes one like ``@Node@2``, which no two peers share: RPCs need the same
                names everywhere.
        """
        readable = as_bool(force_readable_name, "force_readable_name")
        if not isinstance(node, Node):
            raise TypeError(f"node must be a Node, not {type(node).__name__}")
        name = node._name
        if node._freed or self._freed:
            return fail(f"Can't add child '{name}' to '{self._name}', since one of them was freed.", None)
        if node is self:
            return fail(f"Can't add child '{name}' to itself.", None)
        if node._parent is not None:
            text = f"Can't add child '{name}' to '{self._name}', already has a parent '{node._parent._name}'."
            return fail(text, None)
        if node._tree is not None or any(above is node for above in ancestry(self)):
            text = f"Can't add child '{name}' to '{self._name}' as it would result in a cyclic dependency"
            return fail(f"{text} since '{name}' is already a parent of '{self._name}'.", None)
        if self._busy:
            return fail(_BUSY_ADDING, None)
        if readable:
            node._name = readable_name(name or node._native_class, self._children)
        elif not name or name in self._children:
            node._name = unique_name(node._native_class)
        self._children[node._name] = node
        node._parent = self
        if self._tree is not None:
            try:
                add_to_tree(node, self._tree)
            except BaseException:
                detach(node)
                self._let_go(node)
                raise

    def remove_child(self, node: Node) -> None:
        """Take out one of its children, which keeps its own."""
        if not isinstance(node, Node):
            raise TypeError(f"node must be a Node, not {type(node).__name__}")
        if self._busy:
            return fail(_BUSY_REMOVING, None)
        if node._parent is not self:
            return fail('Condition "p_child->data.parent != this" is true.', None)
        self._busy += 1
        try:
            if node._tree is not None:
                exit_tree(node)
        finally:
            self._busy -= 1
            self._let_go(node)
        if self._tree is not None:
            after_exit(node)

    def _let_go(self, node: Node) -> None:
        if node._parent is self:
            del self._children[node._name]
            node._parent = None

    def reparent(self, new_parent: Node, keep_global_transform: bool = True) -> None:
        """Move it to another parent, with its children: it leaves the tree and comes back.

        Args:
            new_parent: a node that it is not above.
            keep_global_transform: without effect, since nodes have no place in space here.
        """
        as_bool(keep_global_transform, "keep_global_transform")
        if not isinstance(new_parent, Node):
            raise TypeError(f"new_parent must be a Node, not {type(new_parent).__name__}")
        parent = self._parent
        if parent is None:
            return fail("Node needs a parent to be reparented.", None)
        if new_parent is self:
            return fail(f"Can't reparent '{self._name}' to itself.", None)
        if new_parent is parent:
            return None
        parent.remove_child(self)
        new_parent.add_child(self)
        return None

    def free(self) -> None:
        """End it and its children: they leave the tree, and signals that are connected to their methods let go."""
        if self._freed:
            return None
        parent = self._parent
        if parent is not None:
            if parent._busy:
                return fail(_BUSY_REMOVING, None)
            parent.remove_child(self)
        elif self._tree is not None:
            exit_tree(self)
            after_exit(self)
        for child in reversed(list(self._children.values())):
            self._let_go(child)
            child.free()
        self._end_connections()
        return None

    def queue_free(self) -> None:
        """Free it at the end of the frame; outside of a tree, when the next frame of any tree of this thread ends."""
        if not self._queued_at:
            self._queued_at = next(_queue_order)
            (orphans if self._tree is None else self._tree)._delete_queue.append(self)

    def is_queued_for_deletion(self) -> bool:
        """Whether it ends with this frame."""
        return self._queued_at > 0

    def request_ready(self) -> None:
        """Have ``_ready`` called once more when it comes into a tree the next time."""
        self._was_ready = False

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
        return NodePath._of([node._name for node in ancestry(self)], (), True)

    def get_path_to(self, node: Node) -> NodePath:
        """The path from here to another node of the same tree, such as ``../Player``."""
        names = relative_names(self, node)
        if names is None:
            return fail('Parameter "common_parent" is null.', NodePath())
        return NodePath._of(names, (), False)

    def get_node_or_null(self, path: str | NodePath) -> Any:
        """The node at a path, absolute or from here; None if there is none."""
        where = path if isinstance(path, NodePath) else NodePath(as_str(path, "path"))
        return resolve(self, where._names, absolute=where._absolute)

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
