"""``SYS`` packets: announcements of peers, and packets between clients. Their senders are checked here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene.drops import SceneDrop, SceneReporter
from godot_enet.compat.scene.relay import Relay
from godot_enet.compat.scene.scene_commands import (
    ADD_PEER,
    AUTH,
    COMMAND_MASK,
    DEL_PEER,
    RAW,
    RELAY,
    SERVER,
    SYS_HEAD,
)
from godot_enet.compat.scene.scene_peers import ScenePeers
from godot_enet.compat.scene.scene_transport import SceneTransport
from godot_enet.compat.steps import Steps, ours

__all__ = ["MAX_PEERS", "SystemCommands"]

MAX_PEERS = 4095
"""Other clients that a server may announce; ENet has no more slots."""


class SystemCommands:
    """Handles the system commands of one multiplayer.

    Args:
        transport: the transport.
        peers: the peers, which commands add and remove.
        relay: forwards packets.
        reporter: counts and logs rejected commands.
    """

    def __init__(self, transport: SceneTransport, peers: ScenePeers, relay: Relay, reporter: SceneReporter) -> None:
        self._transport = transport
        self._peers = peers
        self._relay = relay
        self._note = reporter.note

    def receive(
        self,
        sender: int,
        packet: bytes,
        channel: int,
        mode: MultiplayerPeer.TransferMode,
        handle: Callable[[int, bytes], Steps | None],
    ) -> Steps | None:
        """Handle a ``SYS`` packet.

        Args:
            sender: the peer, which is admitted.
            packet: the whole packet.
            channel: its transfer channel, also used to forward it.
            mode: its transfer mode, also used to forward it.
            handle: called with the sender and the packet inside a ``RELAY``.
        """
        note, transport = self._note, self._transport.multiplayer_peer
        if packet[1:2] == AUTH[1:]:
            if len(packet) != len(AUTH):
                note(SceneDrop.LATE_AUTHENTICATION, sender)
            return None  # without data: the other end has completed, too
        if len(packet) < SYS_HEAD.size:
            return note(SceneDrop.MALFORMED, sender, "a system command of %s bytes", len(packet))
        _, command, peer = SYS_HEAD.unpack_from(packet)
        if command not in (ADD_PEER, DEL_PEER, RELAY):
            return note(SceneDrop.UNKNOWN_COMMAND, sender, "system command %s", command)
        if transport is None or not self._transport.relays(transport):
            return note(SceneDrop.FORBIDDEN_COMMAND, sender, "system command %s", command)
        is_server = transport.get_unique_id() == SERVER
        may = command == RELAY if is_server else sender == SERVER
        if not may:
            return note(SceneDrop.FORBIDDEN_COMMAND, sender, "system command %s", command)
        if not is_server and (peer <= SERVER or (peer == transport.get_unique_id() and not _is_echo(packet))):
            return note(SceneDrop.FORGED_PEER, sender, "peer %s", peer)
        if command == DEL_PEER:
            return self._peers.leave_steps(peer)
        if command == ADD_PEER:
            peers = self._transport.connected_peers
            if peer in peers:
                return None
            if len(peers) >= MAX_PEERS:
                return note(SceneDrop.FORBIDDEN_COMMAND, sender, "more than %s peers", MAX_PEERS)
            return self._peers.admit_steps(peer)
        if len(packet) == SYS_HEAD.size:
            return note(SceneDrop.MALFORMED, sender, "an empty packet to relay")
        payload = packet[SYS_HEAD.size :]
        if not is_server:
            return handle(peer, payload)
        steps = self._relay.pass_on(transport, sender, peer, payload, channel, mode)
        if steps is not None and peer <= 0 and peer != -SERVER:  # it is for the server, too
            steps.append(ours(partial(handle, sender, payload)))
        return steps


def _is_echo(packet: bytes) -> bool:
    """Whether a relayed packet is one of ``send_bytes``, the only kind that a client may send to itself."""
    return packet[1] == RELAY and len(packet) > SYS_HEAD.size and packet[SYS_HEAD.size] & COMMAND_MASK == RAW
