"""A network for anybody's tests: virtual time, links that a seed decides, and connections that cannot tell."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from godot_enet import (
    ENetConnection,
    ENetMultiplayerPeer,
    ENetPacketPeer,
    Error,
    MultiplayerPeer,
    Node,
    SceneMultiplayer,
    SceneTree,
    available_engines,
    rpc,
)
from godot_enet.core.interface import Address
from godot_enet.core.native import NativeUnavailable
from godot_enet.testing import LinkConfig, Network

PORT = 7000
CONNECT, DISCONNECT, RECEIVE = (
    ENetConnection.EVENT_CONNECT,
    ENetConnection.EVENT_DISCONNECT,
    ENetConnection.EVENT_RECEIVE,
)
NONE = ENetConnection.EVENT_NONE


class Recorded(Network):
    """Remembers every datagram: when, from where, where to, what."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.datagrams: list[tuple[int, Address, Address, bytes]] = []

    def _post(self, source: Address, destination: Address, data: bytes) -> None:
        self.datagrams.append((self.now, source, destination, data))
        super()._post(source, destination, data)


class Joined:
    """A server and a client on two machines, connected."""

    def __init__(self, network: Network, *, threaded: bool = True) -> None:
        self.network = network
        self.there, self.here = network.machine("10.0.0.1"), network.machine("10.0.0.2")
        self.server, self.client = self.there.connection(threaded=threaded), self.here.connection(threaded=threaded)
        assert self.server.create_host_bound("*", PORT) is Error.OK
        assert self.client.create_host(1) is Error.OK
        peer = self.client.connect_to_host(self.there.ip, PORT, 2)
        assert peer is not None
        self.to_server = peer
        network.run_until(lambda: self.turn() and peer.get_state() == ENetPacketPeer.STATE_CONNECTED)
        network.run_until(lambda: self.turn() and bool(self.server.get_peers()))
        (self.to_client,) = self.server.get_peers()

    def turn(self) -> bool:
        """A frame of both programs; their events are dropped."""
        for connection in (self.server, self.client):
            while connection.engine_name and connection.service().type not in (NONE, -1):
                pass
        return True


@pytest.fixture
def network(host_engine: str) -> Network:
    """A perfect network."""
    return Network(1)


@pytest.fixture(params=[True, False], ids=["threaded", "inline"])
def threaded(request: pytest.FixtureRequest) -> bool:
    """How connections are made."""
    return bool(request.param)


def conversation(network: Network, *, threaded: bool) -> list[tuple[int, bytes]]:
    """Packets over a network, and when each arrived."""
    joined = Joined(network, threaded=threaded)
    arrived = []
    for number in range(100):
        joined.to_server.send(number % 2, number.to_bytes(2, "big") * (1 + number * 7 % 90), number % 3 % 2)
        joined.client.service()
        network.run(16)
        while (event := joined.server.service()).type == RECEIVE:
            assert event.peer is not None
            arrived.append((network.now, event.peer.get_packet()))
    return arrived


BAD = LinkConfig(loss=0.1, burst=0.02, burst_length=4, delay=20, jitter=30, reorder=0.3, duplicate=0.1, rate=100_000)


class TestDeterminism:
    @pytest.mark.native
    def test_equal_seeds_give_equal_runs_on_every_engine(self, threaded: bool) -> None:
        runs = []
        for engine in ("python", "native", "native"):
            network = Recorded(7, BAD, engine)
            arrived = conversation(network, threaded=threaded)
            assert len(arrived) > 50
            runs.append((arrived, network.datagrams, network.now))
        assert runs[0] == runs[1] == runs[2]

    def test_other_seeds_give_other_runs(self) -> None:
        one, other = Recorded(7, BAD), Recorded(8, BAD)
        assert conversation(one, threaded=True) != conversation(other, threaded=True)
        assert one.datagrams[0][3] != other.datagrams[0][3], "the hosts are seeded, too"

    def test_two_hosts_of_a_network_are_not_alike(self, host_engine: str) -> None:
        recorded = Recorded(1)
        for _ in range(2):
            client = recorded.machine().connection()
            client.create_host(1)
            client.connect_to_host("10.9.9.9", PORT)
            client.flush()
        first, second = (data for *_, data in recorded.datagrams)
        assert first != second

    def test_the_engine_can_be_chosen(self, host_engine: str) -> None:
        for engine in available_engines():
            connection = Network(engine=engine).machine().connection()
            connection.create_host(1)
            assert connection.engine_name == engine
        chosen = Network().machine().connection()
        chosen.create_host(1)
        assert chosen.engine_name == host_engine

    def test_an_unknown_engine_is_refused_at_once(self) -> None:
        with pytest.raises((ValueError, NativeUnavailable)):
            Network(engine="rust")


