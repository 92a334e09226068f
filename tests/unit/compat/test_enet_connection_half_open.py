"""ENetConnection while others ask for connections and never prove their address."""

from __future__ import annotations

import socket

import pytest

from godot_enet import ENetConnection, Error
from godot_enet.core.protocol.drops import Drop
from tests.scenario import raw
from tests.unit.compat.stage import Stage, kinds

FORGED = 300


@pytest.fixture
def besieged(stage: Stage) -> ENetConnection:
    """A server of two players to whom many have sent a CONNECT that they will never follow up."""
    server = stage.server(max_peers=2)
    remote = stage.socket()
    for number in range(FORGED):
        connect = raw.connect(connect_id=number.to_bytes(4, "big"))
        remote.sendto(raw.datagram(connect, peer=raw.UNKNOWN_PEER, time=0), ("127.0.0.1", server.get_local_port()))
        # One by one: no socket buffer overflows, and each is answered once.
        remote.settimeout(0.001)
        stage.run(lambda: _arrived(remote))
    return server


def _arrived(remote: socket.socket) -> bool:
    try:
        return bool(remote.recv(100))
    except TimeoutError:
        return False


def test_players_get_in_and_play(stage: Stage, besieged: ENetConnection) -> None:
    assert besieged.get_peers() == []
    links = [stage.join(besieged, stage.client(), channels=2, data=number) for number in (1, 2)]
    assert len(besieged.get_peers()) == 2
    for link in links:
        assert link.deliver(b"up", 1) == (b"up", 1, 1)
        assert link.at_server.send(0, b"down", 1) is Error.OK
        stage.run(lambda link=link: link.at_client.get_available_packet_count())  # type: ignore[misc]
        assert link.at_client.get_packet() == b"down"
    besieged.broadcast(0, b"all", 1)
    for link in links:
        stage.run(lambda link=link: link.at_client.get_available_packet_count())  # type: ignore[misc]
        assert link.at_client.get_packet() == b"all"


def test_peers_are_found_again(stage: Stage, besieged: ENetConnection) -> None:
    link = stage.join(besieged, stage.client(), channels=2)
    assert besieged.get_peers() == [link.at_server]
    assert link.at_server.get_remote_address() == "127.0.0.1"
    assert link.at_server.get_remote_port() == link.client.get_local_port()
    link.at_server.peer_disconnect(7)
    stage.run(lambda: stage.peek(link.client) and stage.peek(besieged))
    assert [event.data for event in stage.events(link.client)] == [7]
    assert kinds(stage.events(besieged)) == [ENetConnection.EVENT_DISCONNECT]
    assert besieged.get_peers() == []


def test_nothing_of_it_is_reported_but_the_counters(stage: Stage, besieged: ENetConnection) -> None:
    assert stage.events(besieged) == []
    assert besieged.counters()[Drop.HALF_OPEN_LIMIT] == 0
