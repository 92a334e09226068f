"""OfflineMultiplayerPeer: a server without a network, so that a multiplayer game also works with one player."""

from __future__ import annotations

from godot_enet.compat.deferred import in_frame
from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import MultiplayerPeer

__all__ = ["OfflineMultiplayerPeer"]


class OfflineMultiplayerPeer(MultiplayerPeer):
    """A server that is always connected and never has clients: it sends nothing and emits no signals."""

    def __repr__(self) -> str:
        return "<OfflineMultiplayerPeer>"

    def poll(self) -> None:
        """Run deferred calls (see :meth:`Signal.emit`)."""
        in_frame(lambda: None)

    def close(self) -> None:
        """Has no effect."""

    def disconnect_peer(self, peer: int, force: bool = False) -> None:
        """Has no effect."""

    def get_connection_status(self) -> MultiplayerPeer.ConnectionStatus:
        """Connected."""
        return MultiplayerPeer.CONNECTION_CONNECTED

    def get_unique_id(self) -> int:
        """1, the server's."""
        return MultiplayerPeer.TARGET_PEER_SERVER

    def set_target_peer(self, id: int) -> None:
        """Has no effect."""

    def get_packet_peer(self) -> int:
        """0."""
        return 0

    def get_packet_channel(self) -> int:
        """0."""
        return 0

    def get_packet_mode(self) -> MultiplayerPeer.TransferMode:
        """Reliable."""
        return MultiplayerPeer.TRANSFER_MODE_RELIABLE

    def get_available_packet_count(self) -> int:
        """0."""
        return 0

    def _take_packet(self) -> tuple[Error, bytes]:
        return Error.OK, b""

    def _put_packet(self, packet: bytes) -> Error:
        return Error.OK
