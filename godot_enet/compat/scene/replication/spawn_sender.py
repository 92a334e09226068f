"""Announces nodes of our spawners to peers, with SPAWN and DESPAWN packets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from godot_enet.compat.errors import fail
from godot_enet.compat.globals import Error
from godot_enet.compat.scene.arguments import encode_argument
from godot_enet.compat.scene.replication.packets import CUSTOM, despawn_packet, spawn_packet
from godot_enet.compat.scene.replication.property_paths import PropertyError, PropertyPath, read_all
from godot_enet.compat.scene.replication.state import ReplicationState, TrackedNode
from godot_enet.compat.scene.replication.traffic import SceneCount, SceneTraffic
from godot_enet.compat.variant import EncodeError

if TYPE_CHECKING:
    from godot_enet.compat.scene.path_cache import PathCache
    from godot_enet.compat.scene.replication.spawner import MultiplayerSpawner
    from godot_enet.compat.scene.scene_transport import SceneTransport

__all__ = ["SpawnSender"]

_NOTHING_TO_SEND = 'Condition "!p_buffer || p_size < 1" is true. Returning: ERR_INVALID_PARAMETER'


class SpawnSender:
    """Sends the spawns and despawns of one multiplayer.

    Args:
        state: the state of the replicator.
        transport: sends the packets.
        cache: the path ids of spawners.
        traffic: counts packets.
    """

    def __init__(
        self, state: ReplicationState, transport: SceneTransport, cache: PathCache, traffic: SceneTraffic
    ) -> None:
        self._state = state
        self._transport = transport
        self._cache = cache
        self._traffic = traffic

    def spawn(self, tracked: TrackedNode, peers: list[int]) -> None:
        """Announce a node to peers. If its packet cannot be made, they count as having it, as in Godot.

        Does nothing if a filter or a getter of the program has removed the node from the tree.
        """
        # godot: scene_replication_interface.cpp: _update_spawn_visibility
        spawner = tracked.spawner
        packet = None if spawner is None else self._make(tracked, spawner)
        if spawner is None or tracked.spawner is not spawner:
            return
        for peer in peers:
            state = self._state.peers.get(peer)
            if state is None:
                fail('Condition "!peers_info.has(pid)" is true. Continuing.', None)
                continue
            self._cache.introduce(spawner, [peer])
            state.spawn_nodes.add(id(tracked.node))
            if packet is None:
                fail(_NOTHING_TO_SEND, None)
                continue
            self._transport.send_reliably(peer, packet)
            self._traffic.count(SceneCount.SPAWNS_SENT, len(packet), tracked.node)

    def despawn(self, tracked: TrackedNode, peers: list[int]) -> None:
        """Despawn a node at peers."""
        packet = despawn_packet(tracked.net_id)
        for peer in peers:
            state = self._state.peers.get(peer)
            if state is not None:
                state.spawn_nodes.discard(id(tracked.node))
                self._transport.send_reliably(peer, packet)
                self._traffic.count(SceneCount.DESPAWNS_SENT, len(packet), tracked.node)

    def leave(self, tracked: TrackedNode, spawner: MultiplayerSpawner) -> Error:
        """Despawn an announced node that leaves the tree, or whose spawner does."""
        # godot: scene_replication_interface.cpp: on_despawn
        packet = despawn_packet(tracked.net_id)
        key = id(tracked.node)
        for peer, state in list(self._state.peers.items()):
            if key in state.spawn_nodes:
                self._transport.send_reliably(peer, packet)
                self._traffic.count(SceneCount.DESPAWNS_SENT, len(packet), tracked.node)
        if tracked.spawner is not spawner:
            text = 'Condition "tobj.spawner != spawner->get_instance_id()" is true. Returning: ERR_INVALID_PARAMETER'
            return fail(text, Error.ERR_INVALID_PARAMETER)
        tracked.spawner = None
        self._state.spawned.discard(tracked.node)
        for state in self._state.peers.values():
            state.spawn_nodes.discard(key)
        return Error.OK

    def _make(self, tracked: TrackedNode, spawner: MultiplayerSpawner) -> bytes | None:
        """Build the SPAWN packet of a node, and assign ids to it and its synchronizers; None if that is not
        possible."""
        # godot: scene_replication_interface.cpp: _make_spawn_packet
        if not tracked.net_id:
            tracked.net_id = self._state.next_net_id()
        scene, data = spawner._spawn_of(tracked.node)
        try:
            argument = encode_argument(data) if scene & 0xFF == CUSTOM else None
        except (EncodeError, TypeError, OverflowError) as error:
            return fail(f'Condition "err" is true. Returning: err (argument of spawn(): {error})', None)
        paths: list[PropertyPath] = []
        numbers: list[int] = []
        for synchronizer in list(tracked.synchronizers):
            if not self._state.has_authority(synchronizer):
                continue
            config = synchronizer._config
            if config is None:
                return fail('Parameter "sync->get_replication_config_ptr()" is null.', None)
            paths += config._by_use().spawn
            if not synchronizer._net_id:
                synchronizer._net_id = self._state.next_net_id()
            numbers.append(synchronizer._net_id)
        try:
            values = read_all(paths, tracked.node)
        except PropertyError as error:
            for line in error.lines:
                fail(line, None)
            return fail("Unable to retrieve spawn state.", None)
        try:
            state = b"".join([encode_argument(value) for value in values])
        except (EncodeError, TypeError, OverflowError) as error:
            return fail(f"Unable to encode spawn state. ({tracked.node._name}: {error})", None)
        path_id = self._cache.number_of(spawner)
        return spawn_packet(scene, path_id, tracked.net_id, numbers, tracked.node._name, argument, state)
