"""OfflineMultiplayerPeer: a server without a network, so that a game for several also works for one."""

from __future__ import annotations

from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.signal import in_frame

__all__ = ["OfflineMultiplayerPeer"]


class OfflineMultiplayerPeer(MultiplayerPeer):
    """Always connected, always the server, always alone: packets go nowhere, and no signal is ever emitted."""

    def __repr__(self) -> str:
        return "<OfflineMultiplayerPeer>"

    def poll(self) -> None:
        """Make the deferred calls of signals (see :meth:`Signal.emit`); there is nothing else to do."""
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
