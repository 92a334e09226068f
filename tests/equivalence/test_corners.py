"""Places that programs made at random seldom reach, each by the shortest way there."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from godot_enet.core.compression import FastLz, Zlib
from godot_enet.core.interface import Address, Compressor
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import DisconnectMode, PeerOption, PeerState
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import Event, EventType
from tests.equivalence.lockstep import Lockstep
from tests.equivalence.lockstep_net import Net
from tests.rows import each_row
from tests.scenario import raw
from tests.tight import TightConfig

HERE, THERE = Address("10.0.0.1", 1), Address("10.0.0.2", 2)
START = 0x2340


class Pair:
    """Two hosts that have connected; the first one did."""

    def __init__(self, start: int = START, **config: Any) -> None:
        made = TightConfig(**config)
        self.net = Net(start, [(made, HERE), (made, THERE)])
        self.here, self.there = self.net.nodes
        self.net.connect(self.here, THERE, 3, 0)
        self.net.run(30)
        (event,) = self.net.events(self.there)
        assert [event.type for event in self.net.events(self.here)] == [EventType.CONNECT]
        self.to_there, self.to_here = self.here.handles[0], event.peer

    def send(self, packet: bytes, flags: int, channel: int = 0) -> None:
        assert self.here.engines.call("send", self.to_there, channel, packet, flags) is None

    def craft(self, *commands: bytes) -> None:
        """To the second host, as if the first one had sent them."""
        self.net.craft(self.there, HERE, list(commands), timed=True, packed=False)
        self.net.transmit(self.there)
        self.net.compare()

    def arrived(self) -> list[Event]:
        """The second host's events."""
        taken = self.net.events(self.there)
        self.net.compare()
        return taken


@pytest.mark.parametrize("count", [9_000, pytest.param(70_000, marks=pytest.mark.long)])
def test_sequence_numbers_go_round(count: int) -> None:
    """Past a window's limit, and past the end of the 16 bits."""
    pair = Pair()
    sent = received = 0
    while received < count:
        while sent < min(count, received + 900):
            pair.send(sent.to_bytes(3, "big"), 1)
            sent += 1
        pair.net.run(5)
        for event in pair.net.events(pair.there):
            assert event.packet == received.to_bytes(3, "big")
            received += 1
    pair.net.compare()


def test_a_window_that_never_closes_stops_the_sender() -> None:
    """Nothing is acknowledged; small packets go on until the first number of a window that is still in use."""
    pair = Pair()
    for _ in range(20):
        for _ in range(500):
            pair.send(b"", 1)
        pair.net.now += 1
        pair.net.transmit(pair.here)
        pair.net.lose_everything()
        pair.net.compare()


@pytest.mark.parametrize("before", [0, *(pytest.param(each, marks=pytest.mark.long) for each in (37_000, 62_000))])
def test_a_packet_that_stays_away_stops_the_sender_far_ahead(before: int) -> None:
    """All others are acknowledged: windows fill and empty, until one comes too near to that of the missing packet."""
    pair = Pair()
    for _ in range(0, before, 500):
        for _ in range(500):
            pair.send(b"", 1)
        while pair.net.transmit(pair.here):
            pair.net.deliver(pair.there)
            pair.net.transmit(pair.there)
            pair.net.deliver(pair.here)
    assert len(pair.arrived()) == before
    pair.send(b"missing", 1)
    pair.net.transmit(pair.here)
    pair.net.lose_everything()
    for _ in range(90):
        for _ in range(500):
            pair.send(b"", 1)
        while pair.net.transmit(pair.here):
            pair.net.deliver(pair.there)
            pair.net.transmit(pair.there)
            pair.net.deliver(pair.here)
    pair.net.compare()
    queued = pair.here.engines.call("peer_info", pair.to_there).packets_queued
    assert 0 < queued < 45_000
    assert pair.arrived() == []


def test_many_connections_are_lost_in_the_same_moment() -> None:
    """Their order is part of the answer."""
    random = Random(8)
    net = Net(START, [(HostConfig(peer_count=64), HERE)])
    (node,) = net.nodes
    for number in range(64):
        net.connect(node, Address("10.0.1.1", 1 + number), 1, 0)
    net.transmit(node)
    for number in random.sample(range(64), 64):
        node.engines.call("configure", node.handles[number], PeerOption.TIMEOUT, 1, 1, random.choice((700, 700, 800)))
    net.lose_everything()
    lost: list[Event] = []
    while len(lost) < 64:
        net.now += 100
        net.timers(node)
        net.transmit(node)
        lost += net.events(node)
        net.compare()


