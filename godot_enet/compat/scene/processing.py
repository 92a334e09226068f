"""The nodes that are processed in a frame, in order of priority, lowest first, then in tree order."""

# godot: scene/main/scene_tree.cpp: _process_group; scene/main/node.cpp: _can_process, set_process_mode

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from godot_enet.compat.scene.children import tree_position
from godot_enet.compat.scene.notifications import notify, send
from godot_enet.compat.scene.passes import Passes
from godot_enet.core.protocol.enums import NamedIntEnum

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["ProcessMode", "ProcessState", "Processing", "can_process", "find_mode_owner", "pause", "set_process_mode"]


class ProcessMode(NamedIntEnum):
    """When a node is processed."""

    PROCESS_MODE_INHERIT = 0
    """Inherit the mode of the parent; the root of the tree is pausable."""
    PROCESS_MODE_PAUSABLE = 1
    """Process unless the tree is paused."""
    PROCESS_MODE_WHEN_PAUSED = 2
    """Process only while the tree is paused."""
    PROCESS_MODE_ALWAYS = 3
    """Always process."""
    PROCESS_MODE_DISABLED = 4
    """Never process."""


class ProcessState:
    """The processing state of one node."""

    __slots__ = (
        "idle",
        "internal_idle",
        "internal_physics",
        "mode",
        "mode_owner",
        "physics",
        "physics_priority",
        "priority",
    )

    def __init__(self) -> None:
        self.idle = self.physics = self.internal_idle = self.internal_physics = False
        self.priority = self.physics_priority = 0
        self.mode = ProcessMode.PROCESS_MODE_INHERIT
        self.mode_owner: Node | None = None
        """The node whose mode applies, while this node is in a tree."""


class _Frames:
    """The nodes that are processed in one kind of frame."""

    def __init__(self, priority: Callable[[Node], int]) -> None:
        self._priority = priority
        self._nodes: dict[int, Node] = {}
        """By instance id; in order unless stale."""
        self._is_stale = False

    def add(self, node: Node) -> None:
        self._nodes[node._instance_id] = node
        self._is_stale = True

    def remove(self, node: Node) -> None:
        self._nodes.pop(node._instance_id, None)

    def in_order(self) -> list[Node]:
        if self._is_stale:
            key = self._priority
            order = sorted(self._nodes.values(), key=lambda node: (key(node), tree_position(node)))
            self._nodes = {node._instance_id: node for node in order}
            self._is_stale = False
        return list(self._nodes.values())


class Processing:
    """The nodes of one tree that are processed.

    Args:
        passes: knows which nodes have left during a frame.
    """

    def __init__(self, passes: Passes) -> None:
        self._passes = passes
        self._idle = _Frames(lambda node: node._processing.priority)
        self._physics = _Frames(lambda node: node._processing.physics_priority)
        self.is_paused = False

    def update(self, node: Node) -> None:
        """Update a node whose processing has changed, or that has entered the tree or become ready."""
        self.remove(node)
        state = node._processing
        if state.idle or state.internal_idle:
            self._idle.add(node)
        if state.physics or state.internal_physics:
            self._physics.add(node)

    def remove(self, node: Node) -> None:
        """Remove a node that leaves the tree."""
        self._idle.remove(node)
        self._physics.remove(node)

    def process(self, delta: float) -> None:
        """Call ``_process``."""

        def visit(node: Node) -> None:
            state = node._processing
            if not can_process(node, paused=self.is_paused):
                return
            if state.internal_idle:
                send(node, node.NOTIFICATION_INTERNAL_PROCESS)
            if state.idle:
                notify(node, "_process", delta)
                if node._overrides("_notification"):
                    notify(node, "_notification", node.NOTIFICATION_PROCESS)

        self._passes.go_through(self._idle.in_order(), visit)

    def process_physics(self, delta: float) -> None:
        """Call ``_physics_process``."""

        def visit(node: Node) -> None:
            state = node._processing
            if not can_process(node, paused=self.is_paused):
                return
            if state.internal_physics:
                send(node, node.NOTIFICATION_INTERNAL_PHYSICS_PROCESS)
            if state.physics:
                notify(node, "_physics_process", delta)
                if node._overrides("_notification"):
                    notify(node, "_notification", node.NOTIFICATION_PHYSICS_PROCESS)

        self._passes.go_through(self._physics.in_order(), visit)


def can_process(node: Node, *, paused: bool) -> bool:
    """Whether a node is processed in a tree that is paused or not."""
    state = node._processing
    mode = state.mode
    if mode == ProcessMode.PROCESS_MODE_INHERIT:
        mode = ProcessMode.PROCESS_MODE_PAUSABLE if state.mode_owner is None else state.mode_owner._processing.mode
    if mode == ProcessMode.PROCESS_MODE_PAUSABLE:
        return not paused
    return mode == ProcessMode.PROCESS_MODE_ALWAYS or (paused and mode == ProcessMode.PROCESS_MODE_WHEN_PAUSED)


def find_mode_owner(node: Node) -> None:
    """Find the node whose mode applies to a node that has entered a tree."""
    state, parent = node._processing, node._parent
    if state.mode != ProcessMode.PROCESS_MODE_INHERIT:
        state.mode_owner = node
    elif parent is not None:
        state.mode_owner = parent._processing.mode_owner


def set_process_mode(node: Node, mode: ProcessMode, *, paused: bool) -> None:
    """Change the mode of a node, and notify it and its descendants of what that changes."""
    state, parent = node._processing, node._parent
    could, was_enabled = can_process(node, paused=paused), _is_enabled(node)
    owner: Node | None = node
    if mode == ProcessMode.PROCESS_MODE_INHERIT:
        owner = None if parent is None else parent._processing.mode_owner
    state.mode_owner, state.mode = owner, mode
    can, is_enabled = can_process(node, paused=paused), _is_enabled(node)
    told = []
    if could != can:
        told.append(node.NOTIFICATION_UNPAUSED if can else node.NOTIFICATION_PAUSED)
    if was_enabled != is_enabled:
        told.append(node.NOTIFICATION_ENABLED if is_enabled else node.NOTIFICATION_DISABLED)
    _hand_down(node, owner, told)


def _is_enabled(node: Node) -> bool:
    return can_process(node, paused=True) or can_process(node, paused=False)


def _hand_down(node: Node, owner: Node | None, told: list[int]) -> None:
    node._processing.mode_owner = owner
    for what in told:
        send(node, what)
    node._busy += 1
    try:
        for child in list(node._children.values()):
            if child._processing.mode == ProcessMode.PROCESS_MODE_INHERIT:
                _hand_down(child, owner, told)
    finally:
        node._busy -= 1


def pause(node: Node, paused: bool) -> None:
    """Notify the nodes that a pause, or its end, affects."""
    could, can = can_process(node, paused=not paused), can_process(node, paused=paused)
    if could != can:
        send(node, node.NOTIFICATION_UNPAUSED if can else node.NOTIFICATION_PAUSED)
    node._busy += 1
    try:
        for child in list(node._children.values()):
            pause(child, paused)
    finally:
        node._busy -= 1
