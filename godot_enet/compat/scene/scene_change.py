"""The current scene of a tree. To change it, the old one leaves at once, and the new one enters at the end of the
frame."""

# godot: scene/main/scene_tree.cpp: change_scene_to_node, _flush_scene_change

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from godot_enet.compat.errors import fail
from godot_enet.compat.globals import Error
from godot_enet.compat.signal import Signal

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["Instantiable", "SceneChange"]


class SceneChange:
    """The current scene of one tree.

    Args:
        root: the root of the tree.
        changed: is emitted when a new scene is in the tree.
    """

    def __init__(self, root: Node, changed: Signal[[]]) -> None:
        self._root = root
        self._changed = changed
        self.current: Node | None = None
        self._old: Node | None = None
        self._new: Node | None = None

    def forget(self, node: Node) -> None:
        """A node has left the tree."""
        if node is self.current:
            self.current = None

    def set(self, node: Node | None) -> None:
        """Set which child of the root it is."""
        if node is not None and node._parent is not self._root:
            return fail('Condition "p_scene && p_scene->get_parent() != root" is true.', None)
        self.current = node
        return None

    def start(self, node: Node) -> None:
        """Add the first scene to the tree: it is the current scene before its ``_ready``, which may change it."""
        # godot: scene/main/scene_tree.cpp: SceneTree::add_current_scene
        self.current = node
        self._root.add_child(node)

    def begin(self, node: Node | None) -> Error:
        """Remove the current scene from the tree, and add this one at the end of the frame."""
        if node is None:
            text = "Can't change to a null node. Use unload_current_scene() if you wish to unload it."
            return fail(text, Error.ERR_INVALID_PARAMETER)
        if node._tree is not None:
            return fail("The new scene node can't already be inside scene tree.", Error.ERR_UNCONFIGURED)
        if self._new is not None:
            self._new.queue_free()
            self._new = None
        if self.current is not None:
            self._old = self.current
            self._root.remove_child(self.current)
        self._new = node
        return Error.OK

    def finish(self) -> None:
        """The frame ends."""
        node = self._new
        if node is None:
            return
        if self._old is not None:
            self._old.free()
            self._old = None
        self._new = None
        if node._freed:
            self.current = None
            text = "Scene instance has been freed before becoming the current scene. No current scene is set."
            return fail(text, None)
        self.current = node
        self._root.add_child(node)
        self._changed.emit()

    def unload(self) -> None:
        """Free the current scene."""
        if self.current is not None:
            self.current.free()
            self.current = None


@runtime_checkable
class Instantiable(Protocol):
    """A scene as an object, such as a ``PackedScene``."""

    def instantiate(self) -> Node:
        """Make a new node of it."""
        ...


def instantiate(scene: Callable[[], Node | None] | Instantiable) -> Node | None:
    """Create a node of a scene, by calling it or, if it has one, its ``instantiate()``, like a PackedScene."""
    return scene.instantiate() if isinstance(scene, Instantiable) else scene()
