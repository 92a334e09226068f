"""The order of one peer's signals and packets, whatever falls into one poll: on a virtual network, in every mode."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from godot_enet.compat.enet_connection import ENetConnection
from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.signal import Signal
from godot_enet.testing import LinkConfig, Network

Logged = Callable[[], list[str]]
Heard = list[tuple[object, ...]]

PORT = 7000
CONNECTED = MultiplayerPeer.CONNECTION_CONNECTED
DISCONNECTED = MultiplayerPeer.CONNECTION_DISCONNECTED
RELIABLE = MultiplayerPeer.TRANSFER_MODE_RELIABLE


@pytest.fixture(params=[True, False], ids=["threaded", "inline"])
def threaded(request: pytest.FixtureRequest) -> bool:
    """Whether the end under test has a network thread."""
    return bool(request.param)


@pytest.fixture
def network(host_engine: str) -> Network:
    return Network(1)


class End:
    """A multiplayer peer and what its program heard, in order: signals, and packets where it read them."""

    def __init__(self, network: Network, *, threaded: bool = True) -> None:
        self.network = network
        self.machine = network.machine()
        self.peer = self.machine.multiplayer_peer(threaded=threaded)
        self.heard: Heard = []
        self.peer.peer_connected.connect(lambda id: self.heard.append(("connected", id)))
        self.peer.peer_disconnected.connect(lambda id: self.heard.append(("disconnected", id)))

    def serve(self, max_clients: int = 32) -> End:
        assert self.peer.create_server(PORT, max_clients) is Error.OK
        return self

    def join(self, server: End) -> End:
        assert self.peer.create_client(server.machine.ip, PORT) is Error.OK
        return self

    @property
    def id(self) -> int:
        return self.peer.get_unique_id()

    def read(self, most: int = 1 << 30) -> None:
        while most and self.peer.get_available_packet_count():
            most -= 1
            number, channel, mode = (
                self.peer.get_packet_peer(),
                self.peer.get_packet_channel(),
                self.peer.get_packet_mode(),
            )
            self.heard.append(("packet", number, self.peer.get_packet(), channel, mode))

    def frame(self, most: int = 1 << 30) -> bool:
        if self.peer.get_connection_status() is not DISCONNECTED:
            self.peer.poll()
        self.read(most)
        return True

    def of(self, number: int) -> list[object]:
        """What was heard of one peer; of packets the data."""
        return [entry[2] if entry[0] == "packet" else entry[0] for entry in self.heard if entry[1] == number]

    def send(self, *packets: bytes, to: int = 0, channel: int = 0) -> None:
        self.peer.set_target_peer(to)
        self.peer.transfer_channel = channel
        for packet in packets:
            assert self.peer.put_packet(packet) is Error.OK

    def leave(self, number: int = 1) -> None:
        """Disconnect from a peer once everything that was sent has arrived."""
        remote = self.peer.get_peer(number)
        assert remote is not None
        remote.peer_disconnect_later()


def meet(network: Network, server: End, *clients: End) -> None:
    network.run_until(
        lambda: (
            all(end.frame() for end in (server, *clients))
            and all(end.peer.get_connection_status() is CONNECTED for end in clients)
            and all(("connected", end.id) in server.heard for end in clients)
        )
    )
    for end in (server, *clients):
        end.heard.clear()


def test_packets_come_before_the_end_of_a_client(network: Network, threaded: bool) -> None:
    server, client = End(network, threaded=threaded).serve(), End(network)
    client.join(server)
    meet(network, server, client)
    number = client.id
    client.send(b"a", b"b", channel=2)
    network.run(10)
    if not threaded:
        server.peer.poll()  # or they are not acknowledged
    client.leave()
    network.run(50)
    server.frame()
    network.run_until(lambda: server.frame() and ("disconnected", number) in server.heard)
    assert server.heard == [
        ("packet", number, b"a", 2, RELIABLE),
        ("packet", number, b"b", 2, RELIABLE),
        ("disconnected", number),
    ]


@pytest.mark.parametrize("transfer_channel", [0, 2])
@pytest.mark.parametrize("mode", [RELIABLE, MultiplayerPeer.TRANSFER_MODE_UNRELIABLE])
def test_an_answer_to_a_peer_that_has_left_meanwhile_vanishes(
    network: Network, transfer_channel: int, mode: MultiplayerPeer.TransferMode, logged: Logged
) -> None:
    """A network thread hears of its end before the program can: peer_disconnected comes after the packet."""
    server, client, other = End(network).serve(), End(network), End(network)
    for end in (client, other):
        end.join(server)
    meet(network, server, client, other)
    number = client.id
    client.send(b"question")
    network.run(10)
    server.peer.poll()
    client.leave()
    network.run(50)
    server.read()
    server.peer.transfer_mode = mode
    for target in (number, 0, -other.id):
        server.send(b"answer", to=target, channel=transfer_channel)
    assert logged() == []
    network.run_until(lambda: server.frame() and ("disconnected", number) in server.heard)
    network.run_until(lambda: other.frame() and bool(other.heard))
    assert other.of(1) == [b"answer"]
    server.peer.set_target_peer(number)
    assert server.peer.put_packet(b"late") is Error.ERR_INVALID_PARAMETER
    assert logged() == [f"Invalid target peer: {number}"]


def test_a_whole_session_falls_into_one_poll(network: Network) -> None:
    server = End(network).serve()
    client = End(network).join(server)
    network.run_until(lambda: client.frame() and client.peer.get_connection_status() is CONNECTED)
    number = client.id
    client.send(b"a", b"b")
    client.leave()
    network.run_until(lambda: client.frame() and client.peer.get_connection_status() is DISCONNECTED)
    server.peer.poll()
    assert server.heard == [("connected", number)]
    assert server.peer.get_available_packet_count() == 2
    server.read()
    server.peer.poll()
    assert server.of(number) == ["connected", b"a", b"b", "disconnected"]


def test_packets_come_before_the_end_of_a_server(network: Network, threaded: bool) -> None:
    server, client = End(network).serve(), End(network, threaded=threaded)
    client.join(server)
    meet(network, server, client)
    server.send(b"a", b"b", to=client.id)
    server.leave(client.id)
    network.run(50)
    client.peer.poll()
    assert client.heard == []
    assert client.peer.get_connection_status() is CONNECTED
    network.run_until(lambda: client.frame() and client.peer.get_connection_status() is DISCONNECTED)
    assert client.heard == [("packet", 1, b"a", 0, RELIABLE), ("packet", 1, b"b", 0, RELIABLE), ("disconnected", 1)]


def test_a_client_that_is_put_out_was_connected(network: Network, threaded: bool) -> None:
    server, client = End(network).serve(), End(network, threaded=threaded)

    def put_out(number: int) -> None:
        server.send(b"full", to=number)
        network.run(20)
        server.peer.disconnect_peer(number)

    server.peer.peer_connected.connect(put_out)
    client.join(server)
    statuses = []
    if threaded:
        client.frame()
        network.run_until(lambda: server.frame() and bool(server.heard))
        network.run(50)  # connect, packet and disconnect wait for the client's next poll
    deadline = network.now + 1000
    while network.now < deadline and DISCONNECTED not in statuses:
        server.frame()
        client.frame()
        statuses.append(client.peer.get_connection_status())
        network.run(10)
    assert CONNECTED in statuses
    assert statuses == sorted(statuses, key=[MultiplayerPeer.CONNECTION_CONNECTING, CONNECTED, DISCONNECTED].index)
    assert client.of(1)[0] == "connected"
    assert client.of(1)[-1] == "disconnected"
    if threaded:
        assert client.of(1) == ["connected", b"full", "disconnected"]


def test_a_program_that_never_reads_hears_its_signals(network: Network, threaded: bool) -> None:
    server, client = End(network, threaded=threaded).serve(), End(network)
    client.join(server)
    meet(network, server, client)
    number = client.id
    client.send(b"a")
    client.leave()
    for _ in range(10):
        network.run(10)
        server.peer.poll()
    assert server.heard == [("disconnected", number)]
    server.read()
    assert server.of(number) == ["disconnected", b"a"]


def test_what_a_client_did_not_read_can_be_read_after_the_end(network: Network, threaded: bool) -> None:
    server, client = End(network).serve(), End(network, threaded=threaded)
    client.join(server)
    meet(network, server, client)
    server.send(b"a", to=client.id)
    server.leave(client.id)
    deadline = network.now + 1000
    while client.peer.get_connection_status() is not DISCONNECTED:
        assert network.now < deadline
        network.run(10)
        client.peer.poll()
    client.read()
    assert client.of(1) == ["disconnected", b"a"]
    assert client.peer.create_client("10.0.0.1", PORT) is Error.OK
    client.peer.close()
    assert client.peer.get_available_packet_count() == 0


def test_one_peers_packets_hold_nobody_else_up(network: Network) -> None:
    server, first = End(network).serve(), End(network)
    first.join(server)
    meet(network, server, first)
    one = first.id
    others = [End(network).join(server) for _ in range(20)]
    first.send(b"a")
    network.run_until(lambda: all(end.frame() for end in others) and all(end.heard for end in others))
    first.leave()
    numbers = [end.id for end in others]
    for end in others[:10]:
        end.peer.close()
    network.run(50)
    server.peer.poll()
    assert server.heard == [("connected", number) for number in numbers]
    server.peer.poll()
    assert server.heard[20:] == [("disconnected", number) for number in numbers[:10]]
    server.frame()
    server.frame()
    assert server.of(one) == [b"a", "disconnected"]


def test_an_id_that_comes_again_waits_for_its_end(network: Network, logged: Logged) -> None:
    server, client = End(network).serve(), End(network)
    client.join(server)
    meet(network, server, client)
    number = client.id
    client.send(b"old")
    network.run(10)
    server.peer.poll()
    client.leave()
    network.run_until(lambda: client.frame() and client.peer.get_connection_status() is DISCONNECTED)
    for say in (b"new", b"refused"):
        raw = network.machine().connection()
        assert raw.create_host(1) is Error.OK
        remote = raw.connect_to_host(server.machine.ip, PORT, 0, number)
        assert remote is not None
        network.run_until(lambda raw=raw: raw.service().type == ENetConnection.EVENT_CONNECT)  # type: ignore[misc]
        assert remote.send(0, say, ENetPacketPeer.FLAG_RELIABLE) is Error.OK
        raw.flush()
        network.run(10)
        if say == b"new":
            remote.peer_disconnect_later()
            raw.flush()
            network.run(50)
    for _ in range(8):
        server.frame()
        network.run(1)
    assert server.of(number) == [b"old", "disconnected", "connected", b"new", "disconnected"]
    assert logged() == []


@pytest.mark.parametrize("how", ["reset", "now", "destroy"])
def test_packets_come_before_an_end_that_the_program_made(network: Network, threaded: bool, how: str) -> None:
    server, client = End(network, threaded=threaded).serve(), End(network)
    client.join(server)
    meet(network, server, client)
    number = client.id
    client.send(b"a", b"b")
    network.run(10)
    server.peer.poll()
    remote = server.peer.get_peer(number)
    host = server.peer.host
    assert remote is not None
    assert host is not None
    if how == "reset":
        remote.reset()
    elif how == "now":
        remote.peer_disconnect_now()
    else:
        host.destroy()
    for _ in range(2):
        server.peer.poll()
        server.read(1)
    assert server.of(number) == [b"a", b"b"]
    server.frame()
    assert server.of(number) == [b"a", b"b", "disconnected"]
    server.frame()
    assert server.peer.get_connection_status() is (DISCONNECTED if how == "destroy" else CONNECTED)


def test_nothing_is_said_to_or_of_a_peer_that_is_about_to_be_gone(network: Network, logged: Logged) -> None:
    server, client, other = End(network).serve(), End(network), End(network)
    for end in (client, other):
        end.join(server)
    meet(network, server, client, other)
    number = client.id
    client.send(b"a")
    client.leave()
    network.run(50)
    server.peer.poll()
    for target in (0, number, -other.id):
        server.send(b"answer", to=target)
    server.peer.disconnect_peer(number)
    server.frame()
    server.frame()
    network.run(10)
    other.frame()
    assert server.of(number) == [b"a", "disconnected"]
    assert other.of(1) == [b"answer"]
    assert logged() == []


def test_a_forced_disconnect_of_a_peer_that_is_about_to_be_gone(network: Network) -> None:
    server, client = End(network).serve(), End(network)
    client.join(server)
    meet(network, server, client)
    number = client.id
    client.send(b"a")
    client.leave()
    network.run(50)
    server.peer.poll()
    server.peer.disconnect_peer(number, True)
    assert server.peer.get_packet_peer() == number
    for _ in range(4):
        server.frame()
    assert server.of(number) == [b"a"]


class TestHandlers:
    @pytest.fixture
    def server(self, network: Network) -> End:
        return End(network).serve()

    @pytest.fixture
    def number(self, network: Network, server: End) -> int:
        """A client whose packet and end fall into the server's next poll."""
        client = End(network).join(server)
        meet(network, server, client)
        number = client.id
        client.send(b"a", b"b")
        client.leave()
        network.run(50)
        return number

    def test_closing(self, server: End, number: int) -> None:
        server.peer.peer_disconnected.connect(lambda _: server.peer.close())
        for _ in range(3):
            server.frame()
        assert server.of(number) == [b"a", b"b", "disconnected"]
        assert server.peer.get_connection_status() is DISCONNECTED

    def test_closing_and_serving_again(self, network: Network, server: End, number: int) -> None:
        def again(_: int) -> None:
            server.peer.close()
            server.serve()

        server.peer.peer_disconnected.connect(again)
        for _ in range(3):
            server.frame()
        client = End(network).join(server)
        meet(network, server, client)
        client.send(b"hello")
        network.run(10)
        server.frame()
        assert server.of(client.id) == [b"hello"]

    def test_polling_again(self, server: End, number: int) -> None:
        server.peer.peer_disconnected.connect(lambda _: server.peer.poll())
        for _ in range(3):
            server.frame()
        assert server.of(number) == [b"a", b"b", "disconnected"]

    def test_polling_between_packets(self, server: End, number: int) -> None:
        server.peer.poll()
        server.read(1)
        server.peer.poll()
        server.frame()
        server.frame()
        assert server.of(number) == [b"a", b"b", "disconnected"]

    def test_sending_and_disconnecting(self, network: Network, server: End) -> None:
        client, other = End(network).join(server), End(network).join(server)
        meet(network, server, client, other)

        def react(_: int) -> None:
            server.send(b"alone now", to=other.id)
            network.run(10)
            server.peer.disconnect_peer(other.id)

        server.peer.peer_disconnected.connect(react, Signal.CONNECT_ONE_SHOT)
        client.peer.close()
        network.run_until(lambda: server.frame() and len(server.heard) == 2)
        network.run(10)
        network.run_until(lambda: other.frame() and other.peer.get_connection_status() is DISCONNECTED)
        assert other.of(1) == [b"alone now", "disconnected"]


