"""The server's side of the stage: what it keeps, for how long, and what it never begins."""

from __future__ import annotations

import random

import pytest
from OpenSSL import SSL

from godot_enet.core.dtls import server as server_module
from godot_enet.core.dtls.cookie import MAX_USES
from godot_enet.core.dtls.handshake_queue import SILENCE_LIMIT
from godot_enet.core.dtls.records import parse_client_hello, renumber
from godot_enet.core.dtls.server import HANDSHAKE_TIME, MAX_PENDING, MAX_STARTS, MAX_TURNS, SWEEP
from godot_enet.core.dtls.session import Session
from godot_enet.core.interface import Address, Datagram
from tests.dtls.memory_net import CLIENT, SERVER, End, Net, meet


def hello_from(net: Net, address: Address, server: End[server_module.DtlsServerTransport]) -> None:
    """A client that shows that it is there, begins a handshake and vanishes."""
    client = net.client(address=address)
    client.send(SERVER, b"x")
    server.take()
    client.take()
    server.take()
    client.port.inbox.clear()


@pytest.fixture
def net() -> Net:
    return Net()


class TestCookies:
    def test_no_tls_object_for_a_thousand_forged_addresses(self, net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
        server = net.server()
        net.client().send(SERVER, b"x")
        (hello,) = net.port(SERVER).inbox
        made: list[object] = []
        monkeypatch.setattr(SSL, "Connection", lambda *arguments: made.append(arguments))
        for number in range(1000):
            forged = Address(f"10.1.{number // 250}.{number % 250}", 4000)
            net.carry(forged, SERVER, hello.data)
            server.take()
        assert made == []
        assert server.transport.session_count == 0
        assert len(server.port.sent) == 1001
        assert {len(answer) for answer, _ in server.port.sent} == {60}
        assert len(hello.data) > 60
        assert server.transport.poll_timeout() is None

    def test_a_cookie_is_good_for_its_address_and_hello_only(self, net: Net) -> None:
        server = net.server()
        net.client().send(SERVER, b"x")
        server.take()
        (asked,) = net.port(CLIENT).inbox
        client = net.ports[CLIENT]
        first = parse_client_hello(client.sent[0].data)
        assert first is not None
        again = net.client(address=Address("10.0.0.3", 1))
        again.send(SERVER, b"x")
        again.port.inbox.append(Datagram(asked.data, SERVER))  # somebody else's cookie
        again.take()
        server.take()
        assert server.transport.session_count == 0
        assert server.port.sent[-1].data != asked.data  # a cookie of its own instead

    def test_the_answer_is_never_longer_than_the_question(self, net: Net) -> None:
        server = net.server()
        body = b"\xfe\xfd" + bytes(32) + b"\0\0" + b"\0\2\xc0\x2b" + b"\1\0"
        message = b"\1" + len(body).to_bytes(3, "big") + bytes(5) + len(body).to_bytes(3, "big") + body
        shortest = b"\x16\xfe\xfd" + bytes(8) + len(message).to_bytes(2, "big") + message
        assert len(shortest) == 67
        net.carry(CLIENT, SERVER, shortest)
        server.take()
        (answer,) = server.port.sent
        assert len(answer.data) == 60

    def test_a_cookie_that_is_too_old_is_answered_with_a_new_one(self, net: Net) -> None:
        server, client = net.server(), net.client()
        client.send(SERVER, b"x")
        server.take()
        client.take()  # the second hello is on its way
        net.now += 120_000
        server.take()
        assert server.transport.session_count == 0
        assert [len(data) for data, _ in server.port.sent] == [60, 60]


class TestSessions:
    def test_packets_go_both_ways_with_their_addresses(self, net: Net) -> None:
        server, one, other = net.server(), net.client(), net.client(address=Address("10.0.0.2", 50001))
        meet(net, server, one)
        meet(net, server, other)
        server.send(one.port.address, b"for one", b"for one again")
        server.send(other.port.address, bytes(4096))
        one.send(SERVER, b"hello")
        assert server.transport.receive(10, net.now) == [(b"hello", one.port.address)]
        net.settle(server, one, other)
        assert one.got == [b"for one", b"for one again"]
        assert other.got == [bytes(4096)]

    def test_each_packet_is_one_datagram_of_at_most_37_bytes_more(self, net: Net) -> None:
        server, client = net.server(), net.client()
        meet(net, server, client)
        before = len(client.port.sent)
        client.send(SERVER, bytes(1392), b"x")
        sizes = [len(data) for data, _ in client.port.sent[before:]]
        assert sizes == [1392 + 29, 1 + 29]  # ChaCha20-Poly1305, as between two Godots

    def test_who_has_no_session_is_sent_nothing(self, net: Net) -> None:
        server = net.server()
        server.send(CLIENT, b"secret")
        assert server.port.sent == []

    def test_a_peer_that_is_gone_is_told_and_forgotten(self, net: Net) -> None:
        server, client = net.server(), net.client()
        meet(net, server, client)
        net.now += SWEEP
        server.take()
        server.view.present.clear()
        net.now += SWEEP
        server.take()
        assert server.transport.session_count == 0
        client.take()
        assert client.transport.failed()
        assert client.view.notes == [f"! The server at {SERVER} closed the DTLS connection."]

    def test_eight_seconds_to_become_a_peer(self, net: Net) -> None:
        server, client = net.server(), net.client()
        client.send(SERVER, b"first")
        net.settle(server, client)
        net.now += HANDSHAKE_TIME - 1
        server.take()
        assert server.transport.session_count == 1
        net.now += SWEEP
        server.take()
        assert server.transport.session_count == 0
        assert len(server.view.notes) == 1
        assert "no ENet connection within 8 s" in server.view.notes[0]

    def test_the_next_moment_is_the_sweep_or_a_retransmission(self, net: Net) -> None:
        server = net.server()
        hello_from(net, CLIENT, server)
        due = server.transport.poll_timeout()
        assert due is not None
        assert net.now < due <= net.now + SWEEP

    def test_a_client_that_says_goodbye(self, net: Net) -> None:
        server, client = net.server(), net.client()
        meet(net, server, client)
        client.transport.close()
        server.take()
        assert server.transport.session_count == 0
        assert client.port.closed

    def test_closing_says_goodbye_to_everybody(self, net: Net) -> None:
        server, one, other = net.server(), net.client(), net.client(address=Address("10.0.0.2", 50001))
        for client in (one, other):
            meet(net, server, client)
        server.transport.close()
        server.transport.close()
        assert server.port.closed
        for client in (one, other):
            client.take()
            assert client.transport.failed()

    def test_a_client_that_starts_anew_takes_over_at_once(self, net: Net) -> None:
        server, client = net.server(), net.client()
        meet(net, server, client)
        net.now += SWEEP
        server.take()
        again = net.client()  # same address and port; the old one never said goodbye
        again.send(SERVER, b"again")
        net.settle(server, again)
        assert server.got == [b"again"]
        assert server.transport.session_count == 1
        server.send(CLIENT, b"welcome")
        net.settle(again)
        assert again.got == [b"welcome"]

    def test_hellos_that_were_said_again_cost_no_time(self, net: Net) -> None:
        server, client = net.server(), net.client()
        client.send(SERVER, b"first")
        (hello,) = server.port.inbox
        server.port.inbox.clear()
        for number in range(4):
            net.carry(CLIENT, SERVER, renumber(hello.data, number))
        net.tamper = lambda source, target, data: [renumber(data, 3) if source == CLIENT else data]
        net.settle(server, client)
        assert server.got == [b"first"]
        numbers = [data[3:11] for data, _ in server.port.sent]
        assert len(set(numbers)) == len(numbers)  # two alike are one to the client

    def test_somebody_else_s_hello_does_not_disturb_a_session(self, net: Net) -> None:
        server, client = net.server(), net.client()
        meet(net, server, client)
        net.now += SWEEP
        server.take()
        forger = net.client(address=Address("10.9.9.9", 9))
        forger.send(SERVER, b"x")
        for _ in range(3):
            net.carry(CLIENT, SERVER, forger.port.sent[0].data)  # with the client's address, but without its cookie
        net.settle(server, client)
        client.send(SERVER, b"still here")
        net.settle(server, client)
        assert server.got == [b"still here"]
        assert not client.transport.failed()

    def test_a_new_handshake_that_is_not_finished_leaves_the_old_session_alone(self, net: Net) -> None:
        server, client = net.server(), net.client()
        meet(net, server, client)
        net.now += SWEEP
        server.take()
        transport = client.transport
        hello_from(net, CLIENT, server)
        assert server.transport.session_count == 2
        transport.send([Datagram(b"old but alive", SERVER)], net.now)
        server.take()
        assert server.got == [b"old but alive"]
        net.now += HANDSHAKE_TIME
        server.take()
        assert server.transport.session_count == 1


class TestRoom:
    def test_no_more_than_sixteen_are_unfinished_and_the_silent_make_room(self, net: Net) -> None:
        server = net.server(limit=100)
        for number in range(40):
            hello_from(net, Address("10.0.1.1", 1000 + number), server)
            assert server.transport.session_count == min(number + 1, MAX_PENDING)
        honest = net.client(address=Address("10.0.1.1", 1))  # behind the same address
        honest.send(SERVER, b"let me in")
        net.settle(server, honest)
        assert server.got == []
        for _ in range(2):  # twenty-four are before it; sixteen have their turn each time
            due = server.transport.poll_timeout()
            assert due is not None
            assert net.now < due <= net.now + SILENCE_LIMIT
            net.now = due
            server.take()
            while server.transport.poll_timeout() == 0:  # eight in a pass
                server.take()
            net.settle(server, honest)
        assert server.got == [b"let me in"]
        assert server.transport.session_count == MAX_PENDING

    def test_another_host_does_not_wait_behind_them(self, net: Net) -> None:
        server = net.server(limit=100)
        for number in range(40):
            hello_from(net, Address("10.0.1.1", 1000 + number), server)
        honest = net.client()
        honest.send(SERVER, b"let me in")
        net.settle(server, honest)
        assert server.got == [b"let me in"]

    def test_a_burst_of_honest_clients_is_let_in_one_after_the_other(self, net: Net) -> None:
        server = net.server(limit=100)
        clients = [net.client(address=Address("10.0.1.1", 1000 + number)) for number in range(70)]
        for client in clients:
            server.view.add(client.port.address)  # as soon as it speaks
            client.send(SERVER, b"%d" % client.port.address.port)
        for _ in range(10):
            net.settle(server, *clients)
            net.now += 10
            server.take()
        assert sorted(server.got) == [b"%d" % (1000 + number) for number in range(70)]
        assert not any(client.transport.failed() for client in clients)

    def test_a_flood_of_those_who_vanish_only_delays(self, net: Net) -> None:
        server = net.server(limit=100)
        honest = net.client()
        for number in range(1000):
            hello_from(net, Address("10.0.1.1", 1000 + number), server)
            net.now += 1
            if number == 500:
                honest.send(SERVER, b"let me in")
            net.settle(server, honest)
            if server.got:
                break
        assert server.got == [b"let me in"]
        assert 500 <= number <= 505, "it does not wait behind all of the other host"

    def test_a_crowd_behind_one_address_does_not_push_out_others(self, net: Net) -> None:
        server = net.server(limit=100)
        slow = net.client()
        slow.send(SERVER, b"slow")
        server.take()
        slow.take()
        server.take()  # its flight is answered late
        late, slow.port.inbox = slow.port.inbox, []
        for number in range(200):
            hello_from(net, Address("10.0.1.1", 1000 + number), server)
            net.now += 10
        slow.port.inbox += late
        net.settle(server, slow)
        assert server.got == [b"slow"]

    def test_sessions_that_speak_are_not_pushed_out(self, net: Net) -> None:
        server = net.server(limit=2)
        for number in range(2):
            meet(net, server, net.client(address=Address("10.0.1.1", 1000 + number)))
        net.now += SWEEP
        late = net.client()
        late.send(SERVER, b"late")
        net.settle(server, late)
        assert server.got == []
        assert server.transport.session_count == 2
        assert server.view.notes == [f"! No room for a DTLS session with {CLIENT}: all 2 are in use."]

    def test_the_only_client_may_start_anew(self, net: Net) -> None:
        server = net.server(limit=1)
        meet(net, server, net.client())
        net.now += SWEEP
        server.take()
        again = net.client()
        again.send(SERVER, b"again")
        net.settle(server, again)
        assert server.got == [b"again"]

    def test_refusing_ignores_hellos_and_keeps_sessions(self, net: Net) -> None:
        server, client = net.server(), net.client()
        meet(net, server, client)
        server.stage.gate.refusing = True
        late = net.client(address=Address("10.0.0.9", 1))
        late.send(SERVER, b"late")
        sent = len(server.port.sent)
        server.take()
        assert len(server.port.sent) == sent
        client.send(SERVER, b"still here")
        server.take()
        assert server.got == [b"still here"]
        server.stage.gate.refusing = False
        net.carry(late.port.address, SERVER, late.port.sent[0].data)  # it keeps asking
        net.settle(server, late)
        assert server.got == [b"still here", b"late"]


class TestReplays:
    """Hellos with good cookies, again and again: each is a signature and a key pair to a server that believes them."""

    def hellos(self, net: Net, server: End[server_module.DtlsServerTransport], count: int) -> list[Datagram]:
        """One good hello each of so many ports of one host."""
        made = []
        for number in range(count):
            client = net.client(address=Address("10.0.1.1", 1000 + number))
            client.send(SERVER, b"x")
            server.take()
            client.take()
            made.append(server.port.inbox.pop())
        return made

    def test_a_cookie_begins_three_sessions(self, net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
        server = net.server(limit=100)
        (hello,) = self.hellos(net, server, 1)
        made = counted(monkeypatch)
        for _ in range(100):
            net.carry(hello.address, SERVER, hello.data)
            server.take()
            server.transport._pending.clear()
            net.now += 10
        assert len(made) == MAX_USES

    def test_a_pass_begins_eight(self, net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
        server = net.server(limit=100)
        hellos = self.hellos(net, server, 40)
        made = counted(monkeypatch)
        server.port.inbox += hellos * 6
        server.take()
        assert len(made) == MAX_STARTS
        assert server.transport.poll_timeout() == 0, "there is more to do at once"
        server.take()
        assert len(made) == 2 * MAX_STARTS == MAX_PENDING

    def test_a_pass_reads_sixteen_datagrams_of_an_unfinished_session(
        self, net: Net, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = net.server(limit=100)
        hello_from(net, CLIENT, server)
        read: list[bytes] = []

        def take(session: Session, data: bytes, now: int) -> list[bytes]:
            read.append(data)
            return []

        monkeypatch.setattr(Session, "take", take)
        server.port.inbox += [Datagram(b"\x16\xfe\xfd" + bytes(30), CLIENT)] * 200
        server.take()
        assert len(read) == MAX_TURNS

    def test_honest_clients_come_in_meanwhile(self, net: Net) -> None:
        """3000 replayed hellos a second."""
        server, honest = net.server(limit=100), net.client()
        hellos = self.hellos(net, server, 300)
        honest.send(SERVER, b"let me in")
        for number in range(100):
            server.port.inbox += (hellos[number * 30 % 300 :] + hellos)[:30]
            net.now += 10
            server.take()
            honest.take()
            if server.got:
                break
        assert server.got == [b"let me in"]
        assert number < 30


def counted(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Has one more element for each session that begins from now on."""
    made: list[object] = []
    advance = Session.advance

    def begin(session: Session, now: int) -> None:
        made.append(session)
        advance(session, now)

    monkeypatch.setattr(Session, "advance", begin)
    return made


class TestGarbage:
    def test_plain_enet_is_named_and_ignored(self, net: Net) -> None:
        server = net.server()
        net.carry(CLIENT, SERVER, b"\x8f\xff\x12\x34\x82\xff\x00\x01" + bytes(44))
        server.take()
        assert server.port.sent == []
        assert server.got == []
        assert server.view.notes == [
            f"! Ignored a datagram from {CLIENT} that is not DTLS: a client that uses plain ENet?"
        ]

    def test_garbage_before_during_and_after_a_handshake(self, net: Net) -> None:
        dice = random.Random(5)

        def tamper(source: Address, target: Address, data: bytes) -> list[bytes]:
            junk = [dice.randbytes(dice.randrange(0, 80)) for _ in range(5)]
            junk += [bytes([23, 254, 253]) + dice.randbytes(60), data[: dice.randrange(len(data))], b"\x17" * 20_000]
            return [*junk, data, data, *junk]

        net.tamper = tamper
        server, client = net.server(), net.client()
        client.view.add(SERVER)
        client.send(SERVER, b"first")
        net.settle(server, client)
        assert server.got == [b"first"]
        server.send(CLIENT, b"answer")
        net.settle(server, client)
        assert client.got == [b"answer"]
        assert not client.transport.failed()

    def test_a_handshake_that_turns_into_garbage_ends(self, net: Net) -> None:
        server = net.server()
        hello_from(net, CLIENT, server)
        message = b"\x10\x00\x00\x05" + b"\0\2" + b"\0\0\0" + b"\0\0\5" + b"\xff" * 5  # no such key exchange
        net.carry(CLIENT, SERVER, b"\x16\xfe\xfd" + bytes(7) + b"\x09" + len(message).to_bytes(2, "big") + message)
        server.take()
        assert server.transport.session_count == 0
