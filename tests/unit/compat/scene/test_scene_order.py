"""SceneMultiplayer over ENet on a virtual network: what is announced and called in which order, and who is left."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import rpc
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from godot_enet.compat.scene.scene_tree import SceneTree
from godot_enet.testing import LinkConfig, Network

Logged = Callable[[], list[str]]

PORT = 7000
CONNECTED = MultiplayerPeer.CONNECTION_CONNECTED
DISCONNECTED = MultiplayerPeer.CONNECTION_DISCONNECTED
SIGNALS = (
    "peer_connected",
    "peer_disconnected",
    "connected_to_server",
    "connection_failed",
    "server_disconnected",
    "peer_authenticating",
    "peer_authentication_failed",
    "peer_packet",
)


@pytest.fixture(params=[True, False], ids=["threaded", "inline"])
def threaded(request: pytest.FixtureRequest) -> bool:
    """Whether the end under test has a network thread."""
    return bool(request.param)


@pytest.fixture
def network(host_engine: str) -> Network:
    return Network(1)


class Player(Node):
    def __init__(self, heard: list[tuple[Any, ...]]) -> None:
        super().__init__("Player")
        self.heard = heard

    @rpc("any_peer", "reliable")
    def say(self, text: str) -> None:
        self.heard.append(("say", self.multiplayer.get_remote_sender_id(), text))


class Game:
    """One program, and what it heard: signals and calls, in order."""

    def __init__(self, network: Network, *, threaded: bool = True) -> None:
        self.network = network
        self.machine = network.machine()
        self.threaded = threaded
        self.heard: list[tuple[Any, ...]] = []
        self.tree = SceneTree()
        api = self.tree.get_multiplayer()
        assert isinstance(api, SceneMultiplayer)
        self.api = api
        for name in SIGNALS:
            getattr(api, name).connect(self._listener(name))
        self.player = Player(self.heard)
        self.tree.root.add_child(self.player)
        self.peer = self.machine.multiplayer_peer(threaded=threaded)

    def _listener(self, name: str) -> Callable[..., None]:
        return lambda *arguments: self.heard.append((name, *arguments))

    def serve(self) -> Game:
        assert self.peer.create_server(PORT) is Error.OK
        self.api.multiplayer_peer = self.peer
        return self

    def join(self, server: Game) -> Game:
        assert self.peer.create_client(server.machine.ip, PORT) is Error.OK
        self.api.multiplayer_peer = self.peer
        return self

    @property
    def id(self) -> int:
        return self.peer.get_unique_id()

    def frame(self) -> bool:
        self.tree.process(0.016)
        return True

    def leave(self, number: int = 1) -> None:
        """Disconnect from a peer once everything that was sent has arrived."""
        remote = self.peer.get_peer(number)
        assert remote is not None
        remote.peer_disconnect_later()

    def is_over(self) -> bool:
        return self.peer.get_connection_status() is DISCONNECTED

    def names(self) -> list[str]:
        return [entry[0] for entry in self.heard]


def meet(network: Network, server: Game, *clients: Game) -> None:
    games = (server, *clients)
    network.run_until(
        lambda: all(game.frame() for game in games) and all(len(game.api.get_peers()) == len(clients) for game in games)
    )
    for game in games:
        game.heard.clear()


def rest(network: Network, *games: Game, frames: int = 30) -> None:
    for _ in range(frames):
        for game in games:
            game.frame()
        network.run(16)


class TestOrder:
    def test_a_client_that_is_put_out_was_connected(self, network: Network, threaded: bool) -> None:
        server, client = Game(network).serve(), Game(network, threaded=threaded)
        server.api.peer_connected.connect(server.api.disconnect_peer)
        client.join(server).frame()
        if threaded:
            network.run_until(lambda: server.frame() and bool(server.heard))
            network.run(50)  # its connect and its end wait for its next frame
        rest(network, server, client)
        assert client.names() == ["connected_to_server", "peer_connected", "peer_disconnected", "server_disconnected"]
        assert list(client.api.get_peers()) == list(server.api.get_peers()) == []

    def test_a_program_that_looks_once_per_frame_sees_that_it_was_connected(self, network: Network) -> None:
        server, client = Game(network).serve(), Game(network)
        server.api.peer_connected.connect(server.api.disconnect_peer)
        client.join(server).frame()
        network.run_until(lambda: server.frame() and bool(server.heard))
        network.run(50)
        client.frame()
        assert client.peer.get_connection_status() is CONNECTED
        assert list(client.api.get_peers()) == [1]
        client.frame()
        assert client.is_over()

    def test_calls_come_before_the_end_of_a_client(self, network: Network, threaded: bool) -> None:
        server, client = Game(network, threaded=threaded).serve(), Game(network)
        client.join(server)
        meet(network, server, client)
        number = client.id
        for text in ("a", "b", "c"):
            assert client.player.say.rpc_id(1, text) is Error.OK
        client.leave()
        rest(network, server, client)
        assert server.heard == [*[("say", number, text) for text in "abc"], ("peer_disconnected", number)]

    def test_calls_come_before_the_end_of_a_server(self, network: Network, threaded: bool) -> None:
        server, client = Game(network).serve(), Game(network, threaded=threaded)
        client.join(server)
        meet(network, server, client)
        for text in ("a", "b"):
            assert server.player.say.rpc(text) is Error.OK
        server.leave(client.id)
        network.run(50)
        rest(network, server, client)
        assert client.heard == [("say", 1, "a"), ("say", 1, "b"), ("peer_disconnected", 1), ("server_disconnected",)]

    def test_a_whole_session_falls_into_one_frame(self, network: Network) -> None:
        server = Game(network).serve()
        client = Game(network).join(server)
        network.run_until(lambda: client.frame() and client.peer.get_connection_status() is CONNECTED)
        number = client.id
        assert client.player.say.rpc_id(1, "hello") is Error.OK
        assert client.api.send_bytes(b"bytes", 1, channel=3) is Error.OK
        client.leave()
        network.run_until(lambda: client.frame() and client.is_over())
        server.frame()
        assert server.names()[0] == "peer_connected"
        server.frame()
        assert server.names()[-1] == "peer_disconnected"
        assert sorted(server.names()[1:-1]) == ["peer_packet", "say"]  # on channels of their own
        assert {entry[1] for entry in server.heard} == {number}

    def test_what_the_server_passes_on_comes_in_order(self, network: Network, threaded: bool) -> None:
        server, one, two = Game(network, threaded=threaded).serve(), Game(network), Game(network, threaded=threaded)
        for client in (one, two):
            client.join(server)
        meet(network, server, one, two)
        number = one.id
        for text in ("a", "b"):
            assert one.player.say.rpc(text) is Error.OK
        one.leave()
        rest(network, server, one, two)
        expected = [("say", number, "a"), ("say", number, "b"), ("peer_disconnected", number)]
        assert two.heard == server.heard == expected
        assert list(two.api.get_peers()) == [1]

    def test_authentication_comes_in_order(self, network: Network, threaded: bool) -> None:
        server, client = Game(network, threaded=threaded).serve(), Game(network)
        server.api.auth_callback = lambda id, data: server.heard.append(("auth", id, data))
        client.api.auth_callback = lambda id, data: None
        client.api.peer_authenticating.connect(lambda id: client.api.send_auth(id, b"me"))
        client.join(server)
        number = client.id
        network.run_until(lambda: server.frame() and client.frame() and "peer_authenticating" in client.names())
        client.leave()
        rest(network, server, client)
        assert server.heard == [
            ("peer_authenticating", number),
            ("auth", number, b"me"),
            ("peer_authentication_failed", number),
        ]
        assert client.names() == ["peer_authenticating", "peer_authentication_failed", "server_disconnected"]

    @pytest.mark.parametrize("seed", range(4))
    def test_random_sessions(self, host_engine: str, threaded: bool, seed: int) -> None:
        """Clients come, call and go at a server with frames of any length."""
        draw = random.Random(seed)
        network = Network(seed, LinkConfig(delay=5, jitter=5, loss=0.05 * (seed % 2)))
        server = Game(network, threaded=threaded).serve()
        clients: list[Game] = []
        said: dict[int, list[str]] = {}
        leaving: set[int] = set()

        def step(*, ends: bool) -> None:
            for client in clients:
                client.frame()
                if client.peer.get_connection_status() is not CONNECTED or client.id in leaving:
                    continue
                for _ in range(draw.choice([0, 0, 1, 3])):
                    said[client.id].append(f"{len(said[client.id])}")
                    assert client.player.say.rpc(said[client.id][-1]) is Error.OK
                if ends or draw.random() < 0.05:
                    leaving.add(client.id)
                    client.leave()
            if draw.random() < 0.2 or ends:
                server.frame()
            network.run(draw.choice([0, 1, 7, 30]))

        for _ in range(50):
            if len(clients) < 5 and draw.random() < 0.3:
                clients.append(Game(network).join(server))
                said[clients[-1].id] = []
            step(ends=False)
        deadline = network.now + 60_000
        while not all(("peer_disconnected", number) in server.heard for number in said):
            assert network.now < deadline
            step(ends=True)
        for number, texts in said.items():
            heard = [entry[2] if entry[0] == "say" else entry[0] for entry in server.heard if entry[1] == number]
            assert heard == ["peer_connected", *texts, "peer_disconnected"]
        for client in clients:
            assert client.names()[:2] == ["connected_to_server", "peer_connected"]
            for number in {entry[1] for entry in client.heard if len(entry) > 1} - {1}:
                heard = [entry[0] for entry in client.heard if len(entry) > 1 and entry[1] == number]
                assert heard.index("peer_connected") == 0
                assert "say" not in heard[heard.index("peer_disconnected") :] if "peer_disconnected" in heard else True


class TestHandlers:
    @pytest.fixture
    def server(self, network: Network, threaded: bool) -> Game:
        return Game(network, threaded=threaded).serve()

    @pytest.fixture
    def number(self, network: Network, server: Game) -> Iterator[int]:
        """A client of which two calls, and with a thread its end, wait for the server's next frames."""
        client = Game(network).join(server)
        meet(network, server, client)
        number = client.id
        for text in ("a", "b"):
            assert client.player.say.rpc_id(1, text) is Error.OK
        network.run(10)
        if server.threaded:
            client.leave()
            network.run(50)
        yield number
        client.peer.close()  # which it is not before: a client that is collected has left

    def test_polling_in_a_call(self, network: Network, server: Game, number: int) -> None:
        class Polling(Player):
            @rpc("any_peer", "reliable")
            def say(self, text: str) -> None:
                self.heard.append(("say", self.multiplayer.get_remote_sender_id(), text))
                self.multiplayer.poll()
                server.peer.poll()

        server.tree.root.remove_child(server.player)
        server.tree.root.add_child(Polling(server.heard))
        rest(network, server, frames=4)
        assert server.heard[:2] == [("say", number, "a"), ("say", number, "b")]
        assert server.heard[2:] == ([("peer_disconnected", number)] if server.threaded else [])

    def test_putting_the_caller_out(self, network: Network, server: Game, number: int) -> None:
        class Strict(Player):
            @rpc("any_peer", "reliable")
            def say(self, text: str) -> None:
                self.heard.append(("say", self.multiplayer.get_remote_sender_id(), text))
                self.multiplayer.disconnect_peer(number)

        server.tree.root.remove_child(server.player)
        server.tree.root.add_child(Strict(server.heard))
        rest(network, server, frames=4)
        assert server.heard == [("say", number, "a")]
        assert list(server.api.get_peers()) == []

    def test_another_transport_in_a_call(self, network: Network, server: Game, number: int) -> None:
        other = network.machine().multiplayer_peer()
        assert other.create_server(PORT) is Error.OK

        class Moving(Player):
            @rpc("any_peer", "reliable")
            def say(self, text: str) -> None:
                self.heard.append(("say", text))
                self.multiplayer.multiplayer_peer = other

        server.tree.root.remove_child(server.player)
        server.tree.root.add_child(Moving(server.heard))
        rest(network, server, frames=4)
        assert server.heard == [("say", "a")]
        assert server.peer.get_available_packet_count() == 1
        assert list(server.api.get_peers()) == []

    def test_another_transport_in_a_handler_in_front(self, network: Network, threaded: bool) -> None:
        """Who is announced by the old transport does not become a peer of the new one."""
        game, other = Game(network, threaded=threaded), network.machine().multiplayer_peer()
        assert other.create_server(PORT) is Error.OK
        game.peer.peer_connected.connect(lambda _: game.api.set_multiplayer_peer(other))
        game.serve()
        client = Game(network).join(game)
        rest(network, game, client, frames=5)
        for _ in range(5):
            game.peer.poll()
            network.run(16)
        assert game.api.get_multiplayer_peer() is other
        assert list(game.api.get_peers()) == []