class TestMesh:
    @pytest.fixture
    def pair(self, network: Network, threaded: bool) -> Iterator[tuple[End, End]]:
        """Members 7 and 8; the first is the one under test."""
        one, two = End(network, threaded=threaded), End(network)
        hosts = one.machine.connection(threaded=threaded), two.machine.connection()
        assert hosts[0].create_host_bound("*", PORT, 1) is hosts[1].create_host(1) is Error.OK
        remote = hosts[1].connect_to_host(one.machine.ip, PORT)
        assert remote is not None
        network.run_until(
            lambda: (
                [host.service() for host in hosts] != []
                and remote.get_state() == ENetPacketPeer.STATE_CONNECTED
                and [peer.get_state() for peer in hosts[0].get_peers()] == [ENetPacketPeer.STATE_CONNECTED]
            )
        )
        for member, number, other, host in ((one, 7, 8, hosts[0]), (two, 8, 7, hosts[1])):
            assert member.peer.create_mesh(number) is Error.OK
            assert member.peer.add_mesh_peer(other, host) is Error.OK
        yield one, two
        for member in (one, two):
            member.peer.close()

    def test_packets_come_before_the_end(self, network: Network, pair: tuple[End, End]) -> None:
        one, two = pair
        two.send(b"a", b"b", channel=1)
        two.leave(7)
        network.run(50)
        one.frame()
        network.run_until(lambda: one.frame() and ("disconnected", 8) in one.heard)
        assert one.heard == [
            ("connected", 8),
            ("packet", 8, b"a", 1, RELIABLE),
            ("packet", 8, b"b", 1, RELIABLE),
            ("disconnected", 8),
        ]
        assert one.peer.get_connection_status() is CONNECTED

    def test_packets_come_before_an_end_that_the_program_made(self, network: Network, pair: tuple[End, End]) -> None:
        one, two = pair
        two.send(b"a")
        network.run(10)
        one.peer.poll()
        remote = one.peer.get_peer(8)
        assert remote is not None
        remote.reset()
        for _ in range(3):
            one.frame()
        assert one.of(8) == ["connected", b"a", "disconnected"]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("reads", ["all", "some", "seldom"])
