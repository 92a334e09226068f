"""Who is there, and what is sent to them: the transport under SceneMultiplayer, its peers, and the way to each.

Clients have no connections among themselves. What one sends another goes to the server inside a ``RELAY`` packet, and
the server tells them who comes and goes.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from struct import Struct
from typing import Any

from godot_enet.compat.errors import as_bytes, as_int, fail
from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.offline_multiplayer_peer import OfflineMultiplayerPeer
from godot_enet.compat.scene.authentication import Authentication
from godot_enet.compat.scene.drops import SceneReporter
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.path_cache import PathCache
from godot_enet.compat.scene.relay_budget import RelayBudget
from godot_enet.compat.scene.scene_settings import SceneSettings
from godot_enet.compat.signal import SignalProperty
from godot_enet.compat.steps import Steps, ours
from godot_enet.compat.variant import NodePath, PackedInt32Array

__all__ = ["ADD_PEER", "DEL_PEER", "RAW", "RELAY", "SERVER", "SYS", "SYS_HEAD", "ScenePeers"]

RAW = 3
SYS = 7
ADD_PEER, DEL_PEER, RELAY = 1, 2, 3
SYS_HEAD = Struct("<BBi")
SERVER = MultiplayerPeer.TARGET_PEER_SERVER

_DISCONNECTED = MultiplayerPeer.CONNECTION_DISCONNECTED
_CONNECTING = MultiplayerPeer.CONNECTION_CONNECTING
_CONNECTED = MultiplayerPeer.CONNECTION_CONNECTED
_RELIABLE = MultiplayerPeer.TRANSFER_MODE_RELIABLE
_RAW_HEAD = bytes([RAW])
_INACTIVE = (
    'Condition "multiplayer_peer.is_null() || multiplayer_peer->get_connection_status() != '
    'MultiplayerPeer::CONNECTION_CONNECTED" is true.'
)


class ScenePeers(SceneSettings):
    """Abstract: the sending half of :class:`SceneMultiplayer`."""

    peer_authenticating = SignalProperty[[int]]("id")
    """A peer has connected and waits to be let in; with ``auth_callback`` only."""
    peer_authentication_failed = SignalProperty[[int]]("id")
    """A peer has not been let in in time, or has left before."""

    def __init__(self, *, exact: bool) -> None:
        send_to, admit, admit_steps = _weakly(self._send_to), _weakly(self._admit), _weakly(self._admit_steps)
        super().__init__(Authentication(send_to, admit, admit_steps), exact=exact)
        self._reporter = SceneReporter()
        self._transport: MultiplayerPeer | None = None
        self._attachment = _Attachment(self)
        self._last_status = _DISCONNECTED
        self._session = 0
        self._peers: dict[int, None] = {}
        self._todo: list[Steps] = []
        """What is being done for an event, or was when a signal handler raised: then the next poll goes on with it."""
        self._taken: list[tuple[bytes, int, int, MultiplayerPeer.TransferMode]] = []
        """The packet that is being looked at."""
        self._relay_budget = RelayBudget()
        send, find, path_of = _weakly(self._send_reliably), _weakly(self._find), _weakly(self._path_of)
        self._cache = PathCache(send, find, path_of, self._reporter, is_exact=_weakly(self._is_exact))
        self.set_multiplayer_peer(OfflineMultiplayerPeer())

    # The transport

    def get_multiplayer_peer(self) -> MultiplayerPeer | None:
        """What packets go through."""
        return self._transport

    def set_multiplayer_peer(self, peer: MultiplayerPeer | None) -> None:
        """Use another transport, which must be connecting or connected, or none.

        The old one is not closed, and no signal tells that its peers are gone, as in Godot.
        """
        if peer is not None and not isinstance(peer, MultiplayerPeer):
            raise TypeError(f"peer must be a MultiplayerPeer, not {type(peer).__name__}")
        if peer is self._transport:
            return
        if peer is not None and peer.get_connection_status() is _DISCONNECTED:
            return fail(f"Supplied MultiplayerPeer must be connecting or connected. Got {peer!r}.", None)
        old, self._transport = self._transport, peer
        if old is not None:
            self._attachment.disconnect(old)
            self.clear()
        if peer is not None:
            self._attachment = _Attachment(self)
            self._attachment.connect(peer)
            self._last_status = peer.get_connection_status()
            self._session = peer._session

    def get_unique_id(self) -> int:
        """The id of this end; 0, with an error, without a ``multiplayer_peer``."""
        if self._transport is None:
            return fail("No multiplayer peer is assigned. Unable to get unique ID.", 0)
        return self._transport.get_unique_id()

    def get_peers(self) -> PackedInt32Array:
        """The ids of all peers that can be talked to, in the order in which they came."""
        if self._transport is None:
            text = "No multiplayer peer is assigned. Assume no peers are connected."
            return fail(text, PackedInt32Array())
        return PackedInt32Array(self._peers)

    def clear(self) -> None:
        """Forget all peers, without signals; ``multiplayer_peer`` stays."""
        self._last_status = _DISCONNECTED
        self._taken.clear()
        self._auth.clear()
        self._relay_budget.clear()
        self._peers.clear()
        self._cache.clear()

    def _is_connected(self) -> bool:
        return self._transport is not None and self._transport.get_connection_status() is _CONNECTED

    def _relays(self, transport: MultiplayerPeer) -> bool:
        return self._server_relay and transport.is_server_relay_supported()

    def _serves(self) -> bool:
        """Whether clients are to hear about each other from this end."""
        transport = self._transport
        return transport is not None and self._relays(transport) and transport.get_unique_id() == SERVER

    def _do(self, work: Callable[[], Steps]) -> None:
        """Do something now, and what follows from it."""
        steps = [ours(work)]
        try:
            while steps:
                steps[0](steps)
        except BaseException:
            self._todo += (steps,)  # before any call: see core/interrupts.py
            raise

    def _update_status(self) -> bool:
        """See whether the transport has ended; whether there is one that has not."""
        self._do(self._status_steps)
        return self._last_status is _CONNECTED

    def _status_steps(self) -> Steps:
        transport, last = self._transport, self._last_status
        status, session = _DISCONNECTED, self._session
        if transport is not None:
            status, session = transport.get_connection_status(), transport._session
        if last is _DISCONNECTED or (status is not _DISCONNECTED and session == self._session):
            self._last_status, self._session = status, session
            return []
        was_connected = last is _CONNECTED or SERVER in self._peers
        return [
            ours(self._forget_status),
            *(self.server_disconnected if was_connected else self.connection_failed)._steps(),
            ours(partial(self._begin_again, transport, status, session)),
        ]

    def _forget_status(self) -> None:
        self._last_status = _DISCONNECTED

    def _begin_again(
        self, transport: MultiplayerPeer | None, status: MultiplayerPeer.ConnectionStatus, session: int
    ) -> None:
        """The transport has ended, and was this, unless a handler has given us another one."""
        if self._transport is transport:
            self.clear()
            self._last_status, self._session = status, session

    # Peers

    def _arrive_steps(self, peer: int) -> Steps:
        # The transport may end before its poll returns.
        return [ours(self._status_steps), ours(partial(self._welcome, peer))]

    def _welcome(self, peer: int) -> Steps:
        if self._auth.callback is None:
            return self._admit_steps(peer)
        self._auth.begin(peer)
        return self.peer_authenticating._steps(peer)

    def _admit(self, peer: int) -> None:
        self._do(partial(self._admit_steps, peer))

    def _admit_steps(self, peer: int) -> Steps:
        if self._serves():
            for other in list(self._peers):
                if other != peer:
                    self._send_to(other, SYS_HEAD.pack(SYS, ADD_PEER, peer))
                    self._send_to(peer, SYS_HEAD.pack(SYS, ADD_PEER, other))
        self._auth.forget(peer)
        self._peers[peer] = None
        self._cache.add_peer(peer)
        connected = self.connected_to_server._steps() if peer == SERVER else []
        return [*connected, *self.peer_connected._steps(peer)]

    def _leave(self, peer: int, *, silently: bool = False) -> None:
        self._do(partial(self._leave_steps, peer, silently=silently))

    def _leave_steps(self, peer: int, *, silently: bool = False) -> Steps:
        if peer in self._auth:
            failed = [] if silently else self.peer_authentication_failed._steps(peer)
            return [ours(partial(self._forget_waiting, peer)), *failed]
        if peer not in self._peers:
            return []
        disconnected = [] if silently else self.peer_disconnected._steps(peer)
        return [ours(partial(self._forget_peer, peer)), *disconnected]

    def _forget_waiting(self, peer: int) -> None:
        self._auth.forget(peer)

    def _forget_peer(self, peer: int) -> None:
        if self._serves():
            for other in list(self._peers):
                if other != peer:
                    self._send_to(other, SYS_HEAD.pack(SYS, DEL_PEER, peer))
        self._cache.remove_peer(peer)
        self._relay_budget.forget(peer)
        self._peers.pop(peer, None)

    def _expire(self, peer: int) -> Steps:
        """A peer has waited for too long to be let in."""
        self._auth.forget(peer)
        if self._transport is not None:
            self._transport.disconnect_peer(peer)
        return self.peer_authentication_failed._steps(peer)

    def _drop_steps(self, peer: int) -> Steps:
        """The transport has forgotten a peer, without a signal."""
        transport = self._transport
        if peer == SERVER or transport is None or not self._relays(transport) or transport.get_unique_id() == SERVER:
            return self._leave_steps(peer, silently=True)
        return []  # another client, which the transport does not know

    def disconnect_peer(self, id: int) -> None:
        """End the connection to a peer. This end gets no ``peer_disconnected``; the others do."""
        peer, transport = as_int(id, "id"), self._transport
        if transport is None or not self._is_connected():
            return fail(_INACTIVE, None)
        self._leave(peer, silently=True)
        return transport.disconnect_peer(peer)

    # Authentication

    def get_authenticating_peers(self) -> PackedInt32Array:
        """The ids of the peers that wait to be let in."""
        return PackedInt32Array(self._auth.peers())

    def send_auth(self, id: int, data: bytes | bytearray | memoryview) -> Error:
        """Send data for the ``auth_callback`` of a peer that waits to be let in.

        Returns:
            ``OK``; ``ERR_UNCONFIGURED`` while not connected, ``ERR_INVALID_PARAMETER`` if the peer does not wait or
            there is no data, ``ERR_FILE_CANT_WRITE`` if either end has completed.
        """
        peer, packet = as_int(id, "id"), as_bytes(data, "data")
        if not self._is_connected():
            return fail(f"{_INACTIVE} Returning: ERR_UNCONFIGURED", Error.ERR_UNCONFIGURED)
        return self._auth.send(peer, packet)

    def complete_auth(self, id: int) -> Error:
        """Let a peer in as far as this end is concerned. It is in when it has done the same.

        Returns:
            ``OK``; ``ERR_UNCONFIGURED`` while not connected, ``ERR_INVALID_PARAMETER`` if the peer does not wait,
            ``ERR_FILE_CANT_WRITE`` if this was done before.
        """
        peer = as_int(id, "id")
        if not self._is_connected():
            return fail(f"{_INACTIVE} Returning: ERR_UNCONFIGURED", Error.ERR_UNCONFIGURED)
        return self._auth.complete(peer)

    # Sending

    def _send_to(self, peer: int, packet: bytes) -> Error:
        """To a connection of the transport, reliably, on channel 0."""
        transport = self._transport
        if transport is None:
            return Error.ERR_UNCONFIGURED
        transport.set_transfer_channel(0)
        transport.set_transfer_mode(_RELIABLE)
        transport.set_target_peer(peer)
        return transport.put_packet(packet)

    def _send_reliably(self, peer: int, packet: bytes) -> None:
        """To a peer, reliably, on channel 0."""
        transport = self._transport
        if transport is not None:
            transport.set_transfer_channel(0)
            transport.set_transfer_mode(_RELIABLE)
            self._send_command(peer, packet)

    def _send_command(self, to: int, packet: bytes) -> Error:
        """To a peer, directly or through the server, in the mode and on the channel that are set."""
        transport = self._transport
        if transport is None:
            return Error.ERR_UNCONFIGURED
        if to != SERVER and self._relays(transport) and transport.get_unique_id() != SERVER:
            transport.set_target_peer(SERVER)
            return transport.put_packet(SYS_HEAD.pack(SYS, RELAY, to) + packet)
        if to > 0:
            if to not in self._peers:
                return fail('Condition "!connected_peers.has(p_to)" is true. Returning: ERR_BUG', Error.ERR_BUG)
            transport.set_target_peer(to)
            return transport.put_packet(packet)
        for peer in list(self._peers):
            if peer != -to:
                transport.set_target_peer(peer)
                if transport.put_packet(packet) is Error.FAILED:
                    return Error.FAILED  # It is too large, and for one peer as for any other.
        return Error.OK

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
            mode: a ``MultiplayerPeer.TransferMode``; reliable unless said otherwise.
            channel: the transfer channel.

        Returns:
            ``OK``, also for a peer that a client does not know; ``ERR_INVALID_DATA`` without bytes,
            ``ERR_UNCONFIGURED`` while not connected, ``ERR_BUG`` for a peer that a server does not know.
        """
        data, to = as_bytes(bytes, "bytes"), as_int(id, "id")
        way, number = as_int(mode, "mode"), as_int(channel, "channel")
        if not data:
            return fail("Trying to send an empty raw packet.", Error.ERR_INVALID_DATA)
        transport = self._transport
        if transport is None:
            text = "Trying to send a raw packet while no multiplayer peer is active."
            return fail(text, Error.ERR_UNCONFIGURED)
        if transport.get_connection_status() is not _CONNECTED:
            text = "Trying to send a raw packet via a multiplayer peer which is not connected."
            return fail(text, Error.ERR_UNCONFIGURED)
        transport.set_transfer_channel(number)
        transport.set_transfer_mode(way)  # type: ignore[arg-type]  # any number, as in Godot
        return self._send_command(to, _RAW_HEAD + data)

    # Nodes

    def set_root_path(self, path: NodePath | str) -> None:
        """Set the node that all paths begin at: an absolute path, the same at all peers. A SceneTree does it."""
        super().set_root_path(path)
        self._cache.check_paths()

    def _find(self, path: str) -> Node | None:
        """The node at a path from ``root_path`` on. No path leads out of it."""
        node = self._tree_root
        for name in self._root_path._names[1:]:
            node = None if node is None else node._children.get(name)
        if node is None or path == ".":
            return node
        for name in path.split("/"):
            node = node._children.get(name)
            if node is None:
                return None
        return node

    def _path_of(self, node: Node) -> str:
        names, root = node.get_path()._names, self._root_path._names
        if names[: len(root)] != root:
            top = self._find(".")
            return "." if top is None else str(top.get_path_to(node))
        return "/".join(names[len(root) :]) or "."


