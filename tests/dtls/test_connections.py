"""DTLS as a program uses it: ENetConnection on both engines, with network threads and without."""

from __future__ import annotations

import gc
import re
import socket
import time
from types import ModuleType
from typing import Any

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error
from godot_enet.compat.crypto import CryptoKey, TLSOptions, X509Certificate
from godot_enet.core.dtls import handshake_queue
from tests.dtls.certificates import Identity, identity, localhost, localhost_rsa
from tests.dtls.conftest import (
    Logged,
    certificate_of,
    key_of,
    secure_client,
    secure_link,
    secure_server,
    server_options,
)
from tests.unit.compat.stage import DEADLINE, Stage

ERROR, NONE = ENetConnection.EVENT_ERROR, ENetConnection.EVENT_NONE
CONNECT, DISCONNECT = ENetConnection.EVENT_CONNECT, ENetConnection.EVENT_DISCONNECT


def await_error(stage: Stage, client: ENetConnection) -> None:
    """Serve until the client's next event, which is an error."""
    stage.run(lambda: stage.peek(client))
    assert stage.events(client)[0].type == ERROR


class TestTalking:
    def test_packets_of_all_kinds_both_ways(self, stage: Stage) -> None:
        link = secure_link(stage)
        for packet, channel, flags in (
            (b"r", 0, 1),
            (b"u" * 1000, 1, 0),
            (b"q", 0, 2),
            (bytes(range(256)) * 200, 1, 1),
        ):
            link.deliver(packet, channel, flags)
        link.fence()

    @pytest.mark.parametrize("order", ["compress first", "compress last"])
    @pytest.mark.parametrize(
        "mode", [ENetConnection.COMPRESS_RANGE_CODER, ENetConnection.COMPRESS_ZLIB], ids=["range", "zlib"]
    )
    def test_compressed_as_well(self, inline: Stage, order: str, mode: int) -> None:
        server, client = inline.server(), inline.client()
        if order == "compress first":
            server.compress(mode)
            client.compress(mode)
        assert server.dtls_server_setup(server_options(localhost())) is Error.OK
        assert client.dtls_client_setup("localhost", TLSOptions.client(certificate_of(localhost()))) is Error.OK
        if order == "compress last":
            server.compress(mode)
            client.compress(mode)
        link = inline.join(server, client)
        link.fence()
        server.pop_statistic(ENetConnection.HOST_TOTAL_RECEIVED_DATA)
        link.deliver(bytes(1200))
        assert 0 < server.pop_statistic(ENetConnection.HOST_TOTAL_RECEIVED_DATA) < 600

    @pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
    def test_both_families_and_the_wildcard(self, inline: Stage, address: str) -> None:
        secure_link(inline, address).fence()
        server = secure_server(inline, address="*")
        inline.join(server, secure_client(inline), address=address).fence()

    def test_an_rsa_key(self, inline: Stage) -> None:
        options = TLSOptions.client(certificate_of(localhost_rsa()))
        inline.join(secure_server(inline, localhost_rsa()), secure_client(inline, options)).fence()

    def test_many_clients_at_once(self, inline: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        # On a busy machine one round of all these handshakes takes longer than a client may take to answer.
        monkeypatch.setattr(handshake_queue, "SILENCE_LIMIT", 60_000)
        server = secure_server(inline)
        clients = [secure_client(inline) for _ in range(20)]
        for client in clients:
            client.connect_to_host("127.0.0.1", server.get_local_port())
        inline.run(lambda: all(inline.peek(client) for client in clients) and len(inline.peek(server)) == 20)
        assert {event.type for client in clients for event in inline.events(client)} == {CONNECT}

    def test_nothing_of_what_is_said_can_be_read_on_the_wire(self, inline: Stage) -> None:
        server, wire = secure_server(inline), inline.socket()
        client = secure_client(inline)
        client.connect_to_host("127.0.0.1", wire.getsockname()[1])
        target = ("127.0.0.1", server.get_local_port())
        seen: list[bytes] = []
        wire.setblocking(False)
        home: list[Any] = []

        def relay() -> None:
            while True:
                try:
                    data, source = wire.recvfrom(65536)
                except BlockingIOError:
                    return
                seen.append(data)
                if source != target:
                    home[:] = [source]
                wire.sendto(data, home[0] if source == target else target)

        def connected() -> bool:
            relay()
            return bool(inline.peek(server) and inline.peek(client))

        inline.run(connected)
        (peer,) = server.get_peers()
        peer.send(0, b"a secret of 26 characters!", ENetPacketPeer.FLAG_RELIABLE)

        def arrived() -> bool:
            relay()
            return client.get_peers()[0].get_available_packet_count() > 0

        inline.run(arrived)
        assert client.get_peers()[0].get_packet() == b"a secret of 26 characters!"
        assert not any(b"a secret" in data for data in seen)
        assert all(data[0] in (20, 21, 22, 23) for data in seen)

    def test_statistics_count_what_enet_says_as_without_dtls(self, inline: Stage) -> None:
        link = secure_link(inline)
        expected = 100 + 4 + 6  # header with time, SEND_RELIABLE
        for _ in range(20):  # where the machine stops us, there are pings and copies, too
            link.fence()
            for end in (link.server, link.client):
                for which in ENetConnection.HostStatistic:
                    end.pop_statistic(which)
            link.deliver(bytes(100))
            sent = link.client.pop_statistic(ENetConnection.HOST_TOTAL_SENT_DATA)
            received = link.server.pop_statistic(ENetConnection.HOST_TOTAL_RECEIVED_DATA)
            if sent == expected and received - sent in (0, 10):  # perhaps the acknowledgement of the last fence, too
                break
        assert sent == expected
        assert received - sent in (0, 10)

    def test_a_blocking_service_sees_the_end_of_the_session(self, stage: Stage) -> None:
        link = secure_link(stage)
        link.fence()
        link.server.destroy()
        began = time.monotonic()
        while link.client.service(10_000).type != ERROR:
            assert time.monotonic() - began < DEADLINE
        assert time.monotonic() - began < 9


class TestEnding:
    def test_disconnecting_is_reported_on_both_sides(self, stage: Stage) -> None:
        link = secure_link(stage)
        link.at_client.peer_disconnect(42)
        stage.run(lambda: stage.peek(link.client) and stage.peek(link.server))
        (event,) = stage.events(link.server)
        assert (event.type, event.data) == (DISCONNECT, 42)
        assert stage.events(link.client)[0].type == DISCONNECT

    def test_after_a_disconnect_one_may_connect_again(self, stage: Stage, logged: Logged) -> None:
        server, client = secure_server(stage), secure_client(stage)
        for _ in range(3):
            # The server resends its DISCONNECT to a client that acknowledges late. That one ends what the client has
            # begun meanwhile, as in ENet; in the end nothing is resent, and the next attempt succeeds.
            while not stage.events(server):
                assert client.connect_to_host("127.0.0.1", server.get_local_port()) is not None
                stage.run(lambda: stage.peek(client))
                if [event.type for event in stage.events(client)] == [CONNECT]:
                    stage.run(lambda: stage.peek(server))
            (at_server,) = server.get_peers()
            at_server.peer_disconnect()
            stage.run(lambda: stage.peek(client) and stage.peek(server))
            assert [event.type for event in stage.events(client)] == [DISCONNECT]
            assert [event.type for event in stage.events(server)] == [DISCONNECT]
        assert logged() == []

    def test_the_end_of_the_server_is_an_error_event_and_the_peer_stays(self, stage: Stage, logged: Logged) -> None:
        link = secure_link(stage)
        port = link.server.get_local_port()
        link.server.destroy()
        await_error(stage, link.client)
        assert link.at_client.get_state() == ENetPacketPeer.STATE_CONNECTED
        lines: list[str] = []
        stage.run(lambda: collect(lines, logged))  # The network thread may log it a moment after the event.
        assert lines == [f"The server at 127.0.0.1:{port} closed the DTLS connection."]

    def test_a_reset_client_is_gone_for_the_server_when_it_returns(self, stage: Stage) -> None:
        link = secure_link(stage, max_peers=1)
        link.fence()
        link.at_client.reset()
        link.at_server.reset()
        stage.run(lambda: not link.client.get_peers() and not link.server.get_peers())
        stage.events(link.client), stage.events(link.server)
        stage.join(link.server, link.client).fence()

    def test_the_port_is_free_after_destroying(self, inline: Stage) -> None:
        link = secure_link(inline)
        port = link.server.get_local_port()
        link.server.destroy()
        again = inline.connection()
        assert again.create_host_bound("127.0.0.1", port) is Error.OK

    def test_a_connection_that_is_dropped_says_goodbye(self, stage: Stage) -> None:
        server = secure_server(stage)
        clients = [ENetConnection(threaded=stage.threaded)]
        clients[0].create_host(1)
        options = TLSOptions.client(certificate_of(localhost()))
        assert clients[0].dtls_client_setup("localhost", options) is Error.OK
        clients[0].connect_to_host("127.0.0.1", server.get_local_port())
        stage.run(lambda: clients[0].service(1).type == CONNECT)
        assert sessions_of(server) == 1
        clients.clear()
        gc.collect()
        stage.run(lambda: sessions_of(server) == 0)


def collect(lines: list[str], logged: Logged) -> list[str]:
    """Add what was logged since."""
    lines += logged()
    return lines


def sessions_of(server: ENetConnection) -> int:
    """How many DTLS sessions a server has."""
    host: Any = server._host
    count: int = host._pump.transport.session_count
    return count


class TestSettingUp:
    def test_the_server_s_port_stays(self, stage: Stage) -> None:
        server = stage.server()
        port = server.get_local_port()
        assert server.dtls_server_setup(server_options(localhost())) is Error.OK
        assert server.get_local_port() == port

    def test_a_client_has_no_port_and_only_errors_until_it_connects(self, stage: Stage) -> None:
        client = secure_client(stage)
        assert client.get_local_port() == 0
        assert [client.service().type for _ in range(3)] == [ERROR] * 3
        assert client.service(1000) == (ERROR, None, 0, 0)  # at once
        stage.join(secure_server(stage), client).fence()

    def test_wrong_options(self, inline: Stage, logged: Logged) -> None:
        server, client = inline.server(), inline.client()
        for options in (None, TLSOptions.client(), TLSOptions.client_unsafe()):
            assert server.dtls_server_setup(options) is Error.ERR_INVALID_PARAMETER
        for options in (None, server_options(localhost())):
            assert client.dtls_client_setup("localhost", options) is Error.ERR_INVALID_PARAMETER
        assert client.dtls_client_setup("localhost") is Error.ERR_INVALID_PARAMETER
        lines = logged()
        assert len(lines) == 6
        assert all("must be made by TLSOptions" in line for line in lines)
        inline.join(server, client).fence()  # nothing has changed

    def test_wrong_types(self, inline: Stage) -> None:
        server: Any = inline.server()
        for call in (
            ("dtls_server_setup", "options"),
            ("dtls_client_setup", "localhost", 3),
            ("dtls_client_setup", None, TLSOptions.client()),
            ("refuse_new_connections", "yes"),
        ):
            with pytest.raises(TypeError):
                getattr(server, call[0])(*call[1:])

    def test_a_second_setup_fails(self, inline: Stage, logged: Logged) -> None:
        server, client = secure_server(inline), secure_client(inline)
        assert server.dtls_server_setup(server_options(localhost())) is Error.FAILED
        assert server.dtls_client_setup("localhost", TLSOptions.client_unsafe()) is Error.FAILED
        assert client.dtls_client_setup("localhost", TLSOptions.client_unsafe()) is Error.FAILED
        assert logged() == ["DTLS is already set up for this ENetConnection."] * 3
        inline.join(server, client).fence()

    def test_inactive(self, inline: Stage, logged: Logged) -> None:
        connection = inline.connection()
        assert connection.dtls_server_setup(server_options(localhost())) is Error.ERR_UNCONFIGURED
        assert connection.dtls_client_setup("x", TLSOptions.client()) is Error.ERR_UNCONFIGURED
        assert len(logged()) == 2

    def test_set_up_again_after_destroying(self, inline: Stage) -> None:
        server = secure_server(inline)
        server.destroy()
        assert server.create_host_bound("127.0.0.1", 0) is Error.OK
        assert server.dtls_server_setup(server_options(localhost())) is Error.OK

    def test_what_is_in_use_cannot_be_loaded(self, inline: Stage, logged: Logged) -> None:
        key, certificate = key_of(localhost()), certificate_of(localhost())
        server, client = inline.server(), inline.client()
        server.dtls_server_setup(TLSOptions.server(key, certificate))
        client.dtls_client_setup("localhost", TLSOptions.client(certificate))
        assert key.load_from_string(localhost().key_pem.decode()) is Error.ERR_ALREADY_IN_USE
        server.destroy()
        assert key.load_from_string(localhost().key_pem.decode()) is Error.OK
        assert certificate.load_from_string(localhost().pem.decode()) is Error.ERR_ALREADY_IN_USE
        client.destroy()
        assert certificate.load_from_string(localhost().pem.decode()) is Error.OK

    def test_a_key_that_does_not_belong_to_its_certificate(self, inline: Stage, logged: Logged) -> None:
        server, stranger = inline.server(), identity()
        options = TLSOptions.server(key_of(stranger), certificate_of(localhost()))
        assert server.dtls_server_setup(options) is Error.ERR_INVALID_PARAMETER
        assert logged() == ["DTLS cannot be set up: the private key does not match the certificate."]

    @pytest.mark.parametrize("missing", ["key", "public", "certificate"])
    def test_a_server_without_key_or_certificate(self, inline: Stage, logged: Logged, missing: str) -> None:
        key, certificate = key_of(localhost()), certificate_of(localhost())
        if missing == "key":
            options = TLSOptions.server(None, certificate)
        elif missing == "public":
            public = CryptoKey()
            public.load_from_string(key.save_to_string(True), True)
            options = TLSOptions.server(public, certificate)
        else:
            options = TLSOptions.server(key, X509Certificate())
        assert inline.server().dtls_server_setup(options) is Error.ERR_INVALID_PARAMETER
        (line,) = logged()
        assert line.startswith("DTLS cannot be set up: the options have no ")

    @pytest.mark.parametrize(
        ("found", "reason"),
        [
            (None, ""),
            (ModuleType("OpenSSL"), r" \(cannot import name 'SSL' from 'OpenSSL' .*\)"),  # it does not load
        ],
    )
    def test_without_pyopenssl(
        self, inline: Stage, logged: Logged, monkeypatch: pytest.MonkeyPatch, found: ModuleType | None, reason: str
    ) -> None:
        import sys

        for module in [name for name in sys.modules if name.startswith("godot_enet.core.dtls.")]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setitem(sys.modules, "OpenSSL", found)
        monkeypatch.delitem(sys.modules, "OpenSSL.SSL")
        server, client = inline.server(), inline.client()
        options = server_options(localhost())
        assert server.dtls_server_setup(options) is Error.ERR_UNAVAILABLE
        assert client.dtls_client_setup("localhost", TLSOptions.client_unsafe()) is Error.ERR_UNAVAILABLE
        lines = logged()
        assert len(lines) == 2
        for line in lines:
            assert re.fullmatch(rf"DTLS needs the package pyOpenSSL: pip install pyOpenSSL{reason}\.", line)
        inline.join(server, client).fence()


class TestRefusing:
    def test_new_clients_wait_and_old_ones_go_on(self, inline: Stage) -> None:
        stage, link = inline, secure_link(inline)
        link.server.refuse_new_connections(True)
        late = secure_client(stage)
        late.connect_to_host("127.0.0.1", link.server.get_local_port())
        for _ in range(5):
            link.fence()
        assert stage.events(late) == []
        assert len(link.server.get_peers()) == 1
        link.server.refuse_new_connections(False)
        stage.run(lambda: stage.peek(late))  # it asks again after a second
        assert stage.events(late)[0].type == CONNECT


class TestBadCertificates:
    """Each ends in an error event, and one line that says why."""

    def refused(self, stage: Stage, who: Identity, options: TLSOptions, hostname: str = "localhost") -> None:
        server, client = secure_server(stage, who), secure_client(stage, options, hostname)
        peer = client.connect_to_host("127.0.0.1", server.get_local_port())
        assert peer is not None
        await_error(stage, client)
        assert peer.get_state() == ENetPacketPeer.STATE_CONNECTING
        assert stage.events(server) == []

    def reason(self, stage: Stage, logged: Logged) -> str:
        """What the line says. The network thread may log it a moment after the event."""
        lines: list[str] = []
        stage.run(lambda: any("certificate of 127.0.0.1" in line for line in collect(lines, logged)))
        line = next(line for line in lines if "certificate of 127.0.0.1" in line)
        assert line.startswith("The certificate of 127.0.0.1:")
        return line.partition(" was not accepted: ")[2]

    def test_an_unknown_authority(self, stage: Stage, logged: Logged) -> None:
        self.refused(stage, localhost(), TLSOptions.client(certificate_of(identity())))
        assert self.reason(stage, logged) == "it is self-signed and not among the trusted certificates."

    def test_the_system_s_authorities_do_not_know_it(self, inline: Stage, logged: Logged) -> None:
        self.refused(inline, localhost(), TLSOptions.client())
        assert self.reason(inline, logged) == "it is self-signed and not among the trusted certificates."

    def test_the_wrong_name(self, inline: Stage, logged: Logged) -> None:
        self.refused(inline, localhost(), TLSOptions.client(certificate_of(localhost())), "example.org")
        assert self.reason(inline, logged) == "it is for 'localhost', not for 'example.org'."

    def test_no_name(self, inline: Stage, logged: Logged) -> None:
        self.refused(inline, localhost(), TLSOptions.client(certificate_of(localhost())), "")
        assert self.reason(inline, logged) == "it is for 'localhost', not for ''."

    def test_unsafe_with_a_chain_still_checks_the_chain(self, inline: Stage, logged: Logged) -> None:
        self.refused(inline, localhost(), TLSOptions.client_unsafe(certificate_of(identity())))
        assert "self-signed" in self.reason(inline, logged)


class TestGoodCertificates:
    def test_another_name_by_override(self, inline: Stage) -> None:
        options = TLSOptions.client(certificate_of(localhost()), "localhost")
        inline.join(secure_server(inline), secure_client(inline, options, "example.org")).fence()

    def test_unsafe_takes_anything(self, inline: Stage) -> None:
        inline.join(secure_server(inline), secure_client(inline, TLSOptions.client_unsafe(), "")).fence()

    def test_unsafe_with_a_chain_takes_any_name(self, inline: Stage) -> None:
        options = TLSOptions.client_unsafe(certificate_of(localhost()))
        inline.join(secure_server(inline), secure_client(inline, options, "example.org")).fence()

    def test_a_chain_with_an_authority_in_between(self, inline: Stage) -> None:
        root = identity("root", authority=True)
        between = identity("between", signer=root, authority=True)
        leaf = identity("localhost", signer=between)
        server = secure_server(inline, leaf._replace(above=()))
        server.destroy()
        server.create_host_bound("127.0.0.1", 0)
        assert server.dtls_server_setup(server_options(leaf, between)) is Error.OK
        client = secure_client(inline, TLSOptions.client(certificate_of(root)))
        inline.join(server, client).fence()

    def test_godot_s_own_kind_of_certificate(self, inline: Stage) -> None:
        from godot_enet.compat.crypto import Crypto

        crypto = Crypto()
        key = crypto.generate_rsa(2048)
        assert key is not None
        certificate = crypto.generate_self_signed_certificate(key, "CN=myserver,O=myorganisation,C=IT")
        assert certificate is not None
        server, client = inline.server(), inline.client()
        assert server.dtls_server_setup(TLSOptions.server(key, certificate)) is Error.OK
        assert client.dtls_client_setup("myserver", TLSOptions.client(certificate)) is Error.OK
        inline.join(server, client).fence()


class TestMisunderstandings:
    def test_a_plain_client_of_a_dtls_server_is_named(self, inline: Stage, logged: Logged) -> None:
        server, client = secure_server(inline), inline.client()
        client.connect_to_host("127.0.0.1", server.get_local_port())
        lines: list[str] = []
        inline.run(lambda: collect(lines, logged))
        assert "that is not DTLS: a client that uses plain ENet?" in lines[0]
        assert inline.events(server) == []

    def test_a_dtls_client_of_a_plain_server_is_told_when_it_gives_up(self, inline: Stage, logged: Logged) -> None:
        server, client = inline.server(), secure_client(inline)
        peer = client.connect_to_host("127.0.0.1", server.get_local_port())
        assert peer is not None
        peer.set_timeout(1, 100, 200)
        inline.run(lambda: inline.peek(client))
        assert inline.events(client)[0].type == DISCONNECT
        lines: list[str] = []
        inline.run(lambda: len(collect(lines, logged)) > 1)
        assert "encrypted with DTLS, but this host is not" in lines[0]
        assert "did not answer the DTLS handshake" in lines[1]
        assert inline.events(server) == []
        assert sum(server.counters().values()) > 0

    def test_garbage_does_no_harm(self, stage: Stage) -> None:
        link = secure_link(stage)
        plain = stage.socket()
        for junk in (
            b"",
            b"\x16",
            b"\x17\xfe\xfd" + bytes(50),
            b"\x16\xfe\xfd" + bytes(60),
            bytes(3000),
            b"\xff" * 9000,
        ):
            plain.sendto(junk, ("127.0.0.1", link.server.get_local_port()))
        link.fence()
        assert len(link.server.get_peers()) == 1

    def test_a_key_never_shows(self, inline: Stage, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(0)
        who = localhost_rsa()
        link = inline.join(secure_server(inline, who), secure_client(inline, TLSOptions.client(certificate_of(who))))
        link.fence()
        options = TLSOptions.server(key_of(who), certificate_of(localhost()))
        inline.server().dtls_server_setup(options)
        text = caplog.text + repr(who.credentials) + repr(options) + repr(link.server._setup.dtls)
        assert "PRIVATE" not in text
        assert who.key_pem.decode()[60:120] not in text


def test_sockets_of_others_are_not_answered(host_engine: str) -> None:
    """A datagram from anywhere but the server does not reach a client's session."""
    stage = Stage(False)
    try:
        link = secure_link(stage)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(b"\x15\xfe\xfd" + bytes(8) + b"\0\2\2\x28", ("127.0.0.1", link.client.get_local_port()))
            link.fence()
    finally:
        stage.close()
