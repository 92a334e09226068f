"""Bots of a load test over DTLS, on real sockets: they play, and say why they cannot."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from godot_enet import ENetConnection, ENetMultiplayerPeer, Error, Node, SceneTree, TLSOptions, rpc
from godot_enet.load import ENetUser, GodotUser, NetworkProfile
from godot_enet.load.results import RequestRow
from godot_enet.load.runner import Run
from godot_enet.load.user import ENDED_HERE, LoadUser
from godot_enet.testing import LinkConfig
from tests.dtls.certificates import identity, localhost
from tests.dtls.conftest import certificate_of, server_options

pytestmark = pytest.mark.usefixtures("host_engine")

BOTS = 12
"""Fewer than the handshakes that a server has at the same time: one that waits may take the place of a slow one."""
SECONDS = 120.0


class Shop(Node):
    """What a bot buys from, at both ends."""

    @rpc("any_peer")
    def buy(self, thing: str) -> None:
        self.bought.rpc_id(self.multiplayer.get_remote_sender_id(), 10)

    @rpc("authority")
    def bought(self, price: int) -> None: ...


class Player(ENetUser):
    """Buys once, and leaves with the answer."""

    frame_rate = 20.0

    def on_connected(self) -> None:
        self.send(b"buy", request="buy")

    def on_packet(self, packet: bytes, channel: int) -> None:
        self.end_request("buy", size=len(packet))
        self.quit()


class Customer(GodotUser):
    """The same with a scene tree."""

    frame_rate = 20.0

    def make_tree(self) -> SceneTree:
        tree = SceneTree()
        self.shop = Shop("Shop")
        tree.root.add_child(self.shop)
        return tree

    def on_connected(self) -> None:
        self.request(self.shop.buy, "sword", reply="bought", name="buy")

    def on_frame(self, delta: float) -> None:
        if not len(self._requests):
            self.quit()


@contextmanager
def echo() -> Iterator[int]:
    """A server that sends back what it gets. Gives its port."""
    ended = threading.Event()
    with ENetConnection() as server:
        assert server.create_host_bound("127.0.0.1", 0, 100) is Error.OK
        assert server.dtls_server_setup(server_options(localhost())) is Error.OK

        def serve() -> None:
            while not ended.is_set():
                event = server.service(20)
                if event.type == ENetConnection.EVENT_RECEIVE:
                    event.peer.send(event.channel, event.peer.get_packet(), 1)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.get_local_port()
        finally:
            ended.set()
            thread.join()


@contextmanager
def game() -> Iterator[int]:
    """A server with a shop. Gives its port."""
    ended = threading.Event()
    tree, transport = SceneTree(), ENetMultiplayerPeer()
    tree.root.add_child(Shop("Shop"))
    transport.set_bind_ip("127.0.0.1")
    assert transport.create_server(0, 100) is Error.OK
    host = transport.host
    assert host is not None
    assert host.dtls_server_setup(server_options(localhost())) is Error.OK
    tree.root.multiplayer.multiplayer_peer = transport

    def serve() -> None:
        while not ended.wait(0.02):
            tree.process(0.02)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield host.get_local_port()
    finally:
        ended.set()
        thread.join()
        transport.close()


LOSSY = LinkConfig(delay=25, jitter=20, loss=0.03, burst=0.002, burst_length=4)
KINDS = {"ENetUser": (Player, echo), "GodotUser": (Customer, game)}


def play(kind: type[LoadUser], port: int, **attributes: object) -> Run:
    bot = type("Bot", (kind,), {"host": f"localhost:{port}", **attributes})
    run = Run([bot], bots=BOTS, rate=1000, seconds=SECONDS, progress=lambda line: None)
    run.play()
    return run


def row(run: Run, name: str) -> RequestRow:
    return next(row for (_, found), row in run.results.rows.items() if found == name)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("checked", [True, False], ids=["client", "client_unsafe"])
def test_they_play(kind: str, checked: bool) -> None:
    options = TLSOptions.client(certificate_of(localhost())) if checked else TLSOptions.client_unsafe()
    of, serving = KINDS[kind]
    with serving() as port:
        run = play(of, port, tls_options=options)
    assert not run.results.failures
    assert row(run, "connect").count == row(run, "buy").count == BOTS


@pytest.mark.parametrize("kind", KINDS)
def test_over_a_network_that_loses_datagrams(kind: str) -> None:
    of, serving = KINDS[kind]
    with serving() as port:
        network = NetworkProfile("lossy", up=LOSSY, down=LOSSY)
        run = play(of, port, tls_options=TLSOptions.client_unsafe(), network=network, connect_timeout=60.0)
    assert not run.results.failures
    assert row(run, "buy").count == BOTS
    median = row(run, "buy").percentile(0.5)
    assert median is not None
    assert median >= 50


@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_that_is_not_trusted_is_a_failure_and_the_log_says_why(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    of, serving = KINDS[kind]
    with serving() as port:
        run = play(of, port, tls_options=TLSOptions.client(certificate_of(identity())))
    assert run.results.failures == {("ENET", "connect", ENDED_HERE): BOTS}
    assert "certificate" in caplog.text
    assert "not among the trusted certificates" in caplog.text


@pytest.mark.parametrize("kind", KINDS)
def test_the_options_of_a_server_are_a_failure_with_words(kind: str) -> None:
    run = play(KINDS[kind][0], 9, tls_options=server_options(localhost()))
    text = "cannot connect: DTLS cannot be set up (ERR_INVALID_PARAMETER)"
    assert run.results.failures == {("ENET", "connect", text): BOTS}
