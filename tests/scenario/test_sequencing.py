"""Order, duplicates and gaps of packets that fit a datagram: reliable, unreliable and unsequenced."""

from __future__ import annotations

import pytest

from godot_enet.core.protocol.constants import PacketFlag
from godot_enet.core.protocol.events import Event, EventType
from tests.conftest import EngineFactory
from tests.rows import each_row
from tests.scenario import raw
from tests.scenario.engine_stage import START, RawPeer, Stage


def advance(stage: Stage, peer: RawPeer, last: int, channel: int = 0) -> None:
    """Bring a channel to the point where reliable number ``last`` was delivered."""
    numbers = range(1, last + 1)
    for begin in range(0, last, 100):
        peer.post(*(raw.reliable(channel, number & 0xFFFF) for number in numbers[begin : begin + 100]))
    peer.take()
    assert len(stage.packets()) == last


def acknowledged(peer: RawPeer, *commands: bytes) -> list[int]:
    """Send commands in one datagram; the numbers that are acknowledged, in order."""
    peer.post(*commands)
    return [command.number for command in peer.commands()]


class TestReliable:
    def test_reordered_packets_are_delivered_in_order_and_acknowledged_on_arrival(
        self, engine_factory: EngineFactory
    ) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        assert peer.exchange(raw.reliable(0, 3, b"c")) == [raw.datagram(raw.acknowledge(0, 3, START))]
        assert peer.exchange(raw.reliable(0, 2, b"b")) == [raw.datagram(raw.acknowledge(0, 2, START))]
        assert stage.events() == []
        assert peer.exchange(raw.reliable(0, 1, b"a")) == [raw.datagram(raw.acknowledge(0, 1, START))]
        assert stage.packets() == [b"a", b"b", b"c"]

    def test_duplicate_is_acknowledged_and_not_delivered(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        assert acknowledged(peer, raw.reliable(0, 1, b"a"), raw.reliable(0, 1, b"again")) == [1, 1]
        assert acknowledged(peer, raw.reliable(0, 1, b"again")) == [1]
        assert stage.packets() == [b"a"]

    def test_duplicate_of_a_waiting_packet_is_acknowledged_and_not_delivered(
        self, engine_factory: EngineFactory
    ) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        assert acknowledged(peer, raw.reliable(0, 2, b"b"), raw.reliable(0, 2, b"again")) == [2, 2]
        peer.post(raw.reliable(0, 1, b"a"))
        assert stage.packets() == [b"a", b"b"]

    def test_each_acknowledgement_carries_the_time_of_its_own_datagram(self, engine_factory: EngineFactory) -> None:
        peer = Stage(engine_factory).joined()
        peer.post(raw.reliable(0, 1), time=0x1111)
        peer.post(raw.reliable(0, 1), time=0x2222)
        assert peer.take() == [raw.datagram(raw.acknowledge(0, 1, 0x1111), raw.acknowledge(0, 1, 0x2222))]

    @each_row(
        ("number", "is_acknowledged", "is_kept"),
        [
            (0x0002, True, True),
            (0x6FFF, True, True),
            (0x7000, False, False),
            (0x8FFF, False, False),
            (0x9000, True, False),
            (0xFFFF, True, False),
            (0x0000, True, False),
            (0x0001, True, False),
        ],
    )
    def test_window_of_acceptable_numbers(
        self, engine_factory: EngineFactory, number: int, is_acknowledged: bool, is_kept: bool
    ) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        advance(stage, peer, 1)
        assert acknowledged(peer, raw.reliable(0, number, b"x")) == ([number] if is_acknowledged else [])
        delivered = number == 2
        assert stage.packets() == ([b"x"] if delivered else [])
        assert peer.info.waiting_data == (1 if is_kept and not delivered else 0)

    def test_numbers_wrap_around(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        advance(stage, peer, 0xFFFE)
        assert acknowledged(peer, raw.reliable(0, 2, b"c"), raw.reliable(0, 0, b"a")) == [2, 0]
        assert acknowledged(peer, raw.reliable(0, 1, b"b"), raw.reliable(0, 0xFFFF, b"z")) == [1, 0xFFFF]
        assert stage.packets() == [b"z", b"a", b"b", b"c"]
        assert acknowledged(peer, raw.reliable(0, 0xFFFF, b"again")) == [0xFFFF]
        assert stage.events() == []

    def test_channels_are_independent(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(channels=3)
        peer.post(raw.reliable(0, 2, b"waits"), raw.reliable(2, 1, b"goes"), raw.unreliable(1, 0, 1, b"too"))
        assert stage.packets() == [b"goes", b"too"]

    @pytest.mark.parametrize("channel", [2, 254, 255])
    def test_channel_that_was_not_negotiated_ends_the_datagram(
        self, engine_factory: EngineFactory, channel: int
    ) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(channels=2)
        answer = peer.exchange(raw.reliable(0, 1, b"a"), raw.reliable(channel, 1, b"b"), raw.reliable(0, 2, b"c"))
        assert answer == [raw.datagram(raw.acknowledge(0, 1, START))]
        assert stage.packets() == [b"a"]


class TestUnreliable:
    def test_late_packets_are_dropped(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.post(raw.unreliable(0, 0, 1, b"1"), raw.unreliable(0, 0, 3, b"3"), raw.unreliable(0, 0, 2, b"2"))
        peer.post(raw.unreliable(0, 0, 3, b"again"))
        assert stage.packets() == [b"1", b"3"]

    def test_waits_for_the_reliable_packet_sent_before_it(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.post(raw.unreliable(0, 1, 1, b"after"))
        assert stage.events() == []
        peer.post(raw.reliable(0, 1, b"before"))
        assert stage.packets() == [b"before", b"after"]

    def test_waiting_ones_come_out_in_order(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        for after, number in ((2, 1), (1, 2), (1, 1), (2, 3), (2, 2)):
            peer.post(raw.unreliable(0, after, number, b"u%d.%d" % (after, number)))
        assert stage.events() == []
        peer.post(raw.reliable(0, 1, b"r1"))
        assert stage.packets() == [b"r1", b"u1.1", b"u1.2"]
        peer.post(raw.reliable(0, 2, b"r2"))
        assert stage.packets() == [b"r2", b"u2.1", b"u2.2", b"u2.3"]

    def test_those_passed_by_reliable_packets_are_dropped(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.post(raw.unreliable(0, 1, 1, b"skipped"), raw.reliable(0, 2, b"r2"), raw.reliable(0, 1, b"r1"))
        assert stage.packets() == [b"r1", b"r2"]
        peer.post(raw.unreliable(0, 0, 5, b"stale"), raw.unreliable(0, 1, 5, b"stale"))
        assert stage.events() == []

    def test_numbering_starts_anew_after_each_reliable_packet(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.post(raw.unreliable(0, 0, 7, b"a"), raw.reliable(0, 1, b"b"), raw.unreliable(0, 1, 1, b"c"))
        assert stage.packets() == [b"a", b"b", b"c"]

    def test_counter_never_wraps(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        for _ in range(0xFFFF):
            peer.send(0, b"", 0)
        assert [command.raw[6:8] for command in peer.commands()] == [b"\0\0"] * 0xFFFF
        peer.send(0, b"last", 0)
        peer.send(0, b"next", 0)
        assert peer.take() == [
            raw.datagram(raw.reliable(0, 1, b"last"), raw.unreliable(0, 1, 1, b"next"), time=START),
        ]


class TestUnsequenced:
    def test_duplicates_are_dropped(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.post(raw.unsequenced(0, 5, b"5"), raw.unsequenced(1, 5, b"again"), raw.unsequenced(0, 4, b"4"))
        assert stage.packets() == [b"5", b"4"]

    def test_a_new_block_forgets_the_one_before(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.post(raw.unsequenced(0, 1023, b"1023"), raw.unsequenced(0, 1024, b"1024"))
        peer.post(raw.unsequenced(0, 1022, b"1022"))
        assert stage.packets() == [b"1023", b"1024"]

    @pytest.mark.parametrize(("jump", "is_taken"), [(32767, True), (32768, False), (65535, False)])
    def test_a_jump_is_taken_up_to_half_the_numbers(
        self, engine_factory: EngineFactory, jump: int, is_taken: bool
    ) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.post(raw.unsequenced(0, jump, b"x"))
        assert stage.packets() == ([b"x"] if is_taken else [])

    def test_groups_wrap_around(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        for group in (32767, 60000, 65534, 65535, 0, 1, 0, 65535):
            peer.post(raw.unsequenced(0, group, b"%d" % group))
        assert stage.packets() == [b"32767", b"60000", b"65534", b"65535", b"0", b"1"]

    def test_waits_for_nothing(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.post(raw.unreliable(0, 1, 1, b"waits"), raw.reliable(0, 2, b"waits"), raw.unsequenced(0, 1, b"goes"))
        assert stage.packets() == [b"goes"]

    def test_numbering_is_shared_by_the_channels(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        for channel in (0, 1, 0):
            peer.send(channel, b"", PacketFlag.UNSEQUENCED)
        assert peer.take() == [raw.datagram(*(raw.unsequenced(channel, 1 + i) for i, channel in enumerate((0, 1, 0))))]


class TestEvents:
    def test_flags_tell_how_a_packet_came(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.post(
            raw.reliable(0, 1, b"r"),
            raw.unreliable(0, 1, 1, b"u"),
            raw.unsequenced(0, 1, b"s"),
            raw.unreliable_fragment(0, 1, 2, 0, 1, 1, 0, b"f"),
            raw.fragment(0, 2, 0, 1, 1, 0, b"g"),
        )
        assert [(event.packet, event.flags) for event in stage.events()] == [
            (b"r", 1),
            (b"u", 0),
            (b"s", 2),
            (b"f", 8),
            (b"g", 1),
        ]

    def test_empty_packets_are_packets(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.post(raw.reliable(1, 1), raw.unreliable(1, 1, 1), raw.unsequenced(1, 1))
        assert stage.events() == [
            Event(EventType.RECEIVE, peer.handle, 1, 0, b"", 1),
            Event(EventType.RECEIVE, peer.handle, 1, 0, b"", 0),
            Event(EventType.RECEIVE, peer.handle, 1, 0, b"", 2),
        ]

    def test_empty_packets_can_be_sent(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        for flags in (PacketFlag.RELIABLE, 0, PacketFlag.UNSEQUENCED, PacketFlag.UNRELIABLE_FRAGMENT):
            peer.send(0, b"", flags)
        assert peer.take() == [
            raw.datagram(
                raw.reliable(0, 1),
                raw.unreliable(0, 1, 1),
                raw.unsequenced(0, 1),
                raw.unreliable(0, 1, 2),
                time=START,
            )
        ]

    def test_reliable_wins_over_unsequenced(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.send(0, b"x", PacketFlag.RELIABLE | PacketFlag.UNSEQUENCED)
        assert peer.take() == [raw.datagram(raw.reliable(0, 1, b"x"), time=START)]


class TestControlCommands:
    def test_are_acknowledged_as_often_as_they_come(self, engine_factory: EngineFactory) -> None:
        peer = Stage(engine_factory).joined()
        assert acknowledged(peer, raw.ping(9), raw.ping(9), raw.ping(9), raw.ping(3)) == [9, 9, 9, 3]

    def test_may_skip_numbers(self, engine_factory: EngineFactory) -> None:
        peer = Stage(engine_factory).joined()
        assert acknowledged(peer, raw.throttle_configure(100, 1, 2, 3)) == [100]
