"""One association by itself: bytes in, bytes out, and no exception."""

from __future__ import annotations

import random

import pytest
from OpenSSL import SSL

from godot_enet.core.dtls import contexts
from godot_enet.core.dtls.contexts import ClientContext, server_context
from godot_enet.core.dtls.records import hello_verify_request, parse_client_hello
from godot_enet.core.dtls.session import CLOCK_SET, FLIGHT_MTU, REFUSAL, Session
from tests.dtls.certificates import identity, localhost, localhost_rsa
from tests.dtls.memory_net import CLIENT, SERVER, TRUSTED


def taken(session: Session) -> list[bytes]:
    """What it wants to send."""
    out, session.out = session.out, []
    return out


def fresh(who: object = None) -> tuple[Session, Session]:
    """A client and a server that have exchanged a cookie; the server's first flight is to be sent."""
    client = Session(ClientContext(TRUSTED).connection(), SERVER, 0)
    client.advance(0)
    (first,) = taken(client)
    hello = parse_client_hello(first)
    assert hello is not None
    client.take(hello_verify_request(hello, b"c" * 32), 0)
    connection = SSL.Connection(server_context((who or localhost()).credentials), None)  # type: ignore[attr-defined]
    connection.set_accept_state()
    connection.set_ciphertext_mtu(FLIGHT_MTU)
    connection.bio_write(taken(client)[0])
    connection.DTLSv1_listen()
    server = Session(connection, CLIENT, 0)
    server.advance(0)
    return client, server


def joined() -> tuple[Session, Session]:
    """The same after the handshake."""
    client, server = fresh()
    for one, other in ((server, client), (client, server), (server, client)):
        for data in taken(one):
            other.take(data, 0)
    assert client.established
    assert server.established
    return client, server


def test_a_flight_has_several_records_in_few_datagrams() -> None:
    _, server = fresh(localhost_rsa())
    (flight,) = taken(server)
    assert len(flight) <= FLIGHT_MTU
    assert flight[0] == 22
    assert 13 + int.from_bytes(flight[11:13], "big") < len(flight)


def test_a_long_chain_is_several_datagrams() -> None:
    signer = identity("root" * 10, authority=True)
    for _ in range(6):
        signer = identity("between" * 8, signer=signer, authority=True)
    _, server = fresh(signer)
    flight = taken(server)
    assert len(flight) > 1
    assert all(len(data) <= FLIGHT_MTU for data in flight)


def test_datagrams_of_a_flight_may_come_in_any_order() -> None:
    signer = identity("root" * 10, authority=True)
    for _ in range(6):
        signer = identity("between" * 8, signer=signer, authority=True)
    client, server = fresh(signer)
    for data in reversed(taken(server)):
        client.take(data, 0)
    assert client.ended is not None  # the flight was understood: the certificate is not one that is trusted
    assert "certificate" in client.ended


def test_it_wants_to_be_woken_as_long_as_it_waits_for_an_answer() -> None:
    client, server = fresh()
    for session in (client, server):
        assert session.due is not None
        assert 900 <= session.due <= 1002
    client, server = joined()
    assert client.due is server.due is None


def test_only_an_answer_counts_as_one() -> None:
    client, server = fresh()
    server.take(b"\x17\xfe\xfd" + bytes(60), 0)
    server.take(b"\x16\xfe\xfd" + bytes(5), 0)
    assert not server.heard
    for one, other in ((server, client), (client, server)):
        for data in taken(one):
            other.take(data, 0)
    assert server.heard


def test_being_woken_too_early_costs_nothing() -> None:
    _, server = fresh()
    taken(server)
    server.handle_timeout(5)
    assert taken(server) == []
    assert server.due is not None
    assert server.due > 5


@pytest.mark.parametrize("size", [1, 52, 1392, 4096])
def test_packets(size: int) -> None:
    client, server = joined()
    record = client.seal(bytes(size))
    assert record is not None
    assert size < len(record) <= size + 37
    assert server.take(record, 0) == [bytes(size)]
    assert server.take(record, 0) == []  # a replay
    assert server.ended is None


def test_packets_out_of_order() -> None:
    client, server = joined()
    records = [client.seal(b"%d" % number) or b"" for number in range(50)]
    assert b"".join(b"".join(server.take(record, 0)) for record in reversed(records)) == b"".join(
        b"%d" % number for number in reversed(range(50))
    )


