"""The client's side of the stage: when a session begins, how it ends, and what the program learns of it."""

from __future__ import annotations

import pytest

from godot_enet.core.dtls.client import SWEEP, DtlsClientTransport
from godot_enet.core.dtls.server import DtlsServerTransport
from godot_enet.core.dtls.session import REFUSAL
from godot_enet.core.interface import Address
from tests.dtls.memory_net import CLIENT, SERVER, End, Net, meet

Pair = tuple[End[DtlsServerTransport], End[DtlsClientTransport]]
OTHER = Address("10.0.0.7", 7)


@pytest.fixture
def net() -> Net:
    return Net()


@pytest.fixture
def pair(net: Net) -> Pair:
    """A server and a client that have met."""
    server, client = net.server(), net.client()
    meet(net, server, client)
    return server, client


def test_nothing_is_possible_before_something_was_sent(net: Net) -> None:
    client = net.client()
    assert [client.transport.failed() for _ in range(3)] == [True] * 3
    assert client.transport.poll_timeout() is None
    assert client.port.sent == []
    client.send(SERVER, b"x")
    assert not client.transport.failed()
    assert len(client.port.sent) == 1


def test_the_latest_packet_waits_for_the_handshake(net: Net) -> None:
    server, client = net.server(), net.client()
    client.send(SERVER, b"one", b"two")
    client.send(SERVER, b"three")
    assert len(client.port.sent) == 1
    net.settle(server, client)
    assert server.got == [b"three"]


def test_another_address_is_not_reached_and_not_heard(net: Net, pair: Pair) -> None:
    server, client = pair
    before = len(client.port.sent)
    client.send(OTHER, b"secret")
    assert len(client.port.sent) == before
    server.send(CLIENT, b"mine")
    (record,) = client.port.inbox
    client.port.inbox.clear()
    net.carry(OTHER, CLIENT, record.data)
    client.take()
    assert client.got == []
    net.carry(SERVER, CLIENT, record.data)
    net.carry(SERVER, CLIENT, record.data)  # once is enough
    client.take()
    assert client.got == [b"mine"]


def test_the_server_says_goodbye_while_its_peer_is_there(net: Net, pair: Pair) -> None:
    server, client = pair
    server.transport.close()
    client.take()
    assert client.transport.failed()
    assert not client.transport.failed()
    assert client.view.notes == [f"! The server at {SERVER} closed the DTLS connection."]
    assert client.transport.poll_timeout() is None


def test_nobody_minds_a_goodbye_after_the_peer_has_gone(net: Net, pair: Pair) -> None:
    server, client = pair
    client.view.present.clear()
    server.transport.close()
    client.take()
    assert not client.transport.failed()
    assert client.view.notes == [f"The server at {SERVER} closed the DTLS connection."]


def test_the_session_ends_with_its_peer(net: Net, pair: Pair) -> None:
    server, client = pair
    client.view.present.clear()
    client.send(SERVER, b"last words")  # a peer may be gone before its goodbye is sent
    due = client.transport.poll_timeout()
    assert due is not None
    net.now = due
    client.take()
    server.take()
    assert server.got == [b"last words"]
    assert server.transport.session_count == 0
    assert not client.transport.failed()
    assert client.view.notes == []


def test_a_new_peer_gets_a_new_session(net: Net, pair: Pair) -> None:
    server, client = pair
    client.view.present.clear()
    client.view.add(SERVER)
    client.send(SERVER, b"new")
    net.settle(server, client)
    assert server.got == [b"new"]
    assert client.port.sent[-1].data[0] == 23
    assert server.transport.session_count == 1
    assert not client.transport.failed()


def test_a_peer_elsewhere_gets_a_session_there(net: Net, pair: Pair) -> None:
    _, client = pair
    client.view.present.clear()
    client.view.add(OTHER)
    client.send(OTHER, b"new")
    assert client.port.sent[-1].address == OTHER
    assert client.port.sent[-1].data[0] == 22


def test_silence_is_named_when_the_peer_gives_up(net: Net) -> None:
    client = net.client()
    client.view.add(SERVER)
    client.send(SERVER, b"x")
    net.now += SWEEP
    client.take()
    assert client.view.notes == []
    client.view.present.clear()
    net.now += SWEEP
    client.take()
    (note,) = client.view.notes
    assert note.startswith(f"! {SERVER} did not answer the DTLS handshake. ")
    assert not client.transport.failed()  # ENet itself reports that


@pytest.mark.parametrize(
    ("alert", "words"),
    [
        (b"\x15\xfe\xfd" + bytes(8) + b"\0\2\2\x28", "no cipher suite in common"),
        (b"\x15\xfe\xfd" + bytes(8) + b"\0\2\2\x46", "does not support DTLS 1.2"),
        (b"\x15\xfe\xfd" + bytes(8) + b"\0\2\2\x50", "internal error"),
    ],
)
def test_a_refusal_is_an_error_and_the_next_packet_tries_again(net: Net, alert: bytes, words: str) -> None:
    net.port(SERVER)
    client = net.client()
    client.view.add(SERVER)
    client.send(SERVER, b"x")
    net.carry(SERVER, CLIENT, alert)
    client.take()
    assert not client.transport.failed(), "anybody can forge it"
    net.now += REFUSAL - 1
    client.take()
    assert not client.transport.failed()
    net.now += 1
    due = client.transport.poll_timeout()
    assert due is not None
    assert due <= net.now
    client.take()
    assert client.transport.failed()
    (note,) = client.view.notes
    assert note.startswith(f"! The DTLS handshake with {SERVER} failed: ")
    assert words in note
    net.ports[SERVER].inbox.clear()
    server = net.server()
    client.send(SERVER, b"again")
    net.settle(server, client)
    assert server.got == [b"again"]


def test_an_error_that_mended_itself_is_not_reported(net: Net) -> None:
    net.port(SERVER)
    client = net.client()
    client.view.add(SERVER)
    client.send(SERVER, b"x")
    net.carry(SERVER, CLIENT, b"\x15\xfe\xfd" + bytes(8) + b"\0\2\2\x28")
    client.take()
    net.ports[SERVER].inbox.clear()
    server = net.server()
    client.send(SERVER, b"again")
    net.settle(server, client)
    assert not client.transport.failed()


def test_plain_words_are_ignored(net: Net, pair: Pair) -> None:
    _, client = pair
    net.carry(SERVER, CLIENT, b"\x8f\xff plain ENet")
    client.take()
    assert client.got == []
    assert client.view.notes == [f"! Ignored a datagram from {SERVER} that is not DTLS."]


def test_more_packets_than_asked_for_wait(net: Net, pair: Pair) -> None:
    server, client = pair
    server.send(CLIENT, *(b"%d" % number for number in range(10)))
    records = [data for data, _ in client.port.inbox]
    client.port.inbox.clear()
    net.carry(SERVER, CLIENT, b"".join(records))  # ten records in one datagram
    assert [data for data, _ in client.transport.receive(4, net.now)] == [b"0", b"1", b"2", b"3"]
    assert client.transport.poll_timeout() == 0
    assert len(client.transport.receive(256, net.now)) == 6
