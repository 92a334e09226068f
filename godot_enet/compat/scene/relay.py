"""The relay of a server: it forwards packets between its clients."""

from __future__ import annotations

from functools import partial

from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene.drops import SceneDrop, SceneReporter
from godot_enet.compat.scene.relay_budget import RelayBudget
from godot_enet.compat.scene.scene_commands import COMMAND_MASK, RELAY, SYS, SYS_HEAD
from godot_enet.compat.scene.scene_settings import SceneSettings
from godot_enet.compat.scene.scene_transport import SceneTransport
from godot_enet.compat.steps import Steps

__all__ = ["Relay"]


class Relay:
    """The relay of one multiplayer that is a server."""

    def __init__(self, transport: SceneTransport, settings: SceneSettings, reporter: SceneReporter) -> None:
        self._transport = transport
        self._settings = settings
        self._reporter = reporter
        self.budget = RelayBudget()

    def add_peer(self, peer: int) -> None:
        """Add a peer; its budget starts with its first packet."""

    def remove_peer(self, peer: int) -> None:
        """Remove a peer."""
        self.budget.forget(peer)

    def clear(self) -> None:
        """Remove all peers."""
        self.budget.clear()

    def pass_on(
        self,
        transport: MultiplayerPeer,
        sender: int,
        to: int,
        payload: bytes,
        channel: int,
        mode: MultiplayerPeer.TransferMode,
    ) -> Steps | None:
        """Forward a packet of a client. Its sender is taken from the connection, never from the packet.

        Returns:
            The steps that send it; None if it is rejected.
        """
        if payload[0] & COMMAND_MASK == SYS and not self._settings.exact:
            # Receivers drop it anyway. Godot forwards it.
            self._reporter.note(SceneDrop.UNKNOWN_COMMAND, sender, "a system command to relay")
            return None
        peers = self._transport.connected_peers
        targets = [peer for peer in ([to] if to > 0 else peers) if self._may_reach(peer, to, sender)]
        if not self.budget.spend(sender, max(len(targets), 1)):
            self._reporter.note(SceneDrop.RELAY_LIMIT, sender)
            return None
        relayed = SYS_HEAD.pack(SYS, RELAY, sender) + payload
        return [partial(_send, transport, peer, relayed, channel, mode) for peer in targets]

    def _may_reach(self, peer: int, to: int, sender: int) -> bool:
        """Whether a relayed packet is for a peer: the named one, or any but the sender."""
        return peer in self._transport.connected_peers and (to > 0 or peer not in (sender, -to))


def _send(
    transport: MultiplayerPeer,
    peer: int,
    packet: bytes,
    channel: int,
    mode: MultiplayerPeer.TransferMode,
    steps: Steps,
) -> None:
    transport.set_transfer_channel(channel)
    transport.set_transfer_mode(mode)
    transport._put_for_each([peer], packet)
    del steps[0]
