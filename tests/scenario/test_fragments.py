"""Packets larger than a datagram: how they are cut, and what is put together again."""

from __future__ import annotations

import sys
from itertools import permutations

import pytest

from godot_enet.core.errors import PacketTooLarge
from godot_enet.core.native import NativeEngine
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import PacketFlag
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import Event, EventType
from godot_enet.core.sim import LinkConfig
from tests.conftest import EngineFactory, EnginePair
from tests.rows import each_row
from tests.scenario import raw
from tests.scenario.engine_stage import START, Pair, Stage

RELIABLE, UNSEQUENCED, FRAGMENT = PacketFlag.RELIABLE, PacketFlag.UNSEQUENCED, PacketFlag.UNRELIABLE_FRAGMENT


def pieces(packet: bytes, size: int, start: int = 1, channel: int = 0) -> list[bytes]:
    """A packet as SEND_FRAGMENT commands of ``size`` bytes each."""
    offsets = range(0, len(packet), size)
    return [
        raw.fragment(channel, start, index, len(offsets), len(packet), offset, packet[offset : offset + size])
        for index, offset in enumerate(offsets)
    ]


class TestSending:
    @each_row("checksum", [False, True])
    @each_row(("mtu", "limit"), [(576, 548), (1392, 1364), (4096, 4068)])
    def test_cut_only_where_they_would_not_fit(
        self, engine_factory: EngineFactory, mtu: int, limit: int, checksum: bool
    ) -> None:
        peer = Stage(engine_factory, mtu=mtu, checksum=checksum).joined(mtu=mtu)
        limit -= 4 if checksum else 0
        peer.send(0, bytes(limit))
        assert [command.kind for command in peer.commands()] == [6]
        peer.send(0, bytes(limit + 1))
        assert [(command.kind, len(command.data)) for command in peer.commands()] == [(8, limit), (8, 1)]

    def test_reliable_fragments(self, engine_factory: EngineFactory) -> None:
        peer = Stage(engine_factory).joined()
        packet = bytes(range(256)) * 8
        peer.send(1, packet)
        peer.send(1, b"next")
        first, second = pieces(packet, 1364, channel=1)
        assert peer.take() == [
            raw.datagram(first, time=START),
            raw.datagram(second, raw.reliable(1, 3, b"next"), time=START),
        ]

    @each_row(
        ("flags", "kind", "is_acknowledged"),
        [
            (0, 8, True),
            (UNSEQUENCED, 8, True),
            (RELIABLE, 8, True),
            (RELIABLE | FRAGMENT, 8, True),
            (FRAGMENT, 12, False),
            (UNSEQUENCED | FRAGMENT, 12, False),
        ],
    )
    def test_large_packets_are_reliable_unless_asked_otherwise(
        self, engine_factory: EngineFactory, flags: int, kind: int, is_acknowledged: bool
    ) -> None:
        peer = Stage(engine_factory).joined()
        peer.send(0, bytes(2000), flags)
        assert [(command.kind, command.acknowledged) for command in peer.commands()] == [(kind, is_acknowledged)] * 2

    def test_unreliable_fragments_share_one_number(self, engine_factory: EngineFactory) -> None:
        peer = Stage(engine_factory).joined()
        peer.send(0, b"first")
        peer.send(0, b"unreliable", 0)
        packet = bytes(range(200)) * 10
        peer.send(0, packet, FRAGMENT)
        peer.answer()
        peer.send(0, b"next", 0)
        assert peer.take() == [raw.datagram(raw.unreliable(0, 1, 3, b"next"))]
        sent = [capture.data for capture in peer.stage.world.captures if capture.source == peer.stage.host.address]
        assert sent[-2] == raw.datagram(raw.unreliable_fragment(0, 1, 2, 1, 2, 2000, 1364, packet[1364:]))

    def test_a_full_datagram_is_as_long_as_the_mtu(self, engine_factory: EngineFactory) -> None:
        for checksum in (False, True):
            peer = Stage(engine_factory, checksum=checksum).joined()
            peer.send(0, bytes(4000), RELIABLE)
            assert max(map(len, peer.take())) == 1392
            peer.send(0, bytes(4000), FRAGMENT)
            assert max(map(len, peer.take())) == 1390

    def test_largest_packet(self, engine_factory: EngineFactory) -> None:
        peer = Stage(engine_factory, maximum_packet_size=5000).joined()
        peer.send(0, bytes(5000))
        with pytest.raises(PacketTooLarge):
            peer.send(0, bytes(5001))

    def test_more_fragments_than_the_protocol_counts(self, engine_factory: EngineFactory) -> None:
        if engine_factory is NativeEngine and sys.implementation.name == "pypy":
            pytest.skip("PyPy's ctypes copies a packet byte by byte: half a gigabyte takes minutes")
        peer = Stage(engine_factory, mtu=576, maximum_packet_size=1 << 31).joined(mtu=576)
        with pytest.raises(PacketTooLarge):
            peer.send(0, bytes(548 * 1048576 + 1))
        assert peer.take() == []


