"""What a program with an event loop of its own waits for: on both engines, with network threads and without."""

from __future__ import annotations

import logging
import select
import threading
from collections import Counter
from collections.abc import Callable

import pytest

from godot_enet import ENetConnection, ENetMultiplayerPeer, Error
from godot_enet.compat import ServiceResult, enet_waiting
from godot_enet.compat.poll_time import PollTime
from godot_enet.core.forwarding import ForwardingTransport
from godot_enet.core.host import with_stage
from godot_enet.core.interface import Datagram, HostView, Transport
from tests.drivers.waiting_loop import WAYS, is_readable, serve
from tests.unit.compat.stage import DEADLINE, Stage, kinds

CONNECT, RECEIVE = ENetConnection.EVENT_CONNECT, ENetConnection.EVENT_RECEIVE
ERROR, NONE = ENetConnection.EVENT_ERROR, ENetConnection.EVENT_NONE

STAGES: dict[str, Callable[[ENetConnection], object]] = {
    "plain": lambda connection: None,
    "range coder": lambda connection: connection.compress(ENetConnection.COMPRESS_RANGE_CODER),
    "zlib": lambda connection: connection.compress(ENetConnection.COMPRESS_ZLIB),
    "admission": lambda connection: connection.on_connect_request(None, 100, 100),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", STAGES)
def test_a_loop_that_calls_service_only_when_told(stage: Stage, way: str, name: str) -> None:
    server, client = stage.server(), stage.client()
    for connection in (server, client):
        STAGES[name](connection)
    peer = client.connect_to_host("127.0.0.1", server.get_local_port())
    assert peer is not None
    echoed: list[bytes] = []
    packets = [bytes([number]) * number for number in range(1, 60)]

    def handle(connection: ENetConnection, event: ServiceResult) -> None:
        assert event.peer is not None
        if event.type == RECEIVE:
            packet = event.peer.get_packet()
            if connection is server:
                event.peer.send(event.channel, packet, 1)
            else:
                echoed.append(packet)
        elif event.type == CONNECT and connection is client:
            for packet in packets:
                peer.send(1, packet, 1)

    waits = serve([server, client], handle, lambda: len(echoed) == len(packets), WAYS[way])
    assert echoed == packets
    assert waits < 2000  # it sleeps in between


def test_it_shows_events_as_long_as_there_are_any(threaded: Stage) -> None:
    link = threaded.link()
    assert not is_readable(link.server)
    assert link.server.poll_timeout() is None
    for number in range(3):
        link.at_client.send(0, bytes([number]), 1)
    link.client.flush()
    for number in range(3):
        assert is_readable(link.server, DEADLINE)
        assert is_readable(link.server)
        event = link.server.service(1000)
        assert event.type == RECEIVE
        assert event.peer is not None
        assert event.peer.get_packet() == bytes([number])
    assert not is_readable(link.server)
    assert link.server.poll_timeout() is None


def test_queued_events_leave_no_time_to_wait(inline: Stage) -> None:
    link = inline.link()
    for number in range(3):
        link.at_client.send(0, bytes([number]), 1)
    link.client.flush()
    assert is_readable(link.server, DEADLINE)
    assert link.server.service(1000).type == RECEIVE
    left = 0
    while link.server.poll_timeout() == 0.0 and (event := link.server.service()).type != NONE:
        assert event.type == RECEIVE
        left += 1
    assert left == 2
    assert not is_readable(link.server)


def test_a_deadline_is_announced_and_kept(inline: Stage) -> None:
    link = inline.link()
    link.stage.run(lambda: link.client.poll_timeout() != 0.0)
    timeout = link.client.poll_timeout()
    assert timeout is not None
    assert 0 < timeout <= 0.5  # the next ping, in seconds
    link.at_client.send(0, b"x", 1)
    assert link.client.poll_timeout() == 0.0  # to be sent
    link.client.flush()
    resend = link.client.poll_timeout()
    assert resend is not None
    assert 0 < resend < 5


class Failing(ForwardingTransport):
    """Fails once, in the moment in which a long packet arrives, as a DTLS session may."""

    def __init__(self, inner: Transport, _view: HostView) -> None:
        super().__init__(inner)
        self._fails = False
        self._has_failed = False

    def receive(self, limit: int, now: int) -> list[Datagram]:
        found = super().receive(limit, now)
        self._fails = self._fails or (not self._has_failed and any(len(each.data) > 300 for each in found))
        return found

    def failed(self) -> bool:
        failed, self._fails = self._fails, False
        self._has_failed = self._has_failed or failed
        return failed


def test_a_failure_that_comes_with_an_event_is_shown_with_it(stage: Stage) -> None:
    """Not at the next deadline, to which it is half a second."""
    link = stage.link()
    assert link.server._replace_host(lambda host: with_stage(host, Failing)) is Error.OK
    descriptor = link.server.fileno()  # once, as for a selector

    def is_shown(timeout: float = 0) -> bool:
        return bool(select.select([descriptor], [], [], timeout)[0])

    link.at_client.send(0, bytes(300), 1)
    link.client.flush()
    assert is_shown(DEADLINE)
    event = link.server.service()
    while event.type == NONE:
        event = link.server.service(10)
    assert event.type == RECEIVE
    assert is_shown() or link.server.poll_timeout() == 0.0
    assert link.server.service().type == ERROR
    assert link.server.service().type == NONE
    assert not is_shown()


@pytest.mark.parametrize("change", [name for name in STAGES if name != "plain"])
def test_it_stays_the_same_whatever_is_added(stage: Stage, change: str) -> None:
    link = stage.link()
    descriptor = link.server.fileno()
    assert descriptor >= 0
    link.at_client.send(0, b"before", 1)
    link.client.flush()
    assert is_readable(link.server, DEADLINE)
    STAGES[change](link.server)
    assert link.server.fileno() == descriptor
    assert is_readable(link.server, DEADLINE)
    event = link.server.service(1000)
    assert event.peer is not None
    assert event.peer.get_packet() == b"before"
    STAGES[change](link.client)
    link.at_client.send(0, b"after", 1)
    link.client.flush()
    assert is_readable(link.server, DEADLINE)
    assert kinds(list(link.server.events())) == [RECEIVE]


def test_it_wakes_a_thread_that_selects_when_the_connection_ends(threaded: Stage) -> None:
    server = threaded.server()
    descriptor = server.fileno()
    ended = threading.Event()
    begun = threading.Event()

    def wait() -> None:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        begun.set()
        poll.poll(DEADLINE * 1000)
        ended.set()

    if not hasattr(select, "poll"):
        pytest.skip("Windows ends a select of a closed socket itself")
    thread = threading.Thread(target=wait)
    thread.start()
    assert begun.wait(DEADLINE)
    server.destroy()
    assert ended.wait(DEADLINE / 2)
    thread.join()


def test_several_threads_may_take_the_events(threaded: Stage) -> None:
    link = threaded.link()
    taken: Counter[bytes] = Counter()

    def take() -> None:
        while sum(taken.values()) < 200:
            select.select([link.server.fileno()], [], [], 0.05)
            for event in link.server.events():
                if event.type == RECEIVE and event.peer is not None:
                    taken[event.peer.get_packet()] += 1

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(200):
        link.at_client.send(0, bytes([number]), 1)
        link.client.service()
    for thread in threads:
        thread.join(DEADLINE)
    assert taken == Counter({bytes([number]): 1 for number in range(200)})


class TestInactive:
    def test_it_is_an_error_before_there_is_a_host_and_after(
        self, stage: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        connection = stage.connection()
        for _ in range(2):
            caplog.clear()
            assert (connection.fileno(), connection.poll_timeout()) == (-1, 0.0)
            assert kinds(list(connection.events())) == [ERROR]
            lines = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
            assert lines == ["The ENetConnection instance isn't currently active."] * 3
            assert connection.create_host() is Error.OK
            connection.destroy()

    def test_an_enet_multiplayer_peer(self, host_engine: str, caplog: pytest.LogCaptureFixture) -> None:
        peer = ENetMultiplayerPeer()
        assert (peer.fileno(), peer.poll_timeout()) == (-1, 0.0)
        assert peer.create_mesh(2) is Error.OK
        assert (peer.fileno(), peer.poll_timeout()) == (-1, None)
        assert len(caplog.records) == 3


class TestEvents:
    def test_it_drains(self, stage: Stage) -> None:
        link = stage.link()
        for number in range(5):
            link.at_client.send(0, bytes([number]), 1)
        packets: list[bytes] = []
        while len(packets) < 5:
            assert list(link.client.events()) == []
            for event in link.server.events():
                assert event.peer is not None
                packets.append(event.peer.get_packet())
        assert packets == [bytes([number]) for number in range(5)]
        assert list(link.server.events()) == []

    def test_it_ends_when_the_program_destroys_the_connection(
        self, stage: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        link = stage.link()
        for number in range(3):
            link.at_client.send(0, bytes([number]), 1)
        link.client.flush()
        seen = 0
        while not seen:
            for _ in link.server.events():
                link.server.destroy()
                seen += 1
        assert seen == 1
        assert caplog.records == []

    def test_it_stops_after_a_while_of_work(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        class Over(PollTime):
            def is_over(self) -> bool:
                return True

        link = stage.link()
        for number in range(3):
            link.at_client.send(0, bytes([number]), 1)
        link.client.flush()
        monkeypatch.setattr(enet_waiting, "PollTime", Over)
        taken: list[int] = []
        while sum(taken) < 3:
            taken.append(len(list(link.server.events())))
        assert max(taken) == 1


class TestWith:
    def test_a_connection_is_destroyed_at_the_end(self, stage: Stage) -> None:
        with ENetConnection(threaded=stage.threaded) as connection:
            assert connection.create_host() is Error.OK
        assert connection.engine_name == ""

    def test_also_one_that_is_inactive_already(self, stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
        with ENetConnection(threaded=stage.threaded) as connection:
            connection.create_host()
            connection.destroy()
        assert caplog.records == []

    def test_a_multiplayer_peer_is_closed(self, stage: Stage) -> None:
        with ENetMultiplayerPeer(threaded=stage.threaded) as peer:
            assert peer.create_server(0) is Error.OK
            assert peer.fileno() >= 0
        assert peer.get_connection_status() == ENetMultiplayerPeer.CONNECTION_DISCONNECTED


def test_a_multiplayer_peer_shows_its_packets(stage: Stage) -> None:
    with ENetMultiplayerPeer(threaded=stage.threaded) as server, ENetMultiplayerPeer(threaded=stage.threaded) as client:
        assert server.create_server(0) is Error.OK
        assert server.host is not None
        assert client.create_client("127.0.0.1", server.host.get_local_port()) is Error.OK
        sent = False
        while not server.get_available_packet_count():
            for peer in (server, client):
                select.select([peer.fileno()], [], [], min(0.05, 1.0 if (t := peer.poll_timeout()) is None else t))
                peer.poll()
            if not sent and client.get_connection_status() == ENetMultiplayerPeer.CONNECTION_CONNECTED:
                sent = client.put_packet(b"hello") is Error.OK
        assert server.poll_timeout() == 0.0
        assert server.get_packet() == b"hello"
