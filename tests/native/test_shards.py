"""A host of several shards: one port, many sockets, and every limit counts over all of them."""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from godot_enet.core import (
    Address,
    AnyHost,
    BindError,
    Drop,
    EventType,
    Host,
    HostClosed,
    HostConfig,
    HostStatistic,
    PacketFlag,
    PeerOption,
    PeerState,
    SendQueueFull,
    SeveralShards,
    UnknownPeer,
    shard_of,
)
from godot_enet.core.compression import Codec, make_compressor
from godot_enet.core.host import with_compressor
from godot_enet.core.protocol.events import PeerHandle
from tests.native.crowd import DEADLINE, Crowd
from tests.scenario import raw

pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux divides datagrams between sockets of one port"),
]
SHARDS = 4
RELIABLE = PacketFlag.RELIABLE

Open = Callable[..., Crowd]


def server(*, bind: str = "127.0.0.1", port: int = 0, **settings: int) -> AnyHost:
    config = HostConfig(shards=SHARDS, **settings)  # type: ignore[arg-type]
    return Host.open(config, bind=bind, port=port, engine="native")


@pytest.fixture
def crowd() -> Iterator[Open]:
    made: list[Crowd] = []

    def make(count: int, host: str = "127.0.0.1", **settings: object) -> Crowd:
        made.append(Crowd(server(**settings), count, host))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.close()


class TestBinding:
    @pytest.mark.parametrize("bind", ["127.0.0.1", "::1", "*"])
    def test_a_second_server_is_refused_like_one_without_shards(self, bind: str) -> None:
        first = server(bind=bind)
        at = first.local_address()
        assert at is not None
        problems = []
        for config in (HostConfig(), HostConfig(shards=SHARDS)):
            with pytest.raises(BindError) as problem:
                Host.open(config, bind=bind, port=at.port, engine="native")
            problems.append(str(problem.value))
        first.close()
        assert problems == [f"cannot bind {bind} port {at.port}: Address already in use"] * 2
        again = server(bind=bind, port=at.port)
        assert again.local_address() == at
        again.close()

    def test_a_port_that_another_program_would_share_is_refused(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            other.bind(("127.0.0.1", 0))
            with pytest.raises(BindError, match="Address already in use"):
                server(port=other.getsockname()[1])

    @pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
    def test_clients_of_both_families_reach_all_shards(self, crowd: Open, host: str) -> None:
        group = crowd(100, host, bind="*", peer_count=200)
        group.until(lambda: len(group.peers) == 100 and len(group.connected) == 100)
        assert {shard_of(peer) for peer in group.server.peers()} == set(range(SHARDS))
        assert {group.server.peer_address(peer).host for peer in group.peers} == {host}


class TestLimits:
    def test_the_number_of_peers_is_exact(self, crowd: Open) -> None:
        group = crowd(90, peer_count=60)
        group.until(lambda: len(group.peers) == 60)
        group.turns(0.3)
        assert len(group.peers) == len(group.server.peers()) == 60
        gone, kept = list(group.peers)[:5], list(group.peers)[5:]
        for peer in gone:
            group.server.disconnect(peer)
        group.until(lambda: len(group.ended) == 5 and len(group.server.peers()) == 55)
        group.add(20)
        group.until(lambda: len(group.peers) == 60)
        group.turns(0.3)
        assert len(group.peers) == len(group.server.peers()) == 60
        assert set(kept) < set(group.peers)

    def test_peers_of_one_address(self, crowd: Open) -> None:
        group = crowd(40, peer_count=100, duplicate_peers=10)
        group.until(lambda: len(group.peers) == 10)
        group.turns(0.3)
        assert len(group.peers) == 10

    def test_what_waits_to_be_sent(self, crowd: Open) -> None:
        group = crowd(40, peer_count=50, maximum_queued_total=100_000)
        group.until(lambda: len(group.peers) == 40)
        group.until(lambda: all(group.server.peer_info(peer).reliable_data_in_transit == 0 for peer in group.peers))
        accepted = Counter[int]()
        for _ in range(10):
            for peer in group.peers:
                with contextlib.suppress(SendQueueFull):
                    group.server.send(peer, 0, bytes(4000), RELIABLE)
                    accepted[shard_of(peer)] += 1
        # Each counts with 256 bytes more for each of its three fragments, and one may be over the limit.
        assert 100_000 // 4768 <= sum(accepted.values()) <= 100_000 // 4768 + 1
        assert len(accepted) > 1

    def test_half_open_connections(self, crowd: Open) -> None:
        group = crowd(0, peer_count=200, half_open_limit=20)
        at = group.server.local_address()
        assert at is not None
        clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(100)]
        for client in clients:
            client.sendto(raw.datagram(raw.connect(), peer=raw.UNKNOWN_PEER, time=1), (at.host, at.port))
        # A shard evicts its own only, so the first of each may be one too many.
        group.until(lambda: group.server.counters()[Drop.HALF_OPEN_LIMIT] > 80 - SHARDS)
        group.turns(0.2)
        for client in clients:
            client.close()
        assert 80 - SHARDS < group.server.counters()[Drop.HALF_OPEN_LIMIT] <= 80


