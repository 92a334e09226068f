"""connect_to_host, the events of service, and which object stands for whom."""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error
from godot_enet.compat.addresses import format_ip
from godot_enet.core import DisconnectReason, Drop, HostConfig
from godot_enet.core.errors import NoFreePeer
from tests.rows import each_row
from tests.scenario import raw
from tests.unit.compat.stage import Stage, kinds

Logged = Callable[[], list[str]]

LISTED = "The ENetConnection is already connected to a peer."
REMOTE_PORT = "The remote port number must be between 1 and 65535 (inclusive)."
UNRESOLVED = "Couldn't resolve the server IP address or domain name."
NONE = (ENetConnection.EVENT_NONE, None, 0, 0)


@pytest.mark.usefixtures("no_names")
@each_row(
    ("address", "port", "text"),
    [
        ("127.0.0.1", 0, REMOTE_PORT),
        ("127.0.0.1", -1, REMOTE_PORT),
        ("127.0.0.1", 65536, REMOTE_PORT),
        ("", 0, REMOTE_PORT),
        ("", 4000, UNRESOLVED),
        ("*", 4000, UNRESOLVED),
        ("no-such-name.invalid", 4000, UNRESOLVED),
        ("300.1.1.1", 4000, UNRESOLVED),
        ("name with spaces", 4000, UNRESOLVED),
        ("x" * 300, 4000, UNRESOLVED),
    ],
)
def test_where_nobody_can_be(stage: Stage, logged: Logged, address: str, port: int, text: str) -> None:
    client = stage.client()
    assert client.connect_to_host(address, port) is None
    assert logged() == [f"{text} Got {port}." if text == REMOTE_PORT else f'{text} Got "{address}".']
    assert client.get_peers() == []
    assert client.connect_to_host("127.0.0.1", stage.server().get_local_port()) is not None


def link_local() -> list[tuple[str, str, str]]:
    """Link-local addresses of this machine, with the names and the numbers of the interfaces they are behind."""
    try:
        lines = Path("/proc/net/if_inet6").read_text().splitlines()
    except OSError:
        return []
    rows = [line.split() for line in lines]
    return [
        (str(ipaddress.IPv6Address(bytes.fromhex(digits))), name, str(int(index, 16)))
        for digits, index, _, scope, _, name in rows
        if scope == "20"
    ]


needs_link_local = pytest.mark.skipif(not link_local(), reason="no link-local address on this machine")


@needs_link_local
@pytest.mark.parametrize("spelling", ["name", "number", "resolved", "none"])
def test_a_link_local_address_with_its_zone(
    stage: Stage, logged: Logged, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, spelling: str
) -> None:
    host, name, number = link_local()[0]
    target = {"name": f"{host}%{name}", "number": f"{host}%{number}", "resolved": "here.local", "none": host}[spelling]
    if spelling == "resolved":
        entry = (socket.AF_INET6, socket.SOCK_DGRAM, 17, "", (host, 0, 0, int(number)))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [entry])
    link = stage.join(stage.server("*"), stage.client(), address=target)
    assert link.deliver(b"x") == (b"x", 0, 1)
    assert link.at_client.get_remote_address() == format_ip(host)
    assert f"[{host}%{number}]:{link.server.get_local_port()}" in repr(link.at_client)
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    hint = f"{host} is link-local: append the network interface, as in {host}%eth0."
    assert warned == ([hint] if spelling == "none" else [])
    assert logged() == []


@each_row("zone", ["nowhere", "4000000000", "99999999999999999999", "-1", "%", "lo%lo"])
@each_row("host", ["fe80::1", "::1", "2001:db8::1"])
def test_a_zone_that_is_not_there(stage: Stage, logged: Logged, no_names: None, host: str, zone: str) -> None:
    client = stage.client()
    assert client.connect_to_host(f"{host}%{zone}", 4000) is None
    (line,) = logged()
    assert line.startswith(f'{UNRESOLVED} Got "{host}%{zone}"')
    client.socket_send(f"{host}%{zone}", 4000, b"x")
    assert logged() == [line]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the loopback has other names, and knows no broadcasts")