class TestTime:
    def test_it_passes_only_in_run_and_in_a_service_that_waits(self, network: Network, threaded: bool) -> None:
        joined = Joined(network, threaded=threaded)
        before = network.now
        for _ in range(50):
            joined.turn()
            joined.client.flush()
            joined.to_server.send(0, b"x", 1)
        assert network.now == before
        network.run(250)
        assert network.now == before + 250
        joined.turn()
        network.run(0)
        assert network.now == before + 250

    def test_it_cannot_go_back(self, network: Network) -> None:
        with pytest.raises(ValueError, match="cannot go back"):
            network.run(-1)

    def test_it_may_pass_meanwhile(self, host_engine: str, threaded: bool) -> None:
        """By a signal handler, for example, in the middle of anything."""

        class Interrupted(Network):
            depth = 0

            def _post(self, source: Address, destination: Address, data: bytes) -> None:
                self.depth += 1
                if self.depth == 1:
                    self.run(20)
                self.depth -= 1
                super()._post(source, destination, data)

        network = Interrupted(seed=5)
        joined = Joined(network, threaded=threaded)
        for _ in range(20):
            joined.to_server.send(0, b"x", 1)
            network.run(3)
            joined.turn()
        assert joined.to_server.get_state() == ENetPacketPeer.STATE_CONNECTED

    def test_a_service_waits_its_whole_time_for_nothing(self, network: Network, threaded: bool) -> None:
        connection = network.machine().connection(threaded=threaded)
        connection.create_host_bound("*", PORT)
        before = network.now
        assert connection.service(1234).type == NONE
        assert network.now == before + 1234

    def test_a_service_ends_with_the_moment_of_the_event(self, host_engine: str, threaded: bool) -> None:
        network = Network(1, LinkConfig(delay=50))
        joined = Joined(network, threaded=threaded)
        joined.to_client.send(0, b"hello", 1)
        joined.server.flush()
        sent = network.now
        assert joined.client.service(10_000).type == RECEIVE
        assert network.now == sent + 50

    def test_a_waiting_service_answers_at_the_moment_of_arrival(self, host_engine: str) -> None:
        network = Network(1, LinkConfig(delay=50))
        joined = Joined(network, threaded=True)
        joined.client.service(5000)
        # Pings were answered meanwhile, each at once: the round trip is that of the link.
        assert joined.to_server.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME) <= 110
        assert joined.to_client.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME) <= 110

    def test_a_threaded_one_is_looked_after_meanwhile(self, network: Network) -> None:
        joined = Joined(network, threaded=True)
        network.run(120_000)
        assert joined.server.service().type == joined.client.service().type == NONE
        assert joined.to_server.get_state() == joined.to_client.get_state() == ENetPacketPeer.STATE_CONNECTED

    def test_an_inline_one_is_not(self, network: Network) -> None:
        joined = Joined(network, threaded=False)
        joined.to_server.send(0, b"unheard", 1)
        network.run(120_000)
        assert joined.to_client.get_available_packet_count() == 0
        assert joined.client.service().type == DISCONNECT

    def test_run_until_gives_up_and_names_the_seed(self) -> None:
        network = Network(4321)
        with pytest.raises(TimeoutError, match="seed 4321"):
            network.run_until(lambda: False, limit=100)
        assert network.now == 1100

    def test_run_until_stops_at_once(self) -> None:
        network = Network()
        network.run_until(lambda: True)
        assert network.now == 1000
        network.run_until(lambda: network.now >= 1500)
        assert network.now == 1500

    def test_a_remote_that_died_is_given_up(self, network: Network, threaded: bool) -> None:
        joined = Joined(network, threaded=threaded)
        joined.to_server.set_timeout(1, 1000, 2000)
        joined.server.destroy()
        joined.to_server.send(0, b"x", 1)
        before = network.now
        event = joined.client.service(60_000)
        assert (event.type, event.peer, event.data) == (DISCONNECT, joined.to_server, 0)
        assert 1000 <= network.now - before <= 2500

    def test_nobody_there_is_given_up(self, network: Network, threaded: bool) -> None:
        client = network.machine().connection(threaded=threaded)
        client.create_host(1)
        assert client.connect_to_host("10.0.0.200", PORT) is not None
        before = network.now
        assert client.service(120_000).type == DISCONNECT
        assert 5000 <= network.now - before <= 60_000