def test_random_sessions(host_engine: str, threaded: bool, reads: str, seed: int) -> None:
    """Clients come, send, are sent to and go, at a server with frames of any length, over links that lose packets."""
    draw = random.Random(seed)
    network = Network(seed, LinkConfig(delay=5, jitter=5, loss=0.05 * (seed % 2)))
    server = End(network, threaded=threaded).serve()
    most = {"all": 1 << 30, "some": 3, "seldom": 1}[reads]
    clients: list[End] = []
    sent: dict[int, list[bytes]] = {}
    answers: dict[int, list[bytes]] = {}
    leaving: set[int] = set()

    def answer(number: int) -> None:
        answers[number] = [b"welcome"]
        server.send(b"welcome", to=number)

    server.peer.peer_connected.connect(answer)

    def step(*, ends: bool) -> None:
        for client in clients:
            client.frame()
            if client.peer.get_connection_status() is not CONNECTED or client.id in leaving:
                continue
            number = client.id
            for _ in range(draw.choice([0, 0, 1, 4])):
                data = b"%d" % len(sent[number])
                client.send(data)
                sent[number].append(data)
            if ends or draw.random() < 0.05:
                leaving.add(number)
                client.leave()
        if draw.random() < 0.2 or ends:
            server.frame(most)
        network.run(draw.choice([0, 1, 7, 30]))

    for _ in range(60):
        if len(clients) < 8 and draw.random() < 0.3:
            clients.append(End(network).join(server))
            sent[clients[-1].id] = []
        step(ends=False)
    deadline = network.now + 60_000
    while not all(("disconnected", number) in server.heard for number in sent):
        assert network.now < deadline, server.heard
        step(ends=True)
    for number, packets in sent.items():
        assert server.of(number) == ["connected", *packets, "disconnected"]
    for client in clients:
        heard = client.of(1)
        assert heard[0] == "connected"
        assert heard[1:] in (["disconnected"], [b"welcome", "disconnected"], [b"welcome"], [])