class TestOnLoopback:
    def test_a_zone_that_means_nothing(self, stage: Stage, logged: Logged) -> None:
        link = stage.join(stage.server("::1"), stage.client(), address="::1%lo")
        assert link.deliver(b"x") == (b"x", 0, 1)
        assert logged() == []

    @pytest.mark.parametrize("prepare", [None, ENetConnection.COMPRESS_FASTLZ, ENetConnection.COMPRESS_ZLIB])
    def test_a_broadcast_finds_the_server(self, stage: Stage, logged: Logged, prepare: int | None) -> None:
        server, client = stage.server("*"), stage.client()
        if prepare is not None:
            server.compress(prepare)
            client.compress(prepare)
        link = stage.join(server, client, address="127.255.255.255")
        assert link.deliver(b"x") == (b"x", 0, 1)
        remote = (link.at_client.get_remote_address(), link.at_client.get_remote_port())
        assert remote == ("127.0.0.1", link.server.get_local_port())
        link.fence()
        link.at_client.peer_disconnect()
        stage.run(lambda: stage.peek(link.server) and stage.peek(link.client))
        assert logged() == []

    def test_only_an_answer_is_taken_for_one(self, stage: Stage) -> None:
        """Somebody who does not read the request is not heard, and the attempt goes on."""
        client, other = stage.client(), stage.socket()
        server = stage.server("*")
        peer = client.connect_to_host("127.255.255.255", server.get_local_port())
        assert peer is not None
        client.socket_send("127.0.0.1", other.getsockname()[1], b"where I am")
        _, (_, port) = other.recvfrom(100)
        other.sendto(raw.datagram(raw.disconnect(1)), ("127.0.0.1", port))
        other.sendto(raw.datagram(raw.verify()), ("127.0.0.1", port))
        stage.run(lambda: stage.peek(client))
        assert kinds(stage.events(client)) == [ENetConnection.EVENT_CONNECT]
        assert peer.get_remote_port() == server.get_local_port()


def test_a_name_is_looked_up(stage: Stage, logged: Logged) -> None:
    server, client = stage.server(), stage.client()
    link = stage.join(server, client, address="localhost")
    assert link.at_client.get_remote_address() == "127.0.0.1"
    assert logged() == []


@pytest.mark.parametrize(("asked", "shown"), [(1, 1), (7, 7), (255, 255), (0, 255), (-3, 255), (300, 255)])
def test_the_peer_is_there_at_once(stage: Stage, asked: int, shown: int) -> None:
    client, port = stage.client(), stage.socket().getsockname()[1]
    peer = client.connect_to_host("127.0.0.1", port, asked)
    assert peer is not None
    assert client.get_peers() == [peer]
    assert peer.is_active()
    assert peer.get_state() is ENetPacketPeer.STATE_CONNECTING
    assert peer.get_channels() == shown
    assert (peer.get_remote_address(), peer.get_remote_port()) == ("127.0.0.1", port)


def test_a_second_one_is_refused_while_any_peer_is_listed(stage: Stage, logged: Logged) -> None:
    link = stage.link()
    port = stage.server().get_local_port()
    for connection in (link.client, link.server):  # whoever began it
        assert connection.connect_to_host("127.0.0.1", port) is None
        assert connection.connect_to_host("127.0.0.1", 0) is None
        assert logged() == [LISTED, LISTED]
        assert len(connection.get_peers()) == 1


def test_it_is_refused_until_service_has_forgotten_the_dead_one(stage: Stage, logged: Logged) -> None:
    link = stage.link()
    link.at_client.reset()
    assert link.client.get_peers() == [link.at_client]
    assert link.client.connect_to_host("127.0.0.1", link.server.get_local_port()) is None
    assert logged() == [LISTED]
    assert link.client.service() == NONE
    assert link.client.get_peers() == []
    assert link.client.connect_to_host("127.0.0.1", link.server.get_local_port()) is not None
    assert logged() == []


