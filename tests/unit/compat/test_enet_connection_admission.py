"""Who may connect: the hook of ENetConnection, on real sockets."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from godot_enet import ENetConnection, Error
from godot_enet.compat import connection_setup
from godot_enet.core import BindError
from godot_enet.core.transports import admission
from tests.rows import each_row
from tests.scenario import raw
from tests.unit.compat.stage import Stage, kinds

CONNECT, DISCONNECT = ENetConnection.EVENT_CONNECT, ENetConnection.EVENT_DISCONNECT
Verdict = ENetConnection.ConnectVerdict
MODES = list(ENetConnection.CompressionMode)


class Door:
    """A hook that says the same to everybody, and knows who asked."""

    def __init__(self, verdict: int) -> None:
        self.verdict = verdict
        self.asked: list[tuple[str, int, int]] = []

    def __call__(self, ip: str, port: int, data: int) -> int:
        self.asked.append((ip, port, data))
        return self.verdict


def begin(stage: Stage, server: ENetConnection, data: int = 0, address: str = "127.0.0.1") -> ENetConnection:
    """A client that has asked to connect."""
    client = stage.client()
    peer = client.connect_to_host(address, server.get_local_port(), 2, data)
    assert peer is not None
    peer.set_timeout(1, 100, 200)  # given up with the first copy that is due
    return client


def test_an_accepted_client_is_connected(stage: Stage) -> None:
    server, door = stage.server(), Door(Verdict.ACCEPT)
    assert server.on_connect_request(door) is Error.OK
    link = stage.join(server, stage.client(), 2, 77)
    assert set(door.asked) == {("127.0.0.1", link.client.get_local_port(), 77)}
    link.deliver(b"hello")


def test_a_denied_client_is_told_at_once(stage: Stage) -> None:
    server, door = stage.server(), Door(Verdict.DENY)
    server.on_connect_request(door)
    client = begin(stage, server, 5)
    (peer,) = client.get_peers()
    peer.set_timeout(1 << 30, 1 << 30, 1 << 30)  # so it does not time out
    stage.run(lambda: stage.peek(client))
    assert stage.events(client) == [(DISCONNECT, peer, 0, 0)]
    assert server.get_peers() == []
    assert stage.events(server) == []
    assert {asked[2] for asked in door.asked} == {5}


def test_an_ignored_client_hears_nothing(stage: Stage) -> None:
    server, door = stage.server(), Door(Verdict.IGNORE)
    server.on_connect_request(door)
    client = begin(stage, server)
    stage.run(lambda: stage.peek(client))
    assert kinds(stage.events(client)) == [DISCONNECT]
    assert door.asked
    assert stage.events(server) == []


def test_one_is_chosen_among_many(stage: Stage) -> None:
    server = stage.server()
    server.on_connect_request(lambda ip, port, data: Verdict.ACCEPT if data == 3 else Verdict.DENY)
    clients = [begin(stage, server, number) for number in range(6)]
    stage.run(lambda: all(stage.peek(client) for client in clients))
    found = [kinds(stage.events(client)) for client in clients]
    assert found == [[CONNECT if number == 3 else DISCONNECT] for number in range(6)]
    stage.run(lambda: stage.peek(server))
    (event,) = stage.events(server)
    assert (event.type, event.data) == (CONNECT, 3)


def test_those_who_are_connected_stay(stage: Stage) -> None:
    link = stage.link()
    assert link.server.on_connect_request(Door(Verdict.IGNORE)) is Error.OK
    link.deliver(b"x")
    assert link.server.on_connect_request(None) is Error.OK
    stage.join(link.server, stage.client()).deliver(b"x")
    link.deliver(b"x")


def test_a_hook_may_be_replaced(stage: Stage) -> None:
    server, first, second = stage.server(), Door(Verdict.DENY), Door(Verdict.ACCEPT)
    server.on_connect_request(first)
    server.on_connect_request(second)
    stage.join(server, stage.client())
    assert first.asked == []
    assert second.asked


@pytest.mark.parametrize("order", ["hook first", "hook last"])
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name.lower())
def test_with_compression(stage: Stage, mode: int, order: str) -> None:
    server, door = stage.server(), Door(Verdict.ACCEPT)
    if order == "hook last":
        server.compress(mode)
    server.on_connect_request(door)
    if order == "hook first":
        server.compress(mode)
    client = stage.client()
    client.compress(mode)
    stage.join(server, client, 2, 1234).deliver(b"x")
    assert {asked[2] for asked in door.asked} == {1234}
    door.verdict = Verdict.DENY
    denied = stage.client()
    denied.compress(mode)
    denied.connect_to_host("127.0.0.1", server.get_local_port(), 2, 4321)
    stage.run(lambda: stage.peek(denied))
    assert kinds(stage.events(denied)) == [DISCONNECT]
    assert 4321 in {asked[2] for asked in door.asked}


def test_so_many_a_second(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    server = stage.server()
    assert server.on_connect_request(None, 1) is Error.OK
    for _ in range(10):  # the first two may be in different seconds
        stage.join(server, stage.client()).deliver(b"x")
        if "Too many connections per second" in caplog.text:
            break
    assert caplog.text.count("Too many connections per second") == 1


def test_requests_that_nobody_proves_do_not_count(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    server, door = stage.server(), Door(Verdict.IGNORE)
    server.on_connect_request(door, 1)
    clients = [begin(stage, server, number) for number in range(8)]
    for client in clients:
        client.flush()
    stage.run(lambda: {asked[2] for asked in door.asked} == set(range(8)))
    assert caplog.text == ""


def test_so_many_of_one_address(
    stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr(admission, "_LOOK", 0)
    server = stage.server("*")
    assert server.on_connect_request(None, 0, 2) is Error.OK
    links = [stage.join(server, stage.client()) for _ in range(2)]
    elsewhere = stage.connection()
    assert elsewhere.create_host_bound("127.0.0.2", 0) is Error.OK
    late = begin(stage, server)
    stage.run(lambda: stage.peek(late))
    assert kinds(stage.events(late)) == [DISCONNECT]
    assert stage.events(server) == []
    assert caplog.text.count("Too many peers from the IP address of 127.0.0.1:") == 1
    stage.join(server, elsewhere).deliver(b"x")
    for link in links:
        link.deliver(b"x")
    links[0].at_client.peer_disconnect()
    stage.run(lambda: stage.peek(server) and stage.peek(links[0].client))
    assert kinds(stage.events(server)) == kinds(stage.events(links[0].client)) == [DISCONNECT]
    again = stage.client()
    peer = again.connect_to_host("127.0.0.1", server.get_local_port())
    assert peer is not None
    stage.run(lambda: stage.peek(again) and stage.peek(server))
    assert kinds(stage.events(again)) == kinds(stage.events(server)) == [CONNECT]


def test_those_who_come_at_the_same_time_are_counted_too(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "_LOOK", 1 << 60)  # all requests come before anybody is connected
    server = stage.server()
    server.on_connect_request(None, peers_per_address=2)
    clients = [stage.client() for _ in range(8)]
    for client in clients:
        assert client.connect_to_host("127.0.0.1", server.get_local_port(), 2) is not None
    stage.run(lambda: sum(kinds(stage.peek(client)) == [CONNECT, DISCONNECT] for client in clients) == 6)
    stage.run(lambda: sum(kinds(stage.peek(client)) == [CONNECT] for client in clients) == 2)
    assert kinds(stage.events(server)) == [CONNECT, CONNECT]
    assert len(server.get_peers()) == 2
    for client in clients:
        if len(stage.peek(client)) == 1:
            assert client.get_peers()[0].send(0, b"x", 1) is Error.OK
    stage.run(lambda: len(stage.peek(server)) == 2)


def test_a_limit_for_addresses_may_be_lifted(stage: Stage) -> None:
    server = stage.server()
    server.on_connect_request(None, 0, 1)
    stage.join(server, stage.client())
    server.on_connect_request(None)
    stage.join(server, stage.client()).deliver(b"x")


def test_a_limit_alone(stage: Stage) -> None:
    server = stage.server()
    assert server.on_connect_request(None, 100) is Error.OK
    stage.join(server, stage.client()).deliver(b"x")


def test_a_hook_that_fails_ends_nothing(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    link = stage.link()
    broken = threading.Event()

    def door(ip: str, port: int, data: int) -> int:
        broken.set()
        raise ZeroDivisionError("a mistake in a game")

    link.server.on_connect_request(door)
    clients = [begin(stage, link.server) for _ in range(3)]
    stage.run(lambda: all(stage.peek(client) for client in clients))
    assert broken.is_set()
    for client in clients:
        assert kinds(stage.events(client)) == [DISCONNECT]
    assert stage.events(link.server) == []
    link.deliver(b"x")
    failures = [record for record in caplog.records if record.exc_info]
    assert len(failures) == 1, "one line, with the traceback"
    assert "ZeroDivisionError" in caplog.text


def test_it_ends_with_destroy(stage: Stage) -> None:
    server, door = stage.server(), Door(Verdict.DENY)
    server.compress(ENetConnection.COMPRESS_ZLIB)
    server.on_connect_request(door)
    server.destroy()
    assert server.create_host_bound("127.0.0.1", 0) is Error.OK
    stage.join(server, stage.client()).deliver(b"x")
    assert door.asked == []
    assert server.on_connect_request(door) is Error.OK
    client = begin(stage, server, 8)
    stage.run(lambda: stage.peek(client))
    assert kinds(stage.events(client)) == [DISCONNECT]
    assert {asked[2] for asked in door.asked} == {8}


def test_it_ends_with_a_multiplayer_peer_that_is_dropped(stage: Stage) -> None:
    server, door = stage.server(), Door(Verdict.DENY)
    server.on_connect_request(door)
    server._abandon()  # by the ENetMultiplayerPeer, while the program keeps its host
    assert server.create_host_bound("127.0.0.1", 0) is Error.OK
    assert server.on_connect_request(door) is Error.OK
    client = begin(stage, server, 8)
    stage.run(lambda: stage.peek(client))
    assert kinds(stage.events(client)) == [DISCONNECT]
    assert {asked[2] for asked in door.asked} == {8}


def test_an_address_is_spelt_as_peers_spell_it(stage: Stage) -> None:
    server, door = stage.server("::1"), Door(Verdict.ACCEPT)
    server.on_connect_request(door)
    link = stage.join(server, stage.client(), address="::1")
    assert {asked[0] for asked in door.asked} == {link.at_server.get_remote_address()} == {"0:0:0:0:0:0:0:1"}


def test_an_engine_and_a_client_stay_what_they_are(stage: Stage) -> None:
    server = stage.server()
    engine, port = server.engine_name, server.get_local_port()
    server.on_connect_request(Door(Verdict.ACCEPT))
    assert (server.engine_name, server.get_local_port()) == (engine, port)
    client = stage.client()
    asked = Door(Verdict.DENY)
    client.on_connect_request(asked)
    stage.join(server, client).deliver(b"x")
    assert asked.asked == [], "our own requests are not filtered"


@pytest.mark.parametrize("verdict", list(Verdict))
def test_requests_are_in_the_totals_whatever_becomes_of_them(stage: Stage, verdict: int) -> None:
    server, plain, door = stage.server(), stage.socket(), Door(verdict)
    server.on_connect_request(door)
    request = raw.datagram(raw.connect(), peer=raw.UNKNOWN_PEER, time=0)
    for _ in range(3):
        plain.sendto(request, ("127.0.0.1", server.get_local_port()))
    stage.run(lambda: len(door.asked) == 3)
    totals = [server.pop_statistic(which) for which in (2, 3, 0, 1)]
    assert totals[:2] == [3 * len(request), 3]
    if verdict != Verdict.ACCEPT:
        assert totals[2:] == ([30, 3] if verdict == Verdict.DENY else [0, 0])


class TestArguments:
    def test_inactive(self, logged: Callable[[], list[str]]) -> None:
        connection = ENetConnection()
        assert connection.on_connect_request(Door(0)) is Error.ERR_UNCONFIGURED
        assert len(logged()) == 1

    def test_a_negative_limit(self, stage: Stage, logged: Callable[[], list[str]]) -> None:
        server = stage.server()
        for name in ("connects_per_second", "peers_per_address"):
            assert server.on_connect_request(None, **{name: -1}) is Error.ERR_INVALID_PARAMETER
            assert logged() == [f"{name} must not be negative (0 is unlimited). Got -1."]
        stage.join(server, stage.client()).deliver(b"x")

    @each_row("hook", [1, "yes", [], Verdict.ACCEPT])
    def test_no_hook(self, stage: Stage, hook: object) -> None:
        server = stage.server()
        with pytest.raises(TypeError, match="hook"):
            server.on_connect_request(hook)  # type: ignore[arg-type]

    @each_row("limit", [1.5, "2", None])
    def test_no_limit(self, stage: Stage, limit: object) -> None:
        with pytest.raises(TypeError, match="connects_per_second"):
            stage.server().on_connect_request(None, limit)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="peers_per_address"):
            stage.server().on_connect_request(None, 0, limit)  # type: ignore[arg-type]


def no_successor(*_: object, **__: object) -> None:
    raise BindError("Too many open files")


def test_without_a_descriptor_for_the_successor_it_ends_and_says_so(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connection_setup, "with_stage", no_successor)
    monkeypatch.setattr(connection_setup, "with_compressor", no_successor)
    server = stage.server()
    assert server.on_connect_request(Door(Verdict.ACCEPT)) is Error.ERR_CANT_CREATE
    assert server.service() == (ENetConnection.EVENT_ERROR, None, 0, 0)
    assert server.create_host_bound("127.0.0.1", 0) is Error.OK
    server.compress(ENetConnection.COMPRESS_ZLIB)
    assert server.service() == (ENetConnection.EVENT_ERROR, None, 0, 0)
    assert [record.getMessage().count("Too many open files") for record in caplog.records].count(1) == 2
