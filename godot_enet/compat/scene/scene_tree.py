"""SceneTree: the root of all nodes, and what happens every frame."""

from __future__ import annotations

from collections import deque
from functools import partial
from threading import TIMEOUT_MAX
from time import monotonic, sleep

from godot_enet.compat.errors import fail
from godot_enet.compat.multiplayer_peer import as_bool
from godot_enet.compat.scene.lifecycle import add_to_tree, notify, orphans
from godot_enet.compat.scene.multiplayer_api import MultiplayerAPI
from godot_enet.compat.scene.node import Node
from godot_enet.compat.signal import SignalProperty, in_frame
from godot_enet.compat.variant import NodePath

__all__ = ["SceneTree"]

_ROOT = NodePath("/root")


class SceneTree:
    """A tree of nodes under ``root``, with a multiplayer that is polled once a frame.

    Call :meth:`process` every frame of your own loop, or let :meth:`run` do it. Unlike Godot, a program may have
    several trees, for instance a server and a bot. A tree belongs to the thread that processes it.

    Keep a reference to it: nodes do not keep their tree alive. When it is dropped, its nodes are in no tree any more,
    and its ``multiplayer_peer`` closes unless something else refers to that.
    """

    process_frame = SignalProperty[[]]()
    """A frame begins: the multiplayer was polled, and nodes come next."""

    def __init__(self) -> None:
        self.root = Node("root")
        """The node above all others."""
        self.multiplayer_poll = True
        """Whether frames poll the multiplayer; without it, call ``multiplayer.poll()`` yourself."""
        self._delete_queue: deque[Node] = deque()
        self._processing: dict[int, Node] = {}
        """What has a ``_process``, by ``id()``; in the order of the tree when ``_order_is_stale`` is not set."""
        self._order_is_stale = False
        self._renames = 0
        """Counts the renamings in the tree, by which path ids see that a path may have changed."""
        self._branches: dict[NodePath, MultiplayerAPI] = {}
        self._exit_code: int | None = None
        self._multiplayer = MultiplayerAPI.create_default_interface()
        self._attach(self._multiplayer, _ROOT)
        add_to_tree(self.root, self)

    def __repr__(self) -> str:
        nodes = [self.root]
        for node in nodes:
            nodes += node.get_children()
        return f"<SceneTree of {len(nodes)} nodes, {self._multiplayer!r}>"

    # Multiplayer

    def get_multiplayer(self, for_path: str | NodePath = "") -> MultiplayerAPI:
        """The multiplayer of a part of the tree; of all that has none of its own, without a path."""
        names = NodePath(for_path)._names
        for path, api in self._branches.items():
            if names[: len(path._names)] == path._names:
                return api
        return self._multiplayer

    def set_multiplayer(self, multiplayer: MultiplayerAPI | None, root_path: str | NodePath = "") -> None:
        """Give the tree, or a part of it, a multiplayer of its own.

        Args:
            multiplayer: a new one; None to take that of a part away.
            root_path: the part, from ``/root`` on; all without one.
        """
        path = NodePath(root_path)
        if path.is_empty():
            if multiplayer is None:
                return fail('Parameter "p_multiplayer" is null.', None)
            self._multiplayer.object_configuration_remove(None, _ROOT)
            self._multiplayer = multiplayer
            return self._attach(multiplayer, _ROOT)
        if path._names[:1] != ("root",) or not path.is_absolute():
            return fail(f"Custom multiplayer root path must be an absolute path in the tree. Got '{path}'.", None)
        for other in self._branches:
            shorter, longer = sorted((other._names, path._names), key=len)
            if other != path and longer[: len(shorter)] == shorter and shorter is other._names:
                text = f"Multiplayer is already configured for a parent of this path: '{path}' in '{other}'."
                return fail(text, None)
        old = self._branches.pop(path, None)
        if old is not None:
            old.object_configuration_remove(None, path)
        if multiplayer is not None:
            self._branches[path] = multiplayer
            self._attach(multiplayer, path)

    def _attach(self, api: MultiplayerAPI, path: NodePath) -> None:
        api.object_configuration_add(None, path)
        api._tree_root = self.root

    def _multiplayer_of(self, node: Node) -> MultiplayerAPI:
        return self.get_multiplayer(node.get_path()) if self._branches else self._multiplayer

    def set_multiplayer_poll_enabled(self, enabled: bool) -> None:
        """Set ``multiplayer_poll``."""
        self.multiplayer_poll = as_bool(enabled, "enabled")

    def is_multiplayer_poll_enabled(self) -> bool:
        """``multiplayer_poll``."""
        return self.multiplayer_poll

    # Frames

    def process(self, delta: float) -> None:
        """One frame: poll the multiplayer, then ``_process`` of all nodes, then free those that were queued for it.

        ``_process`` is called in the order of the tree, parents first. A node that comes into the tree meanwhile waits
        for the next frame, and so does one that was moved. Deferred calls are made before ``_process``, after
        it and at the end.

        Args:
            delta: the time since the last frame, in seconds; handed to ``_process``.
        """
        in_frame(self._begin_frame)
        in_frame(partial(self._process_nodes, delta))
        in_frame(self._free_queued)

    def _begin_frame(self) -> None:
        if self.multiplayer_poll:
            self._multiplayer.poll()
            for api in list(self._branches.values()):
                api.poll()
        self.process_frame.emit()

    def _process_nodes(self, delta: float) -> None:
        for node, moves in [(node, node._moves) for node in self._in_order()]:
            if node._tree is self and node._moves == moves:
                notify(node, "_process", delta)

    def _free_queued(self) -> None:
        queues = orphans._delete_queue, self._delete_queue
        while waiting := [queue for queue in queues if queue]:
            min(waiting, key=lambda queue: queue[0]._queued_at).popleft().free()

    def _in_order(self) -> list[Node]:
        """All that have a ``_process``, in the order of the tree."""
        if self._order_is_stale:
            self._order_is_stale = False
            found: dict[int, Node] = {}
            waiting = [self.root]
            while waiting and len(found) < len(self._processing):
                node = waiting.pop()
                if id(node) in self._processing:
                    found[id(node)] = node
                waiting += reversed(node._children.values())
            self._processing = found
        return list(self._processing.values())

    def run(self, frames_per_second: float = 60.0) -> int:
        """Frames at an even pace until :meth:`quit`; returns its exit code.

        A frame that takes longer delays the next ones; they do not hurry to catch up.

        Raises:
            ValueError: the pace is not above 0.
        """
        if not frames_per_second > 0:
            raise ValueError(f"frames_per_second must be above 0, not {frames_per_second}")
        interval = min(1 / frames_per_second, TIMEOUT_MAX)
        self._exit_code = None
        last = due = monotonic()
        while True:
            now = monotonic()
            self.process(now - last)
            if self._exit_code is not None:
                return self._exit_code
            last = now
            due = max(due + interval, monotonic())
            sleep(max(0.0, due - monotonic()))

    def quit(self, exit_code: int = 0) -> None:
        """End :meth:`run` after this frame."""
        self._exit_code = exit_code

    def _register(self, node: Node) -> None:
        if type(node)._process is not Node._process:
            self._processing[id(node)] = node
            self._order_is_stale = True

    def _unregister(self, node: Node) -> None:
        self._processing.pop(id(node), None)
