"""A log that strangers cannot fill: a thousand bad packets are one line; one ten seconds later says how many."""

from __future__ import annotations

import logging
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from godot_enet import (
    ConnectFlags,
    ENetConnection,
    ENetMultiplayerPeer,
    ENetPacketPeer,
    Error,
    MultiplayerPeer,
    Node,
    PackedByteArray,
    SceneMultiplayer,
    SceneTree,
    bytes_to_var,
    rpc,
)
from godot_enet.compat import errors
from godot_enet.compat.scene import drops
from godot_enet.compat.scene.authentication import MAX_PACKETS
from godot_enet.core.reporting import _MAX_TEXTS
from godot_enet.testing import Network

pytestmark = pytest.mark.usefixtures("host_engine")
MANY = 1000
RELIABLE = MultiplayerPeer.TRANSFER_MODE_RELIABLE
UNFIT = bytes.fromhex("1c000100 02000000 01000000 00000000")
"""A Variant: an Array of ints with a null in it."""
FENCE = b"fence"
NO_VARIANT = bytes.fromhex("ff000000")


class Clock:
    """The time of what is said once in ten seconds."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(errors, "monotonic", clock)
    monkeypatch.setattr(drops, "monotonic", clock)
    return clock


class Log:
    """What was said, at least at the level INFO."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        self._caplog = caplog

    def take(self) -> list[str]:
        """The lines since this was last called."""
        lines = [record.getMessage() for record in self._caplog.records]
        self._caplog.clear()
        return lines


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture, clock: Clock) -> Log:
    return Log(caplog)


class Thing(Node):
    """A node that anybody may call."""

    def __init__(self) -> None:
        super().__init__("Thing")
        self.count = 0

    @rpc("any_peer")
    def take(self, what: list[Any]) -> None:
        self.count += 1

    @rpc("any_peer")
    def answer(self, peer: int) -> None:
        self.count += 1
        self.take.rpc_id(peer, [])


class Game:
    """A tree with that node, on a connection."""

    def __init__(self, peer: ENetMultiplayerPeer, auth: Callable[[int, bytes], object] | None = None) -> None:
        self.tree, self.node, self.peer = SceneTree(), Thing(), peer
        self.tree.root.add_child(self.node)
        api = self.tree.get_multiplayer()
        assert isinstance(api, SceneMultiplayer)
        self.api = api
        if auth is not None:
            api.auth_callback = auth
        api.multiplayer_peer = peer
        self.heard = self.fences = 0
        api.peer_packet.connect(self._hear)

    def _hear(self, peer: int, data: bytes) -> None:
        self.heard += 1
        self.fences += data == FENCE

    def inject(self, packet: bytes, times: int = 1, *, to: int = 1, channel: int = 0) -> None:
        """Send what SceneMultiplayer would not."""
        self.peer.set_target_peer(to)
        self.peer.set_transfer_mode(RELIABLE)
        self.peer.set_transfer_channel(channel)
        for _ in range(times):
            assert self.peer.put_packet(packet) is Error.OK


class Evening:
    """A server and clients that have met."""

    def __init__(self, *channels: int, auth: Callable[[int, bytes], object] | None = None) -> None:
        self.network = Network(4)
        there = self.network.machine()
        server = there.multiplayer_peer()
        assert server.create_server(7000) is Error.OK
        self.server = Game(server, auth)
        self.clients: list[Game] = []
        for count in channels:
            client = self.network.machine().multiplayer_peer()
            assert client.create_client(there.ip, 7000, count) is Error.OK
            self.clients.append(Game(client, auth))
        if auth is None:
            self.run(lambda: all(len(game.api.get_peers()) == len(channels) for game in self.games))
        else:
            self.run(lambda: all(game.api.get_authenticating_peers() for game in self.games))

    @property
    def games(self) -> list[Game]:
        return [self.server, *self.clients]

    def run(self, until: Callable[[], bool]) -> None:
        def frame() -> bool:
            for game in self.games:
                game.tree.process(0.0)
            return until()

        self.network.run_until(frame, limit=600_000)

    def fence(self, client: Game) -> None:
        """Everything that the client has sent before has been handled."""
        before = self.server.fences
        client.api.send_bytes(FENCE, 1)
        self.run(lambda: self.server.fences > before)


@pytest.fixture
def evening(log: Log) -> Evening:
    made = Evening(0)
    log.take()
    return made


def one_line_each_ten_seconds(log: Log, clock: Clock, flood: Callable[[int], object], many: int = MANY) -> str:
    """Many are one line, and the next one after ten seconds says how many there were; returns the first."""
    flood(many)
    (first,) = log.take()
    clock.now += 9
    flood(1)
    assert log.take() == []
    clock.now += 2
    flood(1)
    (again,) = log.take()
    assert str(many) in again or f"{many + 1} packets" in again, again
    clock.now += 100
    return first


