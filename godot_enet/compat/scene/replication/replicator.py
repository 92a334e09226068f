"""The replication of one SceneMultiplayer: calls of spawners and synchronizers, and events of peers.

The parts share a ``ReplicationState``:

- ``spawn_queue``, ``spawn_sender``: nodes that are announced
- ``visibility``: which peers get which nodes and values
- ``sync_sender`` with ``plan`` and ``watchers``: values that are sent
- ``spawn_receiver``, ``sync_receiver``: the reverse
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from godot_enet.compat.errors import fail, handling_remote_input
from godot_enet.compat.globals import Error
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.replication.limits import ReplicationLimits
from godot_enet.compat.scene.replication.revision import revision
from godot_enet.compat.scene.replication.spawn_queue import SpawnQueue
from godot_enet.compat.scene.replication.spawn_receiver import SpawnReceiver
from godot_enet.compat.scene.replication.spawn_sender import SpawnSender
from godot_enet.compat.scene.replication.spawner import MultiplayerSpawner
from godot_enet.compat.scene.replication.state import PeerState, ReplicationState
from godot_enet.compat.scene.replication.sync_receiver import SyncReceiver
from godot_enet.compat.scene.replication.sync_sender import SyncSender
from godot_enet.compat.scene.replication.synchronizer import MultiplayerSynchronizer
from godot_enet.compat.scene.replication.traffic import SceneTraffic
from godot_enet.compat.scene.replication.visibility import Visibility
from godot_enet.compat.scene.scene_commands import COMMAND_MASK, DESPAWN, SPAWN
from godot_enet.compat.steps import Steps, ours

if TYPE_CHECKING:
    from godot_enet.compat.scene.drops import SceneReporter
    from godot_enet.compat.scene.path_cache import PathCache
    from godot_enet.compat.scene.remote_sender import RemoteSender
    from godot_enet.compat.scene.scene_settings import SceneSettings
    from godot_enet.compat.scene.scene_transport import SceneTransport

__all__ = ["Replicator"]


class Replicator:
    """The replication of one multiplayer.

    Args:
        transport: sends packets, and has the id of this end.
        settings: of the multiplayer.
        cache: numbers of nodes.
        reporter: counts and logs rejected packets.
        traffic: counts packets.
        limits: the limits of each peer.
        sender: is set to the sender of the packet that is being handled.
    """

    # godot: scene_replication_interface.cpp

    def __init__(
        self,
        transport: SceneTransport,
        settings: SceneSettings,
        cache: PathCache,
        reporter: SceneReporter,
        traffic: SceneTraffic,
        limits: ReplicationLimits,
        sender: RemoteSender,
    ) -> None:
        state = self._state = ReplicationState(transport)
        self._sender = sender
        self._settings = settings
        self._spawns = SpawnSender(state, transport, cache, traffic)
        self._visibility = Visibility(state, transport, self._spawns)
        self._queue = SpawnQueue(state, self._visibility)
        self._syncs = SyncSender(state, transport, cache, settings, traffic)
        self._spawn_receiver = SpawnReceiver(state, cache, limits, reporter, traffic)
        self._sync_receiver = SyncReceiver(state, cache, limits, reporter, traffic, sender)
        self._listeners: dict[int, _VisibilityListener] = {}
        """The callables connected to ``visibility_changed``, by ``id()`` of the synchronizer."""

    # Peers

    def add_peer(self, peer: int) -> None:
        """A peer was admitted: it gets everything that it may see."""
        state = self._state
        state.peers[peer] = PeerState()
        revision.count += 1
        for node in state.spawned.copy():
            self._visibility.update_spawn(peer, node)
        for synchronizer in list(state.sync_nodes):
            self._visibility.update_sync(peer, synchronizer)

    def remove_peer(self, peer: int) -> None:
        """Remove a peer, and the nodes that it has spawned here."""
        self._spawn_receiver.free_remotes(peer)
        self._state.peers.pop(peer, None)
        if not self._settings.exact:
            # If it returns, its times restart. Godot rejects them as old for minutes.
            for synchronizer in self._state.sync_nodes:
                if synchronizer._authority == peer:
                    synchronizer._started = False
        revision.count += 1

    def clear(self) -> None:
        """Remove all peers."""
        for peer in list(self._state.peers):
            self._spawn_receiver.free_remotes(peer)
        self._state.reset()

    def step(self) -> None:
        """The end of a poll: send what is due."""
        # Values and settings belong to this program, and so do errors.
        depth, handling_remote_input.depth = handling_remote_input.depth, 0
        try:
            self._queue.give_up()
            self._syncs.step()
        finally:
            handling_remote_input.depth = depth

    # Packets

    def receive(self, sender: int, packet: bytes) -> Steps | None:
        """Return the steps that handle a SPAWN, DESPAWN, SYNC or DELTA packet."""
        command = packet[0] & COMMAND_MASK
        if command == SPAWN:
            steps: Steps | None = [ours(lambda: self._reactions(sender, self._spawn_receiver.spawn(sender, packet)))]
        elif command == DESPAWN:
            steps = [ours(lambda: self._reactions(sender, self._spawn_receiver.despawn(sender, packet)))]
        else:
            steps = self._sync_receiver.receive(sender, packet)
        return self._sender.during(sender, steps) if steps else None

    def _reactions(self, sender: int, steps: Steps | None) -> Steps | None:
        return self._sender.during(sender, steps) if steps else None

    def is_rpc_visible(self, node: Node, peer: int) -> bool:
        """Whether a peer, or with 0 whether all, may get RPCs to a node."""
        return self._visibility.is_rpc_visible(node, peer)

    # Spawners and synchronizers

    def add(self, node: object, what: object) -> Error:
        """Register a node that a spawner announces, or a synchronizer that has started at its root node."""
        if isinstance(node, Node) and isinstance(what, MultiplayerSpawner):
            return self._queue.add(node, what)
        if isinstance(node, Node) and isinstance(what, MultiplayerSynchronizer):
            self._start(node, what)
            return Error.OK
        return Error.ERR_INVALID_PARAMETER

    def remove(self, node: object, what: object) -> Error:
        """The reverse."""
        if isinstance(node, Node) and isinstance(what, MultiplayerSpawner):
            tracked = self._state.tracked.get(id(node))
            if tracked is None:
                return fail('Parameter "tnode" is null.', Error.ERR_BUG)
            return self._spawns.leave(tracked, what)
        if isinstance(node, Node) and isinstance(what, MultiplayerSynchronizer):
            return self._stop(node, what)
        return Error.ERR_INVALID_PARAMETER

    def _start(self, root: Node, synchronizer: MultiplayerSynchronizer) -> None:
        # godot: on_replication_start
        state = self._state
        state.track(root).synchronizers.add(synchronizer)
        state.sync_nodes.add(synchronizer)
        revision.count += 1
        listener = self._listeners[id(synchronizer)] = _VisibilityListener(self._visibility, synchronizer)
        synchronizer.visibility_changed.connect(listener.changed)
        self._visibility.update_sync(0, synchronizer)
        self._spawn_receiver.give_state(synchronizer, root)

    def _stop(self, root: Node, synchronizer: MultiplayerSynchronizer) -> Error:
        # godot: on_replication_stop
        state = self._state
        listener = self._listeners.pop(id(synchronizer), None)
        if listener is not None:
            synchronizer.visibility_changed.disconnect(listener.changed)
        tracked = state.tracked.get(id(root))
        if tracked is not None:
            tracked.synchronizers.discard(synchronizer)
        state.sync_nodes.discard(synchronizer)
        number = synchronizer._net_id.to_bytes(4, "little")
        for peer in state.peers.values():
            peer.hide(synchronizer)
            if peer.recv_sync_ids.get(number) is synchronizer:
                del peer.recv_sync_ids[number]
        revision.count += 1
        return Error.OK


class _VisibilityListener:
    """Forwards the changes of visibility of a synchronizer."""

    def __init__(self, visibility: Visibility, synchronizer: MultiplayerSynchronizer) -> None:
        self._visibility = weakref.ref(visibility)  # nodes do not keep their multiplayer alive
        self._synchronizer = synchronizer

    def changed(self, peer: int) -> None:
        """Connected to its ``visibility_changed``."""
        visibility = self._visibility()
        if visibility is not None:
            visibility.changed(peer, self._synchronizer)
