"""An exception at each place where a signal handler can run, in a connection: nothing is lost or doubled."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Callable, Iterator

import pytest

from godot_enet import ENetConnection, Error, Variant, var_to_bytes
from tests.interrupt.interruption import Interrupted, Interruption, taken_after_use
from tests.interrupt.loopback_pair import Pair, open_client, open_pair, open_server, until

TRIES = 2000
STRIDE = 101
"""Places between tries in what has thousands of them."""


def each_place(call: Callable[[], object]) -> Iterator[Interruption]:
    """Makes a call over and over, interrupted one instruction later each time, until it completes."""
    for after in range(1, TRIES):
        with Interruption(after, anywhere=False) as interruption, contextlib.suppress(Interrupted):
            call()
        yield interruption
        if interruption.place is None:
            return
    raise AssertionError("it does not end")


@pytest.fixture(params=["plain", "zlib", "dtls"])
def pair(request: pytest.FixtureRequest, host_engine: str) -> Iterator[Pair]:
    with open_pair(request.param) as pair:
        yield pair


def test_packets_come_once_and_in_order(pair: Pair) -> None:
    sent: list[bytes] = []
    got: list[bytes] = []

    def receive() -> None:
        event = pair.server.service(0)
        if event.type is ENetConnection.EVENT_RECEIVE:
            assert event.peer is pair.at_server

    for interruption in each_place(receive):
        sent.append(b"%d" % len(sent))
        assert pair.at_client.send(0, sent[-1], 1) is Error.OK
        pair.client.flush()
        pair.until(lambda: take(pair, got) == sent, f"all packets, {interruption.place}")
    assert len(sent) > 2 or pair.server.engine_name == "native"  # which does it all in C


def test_a_list_of_packets_comes_once_and_in_order(pair: Pair) -> None:
    sent: list[bytes] = []
    got: list[bytes] = []

    def receive() -> None:
        got.extend(packet for *_, packet in pair.server.receive_all())

    for interruption in each_place(receive):
        sent.extend(b"%d" % number for number in range(len(sent), len(sent) + 3))
        for packet in sent[-3:]:
            assert pair.at_client.send(0, packet, 1) is Error.OK
        pair.client.flush()

        def take() -> bool:
            pair.client.service(0)
            got.extend(packet for *_, packet in pair.server.receive_all())
            event = pair.server.service(0)
            if event.type is ENetConnection.EVENT_RECEIVE:
                got.append(event.peer.get_packet())
            return got == sent

        until(take, lambda: None, f"all packets, {interruption.place}: {got[-5:]} of {sent[-5:]}")
    assert len(sent) > 6 or pair.server.engine_name == "native"


@pytest.mark.native
def test_a_list_that_c_cannot_return_is_left_for_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GODOT_ENET_ENGINE", "native")
    with open_pair("plain") as pair, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        host = pair.server._host
        assert host is not None
        for number in range(100):
            pair.at_client.send(number % 2, b"%d" % number, 1)
        stranger.sendto(b"?", ("127.0.0.1", pair.server.get_local_port()))  # a drop, which is logged after all packets
        pair.client.flush()
        monkeypatch.setattr(type(host), "log_drops", interrupt)
        with pytest.raises(Interrupted):
            until(lambda: False, pair.server.receive_all, "a drop")
        assert len(host.left) == 100
        monkeypatch.undo()
        got = pair.server.receive_all()
        assert [each[:3] for each in got] == [(pair.at_server, number % 2, 1) for number in range(100)]
        assert [packet for *_, packet in got] == [b"%d" % number for number in range(100)]


def interrupt(host: object) -> None:
    raise Interrupted


def take(pair: Pair, got: list[bytes]) -> list[bytes]:
    pair.run()
    while pair.at_server.get_available_packet_count():
        got.append(pair.at_server.get_packet())
    return got


@taken_after_use
def test_a_packet_that_is_not_returned_stays(pair: Pair) -> None:
    peer, got = pair.at_server, []
    pair.at_client.send(0, b"0", 1)
    pair.until(lambda: bool(peer.get_available_packet_count()), "a packet")

    def get() -> None:
        got.append(peer.get_packet())

    for number, _ in enumerate(each_place(get), 1):
        if not got:
            assert peer.get_available_packet_count() == 1
            get()
        assert got == [b"%d" % (number - 1)]
        got.clear()
        pair.at_client.send(0, b"%d" % number, 1)
        pair.until(lambda: bool(peer.get_available_packet_count()), "a packet")


@taken_after_use
def test_a_value_that_is_not_returned_stays(pair: Pair) -> None:
    """Values of each kind of decoding: one that is read at once, a container, and bytes that are no value."""
    peer, got = pair.at_server, []
    values: list[tuple[bytes, Variant]] = [(var_to_bytes(value), value) for value in (7, [1, {"two": 3.0}])]
    values.append((b"\xff\x00\x00\x00", None))
    for packet, value in values:

        def get() -> None:
            got.append(peer.get_var())

        def send(packet: bytes = packet) -> None:
            pair.at_client.send(0, packet, 1)
            pair.until(lambda: bool(peer.get_available_packet_count()), "a packet")

        send()
        for interruption in each_place(get):
            if not got:
                assert peer.get_available_packet_count() == 1, interruption.place
                get()
            assert got == [value]
            assert not peer.get_available_packet_count()
            got.clear()
            send()
        assert peer.get_packet() == packet


@taken_after_use
def test_a_packet_that_a_log_handler_takes_is_not_decoded_again(pair: Pair) -> None:
    peer, taken = pair.at_server, []

    class Taker(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            taken.append(peer.get_packet())

    for packet in (b"\xff\x00\x00\x00", var_to_bytes(1), var_to_bytes(2)):
        pair.at_client.send(0, packet, 1)
    pair.until(lambda: peer.get_available_packet_count() == 3, "packets")
    log, handler = logging.getLogger("godot_enet"), Taker()
    log.addHandler(handler)
    try:
        assert peer.get_var(allow_objects=True) == 1
    finally:
        log.removeHandler(handler)
    assert taken == [b"\xff\x00\x00\x00"]
    assert peer.get_var() == 2
    assert not peer.get_available_packet_count()


@pytest.mark.parametrize("end", ["reset", "peer_disconnect_now", "destroy"])
def test_a_log_handler_may_end_the_connection_of_the_packet_that_is_decoded(pair: Pair, end: str) -> None:
    peer = pair.at_server

    class Ender(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            getattr(pair.server if end == "destroy" else peer, end)()

    for _ in range(2):
        pair.at_client.send(0, b"\xff\x00\x00\x00", 1)
    pair.until(lambda: peer.get_available_packet_count() == 2, "packets")
    log, handler = logging.getLogger("godot_enet"), Ender()
    log.addHandler(handler)
    try:
        assert peer.get_var() is None
    finally:
        log.removeHandler(handler)
    assert not peer.is_active()
    assert peer.get_available_packet_count() == 1


def test_what_is_sent_is_sent_once_or_not_at_all(pair: Pair) -> None:
    count = 0
    got: list[bytes] = []

    def send() -> None:
        pair.at_client.send(0, b"%d" % count, 1)
        pair.client.flush()

    for interruption in each_place(send):
        pair.at_client.send(0, b"fence", 1)
        pair.until(lambda: b"fence" in take(pair, got), f"the fence, {interruption.place}")
        assert got in ([b"%d" % count, b"fence"], [b"fence"]), interruption.place
        got.clear()
        count += 1


@pytest.mark.parametrize("kind", ["plain", "zlib"])
def test_connections_come_and_go_once(kind: str, host_engine: str) -> None:
    server = open_server(kind)
    log: list[object] = []

    def pass_of(connection: ENetConnection) -> object:
        with contextlib.suppress(Interrupted):
            event = connection.service(0)
            if connection is server and event.type is not ENetConnection.EVENT_NONE:
                log.append(event.type)
        return None

    for after in range(1, TRIES, STRIDE):
        log.clear()
        client = open_client(kind)
        peer = client.connect_to_host("127.0.0.1", server.get_local_port())
        assert peer is not None
        with Interruption(after, anywhere=False) as interruption:
            for connection in (client, server) * 12:
                pass_of(connection)
        until(lambda: ENetConnection.EVENT_CONNECT in log, lambda: (pass_of(client), pass_of(server)), "a connection")  # noqa: B023
        peer.peer_disconnect()
        client.flush()
        with Interruption(after, anywhere=False) as interruption:
            for connection in (client, server) * 4:
                pass_of(connection)
        until(lambda: ENetConnection.EVENT_DISCONNECT in log, lambda: (pass_of(client), pass_of(server)), "its end")  # noqa: B023
        assert log == [ENetConnection.EVENT_CONNECT, ENetConnection.EVENT_DISCONNECT], interruption.place
        assert not server.get_peers()
        client.destroy()
    server.destroy()


def test_it_can_be_destroyed(host_engine: str) -> None:
    for after in range(1, TRIES):
        connection = ENetConnection(threaded=after % 2 == 0)
        assert connection.create_host_bound("127.0.0.1", 0) is Error.OK
        port = connection.get_local_port()
        with Interruption(after, anywhere=False) as interruption, contextlib.suppress(Interrupted):
            connection.destroy()
        if connection.engine_name:
            connection.destroy()
        assert connection.create_host_bound("127.0.0.1", port) is Error.OK, interruption.place
        connection.destroy()
        if interruption.place is None:
            return