class TestMachines:
    def test_they_have_the_next_free_address(self) -> None:
        network = Network()
        assert network.machine("10.0.0.2").ip == "10.0.0.2"
        assert [network.machine().ip for _ in range(3)] == ["10.0.0.1", "10.0.0.3", "10.0.0.4"]
        made = {network.machine().ip for _ in range(600)}
        assert len(made) == 600
        assert "10.0.1.1" in made

    def test_one_address_is_one_machine(self) -> None:
        network = Network()
        network.machine("192.168.0.1")
        for same in ("192.168.0.1", "192.168.0.001"):
            with pytest.raises(ValueError, match="taken"):
                network.machine(same)

    @pytest.mark.parametrize("ip", ["", "somewhere", "10.0.0", "*"])
    def test_an_address_is_an_ip(self, ip: str) -> None:
        network = Network()
        with pytest.raises(ValueError, match="not an IP address"):
            network.machine(ip)

    def test_ipv6(self, network: Network) -> None:
        there, here = network.machine("fd00:0:0::1"), network.machine("fd00::2")
        server, client = there.connection(), here.connection()
        assert server.create_host_bound("::", PORT) is Error.OK
        client.create_host(1)
        client.connect_to_host("fd00::1", PORT)
        assert client.service(1000).type == CONNECT
        event = server.service(1000)
        assert event.peer is not None
        assert event.peer.get_remote_address() == "fd00:0:0:0:0:0:0:2"

    @pytest.mark.parametrize("bind", ["*", "0.0.0.0", "10.0.0.1"])
    def test_binding_to_what_is_its_own(self, network: Network, bind: str) -> None:
        server = network.machine("10.0.0.1").connection()
        assert server.create_host_bound(bind, PORT) is Error.OK
        assert server.get_local_port() == PORT

    def test_binding_to_another_address_fails(self, network: Network, caplog: pytest.LogCaptureFixture) -> None:
        server = network.machine("10.0.0.1").connection()
        assert server.create_host_bound("10.0.0.2", PORT) is Error.ERR_CANT_CREATE
        assert "10.0.0.1" in caplog.text

    def test_a_port_is_used_once(self, network: Network) -> None:
        machine, other = network.machine(), network.machine()
        first, second, elsewhere = machine.connection(), machine.connection(), other.connection()
        assert first.create_host_bound("*", PORT) is Error.OK
        assert second.create_host_bound("*", PORT) is Error.ERR_CANT_CREATE
        assert elsewhere.create_host_bound("*", PORT) is Error.OK
        first.destroy()
        assert second.create_host_bound("*", PORT) is Error.OK

    def test_free_ports_are_given_out_and_come_back(self, network: Network) -> None:
        machine = network.machine()
        connections = [machine.connection() for _ in range(3)]
        for connection in connections:
            assert connection.create_host_bound("*", 0) is Error.OK
        ports = [connection.get_local_port() for connection in connections]
        assert len(set(ports)) == 3
        assert min(ports) > 1023
        connections[1].destroy()
        again = machine.connection()
        again.create_host_bound("*", 0)
        assert again.get_local_port() == ports[1]

    def test_a_port_that_nobody_chose_is_known_when_something_was_sent(self, network: Network) -> None:
        client = network.machine().connection()
        client.create_host(1)
        assert client.get_local_port() == 0
        client.connect_to_host("10.0.0.200", PORT)
        client.flush()
        assert client.get_local_port() != 0

    def test_a_new_program_at_the_address_of_one_that_went(self, network: Network, threaded: bool) -> None:
        joined = Joined(network, threaded=threaded)
        joined.client.destroy()
        client = joined.here.connection(threaded=threaded)
        client.create_host(1)
        peer = client.connect_to_host(joined.there.ip, PORT)
        assert peer is not None
        network.run_until(lambda: bool(joined.turn() and client.service().type == CONNECT))
        peer.send(0, b"again", 1)
        client.flush()
        network.run(10)
        while (event := joined.server.service()).type != RECEIVE:
            assert event.type != NONE
        assert event.peer is not None
        assert event.peer.get_packet() == b"again"

    @pytest.mark.refcounts
    def test_one_that_nobody_keeps_gives_its_port_back(self, network: Network) -> None:
        machine = network.machine()
        connection = machine.connection()
        connection.create_host_bound("*", PORT)
        del connection
        assert machine.connection().create_host_bound("*", PORT) is Error.OK


