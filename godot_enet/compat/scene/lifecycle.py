"""How nodes enter and leave a tree: the order of callbacks and signals, and which changes are refused meanwhile.

Godot visits a subtree three times: parents first for ``_enter_tree``, children first for ``_ready``, and children
first, the last one first, for ``_exit_tree``; ``tree_exited`` follows when all of them are out. While it visits the
children of a node, that node is busy: no child can be added or removed.

An exception in a callback is logged, and the rest continues as in Godot. Anything that is not an ``Exception``, such as
Ctrl-C, ends the whole change: a node that was entering is removed again, one that was leaving is out.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from godot_enet.compat.scene.notifications import notify, send
from godot_enet.compat.scene.owners import clear_owner, is_above
from godot_enet.compat.scene.processing import find_mode_owner

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node
    from godot_enet.compat.scene.scene_tree import SceneTree

__all__ = ["add_to_tree", "after_exit", "detach", "exit_tree", "orphans"]


class _Orphans(threading.local):
    """Nodes outside any tree that are deleted at the end of a frame of this thread."""

    def __init__(self) -> None:
        self._delete_queue: deque[Node] = deque()


orphans = _Orphans()


def add_to_tree(node: Node, tree: SceneTree) -> None:
    """Enter a tree with all children, and become ready, unless the parent does so later."""
    # godot: scene/main/node.cpp: _set_tree
    _enter(node, tree)
    parent = node._parent
    if node._tree is tree and (parent is None or parent._children_ready):
        _become_ready(node)
    tree.tree_changed.emit()


def _enter(node: Node, tree: SceneTree) -> None:
    node._tree = tree
    node._children_ready = False  # it may be left over from a tree that was dropped
    node._moves += 1
    tree._entries += 1
    for group in node._groups:
        tree._groups.add(group, node)
    find_mode_owner(node)
    tree._processing.update(node)
    send(node, node.NOTIFICATION_ENTER_TREE)
    notify(node, "_enter_tree")
    node.tree_entered.emit()
    tree.node_added.emit(node)
    if node._parent is not None:
        node._parent.child_entered_tree.emit(node)
    node._busy += 1
    try:
        for child in list(node._children.values()):
            if node._tree is tree and child._parent is node and child._tree is None:
                _enter(child, tree)
    finally:
        node._busy -= 1


def _become_ready(node: Node) -> None:
    """Make a subtree ready; as in Godot, also a node that a callback has removed from the tree meanwhile."""
    node._children_ready = True
    node._busy += 1
    try:
        for child in list(node._children.values()):
            _become_ready(child)
    finally:
        node._busy -= 1
    if node._freed:
        return
    send(node, node.NOTIFICATION_POST_ENTER_TREE)
    if not node._was_ready:
        node._was_ready = True
        if node._overrides("_process"):
            node.set_process(True)
        if node._overrides("_physics_process"):
            node.set_physics_process(True)
        notify(node, "_ready")
        send(node, node.NOTIFICATION_READY)
        node.ready.emit()


def exit_tree(node: Node) -> None:
    """Leave the tree with all children; :func:`after_exit` follows when the parent has removed it."""
    try:
        _exit_children(node, list(node._children.values()))  # godot: also those that have not entered yet
        notify(node, "_exit_tree")
        node.tree_exiting.emit()
        send(node, node.NOTIFICATION_EXIT_TREE, is_reversed=True)
        tree = node._tree
        if tree is not None:
            tree._processing.remove(node)
            tree._lost(node)
        if node._parent is not None:
            node._parent.child_exiting_tree.emit(node)
        # Children added meanwhile; in Godot they keep a tree that they are not part of.
        _exit_children(node, [child for child in node._children.values() if child._tree is not None])
        if tree is not None:
            tree.tree_changed.emit()
    finally:
        detach(node)


def _exit_children(node: Node, children: list[Node]) -> None:
    node._busy += 1
    try:
        for child in reversed(children):
            exit_tree(child)
    finally:
        node._busy -= 1


def detach(node: Node) -> None:
    """Detach a node and its descendants from their tree, without notifications."""
    tree = node._tree
    if tree is None:
        return
    for child in list(node._children.values()):
        detach(child)
    for group in node._groups:
        tree._groups.remove(group, node)
    tree._processing.remove(node)
    tree._passes.note(node)
    node._processing.mode_owner = None
    node._tree = None
    node._children_ready = False
    node._moves += 1


def after_exit(node: Node) -> None:
    """Notify a node and its descendants that they have left the tree."""
    if node._owner is not None and not is_above(node._owner, node):
        clear_owner(node)
    node._busy += 1
    try:
        for child in reversed(list(node._children.values())):
            after_exit(child)
    finally:
        node._busy -= 1
    node.tree_exited.emit()
