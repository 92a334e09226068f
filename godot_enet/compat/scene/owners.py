"""Owners: the root node of a scene, and the names that are unique in it, ``%Name``.

Godot sets owners when it makes the nodes of a scene file. Code that makes nodes sets them itself.
"""

# godot: scene/main/node.cpp: set_owner, _acquire_unique_name_in_owner, _release_unique_name_in_owner

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from godot_enet.compat.errors import fail

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["acquire_name", "clear_owner", "is_above", "release_name", "set_owner", "warn_of_owner", "with_owner"]

_log = logging.getLogger("godot_enet")


def is_above(node: Node, other: Node) -> bool:
    """Whether a node is an ancestor of another."""
    above = other._parent
    while above is not None and above is not node:
        above = above._parent
    return above is node


def set_owner(node: Node, owner: Node | None) -> None:
    """Set the owner of a node, or remove it."""
    clear_owner(node)
    if owner is node:
        return fail('Condition "p_owner == this" is true.', None)
    if owner is None:
        return None
    if not is_above(owner, node):
        return fail("Invalid owner. Owner must be an ancestor in the tree.", None)
    node._owner = owner
    owner._owned[node._instance_id] = node
    acquire_name(node)
    return None


def clear_owner(node: Node) -> None:
    """Remove the owner of a node."""
    owner = node._owner
    if owner is not None:
        release_name(node)
        owner._owned.pop(node._instance_id, None)
        node._owner = None


def acquire_name(node: Node) -> None:
    """Register a node with a unique name at its owner."""
    owner = node._owner
    if owner is None or not node._has_unique_name:
        return
    other = owner._unique_names.get(node._name)
    if other is None or other is node:
        owner._unique_names[node._name] = node
        return
    node._has_unique_name = False
    if node._tree is not None:
        here, there = str(node.get_path()), str(other.get_path())
    else:
        here, there = str(owner.get_path_to(node)), str(owner.get_path_to(other))
    _log.warning(
        "Setting node name '%s' to be unique within scene for '%s', but it's already claimed by '%s'.\n"
        "'%s' is no longer set as having a unique name.",
        node._name,
        here,
        there,
        there,
    )


def warn_of_owner(parent: Node, child: Node) -> None:
    """Check that the owner of a node that is being added will be an ancestor."""
    owner = child._owner
    if owner is not None and not is_above(owner, child):
        _log.warning(
            "Adding '%s' as child to '%s' will make owner '%s' inconsistent. Consider unsetting the owner beforehand.",
            child._name,
            parent._name,
            owner._name,
        )


def release_name(node: Node) -> None:
    """Unregister a unique name, before the name or the owner changes."""
    owner = node._owner
    if owner is not None and node._has_unique_name and owner._unique_names.get(node._name) is node:
        del owner._unique_names[node._name]


def with_owner(node: Node, owner: Node) -> list[Node]:
    """A node and its descendants with this owner, which is set again after a move."""
    found, waiting = [node], [node]
    while waiting:
        for child in waiting.pop()._children.values():
            waiting.append(child)
            if child._owner is owner:
                found.append(child)
    return found
