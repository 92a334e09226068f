"""The peers of a multiplayer: how they connect, are admitted and leave; and the end of transports.

The server announces each change to its clients. A change is a list of steps, since signals call the program.
"""

from __future__ import annotations

import weakref
from collections.abc import Hashable, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene.authentication import Authentication
from godot_enet.compat.scene.drops import SceneDrop, SceneReporter
from godot_enet.compat.scene.join_limit import JoinLimit
from godot_enet.compat.scene.scene_commands import ADD_PEER, DEL_PEER, SERVER, SYS, SYS_HEAD
from godot_enet.compat.scene.scene_transport import SceneTransport
from godot_enet.compat.signal import Signal
from godot_enet.compat.steps import Backlog, Steps, ours

__all__ = ["FollowsPeers", "PeerSignals", "ScenePeers"]

_DISCONNECTED = MultiplayerPeer.CONNECTION_DISCONNECTED
_CONNECTED = MultiplayerPeer.CONNECTION_CONNECTED


class PeerSignals(NamedTuple):
    """The signals of a SceneMultiplayer for peers."""

    peer_connected: Signal[[int]]
    peer_disconnected: Signal[[int]]
    peer_authenticating: Signal[[int]]
    peer_authentication_failed: Signal[[int]]
    connected_to_server: Signal[[]]
    connection_failed: Signal[[]]
    server_disconnected: Signal[[]]


class FollowsPeers(Protocol):
    """A part that keeps state for each peer."""

    def add_peer(self, peer: int) -> None:
        """Add an admitted peer; called before the signals."""

    def remove_peer(self, peer: int) -> None:
        """Remove a disconnected peer; called before the signals."""

    def clear(self) -> None:
        """Remove all peers: the transport has ended or was replaced."""


class ScenePeers:
    """The peers of one multiplayer.

    Args:
        transport: the transport of the peers.
        auth: the peers that are not admitted yet.
        signals: the signals to emit.
        followers: the parts to call for each peer, in this order.
        reporter: counts and logs rejected peers.
        backlog: keeps the steps left by an exception out of a signal handler.
    """

    def __init__(
        self,
        transport: SceneTransport,
        auth: Authentication,
        signals: PeerSignals,
        followers: Sequence[FollowsPeers],
        reporter: SceneReporter,
        backlog: Backlog,
    ) -> None:
        self._transport = transport
        self._auth = auth
        self._signals = signals
        self._followers = followers
        self._reporter = reporter
        self._backlog = backlog
        self._join_limit = JoinLimit()
        self._attachment = _Attachment(self)
        self._last_status = _DISCONNECTED
        self._session = 0

    # The transport

    def attach(self, peer: MultiplayerPeer | None) -> None:
        """Set the transport, or None."""
        old, self._transport.multiplayer_peer = self._transport.multiplayer_peer, peer
        if old is not None:
            self._attachment.disconnect(old)
            self.clear()
        if peer is not None:
            self._attachment = _Attachment(self)
            self._attachment.connect(peer)
            self._last_status = peer.get_connection_status()
            self._session = peer._session

    def clear(self) -> None:
        """Remove all peers, without signals."""
        self._last_status = _DISCONNECTED
        self._transport.taken.clear()
        self._auth.clear()
        self._transport.connected_peers.clear()
        for follower in self._followers:
            follower.clear()

    def has_ended(self) -> bool:
        """Return whether the transport is known to have ended."""
        return self._last_status is _DISCONNECTED

    def update_status(self) -> bool:
        """Check whether the transport has ended, and return whether it is connected."""
        self._backlog.do(self._status_steps)
        return self._last_status is _CONNECTED

    def _status_steps(self) -> Steps:
        transport, last = self._transport.multiplayer_peer, self._last_status
        status, session = _DISCONNECTED, self._session
        if transport is not None:
            status, session = transport.get_connection_status(), transport._session
        if last is _DISCONNECTED or (status is not _DISCONNECTED and session == self._session):
            self._last_status, self._session = status, session
            return []
        signals = self._signals
        was_connected = last is _CONNECTED or SERVER in self._transport.connected_peers
        return [
            ours(self._forget_status),
            *(signals.server_disconnected if was_connected else signals.connection_failed)._steps(),
            ours(partial(self._begin_again, transport, status, session)),
        ]

    def _forget_status(self) -> None:
        self._last_status = _DISCONNECTED

    def _begin_again(
        self, transport: MultiplayerPeer | None, status: MultiplayerPeer.ConnectionStatus, session: int
    ) -> None:
        """Handle the end of this transport, unless a handler has set another one."""
        if self._transport.multiplayer_peer is transport:
            self.clear()
            self._last_status, self._session = status, session

    # Peers

    def _arrive_steps(self, peer: int) -> Steps:
        # The transport may end before its poll returns.
        return [ours(self._status_steps), ours(partial(self._welcome, peer))]

    def _welcome(self, peer: int) -> Steps:
        if self._auth.callback is None:
            return self.admit_steps(peer)
        self._auth.begin(peer)
        return self._signals.peer_authenticating._steps(peer)

    def complete_auth(self, peer: int) -> Error:
        """Complete authentication at this end; the peer is admitted if the other end has done so, too."""
        error = self._auth.complete(peer)
        if error is Error.OK and self._auth.is_completed(peer):
            self.admit(peer)
        return error

    def admit(self, peer: int) -> None:
        """Let a peer in."""
        self._backlog.do(partial(self.admit_steps, peer))
        self._transport.send_announced()

    def admit_steps(self, peer: int) -> Steps:
        """Return the steps that admit a peer."""
        if self._transport.is_relay():
            if not self._join_limit.may_join(self._network_of(peer)):
                return self._refuse_steps(peer)
            for other in [other for other in self._transport.connected_peers if other != peer]:
                self._transport.announce([other], SYS_HEAD.pack(SYS, ADD_PEER, peer))
                self._transport.announce([peer], SYS_HEAD.pack(SYS, ADD_PEER, other))
        self._auth.forget(peer)
        self._transport.connected_peers[peer] = None
        for follower in self._followers:
            follower.add_peer(peer)
        connected = self._signals.connected_to_server._steps() if peer == SERVER else []
        return [*connected, *self._signals.peer_connected._steps(peer)]

    def _network_of(self, peer: int) -> Hashable | None:
        transport = self._transport.multiplayer_peer
        return None if transport is None else transport._network_of(peer)

    def _refuse_steps(self, peer: int) -> Steps:
        """Disconnect a peer that has joined too often, without announcing it."""
        self._reporter.note(SceneDrop.JOIN_LIMIT, peer)
        failed = self._signals.peer_authentication_failed._steps(peer) if peer in self._auth else []
        self._auth.forget(peer)
        if self._transport.multiplayer_peer is not None:
            self._transport.multiplayer_peer.disconnect_peer(peer)
        return failed

    def leave(self, peer: int, *, silently: bool = False) -> None:
        """Handle the disconnect of a peer."""
        self._backlog.do(partial(self.leave_steps, peer, silently=silently))
        self._transport.send_announced()

    def leave_steps(self, peer: int, *, silently: bool = False) -> Steps:
        """Return the steps for a disconnected peer."""
        signals = self._signals
        if peer in self._auth:
            failed = [] if silently else signals.peer_authentication_failed._steps(peer)
            return [ours(partial(self._forget_waiting, peer)), *failed]
        if peer not in self._transport.connected_peers:
            return []
        disconnected = [] if silently else signals.peer_disconnected._steps(peer)
        return [ours(partial(self._forget_peer, peer)), *disconnected]

    def _forget_waiting(self, peer: int) -> None:
        self._auth.forget(peer)

    def _forget_peer(self, peer: int) -> None:
        if self._transport.is_relay():
            others = [other for other in self._transport.connected_peers if other != peer]
            self._transport.announce(others, SYS_HEAD.pack(SYS, DEL_PEER, peer))
        for follower in self._followers:
            follower.remove_peer(peer)
        self._transport.remove_peer(peer)

    def expire(self) -> None:
        """Admit peers that have no ``auth_callback``, and disconnect those whose authentication has timed out."""
        for peer in self._auth.silent():
            self.admit(peer)
        for peer in self._auth.expired():
            self._backlog.do(partial(self._expire_steps, peer))

    def _expire_steps(self, peer: int) -> Steps:
        self._auth.forget(peer)
        if self._transport.multiplayer_peer is not None:
            self._transport.multiplayer_peer.disconnect_peer(peer)
        return self._signals.peer_authentication_failed._steps(peer)

    def _drop_steps(self, peer: int) -> Steps:
        """Handle a peer that the transport has dropped without a signal."""
        transport = self._transport.multiplayer_peer
        if (
            peer == SERVER
            or transport is None
            or not self._transport.relays(transport)
            or transport.get_unique_id() == SERVER
        ):
            return self.leave_steps(peer, silently=True)
        return []  # another client, which the transport does not know


