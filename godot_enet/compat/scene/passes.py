"""Nodes that left a tree while it iterates over some of its nodes: these are no longer called."""

# godot: scene/main/scene_tree.cpp: nodes_removed_on_group_call

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["Passes"]


class Passes:
    """The current passes of one tree: frames, and calls of groups."""

    def __init__(self) -> None:
        self._depth = 0
        self._left: set[int] = set()

    def note(self, node: Node) -> None:
        """A node has left the tree. Even if it returns, it waits for the next pass."""
        if self._depth:
            self._left.add(node._instance_id)

    def go_through(self, nodes: Iterable[Node], visit: Callable[[Node], object]) -> None:
        """Visit nodes in this order, except those that have left since the outermost pass began."""
        depth = self._depth
        self._depth = depth + 1
        try:
            for node in nodes:
                if node._instance_id not in self._left:
                    visit(node)
        finally:
            self._depth = depth
            if not depth:
                self._left.clear()
