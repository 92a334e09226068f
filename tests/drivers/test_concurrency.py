"""Any method from any thread, at any time, with destroy() in the middle."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error
from godot_enet.compat.enet_service import ServiceMethods
from tests.unit.compat.stage import DEADLINE, Link, Stage, kinds

SECONDS = 0.8
"""How long a test goes on that looks for unlucky moments."""


@pytest.fixture(autouse=True)
def _quiet_and_eager() -> Iterator[None]:
    """Threads take turns a hundred times as often as usual, and errors that are part of the test are not logged."""
    interval, level = sys.getswitchinterval(), logging.getLogger("godot_enet").level
    sys.setswitchinterval(0.00005)
    logging.getLogger("godot_enet").setLevel(logging.CRITICAL)
    yield
    sys.setswitchinterval(interval)
    logging.getLogger("godot_enet").setLevel(level)


class Crowd:
    """Threads that repeat something until the block ends; that then fails if one has raised or hangs."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._errors: list[BaseException] = []

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stopped.set()
        deadline = time.monotonic() + DEADLINE
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if kind is None:
            assert self._errors == []
            assert [thread for thread in self._threads if thread.is_alive()] == []

    def add(self, call: Callable[[], object], count: int = 1) -> None:
        """Begin."""

        def run() -> None:
            try:
                while not self._stopped.is_set():
                    call()
            except BaseException as error:
                self._errors.append(error)

        for _ in range(count):
            thread = threading.Thread(target=run, daemon=True)
            self._threads.append(thread)
            thread.start()


def test_eight_send_and_one_receives(stage: Stage) -> None:
    """Every packet arrives once, in the order of its sender."""
    link = stage.link(channels=8)
    counts = [0] * 8
    threads = []

    def send(channel: int) -> None:
        for number in range(200):
            assert link.at_client.send(channel, number.to_bytes(2, "big"), 1) is Error.OK
            if number % 20 == 0:
                link.client.flush()

    for channel in range(8):
        threads.append(threading.Thread(target=send, args=(channel,)))
        threads[-1].start()

    def arrived() -> bool:
        for event in stage.events(link.server):
            assert int.from_bytes(link.at_server.get_packet(), "big") == counts[event.channel]
            counts[event.channel] += 1
        return counts == [200] * 8

    stage.run(arrived)
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("timeout", [0, 5])
def test_destroy_in_the_middle_of_everything(stage: Stage, timeout: int) -> None:
    server, client = stage.server(), stage.connection()
    port = server.get_local_port()
    ended = time.monotonic() + SECONDS
    rounds = 0
    while rounds < 2 or time.monotonic() < ended:
        rounds += 1
        assert client.create_host(1) is Error.OK
        assert client.get_peers() == []
        peer = stage.join(server, client).at_client
        with Crowd() as crowd:
            crowd.add(lambda: client.service(timeout))
            crowd.add(lambda p=peer: p.send(0, b"x", 1), 8)  # type: ignore[misc]
            time.sleep(0.005)
            client.destroy()
            assert not peer.is_active()
            assert peer.send(0, b"x", 1) is Error.ERR_UNCONFIGURED
            assert client.service() == (ENetConnection.EVENT_ERROR, None, 0, 0)
        server.destroy()
        assert server.create_host_bound("127.0.0.1", port) is Error.OK


def test_every_method_while_it_is_destroyed(stage: Stage) -> None:
    server, client = stage.server(), stage.connection()
    port, plain_port = server.get_local_port(), stage.socket().getsockname()[1]
    ended = time.monotonic() + SECONDS
    rounds = 0
    while rounds < 2 or time.monotonic() < ended:
        rounds += 1
        client.create_host(4)
        peer = stage.join(server, client).at_client
        with Crowd() as crowd:
            for call in methods(client, peer, plain_port):
                crowd.add(call)
            time.sleep(0.01)
            client.destroy()
        assert client.create_host(4) is Error.OK
        assert client.get_peers() == []
        assert client.service() == (ENetConnection.EVENT_NONE, None, 0, 0)
        client.destroy()
        server.destroy()
        assert server.create_host_bound("127.0.0.1", port) is Error.OK


