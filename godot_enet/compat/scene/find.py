"""Nodes by patterns of their names, and by class."""

# godot: scene/main/node.cpp: find_child, find_children, find_parent; core/string/ustring.cpp: String::match

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from godot_enet.compat.scene.children import in_order

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["below", "is_class", "name_pattern"]


def name_pattern(pattern: str) -> re.Pattern[str]:
    """A pattern with ``*`` for any characters and ``?`` for any one but a dot; for ``fullmatch``."""
    parts = {"*": ".*", "?": "[^.]"}
    return re.compile("".join(parts.get(char) or re.escape(char) for char in re.sub(r"\*+", "*", pattern)), re.DOTALL)


def below(node: Node, *, recursive: bool, owned: bool) -> Iterator[Node]:
    """The nodes below one, in the order of the tree.

    Args:
        recursive: whether also below its children.
        owned: whether to leave out what has no owner, with all below it.
    """
    for child in list(in_order(node)):
        if owned and child._owner is None:
            continue
        yield child
        if recursive:
            yield from below(child, recursive=True, owned=owned)


def is_class(node: Node, name: str) -> bool:
    """Whether a node is of a class of that name, Godot's or the program's, or of one that inherits it."""
    return any(base.__name__ == name for base in type(node).__mro__[:-1])
