"""ENetPacketPeer: sending, receiving, looking and setting, on one that is connected and on one that is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error, PackedByteArray, PacketPeer
from tests.rows import each_row
from tests.unit.compat.stage import Link, Stage, kinds

Logged = Callable[[], list[str]]

NULL = 'Parameter "peer" is null.'
NOT_CONNECTED = "Peer not connected."
INACTIVE = "The ENetConnection instance isn't currently active."
NO_PACKET = 'Condition "packet_queue.is_empty()" is true. Returning: '
FRAGMENT = 1364
"""The longest packet that is not fragmented at the default MTU."""


def over(channel: int) -> str:
    return f"Unable to send packet on channel {channel}, max channels: {channel}"


def no_channel(channel: int) -> str:
    return f"Invalid channel {channel}, max channels: 5"


def no_flags(flags: int) -> str:
    return f"Invalid flags {flags}, must be a sum of FLAG_RELIABLE (1), _UNSEQUENCED (2), _UNRELIABLE_FRAGMENT (8)"


@pytest.fixture
def link(stage: Stage) -> Link:
    return stage.link(channels=5)


def test_it_cannot_be_made_by_hand() -> None:
    with pytest.raises(TypeError):
        ENetPacketPeer()
    assert issubclass(ENetPacketPeer, PacketPeer)


class TestSending:
    @each_row(
        ("channel", "flags", "error", "text"),
        [
            (-1, 1, Error.ERR_INVALID_PARAMETER, no_channel(-1)),
            (6, 1, Error.ERR_INVALID_PARAMETER, no_channel(6)),
            (255, 1, Error.ERR_INVALID_PARAMETER, no_channel(255)),
            (0, 4, Error.ERR_INVALID_PARAMETER, no_flags(4)),
            (0, 16, Error.ERR_INVALID_PARAMETER, no_flags(16)),
            (0, -1, Error.ERR_INVALID_PARAMETER, no_flags(-1)),
            (6, 4, Error.ERR_INVALID_PARAMETER, no_channel(6)),
            (5, 4, Error.ERR_INVALID_PARAMETER, no_flags(4)),
            (5, 1, Error.FAILED, over(5)),
            (5, 0, Error.FAILED, over(5)),
        ],
    )
    def test_what_cannot_be_is_refused_in_order(
        self, link: Link, logged: Logged, channel: int, flags: int, error: Error, text: str
    ) -> None:
        assert link.at_client.send(channel, b"x", flags) is error
        assert logged() == [text]
        assert link.deliver(b"y") == (b"y", 0, 1)  # and nothing else was sent

    def test_the_largest_packet(self, link: Link, logged: Logged) -> None:
        limit = 32 * 1024 * 1024
        too_large = bytes(limit + 1)
        for flags in (0, 1, 2, 8):
            assert link.at_client.send(0, too_large, flags) is Error.FAILED
        assert link.at_client.put_packet(too_large) is Error.FAILED
        link.client.broadcast(0, too_large, 1)
        assert (
            logged()
            == [f"Unable to send packet of {limit + 1} bytes, maximum: {limit}. Split it into smaller packets."] * 6
        )
        assert link.at_client.send(0, too_large[:limit], 8) is Error.OK
        assert logged() == []

    def test_a_value_over_that_limit(self, link: Link, logged: Logged) -> None:
        link.at_client.set_encode_buffer_max_size(64 * 1024 * 1024)
        assert link.at_client.put_var(PackedByteArray(bytes(33 << 20))) is Error.FAILED
        (line,) = logged()
        assert line.startswith("Unable to send packet of 346030")

    @each_row("flags", [0, 1, 2, 8, 3, 9, 10, 11])
    def test_every_sum_of_flags_is_taken_on_every_channel(self, link: Link, logged: Logged, flags: int) -> None:
        for channel in (0, 4):
            assert link.deliver(b"abc", channel, flags)[:2] == (b"abc", channel)
        assert logged() == []

    @each_row(
        ("flags", "small", "large"),
        [(0, 0, 1), (1, 1, 1), (2, 2, 1), (3, 1, 1), (8, 0, 8), (9, 1, 1), (10, 2, 8), (11, 1, 1)],
    )
    def test_flags_tell_how_it_came(self, link: Link, flags: int, small: int, large: int) -> None:
        packet = bytes(range(256)) * 6
        assert link.deliver(packet[:FRAGMENT], 1, flags) == (packet[:FRAGMENT], 1, small)
        assert link.deliver(packet[: FRAGMENT + 1], 2, flags) == (packet[: FRAGMENT + 1], 2, large)

    def test_an_empty_packet_is_sent_like_any_other(self, link: Link) -> None:
        assert link.deliver(b"", 3, 1) == (b"", 3, 1)
        assert link.at_server.get_packet_error() is Error.OK
        assert link.deliver(b"", 3, 2) == (b"", 3, 2)

    def test_put_packet_is_reliable_and_on_channel_0(self, link: Link) -> None:
        assert link.at_client.put_packet(b"abc") is Error.OK
        link.stage.run(link.at_server.get_available_packet_count)
        assert link.stage.events(link.server)[0].channel == 0
        assert link.at_server.get_packet_flags() == ENetPacketPeer.FLAG_RELIABLE
        assert link.at_server.get_packet() == b"abc"

    def test_putting_nothing_sends_nothing(self, link: Link) -> None:
        assert link.at_client.put_packet(b"") is Error.OK
        assert link.deliver(b"next") == (b"next", 0, 1)

    def test_nothing_can_be_sent_before_it_is_connected(self, stage: Stage, logged: Logged) -> None:
        peer = stage.client().connect_to_host("127.0.0.1", stage.socket().getsockname()[1])
        assert peer is not None
        assert [peer.send(0, b"x", 1), peer.put_packet(b"x"), peer.put_var(1)] == [Error.FAILED] * 3
        line = "Unable to send packet, the peer is still connecting: send after its EVENT_CONNECT."
        assert logged() == [line] * 3
        assert peer.send(255, b"x", 1) is Error.FAILED
        assert logged() == [over(255)]
        assert peer.put_packet(b"") is Error.OK
        assert peer.get_state() is ENetPacketPeer.STATE_CONNECTING


class TestReceiving:
    def test_packets_wait_in_order(self, link: Link) -> None:
        packets = [(b"one", 1), (b"two", 2), (b"three", 0)]
        for packet, flags in packets:
            assert link.at_client.send(0, packet, 1) is Error.OK
            assert flags in (0, 1, 2)
        link.stage.run(lambda: link.at_server.get_available_packet_count() == 3)
        assert kinds(link.stage.events(link.server)) == [ENetConnection.EVENT_RECEIVE] * 3
        for waiting, (packet, _) in zip((2, 1, 0), packets, strict=True):
            assert link.at_server.get_packet_flags() == 1
            assert link.at_server.get_packet() == packet
            assert link.at_server.get_packet_error() is Error.OK
            assert link.at_server.get_available_packet_count() == waiting

    def test_taking_from_nothing(self, link: Link, logged: Logged) -> None:
        assert link.at_server.get_packet_error() is Error.OK
        assert link.at_server.get_available_packet_count() == 0
        assert link.at_server.get_packet() == b""
        assert link.at_server.get_packet_error() is Error.ERR_UNAVAILABLE
        assert logged() == [NO_PACKET + "ERR_UNAVAILABLE"]
        assert link.at_server.get_packet_flags() == 0
        assert logged() == [NO_PACKET + "0"]
        link.deliver(b"x")
        assert link.at_server.get_packet_error() is Error.OK
        assert logged() == []

    @pytest.mark.refcounts
    def test_a_finalizer_may_take_the_packet_meanwhile(self, link: Link) -> None:
        peer = link.at_server

        class Thief:
            """Runs when the error before is replaced, in the middle of ``get_packet``."""

            def __del__(self) -> None:
                stolen.append(peer.get_packet())

        stolen: list[bytes] = []
        assert peer.get_packet() == b""
        assert link.at_client.send(0, b"x", 1) is Error.OK
        link.stage.run(peer.get_available_packet_count)
        peer._packet_error = Thief()  # type: ignore[assignment]
        assert peer.get_packet() == b""
        assert stolen == [b"x"]

    def test_a_packet_waits_only_once_it_was_reported(self, link: Link) -> None:
        link.at_client.send(0, b"x", 1)
        link.client.flush()
        while not (event := link.server.service(1000)).type:
            assert link.at_server.get_available_packet_count() == 0
        assert event.type == ENetConnection.EVENT_RECEIVE
        assert link.at_server.get_available_packet_count() == 1


class TestInactive:
    @each_row(
        ("method", "arguments", "result", "text"),
        [
            ("send", (0, b"x", 1), Error.ERR_UNCONFIGURED, NOT_CONNECTED),
            ("send", (-1, b"x", 4), Error.ERR_UNCONFIGURED, NOT_CONNECTED),
            ("put_packet", (b"x",), Error.ERR_UNCONFIGURED, NULL),
            ("put_packet", (b"",), Error.OK, None),
            ("get_packet", (), b"", NULL),
            ("get_packet_flags", (), 0, NO_PACKET + "0"),
            ("get_available_packet_count", (), 0, None),
            ("peer_disconnect", (), None, NULL),
            ("peer_disconnect_later", (1,), None, NULL),
            ("peer_disconnect_now", (1,), None, NULL),
            ("reset", (), None, NOT_CONNECTED),
            ("ping", (), None, NULL),
            ("ping_interval", (0,), None, NULL),
            ("throttle_configure", (1, 2, 3), None, NOT_CONNECTED),
            ("set_timeout", (1, 2, 3), None, NOT_CONNECTED),
            ("set_timeout", (3, 2, 1), None, NOT_CONNECTED),
            ("get_remote_address", (), "", NULL),
            ("get_remote_port", (), 0, NULL),
            ("get_statistic", (3,), 0.0, NULL),
            ("get_statistic", (99,), 0.0, NULL),
            ("get_state", (), ENetPacketPeer.STATE_DISCONNECTED, None),
            ("get_channels", (), 0, INACTIVE),
            ("is_active", (), False, None),
        ],
    )
    def test_every_method_logs_and_returns_what_godot_does(
        self, link: Link, logged: Logged, method: str, arguments: tuple[Any, ...], result: object, text: str | None
    ) -> None:
        link.at_client.reset()
        logged()
        returned = getattr(link.at_client, method)(*arguments)
        assert returned == result
        assert type(returned) is type(result)
        assert logged() == ([] if text is None else [text])
        assert not link.at_client.is_active()

    def test_packets_that_still_wait_are_counted_but_not_given(self, link: Link, logged: Logged) -> None:
        for packet in (b"a", b"b"):
            link.at_client.send(0, packet, 1)
        link.stage.run(lambda: link.at_server.get_available_packet_count() == 2)
        link.at_server.reset()
        for _ in range(2):
            assert link.at_server.get_packet() == b""
            assert link.at_server.get_packet_error() is Error.ERR_UNCONFIGURED
            assert link.at_server.get_available_packet_count() == 2
            assert link.at_server.get_packet_flags() == 1
        assert logged() == [NULL, NULL]


class TestLooking:
    def test_the_remote(self, link: Link) -> None:
        assert link.at_client.get_remote_address() == link.at_server.get_remote_address() == "127.0.0.1"
        assert link.at_client.get_remote_port() == link.server.get_local_port()
        assert link.at_server.get_remote_port() == link.client.get_local_port()
        assert "127.0.0.1" in repr(link.at_client)
        assert "connected" in repr(link.at_client)

    def test_statistics_begin_with_enets_defaults(self, stage: Stage) -> None:
        peer = stage.client().connect_to_host("127.0.0.1", stage.socket().getsockname()[1])
        assert peer is not None
        statistics = [peer.get_statistic(which) for which in ENetPacketPeer.PeerStatistic]
        assert statistics == [0, 0, 0, 500, 0, 500, 0, 32, 32, 0, 0, 2, 2, 5000]
        assert {type(value) for value in statistics} == {float}

    def test_the_round_trip_is_measured(self, link: Link) -> None:
        link.fence()
        link.stage.run(lambda: link.at_client.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME) < 100)

    @each_row("statistic", [-1, 14, 99])
    def test_an_unknown_statistic_is_zero(self, link: Link, logged: Logged, statistic: int) -> None:
        assert link.at_client.get_statistic(statistic) == 0.0
        assert logged() == [f"Method/function failed. Returning: 0. Invalid statistic: {statistic}."]


class TestSettings:
    def test_throttle_settings_are_adopted_by_the_remote(self, link: Link, logged: Logged) -> None:
        link.at_client.throttle_configure(1234, 5, 6)
        names = ("ACCELERATION", "DECELERATION", "INTERVAL")
        which = [ENetPacketPeer.PeerStatistic[f"PEER_PACKET_THROTTLE_{name}"] for name in names]
        assert [link.at_client.get_statistic(each) for each in which] == [5, 6, 1234]
        link.stage.run(lambda: [link.at_server.get_statistic(each) for each in which] == [5, 6, 1234])
        assert logged() == []

    def test_throttle_settings_while_connecting_wait_for_the_handshake(self, stage: Stage) -> None:
        server, client = stage.server(), stage.client()
        peer = client.connect_to_host("127.0.0.1", server.get_local_port())
        assert peer is not None
        peer.throttle_configure(999, 3, 4)
        stage.run(lambda: stage.peek(client) and stage.peek(server))
        assert kinds(stage.events(client)) == kinds(stage.events(server)) == [ENetConnection.EVENT_CONNECT]
        interval = ENetPacketPeer.PEER_PACKET_THROTTLE_INTERVAL
        stage.run(lambda: server.get_peers()[0].get_statistic(interval) == 999)
        assert peer.get_statistic(interval) == 999

    @pytest.mark.parametrize("times", [(10, 5, 20), (1, 30, 20), (3, 2, 1), (1, 0, 0), (0, 1, 0)])
    def test_time_outs_must_be_in_order(self, stage: Stage, logged: Logged, times: tuple[int, int, int]) -> None:
        client = stage.client()
        peer = client.connect_to_host("127.0.0.1", stage.socket().getsockname()[1])
        assert peer is not None
        peer.set_timeout(1, 100, 200)
        peer.set_timeout(*times)
        text = "Timeout limit must be less than minimum timeout, which itself must be less than maximum timeout."
        assert logged() == ["{} Got {}, {} and {}.".format(text, *times)]
        stage.run(lambda: stage.peek(client))  # the first setting still holds, or this would take half a minute
        assert kinds(stage.events(client)) == [ENetConnection.EVENT_DISCONNECT]

    @each_row("times", [(0, 0, 0), (5, 5, 5), (-3, -2, -1), (1, 2, 2**31 - 1)])
    def test_time_outs_in_order_are_taken(self, link: Link, logged: Logged, times: tuple[int, int, int]) -> None:
        link.at_client.set_timeout(*times)
        assert logged() == []
        link.at_client.set_timeout(0, 0, 0)  # a few milliseconds are too few for a busy machine
        link.fence()
        assert logged() == []

    def test_a_ping_can_be_sent_at_any_time(self, link: Link) -> None:
        sent = ENetConnection.HOST_TOTAL_SENT_PACKETS
        for peer in (link.at_client, link.at_server):
            peer.ping_interval(1_000_000)
        link.fence()
        before = link.server.pop_statistic(ENetConnection.HOST_TOTAL_RECEIVED_PACKETS)
        assert before > 0
        for _ in range(20):
            link.at_client.ping()
            link.client.flush()
        received = ENetConnection.HOST_TOTAL_RECEIVED_PACKETS
        total = link.client.pop_statistic(sent)
        assert total >= 20
        counted = [0.0]

        def arrived() -> bool:
            counted[0] += link.server.pop_statistic(received)
            return counted[0] >= 20

        link.stage.run(arrived)

    def test_pings_come_as_often_as_asked_for(self, link: Link) -> None:
        link.at_client.ping_interval(10)
        seen = [0.0]

        def enough() -> bool:
            seen[0] += link.server.pop_statistic(ENetConnection.HOST_TOTAL_RECEIVED_PACKETS)
            return seen[0] >= 100  # at the default interval this would take 50 seconds

        link.stage.run(enough)
        link.at_client.ping_interval(0)
        assert link.at_client.is_active()