class TestLinks:
    def test_one_direction_of_a_link(self, network: Network) -> None:
        joined = Joined(network)
        network.set_link("10.0.0.2", "10.0.0.1", LinkConfig(delay=300))
        joined.to_client.send(0, b"quick", 1)
        joined.server.flush()
        sent = network.now
        assert joined.client.service(1000).type == RECEIVE
        assert network.now == sent
        joined.to_server.send(0, b"slow", 1)
        joined.client.flush()
        assert joined.server.service(1000).type == RECEIVE
        assert network.now == sent + 300

    def test_a_link_set_beforehand(self, network: Network) -> None:
        network.set_link("10.0.0.2", "10.0.0.1", LinkConfig(delay=100))
        network.set_link("10.0.0.1", "10.0.0.2", LinkConfig(delay=20))
        joined = Joined(network)
        network.run(5000)
        assert 120 <= joined.to_server.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME) <= 140

    def test_a_longest_datagram(self, network: Network) -> None:
        network.set_link("10.0.0.2", "10.0.0.1", LinkConfig(mtu=1000))
        joined = Joined(network)
        joined.to_server.send(0, bytes(1200), 0)
        joined.to_server.send(0, bytes(800), 0)
        joined.client.service()
        network.run(100)
        assert joined.server.service().type == RECEIVE
        assert len(joined.to_client.get_packet()) == 800
        assert joined.server.service().type == NONE

    def test_a_rate(self, network: Network) -> None:
        network.set_link("10.0.0.2", "10.0.0.1", LinkConfig(rate=10_000))
        joined = Joined(network)
        sent = network.now
        for _ in range(10):
            joined.to_server.send(0, bytes(1000), 2)
            joined.client.flush()
        network.run_until(lambda: joined.turn() and joined.to_client.get_available_packet_count() == 10)
        assert 1000 <= network.now - sent <= 1100

    @pytest.mark.parametrize("link", [LinkConfig(loss=0.5), LinkConfig(burst=0.1, burst_length=9)], ids=str)
    def test_loss(self, network: Network, link: LinkConfig) -> None:
        joined = Joined(network)
        network.set_link("10.0.0.2", "10.0.0.1", link)
        for _ in range(400):
            joined.to_server.send(0, b"x", 2)
            joined.client.flush()
        network.run(1)
        joined.turn()
        assert 120 < joined.to_client.get_available_packet_count() < 280

    def test_a_partition_lasts_until_it_heals(self, network: Network) -> None:
        joined = Joined(network)
        network.partition([joined.there.ip], [joined.here.ip, "10.0.0.77"])
        for sender in (joined.to_server, joined.to_client):
            sender.send(0, b"later", 1)
        joined.turn()
        network.run(2000)
        joined.turn()
        assert [peer.get_available_packet_count() for peer in (joined.to_client, joined.to_server)] == [0, 0]
        network.heal()
        network.run(4000)
        joined.turn()
        assert [peer.get_available_packet_count() for peer in (joined.to_client, joined.to_server)] == [1, 1]

    def test_a_partition_leaves_others_and_each_side_alone(self, network: Network) -> None:
        joined = Joined(network)
        network.partition("10.0.0.1", ["10.0.0.9"])
        local = joined.there.connection()
        local.create_host(1)
        local.connect_to_host("10.0.0.1", PORT)
        joined.to_server.send(0, b"x", 1)
        joined.client.flush()
        assert local.service(100).type == CONNECT
        network.run(100)
        kinds = set()
        while (event := joined.server.service()).type != NONE:
            kinds.add(event.type)
        assert kinds == {CONNECT, RECEIVE}

    def test_a_long_partition_ends_connections(self, network: Network) -> None:
        joined = Joined(network)
        network.partition([joined.there.ip], [joined.here.ip])
        network.run(90_000)
        assert joined.client.service().type == joined.server.service().type == DISCONNECT


