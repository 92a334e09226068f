"""Groups: named sets of nodes, and calls of all nodes of a group."""

# godot: scene/main/scene_tree.cpp: add_to_group, call_group_flagsp, set_group_flags, notify_group_flags

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from godot_enet.compat.coroutines import run
from godot_enet.compat.errors import log_exception
from godot_enet.compat.scene.children import tree_position
from godot_enet.compat.scene.passes import Passes
from godot_enet.core.interrupts import raised_by_signal_handler
from godot_enet.core.protocol.enums import NamedIntEnum

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["GroupCallFlags", "Groups"]


class GroupCallFlags(NamedIntEnum):
    """Flags for calls of a group; can be added."""

    GROUP_CALL_DEFAULT = 0
    GROUP_CALL_REVERSE = 1
    """Call in reverse order of the tree."""
    GROUP_CALL_DEFERRED = 2
    """Call at the end of the frame."""
    GROUP_CALL_UNIQUE = 4
    """With ``GROUP_CALL_DEFERRED``: make repeated calls of a frame only once."""


class _Group:
    def __init__(self) -> None:
        self.nodes: dict[int, Node] = {}
        """By instance id; in the order of the tree unless stale."""
        self.is_stale = False

    def in_order(self) -> list[Node]:
        if self.is_stale:
            self.nodes = {node._instance_id: node for node in sorted(self.nodes.values(), key=tree_position)}
            self.is_stale = False
        return list(self.nodes.values())


class Groups:
    """The groups of the nodes of one tree.

    Args:
        passes: knows which nodes have left while a group is called.
    """

    def __init__(self, passes: Passes) -> None:
        self._passes = passes
        self._groups: dict[str, _Group] = {}
        self._unique: dict[tuple[str, str], tuple[Any, ...]] = {}
        """Pending calls with ``GROUP_CALL_UNIQUE``."""

    def add(self, name: str, node: Node) -> None:
        """Add a node of the tree to a group."""
        group = self._groups.setdefault(name, _Group())
        group.nodes[node._instance_id] = node
        group.is_stale = True

    def remove(self, name: str, node: Node) -> None:
        """Remove a node from a group, also when it leaves the tree."""
        group = self._groups.get(name)
        if group is not None:
            group.nodes.pop(node._instance_id, None)
            if not group.nodes:
                self._groups.pop(name, None)

    def mark_moved(self, node: Node) -> None:
        """Record that a node has moved among its siblings, with its descendants."""
        for name in node._groups:
            if name in self._groups:
                self._groups[name].is_stale = True
        for child in node._children.values():
            self.mark_moved(child)

    def __contains__(self, name: str) -> bool:
        return name in self._groups

    def count(self, name: str) -> int:
        """The number of nodes in a group."""
        group = self._groups.get(name)
        return 0 if group is None else len(group.nodes)

    def nodes(self, name: str) -> list[Node]:
        """The nodes of a group, in the order of the tree."""
        group = self._groups.get(name)
        return [] if group is None else group.in_order()

    def call(self, flags: int, name: str, method: str, args: tuple[Any, ...]) -> None:
        """Call a method of all nodes of a group that have it."""
        both = GroupCallFlags.GROUP_CALL_UNIQUE | GroupCallFlags.GROUP_CALL_DEFERRED
        if flags & both == both:
            if name in self._groups:
                self._unique.setdefault((name, method), args)
        elif flags & GroupCallFlags.GROUP_CALL_DEFERRED:
            self.visit(flags, name, lambda node: node.call_deferred(method, *args))
        else:
            self.visit(flags, name, partial(_call, method, args))

    def call_unique(self) -> None:
        """Make the calls with ``GROUP_CALL_UNIQUE``."""
        while self._unique:
            (name, method), args = next(iter(self._unique.items()))
            self.call(GroupCallFlags.GROUP_CALL_DEFAULT, name, method, args)
            self._unique.pop((name, method), None)

    def set(self, flags: int, name: str, attribute: str, value: Any) -> None:
        """Set an attribute of all nodes of a group that have it."""
        if flags & GroupCallFlags.GROUP_CALL_DEFERRED:
            self.visit(flags, name, lambda node: node.set_deferred(attribute, value))
        else:
            self.visit(flags, name, partial(_set, attribute, value))

    def notify(self, flags: int, name: str, what: int) -> None:
        """Send a notification to all nodes of a group."""
        is_reversed = bool(flags & GroupCallFlags.GROUP_CALL_REVERSE)
        if flags & GroupCallFlags.GROUP_CALL_DEFERRED:
            self.visit(flags, name, lambda node: node.call_deferred("notification", what))
        else:
            self.visit(flags, name, lambda node: node.notification(what, is_reversed))

    def visit(self, flags: int, name: str, visit: Callable[[Node], object]) -> None:
        """Visit the nodes of a group in order or, with ``GROUP_CALL_REVERSE``, in reverse."""
        nodes = self.nodes(name)
        if flags & GroupCallFlags.GROUP_CALL_REVERSE:
            nodes.reverse()
        self._passes.go_through(nodes, visit)


def _call(method: str, args: tuple[Any, ...], node: Node) -> None:
    def failed(error: BaseException) -> None:
        log_exception(f'Error calling group method on node "{node._name}": {method}.', error)

    try:
        found = getattr(node, method, None)
        if callable(found):
            result = found(*args)
            if result is not None:
                run(result, failed)
    except Exception as error:
        if raised_by_signal_handler(error):
            raise
        failed(error)


def _set(attribute: str, value: Any, node: Node) -> None:
    try:
        if hasattr(node, attribute):
            setattr(node, attribute, value)
    except Exception as error:
        if raised_by_signal_handler(error):
            raise
        log_exception(f'Error setting group property on node "{node._name}": {attribute}.', error)
