"""The node at which the paths of a multiplayer start, and paths relative to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from godot_enet.compat.variant import NodePath

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["RootPath"]


class RootPath:
    """The ``root_path`` of one multiplayer, in the tree that it belongs to."""

    def __init__(self) -> None:
        self.path = NodePath()
        self.tree_root: Node | None = None
        """The root of the tree; None without a tree."""

    def find(self, path: str) -> Node | None:
        """The node at a path from ``root_path`` on. No path leads out of that."""
        node = self.tree_root
        for name in self.path._names[1:]:
            node = None if node is None else node._children.get(name)
        if node is None or path == ".":
            return node
        for name in path.split("/"):
            node = node._children.get(name)
            if node is None:
                return None
        return node

    def path_of(self, node: Node) -> str:
        """The path of a node that is in the tree."""
        names, root = node.get_path()._names, self.path._names
        if names[: len(root)] != root:
            top = self.find(".")
            return "." if top is None else str(top.get_path_to(node))
        return "/".join(names[len(root) :]) or "."