def test_sessions_of_a_slot_that_is_used_again() -> None:
    """Whatever the remote offers, the answer differs from what the slot had before."""
    random = Random(9)
    net = Net(START, [(HostConfig(peer_count=2, half_open_limit=0), HERE)])
    (node,) = net.nodes
    for number in range(200):
        sessions = random.choice((0, 1, 2, 3, 4, 254, 255)), random.choice((0, 1, 2, 3, 4, 254, 255))
        command = raw.connect(sessions=sessions, connect_id=number.to_bytes(4, "little"))
        net.inject(node, THERE, raw.datagram(command, peer=raw.UNKNOWN_PEER, time=net.now))
        assert net.transmit(node) == 1
        net.lose_everything()
        (peer,) = node.engines.call("peers")
        node.engines.call("disconnect", peer, 0, DisconnectMode.RESET, net.now)


@each_row("flags", [0, 1, 2, 8])
@each_row("size", [3, 5000])
def test_disconnect_later_after_the_last_packet(flags: int, size: int) -> None:
    pair = Pair()
    pair.send(bytes(size), flags)
    pair.here.engines.call("disconnect", pair.to_there, 9, DisconnectMode.LATER, pair.net.now)
    pair.net.compare()
    for _ in range(40):
        pair.net.run(5)
        pair.net.compare()
    kinds = [event.type for event in pair.arrived()]
    assert kinds == [EventType.RECEIVE, EventType.DISCONNECT]
    assert [event.type for event in pair.net.events(pair.here)] == [EventType.DISCONNECT]


def test_early_commands_inside_a_delivered_group() -> None:
    """A broken sender gives the same numbers to a packet and to a fragment."""
    pair = Pair()
    pair.craft(raw.reliable(0, 3, b"inside"), raw.reliable(0, 2, b"inside, too"), raw.reliable(0, 9, b"beyond"))
    for index in range(5):
        pair.craft(raw.fragment(0, 1, index, 5, 10, 2 * index, b"ab"))
    assert [event.packet for event in pair.arrived()] == [b"ab" * 5]
    pair.craft(*(raw.reliable(0, number, b"%d" % number) for number in (6, 7, 8)))
    assert [event.packet for event in pair.arrived()] == [b"6", b"7", b"8", b"beyond"]


@pytest.mark.parametrize("seed", range(8))
def test_groups_of_any_shape(seed: int) -> None:
    """Fragments that overlap, leave gaps, come twice, contradict each other."""
    random = Random(seed)
    pair = Pair()
    numbers = [1, 1, 1, 4, 7]
    for _ in range(300):
        start, count = random.choice(numbers), random.choice((1, 2, 3, 3))
        number, total = random.randrange(count), random.choice((10, 10, 30, count, count - 1 or 1))
        data = random.randbytes(random.randrange(1, 12))
        offset = number * len(data) if number < count - 1 else total - len(data)
        if random.random() < 0.1 or offset < 0:
            offset = random.randrange(total)
        make = (
            raw.fragment(0, start, number, count, total, offset, data)
            if random.random() < 0.5
            else raw.unreliable_fragment(1, 0, start, number, count, total, offset, data)
        )
        pair.craft(make)
        if random.random() < 0.2:
            numbers = [number + 1 for number in numbers]
            pair.craft(raw.reliable(0, random.choice(numbers), b"r"), raw.unreliable(1, 0, numbers[0], b"u"))
        if random.random() < 0.3:
            pair.arrived()


def test_unreliable_commands_around_the_end_of_the_numbers() -> None:
    """They wait for reliable ones of before and after the wrap-around, in the right order."""
    pair = Pair()
    random = Random(5)
    at = 0
    for _ in range(16):
        waiting = [
            raw.unreliable(0, (at + random.choice((0, 1, 5, 4000, 4100, 9000))) & 0xFFFF, random.randrange(6), b"u")
            for _ in range(30)
        ]
        pair.craft(*waiting)
        for _ in range(0, 4500, 30):
            pair.craft(*(raw.reliable(0, (at := at + 1) & 0xFFFF) for _ in range(30)))
            pair.arrived()
    assert at > 0x10000