class TestGhosts:
    def test_disconnected_by_force_at_the_transport(self, network: Network, threaded: bool) -> None:
        server, one, two = Game(network, threaded=threaded).serve(), Game(network), Game(network)
        for client in (one, two):
            client.join(server)
        meet(network, server, one, two)
        server.peer.disconnect_peer(one.id, True)
        assert list(server.api.get_peers()) == [two.id]
        number = one.id
        rest(network, server, one, two)
        assert server.heard == []
        assert two.heard == [("peer_disconnected", number)]
        assert list(two.api.get_peers()) == [1]
        assert one.names() == ["peer_disconnected", "server_disconnected"]

    @pytest.mark.parametrize("where", ["in front", "behind", "multiplayer"])
    def test_disconnected_by_force_in_a_handler(self, network: Network, threaded: bool, where: str) -> None:
        server = Game(network, threaded=threaded)

        def put_out(number: int) -> None:
            server.peer.disconnect_peer(number, True)

        if where == "in front":
            server.peer.peer_connected.connect(put_out)
        server.serve()
        if where == "behind":
            server.peer.peer_connected.connect(put_out)
        elif where == "multiplayer":
            server.api.peer_connected.connect(put_out)
        client = Game(network).join(server)
        rest(network, server, client)
        assert list(server.api.get_peers()) == list(client.api.get_peers()) == []
        assert client.names() == ["connected_to_server", "peer_connected", "peer_disconnected", "server_disconnected"]

    def test_a_client_disconnects_by_force(self, network: Network, threaded: bool) -> None:
        server, client = Game(network).serve(), Game(network, threaded=threaded)
        client.join(server)
        meet(network, server, client)
        client.peer.disconnect_peer(1, True)
        assert list(client.api.get_peers()) == []
        client.frame()
        assert client.heard == [("server_disconnected",)]

    def test_a_client_cannot_drop_another_one(self, network: Network, threaded: bool) -> None:
        server, one, two = Game(network).serve(), Game(network, threaded=threaded), Game(network)
        for client in (one, two):
            client.join(server)
        meet(network, server, one, two)
        one.peer.disconnect_peer(two.id, True)
        assert set(one.api.get_peers()) == {1, two.id}

    def test_closed_and_begun_again_between_two_frames(self, network: Network, threaded: bool) -> None:
        server, client = Game(network, threaded=threaded).serve(), Game(network)
        client.join(server)
        meet(network, server, client)
        server.peer.close()
        assert server.peer.create_server(PORT) is Error.OK
        server.frame()
        assert list(server.api.get_peers()) == []
        assert server.heard == [("server_disconnected",)]
        rest(network, server, client)
        client.join(server)
        meet(network, server, client)
        assert list(server.api.get_peers()) == [client.id]

    def test_a_client_begins_again_between_two_frames(self, network: Network, threaded: bool) -> None:
        server, client, other = Game(network).serve(), Game(network, threaded=threaded), Game(network)
        for each in (client, other):
            each.join(server)
        meet(network, server, client, other)
        client.peer.close()
        client.join(server)
        client.frame()
        assert list(client.api.get_peers()) == []
        assert client.heard == [("server_disconnected",)]
        rest(network, server, client, other)
        assert set(client.api.get_peers()) == {1, other.id}

    def test_closing_with_peers(self, network: Network, threaded: bool) -> None:
        server, client = Game(network, threaded=threaded).serve(), Game(network)
        client.join(server)
        meet(network, server, client)
        server.peer.close()
        rest(network, server, client)
        assert server.heard == [("server_disconnected",)]
        assert list(server.api.get_peers()) == list(client.api.get_peers()) == []

    def test_the_host_is_destroyed(self, network: Network, threaded: bool) -> None:
        server, client = Game(network, threaded=threaded).serve(), Game(network)
        client.join(server)
        meet(network, server, client)
        number = client.id
        host = server.peer.host
        assert host is not None
        host.destroy()
        rest(network, server, frames=4)
        assert server.heard == [("peer_disconnected", number), ("server_disconnected",)]
        assert list(server.api.get_peers()) == []


