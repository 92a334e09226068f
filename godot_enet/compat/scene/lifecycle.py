"""How nodes enter and leave a tree: the order of callbacks and signals, and which changes have to wait meanwhile.

Godot goes through a subtree three times: parents first for ``_enter_tree``, children first for ``_ready``, and children
first, the last one first, for ``_exit_tree``; ``tree_exited`` follows when all of them are out. While it goes through
the children of a node, that node is busy, and takes no other child and gives none away.

An exception in a callback is logged, and the rest goes on as in Godot. What is no ``Exception``, such as Ctrl-C, ends
the whole change: a node that was entering is taken out again, one that was leaving is out.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from godot_enet.compat.coroutines import run
from godot_enet.compat.errors import log_exception
from godot_enet.core.interrupts import raised_by_signal_handler

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node
    from godot_enet.compat.scene.scene_tree import SceneTree

__all__ = ["add_to_tree", "after_exit", "detach", "exit_tree", "notify", "orphans"]


class _Orphans(threading.local):
    """Nodes outside of any tree that wait for the end of a frame of this thread."""

    def __init__(self) -> None:
        self._delete_queue: deque[Node] = deque()


orphans = _Orphans()


def notify(node: Node, callback: str, *args: object) -> None:
    """Call a callback of a node, which may raise, and may be a coroutine: the others do not wait for it."""

    def failed(error: BaseException) -> None:
        log_exception(f"Error calling {callback}() of a {type(node).__name__} named '{node._name}'.", error)

    try:
        result = getattr(node, callback)(*args)
        if result is not None:
            run(result, failed)
    except Exception as error:
        if raised_by_signal_handler(error):
            raise
        failed(error)


def add_to_tree(node: Node, tree: SceneTree) -> None:
    """Enter a tree with all children; become ready, unless the parent is about to, and does it then."""
    # godot: scene/main/node.cpp: _set_tree
    _enter(node, tree)
    parent = node._parent
    if node._tree is tree and (parent is None or parent._children_ready):
        _become_ready(node)


def _enter(node: Node, tree: SceneTree) -> None:
    node._tree = tree
    node._children_ready = False  # it may say otherwise of a tree that was dropped
    node._moves += 1
    tree._register(node)
    notify(node, "_enter_tree")
    node.tree_entered.emit()
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
    """Once begun, for the whole subtree, as in Godot: also for a node that a callback has taken out of the tree."""
    node._children_ready = True
    node._busy += 1
    try:
        for child in list(node._children.values()):
            _become_ready(child)
    finally:
        node._busy -= 1
    if not node._was_ready:
        node._was_ready = True
        notify(node, "_ready")
        node.ready.emit()


def exit_tree(node: Node) -> None:
    """Leave the tree with all children; :func:`after_exit` comes when the parent has let it go."""
    try:
        _exit_children(node)
        notify(node, "_exit_tree")
        node.tree_exiting.emit()
        if node._parent is not None:
            node._parent.child_exiting_tree.emit(node)
        _exit_children(node)  # those that were added meanwhile; Godot leaves them in a tree that they are not part of
    finally:
        detach(node)


def _exit_children(node: Node) -> None:
    node._busy += 1
    try:
        for child in reversed(list(node._children.values())):
            if child._tree is not None:
                exit_tree(child)
    finally:
        node._busy -= 1


def detach(node: Node) -> None:
    """Take a node and all below it out of their tree, without a word."""
    tree = node._tree
    if tree is None:
        return
    for child in list(node._children.values()):
        detach(child)
    tree._unregister(node)
    node._tree = None
    node._children_ready = False
    node._moves += 1


def after_exit(node: Node) -> None:
    """Tell that a node and all below it are out of their tree."""
    node._busy += 1
    try:
        for child in reversed(list(node._children.values())):
            after_exit(child)
    finally:
        node._busy -= 1
    node.tree_exited.emit()
