"""Losses noticed early: exactly when something is sent again, what raises the loss delay, and what all that gains."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from godot_enet.core.interface import Address, Engine
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import Command, PeerOption, PeerStatistic
from godot_enet.core.protocol.events import EventType
from godot_enet.core.protocol.tuning import LOSS_MEMORY, MIN_REORDERING_WINDOW
from godot_enet.core.sim import LinkConfig
from tests.conftest import EngineFactory, EnginePair
from tests.scenario import raw
from tests.scenario.engine_stage import CLIENT, SERVER, Pair, RawPeer, Stage, timed_out

RTT = 100


def steady(factory: EngineFactory, **config: int) -> RawPeer:
    """A peer whose round trip is 100 ms with a variance of 3 (which never falls lower), that is idle and not pinged."""
    peer = Stage(factory, early_retransmit=True, **config).joined(sample=RTT)
    peer.hush(RTT)
    for _ in range(10):
        peer.sample(RTT)
    statistics = PeerStatistic.ROUND_TRIP_TIME, PeerStatistic.ROUND_TRIP_TIME_VARIANCE
    assert [peer.statistic(which) for which in statistics] == [RTT, 3]
    return peer


TIMEOUT = RTT + 4 * 3
LOSS_DELAY = RTT + 2 * 3


def send_spaced(peer: RawPeer, count: int, gap: int = 10) -> int:
    """So many packets, each in a datagram of its own, ``gap`` ms apart; the time of the first."""
    begin = peer.stage.now
    for number in range(count):
        peer.send(0, b"%d" % number)
        peer.take()
        if number < count - 1:
            peer.stage.wait(gap)
    return begin


def resent(peer: RawPeer) -> list[tuple[int, int]]:
    """What left since the last call: when, and which number."""
    peer.stage.settle()
    arrivals, peer.mailbox.received = peer.mailbox.received, []
    return [
        (arrival.time, command.number)
        for arrival in arrivals
        for command in raw.read(arrival.data).commands
        if command.kind == 6
    ]


class TestMoments:
    def test_alone_it_waits_for_the_time_out(self, engine_factory: EngineFactory) -> None:
        peer = steady(engine_factory)
        begin = send_spaced(peer, 1)
        peer.stage.wait(TIMEOUT + 2 * TIMEOUT + 4 * TIMEOUT)
        assert resent(peer) == [(begin + TIMEOUT, 1), (begin + 3 * TIMEOUT, 1), (begin + 7 * TIMEOUT, 1)]

    def test_one_later_acknowledgement_shortens_the_wait(self, engine_factory: EngineFactory) -> None:
        peer = steady(engine_factory)
        begin = send_spaced(peer, 2, gap=2)
        peer.stage.wait(RTT - 1)
        peer.acknowledge(0, 2, RTT - 1)
        peer.stage.wait(50)
        assert resent(peer) == [(begin + LOSS_DELAY, 1)]

    def test_three_later_ones_end_it_at_once(self, engine_factory: EngineFactory) -> None:
        peer = steady(engine_factory)
        begin = send_spaced(peer, 4, gap=1)
        peer.stage.wait(60)
        for number in (2, 3):
            peer.acknowledge(0, number, 60)
        assert resent(peer) == []
        peer.acknowledge(0, 4, 60)
        assert resent(peer) == [(begin + 63, 1)]

    def test_later_means_a_later_datagram(self, engine_factory: EngineFactory) -> None:
        peer = steady(engine_factory)
        begin = peer.stage.now
        for number in range(5):
            peer.send(0, b"%d" % number)
        assert len(peer.take()) == 1
        peer.stage.wait(RTT - 5)
        for number in (2, 3, 4, 5):
            peer.acknowledge(0, number, RTT - 5)
        peer.stage.wait(50)
        ((moment, number),) = resent(peer)
        assert number == 1
        assert moment >= begin + LOSS_DELAY

    def test_a_second_loss_of_the_same_is_noticed_as_soon(self, engine_factory: EngineFactory) -> None:
        peer = steady(engine_factory)
        begin = send_spaced(peer, 4, gap=1)
        peer.stage.wait(60)
        peer.acknowledge(0, 4, 60)
        assert resent(peer) == [(begin + 63, 1)]
        peer.stage.wait(1)
        send_spaced(peer, 3, gap=1)
        again = peer.stage.now
        peer.stage.wait(60)
        peer.acknowledge(0, 7, 60)
        assert (again + 60, 1) in resent(peer)

    def test_time_outs_double_for_the_peer_and_any_acknowledgement_ends_that(
        self, engine_factory: EngineFactory
    ) -> None:
        peer = steady(engine_factory)
        begin = send_spaced(peer, 1)
        peer.stage.wait(3 * TIMEOUT)
        assert len(resent(peer)) == 2
        peer.sample(RTT)
        peer.stage.wait(4 * TIMEOUT)
        assert resent(peer)[0] == (begin + 3 * TIMEOUT + LOSS_DELAY, 1)

    def test_no_more_than_twice_while_anything_comes(self, engine_factory: EngineFactory) -> None:
        peer = steady(engine_factory, redundant_copies=0)
        begin = send_spaced(peer, 1)
        for number in range(1, 16):
            peer.stage.wait(TIMEOUT - 1)
            peer.post(raw.unreliable(0, 0, number, b"x"))
            peer.stage.wait(1)
        assert resent(peer) == [(begin + turn * TIMEOUT, 1) for turn in (1, 3, 7, 11, 15)]

    def test_giving_up_is_as_late_as_ever(self, engine_factory: EngineFactory) -> None:
        peer = steady(engine_factory)
        peer.stage.engine.configure(peer.handle, PeerOption.TIMEOUT, 4, 1, 30_000)
        send_spaced(peer, 1)
        peer.stage.wait(7 * TIMEOUT - 1)
        assert peer.stage.events() == []
        peer.stage.wait(1)
        assert peer.stage.events() == [timed_out(peer.handle, Command.SEND_RELIABLE)]


class TestReordering:
    def test_a_spurious_resend_raises_the_loss_delay(self, engine_factory: EngineFactory) -> None:
        peer = steady(engine_factory)
        begin = send_spaced(peer, 4, gap=1)
        peer.stage.wait(60)
        for number in (2, 3, 4):
            peer.acknowledge(0, number, 64 - number)
        assert resent(peer) == [(begin + 63, 1)]
        peer.acknowledge(0, 1, 63)  # the first copy arrived after all, only late
        begin = send_spaced(peer, 4, gap=1)
        peer.stage.wait(RTT - 5)
        for number in (6, 7, 8):
            peer.acknowledge(0, number, RTT - 5 + 8 - number)
        assert resent(peer) == []  # three later ones are no reason any more
        peer.stage.wait(100)
        ((moment, number),) = resent(peer)
        assert number == 5
        assert moment >= begin + RTT - 5 + MIN_REORDERING_WINDOW


GAP = RTT // 4
"""Between a packet and its redundant copies."""


def lossy(factory: EngineFactory, answered: int = 0, **config: int) -> RawPeer:
    """A steady peer that has lost one packet, and had so many others acknowledged; the next packet's number is in
    ``answered + 2``."""
    peer = steady(factory, **config)
    send_spaced(peer, 1)
    peer.stage.wait(TIMEOUT)
    assert [number for _, number in resent(peer)] == [1]
    peer.stage.wait(RTT)
    peer.acknowledge(0, 1, RTT)
    for _ in range(answered):
        peer.send(0, b"x")
    peer.stage.wait(RTT)
    for number in range(2, answered + 2):
        peer.acknowledge(0, number, RTT)
    resent(peer)
    return peer


class TestSpareCopies:
    def test_two_follow_each_packet_while_many_are_lost(self, engine_factory: EngineFactory) -> None:
        peer = lossy(engine_factory)
        begin = send_spaced(peer, 1)
        peer.stage.wait(RTT)
        assert resent(peer) == [(begin + GAP, 2), (begin + 2 * GAP, 2)]

    def test_one_while_few_are(self, engine_factory: EngineFactory) -> None:
        peer = lossy(engine_factory, answered=16)
        begin = send_spaced(peer, 1)
        peer.stage.wait(RTT)
        assert resent(peer) == [(begin + GAP, 18)]

    def test_none_while_hardly_any_are(self, engine_factory: EngineFactory) -> None:
        peer = lossy(engine_factory, answered=100)
        send_spaced(peer, 1)
        peer.stage.wait(RTT)
        assert resent(peer) == []

    @pytest.mark.parametrize("most", [0, 1])
    def test_no_more_than_the_program_wants(self, engine_factory: EngineFactory, most: int) -> None:
        peer = lossy(engine_factory, redundant_copies=most)
        begin = send_spaced(peer, 1)
        peer.stage.wait(RTT)
        assert resent(peer) == [(begin + GAP, 2)][:most]

    def test_none_of_what_is_acknowledged(self, engine_factory: EngineFactory) -> None:
        peer = lossy(engine_factory)
        begin = send_spaced(peer, 1)
        peer.stage.wait(GAP)
        peer.acknowledge(0, 2, GAP)
        peer.stage.wait(RTT)
        assert resent(peer) == [(begin + GAP, 2)]

    def test_they_ride_with_what_leaves_anyway(self, engine_factory: EngineFactory) -> None:
        peer = lossy(engine_factory)
        begin = send_spaced(peer, 2, gap=GAP)
        peer.stage.wait(GAP // 2)
        arrivals = peer.mailbox.received
        assert resent(peer) == []
        assert arrivals == []
        peer.stage.wait(GAP)
        assert resent(peer) == [(begin + 2 * GAP, 2), (begin + 2 * GAP, 3)]

    def test_none_while_much_is_under_way(self, engine_factory: EngineFactory) -> None:
        peer = lossy(engine_factory)
        for _ in range(65536 // 4 // 1024 + 1):
            peer.send(0, bytes(1024))
        peer.stage.settle()
        resent(peer)
        peer.stage.wait(2 * GAP)
        assert resent(peer) == []

    def test_nor_with_many_small_ones(self, engine_factory: EngineFactory) -> None:
        peer = lossy(engine_factory)
        for _ in range(65):
            peer.send(0, b"")
        peer.stage.settle()
        resent(peer)
        peer.stage.wait(2 * GAP)
        assert resent(peer) == []

    def test_an_acknowledgement_of_one_does_not_look_like_reordering(self, engine_factory: EngineFactory) -> None:
        peer = lossy(engine_factory)
        begin = send_spaced(peer, 1)
        peer.stage.wait(TIMEOUT)
        assert resent(peer)[-1] == (begin + TIMEOUT, 2)
        peer.acknowledge(0, 2, TIMEOUT - GAP)  # of the first redundant copy, after the resend
        begin = send_spaced(peer, 4, gap=1)
        peer.stage.wait(10)
        for number in (4, 5, 6):
            peer.acknowledge(0, number, 16 - number)
        assert (peer.stage.now, 3) in resent(peer)  # three later ones still are enough

    def test_they_are_forgotten_until_the_next_loss(self, engine_factory: EngineFactory) -> None:
        """What was lost because of redundant copies must not keep them going for ever."""
        peer = lossy(engine_factory)
        peer.stage.engine.configure(peer.handle, PeerOption.TIMEOUT, 0, 60_000, 60_000)
        number = 2
        for _ in range(LOSS_MEMORY // 1000 + 1):
            peer.send(0, b"x")
            peer.stage.wait(1000)
            peer.acknowledge(0, number, 1000 - GAP)  # as if only a copy had arrived
            peer.acknowledge(0, number, 1000)
            number += 1
        peer.stage.wait(2000)
        resent(peer)
        send_spaced(peer, 1)
        peer.stage.wait(3 * GAP)
        assert resent(peer) == []

    def test_they_change_nothing_for_the_receiver(self, engine_pair: EnginePair) -> None:
        pair = Pair(engine_pair, LinkConfig(delay=25, loss=0.1), 3, exactly=False, capture=False)
        pair.connect()
        for number in range(500):
            pair.client.engine.send(pair.to_server, number % 2, b"%d" % number, 1)
            pair.world.run_for(10)
        pair.world.run_for(2000)
        received = [event.packet for _, event in pair.server.events]
        assert sorted(map(int, received)) == list(range(500))
        assert [packet for packet in received if int(packet) % 2] == [b"%d" % number for number in range(1, 500, 2)]


class Traffic(NamedTuple):
    """What a reliable stream came to."""

    delivered: int
    datagrams: int
    copies: int
    """Of packets, beyond the first of each."""
    late: int
    """The latency that 99 of 100 packets kept, in ms."""


def stream(
    pair_of: EnginePair, link: LinkConfig, early: bool, seconds: int, *, size: int = 1000, every: int = 0, seed: int = 1
) -> Traffic:
    """A reliable stream over a link: one packet ``every`` so many ms, or as many as fit (192 in flight)."""
    config = HostConfig(early_retransmit=early)
    pair = Pair(pair_of, link, seed, client=config, server=config, capture=False, exactly=False)
    pair.connect()
    counter = _Counter(pair.world.post)
    pair.world.post = counter.post  # type: ignore[method-assign]
    born: list[int] = []
    latencies: list[int] = []
    end = pair.world.now + 1000 * seconds
    step = every or 5
    while pair.world.now < end:
        for _ in range(1 if every else 192 - (len(born) - len(latencies))):
            pair.client.engine.send(pair.to_server, 0, len(born).to_bytes(4, "big") + bytes(size - 4), 1)
            born.append(pair.world.now)
        pair.world.run_for(step)
        for moment, event in pair.server.events:
            assert event.type == EventType.RECEIVE
            assert int.from_bytes(event.packet[:4], "big") == len(latencies)
            latencies.append(moment - born[len(latencies)])
        pair.server.events.clear()
    delivered = len(latencies)
    return Traffic(delivered, counter.datagrams, counter.copies, sorted(latencies)[delivered * 99 // 100])


class _Counter:
    """Counts the packets that the client sends more than once."""

    def __init__(self, post: Callable[[Address, Address, bytes], None]) -> None:
        self._post = post
        self._latest = 0
        self.datagrams = self.copies = 0

    def post(self, source: Address, destination: Address, data: bytes) -> None:
        if source == CLIENT and destination == SERVER:
            self.datagrams += 1
            for command in raw.read(data).commands:
                if command.kind == 6:
                    ahead = (command.number - self._latest) & 0xFFFF
                    if 0 < ahead < 0x8000:
                        self._latest = command.number
                    else:
                        self.copies += 1
        self._post(source, destination, data)


CALM = LinkConfig(delay=25)
CROOKED = {
    "some overtake": LinkConfig(delay=25, jitter=10, reorder=0.1),
    "all overtake": LinkConfig(delay=25, jitter=20, reorder=1.0),
    "jitter alone": LinkConfig(delay=25, jitter=15),
    "doubled": LinkConfig(delay=25, jitter=5, reorder=0.05, duplicate=0.05),
}
"""Links that lose nothing. What it costs to learn that they reorder comes first, so a stream must last a while."""


class TestCost:
    @pytest.mark.parametrize("every", [0, 10])
    def test_nothing_is_sent_twice_on_a_clean_link(self, engine_pair: EnginePair, every: int) -> None:
        assert stream(engine_pair, CALM, True, 5, every=every).copies == 0

    @pytest.mark.parametrize(
        ("link", "every", "seconds"),
        [
            ("some overtake", 0, 9),
            *(
                pytest.param(link, every, seconds, marks=pytest.mark.long)
                for link, every, seconds in [("all overtake", 0, 9), *((link, 10, 12) for link in CROOKED)]
            ),
        ],
    )
    def test_a_link_that_only_reorders_costs_next_to_nothing(
        self, engine_factory: EngineFactory, link: str, every: int, seconds: int
    ) -> None:
        both = EnginePair(engine_factory, engine_factory)
        early, exact = (stream(both, CROOKED[link], early, seconds, every=every) for early in (True, False))
        assert early.copies <= exact.copies + 0.005 * early.delivered
        assert early.delivered >= 0.97 * exact.delivered


class TestGain:
    """What docs/hostile-networks.md shows in figures."""

    @pytest.mark.parametrize(("loss", "at_least"), [(0.05, 1.12), (0.2, 5.0)])
    def test_goodput(self, engine_factory: EngineFactory, loss: float, at_least: float) -> None:
        link = LinkConfig(delay=25, loss=loss)
        both = EnginePair(engine_factory, engine_factory)
        early, exact = (stream(both, link, early, 6) for early in (True, False))
        assert early.delivered >= at_least * exact.delivered

    @pytest.mark.parametrize(
        ("loss", "at_most"),
        [
            pytest.param(0.01, 0.67, marks=pytest.mark.long),
            (0.05, 0.33),
            pytest.param(0.2, 0.06, marks=pytest.mark.long),
        ],
    )
    def test_latency(self, engine_factory: EngineFactory, loss: float, at_most: float) -> None:
        link = LinkConfig(delay=25, loss=loss)
        both = EnginePair(engine_factory, engine_factory)
        early, exact = (stream(both, link, early, 20, size=100, every=10) for early in (True, False))
        assert early.late <= at_most * exact.late

    def test_it_needs_one_side_only(self, engine_factory: EngineFactory) -> None:
        """The receiver may be ENet itself: what it sends does not differ."""
        link = LinkConfig(delay=25, loss=0.2)
        exact = stream(EnginePair(engine_factory, exactly(engine_factory)), link, False, 6)
        early = stream(EnginePair(engine_factory, exactly(engine_factory)), link, True, 6)
        assert early.delivered >= 4 * exact.delivered


def exactly(factory: EngineFactory) -> EngineFactory:
    """Engines with ENet's own timing, whatever is asked for."""

    def make(config: HostConfig) -> Engine:
        return factory(HostConfig(early_retransmit=False, half_open_limit=0, seed=config.seed))

    return make
