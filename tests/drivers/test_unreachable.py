"""Real sockets: what the system reports about a server that is not there is logged, and the attempt goes on."""

from __future__ import annotations

import logging
import select
import socket
import sys
import time
from collections.abc import Callable

import pytest

from godot_enet import ENetConnection, ENetPacketPeer
from godot_enet.core import Address, Drop

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux reports errors of unconnected sockets"),
    pytest.mark.usefixtures("host_engine"),
    pytest.mark.parametrize("threaded", [True, False], ids=["threaded", "inline"]),
]
LOOPBACKS = ["127.0.0.1", "::1"]
SECONDS = 30


def closed_port(host: str) -> int:
    """A port on which nothing listens any more."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.bind((host, 0))
            return int(sock.getsockname()[1])
    except OSError:
        pytest.skip(f"this system has no {host}")


def serve_until(done: Callable[[], object], *connections: ENetConnection) -> None:
    deadline = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < deadline
        for connection in connections:
            connection.service(1)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "Connecting to" in record.getMessage()]


@pytest.mark.parametrize("host", LOOPBACKS)
def test_a_closed_port_is_reported_at_once_and_the_attempt_goes_on(
    host: str, threaded: bool, caplog: pytest.LogCaptureFixture
) -> None:
    port = closed_port(host)
    client, server = ENetConnection(threaded=threaded), ENetConnection(threaded=threaded)
    client.create_host(1)
    with caplog.at_level(logging.WARNING, "godot_enet.network"):
        peer = client.connect_to_host(host, port)
        assert peer is not None
        serve_until(lambda: lines(caplog), client)
    (line,) = lines(caplog)
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    assert line.startswith(f"Connecting to {where}: the system reports that no program there receives on this UDP port")
    assert client.counters()[Drop.PORT_UNREACHABLE] >= 1
    assert peer.get_state() == ENetPacketPeer.STATE_CONNECTING
    server.create_host_bound(host, port)
    serve_until(lambda: peer.get_state() == ENetPacketPeer.STATE_CONNECTED, client, server)
    client.destroy()
    server.destroy()


def test_no_error_is_left_that_would_wake_the_host_forever(threaded: bool) -> None:
    client = ENetConnection(threaded=threaded)
    client.create_host(1)
    client.connect_to_host("127.0.0.1", closed_port("127.0.0.1"))
    serve_until(lambda: client.counters()[Drop.PORT_UNREACHABLE], client)
    assert client._host is not None
    waiting = select.poll()
    waiting.register(client._host.fileno(), 0)
    assert waiting.poll(0) == []
    client.destroy()


def test_errors_of_one_server_lose_no_packet_of_another(threaded: bool) -> None:
    """A pending error makes the next call fail, whatever that is about."""
    server, client = ENetConnection(threaded=threaded), ENetConnection(threaded=threaded)
    server.create_host_bound("127.0.0.1", 0)
    client.create_host(8)
    peer = client.connect_to_host("127.0.0.1", server.get_local_port())
    assert peer is not None
    serve_until(lambda: peer.get_state() == ENetPacketPeer.STATE_CONNECTED, client, server)
    peer.throttle_configure(5000, 32, 0)  # never drops packets by itself
    host = client._host
    assert host is not None
    for _ in range(4):
        host.connect(Address("127.0.0.1", closed_port("127.0.0.1")))
    sent, received = 200, 0
    for number in range(sent):
        if number % 20 == 0:
            client.socket_send("127.0.0.1", closed_port("127.0.0.1"), b"x")
        peer.send(0, b"%d" % number, 0)
        client.flush()
        received += server.service(0).type == ENetConnection.EVENT_RECEIVE
    serve_until(lambda: client.counters()[Drop.PORT_UNREACHABLE], client)
    deadline = time.monotonic() + SECONDS
    while received < sent:
        assert time.monotonic() < deadline, received
        received += server.service(10).type == ENetConnection.EVENT_RECEIVE
    client.destroy()
    server.destroy()