def test_without_a_free_slot_there_is_no_peer(stage: Stage, logged: Logged, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slot may be taken by somebody whose CONNECT event the program has not seen."""

    def refuse(*_: object) -> None:
        raise NoFreePeer("all 1 peers are in use")

    server = stage.server(max_peers=1)
    monkeypatch.setattr(server._host, "connect", refuse)
    assert server.connect_to_host("127.0.0.1", 4000) is None
    assert server.get_peers() == []
    assert logged() == []  # Godot has no word for it either


def test_both_sides_get_a_connect_event(stage: Stage) -> None:
    server, client = stage.server(), stage.client()
    peer = client.connect_to_host("127.0.0.1", server.get_local_port(), 3, 77)
    assert peer is not None
    stage.run(lambda: stage.peek(client) and stage.peek(server))
    (here,), (there,) = stage.events(client), stage.events(server)
    assert here == (ENetConnection.EVENT_CONNECT, peer, 0, 0)
    assert there == (ENetConnection.EVENT_CONNECT, server.get_peers()[0], 77, 0)
    assert peer.get_state() is there[1].get_state() is ENetPacketPeer.STATE_CONNECTED
    assert client.get_local_port() == server.get_peers()[0].get_remote_port()


def test_a_result_can_be_indexed_unpacked_and_read_by_name(stage: Stage) -> None:
    link = stage.link()
    link.at_client.send(2, b"x", 1)
    stage.run(lambda: stage.peek(link.server))
    (event,) = stage.events(link.server)
    kind, peer, data, channel = event
    assert (kind, peer, data, channel) == (3, link.at_server, 0, 2)
    assert [event[0], event[1], event[2], event[3]] == [event.type, event.peer, event.data, event.channel]
    assert event.type is ENetConnection.EVENT_RECEIVE is ENetConnection.EventType.EVENT_RECEIVE
    assert len(event) == 4


def test_one_event_a_call(stage: Stage) -> None:
    link = stage.link()
    for number in range(5):
        link.at_client.send(number, bytes([number]), 1)
    stage.run(lambda: len(stage.peek(link.server)) == 5)
    events = stage.events(link.server)
    assert kinds(events) == [ENetConnection.EVENT_RECEIVE] * 5
    assert [event.channel for event in events] == [0, 1, 2, 3, 4]
    assert link.at_server.get_available_packet_count() == 5
    assert link.server.service() == NONE


@pytest.mark.parametrize(
    ("asked", "limit", "agreed"), [(10, 5, 5), (5, 10, 5), (0, 0, 255), (1, 0, 1), (0, 1, 1), (300, 254, 254)]
)
def test_channels_are_the_fewer_of_both(stage: Stage, asked: int, limit: int, agreed: int) -> None:
    link = stage.link(channels=asked, max_channels=limit)
    assert link.at_client.get_channels() == link.at_server.get_channels() == agreed
    assert link.deliver(b"x", channel=agreed - 1) == (b"x", agreed - 1, 1)


def test_a_new_channel_limit_is_for_later_connections(stage: Stage) -> None:
    first = stage.link(channels=9)
    first.server.channel_limit(4)
    second = stage.join(first.server, stage.client(), 9)
    assert first.at_server.get_channels() == 9
    assert second.at_server.get_channels() == second.at_client.get_channels() == 4


def test_a_connection_does_not_limit_what_it_asks_for_itself(stage: Stage) -> None:
    client = stage.connection()
    assert client.create_host(1, 2) is Error.OK
    assert stage.join(stage.server(), client, 8).at_client.get_channels() == 8


def test_an_object_is_the_same_as_long_as_its_connection_lasts(stage: Stage) -> None:
    link = stage.link()
    at_server = link.at_server
    vars(at_server)["score"] = 7  # a program may keep its own things on it
    link.deliver(b"x")
    link.server.flush()
    assert link.server.get_peers() == [at_server]
    assert link.server.get_peers()[0] is at_server
    assert vars(link.server.get_peers()[0])["score"] == 7
    link.at_client.peer_disconnect()
    stage.run(lambda: stage.peek(link.server) and stage.peek(link.client))
    assert stage.events(link.server)[0].peer is at_server
    assert stage.events(link.client)[0].peer is link.at_client
    again = stage.join(link.server, link.client)
    assert again.at_server is not at_server
    assert again.at_client is not link.at_client
    assert not hasattr(again.at_server, "score")


def test_peers_are_listed_in_the_order_in_which_they_came(stage: Stage) -> None:
    server = stage.server()
    links = [stage.join(server, stage.client()) for _ in range(4)]
    assert server.get_peers() == [link.at_server for link in links]
    server.get_peers().clear()  # a copy
    links[1].at_server.reset()
    links[3].at_server.peer_disconnect()
    assert server.get_peers() == [link.at_server for link in links]  # dead and disconnecting ones, too
    stage.run(lambda: stage.peek(server))
    assert stage.events(server) == [(ENetConnection.EVENT_DISCONNECT, links[3].at_server, 0, 0)]
    assert server.get_peers() == [links[0].at_server, links[2].at_server]
    new = stage.join(server, stage.client())
    assert server.get_peers() == [links[0].at_server, links[2].at_server, new.at_server]


def test_a_connection_can_connect_to_itself(stage: Stage) -> None:
    connection = stage.server()
    peer = connection.connect_to_host("127.0.0.1", connection.get_local_port(), 1, 5)
    stage.run(lambda: len(stage.peek(connection)) == 2)
    events = stage.events(connection)
    assert kinds(events) == [ENetConnection.EVENT_CONNECT] * 2
    assert sorted(event.data for event in events) == [0, 5]
    assert connection.get_peers()[0] is peer
    assert len(connection.get_peers()) == 2


def test_an_attempt_that_nobody_answers_ends_with_a_disconnect_event(stage: Stage) -> None:
    client = stage.client()
    peer = client.connect_to_host("127.0.0.1", stage.socket().getsockname()[1], 1, 9)
    assert peer is not None
    peer.set_timeout(1, 100, 200)
    stage.run(lambda: stage.peek(client))
    assert stage.events(client) == [(ENetConnection.EVENT_DISCONNECT, peer, 0, 0)]
    assert not peer.is_active()
    assert client.get_peers() == []
    assert stage.join(stage.server(), client).at_client.is_active()


def test_a_full_server_refuses_the_client(stage: Stage) -> None:
    server = stage.server(max_peers=1)
    stage.join(server, stage.client())
    late = stage.client()
    peer = late.connect_to_host("127.0.0.1", server.get_local_port())
    assert peer is not None
    stage.run(lambda: stage.peek(late))
    assert stage.events(late) == [(ENetConnection.EVENT_DISCONNECT, peer, 0, 0)]
    assert peer.get_disconnect_reason() is DisconnectReason.REMOTE
    assert stage.events(server) == []
    assert len(server.get_peers()) == 1


def test_a_full_server_may_be_silent(host_engine: str) -> None:
    server = ENetConnection(threaded=False, config=HostConfig(refuse_when_full=False, duplicate_peers=0))
    server.create_host_bound("127.0.0.1", 0)
    client = ENetConnection(threaded=False)
    client.create_host(1)
    peer = client.connect_to_host("127.0.0.1", server.get_local_port())
    assert peer is not None
    while not server.counters()[Drop.CONNECT_REFUSED]:
        client.service(1)
        server.service(1)
    client.service(20)
    assert peer.get_state() is ENetPacketPeer.STATE_CONNECTING
    client.destroy()
    server.destroy()
