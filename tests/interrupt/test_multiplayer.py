"""An exception at each place where a signal handler can run, in poll() and what the program's code is called from."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from godot_enet import (
    ENetConnection,
    ENetMultiplayerPeer,
    Error,
    MultiplayerAPI,
    Node,
    SceneMultiplayer,
    SceneTree,
    Variant,
    rpc,
)
from tests.interrupt.interruption import Interrupted, Interruption, taken_after_use
from tests.interrupt.loopback_pair import until

TRIES = 20_000
STRIDE = 311
"""Places between tries in what has thousands of them."""
MODES = ["plain", "zlib"]


def open_peers(kind: str) -> tuple[ENetMultiplayerPeer, ENetMultiplayerPeer]:
    """A server and a client that begins to connect."""
    server, client = ENetMultiplayerPeer(threaded=False), ENetMultiplayerPeer(threaded=False)
    server.set_bind_ip("127.0.0.1")
    assert server.create_server(0) is Error.OK
    assert server.host is not None
    join(server, client, kind)
    if kind == "zlib":
        server.host.compress(ENetConnection.COMPRESS_ZLIB)
    return server, client


def join(server: ENetMultiplayerPeer, client: ENetMultiplayerPeer, kind: str) -> None:
    assert server.host is not None
    assert client.create_client("127.0.0.1", server.host.get_local_port()) is Error.OK
    if kind == "zlib":
        assert client.host is not None
        client.host.compress(ENetConnection.COMPRESS_ZLIB)


def poll_all(*peers: ENetMultiplayerPeer | MultiplayerAPI) -> None:
    for peer in peers:
        peer.poll()


def insist(call: Callable[[], object]) -> None:
    with contextlib.suppress(Interrupted):
        call()


def each_place(call: Callable[[], object], stride: int = 1) -> Iterator[Interruption]:
    """Makes a call over and over, interrupted a few instructions later each time, until it completes."""
    for after in range(1, TRIES, stride):
        with Interruption(after, anywhere=False) as interruption:
            insist(call)
        yield interruption
        if interruption.place is None:
            return
    raise AssertionError("it does not end")


Peers = tuple[ENetMultiplayerPeer, ENetMultiplayerPeer]
Worlds = tuple[SceneTree, "Game", SceneTree, "Game"]


@pytest.fixture(params=MODES)
def peers(request: pytest.FixtureRequest, host_engine: str) -> Iterator[Peers]:
    server, client = open_peers(request.param)
    until(lambda: client.get_connection_status() == 2, lambda: poll_all(server, client), "a connection")
    yield server, client
    client.close()
    server.close()


def test_packets_come_once_and_in_order(peers: Peers) -> None:
    server, client = peers
    sent: list[bytes] = []
    got: list[bytes] = []

    def take() -> None:
        server.poll()
        client.poll()
        while server.get_available_packet_count():
            got.append(server.get_packet())

    def pass_once() -> None:
        server.poll()
        if server.get_available_packet_count():
            packet = server.get_packet()
            got.append(packet)

    for interruption in each_place(pass_once):
        sent.append(b"%d" % len(sent))
        assert client.put_packet(sent[-1]) is Error.OK
        until(lambda: len(got) >= len(sent), take, f"all packets, {interruption.place}")
        assert got == sent, interruption.place
    assert len(sent) > 10


@taken_after_use
def test_values_come_once_and_in_order(peers: Peers) -> None:
    server, client = peers
    sent: list[Variant] = []
    got: list[Variant] = []

    def get() -> None:
        got.append(server.get_var())

    def send() -> None:
        sent.append([len(sent), {"half": 0.5}])
        assert client.put_var(sent[-1]) is Error.OK
        until(server.get_available_packet_count, lambda: poll_all(client, server), "a packet")

    send()
    for interruption in each_place(get):
        while server.get_available_packet_count():
            get()
        assert got == sent, interruption.place
        send()
    assert len(sent) > 10


@pytest.mark.parametrize("kind", MODES)
def test_peers_come_and_go_once(kind: str, host_engine: str) -> None:
    """With three connected callables: each is called, and once."""
    server = ENetMultiplayerPeer(threaded=False)
    server.set_bind_ip("127.0.0.1")
    assert server.create_server(0) is Error.OK
    assert server.host is not None
    if kind == "zlib":
        server.host.compress(ENetConnection.COMPRESS_ZLIB)
    log: list[str] = []
    for name in ("first", "second", "third"):
        server.peer_connected.connect(partial(write, log, name))
        server.peer_disconnected.connect(partial(write, log, f"{name} gone"))
    for after in range(1, TRIES, STRIDE):
        if come_and_go(server, kind, after, log):
            break
    server.close()


def write(log: list[str], what: str, id: int) -> None:
    log.append(what)


def come_and_go(server: ENetMultiplayerPeer, kind: str, after: int, log: list[str]) -> bool:
    """Whether both got through."""
    client = ENetMultiplayerPeer(threaded=False)
    join(server, client, kind)
    with Interruption(after, anywhere=False) as interruption:
        for peer in (client, server) * 10:
            insist(peer.poll)
    until(lambda: len(log) >= 3, lambda: poll_all(client, server), f"signals, {interruption.place}")
    assert log == ["first", "second", "third"], interruption.place
    log.clear()
    client.close()
    with Interruption(after, anywhere=False) as ending:
        for _ in range(4):
            insist(server.poll)
    until(lambda: len(log) >= 3, server.poll, f"signals, {ending.place}")
    assert log == ["first gone", "second gone", "third gone"], ending.place
    log.clear()
    assert not server._peers
    assert not server._ids
    return interruption.place is None and ending.place is None


class Game(Node):
    got: list[int]

    @rpc("any_peer", "call_remote", "reliable")
    def hear(self, number: int) -> None:
        self.got.append(number)


def world(peer: ENetMultiplayerPeer) -> tuple[SceneTree, Game]:
    tree, game = SceneTree(), Game()
    game.name, game.got = "Game", []
    tree.root.add_child(game)
    tree.get_multiplayer().multiplayer_peer = peer
    return tree, game


@pytest.fixture(params=MODES)
def worlds(request: pytest.FixtureRequest, host_engine: str) -> Iterator[Worlds]:
    server, client = open_peers(request.param)
    at_server, at_client = world(server), world(client)
    apis = at_server[0].get_multiplayer(), at_client[0].get_multiplayer()
    until(lambda: all(len(api.get_peers()) for api in apis), lambda: [api.poll() for api in apis], "a connection")
    yield (*at_server, *at_client)
    client.close()
    server.close()


def test_calls_come_once_and_in_order(worlds: Worlds) -> None:
    server, at_server, client, at_client = worlds
    sent: list[int] = []
    for interruption in each_place(lambda: server.get_multiplayer().poll()):
        sent.append(len(sent))
        assert at_client.hear.rpc(sent[-1]) is Error.OK
        until(
            lambda: len(at_server.got) >= len(sent),
            lambda: poll_all(client.get_multiplayer(), server.get_multiplayer()),
            f"all calls, {interruption.place}",
        )
        assert at_server.got == sent, interruption.place
    assert len(sent) > 10


@pytest.mark.parametrize("kind", MODES)
def test_multiplayers_greet_each_other_once(kind: str, host_engine: str) -> None:
    for after in range(1, TRIES, STRIDE):
        if greet_and_part(kind, after):
            break


def test_an_end_that_was_interrupted_is_completed(host_engine: str) -> None:
    assert any(completes_its_end(after) for after in range(1, TRIES))


def completes_its_end(after: int) -> bool:
    """Whether it was not interrupted. It ends in any case."""
    server, client = open_peers("plain")

    def is_gone() -> bool:
        return client.get_connection_status() is client.CONNECTION_DISCONNECTED

    joined: list[int] = []
    for peer in (server, client):
        peer.peer_connected.connect(joined.append)
    until(lambda: len(joined) == 2, lambda: poll_all(server, client), "a connection")
    server.close()
    with Interruption(after, ("compat/enet_peers.py",), anywhere=False) as interruption:
        until(lambda: interruption.place or is_gone(), lambda: insist(client.poll), "the end")
    until(is_gone, client.poll, f"the end, {interruption.place}")
    return interruption.place is None


class Diary:
    """The signals of one multiplayer, in a list that it shares with others."""

    def __init__(self, name: str, api: SceneMultiplayer, log: list[str]) -> None:
        self._name, self._log = name, log
        api.peer_connected.connect(lambda id: self._write("peer"))
        api.connected_to_server.connect(lambda: self._write("connected"))
        api.server_disconnected.connect(lambda: self._write("disconnected"))
        api.peer_disconnected.connect(lambda id: self._write("gone"))

    def _write(self, what: str) -> None:
        self._log.append(f"{self._name}: {what}")


def greet_and_part(kind: str, after: int) -> bool:
    """Whether both got through."""
    server, client = open_peers(kind)
    log: list[str] = []
    apis = []
    for end, peer in (("server", server), ("client", client)):
        api = SceneMultiplayer()
        api.multiplayer_peer = peer
        Diary(end, api, log)
        apis.append(api)
    with Interruption(after, anywhere=False) as interruption:
        for api in apis * 10:
            insist(api.poll)
    until(lambda: len(log) >= 3, lambda: [api.poll() for api in apis], f"greetings, {interruption.place}")
    assert sorted(log) == ["client: connected", "client: peer", "server: peer"], interruption.place
    log.clear()
    server.close()
    with Interruption(after, anywhere=False) as ending:
        for _ in range(4):
            insist(apis[1].poll)
    if ending.place and "/transports/" in ending.place:
        client.close()
        return False  # the only datagram that told of the end may have been lost, as on any network
    until(lambda: len(log) >= 2, apis[1].poll, f"the end, {ending.place}")
    assert log == ["client: gone", "client: disconnected"], ending.place
    client.close()
    return interruption.place is None and ending.place is None


@pytest.mark.parametrize("kind", ["server", "client"])
def test_it_can_be_closed(kind: str, host_engine: str) -> None:
    for after in range(1, TRIES):
        server, client = open_peers("plain")
        assert server.host is not None
        port = server.host.get_local_port()
        closing = server if kind == "server" else client
        with Interruption(after, anywhere=False) as interruption:
            insist(closing.close)
        closing.close()
        assert closing.get_connection_status() == 0, interruption.place
        client.close()
        server.close()
        assert server.create_server(port) is Error.OK, interruption.place
        server.close()
        if interruption.place is None:
            return
