"""DTLS under an ENetMultiplayerPeer, set up through its host between creating it and the first poll."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from godot_enet import Error
from godot_enet.compat.crypto import TLSOptions
from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from tests.dtls.certificates import Identity, localhost, localhost_rsa
from tests.dtls.conftest import Logged, certificate_of, key_of
from tests.unit.compat.enet_party import ENetParty, Packet


@pytest.fixture
def party(host_engine: str) -> Iterator[ENetParty]:
    """Peers that are closed after the test."""
    party = ENetParty(threaded=False)
    yield party
    party.close()


def encrypted_server(party: ENetParty) -> ENetMultiplayerPeer:
    server = party.server()
    assert server.host is not None
    options = TLSOptions.server(key_of(localhost()), certificate_of(localhost()))
    assert server.host.dtls_server_setup(options) is Error.OK
    return server


def dial(party: ENetParty, server: ENetMultiplayerPeer, trusted: Identity) -> ENetMultiplayerPeer:
    client = party.dial(server)
    assert client.host is not None
    assert client.host.dtls_client_setup("localhost", TLSOptions.client(certificate_of(trusted))) is Error.OK
    return client


def test_ids_packets_and_ending(party: ENetParty) -> None:
    server = encrypted_server(party)
    client = dial(party, server, localhost())
    id = client.get_unique_id()
    party.run(lambda: party.signals[server] == [("connected", id)] and party.signals[client] == [("connected", 1)])
    assert party.deliver(client, server, b"secret") == Packet(id, 0, 2, b"secret")
    assert party.deliver(server, client, bytes(5000)) == Packet(1, 0, 2, bytes(5000))
    server.disconnect_peer(id)
    party.run(lambda: party.signals[client] == [("connected", 1), ("disconnected", 1)])
    party.run(lambda: party.signals[server] == [("connected", id), ("disconnected", id)])


def test_a_client_that_does_not_trust_the_server_is_closed(party: ENetParty, logged: Logged) -> None:
    server = encrypted_server(party)
    client = dial(party, server, localhost_rsa())
    party.run(lambda: client.get_connection_status() == ENetMultiplayerPeer.CONNECTION_DISCONNECTED)
    assert party.signals[client] == party.signals[server] == []
    assert any("certificate" in line for line in logged())
    other = dial(party, server, localhost())
    party.run(lambda: party.signals[other])


def test_who_is_refused_does_not_connect(party: ENetParty) -> None:
    server = encrypted_server(party)
    server.refuse_new_connections = True
    refused = dial(party, server, localhost())
    party.spend(0.1)
    assert refused.get_connection_status() == ENetMultiplayerPeer.CONNECTION_CONNECTING
    server.refuse_new_connections = False
    client = dial(party, server, localhost())
    party.run(lambda: party.signals[client] == [("connected", 1)])
    party.run(lambda: party.signals[server] == [("connected", client.get_unique_id())])
    assert party.signals[refused] == []