def test_a_full_budget() -> None:
    pair = Pair(maximum_waiting_data=2000)
    random = Random(6)
    for _ in range(60):
        pair.send(random.randbytes(random.choice((1, 500, 4000))), random.choice((0, 1, 2, 8)), random.randrange(3))
    for _ in range(60):
        pair.net.run(20)
        pair.net.compare()
        if random.random() < 0.2:
            pair.net.events(pair.there, 3)
    assert pair.there.engines.python.drops[Drop.WAITING_DATA_FULL] > 0


def test_packets_over_the_limit() -> None:
    pair = Pair(maximum_packet_size=600)
    pair.craft(raw.reliable(0, 1, bytes(601)))
    pair.craft(raw.unreliable(0, 0, 1, bytes(601)), raw.unsequenced(0, 1, bytes(601)))
    pair.craft(raw.fragment(0, 1, 0, 2, 601, 0, b"x"))
    assert pair.arrived() == []
    assert pair.there.engines.python.drops[Drop.PACKET_TOO_LARGE] == 3


def test_more_acknowledgements_than_fit_into_a_datagram() -> None:
    pair = Pair()
    for number in range(1, 400):
        pair.net.craft(pair.there, HERE, [raw.reliable(0, number)], timed=True, packed=False)
        if number % 150 == 0:
            pair.net.transmit(pair.there, urgent=True)
            pair.net.now += 1
    pair.net.transmit(pair.there)
    assert len(pair.arrived()) == 399


def test_timers_that_are_set_again_and_again() -> None:
    pair = Pair()
    for interval in range(3000, 100, -7):
        pair.here.engines.call("configure", pair.to_there, PeerOption.PING_INTERVAL, interval)
        pair.here.engines.call("configure", pair.to_there, PeerOption.TIMEOUT, 1, interval, interval)
        pair.here.engines.call("poll_timeout")
    for _ in range(40):
        pair.net.run(50)
        pair.net.compare()
    assert pair.here.engines.call("peer_state", pair.to_there) is PeerState.CONNECTED


def test_thousands_of_peers_come_and_go() -> None:
    net = Net(START, [(HostConfig(peer_count=4095, channel_limit=2, half_open_limit=0), HERE)])
    (node,) = net.nodes
    random = Random(7)
    for number in range(5000):
        source = Address(f"10.{number >> 10 & 255}.{number >> 2 & 255}.{number & 3}", 1 + number % 7)
        command = raw.connect(connect_id=number.to_bytes(4, "little"), peer=number % 4095, channels=3)
        net.inject(node, source, raw.datagram(command, peer=raw.UNKNOWN_PEER, time=net.now))
        if random.random() < 0.1:
            peers = node.engines.call("peers")
            node.engines.call("disconnect", random.choice(peers), 0, random.choice(list(DisconnectMode)), net.now)
    for _ in range(4):
        net.transmit(node)
        net.now += 1500
        net.timers(node)
        net.events(node)
    node.engines.call("peers")
    assert node.engines.python.drops[Drop.CONNECT_REFUSED] > 0


@pytest.mark.parametrize("mtu", [576, 1392, 4096])
def test_packets_of_every_size_near_the_mtu(mtu: int) -> None:
    pair = Pair(mtu=mtu, checksum=mtu == 1392)
    for size in (*range(mtu - 60, mtu + 10), *range(2 * mtu - 80, 2 * mtu - 40)):
        for flags in (1, 0, 2, 8):
            pair.send(bytes((size & 255,)) * size, flags, flags % 3)
        pair.net.run(5)
    pair.net.run(50)
    assert len(pair.arrived()) == 4 * 110


@each_row("before", [None, FastLz, Zlib])
@each_row("after", [None, FastLz, Zlib])
def test_what_is_finished_keeps_the_codec_of_its_time(
    before: type[Compressor] | None, after: type[Compressor] | None
) -> None:
    """disconnect_now sends everything that may be sent with it; then the program chooses another codec."""
    both = Lockstep(HostConfig(peer_count=2))
    both.set_compressor(None if before is None else before())
    first, _ = (both.call("connect", Address("10.0.0.1", port), 1, 0) for port in (1, 2))
    both.call("disconnect", first, 0, DisconnectMode.NORMAL, 5)
    both.set_compressor(None if after is None else after())
    both.call("poll_timeout")
    assert len(both.call("poll_transmit", 5)) == 2
    both.compare()
