"""Calls of a host from where it is in the middle of another call of the same thread: none waits for itself.

A stage around the transport runs the program's code there, at a place that a test can choose; signal handlers,
finalizers and log handlers run at any place: see also ``tests/isolated/nested.py``.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType
from typing import Any

import pytest

from godot_enet import ENetConnection, ENetMultiplayerPeer, ENetPacketPeer, Error
from godot_enet.core.errors import HostBusy, HostClosed
from godot_enet.core.host import with_stage
from godot_enet.core.interface import Address, Datagram, HostView, Transport
from godot_enet.core.transports.admission import Verdict
from tests.isolated.launch import run
from tests.unit.compat.stage import DEADLINE, Link, Stage

NONE, ERROR, RECEIVE = ENetConnection.EVENT_NONE, ENetConnection.EVENT_ERROR, ENetConnection.EVENT_RECEIVE
DISCONNECT = ENetConnection.EVENT_DISCONNECT


class Interrupted:
    """A stage that calls something, once, in the middle of the host's receiving or sending."""

    def __init__(self, connection: ENetConnection) -> None:
        self._inner: Transport | None = None
        self._call: Callable[[], object] | None = None
        self._thread = 0
        self.outcome: Any = None
        self.result: Any = None
        host = connection._host
        assert host is not None
        assert connection._replace_host(lambda host: with_stage(host, self._wrap)) is Error.OK

    def _wrap(self, inner: Transport, _view: HostView) -> Transport:
        self._inner = inner
        return self

    def during(self, outer: Callable[[], object], call: Callable[[], object]) -> Any:
        """Run ``outer``, and in the middle of it ``call``; what that returned, or raised."""
        self._thread = threading.get_ident()
        self._call = call
        self.result = outer()
        assert self._call is None, "it was not called"
        return self.outcome

    def _interrupt(self) -> None:
        call = self._call
        if call is not None and threading.get_ident() == self._thread:
            self._call = None
            try:
                self.outcome = call()
            except Exception as error:
                self.outcome = error

    @property
    def _rest(self) -> Transport:
        assert self._inner is not None
        return self._inner

    def receive(self, limit: int, now: int) -> list[Datagram]:
        self._interrupt()
        return self._rest.receive(limit, now)

    def send(self, batch: Any, now: int) -> int:
        self._interrupt()
        return self._rest.send(batch, now)

    def poll_timeout(self) -> int | None:
        return self._rest.poll_timeout()

    def failed(self) -> bool:
        return self._rest.failed()

    def fileno(self) -> int:
        return self._rest.fileno()

    def local_address(self) -> Address | None:
        return self._rest.local_address()

    def close(self) -> None:
        self._rest.close()


