"""Server: probes, kicks, drains, exit codes, and what Agones is told, around each of the classes."""

from __future__ import annotations

import contextlib
import http.client
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from godot_enet import ENetConnection, ENetMultiplayerPeer, ENetPacketPeer, Error, SceneMultiplayer
from godot_enet.metrics import Metrics
from godot_enet.ops import Agones, DisconnectCode, ExitCode, Seats, Server, endpoint, kick_text, port_from_environment
from tests.unit.ops.agones_stand_in import StandIn

DEADLINE = 60.0
SHUTTING_DOWN = DisconnectCode.SHUTTING_DOWN


class Game:
    """A server of one of the classes, and raw ENet clients, all on loopback."""

    def __init__(self, kind: str) -> None:
        self.events: list[tuple[int, Any]] = []
        """What the clients got: type, and the packet or the data."""
        self.clients: list[ENetConnection] = []
        self.scene: SceneMultiplayer | None = None
        self.serving: Any
        if kind == "connection":
            self.connection = self.serving = ENetConnection(threaded=False)
            assert self.connection.create_host_bound("127.0.0.1", 0) is Error.OK
        else:
            transport = self.serving = ENetMultiplayerPeer(threaded=False)
            transport.set_bind_ip("127.0.0.1")
            assert transport.create_server(0) is Error.OK
            host = transport.get_host()
            assert host is not None
            self.connection = host
            if kind == "scene":
                self.scene = self.serving = SceneMultiplayer()
                self.scene.multiplayer_peer = transport
                self.scene.server_relay = False  # raw clients do not expect to hear of each other
        self.port = self.connection.get_local_port()

    def poll(self) -> None:
        if isinstance(self.serving, ENetConnection):
            while self.serving.service().type not in (ENetConnection.EVENT_NONE, ENetConnection.EVENT_ERROR):
                pass
        else:
            self.serving.poll()
            if self.scene is None:
                while self.serving.get_available_packet_count():
                    self.serving.get_packet()

    def step(self) -> None:
        self.poll()
        for client in self.clients:
            event = client.service(1)
            if event.type == ENetConnection.EVENT_RECEIVE:
                self.events.append((event.type, event.peer.get_packet()))
            elif event.type != ENetConnection.EVENT_NONE:
                self.events.append((event.type, event.data))

    def until(self, done: Callable[[], object]) -> None:
        deadline = time.monotonic() + DEADLINE
        while not done():
            assert time.monotonic() < deadline, self.events
            self.step()

    def dial(self, number: int = 7) -> ENetPacketPeer:
        client = ENetConnection(threaded=False)
        self.clients.append(client)
        client.create_host(1)
        remote = client.connect_to_host("127.0.0.1", self.port, 4, number)
        assert remote is not None
        return remote

    def join(self, number: int = 7) -> ENetPacketPeer:
        """A connected client; the server's numbered peers have its number."""
        before = len(self.connection.get_peers())
        remote = self.dial(number)
        self.until(lambda: self.events and len(self.peers()) > before)
        assert self.events.pop() == (ENetConnection.EVENT_CONNECT, 0)
        return remote

    def peers(self) -> list[Any]:
        if isinstance(self.serving, ENetConnection):
            return list(self.serving.get_peers())
        return list(self.scene.get_peers()) if self.scene is not None else list(self.serving._peers)

    def close(self) -> None:
        for connection in (*self.clients, self.connection):
            if connection.engine_name:
                connection.destroy()


@pytest.fixture(params=["connection", "peer", "scene"])
def game(request: pytest.FixtureRequest) -> Iterator[Game]:
    made = Game(request.param)
    yield made
    made.close()


@pytest.fixture
def scene() -> Iterator[Game]:
    made = Game("scene")
    yield made
    made.close()


def get(port: int, path: str, host: str = "127.0.0.1") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(host, port, timeout=DEADLINE)
    connection.request("GET", path)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


