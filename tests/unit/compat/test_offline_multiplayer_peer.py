"""OfflineMultiplayerPeer: always connected, always alone."""

from __future__ import annotations

from collections.abc import Callable

from godot_enet.compat.globals import Error
from godot_enet.compat.offline_multiplayer_peer import OfflineMultiplayerPeer
from godot_enet.compat.signal import Signal

Logged = Callable[[], list[str]]


def test_it_is_the_server_whatever_happens(logged: Logged) -> None:
    peer = OfflineMultiplayerPeer()
    signals: list[int] = []
    peer.peer_connected.connect(signals.append)
    peer.peer_disconnected.connect(signals.append)
    for change in (peer.poll, peer.close, lambda: peer.disconnect_peer(1), lambda: peer.disconnect_peer(7, True)):
        change()
        assert peer.get_connection_status() is OfflineMultiplayerPeer.CONNECTION_CONNECTED
        assert peer.get_unique_id() == 1
        assert peer.is_server_relay_supported() is False
    assert signals == []
    assert logged() == []


def test_packets_go_nowhere(logged: Logged) -> None:
    peer = OfflineMultiplayerPeer()
    peer.set_target_peer(77)
    assert peer.put_packet(b"hello") is Error.OK
    assert peer.put_var([1, 2]) is Error.OK
    peer.poll()
    assert peer.get_available_packet_count() == 0
    assert (peer.get_packet(), peer.get_packet_error()) == (b"", Error.OK)
    assert (peer.get_packet_peer(), peer.get_packet_channel()) == (0, 0)
    assert peer.get_packet_mode() is OfflineMultiplayerPeer.TRANSFER_MODE_RELIABLE
    assert logged() == []
    assert peer.get_var() is None
    assert logged() != []


def test_a_poll_ends_a_frame() -> None:
    peer = OfflineMultiplayerPeer()
    heard: list[int] = []
    peer.peer_connected.connect(heard.append, Signal.CONNECT_DEFERRED)
    peer.peer_connected.emit(4)
    assert heard == []
    peer.poll()
    assert heard == [4]
