"""What a program that drives an engine may rely on: events, turns, broadcasts, errors, and the laws of the contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from godot_enet.core.errors import EnetError, InvalidChannel, NotConnected, PacketTooLarge, UnknownPeer
from godot_enet.core.interface import Address, Datagram
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import Command, DisconnectMode, PacketFlag, PeerOption, PeerState, PeerStatistic
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import Event, EventType, PeerHandle
from godot_enet.core.sim import LinkConfig
from tests.conftest import EngineFactory, EnginePair
from tests.rows import each_row
from tests.scenario import raw
from tests.scenario.engine_stage import HOST, RAW, START, Pair, RawPeer, Stage, timed_out


class TestEvents:
    def test_peers_take_turns(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peers = [stage.joined(Address(RAW.host, port)) for port in (1, 2, 3)]
        for peer, count in zip(peers, (3, 1, 2), strict=True):
            peer.post(*(raw.reliable(0, number, b"%d" % number) for number in range(1, count + 1)))
        order = [(peers.index(by(peers, event)), event.packet) for event in stage.events()]
        assert order == [(0, b"1"), (1, b"1"), (2, b"1"), (0, b"2"), (2, b"2"), (0, b"3")]

    def test_connect_comes_before_data_and_data_before_disconnect(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        stage.host.collecting = False
        peer = stage.raw()
        peer.connect()
        peer.post(raw.acknowledge(raw.CONTROL, 1, START))
        peer.post(raw.reliable(0, 1, b"a"), raw.reliable(0, 2, b"b"), raw.disconnect(2, 7))
        peer.take()
        assert [event.type for event in stage.host.collect()] == [
            EventType.CONNECT,
            EventType.RECEIVE,
            EventType.RECEIVE,
            EventType.DISCONNECT,
        ]

    def test_none_is_the_end(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        assert stage.engine.poll_event() is None
        stage.joined()
        assert stage.engine.poll_event() is None


class TestDatagrams:
    def test_any_number_of_datagrams_is_handled_at_once(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        batch = [Datagram(raw.datagram(raw.reliable(0, number), time=START), RAW) for number in range(1, 1001)]
        stage.engine.receive(batch, stage.now)
        assert len(stage.packets()) == 1000
        assert len([command for command in peer.commands() if command.kind == 1]) == 1000

    @each_row("length", [4096, 4097, 9000, 65507])
    def test_longer_than_any_mtu_is_dropped(self, engine_factory: EngineFactory, length: int) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.mailbox.send(HOST, raw.datagram(raw.reliable(0, 1, bytes(length - 10)), time=START))
        assert len(stage.packets()) == (1 if length <= 4096 else 0)
        assert stage.engine.drops[Drop.OVERSIZED] == (0 if length <= 4096 else 1)

    def test_sending_does_not_wait_for_events_to_be_taken(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        stage.host.collecting = False
        assert len(peer.exchange(raw.reliable(0, 1, b"x"))) == 1
        assert peer.info.waiting_data == 1
        stage.host.collect()
        assert peer.info.waiting_data == 0

    def test_transmitting_does_not_look_at_the_clock(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=100)
        peer.send(0, b"x")
        peer.take()
        assert stage.engine.poll_transmit(stage.now + 300) == []
        stage.engine.handle_timeout(stage.now + 300)
        assert stage.engine.poll_transmit(stage.now + 300) == [
            Datagram(raw.datagram(raw.reliable(0, 1, b"x"), time=START + 300), RAW)
        ]


class TestBroadcast:
    def test_reaches_every_connected_peer(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        first, second = (stage.joined(Address(RAW.host, port)) for port in (1, 2))
        narrow = stage.joined(Address(RAW.host, 3), channels=1)
        half_open, leaving = stage.raw(Address(RAW.host, 4)), stage.joined(Address(RAW.host, 5))
        half_open.connect()
        leaving.disconnect()
        leaving.take()
        stage.engine.broadcast(1, b"all", PacketFlag.RELIABLE)
        everybody = [peer.take() for peer in (first, second, narrow, half_open, leaving)]
        packet = raw.datagram(raw.reliable(1, 1, b"all"), time=START)
        assert everybody == [[packet], [packet], [], [], []]

    def test_nobody_to_reach_is_no_error(self, engine_factory: EngineFactory) -> None:
        Stage(engine_factory).engine.broadcast(0, b"x", 0)


class TestErrors:
    """Every refused call says why, and changes nothing."""

    @each_row(
        ("error", "call"),
        [
            (InvalidChannel, lambda peer: peer.send(2, b"x")),
            (InvalidChannel, lambda peer: peer.send(255, b"x")),
            (PacketTooLarge, lambda peer: peer.send(0, bytes(101))),
            (UnknownPeer, lambda peer: peer.stage.engine.send(PeerHandle(peer.handle + 4096), 0, b"x", 1)),
            (UnknownPeer, lambda peer: peer.stage.engine.send(PeerHandle(peer.handle + 1), 0, b"x", 1)),
            (UnknownPeer, lambda peer: peer.stage.engine.ping(PeerHandle(peer.handle + 1))),
            (UnknownPeer, lambda peer: peer.stage.engine.peer_info(PeerHandle(0xFFFFFFFF))),
        ],
        ids=range(7),
    )
    def test_nothing_changes(
        self, engine_factory: EngineFactory, error: type[EnetError], call: Callable[[RawPeer], object]
    ) -> None:
        stage = Stage(engine_factory, maximum_packet_size=100)
        peer = stage.joined()
        before = peer.info
        with pytest.raises(error):
            call(peer)
        assert peer.info == before
        peer.send(0, b"works")
        assert peer.take() == [raw.datagram(raw.reliable(0, 1, b"works"), time=START)]

    def test_sending_before_the_connection_stands(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        handle = stage.engine.connect(RAW, 2, 0)
        with pytest.raises(NotConnected):
            stage.engine.send(handle, 0, b"x", 1)


class TestLooking:
    def test_peers_come_in_slot_order(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        first, second, third = (stage.joined(Address(RAW.host, port)) for port in (1, 2, 3))
        second.disconnect(mode=DisconnectMode.RESET)
        assert list(stage.engine.peers()) == [first.handle, third.handle]
        again = stage.joined(Address(RAW.host, 4))
        assert list(stage.engine.peers()) == [first.handle, again.handle, third.handle]
        assert [handle & 0xFFF for handle in stage.engine.peers()] == [0, 1, 2]

    def test_the_lowest_free_slot_is_taken(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peers = [stage.joined(Address(RAW.host, port)) for port in range(5)]
        for slot in (3, 1, 2, 0):
            peers[slot].disconnect(mode=DisconnectMode.RESET)
        assert [stage.joined(Address(RAW.host, 10 + port)).slot for port in range(5)] == [0, 1, 2, 3, 5]

    def test_info(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(channels=3, bandwidths=(131_072, 5))
        stage.host.collecting = False
        peer.exchange(raw.reliable(0, 1, b"waiting"))
        peer.send(0, b"in transit")
        peer.take()
        peer.send(0, b"queued")
        info = peer.info
        assert info.handle == peer.handle
        assert info.state == PeerState.CONNECTED
        assert info.address == RAW
        assert info.channel_count == 3
        assert info.mtu == 1392
        assert info.connect_id == 0x44332211
        assert info.window_size == 8192
        assert (info.incoming_bandwidth, info.outgoing_bandwidth) == (131_072, 5)
        assert info.reliable_data_in_transit == len(b"in transit")
        assert info.waiting_data == len(b"waiting")
        assert info.packets_queued == 1

    def test_every_statistic_of_a_fresh_peer(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        handle = stage.engine.connect(RAW, 1, 0)
        assert [stage.engine.peer_statistic(handle, which) for which in PeerStatistic] == [
            *(0, 0, 0),
            *(500, 0, 500, 0),
            *(32, 32, 0, 0, 2, 2, 5000),
        ]

    @each_row(("limit", "effective"), [(1, 1), (255, 255), (0, 255), (256, 255)])
    def test_channel_limit_can_be_changed(self, engine_factory: EngineFactory, limit: int, effective: int) -> None:
        stage = Stage(engine_factory, channel_limit=7)
        assert stage.engine.channel_limit == 7
        stage.engine.set_channel_limit(limit)
        assert stage.engine.channel_limit == effective
        assert stage.joined(channels=255).info.channel_count == effective

    def test_drops_are_counted_and_reported_once(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        for _ in range(3):
            peer.exchange(raw.ping(2), session=1)
        peer.exchange(raw.reliable(9, 1))
        assert stage.engine.drops[Drop.WRONG_SESSION] == 3
        assert stage.engine.drops[Drop.WRONG_CHANNEL] == 1
        reports = [tuple(report) for report in stage.engine.poll_drops()]
        assert sorted(reports) == [(Drop.WRONG_SESSION, RAW, 3), (Drop.WRONG_CHANNEL, RAW, 1)]
        assert stage.engine.poll_drops() == []
        assert stage.engine.drops[Drop.WRONG_SESSION] == 3


class TestTime:
    def test_nothing_is_due_on_an_idle_host(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        assert stage.engine.poll_timeout() is None
        stage.joined().disconnect(mode=DisconnectMode.RESET)
        stage.settle()
        assert stage.engine.poll_timeout() is None

    def test_deadline_is_the_next_time_out_or_ping(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=100)
        stage.settle()
        assert stage.engine.poll_timeout() == START + 500
        peer.send(0, b"x")
        stage.settle()
        assert stage.engine.poll_timeout() == START + 300

    def test_extra_calls_are_harmless(self, engine_pair: EnginePair) -> None:
        def run(extra: bool) -> list[Any]:
            pair = Pair(engine_pair, LinkConfig(delay=15, loss=0.1, jitter=5), seed=3)
            pair.connect()
            for number in range(300):
                pair.client.engine.send(pair.to_server, 0, b"%d" % number, number % 2)
                pair.server.engine.send(pair.to_client, 1, bytes(number * 10), PacketFlag.UNRELIABLE_FRAGMENT)
                pair.world.run_for(7)
                if extra:
                    for host in (pair.client, pair.server):
                        host.engine.handle_timeout(pair.world.now)
                        host.flush()
                        host.engine.handle_timeout(pair.world.now)
                        host.engine.receive([], pair.world.now)
                        host.engine.poll_timeout()
            return [pair.world.captures, pair.client.events, pair.server.events]

        assert run(extra=False) == run(extra=True)

    def test_a_late_call_does_what_was_due(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=100)
        peer.send(0, b"x")
        peer.take()
        stage.host.paused = True
        stage.wait(4000)
        stage.host.paused = False
        assert next(command.kind for command in peer.commands()) == 6
        assert stage.events() == []
        peer.answer()
        assert peer.state == PeerState.CONNECTED

    def test_a_stalled_program_that_missed_the_time_out_hears_of_it(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=100)
        peer.send(0, b"x")
        peer.take()
        stage.host.paused = True
        stage.wait(30_000)
        stage.host.paused = False
        assert stage.events() == [timed_out(peer.handle, Command.SEND_RELIABLE)]

    def test_equal_seeds_give_equal_runs(self, engine_pair: EnginePair) -> None:
        def run() -> list[Any]:
            pair = Pair(
                engine_pair,
                LinkConfig(delay=30, loss=0.1, jitter=20, reorder=0.5, duplicate=0.05),
                seed=11,
                client=HostConfig(seed=1),
                server=HostConfig(seed=2),
            )
            pair.connect()
            for number in range(200):
                pair.client.engine.send(pair.to_server, 0, bytes(number * 9), PacketFlag.RELIABLE)
                pair.server.engine.send(pair.to_client, 0, b"%d" % number, 0)
                pair.world.run_for(11)
            pair.world.run_for(5000)
            return [pair.world.captures, pair.client.events, pair.server.events]

        assert run() == run()

    @each_row("start", [0, 1, 2**16 - 50, 2**32 - 3000, 2**48])
    def test_any_clock_will_do(self, engine_factory: EngineFactory, start: int) -> None:
        stage = Stage(engine_factory, start=start)
        peer = stage.raw()
        peer.join(sample=0)
        stage.engine.configure(peer.handle, PeerOption.TIMEOUT, 0, 0, 0)
        for _ in range(10):
            peer.send(0, b"x")
            stage.wait(1000)
            peer.answer()
        assert peer.state == PeerState.CONNECTED
        assert peer.statistic(PeerStatistic.ROUND_TRIP_TIME) < 1000


def by(peers: list[RawPeer], event: Event) -> RawPeer:
    """The peer an event belongs to."""
    (found,) = [peer for peer in peers if peer.handle == event.peer]
    return found