def test_arguments_of_calls_that_do_not_fit(evening: Evening, log: Log, clock: Clock) -> None:
    (client,) = evening.clients
    client.node.take.rpc_id(1, [])
    evening.run(lambda: evening.server.node.count == 1)
    number = client.node._table().ids["take"]
    call = bytes([0, 1, number, 1]) + UNFIT  # by the number that the first call gave the node

    def flood(times: int) -> None:
        client.inject(call, times)
        evening.fence(client)

    assert "dropped 1 elements" in one_line_each_ten_seconds(log, clock, flood)
    assert evening.server.node.count == 1 + MANY + 2


@pytest.mark.parametrize(
    ("packet", "text"),
    [
        (b"\x07", "a system command"),
        (b"\x00", "malformed packet"),
        (b"\x00\x05\x01\x01", "does not exist here"),
        (b"\x03", "without bytes"),
        (b"\x01" + bytes(50), "does not exist here"),
        (b"\x02\x01\x00\x00", "CONFIRM_PATH"),
        (b"\x04abc", "Invalid spawn packet received"),
        (b"\x07\x09\x00\x00\x00\x00", "system command 9"),
        (b"\x07\x01\x00\x00\x00\x00", "may not send"),
        (b"\x07\x03\x00\x00\x00\x00\x07", "to relay"),
    ],
    ids=lambda value: value[:4].hex() if isinstance(value, bytes) else "",
)
def test_packets_that_are_none(evening: Evening, log: Log, clock: Clock, packet: bytes, text: str) -> None:
    (client,) = evening.clients

    def flood(times: int) -> None:
        client.inject(packet, times)
        evening.fence(client)

    assert text in one_line_each_ten_seconds(log, clock, flood)


def test_noise_is_a_line_for_each_cause_and_ten_for_missing_paths_at_most(evening: Evening, log: Log) -> None:
    (client,) = evening.clients
    random = Random(5)
    for _ in range(2000):
        head = bytes([random.randrange(8)]) if random.random() < 0.9 else b""
        client.inject(head + random.randbytes(random.randrange(1, 60)))
    evening.fence(client)
    lines = log.take()
    causes = [cause for cause in drops._EXPLANATIONS.values() if any(cause in line for line in lines)]
    others = [line for line in lines if "nearest here: " not in line]
    assert len(lines) - len(others) <= 2 * (_MAX_TEXTS + 1), "paths that are introduced, and paths of calls"
    assert len(causes) > 3
    assert len(others) <= len(causes) + 1  # one could be about elements that do not fit


def test_packets_relayed_on_channels_that_the_receiver_has_not(log: Log, clock: Clock) -> None:
    evening = Evening(0, 2)
    log.take()
    sender, receiver = evening.clients
    to = receiver.api.get_unique_id()

    def flood(times: int) -> None:
        for number in range(times):
            assert sender.api.send_bytes(b"x", to, RELIABLE, 3 + number % 239) is Error.OK
        evening.run(lambda: evening.server.peer.get_available_packet_count() == 0)
        for channel in range(3, 242):
            sender.api.send_bytes(FENCE, 1, RELIABLE, channel)
        before = evening.server.fences
        evening.run(lambda: evening.server.fences == before + 239)

    for _ in range(4):  # a channel that is just beyond the last one, and others
        flood(250)
    lines = log.take()
    assert sorted(line.split(" ")[0] for line in lines) == ["Invalid", "Unable"], "two causes, a line for each"
    clock.now += 11
    flood(250)
    assert sum(int(line.split("(")[1].split()[0]) for line in log.take()) == MANY - 2
    assert receiver.heard == 0
    sender.api.send_bytes(b"x", to, RELIABLE, 1)
    evening.run(lambda: receiver.heard == 1)


def test_ones_own_wrong_sends_are_told_each_time(evening: Evening, log: Log) -> None:
    (client,) = evening.clients
    to_server = client.peer.get_peer(1)
    assert to_server is not None
    for _ in range(5):
        assert to_server.send(255, b"x", 1) is Error.FAILED
        assert client.api.send_bytes(b"") is Error.ERR_INVALID_DATA
    assert len(log.take()) == 10


def test_what_a_method_does_wrong_when_it_is_called(evening: Evening, log: Log, clock: Clock) -> None:
    (client,) = evening.clients

    def flood(times: int) -> None:
        wanted = evening.server.node.count + times
        for number in range(times):
            client.node.answer.rpc_id(1, 100 + number)
        evening.run(lambda: evening.server.node.count == wanted)

    assert "unknown peer ID: 100" in one_line_each_ten_seconds(log, clock, flood)


@pytest.mark.parametrize("flags", [0, ConnectFlags.CONNECT_DEFERRED], ids=["at once", "deferred"])
def test_handlers_of_signals_that_fail(evening: Evening, log: Log, clock: Clock, flags: int) -> None:
    (client,) = evening.clients

    def clumsy(peer: int, data: bytes) -> None:
        if data != b"fence":
            raise KeyError(data)

    evening.server.api.peer_packet.connect(clumsy, flags)

    def flood(times: int) -> None:
        for number in range(times):
            client.api.send_bytes(b"%d" % number, 1)
        evening.fence(client)

    assert "clumsy" in one_line_each_ten_seconds(log, clock, flood)