class _Attachment:
    """Forwards the signals of a transport to the peers, without keeping them alive."""

    def __init__(self, peers: ScenePeers) -> None:
        self._peers = weakref.ref(peers)

    def connect(self, transport: MultiplayerPeer) -> None:
        transport.peer_connected._connect_steps(self._on_connected, self._arriving)
        transport.peer_disconnected._connect_steps(self._on_disconnected, self._leaving)
        transport._peer_dropped._connect_steps(self._on_dropped, self._dropping)

    def disconnect(self, transport: MultiplayerPeer) -> None:
        transport.peer_connected.disconnect(self._on_connected)
        transport.peer_disconnected.disconnect(self._on_disconnected)
        transport._peer_dropped.disconnect(self._on_dropped)

    def _target(self) -> ScenePeers | None:
        """Return the peers, unless an earlier handler has set another transport."""
        peers = self._peers()
        return peers if peers is not None and peers._attachment is self else None

    def _arriving(self, peer: int) -> Steps:
        peers = self._target()
        return [] if peers is None else peers._arrive_steps(peer)

    def _leaving(self, peer: int) -> Steps:
        peers = self._target()
        return [] if peers is None else peers.leave_steps(peer)

    def _dropping(self, peer: int) -> Steps:
        peers = self._target()
        return [] if peers is None else peers._drop_steps(peer)

    # The same for an emitter that calls everything connected, instead of taking its steps.

    def _on_connected(self, peer: int) -> None:
        peers = self._target()
        if peers is not None:
            peers._backlog.do(partial(peers._arrive_steps, peer))

    def _on_disconnected(self, peer: int) -> None:
        peers = self._target()
        if peers is not None:
            peers.leave(peer)

    def _on_dropped(self, peer: int) -> None:
        peers = self._target()
        if peers is not None:
            peers._backlog.do(partial(peers._drop_steps, peer))