class TestNumbers:
    def test_sums_and_totals_are_over_all_shards(self, crowd: Open) -> None:
        group = crowd(60, peer_count=100)
        group.until(lambda: len(group.peers) == 60 and len(group.connected) == 60)
        summary = group.server.summary()
        assert (summary.connected, sum(summary.round_trip_times)) == (60, 60)
        received = group.server.total(HostStatistic.TOTAL_RECEIVED_PACKETS)
        assert group.server.pop_statistic(HostStatistic.TOTAL_RECEIVED_PACKETS) > 0
        assert group.server.total(HostStatistic.TOTAL_RECEIVED_PACKETS) >= received >= 120
        group.server.service()
        assert group.server.idle() < 1000 * DEADLINE

    def test_all_shards_refuse(self, crowd: Open) -> None:
        group = crowd(0, peer_count=100)
        group.server.refuse_connects(True, 5)
        group.add(40)
        reasons: list[int] = []
        deadline = time.monotonic() + DEADLINE
        while len(reasons) < 40:
            assert time.monotonic() < deadline
            assert group.server.service(1) is None
            events = [event for client in group.clients if (event := client.service()) is not None]
            reasons += [event.data for event in events if event.type is EventType.DISCONNECT]
        assert reasons == [5] * 40


class TestTraffic:
    def test_order_and_echoes(self, crowd: Open) -> None:
        group = crowd(60, peer_count=100)
        group.until(lambda: len(group.connected) == 60)
        for number, client in enumerate(group.clients):
            for count in range(20):
                client.send(group.remotes[number], count % 2, b"%d" % count, RELIABLE)
        group.until(lambda: len(group.arrived) == 60 * 20)
        for number in range(60):
            taken = [int(packet) for sender, packet in group.arrived if sender == number]
            for channel in (0, 1):
                assert [each for each in taken if each % 2 == channel] == list(range(channel, 20, 2))
        for peer in group.peers:
            group.server.send(peer, 0, b"answer", RELIABLE)
        group.until(lambda: all(packets == [b"answer"] for packets in group.received))

    @pytest.mark.parametrize("size", [20, 5000])
    def test_a_broadcast_reaches_everyone_once_and_in_order(self, crowd: Open, size: int) -> None:
        group = crowd(60, peer_count=100)
        group.until(lambda: len(group.connected) == 60 and len(group.peers) == 60)
        sent = [bytes([count]) * size for count in range(5)]
        for packet in sent:
            group.server.broadcast(0, packet, RELIABLE)
        group.server.flush()
        group.until(lambda: all(len(packets) == 5 for packets in group.received))
        assert group.received == [sent] * 60

    def test_service_takes_from_all_shards_in_turn(self, crowd: Open) -> None:
        group = crowd(40, peer_count=100)
        group.until(lambda: len(group.connected) == 40 and len(group.peers) == 40)
        for number, client in enumerate(group.clients):
            for _ in range(10):
                client.send(group.remotes[number], 0, b"x", RELIABLE)
            client.flush()
        waiting = {shard_of(peer) for peer in group.peers}
        order: list[int] = []
        while len(order) < 400:
            for client in group.clients:
                client.service()
            if event := group.server.service(10):
                order.append(shard_of(event.peer))
        assert set(order) == waiting

    def test_what_was_flushed_or_serviced_leaves_before_the_end(self, crowd: Open) -> None:
        for leave in ("flush", "service"):
            group = crowd(20, peer_count=100)
            group.until(lambda group=group: len(group.connected) == 20 and len(group.peers) == 20)  # type: ignore[misc]
            group.server.broadcast(0, b"last words", 0)
            getattr(group.server, leave)()
            group.server.close()
            for _ in range(200):
                group.turn(serve=False)
                if all(packets == [b"last words"] for packets in group.received):
                    break
            assert all(packets == [b"last words"] for packets in group.received)

    def test_statistics_count_all_shards(self, crowd: Open) -> None:
        group = crowd(40, peer_count=100)
        group.until(lambda: len(group.connected) == 40 and len(group.peers) == 40)
        received = group.server.pop_statistic(HostStatistic.TOTAL_RECEIVED_PACKETS)
        assert received >= 80  # a CONNECT and an acknowledgement from each
        assert group.server.pop_statistic(HostStatistic.TOTAL_SENT_PACKETS) >= 40
        assert group.server.pop_statistic(HostStatistic.TOTAL_RECEIVED_PACKETS) < received
        at = group.server.local_address()
        assert at is not None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for _ in range(3):
                stranger.sendto(b"?", (at.host, at.port))
        group.until(lambda: sum(group.server.counters().values()) >= 3)

    def test_settings_reach_all_shards(self, crowd: Open) -> None:
        group = crowd(0, peer_count=100)
        group.server.set_channel_limit(1)
        group.server.set_bandwidth_limit(0, 100_000)
        group.add(40)
        group.until(lambda: len(group.peers) == 40)
        assert {group.server.peer_info(peer).channel_count for peer in group.peers} == {1}
        for peer in group.peers:
            group.server.configure(peer, PeerOption.PING_INTERVAL, 1000)
            group.server.ping(peer)
            assert group.server.peer_state(peer) is PeerState.CONNECTED