def methods(connection: ENetConnection, peer: ENetPacketPeer, port: int) -> list[Callable[[], object]]:
    """Everything that may be called while a connection is destroyed."""
    return [
        connection.service,
        lambda: connection.service(3),
        connection.flush,
        connection.get_peers,
        connection.get_local_port,
        connection.get_max_channels,
        connection.counters,
        lambda: connection.pop_statistic(0),
        lambda: connection.broadcast(0, b"x", 1),
        lambda: connection.socket_send("127.0.0.1", port, b"x"),
        lambda: connection.connect_to_host("127.0.0.1", port),
        lambda: connection.bandwidth_limit(0, 0),
        lambda: connection.channel_limit(9),
        lambda: connection.compress(0),
        lambda: peer.send(0, b"x", 1),
        lambda: peer.put_packet(b"x"),
        peer.get_packet,
        peer.get_packet_flags,
        peer.get_state,
        peer.get_channels,
        peer.ping,
        peer.is_active,
        peer.get_remote_address,
        lambda: peer.get_statistic(3),
        lambda: peer.set_timeout(0, 0, 0),
        lambda: repr(peer),
    ]


def test_peers_that_come_and_go_under_several_who_service(stage: Stage) -> None:
    server, own = stage.server(), Stage(threaded=stage.threaded)
    clients = [own.client() for _ in range(3)]
    with Crowd() as crowd:
        crowd.add(lambda: server.service(2), 3)
        crowd.add(lambda: [peer.get_state() for peer in server.get_peers()])
        for number in range(12):
            client = clients[number % 3]
            peer = client.connect_to_host("127.0.0.1", server.get_local_port())
            assert peer is not None
            own.run(lambda c=client: own.peek(c))  # type: ignore[misc]
            assert kinds(own.events(client)) == [ENetConnection.EVENT_CONNECT]
            if number % 2:
                peer.peer_disconnect()
                own.run(lambda c=client: own.peek(c))  # type: ignore[misc]
                own.events(client)
            else:
                peer.peer_disconnect_now()
                client.service()
        deadline = time.monotonic() + DEADLINE
        while server.get_peers():
            assert time.monotonic() < deadline
            time.sleep(0.01)
    own.close()


