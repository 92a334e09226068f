"""ENetConnection and ENetMultiplayerPeer with several shards: the same calls and events as with one."""

from __future__ import annotations

import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from godot_enet import ENetConnection, ENetMultiplayerPeer, ENetPacketPeer, Error, MultiplayerPeer
from godot_enet.core.protocol.drops import Drop
from tests.native.crowd import DEADLINE

pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux divides datagrams between sockets of one port"),
]
CONNECT, RECEIVE, DISCONNECT = (
    ENetConnection.EVENT_CONNECT,
    ENetConnection.EVENT_RECEIVE,
    ENetConnection.EVENT_DISCONNECT,
)


class Group:
    """A sharded server and its clients, all serviced in this thread."""

    def __init__(self, count: int, max_peers: int = 100) -> None:
        self.server = ENetConnection(shards=4)
        assert self.server.create_host_bound("127.0.0.1", 0, max_peers) is Error.OK
        self.port = self.server.get_local_port()
        self.clients: list[ENetConnection] = []
        self.remotes: list[ENetPacketPeer] = []
        self.peers: dict[int, ENetPacketPeer] = {}
        """By the number of the client."""
        self.arrived: list[tuple[ENetPacketPeer, bytes]] = []
        self.ended: list[ENetPacketPeer] = []
        self.received: list[list[bytes]] = []
        for number in range(count):
            client = ENetConnection(threaded=False)
            assert client.create_host(1) is Error.OK
            remote = client.connect_to_host("127.0.0.1", self.port, 2, number)
            assert remote is not None
            self.clients.append(client)
            self.remotes.append(remote)
            self.received.append([])

    def close(self) -> None:
        for client in self.clients:
            client.destroy()
        if self.server.engine_name:
            self.server.destroy()

    def until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE
        while not done():
            assert time.monotonic() < deadline, "it did not happen"
            for number, client in enumerate(self.clients):
                while (event := client.service()).type is not ENetConnection.EVENT_NONE:
                    if event.type is RECEIVE and event.peer is not None:
                        self.received[number].append(event.peer.get_packet())
            while (event := self.server.service(1)).type is not ENetConnection.EVENT_NONE:
                assert event.peer is not None, event
                if event.type is CONNECT:
                    self.peers[event.data] = event.peer
                elif event.type is RECEIVE:
                    self.arrived.append((event.peer, event.peer.get_packet()))
                else:
                    self.ended.append(event.peer)


@pytest.fixture
def group() -> Iterator[Group]:
    made = Group(40)
    made.until(lambda: len(made.peers) == 40 and all(remote.get_state() == 5 for remote in made.remotes))
    yield made
    made.close()


def test_packets_reach_the_objects_of_their_peers(group: Group) -> None:
    for number, remote in enumerate(group.remotes):
        for count in range(5):
            assert remote.send(0, b"%d %d" % (number, count), ENetPacketPeer.FLAG_RELIABLE) is Error.OK
    group.until(lambda: len(group.arrived) == 200)
    for number, peer in group.peers.items():
        assert [packet for sender, packet in group.arrived if sender is peer] == [
            b"%d %d" % (number, count) for count in range(5)
        ]
        assert peer.send(0, b"to %d" % number, ENetPacketPeer.FLAG_RELIABLE) is Error.OK
        assert peer.get_remote_port() == group.clients[number].get_local_port()
    group.until(lambda: all(group.received))
    assert group.received == [[b"to %d" % number] for number in range(40)]
    assert sorted(map(id, group.server.get_peers())) == sorted(map(id, group.peers.values()))


def test_all_packets_of_all_shards_in_one_list(group: Group) -> None:
    for number, remote in enumerate(group.remotes):
        for count in range(50):
            assert remote.send(0, b"%d %d" % (number, count), ENetPacketPeer.FLAG_RELIABLE) is Error.OK
    arrived: list[tuple[ENetPacketPeer, bytes]] = []
    deadline = time.monotonic() + DEADLINE
    while len(arrived) < 40 * 50:
        assert time.monotonic() < deadline
        for client in group.clients:
            client.service()
        arrived += [(peer, packet) for peer, _, _, packet in group.server.receive_all()]
    for number, peer in group.peers.items():
        taken = [packet for sender, packet in arrived if sender is peer]
        assert taken == [b"%d %d" % (number, count) for count in range(50)]


def test_a_broadcast(group: Group) -> None:
    group.server.broadcast(0, b"all", ENetPacketPeer.FLAG_RELIABLE)
    group.server.flush()
    group.until(lambda: all(packets == [b"all"] for packets in group.received))


def test_peers_leave_and_are_forgotten(group: Group) -> None:
    for number in range(0, 40, 2):
        group.remotes[number].peer_disconnect(7)
    for number in range(1, 40, 4):
        group.peers[number].peer_disconnect_now()
    group.until(lambda: len(group.ended) == 20)
    group.until(lambda: len(group.server.get_peers()) == 10)
    assert not any(peer.is_active() for peer in group.ended)