def _weakly(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of an object that keeps what it is handed to, so that neither keeps the other alive."""
    reference = weakref.WeakMethod(method)

    def call(*args: Any) -> Any:
        target = reference()
        assert target is not None  # it is its object that calls this
        return target(*args)

    return call


class _Attachment:
    """Passes the signals of a transport on to the multiplayer that uses it, without keeping that alive."""

    def __init__(self, multiplayer: ScenePeers) -> None:
        self._multiplayer = weakref.ref(multiplayer)

    def connect(self, transport: MultiplayerPeer) -> None:
        transport.peer_connected._connect_steps(self._on_connected, self._arriving)
        transport.peer_disconnected._connect_steps(self._on_disconnected, self._leaving)
        transport._peer_dropped._connect_steps(self._on_dropped, self._dropping)

    def disconnect(self, transport: MultiplayerPeer) -> None:
        transport.peer_connected.disconnect(self._on_connected)
        transport.peer_disconnected.disconnect(self._on_disconnected)
        transport._peer_dropped.disconnect(self._on_dropped)

    def _target(self) -> ScenePeers | None:
        """The multiplayer, unless a handler in front of ours has given it another transport."""
        multiplayer = self._multiplayer()
        return multiplayer if multiplayer is not None and multiplayer._attachment is self else None

    def _arriving(self, peer: int) -> Steps:
        multiplayer = self._target()
        return [] if multiplayer is None else multiplayer._arrive_steps(peer)

    def _leaving(self, peer: int) -> Steps:
        multiplayer = self._target()
        return [] if multiplayer is None else multiplayer._leave_steps(peer)

    def _dropping(self, peer: int) -> Steps:
        multiplayer = self._target()
        return [] if multiplayer is None else multiplayer._drop_steps(peer)

    # The same for who calls all that is connected, instead of working off its steps.

    def _on_connected(self, peer: int) -> None:
        multiplayer = self._target()
        if multiplayer is not None:
            multiplayer._do(partial(multiplayer._arrive_steps, peer))

    def _on_disconnected(self, peer: int) -> None:
        multiplayer = self._target()
        if multiplayer is not None:
            multiplayer._leave(peer)

    def _on_dropped(self, peer: int) -> None:
        multiplayer = self._target()
        if multiplayer is not None:
            multiplayer._do(partial(multiplayer._drop_steps, peer))
