"""Suggests a similar path when a remote refers to a node that does not exist here."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["NearestPath"]

_MAX_CHILDREN = 200
_MAX_NAME = 60
_MAX_PATH = 400


class NearestPath:
    """The path of a node that a missing path may mean: one with a similar name, or the existing part of the path.

    The search takes place when a log line is formatted, which few packets cause.

    Args:
        find: the node at a path from the root of a multiplayer.
        path: the missing one.
    """

    def __init__(self, find: Callable[[str], Node | None], path: bytes) -> None:
        self._find = find
        self.missing = path[:_MAX_PATH].decode("utf-8", "replace")
        """The missing path, cut to the length at which paths are distinguished."""

    def __str__(self) -> str:
        node, way, name = self._find("."), "", ""
        for name in self.missing.split("/"):
            below = None if node is None else node._children.get(name)
            if below is None:
                break
            node, way = below, f"{way}/{name}" if way else name
        if node is None:
            return "nothing"
        names = [each for each in list(node._children)[:_MAX_CHILDREN] if len(each) <= _MAX_NAME]
        for alike in get_close_matches(name[:_MAX_NAME], names, 1):
            way = f"{way}/{alike}" if way else alike
        return f"'{way}'" if way else "only the root node"
