"""Names of nodes as Godot gives them, and the paths between nodes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["ancestry", "readable_name", "relative_names", "resolve", "unique_name", "valid_name"]

_FORBIDDEN = str.maketrans(dict.fromkeys('.:@/"%', "_"))
_REPLACEMENT = "\ufffd"
_numbers = count(2)


def valid_name(name: str) -> str:
    """The name with an underscore for each of ``. : @ / " %``, which paths need.

    NUL, which ends a path on the wire, and lone surrogates, which UTF-8 has not, become U+FFFD as in Godot's strings.
    """
    name = name.translate(_FORBIDDEN)
    if name.isascii():
        return name.replace("\0", _REPLACEMENT)
    return "".join(_REPLACEMENT if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in name)


def unique_name(kind: str) -> str:
    """A name such as ``@Node@2``, which no other node has. RPCs do not reach such nodes, since no two peers agree."""
    return f"@{kind}@{next(_numbers)}"


def readable_name(name: str, taken: Collection[str]) -> str:
    """The name, with the number at its end counted up until it is not taken: ``A2``, ``A3``; ``B10`` after ``B09``."""
    # godot: scene/main/node.cpp: _generate_serial_child_name
    stem = name.rstrip("0123456789")
    digits = name[len(stem) :]
    while (found := stem + digits) in taken:
        digits = _incremented(digits) if digits else "2"
    return found


def _incremented(digits: str) -> str:
    """The number after this one, as long as it can be: 09, 10; 99, 100. As text: Python limits the length of ints."""
    kept = digits.rstrip("9")
    head = kept[:-1] + str(int(kept[-1]) + 1) if kept else "1"
    return head + "0" * (len(digits) - len(kept))


def ancestry(node: Node) -> list[Node]:
    """The nodes from the top down to this one."""
    found = [node]
    while (parent := found[-1]._parent) is not None:
        found.append(parent)
    return found[::-1]


def relative_names(start: Node, end: Node) -> list[str] | None:
    """The names on the path from one node to another, up with ``..``; None if they have no common ancestor."""
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
        elif name != ".":
            node = node._children.get(name)
    return node