def test_native_codecs_serve_all_shards() -> None:
    group = Group(0)
    group.server.compress(ENetConnection.COMPRESS_RANGE_CODER)
    clients = Group(0)
    clients.server.destroy()
    clients.server = group.server
    for number in range(20):
        client = ENetConnection(threaded=False)
        client.create_host(1)
        client.compress(ENetConnection.COMPRESS_RANGE_CODER)
        remote = client.connect_to_host("127.0.0.1", group.port, 2, number)
        assert remote is not None
        clients.clients.append(client)
        clients.remotes.append(remote)
        clients.received.append([])
    clients.until(lambda: len(clients.peers) == 20)
    assert group.server.engine_name == "native"
    clients.close()


def test_a_codec_of_python_and_hooks_only_before_clients(group: Group, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "godot_enet"):
        group.server.compress(ENetConnection.COMPRESS_ZLIB)
        assert group.server.on_connect_request(lambda *_: ENetConnection.ConnectVerdict.ACCEPT) is Error.ERR_UNAVAILABLE
        assert group.server.connect_to_host("127.0.0.1", 9) is None
    assert len(caplog.messages) >= 2
    assert all("several shards" in message for message in caplog.messages if "already connected" not in message)
    group.server.broadcast(0, b"on", ENetPacketPeer.FLAG_RELIABLE)
    group.until(lambda: all(packets == [b"on"] for packets in group.received))


def test_a_hook_before_clients_leaves_one_shard(caplog: pytest.LogCaptureFixture) -> None:
    group = Group(0)
    with caplog.at_level(logging.WARNING, "godot_enet"):
        accept = ENetConnection.ConnectVerdict.ACCEPT
        assert group.server.on_connect_request(lambda *_: accept) is Error.OK
    assert "Using one shard instead of 4" in caplog.text
    assert group.server.get_local_port() == group.port
    group.close()


def test_what_all_shards_have_counted_is_not_forgotten() -> None:
    """A counter that went back would be a restart for Prometheus."""
    received = ENetConnection.HOST_TOTAL_RECEIVED_PACKETS
    with ENetConnection(shards=4) as server:
        assert server.create_host_bound("127.0.0.1", 0, 100) is Error.OK
        for _ in range(40):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                stranger.sendto((5).to_bytes(2, "big") + bytes(98), ("127.0.0.1", server.get_local_port()))
        deadline = time.monotonic() + DEADLINE
        while server.counters()[Drop.UNKNOWN_PEER] < 40:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        assert server.on_connect_request(None, 10) is Error.OK
        assert server.counters()[Drop.UNKNOWN_PEER] == 40
        assert server.get_total(received) == server.pop_statistic(received) == 40


def test_connecting_is_for_others(caplog: pytest.LogCaptureFixture) -> None:
    group = Group(0)
    with caplog.at_level(logging.ERROR, "godot_enet"):
        assert group.server.connect_to_host("127.0.0.1", 9) is None
    assert "only accepts connections" in caplog.text
    group.close()


def test_destroy_ends_a_service_that_waits(group: Group) -> None:
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(group.server.service(60_000).type))
    thread.start()
    group.server.destroy()
    thread.join(DEADLINE)
    assert results == [ENetConnection.EVENT_ERROR]
    assert not any(peer.is_active() for peer in group.peers.values())


def test_more_peers_than_enet_has_numbers() -> None:
    server = ENetConnection(shards=3)
    assert server.create_host_bound("127.0.0.1", 0, 3 * 4095) is Error.OK
    server.destroy()
    assert server.create_host_bound("127.0.0.1", 0, 3 * 4095 + 1) is Error.ERR_INVALID_PARAMETER
    assert ENetConnection().create_host_bound("127.0.0.1", 0, 4096) is Error.ERR_INVALID_PARAMETER


@pytest.mark.parametrize("kind", [ENetConnection, ENetMultiplayerPeer])
def test_impossible_numbers_are_refused_when_set(kind: type[ENetConnection] | type[ENetMultiplayerPeer]) -> None:
    for shards in (0, 65, "many"):
        with pytest.raises(ValueError, match="shards must be"):
            kind(shards=shards)  # type: ignore[arg-type]
    kind(shards="auto")


def test_a_multiplayer_server_has_several_and_its_clients_one() -> None:
    server = ENetMultiplayerPeer(shards=4)
    assert server.create_server(0, 5000) is Error.OK
    assert server.host is not None
    assert server.host._host is not None
    assert server.host._host.config.shards == 4
    clients = [ENetMultiplayerPeer(threaded=False, shards=4) for _ in range(12)]
    joined: list[int] = []
    server.peer_connected.connect(joined.append)
    for client in clients:
        assert client.create_client("127.0.0.1", server.host.get_local_port()) is Error.OK
    deadline = time.monotonic() + DEADLINE
    received: list[bytes] = []
    connected = MultiplayerPeer.CONNECTION_CONNECTED
    while len(joined) < 12 or any(client.get_connection_status() != connected for client in clients):
        assert time.monotonic() < deadline
        for peer in (server, *clients):
            peer.poll()
    server.set_target_peer(0)
    server.put_packet(b"to all")
    while len(received) < 12:
        assert time.monotonic() < deadline
        for peer in (server, *clients):
            peer.poll()
        for client in clients:
            while client.get_available_packet_count():
                received.append(client.get_packet())
    assert received == [b"to all"] * 12
    assert sorted(joined) == sorted(client.get_unique_id() for client in clients)
    for peer in (server, *clients):
        peer.close()