class TestPort:
    def test_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("PORT", raising=False)
        assert port_from_environment(7777) == 7777
        monkeypatch.setenv("PORT", " 4242 ")
        assert port_from_environment(7777) == 4242
        monkeypatch.setenv("GAME", "")
        assert port_from_environment(1, "GAME") == 1

    @pytest.mark.parametrize("text", ["x", "-1", "65536", "1.5", "٣"])
    def test_no_port(self, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
        monkeypatch.setenv("PORT", text)
        with pytest.raises(ValueError, match="PORT must be a port"):
            port_from_environment(7777)


class TestKick:
    def test_the_text_comes_before_the_disconnect(self, game: Game, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "godot_enet.ops")
        with Server(game.serving, signals=()) as server:
            game.join()
            (peer,) = game.peers()
            server.kick(peer, "Too many bots, ä.")
            game.until(lambda: len(game.events) == 2)
        (received, packet), end = game.events
        assert received == ENetConnection.EVENT_RECEIVE
        if game.scene is not None:
            assert packet[0] == 3  # as send_bytes() sends it
            packet = packet[1:]
        assert kick_text(packet) == "Too many bots, ä."
        assert end == (ENetConnection.EVENT_DISCONNECT, DisconnectCode.KICKED)
        game.until(lambda: not game.peers())
        server.kick(peer, "again")  # it is gone
        record = next(record for record in caplog.records if "Kicked" in record.message)
        assert record.__dict__["reason"] == "Too many bots, ä."

    @pytest.mark.parametrize(("text", "shown"), [("ä" * 5000, "ä" * 500), ("a\udc80b", "a?b"), ("", "")])
    def test_any_text_can_be_sent(self, scene: Game, text: str, shown: str) -> None:
        with Server(scene.serving, signals=()) as server:
            scene.join()
            server.drain(text)
            scene.until(lambda: not server.running)
        assert kick_text(scene.events[0][1][1:]) == shown

    def test_other_packets_are_no_text(self) -> None:
        assert kick_text(b"hello") is None

    def test_a_kicked_players_seat_is_not_held(self, scene: Game) -> None:
        assert scene.scene is not None
        seats = Seats(scene.scene, grace=0)
        with Server(scene.serving, signals=(), seats=seats) as server:
            scene.join()
            server.kick(7, "x")
            scene.until(lambda: not scene.peers())
        assert seats.away() == []


class TestDrain:
    def test_peers_get_everything_and_then_it_ends(self, game: Game) -> None:
        with Server(game.serving, signals=()) as server:
            game.join(7)
            game.join(8)
            assert server.running
            for peer in game.connection.get_peers():
                peer.send(0, b"x" * 100_000, ENetPacketPeer.FLAG_RELIABLE)
            server.drain("Bye.")
            game.until(lambda: not server.running)
        assert server.draining
        assert server.exit_code is ExitCode.DRAINED
        sizes = [len(packet) for kind, packet in game.events if kind == ENetConnection.EVENT_RECEIVE]
        assert sorted(sizes)[-2:] == [100_000] * 2
        assert len(sizes) == 4
        ends = [data for kind, data in game.events if kind == ENetConnection.EVENT_DISCONNECT]
        assert ends == [SHUTTING_DOWN] * 2

    def test_new_clients_are_refused_with_a_reason(self, game: Game) -> None:
        with Server(game.serving, signals=(), on_drain=lambda: None) as server:
            game.join()
            server.drain()
            assert server.running
            game.dial(9)
            game.until(lambda: game.events)
            assert game.events == [(ENetConnection.EVENT_DISCONNECT, SHUTTING_DOWN)]
            assert server.running

    def test_on_drain_ends_the_peers_when_it_likes(self, game: Game) -> None:
        begun: list[int] = []
        with Server(game.serving, signals=(), on_drain=lambda: begun.append(1)) as server:
            remote = game.join()
            server.drain()
            for _ in range(5):
                assert server.running
                game.step()
            remote.peer_disconnect_now()
            game.until(lambda: not server.running)
        assert begun == [1]

    def test_an_on_drain_that_fails_is_logged_and_the_peers_are_kicked(
        self, game: Game, caplog: pytest.LogCaptureFixture
    ) -> None:
        begun: list[int] = []

        def on_drain() -> None:
            begun.append(1)
            raise RuntimeError("the database is gone")

        with Server(game.serving, signals=(), on_drain=on_drain) as server:
            game.join()
            server.drain("Bye.")
            game.until(lambda: not server.running)
        assert begun == [1]
        assert server.exit_code is ExitCode.DRAINED
        assert game.events[-1] == (ENetConnection.EVENT_DISCONNECT, SHUTTING_DOWN)
        (record,) = [record for record in caplog.records if "on_drain failed" in record.message]
        assert record.exc_info is not None
        assert "the database is gone" in str(record.exc_info[1])

    @pytest.mark.skipif(not hasattr(signal, "raise_signal"), reason="needs signals")
    def test_a_second_signal_in_on_drain_ends_at_once(self, game: Game) -> None:
        with Server(game.serving, on_drain=lambda: signal.raise_signal(signal.SIGTERM)) as server:
            game.join()
            server.drain()
            with pytest.raises(SystemExit) as end:
                assert server.running
        assert end.value.code == 128 + signal.SIGTERM

    def test_the_limit(self, game: Game) -> None:
        now = [0.0]
        with Server(game.serving, signals=(), on_drain=lambda: None, drain_seconds=30, clock=lambda: now[0]) as server:
            game.join()
            server.drain()
            assert server.running
            now[0] = 29.9
            assert server.running
            now[0] = 30.1
            assert not server.running
            game.until(lambda: game.events)
        assert server.exit_code is ExitCode.DRAIN_LIMIT
        assert game.events == [(ENetConnection.EVENT_DISCONNECT, SHUTTING_DOWN)]

    def test_without_peers_it_ends_at_once(self, game: Game) -> None:
        with Server(game.serving, signals=()) as server:
            server.drain()
            assert not server.running
            assert not server.running

    @pytest.mark.skipif(not hasattr(signal, "raise_signal"), reason="needs signals")
    def test_signals(self, game: Game) -> None:
        before = signal.getsignal(signal.SIGTERM)
        with Server(game.serving, on_drain=lambda: None) as server:
            game.join()
            signal.raise_signal(signal.SIGTERM)
            assert server.draining
            assert server.running
            with pytest.raises(SystemExit) as end:
                signal.raise_signal(signal.SIGINT)
        assert end.value.code == 128 + signal.SIGINT
        assert signal.getsignal(signal.SIGTERM) is before

    def test_frames(self, game: Game) -> None:
        metrics = Metrics(game.serving)
        with Server(game.serving, signals=(), metrics=metrics) as server:
            gaps = []
            for delta in server.frames(200):
                game.poll()
                gaps.append(delta)
                if len(gaps) == 5:
                    server.drain()
            assert server.is_ready() is False
        assert len(gaps) == 5
        assert gaps[0] < 1
        assert all(gap > 0 for gap in gaps[1:])


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_a_rate_that_cannot_be(scene: Game, rate: float) -> None:
    with Server(scene.serving, signals=()) as server, pytest.raises(ValueError, match="rate must be greater than 0"):
        next(server.frames(rate))


class TestProbes:
    def test_a_life(self, game: Game) -> None:
        with Server(game.serving, signals=(), probes=("127.0.0.1", 0), on_drain=lambda: None) as server:
            port = server.probe_port
            game.join()
            assert get(port, "/healthz") == (200, b"ok\n")
            assert get(port, "/readyz") == (503, b"no\n")
            server.ready()
            game.poll()
            assert get(port, "/readyz?verbose") == (200, b"ok\n")
            assert get(port, "/metrics")[0] == 404
            server.drain()
            assert get(port, "/readyz") == (503, b"no\n")
            game.poll()
            assert get(port, "/healthz") == (200, b"ok\n")
            game.connection.destroy()
            assert get(port, "/healthz") == (503, b"no\n")
        with pytest.raises(OSError, match="refused"):
            get(port, "/healthz")
        server.close()

    def test_it_is_healthy_only_while_service_turns(self, game: Game) -> None:
        with Server(game.serving, signals=(), stalled_after=0.05) as server:
            game.until(server.is_healthy)
            deadline = time.monotonic() + DEADLINE
            while server.is_healthy():  # while nothing turns
                assert time.monotonic() < deadline
                time.sleep(0.01)
            game.until(server.is_healthy)

    def test_a_network_thread_is_no_sign_of_health(self) -> None:
        connection = ENetConnection(threaded=True)
        connection.create_host_bound("127.0.0.1", 0)
        with Server(connection, signals=(), stalled_after=0.05) as server:
            deadline = time.monotonic() + DEADLINE
            while server.is_healthy():
                assert time.monotonic() < deadline
                time.sleep(0.01)
        connection.destroy()

    def test_metrics(self, game: Game) -> None:
        with Server(game.serving, signals=(), probes=("127.0.0.1", 0), metrics=Metrics(game.serving)) as server:
            game.join()
            status, body = get(server.probe_port, "/metrics")
        assert status == 200
        assert b'godot_enet_peers{state="connected"} 1.0' in body

    def test_an_answer_that_fails_is_logged_once(
        self, scene: Game, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever reaches the port can ask as often as it likes."""
        metrics = Metrics(scene.serving)
        with Server(scene.serving, signals=(), probes=("127.0.0.1", 0), metrics=metrics) as server:
            monkeypatch.setattr(metrics, "render", lambda: 1 / 0)
            answers = [get(server.probe_port, f"/metrics?{number}") for number in range(20)]
        assert answers == [(500, b"failed\n")] * 20
        lines = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
        assert lines == ["The answer to GET /metrics failed."]

    def test_callers_cost_a_bounded_number_of_threads(self, scene: Game) -> None:
        with Server(scene.serving, signals=(), probes=("127.0.0.1", 0)) as server:
            before = threading.active_count()
            silent = [socket.create_connection(("127.0.0.1", server.probe_port)) for _ in range(40)]
            assert all(_is_closed(each) for each in silent[16:])
            assert threading.active_count() - before <= 16
            for each in silent:
                each.close()

    def test_a_slow_caller_does_not_keep_its_place(self, scene: Game, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(endpoint, "_PATIENCE", 0.3)
        with Server(scene.serving, signals=(), probes=("127.0.0.1", 0)) as server:
            slow = socket.create_connection(("127.0.0.1", server.probe_port))
            slow.settimeout(0.05)  # less than the patience: each byte comes in time
            deadline = time.monotonic() + DEADLINE
            closed = False
            while not closed:
                assert time.monotonic() < deadline
                try:
                    slow.sendall(b"G")
                    closed = slow.recv(1) == b""
                except TimeoutError:
                    pass
                except OSError:
                    closed = True
            slow.close()

    def test_a_place_is_free_again_when_no_thread_can_be_started(
        self, scene: Game, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with Server(scene.serving, signals=(), probes=("127.0.0.1", 0)) as server:
            with monkeypatch.context() as patch:
                patch.setattr(threading.Thread, "start", _no_thread)
                for _ in range(20):
                    with socket.create_connection(("127.0.0.1", server.probe_port)) as plain:
                        assert _is_closed(plain)
            scene.poll()
            assert get(server.probe_port, "/healthz") == (200, b"ok\n")

    def test_ipv6(self, scene: Game) -> None:
        with contextlib.closing(socket.socket(socket.AF_INET6)) as plain:
            try:
                plain.bind(("::1", 0))
            except OSError:
                pytest.skip("this machine has no IPv6")
        with Server(scene.serving, signals=(), probes=("::1", 0)) as server:
            assert get(server.probe_port, "/healthz", "::1") == (200, b"ok\n")

    def test_its_own_name_is_not_looked_up(self, scene: Game, monkeypatch: pytest.MonkeyPatch) -> None:
        looked_up: list[str] = []
        monkeypatch.setattr(socket, "getfqdn", looked_up.append)
        with Server(scene.serving, signals=(), probes=("0.0.0.0", 0)):
            pass
        assert not looked_up

    @pytest.mark.parametrize(
        ("request_bytes", "status"),
        [
            (b"HEAD /healthz HTTP/1.1\r\n\r\n", b"501"),
            (b"POST /healthz HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b"501"),
            (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
            (b"GET /healthz HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", b"431"),
            (b"\x16\x03\x01 \x00 \xff\r\n\r\n", b"400"),
        ],
        ids=["HEAD", "POST", "long line", "many headers", "TLS"],
    )
    def test_other_requests_are_refused(self, scene: Game, request_bytes: bytes, status: bytes) -> None:
        with Server(scene.serving, signals=(), probes=("127.0.0.1", 0)) as server:
            with socket.create_connection(("127.0.0.1", server.probe_port), DEADLINE) as plain:
                with contextlib.suppress(OSError):  # it may be closed before all is sent
                    plain.sendall(request_bytes)
                answer = b""
                with contextlib.suppress(ConnectionError):
                    while more := plain.recv(4096):
                        answer += more
            assert status in answer
            assert get(server.probe_port, "/nothing") == (404, b"not found\n")

    def test_outside_the_main_thread(self, scene: Game) -> None:
        problems: list[BaseException] = []

        def make() -> None:
            try:
                Server(scene.serving, probes=("127.0.0.1", 0))
            except ValueError as error:
                problems.append(error)

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        assert len(problems) == 1


def _no_thread(thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def _is_closed(plain: socket.socket) -> bool:
    plain.settimeout(DEADLINE)
    return plain.recv(1) == b""


class TestAgones:
    def test_it_is_told(self, game: Game) -> None:
        with StandIn() as sidecar:
            options: dict[str, Any] = {"agones": Agones(sidecar.port), "agones_players": "players", "signals": ()}
            with Server(game.serving, agones_health_seconds=0.01, **options) as server:
                game.until(lambda: sidecar.health > 2)
                assert sidecar.state == "Scheduled"
                server.ready()
                game.until(lambda: sidecar.state == "Ready")
                game.join(7)
                assert server.running
                game.until(lambda: sidecar.lists["players"][0])
                (name,) = sidecar.lists["players"][0]
                assert name == "7" or isinstance(game.serving, ENetConnection)
                server.drain()
                game.until(lambda: not server.running)
            assert sidecar.state == "Shutdown"

    def test_an_address_with_two_peers_is_listed_once(self) -> None:
        """A client that has crashed is back from the same port."""
        game = Game("connection")
        with (
            StandIn() as sidecar,
            Server(game.serving, agones=Agones(sidecar.port), agones_players="players", signals=()) as server,
        ):
            port = 0
            for count in (1, 2):
                client = ENetConnection(threaded=False)
                game.clients = [client]
                assert client.create_host_bound("127.0.0.1", port) is Error.OK
                port = client.get_local_port()
                client.connect_to_host("127.0.0.1", game.port)
                game.until(lambda count=count: len(game.peers()) == count)  # type: ignore[misc]
                client.destroy()
                game.clients = []
            assert server.running
            game.until(lambda: sidecar.lists["players"][0])
            assert sidecar.lists["players"][0] == [f"127.0.0.1:{port}"]
        game.close()

    def test_who_is_here_is_looked_up_four_times_a_second(self, scene: Game, monkeypatch: pytest.MonkeyPatch) -> None:
        """And not at all without a list: with thousands of peers each look takes milliseconds of a frame."""
        looks: list[float] = []
        now = [0.0]
        monkeypatch.setattr(Server, "_names", lambda self: looks.append(now[0]) or [])  # type: ignore[func-returns-value]
        for name, expected in (("players", [0.0, 0.25, 0.5, 0.75]), (None, [])):
            looks.clear()
            now[0] = 0.0
            with (
                StandIn() as sidecar,
                Server(
                    scene.serving,
                    agones=Agones(sidecar.port),
                    agones_players=name,
                    signals=(),
                    clock=lambda: now[0],
                ) as server,
            ):
                while now[0] < 1.0:
                    assert server.running
                    now[0] += 1 / 64
            assert looks == expected

    def test_a_stalled_server_sends_no_health(self, scene: Game) -> None:
        with StandIn() as sidecar:
            agones = Agones(sidecar.port)
            with Server(
                scene.serving, agones=agones, agones_health_seconds=0.01, stalled_after=-1, signals=()
            ) as server:
                server.ready()
                scene.until(lambda: sidecar.state == "Ready")
                time.sleep(0.05)
                assert sidecar.health == 0

    def test_one_that_starts_later(self, scene: Game, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "godot_enet.ops")
        with StandIn() as sidecar:
            sidecar.garbage = b"<html>"
            with Server(scene.serving, agones=Agones(sidecar.port), signals=()) as server:
                server.ready()
                scene.until(lambda: "POST /ready" in sidecar.requests)
                sidecar.garbage = b""
                count = len(sidecar.requests)
                scene.until(lambda: len(sidecar.requests) > count + 1)
        assert [record.levelname for record in caplog.records if "Agones" in record.message] == ["WARNING", "INFO"]


def test_connects_and_disconnects_are_logged(scene: Game, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "godot_enet.ops")
    with Server(scene.serving, signals=()):
        remote = scene.join()
        remote.peer_disconnect()
        scene.until(lambda: not scene.peers())
    fields = [(record.__dict__["peer"], record.__dict__.get("reason")) for record in caplog.records]
    assert fields == [(7, None), (7, "REMOTE")]


@pytest.mark.skipif(os.name == "nt", reason="its processes have no such signals")
def test_the_exit_codes_of_a_process() -> None:
    import subprocess
    import sys

    program = (
        "import sys\n"
        "from godot_enet import ENetMultiplayerPeer\n"
        "from godot_enet.ops import Server\n"
        "peer = ENetMultiplayerPeer()\n"
        "peer.create_server(0)\n"
        "with Server(peer, on_drain=lambda: None) as server:\n"
        "    for _ in server.frames(50):\n"
        "        peer.poll()\n"
        "        print('.', flush=True)\n"
        "sys.exit(server.exit_code)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        assert process.wait(DEADLINE) == 0
