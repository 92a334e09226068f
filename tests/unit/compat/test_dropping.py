"""An ENetMultiplayerPeer that nobody refers to any more: it closes, and its remotes are told at once."""

from __future__ import annotations

import gc
import random
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from godot_enet.compat import enet_connection
from godot_enet.compat.enet_connection import ENetConnection
from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.globals import Error
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import rpc
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from godot_enet.compat.scene.scene_tree import SceneTree
from godot_enet.core import DisconnectReason
from godot_enet.testing import Network
from tests.unit.compat.enet_party import ENetParty

CONNECTED = ENetMultiplayerPeer.CONNECTION_CONNECTED
DISCONNECTED = ENetMultiplayerPeer.CONNECTION_DISCONNECTED


@pytest.fixture(params=[True, False], ids=["threaded", "inline"])
def party(request: pytest.FixtureRequest, host_engine: str) -> Iterator[ENetParty]:
    party = ENetParty(request.param)
    yield party
    party.close()


@pytest.fixture
def no_collections() -> Iterator[None]:
    """Whatever goes has no reference left, not even from itself."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Told:
    """A server, and why each of its clients went."""

    def __init__(self, party: ENetParty) -> None:
        self.party = party
        self.server = party.server()
        self.reasons: list[DisconnectReason] = []
        self.server.peer_disconnected.connect(self._note)

    def _note(self, number: int) -> None:
        remote = self.server.get_peer(number)
        assert remote is not None
        self.reasons.append(remote.get_disconnect_reason())

    def client(self) -> ENetMultiplayerPeer:
        """One that is connected, and that the party does not hold."""
        client = self.party.join(self.server)
        del self.party.signals[client]
        return client

    def expect(self) -> None:
        """The client has just been dropped."""
        self.party.run(lambda: self.reasons)
        assert self.reasons == [DisconnectReason.REMOTE]


@pytest.fixture
def told(party: ENetParty) -> Told:
    return Told(party)


class Player(Node):
    @rpc("any_peer", "call_local")
    def say(self) -> None:
        """Nothing."""


@pytest.mark.refcounts
@pytest.mark.usefixtures("no_collections")
class TestAtOnce:
    def test_a_client(self, told: Told) -> None:
        client = told.client()
        seen = weakref.ref(client)
        del client
        assert seen() is None
        told.expect()

    def test_a_server_whose_host_somebody_holds(self, party: ENetParty) -> None:
        server = party.server()
        clients = [party.join(server) for _ in range(3)]
        host = server.host
        assert host is not None
        del party.signals[server], server
        assert host.engine_name == ""
        party.run(lambda: all(client.get_connection_status() is DISCONNECTED for client in clients))
        assert [party.signals[client][-1] for client in clients] == [("disconnected", 1)] * 3

    def test_a_member_of_a_mesh(self, party: ENetParty) -> None:
        one, two, three = party.mesh(5, 6, 7)
        hosts = list(two._hosts.values())
        del party.signals[two], two
        assert [host.engine_name for host in hosts] == ["", ""]
        party.run(lambda: all(("disconnected", 6) in party.signals[each] for each in (one, three)))
        assert ("disconnected", 5) not in party.signals[three]

    def test_one_that_is_replaced(self, told: Told) -> None:
        tree = SceneTree()
        tree.get_multiplayer().set_multiplayer_peer(told.client())
        tree.process(0)
        tree.get_multiplayer().set_multiplayer_peer(None)
        told.expect()

    def test_with_its_multiplayer(self, told: Told) -> None:
        tree, api, client = SceneTree(), SceneMultiplayer(), told.client()
        api.multiplayer_peer = client
        tree.set_multiplayer(api)
        api.poll()
        seen = weakref.ref(api)
        tree.set_multiplayer(SceneMultiplayer())
        del api, client
        assert seen() is None
        told.expect()

    def test_with_its_tree(self, told: Told) -> None:
        tree, player = SceneTree(), Player("Player")
        tree.root.add_child(player)
        player.add_child(Node("Child"))
        tree.get_multiplayer().set_multiplayer_peer(told.client())
        tree.get_multiplayer().peer_connected.connect(lambda _: None)
        assert player.say.rpc() is Error.OK
        tree.process(0)
        seen = weakref.ref(tree)
        del tree
        assert seen() is None
        assert not player.is_inside_tree()
        told.expect()

    def test_in_its_own_handler(self, told: Told) -> None:
        kept: list[ENetMultiplayerPeer] = [told.client()]
        kept[0].peer_disconnected.connect(lambda _: kept.clear())
        remote = kept[0].get_peer(1)
        assert remote is not None
        remote.peer_disconnect()
        told.party.run(lambda: kept[0].poll() if kept else True)
        told.party.run(lambda: told.reasons)


class TestInACollection:
    def cycle(self, told: Told) -> Any:
        client = told.client()
        vars(client)["itself"] = client
        return weakref.ref(client)

    def test_a_cycle(self, told: Told) -> None:
        seen = self.cycle(told)
        assert seen() is not None
        gc.collect()
        assert seen() is None
        told.expect()

    def test_a_cycle_with_its_host_and_peers(self, told: Told) -> None:
        client = told.client()
        vars(client)["others"] = [client, client.host, client.get_peer(1)]
        vars(client.host)["owner"] = client
        del client
        gc.collect()
        told.expect()

    def test_a_hook_that_refers_to_its_game(self, party: ENetParty) -> None:
        """The hook is called in a network thread, which must not keep the game alive."""

        class Game:
            def __init__(self) -> None:
                self.peer = ENetMultiplayerPeer(threaded=party.threaded)
                self.peer.set_bind_ip("127.0.0.1")
                assert self.peer.create_server(0) is Error.OK
                assert self.peer.host is not None
                assert self.peer.host.on_connect_request(self.accept) is Error.OK
                self.port = self.peer.host.get_local_port()

            def accept(self, ip: str, port: int, data: int) -> int:
                return ENetConnection.ConnectVerdict.ACCEPT

        game, client = Game(), party.peer()
        assert client.create_client("127.0.0.1", game.port) is Error.OK
        peer = game.peer
        party.signals[peer] = []
        party.run(lambda: client.get_connection_status() is CONNECTED)
        del party.signals[peer], peer, game
        gc.collect()
        party.run(lambda: client.get_connection_status() is DISCONNECTED)
        assert party.signals[client] == [("connected", 1), ("disconnected", 1)]

    @pytest.mark.parametrize("seed", [pytest.param(n, marks=[pytest.mark.long] if n else []) for n in range(5)])
    def test_finalizers_run_in_any_order(self, host_engine: str, seed: int) -> None:
        """A collection finalizes garbage in an order of its own, which depends on what earlier ones have seen."""
        draw = random.Random(seed)
        network = Network(seed)
        server, told = network.machine().multiplayer_peer(), list[int]()
        assert server.create_server(7000) is Error.OK
        server.peer_disconnected.connect(told.append)
        clients: list[ENetMultiplayerPeer] = []
        for _ in range(10):
            client = network.machine().multiplayer_peer(threaded=draw.random() < 0.5)
            before: dict[str, Any] = {}
            vars(client)["cycle"] = before
            gc.collect(draw.randrange(3))
            assert client.create_client("10.0.0.1", 7000) is Error.OK
            before.update({"client": client, "host": client.host, "core": client.host and client.host._host})
            vars(client.host)["owner"] = before
            clients.append(client)
            gc.collect(draw.randrange(3))

        def frame() -> bool:
            for peer in (server, *clients):
                peer.poll()
            return all(client.get_connection_status() is CONNECTED for client in clients)

        network.run_until(frame)
        numbers = {client.get_unique_id() for client in clients}
        network.run(10)
        server.poll()
        del client, before, frame
        clients.clear()
        gc.collect()
        network.run(10)
        server.poll()
        server.poll()
        assert set(told) == numbers

    def test_in_another_thread(self, told: Told) -> None:
        self.cycle(told)
        thread = threading.Thread(target=gc.collect)
        thread.start()
        thread.join()
        told.expect()

    @pytest.mark.parametrize("party", [True], ids=["threaded"], indirect=True)
    def test_in_the_network_thread_while_that_holds_the_lock(self, told: Told) -> None:
        client = told.client()
        for end in (told.server, client):
            assert end.host is not None
            end.host.compress(ENetConnection.COMPRESS_ZLIB)  # now the thread is Python's with either engine
        assert client.host is not None
        pump: Any = client.host._host._pump  # type: ignore[union-attr]
        step, collected = pump.step, threading.Event()

        def collecting(*arguments: Any, **options: Any) -> None:
            if options.get("urgent") and not collected.is_set():
                gc.collect()
                if seen() is None:
                    collected.set()
            step(*arguments, **options)

        pump.step = collecting
        vars(client)["itself"] = client
        seen = weakref.ref(client)
        with gc_off():
            del client, end, pump
            remote = next(iter(told.server._peers.values()))
            told.party.run(collected.is_set, each=remote.ping)
        told.expect()


class gc_off:
    """Collections are made by the test alone."""

    def __enter__(self) -> None:
        gc.disable()

    def __exit__(self, *_: object) -> None:
        gc.enable()


@pytest.mark.parametrize("close", [True, False])
def test_what_is_closed_already_is_not_touched(party: ENetParty, close: bool) -> None:
    server = party.server()
    client = party.join(server)
    del party.signals[client]
    if close:
        client.close()
    else:
        client.disconnect_peer(1, True)
    party.run(lambda: len(party.signals[server]) == 2)
    other = party.join(server)
    del client
    party.spend(0.02)
    assert other.get_connection_status() is CONNECTED


@pytest.mark.refcounts
def test_a_plain_connection_goes_without_a_word(party: ENetParty) -> None:
    """As in Godot: only ENetMultiplayerPeer's destructor tells the remotes."""
    one, two = party.hosts()
    party._connections.remove(two)
    (remote,) = one.get_peers()
    remote.set_timeout(2, 20, 50)
    del two
    events: list[int] = []

    def gone() -> bool:
        remote.ping()
        events.append(one.service(1).type)
        return ENetConnection.EVENT_DISCONNECT in events

    party.run(gone)
    assert remote.get_disconnect_reason() == DisconnectReason.TIMEOUT
    assert remote.get_state() == ENetPacketPeer.STATE_DISCONNECTED


@pytest.mark.refcounts
@pytest.mark.usefixtures("host_engine", "no_collections")
@pytest.mark.parametrize("threaded", [True, False], ids=["threaded", "inline"])
def test_after_the_modules_have_been_emptied(monkeypatch: pytest.MonkeyPatch, threaded: bool) -> None:
    """As in a program of Nuitka, where the last objects go after their modules."""
    connection = ENetConnection(threaded=threaded)
    assert connection.create_host_bound("127.0.0.1", 0) is Error.OK
    host = connection._host
    assert host is not None
    with monkeypatch.context() as end:
        end.setattr(enet_connection, "_open_hosts", None)
        end.setattr(enet_connection, "os", None)
        del connection
    host.close()
