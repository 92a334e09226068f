"""Names of nodes as Godot gives them."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["readable_name", "rename", "unique_name", "valid_name"]

_FORBIDDEN = str.maketrans(dict.fromkeys('.:@/"%', "_"))
_REPLACEMENT = "\ufffd"
_numbers = count(2)


def valid_name(name: str) -> str:
    """The name with an underscore for each of ``. : @ / " %``, which have a meaning in paths.

    NUL, which ends a path on the wire, and lone surrogates, which UTF-8 cannot encode, become U+FFFD as in Godot's
    strings.
    """
    name = name.translate(_FORBIDDEN)
    if name.isascii():
        return name.replace("\0", _REPLACEMENT)
    return "".join(_REPLACEMENT if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in name)


def unique_name(kind: str) -> str:
    """A name such as ``@Node@2``, which no other node has. Peers agree on it only if they name nodes in the same
    order."""
    return f"@{kind}@{next(_numbers)}"


def readable_name(name: str, taken: Collection[str]) -> str:
    """The name, with the number at its end increased until it is free: ``A2``, ``A3``; ``B10`` after ``B09``."""
    # godot: scene/main/node.cpp: _generate_serial_child_name
    stem = name.rstrip("0123456789")
    digits = name[len(stem) :]
    while (found := stem + digits) in taken:
        digits = _incremented(digits) if digits else "2"
    return found


def _incremented(digits: str) -> str:
    """The number after this one, of any length: 09, 10; 99, 100. As text, since Python limits the length of ints."""
    kept = digits.rstrip("9")
    head = kept[:-1] + str(int(kept[-1]) + 1) if kept else "1"
    return head + "0" * (len(digits) - len(kept))


def rename(node: Node, name: str) -> None:
    """Give a node a valid name, in the same place among its siblings; with a number if a sibling has that name."""
    parent = node._parent
    if parent is not None and name != node._name:
        if name in parent._children:
            name = readable_name(name, {name for name, child in parent._children.items() if child is not node})
        parent._children = {name if child is node else other: child for other, child in parent._children.items()}
    node._name = name
