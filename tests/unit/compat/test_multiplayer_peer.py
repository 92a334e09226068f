"""MultiplayerPeer: what every transport of the high-level multiplayer has in common."""

from __future__ import annotations

import pytest

from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.multiplayer_peer import MultiplayerPeer, as_bool
from godot_enet.compat.offline_multiplayer_peer import OfflineMultiplayerPeer
from godot_enet.compat.packet_peer import PacketPeer
from tests.rows import each_row

KINDS = [ENetMultiplayerPeer, OfflineMultiplayerPeer]


@pytest.fixture(params=KINDS)
def peer(request: pytest.FixtureRequest) -> MultiplayerPeer:
    """One of each kind, not connected."""
    made = request.param()
    assert isinstance(made, MultiplayerPeer)
    assert isinstance(made, PacketPeer)
    return made


def test_it_is_abstract() -> None:
    with pytest.raises(TypeError):
        MultiplayerPeer()  # type: ignore[abstract]


def test_how_it_begins(peer: MultiplayerPeer) -> None:
    assert peer.transfer_mode is peer.get_transfer_mode() is MultiplayerPeer.TRANSFER_MODE_RELIABLE
    assert peer.transfer_channel == peer.get_transfer_channel() == 0
    assert peer.refuse_new_connections is peer.is_refusing_new_connections() is False
    assert peer.encode_buffer_max_size == 8 * 1024 * 1024
    assert peer.is_server_relay_supported() is False
    assert peer.peer_connected.get_arguments() == peer.peer_disconnected.get_arguments() == ("id",)


def test_properties_and_setters_are_the_same(peer: MultiplayerPeer) -> None:
    peer.transfer_mode = MultiplayerPeer.TRANSFER_MODE_UNRELIABLE
    assert peer.get_transfer_mode() is MultiplayerPeer.TRANSFER_MODE_UNRELIABLE
    peer.set_transfer_mode(MultiplayerPeer.TRANSFER_MODE_UNRELIABLE_ORDERED)
    assert peer.transfer_mode is MultiplayerPeer.TRANSFER_MODE_UNRELIABLE_ORDERED
    peer.transfer_channel = 7
    assert peer.get_transfer_channel() == 7
    peer.set_transfer_channel(-3)
    assert peer.transfer_channel == -3
    peer.refuse_new_connections = True
    assert peer.is_refusing_new_connections() is True
    peer.set_refuse_new_connections(False)
    assert peer.refuse_new_connections is False


@each_row(("given", "read"), [(0, 0), (2, 2), (3, 3), (99, 99), (-1, 4294967295)])
def test_any_transfer_mode_can_be_set(peer: MultiplayerPeer, given: int, read: int) -> None:
    peer.set_transfer_mode(given)  # type: ignore[arg-type]
    assert peer.get_transfer_mode() == read


def test_unique_ids(peer: MultiplayerPeer) -> None:
    ids = {peer.generate_unique_id() for _ in range(2000)}
    assert len(ids) > 1990
    assert min(ids) >= 2
    assert max(ids) < 2**31
    assert max(ids) > 2**30


def test_wrong_types_are_refused(peer: MultiplayerPeer) -> None:
    for method, wrong, text in (
        ("set_transfer_mode", "reliable", "mode must be an int, not str"),
        ("set_transfer_channel", 1.5, "channel must be an int, not float"),
        ("set_refuse_new_connections", None, "enable must be a bool, not NoneType"),
    ):
        with pytest.raises(TypeError, match=text):
            getattr(peer, method)(wrong)


def test_numbers_will_do_for_bools() -> None:
    assert [as_bool(value, "x") for value in (True, False, 1, 0, -2)] == [True, False, True, False, True]
    for wrong in ("yes", 1.0, None):
        with pytest.raises(TypeError, match="x must be a bool"):
            as_bool(wrong, "x")  # type: ignore[arg-type]