def test_a_peer_that_goes_while_another_thread_reports_that_it_came(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, own = stage.server(), Stage(threaded=stage.threaded)
    client = own.client()
    peer = client.connect_to_host("127.0.0.1", server.get_local_port())
    assert peer is not None
    attach = ENetPacketPeer._attach
    arrived, go_on = threading.Event(), threading.Event()

    def attach_slowly(*arguments: Any) -> ENetPacketPeer:
        arrived.set()
        go_on.wait(DEADLINE)
        return attach(*arguments)

    monkeypatch.setattr(ENetPacketPeer, "_attach", staticmethod(attach_slowly))
    seen: list[int] = []
    with Crowd() as crowd:
        # The method in Python, which can be held there: the one in C makes the peer itself.
        crowd.add(lambda: seen.append(ServiceMethods.service(server, 5).type))
        own.run(arrived.is_set)
        peer.peer_disconnect_now()
        crowd.add(lambda: seen.append(server.service(5).type))
        time.sleep(0.2)  # the second one has every chance to come first
        go_on.set()
        deadline = time.monotonic() + DEADLINE
        while ENetConnection.EVENT_DISCONNECT not in seen:
            assert time.monotonic() < deadline, set(seen)
            time.sleep(0.01)
    assert sorted(seen)[-2:] == [ENetConnection.EVENT_CONNECT, ENetConnection.EVENT_DISCONNECT]
    assert ENetConnection.EVENT_ERROR not in seen
    assert server.get_peers() == []
    own.close()


def test_a_log_handler_may_use_the_connection(stage: Stage, link: Link) -> None:
    class Console(logging.Handler):
        """An in-game console that shows and sends what is logged."""

        def __init__(self) -> None:
            super().__init__()
            self.lines: list[str] = []

        def emit(self, record: logging.LogRecord) -> None:
            link.at_server.send(0, record.getMessage().encode(), 1)
            self.lines.append(f"{link.server.get_local_port()} {sum(link.server.counters().values())}")

    console = Console()
    log = logging.getLogger("godot_enet.network")
    log.addHandler(console)
    log.setLevel(logging.WARNING)
    try:
        stage.socket().sendto(b"?", ("127.0.0.1", link.server.get_local_port()))
        stage.run(link.at_client.get_available_packet_count)
    finally:
        log.removeHandler(console)
        log.setLevel(logging.NOTSET)
    assert b"too short" in link.at_client.get_packet()
    assert console.lines == [f"{link.server.get_local_port()} 1"]


@pytest.fixture
def link(stage: Stage) -> Link:
    return stage.link()


def test_destroyed_while_a_host_in_python_takes_over(stage: Stage) -> None:
    """Whoever is first has the socket: it is closed once, and never while another owns it."""

    errors: list[BaseException] = []

    def move(connection: ENetConnection, mode: ENetConnection.CompressionMode | None, begin: threading.Barrier) -> None:
        try:
            begin.wait(DEADLINE)
            if mode is None:
                connection.on_connect_request(lambda *_: ENetConnection.ConnectVerdict.ACCEPT)
            else:
                connection.compress(mode)
        except BaseException as error:
            errors.append(error)

    for number in range(300):
        connection = stage.server()
        begin = threading.Barrier(2)
        mode = ENetConnection.COMPRESS_ZLIB if number % 2 else None
        mover = threading.Thread(target=move, args=(connection, mode, begin))
        mover.start()
        begin.wait(DEADLINE)
        late = time.perf_counter() + number % 50 * 10e-6
        while time.perf_counter() < late:
            pass
        connection.destroy()
        mover.join(DEADLINE)
        assert not mover.is_alive()
        assert errors == []


def test_every_method_while_hosts_are_replaced(stage: Stage) -> None:
    server, client = stage.server(), stage.client()
    peers = [stage.join(server, client).at_client]
    random = Random(1)

    def replace() -> None:
        if random.random() < 0.3:
            client.destroy()
            server.destroy()
        client.create_host(4)
        server.create_host_bound("127.0.0.1", 0)
        server.compress(random.choice((0, 1, 2, 3)))
        peer = client.connect_to_host("127.0.0.1", server.get_local_port() or 9)
        if peer is not None:
            peers[:] = [peer]

    def use(connection: ENetConnection) -> None:
        connection.service()
        connection.broadcast(0, b"b", 1)
        connection.flush()
        connection.counters()
        connection.pop_statistic(ENetConnection.HOST_TOTAL_SENT_DATA)
        connection.bandwidth_limit(0, 0)
        connection.channel_limit(random.randrange(1, 5))
        connection.get_max_channels()
        connection.refuse_new_connections(False)
        connection.socket_send("127.0.0.1", 9, b"?")
        repr(connection)
        for peer in connection.get_peers():
            use_peer(peer)

    def use_peer(peer: ENetPacketPeer) -> None:
        peer.send(0, b"p", random.choice((0, 1, 2)))
        while peer.get_available_packet_count() and peer.get_packet():
            peer.get_packet_flags()
        peer.get_packet_error()
        peer.get_remote_address()
        peer.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME)
        peer.get_state()
        peer.get_channels()
        peer.is_active()
        peer.ping()
        peer.ping_interval(100)
        peer.set_timeout(32, 5000, 30000)
        peer.throttle_configure(1000, 2, 2)
        peer.get_disconnect_reason()
        repr(peer)
        random.choice((peer.peer_disconnect, peer.peer_disconnect_later, peer.peer_disconnect_now, peer.reset))()

    with Crowd() as crowd:
        crowd.add(replace)
        crowd.add(lambda: use(server), 2)
        crowd.add(lambda: use(client), 2)
        crowd.add(lambda: use_peer(peers[0]))
        time.sleep(SECONDS)
