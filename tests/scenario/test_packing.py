"""What goes into which datagram, and what has to wait."""

from __future__ import annotations

from random import Random

import pytest

from godot_enet.core.compression import Codec, make_compressor
from godot_enet.core.interface import Address, Datagram
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import PacketFlag, PeerOption
from tests.conftest import EngineFactory, EnginePair
from tests.rows import each_row
from tests.scenario import raw
from tests.scenario.engine_stage import HOST, RAW, START, Pair, RawPeer, Stage
from tests.scenario.test_throttle import throttled

RELIABLE, UNSEQUENCED = PacketFlag.RELIABLE, PacketFlag.UNSEQUENCED


def counts(peer: RawPeer) -> list[int]:
    """How many commands each datagram has that the engine sent."""
    return [len(raw.read(data).commands) for data in peer.take()]


def sizes(peer: RawPeer) -> list[list[int]]:
    """The payload sizes in each datagram that the engine sent."""
    return [[len(command.data) for command in raw.read(data).commands] for data in peer.take()]


class TestOrder:
    def test_is_that_of_queueing(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.send(0, b"a", RELIABLE)
        peer.send(0, b"b", 0)
        peer.send(1, b"c", UNSEQUENCED)
        stage.engine.ping(peer.handle)
        peer.send(1, b"d", RELIABLE)
        peer.send(0, b"e", 0)
        assert peer.take() == [
            raw.datagram(
                raw.reliable(0, 1, b"a"),
                raw.unreliable(0, 1, 1, b"b"),
                raw.unsequenced(1, 1, b"c"),
                raw.ping(2),
                raw.reliable(1, 1, b"d"),
                raw.unreliable(0, 1, 2, b"e"),
                time=START,
            )
        ]

    def test_acknowledgements_come_first(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.send(0, b"queued first")
        incoming = raw.datagram(raw.reliable(0, 1, b"in"), raw.ping(2), time=START)
        stage.engine.receive([Datagram(incoming, RAW)], stage.now)
        assert stage.engine.poll_transmit(stage.now) == [
            Datagram(
                raw.datagram(
                    raw.acknowledge(0, 1, START),
                    raw.acknowledge(raw.CONTROL, 2, START),
                    raw.reliable(0, 1, b"queued first"),
                    time=START,
                ),
                RAW,
            )
        ]

    def test_small_packets_do_not_overtake(self, engine_factory: EngineFactory) -> None:
        peer = Stage(engine_factory).joined()
        for size in (700, 800, 1):
            peer.send(0, bytes(size))
        assert sizes(peer) == [[700], [800, 1]]

    def test_peers_take_turns(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peers = [stage.joined(Address(RAW.host, port)) for port in (1, 2)]
        stage.world.captures.clear()
        for peer in peers:
            for _ in range(3):
                peer.send(0, bytes(1300))
        stage.settle()
        assert [capture.destination.port for capture in stage.world.captures] == [1, 2, 1, 2, 1, 2]

    def test_a_peer_that_is_done_drops_out_of_the_turns(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peers = [stage.joined(Address(RAW.host, port)) for port in (1, 2, 3)]
        stage.world.captures.clear()
        for peer, count in zip(peers, (2, 1, 3), strict=True):
            for _ in range(count):
                peer.send(0, bytes(1300))
        stage.settle()
        assert [capture.destination.port for capture in stage.world.captures] == [1, 2, 3, 1, 3, 3]


class TestSize:
    def test_at_most_32_commands(self, engine_factory: EngineFactory) -> None:
        peer = Stage(engine_factory).joined()
        for _ in range(70):
            peer.send(0, b"x")
        assert counts(peer) == [32, 32, 6]

    def test_at_most_32_acknowledgements(self, engine_factory: EngineFactory) -> None:
        peer = Stage(engine_factory).joined()
        peer.post(*(raw.reliable(0, number, b"x") for number in range(1, 71)))
        assert counts(peer) == [32, 32, 6]

    @pytest.mark.parametrize(("last", "datagrams"), [(776, 1), (777, 2)])
    def test_up_to_the_mtu(self, engine_factory: EngineFactory, last: int, datagrams: int) -> None:
        peer = Stage(engine_factory).joined()
        peer.send(0, bytes(600))
        peer.send(0, bytes(last))
        taken = peer.take()
        assert len(taken) == datagrams
        if datagrams == 1:
            assert len(taken[0]) == 1392

    def test_space_for_the_sent_time_is_always_left(self, engine_factory: EngineFactory) -> None:
        peer = Stage(engine_factory).joined()
        peer.send(0, bytes(600), 0)
        peer.send(0, bytes(772), 0)
        assert [len(data) for data in peer.take()] == [1390]
        peer.send(0, bytes(600), 0)
        peer.send(0, bytes(773), 0)
        assert sizes(peer) == [[600], [773]]

    @pytest.mark.parametrize("mtu", [576, 1392, 4096])
    @pytest.mark.parametrize("codec", [None, *Codec])
    def test_nothing_is_over_the_mtu_with_checksums(
        self, engine_factory: EngineFactory, mtu: int, codec: Codec | None
    ) -> None:
        """What ENet does not count makes a datagram of 4100 bytes there, which nobody reads."""
        stage = Stage(engine_factory, mtu=mtu, checksum=True)
        peer = stage.joined(mtu=mtu)
        stage.engine.set_compressor(None if codec is None else make_compressor(codec))
        noise, first = Random(1).randbytes(2 * mtu), mtu // 2
        longest = 0
        for flags, overhead in ((RELIABLE, 20), (0, 24), (UNSEQUENCED, 24)):
            for rest in range(mtu - first - overhead - 4, mtu - first - overhead + 4):
                peer.send(0, noise[:first], flags)
                peer.send(0, noise[-rest:], flags)
                longest = max(longest, *map(len, peer.take()))
        assert longest == mtu


class TestDataWindow:
    def test_stops_reliable_data_only(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        for _ in range(80):
            peer.send(0, bytes(1300))
        assert len(peer.take()) == 65536 // 1300
        assert peer.info.reliable_data_in_transit == 65000
        peer.send(0, b"passes", 0)
        stage.engine.ping(peer.handle)
        assert peer.take() == [raw.datagram(raw.unreliable(0, 80, 1, b"passes"), raw.ping(2), time=START)]
        peer.acknowledge(0, 1, 0)
        assert [command.number for command in peer.commands()] == [51]

    @each_row(("throttle", "packets"), [(32, 50), (16, 25), (1, 1), (0, 1)])
    def test_is_narrowed_by_the_throttle_but_never_below_the_mtu(
        self, engine_factory: EngineFactory, throttle: int, packets: int
    ) -> None:
        peer = throttled(Stage(engine_factory), throttle)
        for _ in range(60):
            peer.send(0, bytes(1300))
        assert sizes(peer) == [[1300]] * packets

    def test_counts_payload_only(self, engine_factory: EngineFactory) -> None:
        peer = Stage(engine_factory).joined(bandwidths=(1, 0))
        assert peer.info.window_size == 4096
        for _ in range(5):
            peer.send(0, bytes(1024))
        assert sizes(peer) == [[1024]] * 4

    def test_a_smaller_packet_does_not_overtake_one_that_must_wait(self, engine_factory: EngineFactory) -> None:
        peer = Stage(engine_factory).joined(bandwidths=(1, 0))
        for size in (1300, 1300, 1300, 1300, 1):
            peer.send(0, bytes(size))
        assert sizes(peer) == [[1300]] * 3


class TestSequenceWindow:
    def test_waits_behind_a_window_without_a_single_acknowledgement(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=1000)
        for _ in range(9000):
            peer.send(0, b"")
        assert [command.number for command in peer.commands()] == list(range(1, 8192))
        peer.acknowledge(0, 1, 0)  # the window before it is still wholly unacknowledged
        assert peer.commands() == []
        peer.acknowledge(0, 8191, 0)
        assert [command.number for command in peer.commands()] == list(range(8192, 9001))

    @pytest.mark.parametrize("missing", [1, 20_000, 9 * 4096 + 5])
    def test_never_runs_more_than_six_windows_ahead(self, engine_factory: EngineFactory, missing: int) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=1000)
        last = (missing // 4096 + 7) * 4096 - 1
        sent: list[int] = []
        for _ in range(0, last + 3000, 3000):
            for _ in range(3000):
                peer.send(0, b"")
            seen = [command.number for command in peer.commands()]
            sent += seen
            numbers = [number for number in seen if number != missing]
            for begin in range(0, len(numbers), 100):
                acks = (raw.acknowledge(0, number, stage.now) for number in numbers[begin : begin + 100])
                peer.post(*acks, time=None)
        sent += [command.number for command in peer.commands()]
        assert sent == list(range(1, last + 1))
        peer.acknowledge(0, missing, 0)
        assert peer.commands()[0].number == (last + 1) & 0xFFFF

    def test_does_not_stop_anything_but_reliable_data(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=1000)
        for _ in range(8192):
            peer.send(0, b"")
        assert len(peer.commands()) == 8191
        peer.send(0, b"passes", 0)
        peer.send(1, b"waits, whatever its channel")
        stage.engine.ping(peer.handle)
        assert [command.kind for command in peer.commands()] == [7, 5]

    @pytest.mark.long
    def test_numbers_go_round_and_round(self, engine_pair: EnginePair) -> None:
        pair = Pair(engine_pair, client=HostConfig(), server=HostConfig(), capture=False)
        pair.connect()
        total = 140_000
        for number in range(total):
            pair.client.engine.send(pair.to_server, 0, number.to_bytes(3, "big"), RELIABLE)
            if number % 4000 == 0:
                pair.world.run_until(pair.world.now)
        pair.world.run_until(lambda: len(pair.server.events) == total)
        received = pair.packets(pair.server)
        assert received == [number.to_bytes(3, "big") for number in range(total)]


def test_nothing_leaves_unasked(engine_factory: EngineFactory) -> None:
    stage = Stage(engine_factory)
    peer = stage.joined()
    peer.hush()
    stage.wait(100_000)
    assert peer.take() == []
    stage.engine.configure(peer.handle, PeerOption.PING_INTERVAL, 0)
    stage.settle()
    assert [command.kind for command in peer.commands()] == [5]
    assert stage.world.captures[-1].source == HOST