class Player(Node):
    """Remembers who said what."""

    def __init__(self) -> None:
        super().__init__("Player")
        self.heard: list[tuple[int, str]] = []

    @rpc("any_peer", "reliable")
    def say(self, text: str) -> None:
        self.heard.append((self.multiplayer.get_remote_sender_id(), text))


class Game:
    """One program: a tree with a player, and a connection."""

    def __init__(self, peer: ENetMultiplayerPeer) -> None:
        self.tree = SceneTree()
        self.player = Player()
        self.tree.root.add_child(self.player)
        api = self.tree.get_multiplayer()
        assert isinstance(api, SceneMultiplayer)
        self.api = api
        self.peer = peer
        api.multiplayer_peer = peer


def begin_games(network: Network, clients: int) -> list[Game]:
    """A server and clients, each on a machine of its own, that all know each other."""
    server = network.machine()
    games = []
    for number in range(clients + 1):
        peer = (network.machine() if number else server).multiplayer_peer()
        error = peer.create_client(server.ip, PORT) if number else peer.create_server(PORT, clients)
        assert error is Error.OK
        games.append(Game(peer))
    network.run_until(lambda: poll(games) and all(len(game.api.get_peers()) == clients for game in games))
    return games


def poll(games: list[Game]) -> bool:
    """A frame of each."""
    for game in games:
        game.api.poll()
    return True


class TestGames:
    def test_a_game_of_many(self, host_engine: str) -> None:
        network = Network(5, LinkConfig(delay=30, jitter=20, loss=0.05))
        games = begin_games(network, 12)
        games[3].player.say.rpc("hello")
        network.run_until(lambda: poll(games) and sum(len(game.player.heard) for game in games) == 12)
        said = [(games[3].api.get_unique_id(), "hello")]
        assert [game.player.heard for game in games] == [[] if at == 3 else said for at in range(13)]
        for game in games:
            game.peer.close()

    def test_a_server_that_went(self, network: Network) -> None:
        games = begin_games(network, 1)
        gone: list[int] = []
        games[1].api.server_disconnected.connect(lambda: gone.append(network.now))
        games[0].peer.close()
        network.run_until(lambda: poll(games[1:]) and bool(gone))
        assert games[1].peer.get_connection_status() == MultiplayerPeer.CONNECTION_DISCONNECTED


class TestNothingReal:
    @pytest.fixture
    def no_sockets(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """What was made that should not be."""
        made: list[str] = []
        make, start = socket.socket.__init__, threading.Thread.start

        def counted(self: socket.socket, *arguments: Any, **options: Any) -> None:
            made.append("socket")
            make(self, *arguments, **options)

        def started(self: threading.Thread) -> None:
            made.append("thread")
            start(self)

        monkeypatch.setattr(socket.socket, "__init__", counted)
        monkeypatch.setattr(threading.Thread, "start", started)
        return made

    def test_no_socket_and_no_thread(self, network: Network, no_sockets: list[str]) -> None:
        threads, listing = threading.active_count(), Path("/proc/self/fd")
        held = sorted(os.listdir(listing)) if listing.exists() else []
        network.partition([], [])
        joined = Joined(network)
        conversation_peer = network.machine().multiplayer_peer()
        assert conversation_peer.create_client(joined.there.ip, PORT) is Error.OK
        joined.client.service(3000)
        network.run(1000)
        assert no_sockets == []
        assert threading.active_count() == threads
        assert (sorted(os.listdir(listing)) if listing.exists() else []) == held

    def test_other_stages_and_codecs_work_here_too(self, network: Network) -> None:
        joined = Joined(network)
        seen = []

        def accept(ip: str, _port: int, data: int) -> int:
            seen.append((ip, data))
            return ENetConnection.ConnectVerdict.ACCEPT

        assert joined.server.on_connect_request(accept) is Error.OK
        for connection in (joined.server, joined.client):
            connection.compress(ENetConnection.COMPRESS_RANGE_CODER)
        newcomer = network.machine().connection()
        newcomer.create_host(1)
        newcomer.compress(ENetConnection.COMPRESS_RANGE_CODER)
        newcomer.connect_to_host(joined.there.ip, PORT, 1, 99)
        assert newcomer.service(1000).type == CONNECT
        assert set(seen) == {("10.0.0.3", 99)}