def test_a_handler_that_fails_in_two_ways_has_both_told(evening: Evening, log: Log) -> None:
    (client,) = evening.clients

    def clumsy(peer: int, data: bytes) -> None:
        if data == b"one":
            raise KeyError(data)
        if data == b"two":
            raise ValueError(data)

    evening.server.api.peer_packet.connect(clumsy)
    for data in (b"one", b"two", b"one", b"two"):
        client.api.send_bytes(data, 1)
    evening.fence(client)
    assert len(log.take()) == 2


def test_who_does_not_stop_asking_to_be_let_in(log: Log, clock: Clock) -> None:
    asked = 0

    def ask(peer: int, data: bytes) -> None:
        nonlocal asked
        asked += 1
        api = night.server.api
        if data == b"password":
            api.complete_auth(peer)  # an error but for the first time
        else:
            api.send_auth(peer, b"what?")  # an error as soon as the other end is satisfied

    night = Evening(0, auth=ask)
    (client,) = night.clients
    log.take()

    def flood(data: bytes) -> Callable[[int], None]:
        def send(times: int) -> None:
            wanted = asked + times
            client.inject(b"\x07\x00" + data, times)
            night.run(lambda: asked == wanted)

        return send

    flood(b"password")(1)
    assert log.take() == []
    few = MAX_PACKETS // 4  # both floods together are still looked at
    assert "already marked" in one_line_each_ten_seconds(log, clock, flood(b"password"), few)
    assert "previously marked" in one_line_each_ten_seconds(log, clock, flood(b"hello"), few)


def test_packets_that_are_no_values(log: Log, clock: Clock) -> None:
    network = Network(4)
    there = network.machine()
    server, client = there.connection(), network.machine().connection()
    server.create_host_bound("*", 7000)
    client.create_host(1)
    to_server = client.connect_to_host(there.ip, 7000)
    assert to_server is not None
    assert client.service(1000).type == ENetConnection.EVENT_CONNECT
    assert server.service(1000).type == ENetConnection.EVENT_CONNECT

    def flood(packet: bytes) -> Callable[[int], None]:
        def send(times: int) -> None:
            for _ in range(times):
                to_server.send(0, packet, ENetPacketPeer.FLAG_RELIABLE)
            client.flush()
            for _ in range(times):
                event = server.service(60_000)
                while event.type != ENetConnection.EVENT_RECEIVE:
                    client.service(10)
                    event = server.service(10)
                assert event.peer is not None
                event.peer.get_var()

        return send

    assert "dropped 1 elements" in one_line_each_ten_seconds(log, clock, flood(UNFIT))
    assert "unknown Variant type 255" in one_line_each_ten_seconds(log, clock, flood(NO_VARIANT))


@pytest.mark.parametrize(
    "read",
    [
        lambda: bytes_to_var(NO_VARIANT),
        lambda: bytes_to_var(UNFIT),
        lambda: PackedByteArray(NO_VARIANT).decode_var(0),
        lambda: PackedByteArray(NO_VARIANT).decode_var(5),
        lambda: PackedByteArray(NO_VARIANT).decode_u32(1),
        lambda: PackedByteArray(NO_VARIANT).decode_float(1),
        lambda: PackedByteArray(NO_VARIANT).get_string_from_utf8(),
        lambda: PackedByteArray(NO_VARIANT).decompress(10),
        lambda: PackedByteArray(NO_VARIANT).decompress_dynamic(10, 1),
        lambda: PackedByteArray(NO_VARIANT[:3]).to_int32_array(),
        lambda: PackedByteArray(NO_VARIANT[:3]).to_vector2_array(),
        lambda: PackedByteArray().decompress(10),
        lambda: PackedByteArray().bswap16(),
    ],
    ids=range(13),
)
def test_what_is_read_from_bytes_by_a_program(log: Log, clock: Clock, read: Callable[[], object]) -> None:
    def flood(times: int) -> None:
        for _ in range(times):
            read()

    one_line_each_ten_seconds(log, clock, flood)


def test_a_line_is_one_line_and_not_longer_than_it_must_be(log: Log) -> None:
    path = b"res:/" + b"\n\x1b[31m" + b"x" * 100_000
    header = (28 | 3 << 16).to_bytes(4, "little")  # an Array of a script
    padding = bytes(-len(path) % 4)
    packet = header + len(path).to_bytes(4, "little") + path + padding + bytes(4)
    assert PackedByteArray(packet).decode_var(0, True) is None
    (line,) = log.take()
    assert line.startswith("invalid script path")
    assert line.isprintable()
    assert len(line) < 1100
