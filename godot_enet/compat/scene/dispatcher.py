"""Dispatches received packets to their handlers. No received packet ends a connection."""

from __future__ import annotations

from functools import partial

from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene.authentication import Authentication
from godot_enet.compat.scene.drops import SceneDrop, SceneReporter
from godot_enet.compat.scene.path_cache import PathCache
from godot_enet.compat.scene.remote_calls import RemoteCalls
from godot_enet.compat.scene.remote_sender import RemoteSender
from godot_enet.compat.scene.replication.replicator import Replicator
from godot_enet.compat.scene.root_path import RootPath
from godot_enet.compat.scene.scene_commands import (
    AUTH,
    COMMAND_MASK,
    CONFIRM_PATH,
    DESPAWN,
    RAW,
    REMOTE_CALL,
    SIMPLIFY_PATH,
    SPAWN,
    SYNC,
    SYS,
)
from godot_enet.compat.scene.scene_peers import ScenePeers
from godot_enet.compat.scene.scene_transport import SceneTransport
from godot_enet.compat.scene.system_commands import SystemCommands
from godot_enet.compat.signal import Signal
from godot_enet.compat.steps import Steps, ours
from godot_enet.core.interrupts import raised_by_signal_handler

__all__ = ["Dispatcher"]


class Dispatcher:
    """Passes each packet of one multiplayer to the part that handles it."""

    def __init__(
        self,
        *,
        transport: SceneTransport,
        peers: ScenePeers,
        auth: Authentication,
        system: SystemCommands,
        sender: RemoteSender,
        calls: RemoteCalls,
        cache: PathCache,
        replicator: Replicator,
        paths: RootPath,
        peer_packet: Signal[[int, bytes]],
        reporter: SceneReporter,
    ) -> None:
        self._transport = transport
        self._peers = peers
        self._auth = auth
        self._system = system
        self._sender = sender
        self._calls = calls
        self._cache = cache
        self._replicator = replicator
        self._paths = paths
        self._peer_packet = peer_packet
        self._reporter = reporter

    def open(self, packet: bytes, sender: int, channel: int, mode: MultiplayerPeer.TransferMode) -> Steps | None:
        """Handle a packet of a connection."""
        if sender not in self._transport.connected_peers:
            return self._receive_early(packet, sender, channel, mode)
        if packet and packet[0] & COMMAND_MASK == SYS:
            handle = partial(self._handle, channel=channel)
            return self._system.receive(sender, packet, channel, mode, handle)
        return self._handle(sender, packet, channel)

    def _receive_early(
        self, packet: bytes, sender: int, channel: int, mode: MultiplayerPeer.TransferMode
    ) -> Steps | None:
        """Handle a packet of a peer that is not admitted yet."""
        if sender not in self._auth:
            self._reporter.note(SceneDrop.UNKNOWN_SENDER, sender)
            return None
        if len(packet) < 2 or packet[0] & COMMAND_MASK != SYS or packet[1] != AUTH[1]:
            if self._auth.is_silent(sender):
                return [
                    ours(partial(self._peers.admit_steps, sender)),
                    ours(partial(self.open, packet, sender, channel, mode)),
                ]
            self._reporter.note(SceneDrop.NOT_AUTHENTICATED, sender)
            return None
        if not self._auth.may_send(sender, len(packet)):
            self._reporter.note(SceneDrop.AUTHENTICATION_LIMIT, sender)
            return None
        return [partial(self._authenticate, sender, packet[2:])]

    def _authenticate(self, sender: int, data: bytes, steps: Steps) -> None:
        def failed(error: BaseException) -> None:
            self._reporter.note(SceneDrop.FAILED_CALL, sender, "auth_callback", subject="auth", failed=error)

        try:
            self._auth.receive(sender, data, ours(partial(self._peers.admit_steps, sender)), failed, steps)
        except Exception as error:
            if raised_by_signal_handler(error):
                raise
            failed(error)

    def _handle(self, sender: int, packet: bytes, channel: int) -> Steps | None:
        """Handle a packet for this end other than a system command."""
        if not packet:
            self._reporter.note(SceneDrop.MALFORMED, sender, "an empty packet")
            return None
        if self._paths.path.is_empty():
            self._reporter.note(SceneDrop.NO_ROOT_PATH, sender)
            return None
        command = packet[0] & COMMAND_MASK
        if command == REMOTE_CALL:
            return self._sender.during(sender, self._calls.receive(sender, packet), channel)
        if command == RAW:
            if len(packet) > 1:
                return self._sender.during(sender, self._peer_packet._steps(sender, packet[1:]), channel)
            self._reporter.note(SceneDrop.MALFORMED, sender, "a packet of send_bytes without bytes")
        elif command == SIMPLIFY_PATH:
            self._cache.receive_path(sender, packet)
        elif command == CONFIRM_PATH:
            self._cache.receive_confirmation(sender, packet)
        elif command in (SPAWN, DESPAWN, SYNC):
            return self._replicator.receive(sender, packet)
        else:
            self._reporter.note(SceneDrop.UNKNOWN_COMMAND, sender, "a system command that was relayed")
        return None