class TestReceiving:
    @each_row("order", list(permutations(range(3))), ids=str)
    def test_any_order_gives_the_packet(self, engine_factory: EngineFactory, order: tuple[int, ...]) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        packet = b"aabbc"
        commands = pieces(packet, 2)
        for index in order:
            answer = peer.exchange(commands[index])
            assert answer == [raw.datagram(raw.acknowledge(0, 1 + index, START))]
        assert stage.events() == [Event(EventType.RECEIVE, peer.handle, 0, 0, packet, 1)]

    def test_duplicates_are_acknowledged_and_change_nothing(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        first, second = pieces(b"aabb", 2)
        assert peer.exchange(first, first, second, second) == [
            raw.datagram(*(raw.acknowledge(0, number, START) for number in (1, 1, 2, 2))),
        ]
        assert stage.packets() == [b"aabb"]

    def test_incomplete_packet_holds_up_its_channel(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        first, second = pieces(b"aabb", 2)
        peer.post(first, raw.reliable(0, 3, b"next"), raw.unreliable(0, 3, 1, b"and"))
        assert stage.events() == []
        peer.post(second)
        assert stage.packets() == [b"aabb", b"next", b"and"]

    def test_packets_may_wrap_around(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        for begin in range(1, 0xFFFF, 100):
            peer.post(*(raw.reliable(0, number) for number in range(begin, min(begin + 100, 0xFFFF))))
        assert len(stage.packets()) == 0xFFFE
        peer.post(*pieces(b"aabbcc", 2, start=0xFFFF), raw.reliable(0, 2, b"next"))
        assert stage.packets() == [b"aabbcc", b"next"]

    @pytest.mark.parametrize(
        "second",
        [
            raw.fragment(0, 1, 1, 3, 4, 2, b"bb"),
            raw.fragment(0, 1, 1, 2, 5, 2, b"bb"),
        ],
        ids=["other count", "other total"],
    )
    def test_fragment_that_does_not_fit_its_packet_is_refused(
        self, engine_factory: EngineFactory, second: bytes
    ) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        first, good = pieces(b"aabb", 2)
        peer.exchange(first)
        assert peer.exchange(second) == []
        peer.post(good)
        assert stage.packets() == [b"aabb"]

    @each_row(
        ("index", "count", "total", "offset", "data"),
        [
            (0, 2, 4, 4, b"aa"),
            (0, 2, 4, 3, b"aa"),
            (2, 2, 4, 0, b"aa"),
            (0, 0, 4, 0, b"aa"),
            (0, 5, 4, 0, b"aa"),
            (0, 2, 4, 0, b""),
            (0, 1048577, 2000000, 0, b"aa"),
            (0, 2, 0xFFFFFFFF, 0, b"aa"),
            (0, 2, 4, 0xFFFFFFFF, b"aa"),
            (0, 2, 32 << 20, 0, b"a"),
            (1, 2, 32 << 20, 1, b"a"),
            (1, 3, 9, 4, b"aaa"),
            (2, 3, 9, 7, b"aa"),
            (2, 3, 9, 4, b"aaaaa"),
            (0, 1, 4, 2, b"aa"),
        ],
        ids=[
            "offset at the end",
            "data beyond the end",
            "number at the count",
            "no fragments",
            "more fragments than bytes",
            "empty",
            "too many fragments",
            "too large",
            "offset overflows",
            "more bytes than fragments of this length hold",
            "last one not at the end",
            "not where fragments of this length begin",
            "last one behind unequal ones",
            "last one longer than the others",
            "half of a whole",
        ],
    )
    @each_row("kind", ["reliable", "unreliable"])
    def test_nonsense_is_refused(
        self, engine_factory: EngineFactory, kind: str, index: int, count: int, total: int, offset: int, data: bytes
    ) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        if kind == "reliable":
            command = raw.fragment(0, 1, index, count, total, offset, data, number=1)
        else:
            command = raw.unreliable_fragment(0, 0, 1, index, count, total, offset, data)
        assert peer.exchange(command, raw.reliable(1, 1, b"behind")) == []
        assert stage.events() == []
        assert peer.info.waiting_data == 0
        assert stage.engine.drops[Drop.MALFORMED] + stage.engine.drops[Drop.PACKET_TOO_LARGE] == 1

    def test_fragment_where_an_ordinary_packet_waits_is_refused(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.exchange(raw.reliable(0, 2, b"bb"))
        assert peer.exchange(raw.fragment(0, 2, 0, 2, 2, 0, b"x")) == []

    def test_gaps_of_a_crafted_packet_read_zero(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.post(raw.fragment(0, 1, 0, 2, 8, 0, b"abcd"), raw.fragment(0, 1, 1, 2, 8, 7, b"e"))
        assert stage.packets() == [b"abcd\0\0\0e"]

    def test_overlaps_of_a_crafted_packet_take_the_later_arrival(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.post(raw.fragment(0, 1, 1, 2, 4, 2, b"11"), raw.fragment(0, 1, 0, 2, 4, 0, b"000"))
        assert stage.packets() == [b"0001"]

    def test_numbers_that_lie_inside_a_completed_packet_do_not_block_the_channel(
        self, engine_factory: EngineFactory
    ) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.post(raw.reliable(0, 2, b"inside"))
        peer.post(*pieces(b"aabbcc", 2))
        peer.post(raw.reliable(0, 4, b"next"))
        assert stage.packets() == [b"aabbcc", b"next"]
        assert peer.info.waiting_data == 0

    def test_too_far_ahead_is_neither_kept_nor_acknowledged(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        assert peer.exchange(*pieces(b"aabb", 2, start=0x7000)) == []
        assert peer.info.waiting_data == 0

    def test_old_ones_are_acknowledged(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        first, second = pieces(b"aabb", 2)
        peer.exchange(first, second)
        assert peer.exchange(first) == [raw.datagram(raw.acknowledge(0, 1, START))]
        assert stage.packets() == [b"aabb"]


class TestReceivingUnreliable:
    def test_any_order_gives_the_packet(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        second = raw.unreliable_fragment(0, 0, 1, 1, 2, 4, 2, b"bb")
        assert peer.exchange(second, second, raw.unreliable_fragment(0, 0, 1, 0, 2, 4, 0, b"aa")) == []
        assert stage.events() == [Event(EventType.RECEIVE, peer.handle, 0, 0, b"aabb", 8)]

    def test_incomplete_packet_is_passed_by_a_newer_one(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.post(raw.unreliable_fragment(0, 0, 1, 0, 2, 4, 0, b"aa"))
        peer.post(raw.unreliable_fragment(0, 0, 2, 0, 2, 4, 0, b"cc"))
        peer.post(raw.unreliable_fragment(0, 0, 2, 1, 2, 4, 2, b"dd"))
        peer.post(raw.unreliable_fragment(0, 0, 1, 1, 2, 4, 2, b"bb"))
        assert stage.packets() == [b"ccdd"]
        assert peer.info.waiting_data == 0

    def test_only_the_last_two_incomplete_packets_are_kept(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        for start in (1, 2, 3):
            peer.post(raw.unreliable_fragment(0, 0, start, 0, 2, 4, 0, b"a%d" % start))
        stage.settle()
        assert peer.info.waiting_data == 8
        peer.post(raw.unreliable_fragment(0, 0, 2, 1, 2, 4, 2, b"b2"))
        peer.post(raw.unreliable_fragment(0, 0, 3, 1, 2, 4, 2, b"b3"))
        assert stage.packets() == [b"a2b2", b"a3b3"]

    def test_forgotten_packets_give_their_bytes_back(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        for start in range(1, 60):
            peer.post(raw.unreliable_fragment(0, 0, start, 0, 2, 1000, 0, bytes(500)))
        stage.settle()
        assert peer.info.waiting_data == 2000

    def test_waits_for_the_reliable_packet_sent_before_it(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.post(
            raw.unreliable_fragment(0, 1, 1, 0, 2, 4, 0, b"aa"), raw.unreliable_fragment(0, 1, 1, 1, 2, 4, 2, b"bb")
        )
        assert stage.events() == []
        peer.post(raw.reliable(0, 1, b"before"))
        assert stage.packets() == [b"before", b"aabb"]

    def test_fragment_that_does_not_fit_its_packet_is_not_taken(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.post(raw.unreliable_fragment(0, 0, 1, 0, 2, 4, 0, b"aa"))
        (answer,) = peer.exchange(raw.unreliable_fragment(0, 0, 1, 1, 3, 6, 2, b"bb"), raw.ping(7))
        assert [command.number for command in raw.read(answer).commands] == [7]
        peer.post(raw.unreliable_fragment(0, 0, 1, 1, 2, 4, 2, b"bb"))
        assert stage.packets() == [b"aabb"]


class TestBothEnds:
    @each_row("size", [0, 1, 1363, 1364, 1365, 2728, 2729, 100_000])
    @each_row("flags", [RELIABLE, FRAGMENT, 0, UNSEQUENCED], ids=["reliable", "fragment", "0", "unseq"])
    @each_row("checksum", [False, True], ids=["plain", "checksum"])
    def test_every_size_arrives(self, engine_pair: EnginePair, size: int, flags: int, checksum: bool) -> None:
        config = HostConfig(checksum=checksum)
        pair = Pair(engine_pair, LinkConfig(delay=5), client=config, server=config)
        pair.connect()
        packet = bytes(index * 7 & 0xFF for index in range(size))
        pair.client.engine.send(pair.to_server, 1, packet, flags)
        pair.world.run_until(lambda: bool(pair.server.events))
        assert pair.packets(pair.server) == [packet]
        assert pair.server.events[0].event.channel == 1

    def test_different_mtus_meet_at_the_smaller(self, engine_pair: EnginePair) -> None:
        pair = Pair(engine_pair, client=HostConfig(mtu=4096), server=HostConfig(mtu=576))
        pair.connect()
        packet = bytes(range(256)) * 40
        pair.client.engine.send(pair.to_server, 0, packet, RELIABLE)
        pair.world.run_until(lambda: bool(pair.server.events))
        assert pair.packets(pair.server) == [packet]
        assert max(len(capture.data) for capture in pair.world.captures) == 576
