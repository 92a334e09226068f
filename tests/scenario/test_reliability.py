"""Acknowledgements, round-trip times, retransmission and giving up, to the millisecond."""

from __future__ import annotations

import pytest

from godot_enet.core.protocol.constants import Command, PeerOption, PeerStatistic
from godot_enet.core.protocol.events import EventType
from godot_enet.core.sim import LinkConfig
from tests.conftest import EngineFactory, EnginePair
from tests.rows import each_row
from tests.scenario import raw
from tests.scenario.engine_stage import NEVER, START, Pair, RawPeer, Stage, timed_out

RTT, VARIANCE = PeerStatistic.ROUND_TRIP_TIME, PeerStatistic.ROUND_TRIP_TIME_VARIANCE
LAST_RTT, LAST_VARIANCE = PeerStatistic.LAST_ROUND_TRIP_TIME, PeerStatistic.LAST_ROUND_TRIP_TIME_VARIANCE


def sample(peer: RawPeer, *times: int) -> None:
    """Feed the engine round-trip samples."""
    for time in times:
        peer.sample(time)


def send_times(peer: RawPeer, since: int) -> list[int]:
    """When datagrams arrived, relative to ``since``; they are kept."""
    return [arrival.time - since for arrival in peer.mailbox.received]


class TestRoundTripTime:
    def test_estimator(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=50)
        rows = [(peer.statistic(RTT), peer.statistic(VARIANCE), peer.statistic(PeerStatistic.PACKET_THROTTLE))]
        for time in (60, 40, 200, 30, 30, 30, 35, 48, 500):
            sample(peer, time)
            rows.append((peer.statistic(RTT), peer.statistic(VARIANCE), peer.statistic(PeerStatistic.PACKET_THROTTLE)))
        assert rows == [
            (50, 25, 32),
            (51, 21, 32),
            (50, 18, 32),
            (68, 51, 30),
            (64, 48, 32),
            (60, 44, 32),
            (57, 40, 32),
            (55, 35, 32),
            (55, 28, 32),
            (110, 132, 30),
        ]
        assert (peer.statistic(LAST_RTT), peer.statistic(LAST_VARIANCE)) == (50, 25)

    def test_best_and_worst_are_kept_for_each_throttle_interval(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=50, throttle=(2000, 2, 2))
        sample(peer, 200)  # 68, 56
        sample(peer, 10)  # 61, 56
        stage.wait(1999)
        sample(peer, 61)
        assert (peer.statistic(LAST_RTT), peer.statistic(LAST_VARIANCE)) == (50, 25)
        stage.wait(1)
        sample(peer, 61)
        assert peer.statistic(PeerStatistic.PACKET_THROTTLE_EPOCH) == START + 2000
        assert (peer.statistic(LAST_RTT), peer.statistic(LAST_VARIANCE)) == (50, 56)

    def test_defaults_before_the_first_acknowledgement(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        peer.handle = stage.engine.connect(peer.mailbox.address, 1, 0)
        assert (peer.statistic(RTT), peer.statistic(VARIANCE)) == (500, 0)
        assert (peer.statistic(LAST_RTT), peer.statistic(LAST_VARIANCE)) == (500, 0)
        assert peer.statistic(PeerStatistic.PACKET_THROTTLE) == 32
        assert peer.statistic(PeerStatistic.PACKET_THROTTLE_LIMIT) == 32

    def test_is_never_below_one(self, engine_factory: EngineFactory) -> None:
        peer = Stage(engine_factory).joined(sample=0)
        assert (peer.statistic(RTT), peer.statistic(VARIANCE)) == (1, 1)

    @pytest.mark.parametrize("start", [0x10010, 2**32 + 0x10, 2**40 + 0x10])
    def test_sent_time_from_before_the_wrap(self, engine_factory: EngineFactory, start: int) -> None:
        peer = Stage(engine_factory, start=start).joined(sample=32)
        assert peer.statistic(RTT) == 32

    def test_longest_sample_is_half_the_range_of_the_sent_time(self, engine_factory: EngineFactory) -> None:
        peer = Stage(engine_factory, start=0x28000).joined(sample=0x8000)
        assert peer.statistic(RTT) == 0x8000

    def test_acknowledgement_from_the_future_is_ignored_altogether(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=100)
        peer.send(0, b"x")
        peer.take()
        peer.acknowledge(0, 1, -50)
        assert peer.statistic(RTT) == 100
        assert peer.info.reliable_data_in_transit == 1
        peer.acknowledge(0, 1, 0)
        assert peer.info.reliable_data_in_transit == 0

    @pytest.mark.parametrize(("channel", "number", "age"), [(0, 2, 30), (1, 1, 30), (raw.CONTROL, 999, 30), (0, 1, 29)])
    def test_acknowledgement_of_nothing_that_was_sent_tells_nothing(
        self, engine_factory: EngineFactory, channel: int, number: int, age: int
    ) -> None:
        """Number and time must be those of what left and was not acknowledged."""
        stage = Stage(engine_factory)
        peer = stage.joined(sample=100)
        peer.send(0, b"x")
        peer.take()
        stage.wait(30)
        before = [peer.statistic(which) for which in PeerStatistic]
        peer.acknowledge(channel, number, age)
        assert [peer.statistic(which) for which in PeerStatistic] == before
        assert peer.info.reliable_data_in_transit == 1
        peer.acknowledge(0, 1, 30)
        assert peer.statistic(RTT) == 92

    def test_every_copy_may_be_the_one_that_arrived(self, engine_factory: EngineFactory) -> None:
        for copy in range(3):
            stage = Stage(engine_factory)
            peer = stage.joined(sample=100)
            peer.send(0, b"x")
            times: list[int] = []
            while len(times) < 3:
                stage.wait(1)
                times += [raw.read(data).time or 0 for data in peer.take()]
            peer.acknowledge(0, 1, stage.now - times[copy])
            assert peer.info.reliable_data_in_transit == 0

    def test_acknowledgements_of_nothing_are_no_sign_of_life(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=40)
        for second in range(30):
            for number in range(40):
                peer.post(raw.acknowledge(raw.CONTROL, number, stage.now - 25), time=None)
            stage.wait(1000 + 7 * second)
        assert [event.type for event in stage.events()] == [EventType.DISCONNECT]

    def test_is_that_of_the_link(self, engine_pair: EnginePair) -> None:
        pair = Pair(engine_pair, LinkConfig(delay=35))
        pair.connect()
        pair.world.run_for(20_000)
        assert pair.client.engine.peer_statistic(pair.to_server, RTT) == 70
        assert pair.server.engine.peer_statistic(pair.to_client, RTT) == 70


class TestRetransmission:
    def test_backs_off_and_gives_up(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=100)
        peer.hush(100)
        sample(peer, 85, 96, 107)
        assert (peer.statistic(RTT), peer.statistic(VARIANCE)) == (100, 20)
        since = stage.now
        peer.send(0, b"x")
        stage.wait(11_339)
        assert send_times(peer, since) == [0, 180, 540, 1260, 2700, 5580]
        assert stage.events() == []
        stage.wait(1)
        assert stage.events() == [timed_out(peer.handle, Command.SEND_RELIABLE)]

    def test_repeats_the_same_bytes_under_a_new_time(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=100)
        peer.send(0, b"x")
        stage.wait(300)
        assert peer.take() == [
            raw.datagram(raw.reliable(0, 1, b"x"), time=START),
            raw.datagram(raw.reliable(0, 1, b"x"), time=START + 300),
        ]

    def test_never_gives_up_before_the_minimum(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=1)
        peer.hush(1)
        since = stage.now
        peer.send(0, b"x")
        stage.wait(5114)
        assert send_times(peer, since) == [0, 5, 15, 35, 75, 155, 315, 635, 1275, 2555]
        assert stage.events() == []
        stage.wait(1)
        assert stage.events() == [timed_out(peer.handle, Command.SEND_RELIABLE)]

    @each_row(("limit", "minimum", "maximum", "end"), [
        (0, 0, 0, 6300),
        (0, 1, 30000, 6300),
        (32, 5000, 30000, 6300),
        (1 << 31, 5000, 30000, 51_100),
        (1 << 31, 5000, 10000, 12_700),
        (1, 1, 30000, 100),
        (2, 1, 30000, 300),
        (1, 1600, 30000, 3100),
        (64, 6301, 30000, 12_700),
    ])  # fmt: skip
    def test_limits_can_be_set(
        self, engine_factory: EngineFactory, limit: int, minimum: int, maximum: int, end: int
    ) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=40)
        peer.hush(40)
        assert peer.statistic(RTT) + 4 * peer.statistic(VARIANCE) == 100
        stage.engine.configure(peer.handle, PeerOption.TIMEOUT, limit, minimum, maximum)
        peer.send(0, b"x")
        stage.wait(end - 1)
        assert stage.events() == []
        stage.wait(1)
        assert stage.events() == [timed_out(peer.handle, Command.SEND_RELIABLE)]

    def test_any_acknowledgement_restarts_the_timeout(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=40)
        peer.hush(40)
        peer.send(0, b"x")
        stage.wait(4000)
        sample(peer, 40)
        stage.wait(8699)  # not at 6300: the oldest unanswered send is now the one at 3100
        assert stage.events() == []
        stage.wait(1)
        assert stage.events() == [timed_out(peer.handle, Command.SEND_RELIABLE)]

    def test_overdue_commands_keep_their_order_and_go_before_newer_ones(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=100)
        peer.send(0, b"a")
        peer.send(1, b"b")
        peer.take()
        stage.host.paused = True
        stage.wait(300)
        peer.send(0, b"c")
        stage.host.paused = False
        assert peer.take() == [
            raw.datagram(raw.reliable(0, 1, b"a"), raw.reliable(1, 1, b"b"), raw.reliable(0, 2, b"c"), time=START + 300)
        ]

    def test_a_quicker_command_waits_for_the_oldest_one(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=400)  # 400, 200: times out after 1200
        stage.engine.configure(peer.handle, PeerOption.PING_INTERVAL, NEVER)
        peer.send(0, b"slow")
        peer.take()
        sample(peer, 400, 400, 400)
        assert peer.statistic(RTT) + 4 * peer.statistic(VARIANCE) == 740
        peer.send(0, b"quick")
        peer.take()
        stage.wait(999)
        assert peer.take() == []
        peer.acknowledge(0, 1, 999)
        assert peer.take() == [raw.datagram(raw.reliable(0, 2, b"quick"), time=START + 999)]

    def test_bytes_in_transit(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=100, throttle=(5000, 2, 32), bandwidths=(1, 0))
        for _ in range(3):
            peer.send(0, bytes(1300))
        assert len(peer.take()) == 3
        assert peer.info.reliable_data_in_transit == 3900
        sample(peer, 2000)  # closes the throttle, and so the window to one MTU
        stage.wait(300)
        assert [command.number for command in peer.commands()] == [1]
        assert peer.info.reliable_data_in_transit == 1300
        peer.acknowledge(0, 2, 300)  # timed out: not in transit any more
        assert peer.info.reliable_data_in_transit == 1300
        peer.acknowledge(0, 1, 300)
        assert [command.number for command in peer.commands()] == [3]
        assert peer.info.reliable_data_in_transit == 1300
        peer.acknowledge(0, 3, 300)
        assert peer.info.reliable_data_in_transit == 0

    def test_one_acknowledgement_is_enough(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=100)
        peer.send(0, b"x")
        stage.wait(300)
        peer.take()
        peer.acknowledge(0, 1, 300)  # of the first transmission
        stage.wait(499)
        assert peer.take() == []

    def test_acknowledgement_on_another_channel_is_another_command(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=100)
        peer.send(0, b"x")
        peer.take()
        peer.acknowledge(1, 1, 0)
        peer.acknowledge(raw.CONTROL, 1, 0)
        assert peer.info.reliable_data_in_transit == 1


