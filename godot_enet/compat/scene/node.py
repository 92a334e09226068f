"""Node: one object of Godot's tree. This class is the public interface; separate modules implement its methods."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, cast

from godot_enet.compat.errors import as_int, as_str, fail
from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import as_bool
from godot_enet.compat.own_methods import rename_methods
from godot_enet.compat.scene import children, family, find, naming, owners, processing
from godot_enet.compat.scene.lifecycle import orphans
from godot_enet.compat.scene.node_paths import ancestry, relative_names, resolve, unique_names
from godot_enet.compat.scene.notifications import send
from godot_enet.compat.scene.object import Object
from godot_enet.compat.scene.processing import ProcessMode as _ProcessMode
from godot_enet.compat.scene.processing import ProcessState
from godot_enet.compat.scene.rpc import keep_decorated
from godot_enet.compat.scene.rpc_config import RpcTable
from godot_enet.compat.scene.rpc_options import RpcOptions
from godot_enet.compat.signal import SignalProperty
from godot_enet.compat.variant import NodePath, StringName

if TYPE_CHECKING:
    from typing_extensions import Self

    from godot_enet.compat.scene.multiplayer_api import MultiplayerAPI
    from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
    from godot_enet.compat.scene.scene_tree import SceneTree

__all__ = ["Node"]

_NOT_INSIDE = 'Condition "!is_inside_tree()" is true. Returning: '
_queue_order = count(1)


def _no_tree() -> None:
    """Stands for the reference of a node outside any tree."""


class Node(Object):
    """One object in a :class:`SceneTree`, with a name, a parent, children, and methods for other peers to call.

    A class that inherits it may have these methods, which the tree calls:

    - ``_enter_tree()``, parents first, when it has entered a tree.
    - ``_ready()``, children first, when it has entered a tree for the first time.
    - ``_process(delta)`` every frame, in tree order; ``delta`` is the time since the last frame, in seconds.
    - ``_physics_process(delta)`` before that, in steps of equal length, by default 60 a second.
    - ``_exit_tree()``, children first and the last one first, when it is about to leave.
    - ``_notification(what)``, after the others, with a ``NOTIFICATION_`` constant.

    An exception in one of them is logged with its traceback, and the tree continues, as in Godot. While the tree
    iterates over the children of a node, ``add_child`` and ``remove_child`` of that node fail, as in Godot.

    Nodes are compared by identity, never by the ``__eq__``, ``__hash__`` or ``__bool__`` of a class.

    :meth:`free` and :meth:`queue_free` end a node and its connections. A node that was only removed ends like any
    Python object, when nothing refers to it.

    Args:
        name: its name; if empty, it gets one when it is added to a parent.
    """

    tree_entered = SignalProperty[[]]()
    """It has entered a tree."""
    ready = SignalProperty[[]]()
    """It and its children have entered a tree for the first time."""
    tree_exiting = SignalProperty[[]]()
    """It is about to leave the tree."""
    tree_exited = SignalProperty[[]]()
    """It has left the tree."""
    renamed = SignalProperty[[]]()
    """Its name has changed while it is in a tree."""
    child_entered_tree = SignalProperty[["Node"]]("node")
    """A child has entered the tree, before the children of that child."""
    child_exiting_tree = SignalProperty[["Node"]]("node")
    """A child is about to leave the tree, after the children of that child."""
    child_order_changed = SignalProperty[[]]()
    """A child was added, removed or moved."""

    ProcessMode = _ProcessMode
    PROCESS_MODE_INHERIT = _ProcessMode.PROCESS_MODE_INHERIT
    PROCESS_MODE_PAUSABLE = _ProcessMode.PROCESS_MODE_PAUSABLE
    PROCESS_MODE_WHEN_PAUSED = _ProcessMode.PROCESS_MODE_WHEN_PAUSED
    PROCESS_MODE_ALWAYS = _ProcessMode.PROCESS_MODE_ALWAYS
    PROCESS_MODE_DISABLED = _ProcessMode.PROCESS_MODE_DISABLED

    NOTIFICATION_PREDELETE: ClassVar[int] = 1
    NOTIFICATION_ENTER_TREE: ClassVar[int] = 10
    NOTIFICATION_EXIT_TREE: ClassVar[int] = 11
    NOTIFICATION_READY: ClassVar[int] = 13
    NOTIFICATION_PAUSED: ClassVar[int] = 14
    NOTIFICATION_UNPAUSED: ClassVar[int] = 15
    NOTIFICATION_PHYSICS_PROCESS: ClassVar[int] = 16
    NOTIFICATION_PROCESS: ClassVar[int] = 17
    NOTIFICATION_PARENTED: ClassVar[int] = 18
    NOTIFICATION_UNPARENTED: ClassVar[int] = 19
    NOTIFICATION_PATH_RENAMED: ClassVar[int] = 23
    NOTIFICATION_CHILD_ORDER_CHANGED: ClassVar[int] = 24
    NOTIFICATION_INTERNAL_PROCESS: ClassVar[int] = 25
    NOTIFICATION_INTERNAL_PHYSICS_PROCESS: ClassVar[int] = 26
    NOTIFICATION_POST_ENTER_TREE: ClassVar[int] = 27
    NOTIFICATION_DISABLED: ClassVar[int] = 28
    NOTIFICATION_ENABLED: ClassVar[int] = 29

    _native_class: ClassVar[str] = "Node"
    """Godot's class, after which unnamed nodes are named: a script's class has no name there."""
    _class_table: ClassVar[RpcTable]
    """The methods with ``@rpc`` of each class, computed on first use."""

    _scene_file_path: str
    _name: str
    _parent: Node | None
    _children: dict[str, Node]
    """In the order in which they were added."""
    _order: list[Node] | None
    """Its children by index; None if that has to be computed again."""
    _index: int
    _next_index: int
    _owner: Node | None
    _owned: dict[int, Node]
    """The nodes that it owns, by instance id."""
    _has_unique_name: bool
    _unique_names: dict[str, Node]
    """The nodes that it owns and that are found by ``%Name``."""
    _groups: dict[str, bool]
    """Its groups, and whether Godot's editor would store each of them."""
    _processing: ProcessState
    _tree_reference: Callable[[], SceneTree | None]
    _authority: int
    _was_ready: bool
    _children_ready: bool
    """Its children are ready, or about to be: a child that is added becomes ready at once."""
    _busy: int
    """The number of current passes over its children."""
    _moves: int
    """The number of times that it has entered or left a tree."""
    _queued_at: int
    """Its place in the order of all nodes queued for deletion, from 1; 0 if it is not queued."""
    _rpc_options: RpcOptions

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        node = super().__new__(cls)
        node._scene_file_path = ""
        node._name = ""
        node._parent = None
        node._children = {}
        node._order = None
        node._index = -1
        node._next_index = 0
        node._owner = None
        node._owned = {}
        node._has_unique_name = False
        node._unique_names = {}
        node._groups = {}
        node._processing = ProcessState()
        node._tree_reference = _no_tree
        node._authority = 1
        node._was_ready = False
        node._children_ready = False
        node._busy = 0
        node._moves = 0
        node._queued_at = 0
        node._rpc_options = RpcOptions()
        return node

    def __init__(self, name: str = "") -> None:
        self._name = naming.valid_name(as_str(name, "name"))

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

    @classmethod
    def _overrides(cls, callback: str) -> bool:
        """Whether the program's class has this callback."""
        return getattr(cls, callback) is not getattr(Node, callback)

    # Name and place

    def get_name(self) -> StringName:
        """Its name."""
        return StringName(self._name)

    def set_name(self, name: str) -> None:
        """Set its name.

        ``. : @ / " %`` become underscores. If a sibling has that name, the number at its end is increased: ``A2``.
        """
        text = naming.valid_name(as_str(name, "name"))
        if not text:
            return fail('Condition "p_name.is_empty()" is true.', None)
        owners.release_name(self)
        naming.rename(self, text)
        owners.acquire_name(self)
        self.propagate_notification(Node.NOTIFICATION_PATH_RENAMED)
        tree = self._tree
        if tree is not None:
            tree._renames += 1
            self.renamed.emit()
            tree.node_renamed.emit(self)
            tree.tree_changed.emit()
        return None

    @property
    def name(self) -> StringName:
        """As :meth:`get_name`; can be set."""
        return self.get_name()

    @name.setter
    def name(self, name: str) -> None:
        self.set_name(name)

    def get_parent(self) -> Node | None:
        """Return its parent, or None."""
        return self._parent

    def get_children(self) -> list[Node]:
        """Return its children in order of their indices."""
        return list(children.in_order(self))

    def get_child_count(self) -> int:
        """Return the number of its children."""
        return len(self._children)

    def get_child(self, idx: int) -> Any:
        """Return the child at an index; negative ones count from the end. None, with an error, if there is none."""
        return family.child_at(self, as_int(idx, "idx"))

    def get_index(self) -> int:
        """Return its index among its siblings; -1 without a parent."""
        return children.index_of(self)

    def is_ancestor_of(self, node: Node) -> bool:
        """Return whether another node is one of its descendants."""
        return owners.is_above(self, _as_node(node, "node"))

    def is_greater_than(self, node: Node) -> bool:
        """Return whether it comes after another node in tree order."""
        other = _as_node(node, "node")
        if self._tree is None:
            return fail('Condition "!data.tree" is true. Returning: false', False)
        if other._tree is not self._tree:
            return fail('Condition "p_node->data.tree != data.tree" is true. Returning: false', False)
        return children.tree_position(self) > children.tree_position(other)

    def add_child(self, node: Node, force_readable_name: bool = False) -> None:
        """Add another node as its last child.

        Args:
            node: a node without a parent.
            force_readable_name: give it a name like ``Player2`` if a sibling has its name, and ``Node`` if it has
                none. Otherwise its name becomes one like ``@Node@2``, which differs between peers: RPCs need the same
                names everywhere.
        """
        readable = as_bool(force_readable_name, "force_readable_name")
        family.add_child(self, _as_node(node, "node"), readable=readable)

    def add_sibling(self, sibling: Node, force_readable_name: bool = False) -> None:
        """Add another node to its parent, right after it; see :meth:`add_child`."""
        readable = as_bool(force_readable_name, "force_readable_name")
        family.add_sibling(self, _as_node(sibling, "sibling"), readable=readable)

    def move_child(self, child_node: Node, to_index: int) -> None:
        """Move a child to another index, and so to another place in lists, frames and groups.

        Args:
            child_node: one of its children.
            to_index: the new index; negative ones count from the end.
        """
        family.move_child(self, _as_node(child_node, "child_node"), as_int(to_index, "to_index"))

    def remove_child(self, node: Node) -> None:
        """Remove one of its children, which keeps its own children."""
        family.remove_child(self, _as_node(node, "node"))

    def reparent(self, new_parent: Node, keep_global_transform: bool = True) -> None:
        """Move it to another parent, with its children: it leaves the tree and enters it again.

        Args:
            new_parent: a node that is not one of its descendants.
            keep_global_transform: without effect, since nodes have no transform here.
        """
        as_bool(keep_global_transform, "keep_global_transform")
        family.reparent(self, _as_node(new_parent, "new_parent"))

    def free(self) -> None:
        """Free it and its descendants: they leave the tree, and all signal connections to their methods end."""
        if not self._freed:
            family.free(self)

    def queue_free(self) -> None:
        """Free it at the end of the frame; outside a tree, at the end of the next frame of any tree of this thread."""
        if not self._queued_at:
            self._queued_at = next(_queue_order)
            (orphans if self._tree is None else self._tree)._delete_queue.append(self)

    def is_queued_for_deletion(self) -> bool:
        """Return whether it will be freed at the end of this frame."""
        return self._queued_at > 0

    def request_ready(self) -> None:
        """Call ``_ready`` again the next time it enters a tree."""
        self._was_ready = False

    def is_inside_tree(self) -> bool:
        """Return whether it is in a tree."""
        return self._tree is not None

    def is_node_ready(self) -> bool:
        """Return whether it has entered a tree with its children, and so become ready."""
        return self._was_ready

    def get_tree(self) -> SceneTree | Any:
        """Return its tree; None, with an error, outside a tree. Type checkers do not demand a check for None."""
        return fail(_NOT_INSIDE + "nullptr", None) if self._tree is None else self._tree

    # Paths

    def get_path(self) -> NodePath:
        """Return its path from ``/root`` on; an empty path, with an error, outside a tree."""
        if self._tree is None:
            return fail("Cannot get path of node as it is not in a scene tree.", NodePath())
        return NodePath._of([node._name for node in ancestry(self)], (), True)

    def get_path_to(self, node: Node, use_unique_path: bool = False) -> NodePath:
        """Return the path from this node to another one of the same tree, such as ``../Player``.

        Args:
            node: the other node.
            use_unique_path: begin the path at a unique name if there is one: ``%Player/Gun``.
        """
        unique = as_bool(use_unique_path, "use_unique_path")
        names = (unique_names if unique else relative_names)(self, _as_node(node, "node"))
        if names is None:
            return fail('Parameter "common_parent" is null.', NodePath())
        return NodePath._of(names, (), False)

    def get_node_or_null(self, path: str | NodePath) -> Any:
        """Return the node at a path, absolute or relative; None if there is none."""
        where = path if isinstance(path, NodePath) else NodePath(as_str(path, "path"))
        return resolve(self, where._names, absolute=where._absolute)

    def get_node(self, path: str | NodePath) -> Any:
        """Return the node at a path, absolute or relative; None, with an error, if there is none."""
        found = self.get_node_or_null(path)
        if found is not None:
            return found
        here = str(self.get_path()) if self._tree is not None else self._name
        if NodePath(path).is_absolute():
            return fail(f'Node not found: "{path}" (absolute path attempted from "{here}").', None)
        return fail(f'Node not found: "{path}" (relative to "{here}").', None)

    def has_node(self, path: str | NodePath) -> bool:
        """Return whether there is a node at a path."""
        return self.get_node_or_null(path) is not None

    # Owner and unique names

    def get_owner(self) -> Any:
        """Return the root node of its scene; None unless it was set; scenes from files set it for their nodes."""
        return self._owner

    def set_owner(self, owner: Node | None) -> None:
        """Set the root node of its scene: an ancestor, or None."""
        owners.set_owner(self, None if owner is None else _as_node(owner, "owner"))

    @property
    def owner(self) -> Any:
        """As :meth:`get_owner`; can be set."""
        return self.get_owner()

    @owner.setter
    def owner(self, owner: Node | None) -> None:
        self.set_owner(owner)

    def is_unique_name_in_owner(self) -> bool:
        """Return whether its owner, and nodes with the same owner, find it as ``%Name``."""
        return self._has_unique_name

    def set_unique_name_in_owner(self, enable: bool) -> None:
        """Set whether it is found as ``%Name``. If another node has that unique name, a warning is logged instead."""
        value = as_bool(enable, "enable")
        owners.release_name(self)
        self._has_unique_name = value
        owners.acquire_name(self)

    @property
    def unique_name_in_owner(self) -> bool:
        """As :meth:`is_unique_name_in_owner`; can be set."""
        return self.is_unique_name_in_owner()

    @unique_name_in_owner.setter
    def unique_name_in_owner(self, enable: bool) -> None:
        self.set_unique_name_in_owner(enable)

    def find_child(self, pattern: str, recursive: bool = True, owned: bool = True) -> Any:
        """Return the first descendant whose name matches a pattern; None if there is none.

        Args:
            pattern: the pattern of the name: ``*`` stands for any characters, ``?`` for any character but a dot.
            recursive: whether also below its children.
            owned: whether only nodes with an owner count; False for nodes that code has made.
        """
        if not as_str(pattern, "pattern"):
            return fail('Condition "p_pattern.is_empty()" is true. Returning: nullptr', None)
        matches = find.name_pattern(pattern).fullmatch
        nodes = find.below(self, recursive=as_bool(recursive, "recursive"), owned=as_bool(owned, "owned"))
        return next((node for node in nodes if matches(node._name)), None)

    def find_children(self, pattern: str, type: str = "", recursive: bool = True, owned: bool = True) -> list[Any]:
        """Return all descendants whose names match a pattern, and that are of a class.

        Args:
            pattern: as for :meth:`find_child`; empty for any name.
            type: the name of a class that they inherit; empty for any.
            recursive: whether also below its children.
            owned: whether only nodes with an owner count; False for nodes that code has made.
        """
        if not as_str(pattern, "pattern") and not as_str(type, "type"):
            return fail('Condition "p_pattern.is_empty() && p_type.is_empty()" is true. Returning: ret', [])
        matches = find.name_pattern(pattern or "*").fullmatch
        nodes = find.below(self, recursive=as_bool(recursive, "recursive"), owned=as_bool(owned, "owned"))
        return [node for node in nodes if matches(node._name) and (not type or find.is_class(node, type))]

    def find_parent(self, pattern: str) -> Any:
        """Return the nearest ancestor whose name matches a pattern; None if there is none."""
        matches, above = find.name_pattern(as_str(pattern, "pattern")).fullmatch, self._parent
        while above is not None and not matches(above._name):
            above = above._parent
        return above

    # Groups

    def add_to_group(self, group: str, persistent: bool = False) -> None:
        """Add it to a group, through which the tree finds and calls it.

        Args:
            group: a name.
            persistent: whether Godot's editor would store it with the scene.
        """
        name, stored = as_str(group, "group"), as_bool(persistent, "persistent")
        if not name:
            return fail(f"Cannot add node '{self._name}' to a group with an empty name.", None)
        if name not in self._groups:
            self._groups[name] = stored
            if self._tree is not None:
                self._tree._groups.add(name, self)
        return None

    def remove_from_group(self, group: str) -> None:
        """Remove it from a group, if it is in it."""
        name = as_str(group, "group")
        if self._groups.pop(name, None) is not None and self._tree is not None:
            self._tree._groups.remove(name, self)

    def is_in_group(self, group: str) -> bool:
        """Return whether it is in a group."""
        return as_str(group, "group") in self._groups

    def get_groups(self) -> list[StringName]:
        """Return its groups."""
        return [StringName(name) for name in self._groups]

    # Frames

    def set_process(self, enable: bool) -> None:
        """Set whether ``_process`` is called. If a class has one, it is called from ``_ready`` on."""
        self._set_processing("idle", as_bool(enable, "enable"))

    def is_processing(self) -> bool:
        """Whether ``_process`` is called."""
        return self._processing.idle

    def set_physics_process(self, enable: bool) -> None:
        """Set whether ``_physics_process`` is called. If a class has one, it is called from ``_ready`` on."""
        self._set_processing("physics", as_bool(enable, "enable"))

    def is_physics_processing(self) -> bool:
        """Whether ``_physics_process`` is called."""
        return self._processing.physics

    def set_process_internal(self, enable: bool) -> None:
        """Set whether it gets the internal notification of each frame. Godot's own classes set this by themselves."""
        self._set_processing("internal_idle", as_bool(enable, "enable"))

    def is_processing_internal(self) -> bool:
        """Return whether it gets the internal notification of each frame."""
        return self._processing.internal_idle

    def set_physics_process_internal(self, enable: bool) -> None:
        """The same for physics frames."""
        self._set_processing("internal_physics", as_bool(enable, "enable"))

    def is_physics_processing_internal(self) -> bool:
        """The same for physics frames."""
        return self._processing.internal_physics

    def _set_processing(self, kind: str, value: Any) -> None:
        if getattr(self._processing, kind) != value:
            setattr(self._processing, kind, value)
            if self._tree is not None:
                self._tree._processing.update(self)

    def get_process_delta_time(self) -> float:
        """Return the seconds between the last two frames; 0 outside a tree."""
        return 0.0 if self._tree is None else self._tree._process_time

    def get_physics_process_delta_time(self) -> float:
        """Return the seconds between the last two physics frames; 0 outside a tree."""
        return 0.0 if self._tree is None else self._tree._physics_process_time

    def get_process_priority(self) -> int:
        """Return its priority: nodes with lower ones are called first in a frame; 0 by default."""
        return self._processing.priority

    def set_process_priority(self, priority: int) -> None:
        """Set its priority in a frame."""
        self._set_processing("priority", as_int(priority, "priority"))

    @property
    def process_priority(self) -> int:
        """As :meth:`get_process_priority`; can be set."""
        return self.get_process_priority()

    @process_priority.setter
    def process_priority(self, priority: int) -> None:
        self.set_process_priority(priority)

    def get_physics_process_priority(self) -> int:
        """Return its priority in physics frames: nodes with lower ones are called first; 0 by default."""
        return self._processing.physics_priority

    def set_physics_process_priority(self, priority: int) -> None:
        """Set its priority in a physics frame."""
        self._set_processing("physics_priority", as_int(priority, "priority"))

    @property
    def process_physics_priority(self) -> int:
        """As :meth:`get_physics_process_priority`; can be set."""
        return self.get_physics_process_priority()

    @process_physics_priority.setter
    def process_physics_priority(self, priority: int) -> None:
        self.set_physics_process_priority(priority)

    def get_process_mode(self) -> _ProcessMode:
        """Return when it is processed; ``PROCESS_MODE_INHERIT`` by default."""
        return self._processing.mode

    def set_process_mode(self, mode: _ProcessMode | int) -> None:
        """Set when it and the descendants that inherit its mode are processed."""
        number, tree = as_int(mode, "mode"), self._tree
        if number not in set(_ProcessMode):
            return fail(f"Unknown process mode {number}.", None)
        value = _ProcessMode(number)
        if value == self._processing.mode:
            return None
        if tree is None:
            self._processing.mode = value
            return None
        if value == _ProcessMode.PROCESS_MODE_INHERIT and self._parent is None:
            return fail("The root node can't be set to Inherit process mode.", None)
        return processing.set_process_mode(self, value, paused=tree.is_paused())

    @property
    def process_mode(self) -> _ProcessMode:
        """As :meth:`get_process_mode`; can be set."""
        return self.get_process_mode()

    @process_mode.setter
    def process_mode(self, mode: _ProcessMode | int) -> None:
        self.set_process_mode(mode)

    def can_process(self) -> bool:
        """Return whether its mode lets it be processed now; False, with an error, outside a tree."""
        if self._tree is None:
            return fail(_NOT_INSIDE + "false", False)
        return processing.can_process(self, paused=self._tree.is_paused())

    # Notifications

    def notification(self, what: int, reversed: bool = False) -> None:
        """Send it a notification, as the tree does.

        Args:
            what: a ``NOTIFICATION_`` constant, or any number.
            reversed: whether its class comes before Godot's class that it inherits.
        """
        send(self, as_int(what, "what"), is_reversed=as_bool(reversed, "reversed"))

    def propagate_notification(self, what: int) -> None:
        """Send a notification to it and all its descendants."""
        self._busy += 1
        try:
            send(self, as_int(what, "what"))
            for child in list(self._children.values()):
                child.propagate_notification(what)
        finally:
            self._busy -= 1

    # Multiplayer

    def get_multiplayer(self) -> MultiplayerAPI | None:
        """Return the multiplayer of this part of the tree; None outside a tree."""
        return None if self._tree is None else self._tree._multiplayers.of(self)

    @property
    def multiplayer(self) -> SceneMultiplayer:
        """As :meth:`get_multiplayer`, with the usual type, so that no cast is needed."""
        return cast("SceneMultiplayer", self.get_multiplayer())

    def set_multiplayer_authority(self, id: int, recursive: bool = True) -> None:
        """Set the peer that has authority over this node; 1, the server, by default. All peers must set the same.

        Args:
            id: the peer.
            recursive: whether to set it on all current descendants, too. This calls the method of each child, which a
                class may override.
        """
        number, deep = as_int(id, "id"), as_bool(recursive, "recursive")
        self._authority = number
        if deep:
            for child in list(self._children.values()):
                child.set_multiplayer_authority(number, True)

    def get_multiplayer_authority(self) -> int:
        """Return the peer that has authority over this node."""
        return self._authority

    def is_multiplayer_authority(self) -> bool:
        """Return whether this end has the authority; False, with an error, outside a tree."""
        api = self.get_multiplayer()
        return fail(_NOT_INSIDE + "false", False) if api is None else self._authority == api.get_unique_id()

    def rpc(self, method: str, *args: Any) -> Error:
        """Call a method on all peers; the same as ``node.method.rpc(...)``.

        Returns:
            ``OK``, also for an unknown peer; ``ERR_UNCONFIGURED`` outside a tree or without a ``multiplayer_peer``,
            ``ERR_CONNECTION_ERROR`` while that is not connected, ``ERR_INVALID_PARAMETER`` if the method is not an
            RPC, or may not be called here.

        Raises:
            TypeError, OverflowError: an argument is not a Variant.
        """
        return self.rpc_id(0, method, *args)

    def rpc_id(self, peer_id: int, method: str, *args: Any) -> Error:
        """Call a method on one peer; 0 means all peers, a negative id all but that one.

        Returns:
            As :meth:`rpc`.
        """
        if self._tree is None:
            return fail(_NOT_INSIDE + "ERR_UNCONFIGURED", Error.ERR_UNCONFIGURED)
        return self._tree._multiplayers.of(self).rpc(peer_id, self, method, args)

    def rpc_config(self, method: str, config: Mapping[Any, Any] | None) -> None:
        """Make an undecorated method an RPC; call this before the node's first RPC.

        Args:
            method: its name.
            config: ``rpc_mode``, ``transfer_mode``, ``call_local`` and ``channel``, as in Godot; None removes it.

        Raises:
            TypeError: a value is not a number.
        """
        self._rpc_options.set(as_str(method, "method"), config)

    def get_node_rpc_config(self) -> dict[str, Mapping[Any, Any]]:
        """Return the options of :meth:`rpc_config`, by method."""
        return dict(self._rpc_options.by_name)

    def _table(self) -> RpcTable:
        """The methods that other peers may call."""
        return self._rpc_options.table(type(self))

    def get_scene_file_path(self) -> str:
        """Return the scene file that it is the root of, such as ``res://player.tscn``; empty for any other node.

        A :class:`MultiplayerSpawner` spawns children whose path is in its list. It may be a class attribute.
        """
        return self.scene_file_path

    def set_scene_file_path(self, scene_file_path: str) -> None:
        """Set ``scene_file_path``."""
        self.scene_file_path = scene_file_path

    @property
    def scene_file_path(self) -> str:
        """The path of the scene that this node is the root of, such as ``"res://player.tscn"``; otherwise empty."""
        return self._scene_file_path

    @scene_file_path.setter
    def scene_file_path(self, path: str) -> None:
        self._scene_file_path = as_str(path, "path")

    # Called by the tree

    def _native_notification(self, what: int) -> None:
        """Implemented by Godot's own classes: the work that Godot does in C++, whatever a program's class overrides.

        ``NOTIFICATION_ENTER_TREE`` comes before ``_enter_tree``, ``NOTIFICATION_POST_ENTER_TREE`` before ``_ready`` and
        each time, ``NOTIFICATION_READY`` after ``_ready``, ``NOTIFICATION_EXIT_TREE`` after ``tree_exiting``.
        """

    def _enter_tree(self) -> None:
        """It has entered a tree."""

    def _ready(self) -> None:
        """It and its children have entered a tree for the first time."""

    def _process(self, delta: float) -> None:
        """A frame."""

    def _physics_process(self, delta: float) -> None:
        """A physics frame."""

    def _notification(self, what: int) -> None:
        """It was sent a notification."""

    def _exit_tree(self) -> None:
        """It is about to leave the tree."""


rename_methods(Object, "Node")


def _as_node(value: Node, name: str) -> Node:
    if not isinstance(value, Node):
        raise TypeError(f"{name} must be a Node, not {type(value).__name__}")
    return value