def test_too_much_is_not_sent() -> None:
    client, server = joined()
    assert client.seal(bytes(20_000)) is None
    assert server.take(client.seal(b"still works") or b"", 0) == [b"still works"]


@pytest.mark.parametrize("suite", ["ECDHE+CHACHA20", "ECDHE+AESGCM"])
def test_any_garbage_between_packets_is_ignored(suite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contexts, "_SUITES", suite.encode())
    client, server = joined()
    dice = random.Random(1)
    for number in range(300):
        record = client.seal(b"%d" % number)
        assert record is not None
        damaged = bytearray(record)
        damaged[dice.randrange(len(record))] ^= 1 << dice.randrange(8)
        kind = dice.choice([b"\x14", b"\x15", b"\x16", b"\x17", b"\x18"])
        header = kind + b"\xfe\xfd" + dice.choice([b"\0\0", b"\0\1", b"\0\2"]) + dice.randbytes(6)
        junk = dice.randbytes(dice.choice([number % 30, dice.randrange(300)]))
        for bad in (damaged, record[: dice.randrange(1, len(record))], header + len(junk).to_bytes(2, "big") + junk):
            assert server.take(bytes(bad), 0) in ([], [b"%d" % number])
            assert server.ended is None
        assert server.take(record, 0) in ([], [b"%d" % number])  # the "damage" may have been to nothing that counts
    assert server.take(client.seal(b"end") or b"", 0) == [b"end"]


def test_any_garbage_instead_of_a_handshake_ends_it_or_is_ignored() -> None:
    dice = random.Random(2)
    for _ in range(100):
        _, server = fresh()
        for _ in range(5):
            junk = dice.randbytes(dice.randrange(1, 400))
            server.take(junk, 0)
            server.take(b"\x16\xfe\xfd" + bytes(7) + dice.randbytes(1) + len(junk).to_bytes(2, "big") + junk, 0)
        server.take(b"\x17" * 30_000, 0)
        assert not server.established
        server.handle_timeout(0)
        server.close(0)
        assert server.ended is not None


def test_goodbye() -> None:
    client, server = joined()
    client.close(0)
    client.close(0)
    (goodbye,) = taken(client)
    assert server.take(goodbye, 0) == []
    assert server.ended == ""
    assert len(taken(server)) == 1  # it answers in kind
    assert server.take(goodbye, 0) == []
    assert client.ended == ""


def test_an_unfinished_handshake_ends_without_a_word() -> None:
    client, _ = fresh()
    taken(client)
    client.close(0)
    assert taken(client) == []
    assert client.ended == ""


PLAIN = {
    "refusal": b"\x15\xfe\xfd" + bytes(8) + b"\0\2\2\x28",
    "goodbye": b"\x15\xfe\xfd" + bytes(8) + b"\0\2\1\0",
    "long": b"\x15\xfe\xfd" + bytes(8) + b"\0\4\2\x28\2\x28",
    "packet": b"\x17\xfe\xfd" + bytes(8) + b"\0\5hello",
}
"""What anybody can forge: it needs no key."""


@pytest.mark.parametrize("forged", PLAIN.values(), ids=PLAIN)
def test_forged_alerts_and_packets_do_not_end_a_handshake(forged: bytes) -> None:
    client, server = fresh()
    for session in (client, server):
        session.take(forged * 3, 0)
    for one, other in ((server, client), (client, server), (server, client)):
        for data in taken(one):
            for each in (forged, data, forged, forged + data[:0]):
                other.take(each, REFUSAL - 1)
    assert client.established
    assert server.established
    for session in (client, server):
        session.take(forged, 0)
        session.handle_timeout(10 * REFUSAL)
        assert session.ended is None


def test_a_refusal_is_believed_when_nothing_else_comes() -> None:
    _, server = fresh()
    server.take(PLAIN["refusal"], 100)
    server.handle_timeout(100 + REFUSAL - 1)
    assert server.ended is None
    assert server.due is not None
    assert server.due <= 100 + REFUSAL
    server.handle_timeout(100 + REFUSAL)
    assert server.ended == "the other side has no cipher suite in common with us"


def test_a_wall_clock_set_back_ends_a_handshake_that_gets_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSL would resend an hour later; the client's hello begins anew instead."""
    _, server = fresh()
    monkeypatch.setattr(SSL.Connection, "DTLSv1_get_timeout", lambda connection: 3600.0)
    server.handle_timeout(1000)
    assert server.ended == CLOCK_SET
