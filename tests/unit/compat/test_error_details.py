"""What error lines say beyond Godot's text: the values concerned, in brackets."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from godot_enet import ENetConnection, ENetMultiplayerPeer, SceneMultiplayer, Timer
from tests.unit.compat.stage import Stage


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """The error lines since this was last called."""

    def take() -> list[str]:
        found = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
        caplog.clear()
        return found

    return take


def test_a_connection_that_was_never_serviced(host_engine: str, lines: Callable[[], list[str]]) -> None:
    client = ENetConnection(threaded=False)
    client.create_host(1)
    peer = client.connect_to_host("127.0.0.1", 9)
    assert peer is not None
    peer.send(0, b"x", 0)
    text = "Unable to send packet, the peer is still connecting: send after its EVENT_CONNECT."
    assert lines() == [f"{text} (nothing was sent to it yet: call service() in each frame)"]
    client.service()
    peer.send(0, b"x", 0)
    assert lines() == [text]
    client.destroy()


def test_a_peer_whose_connection_has_ended(stage: Stage, lines: Callable[[], list[str]]) -> None:
    link = stage.link()
    port = link.server.get_local_port()
    link.at_client.reset()
    link.at_client.send(0, b"x", 0)
    link.at_client.ping()
    where = f"(127.0.0.1:{port}, ended: LOCAL)"
    assert lines() == [f"Peer not connected. {where}", f'Parameter "peer" is null. {where}']


def test_a_connection_that_is_in_use(stage: Stage, lines: Callable[[], list[str]]) -> None:
    link = stage.link()
    link.server.create_host()
    link.client.connect_to_host("127.0.0.1", 9)
    created, connected = lines()
    assert f"on 127.0.0.1:{link.server.get_local_port()}, 1 peers>; destroy() ends it)" in created
    assert connected.endswith(f"(<ENetPacketPeer 127.0.0.1:{link.server.get_local_port()} connected>)")


def test_multiplayer_peers(host_engine: str, lines: Callable[[], list[str]]) -> None:
    server = ENetMultiplayerPeer(threaded=False)
    server.put_packet(b"x")
    server.create_server(0)
    server.create_server(0)
    server.set_target_peer(7)
    server.put_packet(b"x")
    _, active, target = lines()
    assert active.endswith("(<ENetMultiplayerPeer server 1 connected, 0 peers>; close() ends it)")
    assert target == "Invalid target peer: 7 (peers are [])"
    api = SceneMultiplayer()
    api.multiplayer_peer = server
    api.send_bytes(b"x", 7)
    api.max_sync_packet_size = 5
    unknown, size = lines()
    assert unknown.endswith("(peer 7; connected are [])")
    assert size == "Sync maximum packet size must be at least 128 bytes. (got 5)"
    server.close()


def test_numbers_out_of_range(lines: Callable[[], list[str]]) -> None:
    Timer("Timer").wait_time = -2.0
    assert lines() == ["Time should be greater than zero. (got -2.0)"]
