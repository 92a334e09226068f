"""Each point of the README's "Differences from Godot", shown on both engines."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error

PATIENCE = 30.0  # seconds; only a broken package makes a test wait that long
RELIABLE = ENetPacketPeer.FLAG_RELIABLE

pytestmark = pytest.mark.usefixtures("host_engine")


@contextmanager
def connected(threaded: bool) -> Iterator[tuple[ENetConnection, ENetPacketPeer, ENetConnection, ENetPacketPeer]]:
    """A server and its peer, a client without a network thread and its peer."""
    server, client = ENetConnection(threaded=threaded), ENetConnection(threaded=False)
    assert server.create_host_bound("127.0.0.1", 0) == client.create_host(1) == Error.OK
    to_server = client.connect_to_host("127.0.0.1", server.get_local_port(), 1)
    assert to_server is not None
    deadline = time.monotonic() + PATIENCE
    to_client = None
    while to_client is None or to_server.get_state() != ENetPacketPeer.STATE_CONNECTED:
        assert time.monotonic() < deadline
        to_client = server.service(1).peer or to_client
        client.service(1)
    yield server, to_client, client, to_server
    client.destroy()
    server.destroy()


@pytest.mark.parametrize("threaded", [True, False])
def test_the_connection_lives_while_the_frame_does_not(threaded: bool) -> None:
    with connected(threaded) as (_, _, client, to_server):
        to_server.ping_interval(50)
        to_server.set_timeout(32, 1000, 2000)
        lost = False
        stall = time.monotonic() + (3 if threaded else PATIENCE)
        while not lost and time.monotonic() < stall:  # the server's program does not call service()
            lost = client.service(10).type == ENetConnection.EVENT_DISCONNECT
        assert lost != threaded


def test_any_thread_may_call() -> None:
    with connected(threaded=True) as (server, _, client, to_server):

        def talk(number: int) -> None:
            for count in range(200):
                assert to_server.send(0, bytes([number, count]), RELIABLE) == Error.OK
                client.flush()

        threads = [threading.Thread(target=talk, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        got: list[bytes] = []
        deadline = time.monotonic() + PATIENCE
        while len(got) < 800 and time.monotonic() < deadline:
            client.service()
            event = server.service(1)
            if event.type == ENetConnection.EVENT_RECEIVE and event.peer is not None:
                got.append(event.peer.get_packet())
        for thread in threads:
            thread.join(PATIENCE)
        for number in range(4):
            assert [packet[1] for packet in got if packet[0] == number] == list(range(200))


@pytest.mark.parametrize("threaded", [True, False])
def test_service_sleeps_and_an_event_wakes_it(threaded: bool) -> None:
    with connected(threaded) as (server, _, client, to_server):
        while server.service(100).type != ENetConnection.EVENT_NONE:
            pass
        began, worked = time.monotonic(), time.thread_time()
        assert server.service(1000).type == ENetConnection.EVENT_NONE
        assert time.monotonic() - began >= 0.9
        assert time.thread_time() - worked < 0.3

        to_server.send(0, b"wake up", RELIABLE)
        timer = threading.Timer(0.1, client.flush)
        timer.start()
        began = time.monotonic()
        assert server.service(60_000).type == ENetConnection.EVENT_RECEIVE
        assert time.monotonic() - began < PATIENCE
        timer.join()


@pytest.mark.parametrize("threaded", [True, False])
def test_packets_that_came_before_a_disconnect_are_delivered(threaded: bool) -> None:
    with connected(threaded) as (server, to_client, client, to_server):
        assert to_client.send(0, b"last words", RELIABLE) == Error.OK
        server.flush()
        to_client.peer_disconnect_now(9)
        event = client.service(5000)
        assert (event.type, event.peer) == (ENetConnection.EVENT_RECEIVE, to_server)
        assert to_server.get_packet() == b"last words"
        assert client.service(5000) == (ENetConnection.EVENT_DISCONNECT, to_server, 9, 0)


def test_errors_are_logged_and_returned(caplog: pytest.LogCaptureFixture) -> None:
    host = ENetConnection()
    assert host.create_host_bound("no address", 7777) == Error.ERR_INVALID_PARAMETER
    ((logger, level, text),) = caplog.record_tuples
    assert (logger, level) == ("godot_enet", logging.ERROR)
    assert text.startswith("Invalid bind IP.")
    assert '"no address"' in text


def test_packets_are_bytes() -> None:
    with connected(threaded=True) as (server, _, client, to_server):
        for packet in (b"abc", bytearray(b"abc"), memoryview(b"abc")):
            assert to_server.send(0, packet, RELIABLE) == Error.OK
            client.flush()
            event = server.service(5000)
            assert event.peer is not None
            assert event.peer.get_packet() == b"abc"
        with pytest.raises(TypeError, match=r"packet must be bytes, not str; encode"):
            to_server.send(0, "abc", RELIABLE)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"^channel must be an int, not str$"):
            to_server.send("0", b"abc", RELIABLE)  # type: ignore[arg-type]


def test_a_full_server_refuses_at_once() -> None:
    server, clients = ENetConnection(threaded=False), [ENetConnection(threaded=False) for _ in range(2)]
    server.create_host_bound("127.0.0.1", 0, max_peers=1)
    found = []
    for client in clients:
        client.create_host(1)
        client.connect_to_host("127.0.0.1", server.get_local_port())
        began = time.monotonic()
        while (event := client.service(1)).type == ENetConnection.EVENT_NONE:
            assert time.monotonic() < began + PATIENCE  # ENet's own timeout comes after 31.7 s
            server.service(1)
        found.append(event.type)
    assert found == [ENetConnection.EVENT_CONNECT, ENetConnection.EVENT_DISCONNECT]
    for connection in (*clients, server):
        connection.destroy()


def test_failed_connections_are_explained(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:  # it receives, and never answers
        silent.bind(("127.0.0.1", 0))
        client = ENetConnection(threaded=False)
        client.create_host(1)
        client.connect_to_host("127.0.0.1", silent.getsockname()[1])
        deadline = time.monotonic() + PATIENCE
        with caplog.at_level(logging.WARNING, "godot_enet.network"):
            while "no answer for 3 s; check its address" not in caplog.text:
                assert time.monotonic() < deadline
                assert client.service(100).type == ENetConnection.EVENT_NONE
        client.destroy()
