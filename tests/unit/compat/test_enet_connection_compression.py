"""compress(): every mode at both ends, while connected, and while another thread is inside service()."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from godot_enet import ENetConnection, ENetPacketPeer
from godot_enet.compat import connection_setup
from godot_enet.core.compression import CodecUnavailable
from tests.unit.compat.stage import Link, Stage, kinds

Logged = Callable[[], list[str]]

MODES = [
    ENetConnection.COMPRESS_RANGE_CODER,
    ENetConnection.COMPRESS_FASTLZ,
    ENetConnection.COMPRESS_ZLIB,
]
"""Those that are there on every machine."""
SENT = ENetConnection.HOST_TOTAL_SENT_DATA
PACKET = b"the same again and " * 60


def sent_for_a_packet(link: Link) -> float:
    """Bytes that leave for ``PACKET``, and for whatever else is going on."""
    link.client.pop_statistic(SENT)
    assert link.deliver(PACKET)[0] == PACKET
    return link.client.pop_statistic(SENT)


@pytest.mark.parametrize("mode", MODES)
def test_packets_arrive_and_take_less(stage: Stage, logged: Logged, mode: ENetConnection.CompressionMode) -> None:
    server, client = stage.server(), stage.client()
    for connection in (server, client):
        connection.compress(mode)
    link = stage.join(server, client)
    assert sent_for_a_packet(link) < len(PACKET) / 2
    link.fence()
    assert logged() == []


@pytest.mark.parametrize("mode", MODES)
def test_the_mode_may_change_while_connected(
    stage: Stage, logged: Logged, mode: ENetConnection.CompressionMode
) -> None:
    link = stage.link(channels=3)
    server_port, client_port = link.server.get_local_port(), link.client.get_local_port()
    peers = link.server.get_peers()
    vars(link.at_server)["name"] = "kept"
    assert sent_for_a_packet(link) > len(PACKET)
    for connection in (link.server, link.client):
        connection.compress(mode)
    assert sent_for_a_packet(link) < len(PACKET) / 2
    assert link.server.get_peers() == peers == [link.at_server]
    assert vars(link.at_server)["name"] == "kept"
    assert (link.server.get_local_port(), link.client.get_local_port()) == (server_port, client_port)
    assert link.at_client.get_channels() == 3
    for connection in (link.server, link.client):
        connection.compress(ENetConnection.COMPRESS_NONE)
    assert sent_for_a_packet(link) > len(PACKET)
    later = stage.join(link.server, stage.client())
    later.fence()
    link.at_client.peer_disconnect(7)
    stage.run(lambda: stage.peek(link.client))
    assert kinds(stage.events(link.client))[-1] == ENetConnection.EVENT_DISCONNECT
    assert logged() == []


def test_totals_go_on(stage: Stage) -> None:
    link = stage.link()
    link.client.pop_statistic(SENT)
    link.deliver(PACKET)
    link.client.compress(ENetConnection.COMPRESS_ZLIB)
    assert link.client.pop_statistic(SENT) > len(PACKET)


@pytest.mark.parametrize("mode", MODES)
def test_who_waits_in_another_thread_waits_on(stage: Stage, mode: ENetConnection.CompressionMode) -> None:
    link = stage.link()
    found: list[int] = []
    waiting = threading.Thread(target=lambda: found.append(link.server.service(60_000).type), daemon=True)
    waiting.start()
    for connection in (link.server, link.client):
        connection.compress(mode)
    link.at_client.send(0, PACKET, 1)
    link.client.flush()
    while waiting.is_alive():
        link.client.service(5)
        waiting.join(0.005)
    assert found == [ENetConnection.EVENT_RECEIVE]
    assert link.at_server.get_packet() == PACKET


def test_different_modes_do_not_connect_and_say_so(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    server, client = stage.server(), stage.client()
    client.compress(ENetConnection.COMPRESS_RANGE_CODER)
    peer = client.connect_to_host("127.0.0.1", server.get_local_port())
    assert peer is not None
    stage.run(lambda: any(record.name == "godot_enet.network" for record in caplog.records))
    assert "compress" in caplog.records[0].getMessage()
    assert peer.get_state() == ENetPacketPeer.STATE_CONNECTING


def test_none_is_the_default_and_what_is_no_mode_changes_nothing(stage: Stage, logged: Logged) -> None:
    link = stage.link()
    link.server.compress(ENetConnection.COMPRESS_NONE)
    for unknown in (-1, 5, 99):
        link.client.compress(unknown)
    assert sent_for_a_packet(link) > len(PACKET)
    assert logged() == []


def test_a_codec_that_is_not_there(stage: Stage, logged: Logged, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_name: str) -> None:
        raise CodecUnavailable("this codec is not there")

    link = stage.link()
    monkeypatch.setattr(connection_setup, "make_compressor", refuse)
    link.client.compress(ENetConnection.COMPRESS_ZSTD)
    assert logged() == ["this codec is not there"]
    assert sent_for_a_packet(link) > len(PACKET)
