"""Who is there, and the way to each."""

from __future__ import annotations

from typing import Any, cast

import pytest

from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from tests.unit.compat.scene.memory import MemoryNetwork
from tests.unit.compat.scene.party import Party

C, D = 7, 8


def test_sending_without_a_connection(caplog: pytest.LogCaptureFixture) -> None:
    api = SceneMultiplayer()
    assert api.send_bytes(b"x") is Error.OK  # alone, to nobody
    assert api.send_bytes(b"") is Error.ERR_INVALID_DATA
    assert api.send_bytes(b"x", 5) is Error.ERR_BUG
    api.disconnect_peer(5)
    assert [record.getMessage() for record in caplog.records] == [
        "Trying to send an empty raw packet.",
        'Condition "!connected_peers.has(p_to)" is true. Returning: ERR_BUG (peer 5; connected are [])',
    ]
    caplog.clear()
    api.multiplayer_peer = None
    assert api.get_unique_id() == 0
    assert not api.is_server()
    assert not api.has_multiplayer_peer()
    assert list(api.get_peers()) == []
    assert api.send_bytes(b"x") is Error.ERR_UNCONFIGURED
    assert api.poll() is Error.OK
    api.disconnect_peer(5)
    assert [record.getMessage().split(".")[0] for record in caplog.records] == [
        "No multiplayer peer is assigned",
        "No multiplayer peer is assigned",
        "No multiplayer peer is assigned",
        "Trying to send a raw packet while no multiplayer peer is active",
        'Condition "multiplayer_peer',
    ]


def test_sending_while_connecting(caplog: pytest.LogCaptureFixture) -> None:
    api, peer = SceneMultiplayer(), MemoryNetwork().add(C)
    peer.status = MultiplayerPeer.CONNECTION_CONNECTING
    api.multiplayer_peer = peer
    assert api.send_bytes(b"x") is Error.ERR_UNCONFIGURED
    assert "which is not connected" in caplog.text
    failed: list[int] = []
    api.connection_failed.connect(lambda: failed.append(1))
    peer.status = MultiplayerPeer.CONNECTION_DISCONNECTED
    api.poll()
    api.poll()
    assert failed == [1]


def test_wrong_transports(caplog: pytest.LogCaptureFixture) -> None:
    api, peer = SceneMultiplayer(), MemoryNetwork().add(C)
    offline = api.multiplayer_peer
    peer.status = MultiplayerPeer.CONNECTION_DISCONNECTED
    api.multiplayer_peer = peer
    assert api.multiplayer_peer is offline
    assert "Supplied MultiplayerPeer must be connecting or connected. Got <" in caplog.text
    with pytest.raises(TypeError, match="must be a MultiplayerPeer"):
        api.multiplayer_peer = cast("Any", "peer")


def test_another_transport_forgets_silently() -> None:
    party = Party(C)
    server = party[1]
    server.take()
    old = server.transport
    server.api.multiplayer_peer = old
    assert list(server.api.get_peers()) == [C]
    server.api.multiplayer_peer = None
    assert server.take() == []
    assert old.get_connection_status() is MultiplayerPeer.CONNECTION_CONNECTED
    old.peer_connected.emit(9)  # nobody listens any more
    server.api.multiplayer_peer = old
    assert list(server.api.get_peers()) == []


def test_clients_hear_of_each_other() -> None:
    party = Party(C, D)
    assert [list(party[number].api.get_peers()) for number in (1, C, D)] == [[C, D], [1, D], [1, C]]
    party[D].transport.close()
    party.settle()
    assert [list(party[number].api.get_peers()) for number in (1, C)] == [[C], [1]]
    assert party[C].take()[-1] == ("peer_disconnected", D)


@pytest.mark.parametrize("by", ["setting", "transport"])
def test_without_relay_they_do_not(by: str) -> None:
    party = Party(C, D, join=False)
    for member in party.members.values():
        member.api.server_relay = by != "setting"
        member.join(relays=by != "transport")
        party.settle()
    assert [list(party[number].api.get_peers()) for number in (1, C, D)] == [[C, D], [1], [1]]
    assert party[C].api.send_bytes(b"x", D) is Error.ERR_BUG
    party[C].api.send_bytes(b"x")
    party.settle()
    assert party[1].take()[-1] == ("peer_packet", C, b"x")
    assert party.packets() == [(C, 1, "0378")]
    party[1].transport.inject(b"\x07\x03\0\0\0\0\x03x", C)
    party[C].transport.inject(b"\x07\x01\x09\0\0\0", 1)
    party.settle()
    assert list(party[C].api.get_peers()) == [1]


def test_disconnecting_a_peer_is_silent_here_alone() -> None:
    party = Party(C, D)
    for member in party.members.values():
        member.take()
    party[1].api.disconnect_peer(C)
    assert list(party[1].api.get_peers()) == [D]
    party.settle()
    assert party[1].take() == []
    assert party[C].take() == [("peer_disconnected", 1), ("server_disconnected",)]
    assert party[D].take() == [("peer_disconnected", C)]


def test_the_server_closes() -> None:
    party = Party(C, D)
    for member in party.members.values():
        member.take()
    party[1].transport.close()
    party.settle()
    assert party[1].take() == [("server_disconnected",)]
    for number in (C, D):  # nothing is said of the other client, as in Godot
        assert party[number].take() == [("peer_disconnected", 1), ("server_disconnected",)]
        assert list(party[number].api.get_peers()) == []


def test_a_handler_that_leaves() -> None:
    party = Party(C, D, join=False)
    server = party[1]
    server.api.peer_connected.connect(lambda peer: server.transport.close())
    for member in party.members.values():
        member.join()
    party.settle()
    assert list(server.api.get_peers()) == []
    assert server.take() == [("peer_connected", C), ("server_disconnected",)]