@pytest.mark.parametrize("rounds", [3, pytest.param(250, marks=[pytest.mark.long, pytest.mark.timeout(1200)])])
def test_clients_come_and_go(crowd: Open, rounds: int) -> None:
    """80 clients in each round, of which some disconnect and the others are disconnected: 20,000 in the long run."""
    group = crowd(0, peer_count=80)
    shards = Counter[int]()
    for _ in range(rounds):
        group.add(80)
        group.until(lambda: len(group.connected) == len(group.peers) == 80)
        shards.update(map(shard_of, group.peers))
        for number, client in enumerate(group.clients):
            client.send(group.remotes[number], 0, b"%d" % number, RELIABLE)
        group.until(lambda: len(group.arrived) == 80)
        assert sorted(group.arrived) == sorted((number, b"%d" % number) for number in range(80))
        for peer, number in list(group.peers.items()):
            if number % 2:
                group.server.disconnect(peer)
            else:
                group.clients[number].disconnect(group.remotes[number])
        group.until(lambda: len(group.ended) == 80 and not group.connected)
        assert group.server.peers() == []
        group.forget_clients()
    assert sum(shards.values()) == rounds * 80
    assert len(shards) == SHARDS
    assert min(shards.values()) > rounds * 80 / SHARDS / 3


class TestCalls:
    def test_it_accepts_connections_only(self, crowd: Open) -> None:
        group = crowd(0)
        with pytest.raises(SeveralShards):
            group.server.connect(Address("127.0.0.1", 9))

    def test_handles_of_no_shard(self, crowd: Open) -> None:
        group = crowd(1)
        group.until(lambda: len(group.peers) == 1)
        (peer,) = group.peers
        for shard in range(64):
            handle = PeerHandle(peer & ~(63 << 12) | shard << 12)
            if handle == peer:
                continue
            with pytest.raises(UnknownPeer):
                group.server.send(handle, 0, b"", RELIABLE)
            with pytest.raises(UnknownPeer):
                group.server.peer_info(handle)

    def test_closing_ends_calls_that_wait(self, crowd: Open) -> None:
        group = crowd(4)
        group.until(lambda: len(group.peers) == 4)
        ended: list[bool] = []

        def wait() -> None:
            try:
                while True:
                    group.server.service(60_000)
            except HostClosed:
                ended.append(True)

        threads = [threading.Thread(target=wait) for _ in range(3)]
        for thread in threads:
            thread.start()
        group.server.close()
        for thread in threads:
            thread.join(30)
        assert ended == [True] * 3
        with pytest.raises(HostClosed):
            group.server.send(next(iter(group.peers)), 0, b"", RELIABLE)

    def test_a_descriptor_shows_events_of_all_shards(self, crowd: Open) -> None:
        group = crowd(16)
        descriptor = group.server.fileno()
        group.until(lambda: len(group.peers) == 16 and len(group.connected) == 16)
        assert select.select([descriptor], [], [], 0)[0] == []
        for number, client in enumerate(group.clients):
            client.send(group.remotes[number], 0, b"x", RELIABLE)
            client.flush()
            assert select.select([descriptor], [], [], 30)[0] == [descriptor]
            assert group.server.has_event()
            assert group.server.service() is not None
        assert select.select([descriptor], [], [], 0)[0] == []
        assert not group.server.serve()
        assert group.server.poll_timeout() is None
        group.server.close()
        assert group.server.fileno() == -1

    def test_an_event_that_was_put_back_comes_first_again(self, crowd: Open) -> None:
        group = crowd(8)
        group.until(lambda: len(group.peers) == 8)
        group.clients[0].send(group.remotes[0], 0, b"once", RELIABLE)
        group.clients[0].flush()
        event = group.server.service(5000)
        assert event is not None
        group.server.left = [event]
        assert group.server.service() == event
        assert group.server.service() is None


