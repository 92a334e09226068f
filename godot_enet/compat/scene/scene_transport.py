"""The MultiplayerPeer of a SceneMultiplayer, and sending to each peer through it.

Clients are not connected to each other: a packet for another client goes to the server inside a ``RELAY`` packet.
"""

from __future__ import annotations

from collections.abc import Sequence

from godot_enet.compat.errors import fail
from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene.scene_commands import RELAY, SERVER, SYS, SYS_HEAD
from godot_enet.compat.scene.scene_settings import SceneSettings

__all__ = ["SceneTransport"]

_CONNECTED = MultiplayerPeer.CONNECTION_CONNECTED
_RELIABLE = MultiplayerPeer.TRANSFER_MODE_RELIABLE


class SceneTransport:
    """The transport of one multiplayer, and the peers that it reaches.

    Args:
        settings: ``server_relay`` is used here.
    """

    def __init__(self, settings: SceneSettings) -> None:
        self._settings = settings
        self.multiplayer_peer: MultiplayerPeer | None = None
        self.connected_peers: dict[int, None] = {}
        """The admitted peers in order of arrival; see :meth:`remove_peer`."""
        self.taken: list[tuple[bytes, int, int, MultiplayerPeer.TransferMode]] = []
        """The packet that is being handled."""

    def remove_peer(self, peer: int) -> None:
        """Remove a peer. The last one takes its position, as in Godot's sets: broadcasts go out in this order."""
        # godot: core/templates/hash_set.h: erase
        peers = list(self.connected_peers)
        if peer in peers:
            last = peers.pop()
            if last != peer:
                peers[peers.index(peer)] = last
            self.connected_peers = dict.fromkeys(peers)

    def is_connected(self) -> bool:
        """Return whether there is a transport that can send."""
        transport = self.multiplayer_peer
        return transport is not None and transport.get_connection_status() is _CONNECTED

    def relays(self, transport: MultiplayerPeer) -> bool:
        """Return whether clients send each other packets through the server."""
        return self._settings.server_relay and transport.is_server_relay_supported()

    def is_relay(self) -> bool:
        """Return whether this end is a server that relays packets and announces clients to each other."""
        transport = self.multiplayer_peer
        return transport is not None and self.relays(transport) and transport.get_unique_id() == SERVER

    def send_to(self, peer: int, packet: bytes) -> Error:
        """Send reliably to a connection of the transport, admitted or not, on channel 0."""
        transport = self.multiplayer_peer
        if transport is None:
            return Error.ERR_UNCONFIGURED
        transport.set_transfer_channel(0)
        transport.set_transfer_mode(_RELIABLE)
        transport.set_target_peer(peer)
        return transport.put_packet(packet)

    def announce(self, peers: Sequence[int], packet: bytes) -> None:
        """Send reliably to several connections on channel 0, no later than :meth:`send_announced`."""
        transport = self.multiplayer_peer
        if transport is not None and peers:
            transport.set_transfer_channel(0)
            transport.set_transfer_mode(_RELIABLE)
            transport._put_for_each(peers, packet)

    def send_announced(self) -> None:
        """Send the packets queued by :meth:`announce`."""
        if self.multiplayer_peer is not None:
            self.multiplayer_peer._send_queued()

    def send_reliably(self, peer: int, packet: bytes) -> None:
        """Send reliably to a peer, on channel 0."""
        transport = self.multiplayer_peer
        if transport is not None:
            transport.set_transfer_channel(0)
            transport.set_transfer_mode(_RELIABLE)
            self.send(peer, packet)

    def send_queued(self, peer: int, packet: bytes, mode: MultiplayerPeer.TransferMode) -> None:
        """Send to one peer on channel 0, no later than the next send of queued packets."""
        transport = self.multiplayer_peer
        if transport is None:
            return
        transport.set_transfer_channel(0)
        transport.set_transfer_mode(mode)
        if peer != SERVER and self.relays(transport) and transport.get_unique_id() != SERVER:
            transport._put_for_each([SERVER], SYS_HEAD.pack(SYS, RELAY, peer) + packet)
        elif peer in self.connected_peers:
            transport._put_for_each([peer], packet)

    def send(self, to: int, packet: bytes) -> Error:
        """Send to a peer, directly or through the server, with the current mode and channel.

        Args:
            to: the peer; 0 for all, or a negative id for all but that one.
            packet: the whole packet.
        """
        transport = self.multiplayer_peer
        if transport is None:
            return Error.ERR_UNCONFIGURED
        if to != SERVER and self.relays(transport) and transport.get_unique_id() != SERVER:
            transport.set_target_peer(SERVER)
            return transport.put_packet(SYS_HEAD.pack(SYS, RELAY, to) + packet)
        if to > 0:
            if to not in self.connected_peers:
                text = 'Condition "!connected_peers.has(p_to)" is true. Returning: ERR_BUG'
                return fail(text, Error.ERR_BUG, detail=f"peer {to}; connected are {list(self.connected_peers)}")
            transport.set_target_peer(to)
            return transport.put_packet(packet)
        for peer in list(self.connected_peers):
            if peer != -to:
                transport.set_target_peer(peer)
                if transport.put_packet(packet) is Error.FAILED:
                    return Error.FAILED  # It is too large, equally for every peer.
        return Error.OK
