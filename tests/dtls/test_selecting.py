"""Waiting for the descriptor of an encrypted connection."""

from __future__ import annotations

import time

import pytest

from godot_enet import ENetConnection, Error
from godot_enet.compat import ServiceResult
from godot_enet.compat.crypto import TLSOptions
from tests.drivers.waiting_loop import is_readable, serve
from tests.dtls.certificates import localhost, localhost_rsa
from tests.dtls.conftest import Logged, certificate_of, secure_client, secure_link, secure_server, server_options
from tests.unit.compat.stage import DEADLINE, Stage, kinds

CONNECT, RECEIVE, ERROR = ENetConnection.EVENT_CONNECT, ENetConnection.EVENT_RECEIVE, ENetConnection.EVENT_ERROR


@pytest.mark.parametrize("compress", [False, True], ids=["", "and zlib"])
def test_handshake_and_packets(stage: Stage, compress: bool) -> None:
    server, client = stage.server(), stage.client()
    descriptors = server.fileno(), client.fileno()
    assert server.dtls_server_setup(server_options(localhost())) is Error.OK
    assert client.dtls_client_setup("localhost", TLSOptions.client(certificate_of(localhost()))) is Error.OK
    if compress:
        for connection in (server, client):
            connection.compress(ENetConnection.COMPRESS_ZLIB)
    assert (server.fileno(), client.fileno()) == descriptors
    assert client.connect_to_host("127.0.0.1", server.get_local_port()) is not None
    received: list[bytes] = []

    def handle(connection: ENetConnection, event: ServiceResult) -> None:
        assert event.peer is not None
        if event.type == CONNECT and connection is client:
            for number in range(50):
                event.peer.send(0, bytes([number]) * 100, 1)
        elif event.type == RECEIVE:
            received.append(event.peer.get_packet())

    waits = serve([server, client], handle, lambda: len(received) == 50)
    assert received == [bytes([number]) * 100 for number in range(50)]
    assert waits < 2000


def test_a_rejected_certificate_wakes_the_client(stage: Stage, logged: Logged) -> None:
    server = secure_server(stage)
    client = secure_client(stage, TLSOptions.client(certificate_of(localhost_rsa())))
    assert client.connect_to_host("127.0.0.1", server.get_local_port()) is not None
    seen: list[int] = []
    serve([server, client], lambda connection, event: seen.append(event.type), lambda: seen)
    assert seen == [ERROR]
    stage.run(logged)  # The network thread may log it a moment after the event.


@pytest.mark.parametrize("stage", [True], ids=["threaded"], indirect=True)
def test_a_failure_from_before_the_descriptor_was_asked_for(stage: Stage, logged: Logged) -> None:
    server = secure_server(stage)
    client = secure_client(stage, TLSOptions.client(certificate_of(localhost_rsa())))
    assert client.connect_to_host("127.0.0.1", server.get_local_port()) is not None
    client.flush()
    end = time.monotonic() + DEADLINE
    while not logged():  # by the network thread
        assert time.monotonic() < end
        time.sleep(0.001)
    assert is_readable(client)
    assert client.service().type == ERROR


def test_it_shows_events_as_long_as_there_are_any(stage: Stage) -> None:
    link = secure_link(stage)
    link.at_client.send(0, b"one", 1)
    link.client.flush()
    assert is_readable(link.server, DEADLINE)
    assert kinds(list(link.server.events())) == [RECEIVE]
    stage.run(lambda: not is_readable(link.server))