@pytest.mark.parametrize("seed", range(4))
def test_random_sessions_of_plain_connections(host_engine: str, threaded: bool, seed: int) -> None:
    """An ENetConnection reports the events of a peer in their order, too, however late the program asks."""
    draw = random.Random(seed)
    network = Network(seed, LinkConfig(delay=5, jitter=5, loss=0.05 * (seed % 2)))
    there = network.machine()
    server = there.connection(threaded=threaded)
    assert server.create_host_bound("*", PORT, 8) is Error.OK
    heard: dict[int, list[object]] = {}
    numbers: dict[ENetPacketPeer, int] = {}

    def serve() -> None:
        while (event := server.service()).type != ENetConnection.EVENT_NONE:
            assert event.peer is not None
            if event.type == ENetConnection.EVENT_CONNECT:
                numbers[event.peer] = event.data
            heard.setdefault(numbers[event.peer], []).append(
                event.peer.get_packet() if event.type == ENetConnection.EVENT_RECEIVE else event.type
            )

    clients: dict[int, tuple[ENetConnection, ENetPacketPeer, list[bytes]]] = {}
    for number in range(6):
        client = network.machine().connection()
        assert client.create_host(1) is Error.OK
        remote = client.connect_to_host(there.ip, PORT, 0, number)
        assert remote is not None
        clients[number] = client, remote, []
    deadline = network.now + 60_000
    frames = 0
    while not all(each and each[-1] == ENetConnection.EVENT_DISCONNECT for each in (heard.get(n) for n in clients)):
        assert network.now < deadline, heard
        frames += 1
        for client, remote, packets in clients.values():
            client.service()
            if remote.get_state() == ENetPacketPeer.STATE_CONNECTED:
                for _ in range(draw.choice([0, 1, 3])):
                    packets.append(b"%d" % len(packets))
                    assert remote.send(0, packets[-1], ENetPacketPeer.FLAG_RELIABLE) is Error.OK
                if frames > 20 and draw.random() < 0.2:
                    remote.peer_disconnect_later()
        if frames % 10 == 0:
            serve()
        network.run(draw.choice([0, 1, 7, 30]))
    for number, (_, _, packets) in clients.items():
        assert heard[number] == [ENetConnection.EVENT_CONNECT, *packets, ENetConnection.EVENT_DISCONNECT]
