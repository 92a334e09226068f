"""An exception at each place where a signal handler can run, in a connection: nothing is lost or doubled."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from godot_enet import ENetConnection, Error
from tests.interrupt.interruption import Interrupted, Interruption
from tests.interrupt.pair import Pair, open_client, open_pair, open_server, until

TRIES = 2000
STRIDE = 101
"""Places between tries in what has thousands of them."""


def each_place(call: Callable[[], object]) -> Iterator[Interruption]:
    """Makes a call over and over, broken off one place later each time, until it gets through."""
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


def take(pair: Pair, got: list[bytes]) -> list[bytes]:
    pair.run()
    while pair.at_server.get_available_packet_count():
        got.append(pair.at_server.get_packet())
    return got


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
