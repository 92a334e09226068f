"""The multiplayers of a tree: one for the whole, and those of parts of it."""

# godot: scene/main/scene_tree.cpp: get_multiplayer, set_multiplayer

from __future__ import annotations

from godot_enet.compat.errors import fail
from godot_enet.compat.scene.multiplayer_api import MultiplayerAPI
from godot_enet.compat.scene.node import Node
from godot_enet.compat.variant import NodePath

__all__ = ["TreeMultiplayers"]

_ROOT = NodePath("/root")


class TreeMultiplayers:
    """Finds the multiplayer of a node by its path."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._of_parts: dict[NodePath, MultiplayerAPI] = {}
        self.main = MultiplayerAPI.create_default_interface()
        """The multiplayer of all nodes outside the parts with their own."""
        self._attach(self.main, _ROOT)

    def at(self, path: NodePath) -> MultiplayerAPI:
        """The multiplayer of the node with this path."""
        names = path._names
        for part, api in self._of_parts.items():
            if names[: len(part._names)] == part._names:
                return api
        return self.main

    def of(self, node: Node) -> MultiplayerAPI:
        """The multiplayer of a node of the tree."""
        return self.at(node.get_path()) if self._of_parts else self.main

    def assign(self, multiplayer: MultiplayerAPI | None, path: NodePath) -> None:
        """See :meth:`SceneTree.set_multiplayer`."""
        if path.is_empty():
            if multiplayer is None:
                return fail('Parameter "p_multiplayer" is null.', None)
            self.main.object_configuration_remove(None, _ROOT)
            self.main = multiplayer
            return self._attach(multiplayer, _ROOT)
        if path._names[:1] != ("root",) or not path.is_absolute():
            return fail(f"Custom multiplayer root path must be an absolute path in the tree. Got '{path}'.", None)
        for other in self._of_parts:
            shorter, longer = sorted((other._names, path._names), key=len)
            if other != path and longer[: len(shorter)] == shorter and shorter is other._names:
                text = f"Multiplayer is already configured for a parent of this path: '{path}' in '{other}'."
                return fail(text, None)
        old = self._of_parts.pop(path, None)
        if old is not None:
            old.object_configuration_remove(None, path)
        if multiplayer is not None:
            self._of_parts[path] = multiplayer
            self._attach(multiplayer, path)

    def _attach(self, api: MultiplayerAPI, path: NodePath) -> None:
        api.object_configuration_add(None, path)
        api._set_tree_root(self._root)

    def poll(self) -> None:
        """Poll all of them."""
        self.main.poll()
        for api in list(self._of_parts.values()):
            api.poll()
