"""Mistakes in the functions that a program hands over: the network goes on, and so do the other functions."""

from __future__ import annotations

import pytest

from godot_enet import ENetMultiplayerPeer, Error, Node, SceneMultiplayer, SceneTree, rpc
from godot_enet.testing import Network

pytestmark = pytest.mark.usefixtures("host_engine")


class Clumsy(Node):
    """One method fails, one does not."""

    def __init__(self) -> None:
        super().__init__("Clumsy")
        self.heard: list[str] = []

    @rpc("any_peer", "reliable")
    def fail(self) -> None:
        raise ZeroDivisionError("in an rpc method")

    @rpc("any_peer", "reliable")
    def work(self, text: str) -> None:
        self.heard.append(text)


class Game:
    """A tree with that node, on a connection."""

    def __init__(self, peer: ENetMultiplayerPeer) -> None:
        self.tree, self.node = SceneTree(), Clumsy()
        self.tree.root.add_child(self.node)
        api = self.tree.get_multiplayer()
        assert isinstance(api, SceneMultiplayer)
        self.api = api
        api.multiplayer_peer = peer


def games(network: Network, *, connected: object = None) -> list[Game]:
    """A server and a client that have met, with a handler for that at the server."""
    there = network.machine()
    server, client = there.multiplayer_peer(), network.machine().multiplayer_peer()
    assert server.create_server(7000) is Error.OK
    assert client.create_client(there.ip, 7000) is Error.OK
    both = [Game(server), Game(client)]
    if connected is not None:
        both[0].api.peer_connected.connect(connected)  # type: ignore[arg-type]
    network.run_until(lambda: frame(both) and all(game.api.get_peers() for game in both))
    return both


def frame(both: list[Game]) -> bool:
    for game in both:
        game.api.poll()
    return True


def test_an_rpc_method_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    network = Network(2)
    server, client = both = games(network)
    client.node.fail.rpc()
    client.node.work.rpc("afterwards")
    network.run_until(lambda: frame(both) and bool(server.node.heard))
    assert server.node.heard == ["afterwards"]
    assert "in an rpc method" in caplog.text
    server.node.work.rpc("and back")
    network.run_until(lambda: frame(both) and bool(client.node.heard))


def test_a_signal_handler_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    network = Network(2)

    def clumsy(number: int) -> None:
        raise KeyError(f"peer {number}")

    server, client = both = games(network, connected=clumsy)
    assert "peer " in caplog.text
    client.node.work.rpc("hello")
    network.run_until(lambda: frame(both) and bool(server.node.heard))


def test_a_connect_hook_that_fails_and_then_does_not(caplog: pytest.LogCaptureFixture) -> None:
    network = Network(2)
    there = network.machine()
    server, client = there.connection(), network.machine().connection()
    server.create_host_bound("*", 7000)
    calls: list[int] = []

    def clumsy(ip: str, port: int, data: int) -> int:
        calls.append(data)
        if len(calls) < 3:
            raise ValueError("in a hook")
        return 0

    server.on_connect_request(clumsy)
    client.create_host(1)
    client.connect_to_host(there.ip, 7000)
    assert client.service(60_000).type == client.EVENT_CONNECT, "the third copy was let in"
    assert caplog.text.count("ValueError: in a hook") == 1
