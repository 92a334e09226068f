"""The four ways to end a connection, from both ends, and what is still delivered."""

from __future__ import annotations

import pytest

from godot_enet.core.errors import InvalidChannel, NotConnected, UnknownPeer
from godot_enet.core.interface import Address
from godot_enet.core.protocol.constants import Command, DisconnectMode, PeerOption, PeerState, PeerStatistic
from godot_enet.core.protocol.events import DisconnectReason, Event, EventType
from godot_enet.core.sim import LinkConfig
from tests.conftest import EngineFactory, EnginePair
from tests.rows import each_row
from tests.scenario import raw
from tests.scenario.engine_stage import HOST, RAW, START, Pair, Stage, ended, timed_out

LATER, NOW, RESET = DisconnectMode.LATER, DisconnectMode.NOW, DisconnectMode.RESET


class TestNormal:
    def test_both_sides_get_an_event_and_only_the_remote_gets_the_data(self, engine_pair: EnginePair) -> None:
        pair = Pair(engine_pair, LinkConfig(delay=10))
        pair.connect()
        begin = pair.world.now
        pair.client.engine.disconnect(pair.to_server, 77, DisconnectMode.NORMAL, begin)
        assert pair.client.engine.peer_state(pair.to_server) == PeerState.DISCONNECTING
        pair.world.run_for(100)
        assert pair.server.events == [(begin + 10, ended(DisconnectReason.REMOTE, pair.to_client, 77))]
        assert pair.client.events == [(begin + 20, ended(DisconnectReason.LOCAL, pair.to_server))]
        assert pair.client.engine.peers() == []
        assert pair.server.engine.peers() == []

    def test_acknowledgement_leaves_before_the_event_is_taken(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        stage.host.collecting = False
        assert peer.exchange(raw.disconnect(2, 9)) == [raw.datagram(raw.acknowledge(raw.CONTROL, 2, START))]
        assert peer.state == PeerState.ZOMBIE
        assert stage.host.collect() == [ended(DisconnectReason.REMOTE, peer.handle, 9)]
        assert stage.engine.peers() == []

    def test_slot_is_taken_until_the_event_is(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, peer_count=1)
        peer = stage.joined()
        stage.host.collecting = False
        peer.exchange(raw.disconnect(2, 9))
        other = stage.raw(Address("10.0.0.3", 1))
        assert other.connect() is None
        stage.host.collect()
        assert other.connect() is not None

    def test_unacknowledged_form_is_obeyed_at_once(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        assert peer.exchange(raw.disconnect(2, 5, command=0x44), time=None) == []
        assert stage.events() == [ended(DisconnectReason.REMOTE, peer.handle, 5)]

    def test_queued_packets_are_dropped(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.send(0, b"never sent")
        peer.disconnect(1)
        assert peer.take() == [raw.datagram(raw.disconnect(2, 1), time=START)]

    def test_is_repeated_until_it_is_acknowledged(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=100)
        peer.disconnect(1)
        stage.wait(900)
        assert [arrival.time - START for arrival in peer.mailbox.received] == [0, 300, 900]
        peer.acknowledge(raw.CONTROL, 2, 0)
        assert stage.events() == [ended(DisconnectReason.LOCAL, peer.handle)]

    def test_is_given_up_when_nobody_acknowledges(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined(sample=40)  # round trip 40, variance 20: the first time-out is 120
        peer.disconnect(1)
        stage.wait(63 * 120 - 1)
        assert stage.events() == []
        stage.wait(1)
        assert stage.events() == [ended(DisconnectReason.LOCAL, peer.handle)]

    def test_other_acknowledgements_do_not_end_it(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.disconnect(1)
        peer.acknowledge(raw.CONTROL, 3, 0)
        peer.acknowledge(0, 2, 0)
        assert stage.events() == []
        assert peer.state == PeerState.DISCONNECTING

    def test_crossing_disconnects_both_end(self, engine_pair: EnginePair) -> None:
        pair = Pair(engine_pair, LinkConfig(delay=10))
        pair.connect()
        begin = pair.world.now
        pair.client.engine.disconnect(pair.to_server, 1, DisconnectMode.NORMAL, begin)
        pair.server.engine.disconnect(pair.to_client, 2, DisconnectMode.NORMAL, begin)
        pair.world.run_for(1000)
        assert pair.client.events == [(begin + 10, ended(DisconnectReason.LOCAL, pair.to_server, 2))]
        assert pair.server.events == [(begin + 10, ended(DisconnectReason.LOCAL, pair.to_client, 1))]

    def test_crossing_disconnect_is_not_acknowledged(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.disconnect(1)
        peer.take()
        assert peer.exchange(raw.disconnect(2, 8)) == []
        assert stage.events() == [ended(DisconnectReason.LOCAL, peer.handle, 8)]

    def test_second_call_changes_nothing(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.disconnect(1)
        peer.disconnect(2)
        peer.disconnect(3, LATER)
        assert peer.take() == [raw.datagram(raw.disconnect(2, 1), time=START)]

    def test_disconnecting_peer_takes_no_packets(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.disconnect()
        with pytest.raises((NotConnected, InvalidChannel)):
            peer.send(0, b"x")

    def test_data_for_a_disconnecting_peer_is_neither_delivered_nor_acknowledged(
        self, engine_factory: EngineFactory
    ) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.disconnect()
        peer.take()
        assert peer.exchange(raw.reliable(0, 1, b"x")) == []
        assert stage.events() == []

    def test_handle_is_stale_afterwards(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.disconnect(mode=RESET)
        stage.joined(Address("10.0.0.3", 1))
        assert peer.state == PeerState.DISCONNECTED
        for call in (
            lambda: stage.engine.peer_info(peer.handle),
            lambda: stage.engine.peer_statistic(peer.handle, PeerStatistic.ROUND_TRIP_TIME),
            lambda: stage.engine.ping(peer.handle),
            lambda: stage.engine.configure(peer.handle, PeerOption.PING_INTERVAL, 1),
            lambda: stage.engine.disconnect(peer.handle, 0, DisconnectMode.NORMAL, stage.now),
            lambda: stage.engine.send(peer.handle, 0, b"", 1),
        ):
            with pytest.raises(UnknownPeer):
                call()


class TestNow:
    def test_tells_the_remote_once_and_forgets(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.send(0, b"never sent")
        peer.disconnect(5, NOW)
        assert peer.state == PeerState.DISCONNECTED
        assert peer.take() == [raw.datagram(raw.disconnect(2, 5, command=0x44))]
        stage.wait(60_000)
        assert peer.take() == []
        assert stage.events() == []

    def test_remote_gets_the_data(self, engine_pair: EnginePair) -> None:
        pair = Pair(engine_pair)
        pair.connect()
        pair.server.engine.disconnect(pair.to_client, 0xDEADBEEF, NOW, pair.world.now)
        pair.world.run_for(100)
        assert [timed.event for timed in pair.client.events] == [
            ended(DisconnectReason.REMOTE, pair.to_server, 0xDEADBEEF)
        ]
        assert pair.server.events == []

    def test_of_a_disconnecting_peer_says_nothing_more(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.disconnect(1)
        peer.take()
        peer.disconnect(2, NOW)
        assert peer.take() == []
        assert stage.engine.peers() == []

    def test_of_a_zombie_drops_its_event(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        stage.host.collecting = False
        peer.exchange(raw.disconnect(2, 5))
        peer.disconnect(1, NOW)
        assert stage.host.collect() == []
        assert peer.take() == []


class TestReset:
    def test_says_nothing(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.send(0, b"never sent")
        peer.disconnect(5, RESET)
        assert stage.engine.peers() == []
        assert peer.take() == []
        assert stage.events() == []

    def test_settings_go_back_to_their_defaults(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        first = stage.joined(throttle=(1, 2, 3))
        stage.engine.configure(first.handle, PeerOption.TIMEOUT, 1, 1, 1)
        first.disconnect(mode=RESET)
        second = stage.raw(Address("10.0.0.3", 1))
        handle = stage.engine.connect(second.mailbox.address, 1, 0)
        assert stage.engine.peer_statistic(handle, PeerStatistic.PACKET_THROTTLE_INTERVAL) == 5000
        stage.wait(31_499)
        assert [arrival.time - START for arrival in second.mailbox.received] == [0, 500, 1500, 3500, 7500, 15500]

    def test_remote_finds_out_by_its_own_time_out(self, engine_pair: EnginePair) -> None:
        pair = Pair(engine_pair)
        pair.connect()
        pair.server.engine.disconnect(pair.to_client, 0, RESET, pair.world.now)
        pair.world.run_for(30_000)
        assert [timed.event for timed in pair.client.events] == [timed_out(pair.to_server, Command.PING)]


class TestLater:
    def test_waits_until_reliable_packets_are_acknowledged(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.send(0, b"one")
        peer.send(1, b"two")
        peer.disconnect(31, LATER)
        assert peer.state == PeerState.DISCONNECT_LATER
        assert peer.take() == [raw.datagram(raw.reliable(0, 1, b"one"), raw.reliable(1, 1, b"two"), time=START)]
        assert peer.exchange(raw.acknowledge(0, 1, START), time=None) == []
        assert peer.exchange(raw.acknowledge(1, 1, START), time=None) == [
            raw.datagram(raw.disconnect(2, 31), time=START),
        ]

    def test_sends_unreliable_packets_first(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.send(0, b"one", 0)
        peer.disconnect(31, LATER)
        assert peer.take() == [
            raw.datagram(raw.unreliable(0, 0, 1, b"one")),
            raw.datagram(raw.disconnect(2, 31), time=START),
        ]

    def test_with_nothing_queued_is_an_ordinary_disconnect(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.disconnect(31, LATER)
        assert peer.state == PeerState.DISCONNECTING
        assert peer.take() == [raw.datagram(raw.disconnect(2, 31), time=START)]

    def test_last_data_counts(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.send(0, b"one")
        peer.disconnect(31, LATER)
        peer.disconnect(32, LATER)
        peer.take()
        assert peer.exchange(raw.acknowledge(0, 1, START), time=None) == [
            raw.datagram(raw.disconnect(2, 32), time=START),
        ]

    def test_everything_queued_arrives_over_a_bad_link(self, engine_pair: EnginePair) -> None:
        pair = Pair(engine_pair, LinkConfig(delay=20, loss=0.2, jitter=10, reorder=0.5), seed=5)
        pair.connect()
        packets = [bytes([number]) * 700 for number in range(200)]
        for packet in packets:
            pair.client.engine.send(pair.to_server, 0, packet, 1)
        pair.client.engine.disconnect(pair.to_server, 6, LATER, pair.world.now)
        pair.world.run_until(lambda: bool(pair.server.events_of(EventType.DISCONNECT)))
        assert pair.packets(pair.server) == packets
        assert pair.server.events[-1].event == ended(DisconnectReason.REMOTE, pair.to_client, 6)

    def test_takes_no_more_packets(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.send(0, b"one")
        peer.disconnect(0, LATER)
        with pytest.raises(NotConnected):
            peer.send(0, b"two")

    def test_inbound_data_is_acknowledged_and_discarded(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.send(0, b"one")
        peer.disconnect(0, LATER)
        peer.take()
        assert peer.exchange(raw.reliable(0, 1, b"x"), raw.reliable(0, 2, b"y")) == [
            raw.datagram(raw.acknowledge(0, 1, START), raw.acknowledge(0, 2, START)),
        ]
        assert stage.events() == []

    def test_inbound_fragments_are_refused(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.send(0, b"one")
        peer.disconnect(0, LATER)
        peer.take()
        assert peer.exchange(raw.fragment(0, 1, 0, 2, 4, 0, b"ab")) == []

    def test_undelivered_packets_are_not_delivered(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        stage.host.collecting = False
        peer.exchange(raw.reliable(0, 1, b"untaken"))
        peer.send(0, b"one")
        peer.disconnect(0, LATER)
        assert stage.host.collect() == []

    def test_pings_are_still_answered(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.send(0, b"one")
        peer.disconnect(0, LATER)
        peer.take()
        assert peer.exchange(raw.ping(2)) == [raw.datagram(raw.acknowledge(raw.CONTROL, 2, START))]


class TestWhileConnecting:
    def test_remote_disconnect_ends_the_attempt_with_its_data(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        handle = stage.engine.connect(RAW, 1, 0)
        peer.take()
        peer.slot = 0
        assert peer.exchange(raw.disconnect(1, 66)) == []
        assert stage.events() == [ended(DisconnectReason.REMOTE, handle, 66)]

    @pytest.mark.parametrize("mode", [DisconnectMode.NORMAL, LATER, NOW])
    def test_local_disconnect_makes_no_event(self, engine_factory: EngineFactory, mode: DisconnectMode) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        handle = stage.engine.connect(RAW, 1, 0)
        peer.take()
        stage.engine.disconnect(handle, 3, mode, stage.now)
        assert peer.take() == [raw.datagram(raw.disconnect(2, 3, command=0x44), peer=raw.UNKNOWN_PEER)]
        assert stage.events() == []
        assert stage.engine.peers() == []

    def test_local_disconnect_of_a_half_open_peer_makes_no_event(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        peer.connect(peer=4)
        (handle,) = stage.engine.peers()
        stage.engine.disconnect(handle, 3, DisconnectMode.NORMAL, stage.now)
        assert peer.take() == [raw.datagram(raw.disconnect(2, 3, command=0x44), peer=4)]
        assert stage.events() == []
        assert stage.engine.peers() == []

    def test_remote_disconnect_of_a_half_open_peer_makes_no_event(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        peer.connect()
        assert peer.exchange(raw.disconnect(2, 3)) == []
        assert stage.events() == []
        assert stage.engine.peers() == []


class TestUndeliveredPackets:
    def test_data_received_together_with_a_remote_disconnect_is_delivered(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.post(raw.reliable(0, 1, b"last"), raw.unreliable(1, 0, 1, b"words"))
        peer.post(raw.disconnect(2, 9))
        answer = peer.take()
        assert [command for data in answer for command in raw.read(data).commands][-1].number == 2
        assert stage.events() == [
            Event(EventType.RECEIVE, peer.handle, 0, 0, b"last", 1),
            Event(EventType.RECEIVE, peer.handle, 1, 0, b"words", 0),
            ended(DisconnectReason.REMOTE, peer.handle, 9),
        ]

    def test_data_in_one_datagram_with_a_remote_disconnect_is_delivered(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.exchange(raw.reliable(0, 1, b"last"), raw.disconnect(2, 9))
        assert stage.events() == [
            Event(EventType.RECEIVE, peer.handle, 0, 0, b"last", 1),
            ended(DisconnectReason.REMOTE, peer.handle, 9),
        ]

    def test_data_that_was_not_taken_before_a_time_out_is_delivered(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        stage.host.collecting = False
        peer.exchange(raw.reliable(0, 1, b"last"))
        stage.wait(60_000)
        assert stage.host.collect() == [
            Event(EventType.RECEIVE, peer.handle, 0, 0, b"last", 1),
            timed_out(peer.handle, Command.PING),
        ]

    @each_row("mode", list(DisconnectMode))
    def test_local_disconnect_drops_what_was_not_taken(
        self, engine_factory: EngineFactory, mode: DisconnectMode
    ) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        stage.host.collecting = False
        peer.exchange(raw.reliable(0, 1, b"untaken"))
        peer.disconnect(0, mode)
        peer.answer()
        stage.settle()
        assert EventType.RECEIVE not in [event.type for event in stage.host.collect()]

    def test_packets_waiting_behind_a_gap_are_lost_with_the_connection(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.joined()
        peer.exchange(raw.reliable(0, 2, b"early"), raw.disconnect(2))
        assert stage.events() == [ended(DisconnectReason.REMOTE, peer.handle)]


def test_disconnect_without_sent_time_does_not_hold_the_slot_for_ever(engine_factory: EngineFactory) -> None:
    stage = Stage(engine_factory)
    peer = stage.joined()
    assert peer.exchange(raw.disconnect(2, 4), time=None) == []
    assert peer.state == PeerState.ACKNOWLEDGING_DISCONNECT
    stage.wait(29_999)
    assert stage.engine.peers() != []
    stage.wait(1)
    assert stage.events() == [ended(DisconnectReason.REMOTE, peer.handle, 4)]
    assert stage.engine.peers() == []


def test_disconnect_repeated_with_sent_time_is_acknowledged(engine_factory: EngineFactory) -> None:
    stage = Stage(engine_factory)
    peer = stage.joined()
    peer.exchange(raw.disconnect(2, 4), time=None)
    assert peer.exchange(raw.disconnect(2, 4)) == [raw.datagram(raw.acknowledge(raw.CONTROL, 2, START))]
    assert stage.events() == [ended(DisconnectReason.REMOTE, peer.handle, 4)]


def test_zombie_hears_nothing(engine_factory: EngineFactory) -> None:
    stage = Stage(engine_factory)
    peer = stage.joined()
    stage.host.collecting = False
    peer.exchange(raw.disconnect(2, 4))
    assert peer.exchange(raw.disconnect(2, 4)) == []
    assert peer.exchange(raw.reliable(0, 1, b"x")) == []
    assert stage.host.collect() == [ended(DisconnectReason.REMOTE, peer.handle, 4)]


def test_same_remote_can_connect_again(engine_factory: EngineFactory) -> None:
    stage = Stage(engine_factory)
    peer = stage.joined()
    peer.exchange(raw.disconnect(2))
    stage.events()
    peer.slot = raw.UNKNOWN_PEER
    peer.connect_id = b"new!"
    first = peer.handle
    assert peer.join() != first
    assert peer.mailbox.address == RAW
    assert stage.engine.peer_info(peer.handle).address == RAW
    assert stage.host.address == HOST
