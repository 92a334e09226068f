"""Handles SPAWN and DESPAWN packets: makes and removes the nodes that a remote's spawners announce."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from godot_enet.compat.scene.arguments import decode_values
from godot_enet.compat.scene.drops import SceneDrop, SceneReporter
from godot_enet.compat.scene.naming import valid_name
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.path_cache import LONGEST_PATH
from godot_enet.compat.scene.replication.decoding import StateError, decode_state
from godot_enet.compat.scene.replication.packets import (
    CUSTOM,
    MalformedPacket,
    SpawnPacket,
    parse_despawn,
    parse_spawn,
    spawn_head,
    split_argument,
)
from godot_enet.compat.scene.replication.property_paths import PropertyError, write_all
from godot_enet.compat.scene.replication.spawner import MultiplayerSpawner
from godot_enet.compat.scene.replication.state import PeerState, ReplicationState, place
from godot_enet.compat.scene.replication.traffic import SceneCount, SceneTraffic
from godot_enet.compat.steps import Steps, ours
from godot_enet.compat.variant import DecodeError

if TYPE_CHECKING:
    from godot_enet.compat.scene.path_cache import PathCache
    from godot_enet.compat.scene.replication.limits import ReplicationLimits
    from godot_enet.compat.scene.replication.synchronizer import MultiplayerSynchronizer

__all__ = ["SpawnReceiver"]

_UNAUTHORIZED = 'Condition "p_from != spawner->get_multiplayer_authority()" is true. Returning: ERR_UNAUTHORIZED'
_UNKNOWN_NODE = 'Condition "!pinfo.recv_nodes.has(net_id)" is true. Returning: ERR_UNAUTHORIZED'


class _PendingSpawn:
    """A node that enters the tree, and the ids and values for its synchronizers."""

    __slots__ = ("node", "numbers", "packet", "sender", "spawner", "state")

    def __init__(
        self, packet: bytes, spawner: MultiplayerSpawner, node: Node, sender: int, numbers: bytes, state: bytes
    ) -> None:
        self.packet = packet
        self.spawner = spawner
        self.node = node
        self.sender = sender
        self.numbers = numbers
        """The ids of its synchronizers that are not assigned yet, four bytes each."""
        self.state = state
        """Their values that are not assigned yet."""


class _Refused(Exception):
    """A SPAWN or DESPAWN that is rejected."""

    def __init__(self, *lines: str, cause: SceneDrop = SceneDrop.SPAWN) -> None:
        super().__init__(*lines)
        self.lines = lines
        self.cause = cause


class SpawnReceiver:
    """Receives the spawns and despawns of one multiplayer.

    Args:
        state: the state of the replicator.
        cache: the path ids of remotes.
        limits: the limits of each peer.
        reporter: counts and logs rejected packets.
        traffic: counts packets.
    """

    # godot: scene_replication_interface.cpp: on_spawn_receive, on_despawn_receive

    def __init__(
        self,
        state: ReplicationState,
        cache: PathCache,
        limits: ReplicationLimits,
        reporter: SceneReporter,
        traffic: SceneTraffic,
    ) -> None:
        self._state = state
        self._cache = cache
        self._limits = limits
        self._reporter = reporter
        self._traffic = traffic
        self._pending: _PendingSpawn | None = None

    # Spawns

    def spawn(self, sender: int, packet: bytes) -> Steps | None:
        """Handle a SPAWN packet: make the node, add it, and emit the signals. May be repeated after an interruption."""
        pending = self._pending
        if pending is None or pending.packet is not packet or pending.node._tree is None:
            pending = self._make(sender, packet)
        if pending is None:
            return None
        spawner, node = pending.spawner, pending.node
        return [*spawner.spawned._steps(node), ours(partial(self._finish, pending))]

    def _make(self, sender: int, packet: bytes) -> _PendingSpawn | None:
        """Make a node and add it; None, with a log line, if it cannot be made."""
        path, node = "", None
        try:
            spawner = self._find_spawner(sender, packet)
            path = place(spawner)
            parsed = parse_spawn(packet)
            name, parent = self._find_place(sender, spawner, parsed)
            node, rest = self._instantiate(spawner, parsed)
            self._adopt(sender, spawner, node, name, parsed.node)
            pending = self._pending = _PendingSpawn(packet, spawner, node, sender, parsed.synchronizers, rest)
            parent.add_child(node)
            self._check_added(node)
            self._traffic.count(SceneCount.SPAWNS_RECEIVED, len(packet), node)
        except _Refused as refused:
            self._refuse(sender, refused, path)
            return None
        except MalformedPacket as error:
            self._refuse(sender, _Refused(str(error), cause=SceneDrop.MALFORMED), path)
            return None
        except BaseException:  # raised by a signal handler
            if node is not None and node._tree is None:
                self._state.untrack(node)
            raise
        return pending

    def _find_spawner(self, sender: int, packet: bytes) -> MultiplayerSpawner:
        spawner, lines = self._cache.find(sender, spawn_head(packet))
        if not isinstance(spawner, MultiplayerSpawner):
            raise _Refused(*lines, 'Parameter "spawner" is null.')
        if sender != spawner._authority:
            raise _Refused(_UNAUTHORIZED)
        return spawner

    def _find_place(self, sender: int, spawner: MultiplayerSpawner, packet: SpawnPacket) -> tuple[str, Node]:
        """The name of the new node, and its parent."""
        name = packet.name.decode("utf-8", "replace")
        if valid_name(name) != name:
            text = f"Invalid node name received: '{name}'. Make sure to add nodes via 'add_child(node, true)' remotely."
            raise _Refused(text)
        parent = spawner.get_node_or_null(spawner._spawn_path)
        if not isinstance(parent, Node):
            raise _Refused('Parameter "parent" is null.')
        if name in parent._children:
            raise _Refused('Condition "parent->has_node(name)" is true. Returning: ERR_INVALID_DATA')
        limits = self._limits
        if len(self._state.peers[sender].recv_nodes) >= limits.nodes_per_peer:
            raise _Refused(f"more than {limits.nodes_per_peer} nodes", cause=SceneDrop.REPLICATION_LIMIT)
        if _depth_of(parent) >= limits.depth:
            raise _Refused(f"more than {limits.depth} levels of nodes", cause=SceneDrop.REPLICATION_LIMIT)
        if len(packet.synchronizers) > 4 * limits.synchronizers_per_spawn:
            text = f"more than {limits.synchronizers_per_spawn} synchronizers"
            raise _Refused(text, cause=SceneDrop.REPLICATION_LIMIT)
        if len(packet.name) > LONGEST_PATH:
            raise _Refused(f"a name of more than {LONGEST_PATH} bytes", cause=SceneDrop.REPLICATION_LIMIT)
        return name, parent

    def _instantiate(self, spawner: MultiplayerSpawner, packet: SpawnPacket) -> tuple[Node, bytes]:
        """A new node, and the rest of the packet."""
        rest = packet.rest
        if packet.scene == CUSTOM:
            data, rest = split_argument(rest)
            try:
                [argument], _ = decode_values(data, 0, 1)
            except DecodeError as error:
                raise _Refused(str(error), 'Condition "err != OK" is true. Returning: err') from None
            node, lines = spawner._make_custom(argument)
        else:
            node, lines = spawner._make_scene(packet.scene)
        if node is None:
            raise _Refused(*lines, 'Parameter "node" is null.')
        if node._parent is not None or node._tree is not None or node._freed:
            raise _Refused("its factory has made no new node")
        return node, rest

    def _adopt(self, sender: int, spawner: MultiplayerSpawner, node: Node, name: str, number: bytes) -> None:
        """Give a new node its name, and register it as the sender's."""
        node.set_name(name)
        peer = self._state.peers.get(sender)
        if peer is None:  # its factory has disconnected
            node.free()
            raise _Refused("the sender is not connected any more")
        received = peer.recv_nodes
        if number in received:
            node.free()  # Godot leaks the node
            text = 'Condition "peers_info[p_from].recv_nodes.has(net_id)" is true. Returning: ERR_ALREADY_IN_USE'
            raise _Refused(text)
        tracked = self._state.track(node)
        tracked.spawner = spawner
        tracked.net_id = int.from_bytes(number, "little")
        tracked.received_id = number
        tracked.remote_peer = sender
        received[number] = tracked

    def _check_added(self, node: Node) -> None:
        """Drop a node that could not be added: its factory has freed the parent, or the parent is busy."""
        if node._parent is None and id(node) in self._state.tracked:
            self._pending = None
            self._state.untrack(node)
            node.free()
            raise _Refused("it cannot be added to its parent")

    def give_state(self, synchronizer: MultiplayerSynchronizer, root: Node) -> None:
        """Assign id and values to a synchronizer that enters the tree with a node that is being spawned."""
        # godot: scene_replication_interface.cpp: on_replication_start
        pending = self._pending
        if pending is None or pending.node is not root or synchronizer._authority != pending.sender:
            return
        sender, path = pending.sender, place(synchronizer)
        if not pending.numbers:
            text = (
                f'The MultiplayerSynchronizer at path "{path}" is unable to process the pending spawn since it has no '
                'network ID. This might happen when changing the multiplayer authority during the "_ready" callback. '
                "Make sure to only change the authority of multiplayer synchronizers during the "
                '"_enter_tree" callback of their multiplayer spawner.'
            )
            self._refuse(sender, _Refused(text), path)
            return None
        peer = self._state.peers.get(sender)
        if peer is None:
            text = 'Condition "!peers_info.has(pending_spawn_remote)" is true. Returning: ERR_INVALID_DATA'
            self._refuse(sender, _Refused(text), path)
            return None
        number, pending.numbers = pending.numbers[:4], pending.numbers[4:]
        peer.recv_sync_ids[number] = synchronizer
        synchronizer._net_id = int.from_bytes(number, "little")
        if not pending.state:
            return None
        if synchronizer._config is None:
            text = 'Condition "!node || !sync->get_replication_config_ptr()" is true. Returning: ERR_UNCONFIGURED'
            self._refuse(sender, _Refused(text), path)
            return None
        paths = synchronizer._config._by_use().spawn
        try:
            values, used = decode_state(pending.state, len(paths))
            pending.state = pending.state[used:]
            write_all(paths, root, values)
        except StateError as error:
            self._refuse(sender, _Refused(*error.lines, 'Condition "err" is true. Returning: err'), path)
        except PropertyError as error:
            self._refuse(sender, _Refused(*error.lines, 'Condition "err" is true. Returning: err'), path)

    def _finish(self, pending: _PendingSpawn) -> None:
        """The last step of a spawn: reject ids that no synchronizer has taken."""
        if self._pending is pending:
            self._pending = None
        if pending.numbers:
            pending.numbers = b""
            text = "Method/function failed. Returning: ERR_INVALID_DATA"
            self._refuse(pending.sender, _Refused(text), place(pending.spawner))

    # Despawns

    def despawn(self, sender: int, packet: bytes) -> Steps | None:
        """Handle a DESPAWN packet: remove the node from the tree, and emit the signals."""
        try:
            number = parse_despawn(packet)
        except MalformedPacket as error:
            self._refuse(sender, _Refused(str(error), cause=SceneDrop.MALFORMED), "")
            return None
        peer = self._state.peers.get(sender)
        tracked = None if peer is None else peer.recv_nodes.get(number)
        if peer is None or tracked is None:
            self._refuse(sender, _Refused(_UNKNOWN_NODE, cause=SceneDrop.DESPAWN), "")
            return None
        node, spawner = tracked.node, tracked.spawner
        if spawner is None or spawner._freed:
            del peer.recv_nodes[number]
            self._refuse(sender, _Refused('Parameter "spawner" is null.', cause=SceneDrop.DESPAWN), place(node))
            return None
        if sender != spawner._authority:
            del peer.recv_nodes[number]
            self._refuse(sender, _Refused(_UNAUTHORIZED, cause=SceneDrop.DESPAWN), place(node))
            return None
        self._traffic.count(SceneCount.DESPAWNS_RECEIVED, len(packet), node)
        return [ours(partial(self._take_away, peer, number, node)), *spawner.despawned._steps(node)]

    def _take_away(self, peer: PeerState, number: bytes, node: Node) -> None:
        """A step, which may be repeated after an interruption."""
        peer.recv_nodes.pop(number, None)
        if node._parent is not None:
            node._parent.remove_child(node)
        node.queue_free()

    def free_remotes(self, peer: int) -> None:
        """Remove a peer, and the nodes that it has spawned here."""
        state = self._state.peers.get(peer)
        for tracked in list(state.recv_nodes.values()) if state is not None else ():
            tracked.node.queue_free()

    def _refuse(self, sender: int, refused: _Refused, path: str) -> None:
        """Count and log a rejected packet."""
        self._reporter.refuse(refused.cause, sender, refused.lines, path)


def _depth_of(node: Node) -> int:
    """The depth of a node in the tree, itself included."""
    depth = 1
    while node._parent is not None:
        depth, node = depth + 1, node._parent
    return depth
