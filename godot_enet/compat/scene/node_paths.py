"""Names of nodes as Godot gives them, and the way from one node to another."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["follow", "free_name", "line", "readable_name", "valid_name", "way"]

_FORBIDDEN = str.maketrans(dict.fromkeys('.:@/"%', "_"))
_numbers = count(2)


def valid_name(name: str) -> str:
    """The name with an underscore in place of what paths need: ``. : @ / " %``."""
    return name.translate(_FORBIDDEN)


def free_name(name: str, kind: str) -> str:
    """A name that no other node has: of one that is taken, or of a class. Such nodes cannot be reached by RPCs."""
    return f"@{name or kind}@{next(_numbers)}"


def readable_name(name: str, kind: str, taken: Collection[str]) -> str:
    """A name with a number at its end that counts up until it is not taken."""
    name = name or kind
    if name not in taken:
        return name
    stem = name.rstrip("0123456789")
    number = int(name[len(stem) :] or 1)
    while f"{stem}{number}" in taken or number == 1:
        number += 1
    return f"{stem}{number}"


def line(node: Node) -> list[Node]:
    """The nodes from the top down to this one."""
    found = [node]
    while (parent := found[-1]._parent) is not None:
        found.append(parent)
    return found[::-1]


def way(start: Node, end: Node) -> list[str] | None:
    """The names from one node to another, up with ``..``; None if they have nothing in common."""
    here, there = line(start), line(end)
    same = 0
    while same < min(len(here), len(there)) and here[same] is there[same]:
        same += 1
    return ([".."] * (len(here) - same) + [node._name for node in there[same:]] or ["."]) if same else None


def follow(start: Node, names: Sequence[str], *, absolute: bool) -> Node | None:
    """The node at the end of a way, if there is one."""
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
        elif name != ".":
            node = node._children.get(name)
    return node