class Scene:
    """Two ends that have connected, and the means to interrupt the server."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.link: Link = stage.link()
        self.server, self.client = self.link.server, self.link.client
        self.at_server, self.at_client = self.link.at_server, self.link.at_client
        self.interrupted = Interrupted(self.server)

    def nested(self, call: Callable[[], object]) -> Any:
        """What the call gives in the middle of a service() of the server. That must have ended soon."""
        began = time.monotonic()
        outcome = self.interrupted.during(self.server.service, call)
        assert time.monotonic() - began < 5
        return outcome

    def next_packet(self) -> tuple[bytes, int, int]:
        """What the client receives next: packet, channel, flags."""
        self.stage.run(lambda: any(event.type == RECEIVE for event in self.stage.peek(self.client)))
        event = next(event for event in self.stage.events(self.client) if event.type == RECEIVE)
        return self.at_client.get_packet(), event.channel, 1


@pytest.fixture
def scene(stage: Stage) -> Scene:
    return Scene(stage)


class TestWhatChanges:
    """Is done as soon as the interrupted call has ended, in the order of the calls."""

    def test_send(self, scene: Scene) -> None:
        assert scene.nested(lambda: [scene.at_server.send(0, bytes([n]), 1) for n in range(3)]) == [Error.OK] * 3
        assert [scene.next_packet()[0] for _ in range(3)] == [b"\0", b"\1", b"\2"]

    def test_a_send_that_cannot_be_says_so_at_once(self, scene: Scene) -> None:
        assert scene.nested(lambda: scene.at_server.send(99, b"x", 64)) is Error.ERR_INVALID_PARAMETER
        channels = scene.at_server.get_channels()
        assert scene.nested(lambda: scene.at_server.send(channels, b"x", 1)) is Error.FAILED
        too_long = bytes(32 * 1024 * 1024 + 1)
        assert scene.nested(lambda: scene.at_server.send(0, too_long, 1)) is Error.FAILED
        scene.at_server.peer_disconnect()
        assert scene.nested(lambda: scene.at_server.send(0, b"x", 1)) is Error.FAILED

    def test_broadcast_and_flush(self, scene: Scene) -> None:
        def call() -> None:
            scene.server.broadcast(0, b"all", 1)
            scene.server.flush()

        scene.nested(call)
        # Nobody services the server: it left with the flush.
        deadline = time.monotonic() + DEADLINE
        while scene.client.service(10).type != RECEIVE:
            assert time.monotonic() < deadline
        assert scene.at_client.get_packet() == b"all"

    @pytest.mark.parametrize("way", ["peer_disconnect", "peer_disconnect_later"])
    def test_disconnecting(self, scene: Scene, way: str) -> None:
        scene.nested(lambda: getattr(scene.at_server, way)(7))
        scene.stage.run(lambda: DISCONNECT in [event.type for event in scene.stage.peek(scene.client)])
        assert scene.stage.events(scene.client)[-1].data == 7
        scene.stage.run(lambda: not scene.at_server.is_active())

    def test_disconnecting_at_once(self, scene: Scene) -> None:
        scene.nested(lambda: scene.at_server.peer_disconnect_now(7))
        assert not scene.at_server.is_active()
        scene.stage.run(lambda: DISCONNECT in [event.type for event in scene.stage.peek(scene.client)])
        assert scene.stage.events(scene.client)[-1].data == 7

    def test_reset(self, scene: Scene) -> None:
        scene.nested(scene.at_server.reset)
        assert not scene.at_server.is_active()
        host = scene.server._host
        assert host is not None
        assert host.peers() == []

    def test_settings(self, scene: Scene) -> None:
        interval = ENetPacketPeer.PEER_PACKET_THROTTLE_INTERVAL
        scene.nested(lambda: scene.at_server.throttle_configure(1234, 3, 3))
        assert scene.at_server.get_statistic(interval) == 1234
        scene.nested(lambda: scene.server.channel_limit(9))
        assert scene.server.get_max_channels() == 9
        for call in (
            lambda: scene.at_server.ping_interval(100),
            lambda: scene.at_server.set_timeout(31, 5000, 30000),
            lambda: scene.server.bandwidth_limit(100_000, 100_000),
            lambda: scene.at_server.ping(),
        ):
            assert scene.nested(call) is None
        scene.link.fence()

    def test_compression(self, scene: Scene) -> None:
        scene.client.compress(ENetConnection.COMPRESS_ZLIB)
        scene.nested(lambda: scene.server.compress(ENetConnection.COMPRESS_ZLIB))
        scene.link.fence()

    def test_a_raw_datagram(self, scene: Scene) -> None:
        plain = scene.stage.socket()
        scene.nested(lambda: scene.server.socket_send("127.0.0.1", plain.getsockname()[1], b"raw"))
        assert plain.recv(10) == b"raw"

    def test_destroy_ends_the_interrupted_call_too(self, scene: Scene) -> None:
        port = scene.server.get_local_port()
        scene.nested(scene.server.destroy)
        assert scene.interrupted.result.type == ERROR
        assert not scene.at_server.is_active()
        assert scene.server.create_host_bound("127.0.0.1", port) is Error.OK

    def test_destroy_in_a_send(self, scene: Scene) -> None:
        port = scene.server.get_local_port()
        scene.at_server.send(0, b"x", 1)
        scene.interrupted.during(scene.server.flush, scene.server.destroy)
        assert scene.server.create_host_bound("127.0.0.1", port) is Error.OK

    def test_dropping_the_last_reference(self, scene: Scene) -> None:
        host = scene.server._host
        assert host is not None
        with pytest.raises(HostClosed):
            scene.interrupted.during(host.service, host.abandon)
        assert host.closed
        deadline = time.monotonic() + DEADLINE
        while host.fileno() != -1 or host.local_address() is not None:
            assert time.monotonic() < deadline
            time.sleep(0.001)


class TestWhatLooks:
    """Is answered as at any other time."""

    def test_everything(self, scene: Scene) -> None:
        scene.link.fence()

        def look() -> list[object]:
            return [
                scene.server.get_peers(),
                scene.server.get_local_port(),
                scene.server.get_max_channels(),
                scene.at_server.get_state(),
                scene.at_server.get_channels(),
                scene.at_server.get_remote_address(),
                scene.at_server.get_remote_port(),
                scene.at_server.is_active(),
                scene.at_server.get_statistic(ENetPacketPeer.PEER_PACKET_THROTTLE_LIMIT),
                scene.at_server.get_packet_error(),
                scene.at_server.get_available_packet_count(),
                scene.server.engine_name,
            ]

        expected = look()
        assert scene.nested(look) == expected
        assert scene.nested(scene.server.counters).keys() == scene.server.counters().keys()

    def test_statistics_are_popped_once(self, scene: Scene) -> None:
        scene.link.fence()
        scene.server.flush()
        sent = ENetConnection.HOST_TOTAL_SENT_PACKETS
        first = scene.nested(lambda: scene.server.pop_statistic(sent))
        assert first > 0
        assert scene.server.pop_statistic(sent) < first

    def test_when_to_look_again(self, scene: Scene) -> None:
        host = scene.server._host
        assert host is not None
        due = scene.nested(host.poll_timeout)
        assert due is not None
        assert due <= time.monotonic() * 1000


class TestWhatCannotBe:
    """Raises, and everything goes on."""

    def test_service(self, scene: Scene) -> None:
        for timeout in (0, 1000):
            assert isinstance(scene.nested(partial(scene.server.service, timeout)), HostBusy)
        scene.link.fence()

    def test_connecting(self, scene: Scene) -> None:
        scene.at_server.peer_disconnect_now()
        scene.server.service()
        outcome = scene.nested(lambda: scene.server.connect_to_host("127.0.0.1", 9))
        assert isinstance(outcome, HostBusy)
        assert "connect()" in str(outcome)


def test_a_handler_that_raises_leaves_the_host_free_and_its_wishes_fulfilled(scene: Scene) -> None:
    class Leave(Exception):
        pass

    program = threading.get_ident()

    def outer() -> None:
        def leave(*_: object) -> None:
            if threading.get_ident() != program:  # signal handlers run in the main thread
                return
            scene.at_server.send(0, b"bye", 1)
            raise Leave

        monkey.setattr(scene.interrupted, "_interrupt", leave)
        with pytest.raises(Leave):
            scene.server.service()

    with pytest.MonkeyPatch.context() as monkey:
        outer()
    thread = threading.Thread(target=scene.server.service)
    thread.start()
    thread.join(DEADLINE)
    assert not thread.is_alive()
    assert scene.next_packet()[0] == b"bye"


def test_two_hosts_that_call_each_other_from_two_threads_do_not_wait_forever(stage: Stage) -> None:
    """Each is in the middle of its own call, and has the other one's lock to wait for."""
    scenes = [Scene(stage), Scene(stage)]
    meeting = threading.Barrier(2)

    def work(number: int) -> None:
        mine, other = scenes[number], scenes[1 - number]

        def call() -> None:
            meeting.wait(DEADLINE)
            other.at_server.send(0, b"from inside", 1)

        mine.interrupted.during(mine.server.service, call)

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
        assert not thread.is_alive()
    for scene in scenes:
        assert scene.next_packet()[0] == b"from inside"


