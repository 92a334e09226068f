"""The paths between nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["ancestry", "relative_names", "resolve", "unique_names"]


def ancestry(node: Node) -> list[Node]:
    """The nodes from the root of the tree down to this one."""
    found = [node]
    while (parent := found[-1]._parent) is not None:
        found.append(parent)
    return found[::-1]


def relative_names(start: Node, end: Node) -> list[str] | None:
    """The names on the path from one node to another, ``..`` for each step up; None if they have no common ancestor."""
    here, there = ancestry(start), ancestry(end)
    same = 0
    while same < min(len(here), len(there)) and here[same] is there[same]:
        same += 1
    return ([".."] * (len(here) - same) + [node._name for node in there[same:]] or ["."]) if same else None


def resolve(start: Node, names: Sequence[str], *, absolute: bool) -> Node | None:
    """The node at the end of a path, if there is one."""
    node: Node | None = start
    if absolute:
        node = start._tree.root if start._tree is not None and names and names[0] == start._tree.root._name else None
        names = names[1:]
    elif not names:
        return None
    for name in names:
        if node is None:
            return None
        if name == "..":
            node = node._parent
        elif name.startswith("%"):
            node = _by_unique_name(node, name[1:])
        elif name != ".":
            node = node._children.get(name)
    return node


def _by_unique_name(node: Node, name: str) -> Node | None:
    """The node with this unique name at a node or at that node's owner."""
    found = node._unique_names.get(name)
    return found if found is not None or node._owner is None else node._owner._unique_names.get(name)


def unique_names(start: Node, end: Node) -> list[str] | None:
    """As :func:`relative_names`, but from the nearest unique name on the way, if there is one."""
    # godot: scene/main/node.cpp: get_path_to
    names = relative_names(start, end)
    if names is None or start is end:
        return names
    ups = names.count("..")
    down = ancestry(end)[len(ancestry(end)) - len(names) + ups :]
    for place in reversed(range(len(down))):
        if _is_unique_for(start, down[place]):
            return [f"%{down[place]._name}", *(node._name for node in down[place + 1 :])]
    way_up = ancestry(start)[::-1][:ups]
    for place in reversed(range(len(way_up))):
        if _is_unique_for(start, way_up[place]):
            return [f"%{way_up[place]._name}", *[".."] * (ups - place), *names[ups:]]
    return names


def _is_unique_for(start: Node, node: Node) -> bool:
    return node._has_unique_name and node._owner is start._owner
