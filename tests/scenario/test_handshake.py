"""Connecting: who answers what and when, and what the two sides agree on."""

from __future__ import annotations

import pytest

from godot_enet.core.errors import NoFreePeer
from godot_enet.core.interface import Address
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import Command, DisconnectMode, PeerState
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import DisconnectReason, Event, EventType
from godot_enet.core.sim import LinkConfig
from tests.conftest import EngineFactory, EnginePair
from tests.rows import each_row
from tests.scenario import raw
from tests.scenario.engine_stage import HOST, RAW, SERVER, START, Pair, Stage, ended, timed_out

OTHER = Address("10.0.0.3", 1)


class TestHappyPath:
    def test_both_sides_get_a_connect_event(self, engine_pair: EnginePair) -> None:
        pair = Pair(engine_pair, LinkConfig(delay=10))
        handle = pair.client.engine.connect(SERVER, 2, 99)
        pair.world.run_for(100)
        (connected,) = pair.client.events
        (accepted,) = pair.server.events
        assert connected == (START + 20, Event(EventType.CONNECT, handle))
        assert accepted == (START + 30, Event(EventType.CONNECT, accepted.event.peer, 0, 99))
        assert pair.client.engine.peer_state(handle) == PeerState.CONNECTED
        assert pair.server.engine.peer_state(accepted.event.peer) == PeerState.CONNECTED

    def test_first_datagram_after_verify_connect_acknowledges_and_pings(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        assert stage.raw().accept(slot=5) == [
            raw.datagram(raw.acknowledge(raw.CONTROL, 1, START), raw.ping(2), peer=5, time=START),
        ]

    def test_first_ping_waits_while_the_clock_is_young(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, start=100)
        peer = stage.raw()
        assert peer.accept() == [raw.datagram(raw.acknowledge(raw.CONTROL, 1, 100))]
        stage.wait(399)
        assert peer.take() == []
        stage.wait(1)
        assert peer.take() == [raw.datagram(raw.ping(2), time=500)]

    def test_states_on_the_way(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        initiator = stage.engine.connect(RAW, 1, 0)
        assert stage.engine.peer_state(initiator) == PeerState.CONNECTING
        stage.raw(OTHER).connect()
        (acceptor,) = set(stage.engine.peers()) - {initiator}
        assert stage.engine.peer_state(acceptor) == PeerState.ACKNOWLEDGING_CONNECT

    def test_data_right_behind_verify_connect_is_taken(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        handle = stage.engine.connect(RAW, 2, 0)
        (asked,) = peer.commands()
        peer.slot = asked.u16(4)
        assert peer.exchange(raw.verify(connect_id=asked.raw[40:44]), raw.reliable(1, 1, b"hi")) == [
            raw.datagram(raw.acknowledge(raw.CONTROL, 1, START), raw.acknowledge(1, 1, START), raw.ping(2), time=START),
        ]
        assert stage.events() == [
            Event(EventType.CONNECT, handle),
            Event(EventType.RECEIVE, handle, 1, 0, b"hi", 1),
        ]

    def test_data_right_behind_the_acknowledgement_is_taken(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        verify = peer.connect(data=3)
        assert verify is not None
        peer.post(raw.acknowledge(raw.CONTROL, 1, START), raw.reliable(0, 1, b"same datagram"))
        peer.post(raw.reliable(0, 2, b"same pass"))
        assert peer.take() == [raw.datagram(raw.acknowledge(0, 1, START), raw.acknowledge(0, 2, START))]
        (handle,) = stage.engine.peers()
        assert stage.events() == [
            Event(EventType.CONNECT, handle, 0, 3),
            Event(EventType.RECEIVE, handle, 0, 0, b"same datagram", 1),
            Event(EventType.RECEIVE, handle, 0, 0, b"same pass", 1),
        ]

    def test_acknowledgements_leave_before_the_connect_event_is_taken(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        stage.host.collecting = False
        peer = stage.raw()
        assert peer.accept() == [
            raw.datagram(raw.acknowledge(raw.CONTROL, 1, START), raw.ping(2), time=START),
        ]
        assert stage.host.events == []
        assert peer.state == PeerState.CONNECTED

    def test_data_before_the_acknowledgement_is_not_taken_until_it_is_sent_again(
        self, engine_factory: EngineFactory
    ) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        peer.connect()
        assert peer.exchange(raw.reliable(0, 1, b"early")) == []
        assert stage.events() == []
        assert stage.engine.drops[Drop.WRONG_STATE] == 1
        peer.acknowledge(raw.CONTROL, 1, 0)
        peer.post(raw.reliable(0, 1, b"early"))
        assert [event.type for event in stage.events()] == [EventType.CONNECT, EventType.RECEIVE]

    def test_host_can_connect_to_itself(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        handle = stage.engine.connect(HOST, 1, 42)
        first, second = stage.events()
        assert first == Event(EventType.CONNECT, handle)
        assert second == Event(EventType.CONNECT, second.peer, 0, 42)
        assert second.peer != handle


class TestRetransmission:
    def test_unanswered_connect_is_repeated_with_back_off_and_given_up(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        handle = stage.engine.connect(RAW, 1, 0)
        stage.wait(31_499)
        assert [arrival.time - START for arrival in peer.mailbox.received] == [0, 500, 1500, 3500, 7500, 15500]
        assert stage.events() == []
        stage.wait(1)
        assert stage.events() == [timed_out(handle, Command.CONNECT)]
        assert stage.engine.peers() == []

    def test_unanswered_verify_connect_is_repeated_and_forgotten_without_event(
        self, engine_factory: EngineFactory
    ) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        peer.post(raw.connect())
        stage.wait(31_499)
        assert [arrival.time - START for arrival in peer.mailbox.received] == [0, 500, 1500, 3500, 7500, 15500]
        assert len(stage.engine.peers()) == 1
        stage.wait(1)
        assert stage.engine.peers() == []
        assert stage.events() == []

    def test_repeated_connect_opens_nothing_new(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        assert peer.connect() is not None
        peer.slot = raw.UNKNOWN_PEER
        assert peer.exchange(raw.connect()) == []
        assert len(stage.engine.peers()) == 1

    def test_repeated_verify_connect_is_acknowledged_again(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        peer.accept()
        stage.events()
        assert peer.exchange(raw.verify(connect_id=peer.connect_id, peer=9)) == [
            raw.datagram(raw.acknowledge(raw.CONTROL, 1, START)),
        ]
        assert stage.events() == []

    def test_verify_connect_may_have_any_number(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        answers = peer.accept(number=0xBEEF)
        assert answers == [
            raw.datagram(raw.acknowledge(raw.CONTROL, 0xBEEF, START), raw.ping(2), time=START),
        ]

    def test_connecting_ends_even_when_a_stray_acknowledgement_removed_the_connect(
        self, engine_factory: EngineFactory
    ) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        handle = stage.engine.connect(RAW, 1, 0)
        peer.take()
        peer.slot = 0
        peer.post(raw.acknowledge(raw.CONTROL, 1, START), time=None)
        stage.wait(120_000)
        assert stage.events() == [timed_out(handle, Command.CONNECT)]
        assert stage.engine.peers() == []


class TestRefusal:
    @pytest.mark.parametrize("channels", [0, 256, 0xFFFFFFFF])
    def test_connect_for_an_impossible_number_of_channels(self, engine_factory: EngineFactory, channels: int) -> None:
        stage = Stage(engine_factory)
        assert stage.raw().connect(channels=channels) is None
        assert stage.engine.peers() == []

    @pytest.mark.parametrize("slot", [0xFFF, 0x1000, 0xFFFF])
    def test_connect_from_a_slot_that_would_spill_into_the_flags(
        self, engine_factory: EngineFactory, slot: int
    ) -> None:
        stage = Stage(engine_factory)
        assert stage.raw().connect(peer=slot) is None
        assert stage.engine.peers() == []

    def test_full_host_does_not_answer_until_a_slot_is_free(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, peer_count=1)
        first = stage.joined()
        second = stage.raw(OTHER)
        assert second.connect() is None
        assert stage.engine.drops[Drop.CONNECT_REFUSED] == 1
        first.disconnect(mode=DisconnectMode.NOW)
        assert second.connect() is not None

    def test_own_connect_to_a_full_host_raises(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, peer_count=1)
        stage.engine.connect(RAW, 1, 0)
        with pytest.raises(NoFreePeer):
            stage.engine.connect(RAW, 1, 0)

    def test_peers_of_one_address_are_limited(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, duplicate_peers=2)
        for port in (1, 2):
            stage.joined(Address(RAW.host, port))
        assert stage.raw(Address(RAW.host, 3)).connect() is None
        assert stage.engine.drops[Drop.CONNECT_REFUSED] == 1
        assert stage.raw(OTHER).connect() is not None

    def test_own_attempts_do_not_count_as_peers_of_an_address(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory, duplicate_peers=1)
        stage.engine.connect(Address(RAW.host, 99), 1, 0)
        assert stage.raw().connect() is not None

    @each_row(
        "wrong",
        [
            {"throttle": (5001, 2, 2)},
            {"throttle": (5000, 3, 2)},
            {"throttle": (5000, 2, 3)},
            {"channels": 0},
            {"channels": 256},
        ],
        ids=str,
    )
    def test_verify_connect_that_does_not_match_ends_the_attempt(
        self, engine_factory: EngineFactory, wrong: dict[str, object]
    ) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        handle = stage.engine.connect(RAW, 2, 5)
        (asked,) = peer.commands()
        peer.slot = asked.u16(4)
        fields: dict[str, object] = {"connect_id": asked.raw[40:44], **wrong}
        assert peer.exchange(raw.verify(**fields)) == []  # type: ignore[arg-type]
        assert stage.events() == [ended(DisconnectReason.REFUSED, handle)]

    def test_an_attempt_that_has_ended_does_not_time_out(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        stage.host.collecting = False
        peer = stage.raw()
        handle = stage.engine.connect(RAW, 2, 5)
        (asked,) = peer.commands()
        peer.slot = asked.u16(4)
        assert peer.exchange(raw.verify(connect_id=asked.raw[40:44], channels=0)) == []
        stage.engine.handle_timeout(stage.now + 40_000)
        assert stage.host.collect() == [ended(DisconnectReason.REFUSED, handle)]

    @pytest.mark.parametrize("slot", [0xFFF, 0xFFFF])
    def test_verify_connect_from_a_slot_that_would_spill_into_the_flags(
        self, engine_factory: EngineFactory, slot: int
    ) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        handle = stage.engine.connect(RAW, 2, 5)
        (asked,) = peer.commands()
        peer.slot = asked.u16(4)
        peer.exchange(raw.verify(connect_id=asked.raw[40:44], peer=slot))
        assert stage.engine.peer_state(handle) != PeerState.CONNECTED
        assert EventType.CONNECT not in [event.type for event in stage.events()]
        assert sum(stage.engine.drops.values()) == 1


class TestSessions:
    def test_go_up_by_one_with_each_connection_on_a_slot(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        seen = []
        for port in range(1, 6):
            peer = stage.joined(Address(RAW.host, port))
            seen.append((peer.own_session, peer.session))
            peer.disconnect(mode=DisconnectMode.RESET)
        assert seen == [(0, 0), (1, 1), (2, 2), (3, 3), (0, 0)]

    @pytest.mark.parametrize(
        ("asked", "granted"), [((1, 3), (2, 0)), ((7, 0xFE), (0, 3)), ((0xFF, 0xFF), (0, 0)), ((3, 0xFF), (0, 0))]
    )
    def test_follow_what_the_initiator_had_before(
        self, engine_factory: EngineFactory, asked: tuple[int, int], granted: tuple[int, int]
    ) -> None:
        verify = Stage(engine_factory).raw().connect(sessions=asked)
        assert verify is not None
        assert (verify.u8(6), verify.u8(7)) == granted

    def test_never_stay_the_same(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        stage.joined().disconnect(mode=DisconnectMode.RESET)
        verify = stage.raw(OTHER).connect(sessions=(3, 3))
        assert verify is not None
        assert (verify.u8(6), verify.u8(7)) == (1, 1)

    def test_initiator_tells_what_it_had_before(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        peer.accept(sessions=(2, 3))
        peer.session = 2
        peer.disconnect(mode=DisconnectMode.NOW)
        (disconnect,) = peer.take()
        assert raw.read(disconnect).session == 3
        stage.engine.connect(RAW, 1, 0)
        (asked,) = peer.commands()
        assert (asked.u8(6), asked.u8(7)) == (2, 3)

    def test_session_ids_of_a_verify_connect_are_cut_to_two_bits(self, engine_factory: EngineFactory) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        peer.accept(sessions=(0xFE, 0xFD))
        peer.session = 2
        assert peer.exchange(raw.ping(5)) == [
            raw.datagram(raw.acknowledge(raw.CONTROL, 5, START), session=1),
        ]


class TestNegotiation:
    @each_row(("offered", "agreed"), [(0, 576), (575, 576), (576, 576), (1391, 1391), (1393, 1392), (100_000, 1392)])
    def test_mtu_is_the_smaller_one(self, engine_factory: EngineFactory, offered: int, agreed: int) -> None:
        stage = Stage(engine_factory)
        verify = stage.raw().connect(mtu=offered)
        assert verify is not None
        assert verify.u32(8) == agreed
        (handle,) = stage.engine.peers()
        assert stage.engine.peer_info(handle).mtu == agreed

    @pytest.mark.parametrize(("offered", "agreed"), [(0, 576), (576, 576), (1391, 1391), (1393, 1392)])
    def test_mtu_of_the_verify_connect_counts_too(
        self, engine_factory: EngineFactory, offered: int, agreed: int
    ) -> None:
        peer = Stage(engine_factory).raw()
        peer.accept(mtu=offered)
        assert peer.info.mtu == agreed

    @pytest.mark.parametrize(("asked", "granted"), [(1, 1), (3, 3), (10, 3), (255, 3)])
    def test_channels_are_limited_by_the_host(self, engine_factory: EngineFactory, asked: int, granted: int) -> None:
        stage = Stage(engine_factory, channel_limit=3)
        peer = stage.joined(channels=asked)
        assert peer.info.channel_count == granted

    @pytest.mark.parametrize(("granted", "agreed"), [(9, 4), (4, 4), (2, 2)])
    def test_initiator_never_gets_more_channels_than_it_asked_for(
        self, engine_factory: EngineFactory, granted: int, agreed: int
    ) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        peer.handle = stage.engine.connect(RAW, 4, 0)
        (asked,) = peer.commands()
        peer.slot = asked.u16(4)
        peer.exchange(raw.verify(connect_id=asked.raw[40:44], channels=granted))
        assert peer.info.channel_count == agreed

    @each_row(("asked", "travels"), [(0, 1), (1, 1), (255, 255), (256, 255), (9999, 255)])
    def test_asked_channels_are_clamped(self, engine_factory: EngineFactory, asked: int, travels: int) -> None:
        stage = Stage(engine_factory)
        peer = stage.raw()
        stage.engine.connect(RAW, asked, 0)
        (command,) = peer.commands()
        assert command.u32(16) == travels

    @each_row(
        ("incoming", "offered", "granted"),
        [
            (0, 65536, 65536),
            (0, 9000, 9000),
            (0, 100, 4096),
            (0, 1 << 20, 65536),
            (70_000, 65536, 4096),
            (327_680, 65536, 20480),
            (1000, 65536, 4096),
            (1 << 30, 65536, 65536),
        ],
    )
    def test_window_granted_to_the_initiator(
        self, engine_factory: EngineFactory, incoming: int, offered: int, granted: int
    ) -> None:
        verify = Stage(engine_factory, incoming_bandwidth=incoming).raw().connect(window=offered)
        assert verify is not None
        assert verify.u32(12) == granted
        assert verify.u32(20) == incoming

    @each_row(
        ("own_outgoing", "remote_incoming", "window"),
        [
            (0, 0, 65536),
            (0, 327_680, 20480),
            (327_680, 0, 20480),
            (327_680, 131_072, 8192),
            (131_072, 327_680, 8192),
            (1, 1, 4096),
            (1 << 30, 1 << 30, 65536),
        ],
    )
    def test_window_of_the_acceptor(
        self, engine_factory: EngineFactory, own_outgoing: int, remote_incoming: int, window: int
    ) -> None:
        stage = Stage(engine_factory, outgoing_bandwidth=own_outgoing)
        peer = stage.joined(bandwidths=(remote_incoming, 0))
        assert peer.info.window_size == window

    @pytest.mark.parametrize(("outgoing", "window"), [(0, 65536), (65535, 4096), (131_072, 8192), (1 << 30, 65536)])
    def test_window_offered_by_the_initiator(self, engine_factory: EngineFactory, outgoing: int, window: int) -> None:
        stage = Stage(engine_factory, outgoing_bandwidth=outgoing, incoming_bandwidth=5)
        peer = stage.raw()
        stage.engine.connect(RAW, 1, 0)
        (command,) = peer.commands()
        assert command.u32(12) == window
        assert (command.u32(20), command.u32(24)) == (5, outgoing)

    @each_row(
        ("granted", "outgoing", "window"),
        [(65536, 0, 65536), (9000, 0, 9000), (5, 0, 4096), (1 << 20, 0, 65536), (65536, 131_072, 8192)],
    )
    def test_initiator_keeps_to_the_window_it_is_granted(
        self, engine_factory: EngineFactory, granted: int, outgoing: int, window: int
    ) -> None:
        peer = Stage(engine_factory, outgoing_bandwidth=outgoing).raw()
        peer.accept(window=granted)
        assert peer.info.window_size == window

    def test_throttle_values_are_the_initiators(self, engine_factory: EngineFactory) -> None:
        verify = Stage(engine_factory).raw().connect(throttle=(1234, 5, 6))
        assert verify is not None
        assert [verify.u32(offset) for offset in (28, 32, 36)] == [1234, 5, 6]

    def test_both_ends_agree(self, engine_pair: EnginePair) -> None:
        pair = Pair(
            engine_pair,
            client=HostConfig(mtu=1000, outgoing_bandwidth=200_000, incoming_bandwidth=131_072),
            server=HostConfig(channel_limit=5, incoming_bandwidth=140_000),
        )
        pair.connect(channels=9)
        client = pair.client.engine.peer_info(pair.to_server)
        server = pair.server.engine.peer_info(pair.to_client)
        assert client.mtu == server.mtu == 1000
        assert client.channel_count == server.channel_count == 5
        assert client.connect_id == server.connect_id
        assert (client.window_size, server.window_size) == (8192, 8192)
        assert (client.incoming_bandwidth, client.outgoing_bandwidth) == (140_000, 0)
        assert (server.incoming_bandwidth, server.outgoing_bandwidth) == (131_072, 200_000)