class TestOneShard:
    """Where several are impossible, one serves."""

    @pytest.mark.parametrize(
        ("why", "settings"),
        [
            ("the Python engine has only one", {"engine": "python", "bind": "127.0.0.1"}),
            ("a host without network threads has only one", {"bind": "127.0.0.1", "threaded": False}),
            ("a host without a bound port has only one", {}),
        ],
    )
    def test_a_log_line_says_why(self, why: str, settings: dict[str, object], caplog: pytest.LogCaptureFixture) -> None:
        arguments: dict[str, object] = {"engine": "native", **settings}
        with caplog.at_level(logging.WARNING, "godot_enet"):
            host = Host.open(HostConfig(shards=3, peer_count=5000), **arguments)  # type: ignore[arg-type]
        host.close()
        assert (host.config.shards, host.config.peer_count) == (1, 4095)
        expected = f"Using one shard instead of 3, so at most 4095 peers instead of 5000: {why}."
        assert caplog.messages == [expected]

    def test_a_codec_of_python_before_anyone_connects(self, caplog: pytest.LogCaptureFixture) -> None:
        host = server(peer_count=1000)
        at = host.local_address()
        with caplog.at_level(logging.WARNING, "godot_enet"):
            successor = with_compressor(host, make_compressor(Codec.ZLIB))
        assert caplog.messages == [
            "Using one shard instead of 4: Python serves this host, for its transport, its hook or its codec."
        ]
        assert successor.local_address() == at
        assert host.closed
        for config in (HostConfig(), HostConfig(shards=SHARDS)):  # the port is exclusive again
            with pytest.raises(BindError):
                Host.open(config, bind="127.0.0.1", port=at.port if at else 0, engine="native")
        client = Host.open(HostConfig(), threaded=False, engine="native")
        client = with_compressor(client, make_compressor(Codec.ZLIB))
        assert at is not None
        client.connect(at)
        for _ in range(2000):
            client.service()
            if (event := successor.service(5)) is not None:
                assert event.type is EventType.CONNECT
                break
        else:
            pytest.fail("no connection")
        client.close()
        successor.close()

    def test_a_codec_of_python_is_refused_once_there_are_peers(self, crowd: Open) -> None:
        group = crowd(8)
        group.until(lambda: len(group.peers) == 8)
        with pytest.raises(SeveralShards):
            with_compressor(group.server, make_compressor(Codec.ZLIB))
        group.server.broadcast(0, b"still here", RELIABLE)
        group.until(lambda: all(packets == [b"still here"] for packets in group.received))