class TestOwnTransports:
    """A MultiplayerPeer of the program's own, over one of ours."""

    class Wrapper(MultiplayerPeer):
        def __init__(self, inner: ENetMultiplayerPeer) -> None:
            super().__init__()
            self.inner = inner
            inner.peer_connected.connect(self.peer_connected.emit)
            inner.peer_disconnected.connect(self.peer_disconnected.emit)

        def poll(self) -> None:
            if self.inner.get_connection_status() is not DISCONNECTED:
                self.inner.poll()

        def close(self) -> None:
            self.inner.close()

        def disconnect_peer(self, peer: int, force: bool = False) -> None:
            self.inner.disconnect_peer(peer, force)

        def get_connection_status(self) -> MultiplayerPeer.ConnectionStatus:
            return self.inner.get_connection_status()

        def get_unique_id(self) -> int:
            return self.inner.get_unique_id()

        def set_target_peer(self, id: int) -> None:
            self.inner.set_target_peer(id)

        def is_server_relay_supported(self) -> bool:
            return self.inner.is_server_relay_supported()

        def get_packet_peer(self) -> int:
            return self.inner.get_packet_peer()

        def get_packet_channel(self) -> int:
            return self.inner.get_packet_channel()

        def get_packet_mode(self) -> MultiplayerPeer.TransferMode:
            return self.inner.get_packet_mode()

        def get_available_packet_count(self) -> int:
            return self.inner.get_available_packet_count()

        def _take_packet(self) -> tuple[Error, bytes]:
            return Error.OK, self.inner.get_packet()

        def _put_packet(self, packet: bytes) -> Error:
            return self.inner.put_packet(packet)

    @pytest.fixture
    def wrapped(self, network: Network, threaded: bool) -> tuple[Game, TestOwnTransports.Wrapper]:
        server = Game(network, threaded=threaded).serve()
        wrapper = TestOwnTransports.Wrapper(server.peer)
        server.api.multiplayer_peer = wrapper
        return server, wrapper

    def test_calls_come_before_the_end(self, network: Network, wrapped: tuple[Game, Wrapper]) -> None:
        server, _ = wrapped
        client = Game(network).join(server)
        meet(network, server, client)
        number = client.id
        assert client.player.say.rpc_id(1, "a") is Error.OK
        client.leave()
        rest(network, server, client)
        assert server.heard == [("say", number, "a"), ("peer_disconnected", number)]

    @pytest.mark.parametrize("named", [True, False])
    def test_disconnected_by_force(self, network: Network, wrapped: tuple[Game, Wrapper], named: bool) -> None:
        server, wrapper = wrapped
        client = Game(network).join(server)
        meet(network, server, client)
        if named:
            wrapper.disconnect_peer(peer=client.id, force=True)
        else:
            wrapper.disconnect_peer(client.id, True)
        assert list(server.api.get_peers()) == []
        assert server.heard == []
