"""Parents and children: adding, removing, moving and freeing nodes."""

# godot: scene/main/node.cpp: add_child, add_sibling, move_child, remove_child, reparent; NOTIFICATION_PREDELETE

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from godot_enet.compat.errors import fail
from godot_enet.compat.scene import children, naming, owners
from godot_enet.compat.scene.lifecycle import add_to_tree, after_exit, detach, exit_tree
from godot_enet.compat.scene.notifications import send

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["add_child", "add_sibling", "child_at", "free", "move_child", "remove_child", "reparent"]

_BUSY = "Parent node is busy setting up children, `{0}()` failed. Consider using `{0}.call_deferred({1})` instead."
_BUSY_MOVING = (
    _BUSY[:-1].format("move_child", "child, index") + " (or `popup.call_deferred()` if this is from a popup)."
)
_BUSY_REMOVING = (
    "Parent node is busy adding/removing children, `remove_child()` can't be called at this time. "
    "Consider using `remove_child.call_deferred(child)` instead."
)


def add_child(parent: Node, node: Node, *, readable: bool) -> None:
    """Add a node as the last child of another, with a name that no sibling has."""
    name = node._name
    if node._freed or parent._freed:
        return fail(f"Can't add child '{name}' to '{parent._name}', since one of them was freed.", None)
    if node is parent:
        return fail(f"Can't add child '{name}' to itself.", None)
    if node._parent is not None:
        text = f"Can't add child '{name}' to '{parent._name}', already has a parent '{node._parent._name}'."
        return fail(text, None)
    if node._tree is not None or owners.is_above(node, parent):
        text = f"Can't add child '{name}' to '{parent._name}' as it would result in a cyclic dependency"
        return fail(f"{text} since '{name}' is already a parent of '{parent._name}'.", None)
    if parent._busy:
        return fail(_BUSY.format("add_child", "child"), None)
    if readable:
        node._name = naming.readable_name(name or node._native_class, parent._children)
    elif not name or name in parent._children:
        node._name = naming.unique_name(node._native_class)
    owners.warn_of_owner(parent, node)
    children.adopt(parent, node)
    send(node, node.NOTIFICATION_PARENTED)
    if parent._tree is not None and node._parent is parent and node._tree is None:
        try:
            add_to_tree(node, parent._tree)
        except BaseException:
            detach(node)
            _let_go(parent, node)
            raise
    _tell_of_order(parent)
    return None


def add_sibling(node: Node, sibling: Node, *, readable: bool) -> None:
    """Add a node as the next sibling of another."""
    parent = node._parent
    if sibling is node:
        return fail(f"Can't add sibling '{node._name}' to itself.", None)
    if parent is None:
        return fail('Parameter "data.parent" is null.', None)
    if parent._busy:
        return fail(_BUSY.format("add_sibling", "sibling"), None)
    parent.add_child(sibling, readable)
    if sibling._parent is parent:
        parent.move_child(sibling, node.get_index() + 1)
    return None


def child_at(parent: Node, index: int) -> Any:
    """The child at an index; negative ones count from the end."""
    order = children.in_order(parent)
    if not -len(order) <= index < len(order):
        index += len(order) if index < 0 else 0
        size = "(int)data.children_cache.size() - data.internal_children_front_count_cache - "
        size += "data.internal_children_back_count_cache"
        return fail(f"Index p_index = {index} is out of bounds ({size} = {len(order)}).", None)
    return order[index]


def move_child(parent: Node, child: Node, index: int) -> None:
    """Move a child to another index."""
    total = len(parent._children)
    if child._parent is not parent:
        return fail("Child is not a child of this node.", None)
    index += total if index < 0 else 0
    if not 0 <= index <= total:
        return fail(f"Invalid new child index: {index}.", None)
    if parent._busy:
        return fail(_BUSY_MOVING, None)
    if children.move(parent, child, min(index, total - 1)):
        if parent._tree is not None:
            parent._tree.tree_changed.emit()
        parent._busy += 1
        try:
            _tell_of_order(parent)
        finally:
            parent._busy -= 1
        if parent._tree is not None:
            parent._tree._groups.mark_moved(child)
    return None


def remove_child(parent: Node, node: Node) -> None:
    """Remove a child."""
    if parent._busy:
        return fail(_BUSY_REMOVING, None)
    if node._parent is not parent:
        return fail('Condition "p_child->data.parent != this" is true.', None)
    parent._busy += 1
    try:
        if node._tree is not None:
            exit_tree(node)
        send(node, node.NOTIFICATION_UNPARENTED)
    finally:
        parent._busy -= 1
        _let_go(parent, node)
    _tell_of_order(parent)
    if parent._tree is not None:
        after_exit(node)
    return None


def reparent(node: Node, new_parent: Node) -> None:
    """Move a node to another parent. It keeps its owner if that is still an ancestor."""
    parent, owner = node._parent, node._owner
    if parent is None:
        return fail("Node needs a parent to be reparented.", None)
    if new_parent is node:
        return fail(f"Can't reparent '{node._name}' to itself.", None)
    if new_parent is parent:
        return None
    keep = owner is not None and (owner is new_parent or owners.is_above(owner, new_parent))
    owned = owners.with_owner(node, owner) if keep and owner is not None else []
    parent.remove_child(node)
    new_parent.add_child(node)
    for each in owned:
        owners.set_owner(each, owner)
    return None


def free(node: Node) -> None:
    """Free a node and its children, the last child first."""
    parent = node._parent
    if parent is not None and parent._busy:
        return fail(_BUSY_REMOVING, None)
    send(node, node.NOTIFICATION_PREDELETE, is_reversed=True)
    owners.clear_owner(node)
    for owned in list(node._owned.values()):
        owners.clear_owner(owned)
    if parent is not None:
        parent.remove_child(node)
    elif node._tree is not None:
        exit_tree(node)
        after_exit(node)
    for child in reversed(list(node._children.values())):
        if node._busy:
            _let_go(node, child)
        child.free()
    node._end_connections()
    return None


def _let_go(parent: Node, node: Node) -> None:
    if node._parent is parent:
        children.part_with(parent, node)


def _tell_of_order(parent: Node) -> None:
    send(parent, parent.NOTIFICATION_CHILD_ORDER_CHANGED)
    parent.child_order_changed.emit()
