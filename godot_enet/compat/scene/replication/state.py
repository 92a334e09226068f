"""The state of a replicator: its nodes and peers."""

from __future__ import annotations

import weakref
from bisect import bisect_left, insort
from typing import TYPE_CHECKING

from godot_enet.compat.scene.replication.revision import revision
from godot_enet.compat.scene.replication.swap_set import SwapSet
from godot_enet.compat.signal import ConnectFlags

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node
    from godot_enet.compat.scene.replication.spawner import MultiplayerSpawner
    from godot_enet.compat.scene.replication.synchronizer import MultiplayerSynchronizer
    from godot_enet.compat.scene.scene_transport import SceneTransport

__all__ = ["PeerState", "ReplicationState", "SpawnedNodes", "TrackedNode", "place"]


class TrackedNode:
    """A node of a spawner or a synchronizer, until it leaves the tree."""

    # godot: scene_replication_interface.h: TrackedNode

    __slots__ = ("net_id", "node", "received_id", "remote_peer", "spawner", "synchronizers")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.net_id = 0
        """Its number in our packets; 0 before it has one."""
        self.remote_peer = 0
        """The peer that has spawned it here; 0 for none."""
        self.received_id = b""
        """Its number in the packets of that peer."""
        self.spawner: MultiplayerSpawner | None = None
        self.synchronizers: SwapSet[MultiplayerSynchronizer] = SwapSet()
        """The synchronizers whose root node it is."""


class PeerState:
    """The nodes and synchronizers that one peer has from us, and we from it."""

    # godot: scene_replication_interface.h: PeerInfo

    __slots__ = ("last_sent_sync", "last_watch", "recv_nodes", "recv_sync_ids", "spawn_nodes", "sync_nodes")

    def __init__(self) -> None:
        self.sync_nodes: SwapSet[MultiplayerSynchronizer] = SwapSet()
        """The synchronizers that it gets."""
        self.spawn_nodes: set[int] = set()
        """The nodes that it got from us, by ``id()``."""
        self.last_watch: dict[int, int] = {}
        """By ``id()`` of the synchronizer: when the last delta was sent to it, in microseconds."""
        self.recv_sync_ids: dict[bytes, MultiplayerSynchronizer] = {}
        """Our synchronizers by its numbers, as bytes: a remote can fill a dict of ints so that it becomes slow."""
        self.recv_nodes: dict[bytes, TrackedNode] = {}
        """The nodes that it has spawned here, by its numbers."""
        self.last_sent_sync = 0
        """The time of the last SYNC packet: 16 bits that count the polls."""

    def hide(self, synchronizer: MultiplayerSynchronizer) -> None:
        """Remove a synchronizer. If the peer gets it again, that begins with a full delta."""
        self.sync_nodes.discard(synchronizer)
        self.last_watch.pop(id(synchronizer), None)


class SpawnedNodes:
    """The nodes announced by our spawners, the oldest objects first."""

    def __init__(self) -> None:
        self._by_age: list[tuple[int, Node]] = []
        self._ids: set[int] = set()

    def add(self, node: Node) -> None:
        """Add a node."""
        if id(node) not in self._ids:
            self._ids.add(id(node))
            insort(self._by_age, (node._instance_id, node), key=_age)

    def discard(self, node: Node) -> None:
        """Remove a node."""
        if id(node) in self._ids:
            self._ids.discard(id(node))
            del self._by_age[bisect_left(self._by_age, node._instance_id, key=_age)]

    def __contains__(self, node: Node) -> bool:
        return id(node) in self._ids

    def copy(self) -> list[Node]:
        """Return all of them."""
        return [node for _, node in self._by_age]


def _age(entry: tuple[int, Node]) -> int:
    return entry[0]


class ReplicationState:
    """The state shared by the parts of one replicator.

    Args:
        transport: its id decides which nodes this end has authority over.
    """

    def __init__(self, transport: SceneTransport) -> None:
        self._transport = transport
        self.peers: dict[int, PeerState] = {}
        """In order of arrival."""
        self.tracked: dict[int, TrackedNode] = {}
        """By ``id()`` of the node."""
        self.spawned = SpawnedNodes()
        self.sync_nodes: SwapSet[MultiplayerSynchronizer] = SwapSet()
        """All synchronizers in the tree."""
        self._last_net_id = 0

    def has_authority(self, node: Node) -> bool:
        """Whether this end has authority over a node."""
        peer = self._transport.multiplayer_peer
        return peer is not None and node._authority == peer.get_unique_id()

    def next_net_id(self) -> int:
        """Return a number that no local node or synchronizer has had recently: numbers repeat after 31 bits.

        The highest bit marks path ids.
        """
        self._last_net_id = self._last_net_id % 0x7FFFFFFF + 1
        return self._last_net_id

    def track(self, node: Node) -> TrackedNode:
        """Return the record of a node, which exists from now until the node leaves the tree."""
        tracked = self.tracked.get(id(node))
        if tracked is None:
            tracked = self.tracked[id(node)] = TrackedNode(node)
            node.tree_exited.connect(_Untracking(self, node).untrack, ConnectFlags.CONNECT_ONE_SHOT)
        return tracked

    def untrack(self, node: Node) -> None:
        """Forget a node."""
        # godot: scene_replication_interface.cpp: _untrack
        tracked = self.tracked.pop(id(node), None)
        if tracked is None:
            return
        revision.count += 1
        remote = self.peers.get(tracked.remote_peer)
        if remote is not None and remote.recv_nodes.get(tracked.received_id) is tracked:
            del remote.recv_nodes[tracked.received_id]
        for peer in self.peers.values():
            peer.spawn_nodes.discard(id(node))

    def reset(self) -> None:
        """Remove all peers, and assign numbers from 1 again. Spawned nodes stay, for the next peers."""
        # godot: scene_replication_interface.cpp: on_reset
        self.peers.clear()
        for tracked in self.tracked.values():
            tracked.net_id = tracked.remote_peer = 0
            tracked.received_id = b""
        for synchronizer in self.sync_nodes:
            synchronizer._reset()
        self._last_net_id = 0
        revision.count += 1


class _Untracking:
    """Forgets one node; a separate object for each, so that each can be connected."""

    def __init__(self, state: ReplicationState, node: Node) -> None:
        self._state = weakref.ref(state)  # nodes do not keep their multiplayer alive
        self._node = node

    def untrack(self) -> None:
        state = self._state()
        if state is not None:
            state.untrack(self._node)


def place(node: Node) -> str:
    """The path of a node in messages, or outside a tree its name. A remote may have chosen it."""
    text = str(node.get_path()) if node._tree is not None else node._name
    return text if text.isprintable() else ascii(text)[1:-1]
