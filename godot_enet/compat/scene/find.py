"""Find nodes by patterns of their names, and by class."""

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
    """Compile a pattern with ``*`` for any characters and ``?`` for any character but a dot; for ``fullmatch``."""
    parts = {"*": ".*", "?": "[^.]"}
    return re.compile("".join(parts.get(char) or re.escape(char) for char in re.sub(r"\*+", "*", pattern)), re.DOTALL)


def below(node: Node, *, recursive: bool, owned: bool) -> Iterator[Node]:
    """The descendants of a node, in tree order.

    Args:
        recursive: whether also below its children.
        owned: whether to skip nodes without an owner, and their descendants.
    """
    for child in list(in_order(node)):
        if owned and child._owner is None:
            continue
        yield child
        if recursive:
            yield from below(child, recursive=True, owned=owned)


def is_class(node: Node, name: str) -> bool:
    """Whether the class of a node, or one that it inherits, has that name, in Godot or in the program."""
    return any(base.__name__ == name for base in type(node).__mro__[:-1])
