"""Visibility: which peers get a spawned node, the values of a synchronizer, and RPCs to a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from godot_enet.compat.errors import fail
from godot_enet.compat.scene.replication.revision import revision
from godot_enet.compat.scene.replication.state import PeerState, ReplicationState, TrackedNode

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node
    from godot_enet.compat.scene.replication.spawn_sender import SpawnSender
    from godot_enet.compat.scene.replication.synchronizer import MultiplayerSynchronizer
    from godot_enet.compat.scene.scene_transport import SceneTransport

__all__ = ["Visibility"]

_NO_PEER = 'Condition "!peers_info.has(p_peer)" is true. Returning: ERR_INVALID_PARAMETER'


class Visibility:
    """The visibility of everything that one multiplayer replicates.

    Args:
        state: the state of the replicator.
        transport: tells the id of this end.
        spawns: sends the spawns and despawns that follow.
    """

    # godot: scene_replication_interface.cpp

    def __init__(self, state: ReplicationState, transport: SceneTransport, spawns: SpawnSender) -> None:
        self._state = state
        self._transport = transport
        self._spawns = spawns

    def update_spawn(self, peer: int, node: Node) -> None:
        """Spawn or despawn a node at a peer, or with 0 at all, according to its visibility there."""
        # godot: _update_spawn_visibility
        tracked = self._state.tracked.get(id(node))
        if tracked is None:
            return fail('Parameter "tnode" is null.', None)
        if tracked.spawner is None:
            return fail('Parameter "spawner" is null.', None)
        if not self._state.has_authority(tracked.spawner):
            return fail('Condition "!_has_authority(spawner)" is true. Returning: ERR_BUG', None)
        visible = self._is_spawn_visible(tracked, peer)
        peers = self._state.peers
        if peer:
            state = peers.get(peer)
            if state is None:
                return fail(_NO_PEER, None)
            if visible == (id(node) in state.spawn_nodes):
                return None
            return self._spawns.spawn(tracked, [peer]) if visible else self._spawns.despawn(tracked, [peer])
        if not visible:
            for number in list(peers):
                self.update_spawn(number, node)
            return None
        missing = [number for number, state in peers.items() if id(node) not in state.spawn_nodes]
        return self._spawns.spawn(tracked, missing) if missing else None

    def _is_spawn_visible(self, tracked: TrackedNode, peer: int) -> bool:
        """Whether a peer may see one of our synchronizers of a node; True if it has none."""
        visible = True
        for synchronizer in list(tracked.synchronizers):
            if self._state.has_authority(synchronizer):
                if synchronizer._is_visible_to(peer):
                    return True
                visible = False
        return visible

    def update_sync(self, peer: int, synchronizer: MultiplayerSynchronizer) -> None:
        """Start or stop sending a synchronizer's values to a peer, or with 0 to all, according to its visibility
        there."""
        # godot: _update_sync_visibility
        own = self._transport.multiplayer_peer
        if own is None or not self._state.has_authority(synchronizer) or peer == own.get_unique_id():
            return None
        visible = synchronizer._is_visible_to(peer)
        if peer:
            state = self._state.peers.get(peer)
            if state is None:
                return fail(_NO_PEER, None)
            return self._show(state, synchronizer, visible)
        for number, state in list(self._state.peers.items()):
            self._show(state, synchronizer, visible or synchronizer._is_visible_to(number))
        return None

    def _show(self, state: PeerState, synchronizer: MultiplayerSynchronizer, visible: bool) -> None:
        if visible == (synchronizer in state.sync_nodes):
            return
        if visible and synchronizer not in self._state.sync_nodes:
            return  # a filter has removed it from the tree
        if visible:
            state.sync_nodes.add(synchronizer)
        else:
            state.hide(synchronizer)
        revision.count += 1

    def changed(self, peer: int, synchronizer: MultiplayerSynchronizer) -> None:
        """Handle a possible change of a synchronizer's visibility for a peer, or with 0 for all."""
        # godot: _visibility_changed
        node, own = synchronizer._root, self._transport.multiplayer_peer
        if node is None:
            return fail('Parameter "node" is null.', None)
        if node in self._state.spawned and (own is None or peer != own.get_unique_id()):
            self.update_spawn(peer, node)
        return self.update_sync(peer, synchronizer)

    def is_rpc_visible(self, node: Node, peer: int) -> bool:
        """Whether a peer, or with 0 whether all, may get RPCs to a node."""
        # godot: is_rpc_visible
        tracked = self._state.tracked.get(id(node))
        if tracked is None or not tracked.synchronizers:
            return True
        if tracked.remote_peer and peer == tracked.remote_peer:
            return True
        peers = self._state.peers
        if node in self._state.spawned:
            if peer:
                return peer in peers and id(node) in peers[peer].spawn_nodes
            return all(id(node) in state.spawn_nodes for state in peers.values())
        return any(synchronizer._is_visible_to(peer) for synchronizer in list(tracked.synchronizers))
