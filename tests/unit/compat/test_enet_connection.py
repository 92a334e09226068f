"""ENetConnection by itself: creating, destroying, settings, and everything it does while it is inactive."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from godot_enet import ENetConnection, Error
from godot_enet.core import Drop, HostConfig
from tests.rows import each_row
from tests.unit.compat.stage import Stage

Logged = Callable[[], list[str]]

INACTIVE = "The ENetConnection instance isn't currently active."
ALREADY = "The ENetConnection instance is already active."
BIND_IP = 'Invalid bind IP. It must be an IP address without a zone, or "*", not '
LOCAL_PORT = "The local port number must be between 0 and 65535 (inclusive)."
PEERS = "The number of clients must be set between 1 and 4095 (inclusive)."
CHANNELS = "Invalid channel count. Must be between 0 and 255 (0 means maximum, i.e. 255)."
INCOMING = "The incoming bandwidth limit must be greater than or equal to 0 (0 disables the limit)."
OUTGOING = "The outgoing bandwidth limit must be greater than or equal to 0 (0 disables the limit)."


class TestInactive:
    @each_row(
        ("method", "arguments", "result"),
        [
            ("service", (), (ENetConnection.EVENT_ERROR, None, 0, 0)),
            ("service", (1000,), (ENetConnection.EVENT_ERROR, None, 0, 0)),
            ("connect_to_host", ("127.0.0.1", 4000), None),
            ("connect_to_host", ("127.0.0.1", 0), None),
            ("flush", (), None),
            ("broadcast", (0, b"x", 1), None),
            ("broadcast", (-1, b"x", 4), None),
            ("socket_send", ("127.0.0.1", 4000, b"x"), None),
            ("bandwidth_limit", (1, 2), None),
            ("channel_limit", (3,), None),
            ("compress", (ENetConnection.COMPRESS_RANGE_CODER,), None),
            ("refuse_new_connections", (True,), None),
            ("refuse_connects", (True,), None),
            ("pop_statistic", (0,), 0.0),
            ("pop_statistic", (9,), 0.0),
            ("get_max_channels", (), 0),
            ("get_local_port", (), 0),
            ("get_peers", (), []),
            ("dtls_server_setup", (None,), Error.ERR_UNCONFIGURED),
            ("dtls_client_setup", ("example.org",), Error.ERR_UNCONFIGURED),
        ],
    )
    def test_every_method_logs_and_returns_what_godot_does(
        self, stage: Stage, logged: Logged, method: str, arguments: tuple[Any, ...], result: object
    ) -> None:
        never, destroyed = stage.connection(), stage.client()
        destroyed.destroy()
        for connection in (never, destroyed):
            returned = getattr(connection, method)(*arguments)
            assert returned == result
            assert type(returned) is type(result) or method == "service"
            assert logged() == [INACTIVE]
            assert connection.create_host(1) is Error.OK  # nothing has changed
            connection.destroy()

    def test_destroying_says_so(self, stage: Stage, logged: Logged) -> None:
        connection = stage.connection()
        connection.destroy()
        assert logged() == ["Host already destroyed."]
        connection.create_host()
        connection.destroy()
        assert logged() == []
        connection.destroy()
        assert logged() == ["Host already destroyed."]


class TestCreating:
    @each_row(
        ("arguments", "text"),
        [
            (("", 0), f'{BIND_IP}"".'),
            (("localhost", 0), f'{BIND_IP}"localhost".'),
            (("127.0.0.256", 0), f'{BIND_IP}"127.0.0.256".'),
            (("[::1]", 0), f'{BIND_IP}"[::1]".'),
            (("::1%lo", 0), f'{BIND_IP}"::1%lo".'),
            (("fe80::1%lo", 0), f'{BIND_IP}"fe80::1%lo".'),
            (("fe80::1%1", 0), f'{BIND_IP}"fe80::1%1".'),
            (("nonsense", 65536, 0), f'{BIND_IP}"nonsense".'),
            (("127.0.0.1", -1), f"{LOCAL_PORT} Got -1."),
            (("127.0.0.1", 65536), f"{LOCAL_PORT} Got 65536."),
            (("*", 65536, 0, -1), f"{LOCAL_PORT} Got 65536."),
            (("127.0.0.1", 0, 0), f"{PEERS} Got 0."),
            (("127.0.0.1", 0, -5), f"{PEERS} Got -5."),
            (("127.0.0.1", 0, 4096), f"{PEERS} Got 4096."),
            (("127.0.0.1", 0, 0, -1), f"{PEERS} Got 0."),
            (("127.0.0.1", 0, 1, -1), f"{CHANNELS} Got -1."),
            (("127.0.0.1", 0, 1, 256), f"{CHANNELS} Got 256."),
            (("127.0.0.1", 0, 1, 256, -1), f"{CHANNELS} Got 256."),
            (("127.0.0.1", 0, 1, 1, -1), f"{INCOMING} Got -1."),
            (("127.0.0.1", 0, 1, 1, -1, -1), f"{INCOMING} Got -1."),
            (("127.0.0.1", 0, 1, 1, 0, -2), f"{OUTGOING} Got -2."),
        ],
    )
    def test_what_is_out_of_range_is_refused_in_order(
        self, stage: Stage, logged: Logged, arguments: tuple[Any, ...], text: str
    ) -> None:
        connection = stage.connection()
        assert connection.create_host_bound(*arguments) is Error.ERR_INVALID_PARAMETER
        assert logged() == [text]
        if len(arguments) > 2 and not text.startswith((BIND_IP, LOCAL_PORT)):
            assert connection.create_host(*arguments[2:]) is Error.ERR_INVALID_PARAMETER
            assert logged() == [text]
        assert connection.get_peers() == []
        assert logged() == [INACTIVE]

    def test_an_active_one_is_refused_after_the_address_and_before_the_limits(
        self, stage: Stage, logged: Logged
    ) -> None:
        connection = stage.server(max_channels=7)
        port = connection.get_local_port()
        assert connection.create_host(0) is Error.ERR_ALREADY_IN_USE
        assert connection.create_host_bound("127.0.0.1", 0, 0) is Error.ERR_ALREADY_IN_USE
        assert logged() == [ALREADY, ALREADY]
        assert connection.create_host_bound("", 0) is Error.ERR_INVALID_PARAMETER
        assert connection.create_host_bound("127.0.0.1", -1) is Error.ERR_INVALID_PARAMETER
        assert logged() == [f'{BIND_IP}"".', f"{LOCAL_PORT} Got -1."]
        assert connection.get_local_port() == port
        assert connection.get_max_channels() == 7

    @each_row("arguments", [(1,), (4095,), (32, 0, 0, 0), (1, 255, 2**31 - 1, 2**31 - 1)])
    def test_limits_are_inclusive(self, stage: Stage, logged: Logged, arguments: tuple[int, ...]) -> None:
        connection = stage.connection()
        assert connection.create_host(*arguments) is Error.OK
        connection.destroy()
        assert connection.create_host_bound("127.0.0.1", 0, *arguments) is Error.OK
        assert logged() == []

    @each_row(
        "address", ["127.0.0.1", "127.0.0.01", "0.0.0.0", "::1", "0:0:0:0:0:0:0:1", "::", "::ffff:127.0.0.1", "*"]
    )
    def test_ip_literals_and_the_wildcard_are_bound(self, stage: Stage, logged: Logged, address: str) -> None:
        connection = stage.connection()
        assert connection.create_host_bound(address, 0) is Error.OK
        assert 1 <= connection.get_local_port() <= 65535
        assert logged() == []

    def test_a_given_port_is_the_one_that_is_bound(self, stage: Stage) -> None:
        first = stage.server()
        port = first.get_local_port()
        first.destroy()
        assert first.create_host_bound("127.0.0.1", port) is Error.OK
        assert first.get_local_port() == port

    @pytest.mark.parametrize("address", ["127.0.0.1", "*"])
    def test_a_port_in_use_is_named(self, stage: Stage, logged: Logged, address: str) -> None:
        port = stage.server(address).get_local_port()
        connection = stage.connection()
        assert connection.create_host_bound(address, port) is Error.ERR_CANT_CREATE
        (line,) = logged()
        assert line.startswith("Couldn't create an ENet host")
        assert str(port) in line
        assert connection.get_local_port() == 0
        assert logged() == [INACTIVE]
        assert connection.create_host_bound(address, 0) is Error.OK

    def test_a_foreign_address_cannot_be_bound(self, stage: Stage, logged: Logged) -> None:
        connection = stage.connection()
        assert connection.create_host_bound("192.0.2.7", 0) is Error.ERR_CANT_CREATE
        (line,) = logged()
        assert "192.0.2.7" in line
        assert connection.create_host() is Error.OK

    def test_an_unbound_one_has_no_port_until_it_sends(self, stage: Stage) -> None:
        connection = stage.client()
        assert connection.get_local_port() == 0
        connection.service()
        connection.flush()
        assert connection.get_local_port() == 0
        connection.socket_send("127.0.0.1", stage.socket().getsockname()[1], b"hello")
        assert connection.get_local_port() != 0

    def test_the_port_is_free_after_destroy_and_may_be_created_again(self, stage: Stage) -> None:
        connection = stage.server()
        for _ in range(3):
            port = connection.get_local_port()
            connection.destroy()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.bind(("127.0.0.1", port))
            assert connection.create_host_bound("127.0.0.1", port) is Error.OK

    def test_nothing_of_the_old_life_is_left_in_the_new_one(self, stage: Stage) -> None:
        link = stage.link(max_channels=3)
        link.at_client.send(0, b"x", 1)
        stage.run(link.at_server.get_available_packet_count)
        link.server.destroy()
        assert not link.at_server.is_active()
        assert link.server.create_host_bound("127.0.0.1", 0) is Error.OK
        assert link.server.get_peers() == []
        assert link.server.get_max_channels() == 255
        assert link.server.pop_statistic(ENetConnection.HOST_TOTAL_RECEIVED_PACKETS) == 0.0
        assert link.server.service() == (ENetConnection.EVENT_NONE, None, 0, 0)


class TestConfig:
    def test_settings_of_enet_that_godot_does_not_offer(self, stage: Stage) -> None:
        config = HostConfig(checksum=True, peer_count=9, channel_limit=9)
        server, client = (ENetConnection(threaded=stage.threaded, config=config) for _ in range(2))
        other = stage.client()
        try:
            assert server.create_host_bound("127.0.0.1", 0, 1, 3) is Error.OK
            assert server.get_max_channels() == 3  # what create_host_bound takes comes first
            assert other.connect_to_host("127.0.0.1", server.get_local_port()) is not None
            stage.run(lambda: server.service() and server.counters()[Drop.CHECKSUM])
            assert client.create_host(1) is Error.OK
            assert client.connect_to_host("127.0.0.1", server.get_local_port()) is not None
            stage.run(lambda: client.service() and server.service().type is ENetConnection.EVENT_CONNECT)
        finally:
            client.destroy()
            server.destroy()

    def test_any_other_thing_is_refused(self) -> None:
        with pytest.raises(TypeError, match="config must be a HostConfig or None, not dict"):
            ENetConnection(config={"checksum": True})  # type: ignore[arg-type]


class TestSettings:
    @each_row(("limit", "result"), [(1, 1), (7, 7), (255, 255), (0, 255), (-1, 255), (256, 255)])
    def test_channel_limit(self, stage: Stage, logged: Logged, limit: int, result: int) -> None:
        connection = stage.server(max_channels=12)
        assert connection.get_max_channels() == 12
        connection.channel_limit(limit)
        assert connection.get_max_channels() == result
        assert logged() == []

    @each_row(("given", "result"), [(0, 255), (1, 1), (254, 254), (255, 255)])
    def test_max_channels(self, stage: Stage, given: int, result: int) -> None:
        assert stage.server(max_channels=given).get_max_channels() == result

    @each_row("limits", [(), (1000,), (0, 0), (-1, -1), (2**31 - 1, -(2**31))])
    def test_any_bandwidth_is_taken(self, stage: Stage, logged: Logged, limits: tuple[int, ...]) -> None:
        link = stage.link()
        link.server.bandwidth_limit(*limits)
        link.fence()
        assert logged() == []

    def test_dtls_needs_options(self, stage: Stage, logged: Logged) -> None:
        link = stage.link()
        assert link.server.dtls_server_setup(None) is Error.ERR_INVALID_PARAMETER
        assert link.client.dtls_client_setup("example.org") is Error.ERR_INVALID_PARAMETER
        assert len(logged()) == 2
        link.fence()

    def test_refusing_new_connections_means_nothing_without_dtls(self, stage: Stage, logged: Logged) -> None:
        server = stage.server()
        server.refuse_new_connections(True)
        stage.join(server, stage.client()).fence()
        assert logged() == []


class TestStatistics:
    def test_popping_starts_again_from_zero(self, stage: Stage) -> None:
        server, plain = stage.server(), stage.socket()
        names = ("RECEIVED_DATA", "RECEIVED_PACKETS", "SENT_DATA", "SENT_PACKETS")
        received_data, received_packets, sent_data, sent_packets = (
            ENetConnection.HostStatistic[f"HOST_TOTAL_{name}"] for name in names
        )
        plain.sendto(b"garbage", ("127.0.0.1", server.get_local_port()))
        plain.sendto(b"xyz", ("127.0.0.1", server.get_local_port()))
        stage.run(lambda: sum(server.counters().values()) == 2)
        assert [server.pop_statistic(which) for which in (received_data, received_packets)] == [10.0, 2.0]
        assert [server.pop_statistic(which) for which in (received_data, received_packets)] == [0.0, 0.0]
        assert [server.pop_statistic(which) for which in (sent_data, sent_packets)] == [0.0, 0.0]
        assert all(type(server.pop_statistic(which)) is float for which in ENetConnection.HostStatistic)

    def test_what_one_sends_the_other_receives(self, stage: Stage) -> None:
        link = stage.link()
        totals = {"SENT": 0.0, "RECEIVED": 0.0}
        link.deliver(bytes(1000))
        stage.run(lambda: link.at_client.get_statistic(3) < 500)  # the server has acknowledged
        totals["SENT"] = link.client.pop_statistic(ENetConnection.HOST_TOTAL_SENT_DATA)
        totals["RECEIVED"] = link.server.pop_statistic(ENetConnection.HOST_TOTAL_RECEIVED_DATA)
        assert totals["SENT"] > 1000
        assert totals["RECEIVED"] > 1000

    @pytest.mark.parametrize("statistic", [4, 99])
    def test_an_unknown_one_is_zero(self, stage: Stage, logged: Logged, statistic: int) -> None:
        assert stage.client().pop_statistic(statistic) == 0.0
        assert logged() == [f"Invalid statistic: {statistic}."]