class TestHook:
    """The hook for connect requests runs with the host locked, and may call it nevertheless."""

    def test_it_may_look_and_send(self, stage: Stage) -> None:
        link = stage.link()
        seen: list[object] = []

        def hook(*_: object) -> Verdict:
            seen.append(len(link.server.get_peers()))
            link.at_server.send(0, b"somebody comes", 1)
            return Verdict.ACCEPT

        link.server.on_connect_request(hook)
        stage.join(link.server, stage.client())
        assert seen[0] == 1
        stage.run(lambda: link.at_client.get_available_packet_count())
        assert link.at_client.get_packet() == b"somebody comes"

    def test_it_may_close_the_host(self, stage: Stage) -> None:
        server, client = stage.server(), stage.client()
        port = server.get_local_port()

        def hook(*_: object) -> Verdict:
            server.destroy()
            return Verdict.ACCEPT

        server.on_connect_request(hook)
        client.connect_to_host("127.0.0.1", port)
        stage.run(lambda: not server.engine_name)
        deadline = time.monotonic() + DEADLINE
        while server.create_host_bound("127.0.0.1", port) is not Error.OK:
            assert time.monotonic() < deadline


class Alarm:
    """Has something called by a signal handler."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._watches: list[threading.Thread] = []

    def soon(self, call: Callable[[], object]) -> None:
        """In 50 ms, wherever the program is then."""
        signal.signal(signal.SIGALRM, lambda *_: call())
        signal.setitimer(signal.ITIMER_REAL, 0.05)

    def asleep(self, connection: ENetConnection, call: Callable[[], object]) -> None:
        """In the middle of a ``service`` that waits: not before it has begun to, and not with the host locked."""
        signal.signal(signal.SIGALRM, lambda *_: call())
        watch = threading.Thread(target=self._watch, args=(connection, threading.get_ident()))
        self._watches.append(watch)
        watch.start()

    def _watch(self, connection: ENetConnection, program: int) -> None:
        seen = 0
        while seen < 10:  # once could be the last step before it sleeps
            if self._over.wait(0.01):
                return
            seen = seen + 1 if connection.get_idle_time() == 0 else 0
        signal.pthread_kill(program, signal.SIGALRM)

    def end(self) -> None:
        """Nothing is called from here on."""
        self._over.set()
        for watch in self._watches:
            watch.join()
        signal.setitimer(signal.ITIMER_REAL, 0)


@pytest.fixture
def alarm() -> Iterator[Alarm]:
    before = signal.getsignal(signal.SIGALRM)
    alarm = Alarm()
    yield alarm
    alarm.end()
    signal.signal(signal.SIGALRM, before)


if hasattr(signal, "setitimer"):
    STAGES: dict[str, Callable[[ENetConnection], object]] = {
        "plain": lambda connection: None,
        "zlib": lambda connection: connection.compress(ENetConnection.COMPRESS_ZLIB),
        "hook": lambda connection: connection.on_connect_request(None),
    }

    @pytest.mark.parametrize("kind", STAGES)
    class TestSignalHandler:
        """In the middle of a service() that waits, where the host is not locked: everything is done at once."""

        def test_destroy(self, stage: Stage, kind: str, alarm: Alarm) -> None:
            connection = stage.server()
            STAGES[kind](connection)
            port = connection.get_local_port()
            free: list[Error] = []
            again = stage.connection()

            def handle() -> None:
                connection.destroy()
                free.append(again.create_host_bound("127.0.0.1", port))

            alarm.asleep(connection, handle)
            began = time.monotonic()
            assert connection.service(60_000) == (ERROR, None, 0, 0)
            assert time.monotonic() - began < 30
            assert free == [Error.OK]

        def test_destroy_and_begin_anew(self, stage: Stage, kind: str, alarm: Alarm) -> None:
            """As to reload a configuration: the wait was for the host that is no more."""
            connection = stage.server()
            STAGES[kind](connection)
            port = connection.get_local_port()

            def handle() -> None:
                connection.destroy()
                connection.create_host_bound("127.0.0.1", port)

            alarm.asleep(connection, handle)
            began = time.monotonic()
            assert connection.service(60_000) == (ERROR, None, 0, 0)
            assert time.monotonic() - began < 30
            assert connection.get_local_port() == port
            assert connection.service().type == NONE

        def test_send(self, stage: Stage, kind: str, alarm: Alarm) -> None:
            link = stage.link()
            for connection in (link.server, link.client):
                STAGES[kind](connection)
            sent: list[Error] = []
            alarm.asleep(link.server, lambda: sent.append(link.at_server.send(0, b"now", 1)))
            waiting = threading.Thread(target=lambda: [link.server.service(100) for _ in range(3)])
            deadline = time.monotonic() + DEADLINE
            while not sent:
                assert link.server.service(200).type == NONE
                assert time.monotonic() < deadline
            assert sent == [Error.OK]
            waiting.start()
            waiting.join(DEADLINE)
            stage.run(lambda: link.at_client.get_available_packet_count())
            assert link.at_client.get_packet() == b"now"

        def test_service(self, stage: Stage, kind: str, alarm: Alarm) -> None:
            link = stage.link()
            for connection in (link.server, link.client):
                STAGES[kind](connection)
            seen: list[int] = []

            def handle() -> None:
                link.at_client.send(0, b"x", 1)
                link.client.flush()
                seen.append(link.server.service(DEADLINE_MS).type)

            alarm.asleep(link.server, handle)
            deadline = time.monotonic() + DEADLINE
            while not seen:
                assert link.server.service(200).type in (NONE, RECEIVE)
                assert time.monotonic() < deadline
            assert seen == [RECEIVE]

    def test_close_of_a_peer_in_a_frame_loop(host_engine: str, alarm: Alarm) -> None:
        for threaded in (True, False):
            peer = ENetMultiplayerPeer(threaded=threaded)
            assert peer.create_server(0) is Error.OK
            alarm.soon(peer.close)
            began = time.monotonic()
            while peer.get_connection_status():
                peer.poll()
                assert time.monotonic() - began < DEADLINE


DEADLINE_MS = 20_000


@pytest.mark.usefixtures("host_engine")
@pytest.mark.parametrize("driver", ["threaded", "inline"])
def test_every_method_from_everywhere(driver: str) -> None:
    """At random places, by signal handlers, finalizers, log handlers and hooks."""
    ended = run("nested.py", driver, "0.03")
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("served_by", ["C where it can be", "Python"])
@pytest.mark.parametrize("step", ["_report", "_await_peer"])
def test_a_host_created_anew_while_an_event_is_on_its_way(stage: Stage, step: str, served_by: str) -> None:
    """A finalizer that runs there destroys the host and creates the next: the event is of neither's peers."""
    link = stage.link()
    server = link.server
    if served_by == "Python":
        for connection in (server, link.client):
            connection.compress(ENetConnection.COMPRESS_ZLIB)

    def anew(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_name == step and frame.f_locals.get("self") is server:
            sys.setprofile(None)
            server.destroy()
            assert server.create_host_bound("127.0.0.1", 0, 4) is Error.OK
            newcomer = stage.client()
            # Its number at the new host may be the one that the old peer had.
            assert newcomer.connect_to_host("127.0.0.1", server.get_local_port()) is not None

    if step == "_await_peer":
        server._peers.clear()  # as if the call that took its CONNECT event had not listed it yet
    link.at_client.peer_disconnect_now(7)
    began = time.monotonic()
    sys.setprofile(anew)
    try:
        while (event := server.service(10)).type is NONE:
            assert time.monotonic() - began < DEADLINE
    finally:
        sys.setprofile(None)
    assert event.type is ERROR
    assert time.monotonic() - began < 5
    stage.run(lambda: any(event.type == ENetConnection.EVENT_CONNECT for event in stage.peek(server)))
