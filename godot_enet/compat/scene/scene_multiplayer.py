"""SceneMultiplayer: Godot's high-level multiplayer over any MultiplayerPeer.

The class is composed of parts, each with one job. No part refers to the class, so that it ends when it is dropped:

- ``scene_transport``: the MultiplayerPeer and sending through it
- ``scene_peers``, ``authentication``: connected and pending peers
- ``scene_poll``, ``dispatcher``, ``system_commands``: dispatch of received packets
- ``relay``: packets between clients of a server
- ``remote_calls``, ``path_cache``, ``root_path``: RPCs and their nodes
- ``replication``: spawners and synchronizers
- ``scene_settings``, ``drops``: settings and dropped packets
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from godot_enet.compat.deferred import in_frame
from godot_enet.compat.errors import as_bytes, as_float, as_int, fail
from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import MultiplayerPeer, as_bool
from godot_enet.compat.offline_multiplayer_peer import OfflineMultiplayerPeer
from godot_enet.compat.scene.authentication import Authentication
from godot_enet.compat.scene.dispatcher import Dispatcher
from godot_enet.compat.scene.drops import SceneDrop, SceneReporter
from godot_enet.compat.scene.multiplayer_api import MultiplayerAPI
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.path_cache import PathCache
from godot_enet.compat.scene.relay import Relay
from godot_enet.compat.scene.remote_calls import RemoteCalls
from godot_enet.compat.scene.remote_sender import RemoteSender
from godot_enet.compat.scene.replication.limits import ReplicationLimits
from godot_enet.compat.scene.replication.replicator import Replicator
from godot_enet.compat.scene.replication.traffic import SceneCount, SceneTraffic, TrafficRow
from godot_enet.compat.scene.root_path import RootPath
from godot_enet.compat.scene.scene_commands import RAW
from godot_enet.compat.scene.scene_peers import PeerSignals, ScenePeers
from godot_enet.compat.scene.scene_poll import ScenePoll
from godot_enet.compat.scene.scene_settings import SceneSettings
from godot_enet.compat.scene.scene_transport import SceneTransport
from godot_enet.compat.scene.system_commands import SystemCommands
from godot_enet.compat.signal import SignalProperty
from godot_enet.compat.steps import Backlog
from godot_enet.compat.variant import NodePath, PackedInt32Array, Variant

__all__ = ["AuthCallback", "SceneMultiplayer"]

AuthCallback = Callable[[int, bytes], object]
_DISCONNECTED = MultiplayerPeer.CONNECTION_DISCONNECTED
_RAW_HEAD = bytes([RAW])
_NO_PEER = "No multiplayer peer is assigned. Unable to {} 'refuse_new_connections'."
_INACTIVE = (
    'Condition "multiplayer_peer.is_null() || multiplayer_peer->get_connection_status() != '
    'MultiplayerPeer::CONNECTION_CONNECTED" is true.'
)


class SceneMultiplayer(MultiplayerAPI):
    """The high-level multiplayer: peers, RPCs and raw bytes, compatible with a Godot project.

    Set ``multiplayer_peer``, then call :meth:`poll` every frame; a :class:`SceneTree` does this for its own
    multiplayer. The default is an :class:`OfflineMultiplayerPeer`: a server without clients.

    It belongs to the thread that polls it. Invalid packets are dropped, counted (see :meth:`counters`) and logged, at
    most once in ten seconds for each cause.

    Args:
        exact: see :attr:`exact`.
    """

    peer_authenticating = SignalProperty[[int]]("id")
    """A peer has connected and waits for authentication; only with ``auth_callback``."""
    peer_authentication_failed = SignalProperty[[int]]("id")
    """A peer was not authenticated in time, or has disconnected before."""
    peer_packet = SignalProperty[[int, bytes]]("id", "packet")
    """A peer has sent bytes with :meth:`send_bytes`; :meth:`get_packet_channel` returns their channel meanwhile."""

    def __init__(self, *, exact: bool = False) -> None:
        settings = self._settings = SceneSettings(exact=as_bool(exact, "exact"))
        reporter = self._reporter = SceneReporter()
        limits = self._limits = ReplicationLimits()
        traffic = self._traffic = SceneTraffic()
        paths = self._paths = RootPath()
        transport = self._transport = SceneTransport(settings)
        auth = self._auth = Authentication(transport.send_to)
        cache = self._cache = PathCache(
            transport.send_reliably, paths.find, paths.path_of, reporter, lambda: settings.exact, limits
        )
        relay = self._relay = Relay(transport, settings, reporter)
        sender = self._sender = RemoteSender()
        replicator = self._replicator = Replicator(transport, settings, cache, reporter, traffic, limits, sender)
        calls = self._calls = RemoteCalls(
            transport, settings, paths, cache, reporter, traffic, sender, replicator.is_rpc_visible
        )
        backlog = Backlog()
        signals = PeerSignals(
            peer_connected=self.peer_connected,
            peer_disconnected=self.peer_disconnected,
            peer_authenticating=self.peer_authenticating,
            peer_authentication_failed=self.peer_authentication_failed,
            connected_to_server=self.connected_to_server,
            connection_failed=self.connection_failed,
            server_disconnected=self.server_disconnected,
        )
        peers = self._peers = ScenePeers(transport, auth, signals, (cache, relay, replicator), reporter, backlog)
        dispatcher = Dispatcher(
            transport=transport,
            peers=peers,
            auth=auth,
            system=SystemCommands(transport, peers, relay, reporter),
            sender=sender,
            calls=calls,
            cache=cache,
            replicator=replicator,
            paths=paths,
            peer_packet=self.peer_packet,
            reporter=reporter,
        )
        self._poll = ScenePoll(transport, settings, peers, dispatcher, cache, replicator, backlog)
        self.set_multiplayer_peer(OfflineMultiplayerPeer())

    def __repr__(self) -> str:
        transport = self._transport
        return f"<SceneMultiplayer over {transport.multiplayer_peer!r}, {len(transport.connected_peers)} peers>"

    def poll(self) -> Error:
        """Poll the transport, handle its packets and emit signals. Never blocks. Returns ``OK``.

        It stops after 0.1 s of work and leaves the remaining packets to the next call.
        """
        in_frame(self._poll.poll, remote=True)
        return Error.OK

    def counters(self) -> dict[SceneDrop | SceneCount, int]:
        """Return the number of dropped packets by cause, and of spawns, syncs and calls.

        See :meth:`traffic` for counts by node.
        """
        pairs: list[tuple[SceneDrop | SceneCount, int]] = [*self._reporter.counters().items()]
        pairs += self._traffic.totals().items()
        return dict(pairs)

    def traffic(self) -> list[TrafficRow]:
        """Return the traffic of each node and RPC method while ``profiling`` was set, most bytes first."""
        return self._traffic.rows()

    @property
    def profiling(self) -> bool:
        """Whether :meth:`traffic` is collected; False by default. Setting it restarts it. (Not in Godot.)"""
        return self._traffic.detailed

    @profiling.setter
    def profiling(self, enable: bool) -> None:
        self._traffic.detailed = as_bool(enable, "enable")
        if enable:
            self._traffic.clear()

    @property
    def replication_limits(self) -> ReplicationLimits:
        """Limits for the spawns and node paths that one peer may store at this end; its fields can be set."""
        return self._limits

    # The transport and its peers

    def get_multiplayer_peer(self) -> MultiplayerPeer | None:
        """Return the transport."""
        return self._transport.multiplayer_peer

    def set_multiplayer_peer(self, peer: MultiplayerPeer | None) -> None:
        """Set the transport, which must be connecting or connected, or None.

        The old one is not closed, and no signal is emitted for its peers, as in Godot.
        """
        if peer is not None and not isinstance(peer, MultiplayerPeer):
            raise TypeError(f"peer must be a MultiplayerPeer, not {type(peer).__name__}")
        if peer is self._transport.multiplayer_peer:
            return
        if peer is not None and peer.get_connection_status() is _DISCONNECTED:
            return fail(f"Supplied MultiplayerPeer must be connecting or connected. Got {peer!r}.", None)
        self._peers.attach(peer)

    def get_unique_id(self) -> int:
        """Return the id of this end; 0, with an error, without a ``multiplayer_peer``."""
        transport = self._transport.multiplayer_peer
        if transport is None:
            return fail("No multiplayer peer is assigned. Unable to get unique ID.", 0)
        return transport.get_unique_id()

    def get_peers(self) -> PackedInt32Array:
        """Return the ids of all connected peers, in order of arrival.

        When one leaves, the last one takes its position, as in Godot.
        """
        if self._transport.multiplayer_peer is None:
            text = "No multiplayer peer is assigned. Assume no peers are connected."
            return fail(text, PackedInt32Array())
        return PackedInt32Array(self._transport.connected_peers)

    def clear(self) -> None:
        """Remove all peers without signals; ``multiplayer_peer`` stays."""
        self._peers.clear()

    def disconnect_peer(self, id: int) -> None:
        """End the connection to a peer. This end gets no ``peer_disconnected``; the others do."""
        peer, transport = as_int(id, "id"), self._transport.multiplayer_peer
        if transport is None or not self._transport.is_connected():
            return fail(_INACTIVE, None)
        self._peers.leave(peer, silently=True)
        return transport.disconnect_peer(peer)

    def get_authenticating_peers(self) -> PackedInt32Array:
        """Return the ids of the peers that wait for authentication."""
        return PackedInt32Array(self._auth.peers())

    def send_auth(self, id: int, data: bytes | bytearray | memoryview) -> Error:
        """Send data to the ``auth_callback`` of a peer that waits for authentication.

        Returns:
            ``OK``; ``ERR_UNCONFIGURED`` while not connected, ``ERR_INVALID_PARAMETER`` if the peer is not pending or
            the data is empty, ``ERR_FILE_CANT_WRITE`` if either end has completed.
        """
        peer, packet = as_int(id, "id"), as_bytes(data, "data")
        if not self._transport.is_connected():
            return fail(f"{_INACTIVE} Returning: ERR_UNCONFIGURED", Error.ERR_UNCONFIGURED)
        return self._auth.send(peer, packet)

    def complete_auth(self, id: int) -> Error:
        """Complete the authentication of a peer at this end. The peer is connected when it has done the same.

        Returns:
            ``OK``; ``ERR_UNCONFIGURED`` while not connected, ``ERR_INVALID_PARAMETER`` if the peer is not pending,
            ``ERR_FILE_CANT_WRITE`` if this was done before.
        """
        peer = as_int(id, "id")
        if not self._transport.is_connected():
            return fail(f"{_INACTIVE} Returning: ERR_UNCONFIGURED", Error.ERR_UNCONFIGURED)
        return self._peers.complete_auth(peer)

    # Calls and bytes

    def rpc(self, peer: int, object: Node, method: str, arguments: Sequence[Variant] = ()) -> Error:
        """Call a method of a node on other peers; see :meth:`Node.rpc_id`.

        Args:
            peer: its id; 0 for all, or a negative id for all but that one.
            object: a node in a tree.
            method: the name of one of its methods for RPCs.
            arguments: at most 255.

        Returns:
            As :meth:`Node.rpc`.
        """
        return self._calls.call(peer, object, method, arguments)

    def get_remote_sender_id(self) -> int:
        """Return the caller of the running RPC, or the sender of the ``peer_packet`` bytes; 0 if there is none."""
        return self._sender.peer

    def get_packet_channel(self) -> int:
        """Return the transfer channel of the packet that is being handled. Not in Godot.

        The packet is the one that ``peer_packet`` announces, or the running RPC. Its channel is the number that the
        remote passed to :meth:`send_bytes`, or the ``transfer_channel`` of its ``@rpc``; a relayed packet keeps it.
        This is a method beside the signal because handlers written for Godot take two arguments. As with
        :meth:`get_remote_sender_id`, a coroutine must ask before its first ``await``.

        Returns:
            The channel; 0 also outside a handler.
        """
        return self._sender.channel

    def send_bytes(
        self,
        bytes: bytes | bytearray | memoryview,
        id: int = 0,
        mode: MultiplayerPeer.TransferMode | int = 2,
        channel: int = 0,
    ) -> Error:
        """Send bytes for the ``peer_packet`` of a peer.

        Args:
            bytes: at least one.
            id: the peer; 0 for all, or a negative id for all but that one.
            mode: a ``MultiplayerPeer.TransferMode``; reliable by default.
            channel: the transfer channel.

        Returns:
            ``OK``, on a client also for an unknown peer; ``ERR_INVALID_DATA`` without bytes, ``ERR_UNCONFIGURED``
            while not connected, on a server ``ERR_BUG`` for an unknown peer.
        """
        data, to = as_bytes(bytes, "bytes"), as_int(id, "id")
        way, number = as_int(mode, "mode"), as_int(channel, "channel")
        if not data:
            return fail("Trying to send an empty raw packet.", Error.ERR_INVALID_DATA)
        transport = self._transport.multiplayer_peer
        if transport is None:
            text = "Trying to send a raw packet while no multiplayer peer is active."
            return fail(text, Error.ERR_UNCONFIGURED)
        if transport.get_connection_status() is not MultiplayerPeer.CONNECTION_CONNECTED:
            text = "Trying to send a raw packet via a multiplayer peer which is not connected."
            return fail(text, Error.ERR_UNCONFIGURED, detail=repr(transport))
        transport.set_transfer_channel(number)
        transport.set_transfer_mode(way)  # type: ignore[arg-type]  # any number, as in Godot
        return self._transport.send(to, _RAW_HEAD + data)

    # Settings

    def get_root_path(self) -> NodePath:
        """Return the node at which all paths start; empty by default, when only authentication is received."""
        return self._paths.path

    def set_root_path(self, path: NodePath | str) -> None:
        """Set the node at which all paths start: an absolute path, the same at all peers. A SceneTree sets it."""
        value = NodePath(path)
        if not value.is_absolute() and not value.is_empty():
            return fail(f"SceneMultiplayer root path must be absolute. Got '{value}'.", None)
        self._paths.path = value
        self._cache.check_paths()

    def get_auth_callback(self) -> AuthCallback | None:
        """Return the function called with the id of a peer and the data that it has sent with ``send_auth``."""
        return self._auth.callback

    def set_auth_callback(self, callback: AuthCallback | None) -> None:
        """Set the callback that authenticates peers; with None, the default, all peers are accepted.

        Both ends must do the same: with only one, that end waits for the other until ``auth_timeout``.
        """
        if callback is not None and not callable(callback):
            raise TypeError(f"callback must be callable, not {type(callback).__name__}")
        self._auth.callback = callback

    def get_auth_timeout(self) -> float:
        """Return the seconds that peers have to authenticate; 3 by default."""
        return self._auth.timeout

    def set_auth_timeout(self, timeout: float) -> None:
        """Set the seconds that peers have to authenticate; 0 is unlimited."""
        if (value := as_float(timeout, "timeout")) < 0:
            return fail(f"Timeout must be greater or equal to 0 (where 0 means no timeout). Got {timeout}.", None)
        self._auth.timeout = value

    def is_refusing_new_connections(self) -> bool:
        """Return whether the ``multiplayer_peer`` refuses new connections."""
        peer = self.get_multiplayer_peer()
        return fail(_NO_PEER.format("get"), False) if peer is None else peer.is_refusing_new_connections()

    def set_refuse_new_connections(self, refuse: bool) -> None:
        """Make the ``multiplayer_peer`` refuse new connections, or accept them again."""
        value, peer = as_bool(refuse, "refuse"), self.get_multiplayer_peer()
        if peer is None:
            return fail(_NO_PEER.format("set"), None)
        return peer.set_refuse_new_connections(value)

    def is_object_decoding_allowed(self) -> bool:
        """Return the setting; False by default."""
        return self._settings.allow_object_decoding

    def set_allow_object_decoding(self, enable: bool) -> None:
        """Keep the names of classes and scripts in typed arrays and dictionaries. Objects are never decoded here."""
        self._settings.allow_object_decoding = as_bool(enable, "enable")

    def is_server_relay_enabled(self) -> bool:
        """Return whether clients see each other, and the server relays packets between them."""
        return self._settings.server_relay

    def set_server_relay_enabled(self, enabled: bool) -> None:
        """Set whether clients see each other; True by default. Both ends must have the same setting."""
        self._settings.server_relay = as_bool(enabled, "enabled")

    def get_max_sync_packet_size(self) -> int:
        """Return the maximum size of SYNC packets; 1350 bytes by default, which fits a datagram."""
        return self._settings.max_sync_packet_size

    def set_max_sync_packet_size(self, size: int) -> None:
        """Set the maximum size of SYNC packets, at least 128 bytes; larger values are not sent."""
        if (value := as_int(size, "size")) < 128:
            return fail("Sync maximum packet size must be at least 128 bytes.", None, detail=f"got {value}")
        self._settings.max_sync_packet_size = value

    def get_max_delta_packet_size(self) -> int:
        """Return the maximum size of DELTA packets; 65535 bytes by default."""
        return self._settings.max_delta_packet_size

    def set_max_delta_packet_size(self, size: int) -> None:
        """Set the maximum size of DELTA packets, at least 128 bytes."""
        if (value := as_int(size, "size")) < 128:
            return fail("Sync maximum packet size must be at least 128 bytes.", None, detail=f"got {value}")
        self._settings.max_delta_packet_size = value

    def object_configuration_add(self, object: object, configuration: Variant) -> Error:
        """With no object, set ``root_path``; with a node, register its spawner or synchronizer, which calls this
        itself.

        Returns:
            ``OK``; ``ERR_INVALID_PARAMETER`` if it is none of these, ``ERR_ALREADY_IN_USE`` for a second spawner.
        """
        if object is None and isinstance(configuration, NodePath):
            self.set_root_path(configuration)
            return Error.OK
        return self._replicator.add(object, configuration)

    def object_configuration_remove(self, object: object, configuration: Variant) -> Error:
        """With no object, make ``root_path`` empty if it is this one; with a node, undo its registration.

        Returns:
            As :meth:`object_configuration_add`.
        """
        if object is None and isinstance(configuration, NodePath):
            if self._paths.path != configuration:
                text = 'Condition "root_path != p_config.operator NodePath()" is true.'
                return fail(f"{text} Returning: ERR_INVALID_PARAMETER", Error.ERR_INVALID_PARAMETER)
            self._paths.path = NodePath()
            return Error.OK
        return self._replicator.remove(object, configuration)

    def _set_tree_root(self, root: Node) -> None:
        self._paths.tree_root = root

    @property
    def exact(self) -> bool:
        """Whether to send the same bytes as Godot 4.6, including its bugs; False by default. (Not in Godot.)

        If False, an RPC reaches the node at its path, or none: a node gets a new id after it or an ancestor is renamed.
        The path of a node that does not exist yet is kept, and confirmed when it does; empty SYNC and DELTA packets are
        not sent; and a long poll leaves packets to the next one. If True, RPCs keep reaching the node that had the path
        when it was first used, and a server also relays system commands, which receivers drop. The poll of an
        :class:`ENetMultiplayerPeer` is limited in both cases.
        """
        return self._settings.exact

    @exact.setter
    def exact(self, exact: bool) -> None:
        self._settings.exact = as_bool(exact, "exact")

    @property
    def root_path(self) -> NodePath:
        """As :meth:`get_root_path`; can be set."""
        return self.get_root_path()

    @root_path.setter
    def root_path(self, path: NodePath | str) -> None:
        self.set_root_path(path)

    @property
    def auth_callback(self) -> AuthCallback | None:
        """As :meth:`get_auth_callback`; can be set."""
        return self.get_auth_callback()

    @auth_callback.setter
    def auth_callback(self, callback: AuthCallback | None) -> None:
        self.set_auth_callback(callback)

    @property
    def auth_timeout(self) -> float:
        """As :meth:`get_auth_timeout`; can be set."""
        return self.get_auth_timeout()

    @auth_timeout.setter
    def auth_timeout(self, timeout: float) -> None:
        self.set_auth_timeout(timeout)

    @property
    def auth_grace(self) -> float | None:
        """Seconds after which a peer that has sent no authentication data is admitted; None for never. (Not in Godot.)

        A peer without ``auth_callback`` sends none, and considers itself connected at once: it is admitted by its first
        other packet, too. So authentication is optional, and proves nothing about peers that omit it.
        """
        return self._auth.grace

    @auth_grace.setter
    def auth_grace(self, seconds: float | None) -> None:
        if seconds is not None and (seconds := as_float(seconds, "seconds")) < 0:
            raise ValueError(f"auth_grace must not be negative, not {seconds}")
        self._auth.grace = seconds

    @property
    def allow_object_decoding(self) -> bool:
        """As :meth:`is_object_decoding_allowed`; can be set."""
        return self.is_object_decoding_allowed()

    @allow_object_decoding.setter
    def allow_object_decoding(self, enable: bool) -> None:
        self.set_allow_object_decoding(enable)

    @property
    def refuse_new_connections(self) -> bool:
        """As :meth:`is_refusing_new_connections`; can be set."""
        return self.is_refusing_new_connections()

    @refuse_new_connections.setter
    def refuse_new_connections(self, refuse: bool) -> None:
        self.set_refuse_new_connections(refuse)

    @property
    def server_relay(self) -> bool:
        """As :meth:`is_server_relay_enabled`; can be set."""
        return self.is_server_relay_enabled()

    @server_relay.setter
    def server_relay(self, enabled: bool) -> None:
        self.set_server_relay_enabled(enabled)

    @property
    def max_sync_packet_size(self) -> int:
        """As :meth:`get_max_sync_packet_size`; can be set."""
        return self.get_max_sync_packet_size()

    @max_sync_packet_size.setter
    def max_sync_packet_size(self, size: int) -> None:
        self.set_max_sync_packet_size(size)

    @property
    def max_delta_packet_size(self) -> int:
        """As :meth:`get_max_delta_packet_size`; can be set."""
        return self.get_max_delta_packet_size()

    @max_delta_packet_size.setter
    def max_delta_packet_size(self, size: int) -> None:
        self.set_max_delta_packet_size(size)