class TestPing:
    def test_idle_peers_are_pinged(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        stage.wait(499)
        assert peer.take() == []
        stage.wait(1)
        assert peer.take() == [raw.datagram(raw.ping(2), time=START + 500)]
        peer.acknowledge(raw.CONTROL, 2, 0)
        stage.wait(499)
        assert peer.take() == []
        stage.wait(1)
        assert [command.kind for command in peer.commands()] == [10]  # the limits are due, and probe as well
        peer.acknowledge(raw.CONTROL, 3, 0)
        stage.wait(500)
        assert peer.take() == [raw.datagram(raw.ping(4), time=START + 1500)]

    @pytest.mark.parametrize(("interval", "effective"), [(200, 200), (0, 500), (900, 900)])
    def test_interval_can_be_set(self, engine_factory: EngineFactory, interval: int, effective: int) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        stage.engine.configure(peer.handle, PeerOption.PING_INTERVAL, interval)
        stage.wait(effective - 1)
        assert peer.take() == []
        stage.wait(1)
        assert peer.take() == [raw.datagram(raw.ping(2), time=START + effective)]

    def test_an_interval_that_changes_again_and_again(self, engine_factory: EngineFactory) -> None:
        """Each change leaves a timer behind that is outdated, although its time is that of a later one."""
        stage = Stage(engine_factory)
        peer = stage.joined()
        for _ in range(4000):
            for interval in (400, 500):
                stage.engine.configure(peer.handle, PeerOption.PING_INTERVAL, interval)
                stage.engine.poll_timeout()
        stage.wait(499)
        assert peer.take() == []
        stage.wait(1)
        assert peer.take() == [raw.datagram(raw.ping(2), time=START + 500)]

    def test_anything_in_flight_is_probe_enough(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=1000)
        peer.send(0, b"x")
        stage.wait(999)
        assert peer.take() == [raw.datagram(raw.reliable(0, 1, b"x"), time=START)]

    def test_unreliable_traffic_is_not(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        stage.wait(499)
        peer.send(0, b"x", 0)
        stage.wait(1)
        assert peer.take() == [
            raw.datagram(raw.unreliable(0, 0, 1, b"x")),
            raw.datagram(raw.ping(2), time=START + 500),
        ]

    def test_can_be_asked_for(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        stage.engine.ping(peer.handle)
        stage.engine.ping(peer.handle)
        assert peer.take() == [raw.datagram(raw.ping(2), raw.ping(3), time=START)]

    def test_only_connected_peers_are_pinged(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        handle = stage.engine.connect(peer.mailbox.address, 1, 0)
        stage.engine.ping(handle)
        assert [command.kind for command in peer.commands()] == [2]

    def test_silent_remote_is_found_out(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=40)
        stage.wait(500 + 63 * 120 - 1)
        assert stage.events() == []
        stage.wait(1)
        assert stage.events() == [timed_out(peer.handle, Command.PING)]


class TestPacketLoss:
    def test_statistic(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=100)  # the VERIFY_CONNECT was the first command
        peer.hush()  # and a BANDWIDTH_LIMIT the second
        for _ in range(7):
            peer.send(0, b"lost once")
        assert len(peer.commands()) == 7
        stage.wait(252)
        assert len(peer.answer(100)) == 7
        for _ in range(84):
            peer.send(0, b"", 0)
        begin = START - 100  # when it left
        assert peer.statistic(PeerStatistic.PACKET_LOSS_EPOCH) == begin
        stage.wait(begin + 10_000 - 1 - stage.now)
        assert peer.statistic(PeerStatistic.PACKET_LOSS_EPOCH) == begin
        stage.wait(1)
        assert peer.statistic(PeerStatistic.PACKET_LOSS) == 0
        peer.send(0, b"", 0)
        stage.settle()
        assert peer.statistic(PeerStatistic.PACKET_LOSS) == 7 * 65536 // 101 // 8 == 567
        assert peer.statistic(PeerStatistic.PACKET_LOSS_VARIANCE) == 7 * 65536 // 101 // 4 == 1135
        assert peer.statistic(PeerStatistic.PACKET_LOSS_EPOCH) == begin + 10_000
