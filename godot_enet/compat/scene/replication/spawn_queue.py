"""Nodes that spawners have announced but that are not ready yet: their state is sent once they are."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from godot_enet.compat.errors import fail
from godot_enet.compat.globals import Error
from godot_enet.compat.scene.replication.state import ReplicationState
from godot_enet.compat.scene.replication.swap_set import SwapSet
from godot_enet.compat.signal import ConnectFlags

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node
    from godot_enet.compat.scene.replication.spawner import MultiplayerSpawner
    from godot_enet.compat.scene.replication.visibility import Visibility

__all__ = ["SpawnQueue"]


class SpawnQueue:
    """The announced nodes of one multiplayer, in the order in which they entered the tree.

    Args:
        state: the state of the replicator.
        visibility: decides which peers get them.
    """

    def __init__(self, state: ReplicationState, visibility: Visibility) -> None:
        self._state = state
        self._visibility = visibility
        self._nodes: SwapSet[Node] = SwapSet()
        self._listeners: dict[int, _ReadyListener] = {}
        """By ``id()`` of the node, so that a node that is added again is not connected twice."""

    def add(self, node: Node, spawner: MultiplayerSpawner) -> Error:
        """Queue a node that a spawner announces. It has just entered the tree, or is about to."""
        # godot: scene_replication_interface.cpp: on_spawn
        tracked = self._state.track(node)
        if tracked.spawner is not None:
            text = 'Condition "tobj.spawner != ObjectID()" is true. Returning: ERR_ALREADY_IN_USE'
            return fail(text, Error.ERR_ALREADY_IN_USE)
        tracked.spawner = spawner
        self._nodes.add(node)
        listener = self._listeners.setdefault(id(node), _ReadyListener(self, node))
        node.ready.connect(listener.on_ready, ConnectFlags.CONNECT_ONE_SHOT)
        return Error.OK

    def on_ready(self, node: Node) -> None:
        """Handle a node that is ready. If it is the first one, the outermost of nested ones, all are sent."""
        # godot: scene_replication_interface.cpp: _node_ready
        if node not in self._nodes:
            return fail('Condition "!spawn_queue.has(p_oid)" is true.', None)
        if node is not self._nodes.first():
            return None
        for queued in list(self._nodes):
            tracked = self._state.tracked.get(id(queued))
            if tracked is None:
                fail('Condition "!tracked_nodes.has(oid)" is true. Continuing.', None)
            elif tracked.spawner is None:
                fail('Condition "!spawner" is true. Continuing.', None)
            else:
                self._state.spawned.add(queued)
                if self._state.has_authority(tracked.spawner):
                    self._visibility.update_spawn(0, queued)
        self._clear()
        return None

    def give_up(self) -> None:
        """Handle the end of a poll: the remaining nodes will not become ready."""
        # godot: scene_replication_interface.cpp: on_network_process
        if not self._nodes:
            return
        text = "An error happened during last spawn, this usually means the 'ready' signal was not emitted by the "
        fail(f"{text}spawned node.", None)
        for node in list(self._nodes):
            if node._freed:
                fail('Condition "!node" is true. Continuing.', None)
                continue
            listener = self._listeners[id(node)]
            if node.ready.is_connected(listener.on_ready):
                node.ready.disconnect(listener.on_ready)
        self._clear()

    def _clear(self) -> None:
        self._nodes.clear()
        self._listeners.clear()


class _ReadyListener:
    """Forwards ``ready`` of one node."""

    def __init__(self, queue: SpawnQueue, node: Node) -> None:
        self._queue = weakref.ref(queue)  # nodes do not keep their multiplayer alive
        self._node = node

    def on_ready(self) -> None:
        """Connected to its ``ready``."""
        queue = self._queue()
        if queue is not None:
            queue.on_ready(self._node)
