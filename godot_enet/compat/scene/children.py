"""The order of a node's children, and so that of the whole tree.

A node keeps its children by name, in the order in which they were added: callbacks visit them in that order, as in
Godot. ``move_child`` changes another order, that of indices, in which children are listed, processed in frames, and
called in groups.
"""

# godot: scene/main/node.cpp: _update_children_cache_impl, _move_child, is_greater_than

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["adopt", "in_order", "index_of", "move", "part_with", "tree_position"]

_by_index = attrgetter("_index")


def adopt(parent: Node, child: Node) -> None:
    """Make a node, which has its name, the last child."""
    child._index = parent._next_index
    parent._next_index += 1
    parent._children[child._name] = child
    if parent._order is not None:
        parent._order.append(child)
    child._parent = parent


def part_with(parent: Node, child: Node) -> None:
    """Remove a child."""
    del parent._children[child._name]
    parent._order = None
    child._parent = None
    child._index = -1


def in_order(parent: Node) -> list[Node]:
    """Its children by index. Do not change the list."""
    if parent._order is None:
        order = sorted(parent._children.values(), key=_by_index)
        for index, child in enumerate(order):
            child._index = index
        parent._order = order
        parent._next_index = len(order)
    return parent._order


def index_of(node: Node) -> int:
    """Its place among its siblings; -1 without a parent."""
    if node._parent is not None:
        in_order(node._parent)
    return node._index


def move(parent: Node, child: Node, index: int) -> bool:
    """Give a child another index. Returns whether the index has changed."""
    order = list(in_order(parent))
    if order[index] is child:
        return False
    order.remove(child)
    order.insert(index, child)
    for place, each in enumerate(order):
        each._index = place
    parent._order = order
    return True


def tree_position(node: Node) -> list[int]:
    """A key that sorts nodes in tree order, parents first: the indices from the root down."""
    position = []
    each: Node | None = node
    while each is not None and each._parent is not None:
        position.append(index_of(each))
        each = each._parent
    return position[::-1]
