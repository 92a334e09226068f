"""A recording played again: the program under test gets what it got then, whatever the network was like."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from godot_enet import ENetConnection, ENetMultiplayerPeer, ENetPacketPeer, Error, Node, SceneTree, rpc
from godot_enet.core import Address, HostConfig
from godot_enet.core.protocol.constants import COMMAND_MASK, Command
from godot_enet.core.protocol.wire import HEAD, VerifyConnect
from godot_enet.recording import Moment, Recording, RecordingError, record
from godot_enet.recording.datagrams import body_of, split_commands
from godot_enet.recording.format import RecordingWriter
from godot_enet.testing import LinkConfig, Network, Replay

PORT = 7777
BAD = LinkConfig(loss=0.2, delay=40, jitter=60, reorder=0.5, duplicate=0.1)
RELIABLE = ENetPacketPeer.FLAG_RELIABLE


class Board(Node):
    def __init__(self) -> None:
        super().__init__("Board")
        self.calls: list[Any] = []

    @rpc("any_peer", "reliable")
    def score(self, points: int) -> None:
        self.calls.append((self.multiplayer.get_remote_sender_id(), points))

    @rpc("any_peer", "unreliable", 2)
    def move(self, where: int, text: str) -> None:
        self.calls.append((self.multiplayer.get_remote_sender_id(), where, text))


class Game:
    def __init__(self, peer: ENetMultiplayerPeer) -> None:
        self.tree, self.board = SceneTree(), Board()
        self.tree.root.add_child(self.board)
        self.api = self.tree.get_multiplayer()
        self.api.multiplayer_peer = peer

    def frame(self) -> None:
        self.api.poll()

    def by_sender(self) -> dict[int, list[Any]]:
        """What each sender has called, in order; between senders the order depends on frames."""
        found: dict[int, list[Any]] = {}
        for sender, *call in self.board.calls:
            found.setdefault(sender, []).append(call)
        return found


class Match:
    """A server and two clients, played over a bad network and recorded at three places."""

    def __init__(self, folder: Path, compression: ENetConnection.CompressionMode) -> None:
        self.files = {name: folder / name for name in ("server", "client", "network")}
        self.network = network = Network(seed=1, link=BAD)
        machines = [network.machine() for _ in range(3)]
        peers = [machine.multiplayer_peer() for machine in machines]
        assert peers[0].create_server(PORT) is Error.OK
        recorders = [record(peers[0], self.files["server"]), network.record(self.files["network"])]
        for peer in peers[1:]:
            assert peer.create_client(machines[0].ip, PORT) is Error.OK
        for peer in peers:
            assert peer.host is not None
            peer.host.compress(compression)
        recorders.append(record(peers[1], self.files["client"]))
        self.games = games = [Game(peer) for peer in peers]
        self.until(lambda: all(len(game.api.get_peers()) == 2 for game in games))
        for number in range(15):
            for game in games:
                game.board.score.rpc(number)
                game.board.move.rpc(number, "x" * 3000 if number % 10 == 0 else "")
            self.until(lambda: True)
            network.run(16)
        self.until(lambda: all(_scores(game) == 30 for game in games))
        for recorder in recorders:
            recorder.close()
        self.client_address = str(Address(machines[2].ip, 49152))

    def until(self, done: Callable[[], bool]) -> None:
        def step() -> bool:
            for game in self.games:
                game.frame()
            return done()

        self.network.run_until(step)


def _scores(game: Game) -> int:
    return sum(len(call) == 2 for call in game.board.calls)


def play(file: Path, host: str | None = None, *, seed: int = 99) -> tuple[Game, Replay]:
    network = Network(seed)
    replay = Replay(network, file, host)
    peer = replay.machine.multiplayer_peer(unique_id=replay.unique_id)
    if replay.servers:
        assert peer.create_client(*replay.servers[0]) is Error.OK
    else:
        assert peer.create_server(replay.address.port) is Error.OK
    game = Game(peer)

    def done() -> bool:
        game.frame()
        return replay.done

    network.run_until(done)
    game.frame()
    return game, replay


@pytest.fixture
def match(tmp_path: Path, host_engine: str) -> Match:
    """A fast codec: datagrams of both kinds, since short ones are not compressed."""
    return Match(tmp_path, ENetConnection.COMPRESS_ZLIB)


def test_a_match_is_played_again(match: Match) -> None:
    server, first, second = match.games
    game, replay = play(match.files["server"])
    assert game.by_sender() == server.by_sender()
    assert len(game.api.get_peers()) == 2
    assert (replay.skipped, replay.servers, replay.unique_id) == ([], [], 0)

    game, replay = play(match.files["client"])
    assert game.by_sender() == first.by_sender()
    assert game.api.get_unique_id() == first.api.get_unique_id() == replay.unique_id
    assert replay.servers == [Address("10.0.0.1", PORT)]

    game, _ = play(match.files["network"], "10.0.0.1:7777")
    assert game.by_sender() == server.by_sender()
    game, _ = play(match.files["network"], match.client_address)
    assert game.by_sender() == second.by_sender()


def test_equal_replays_are_equal(match: Match) -> None:
    one, other = (play(match.files["server"], seed=seed)[0].board.calls for seed in (1, 2))
    assert one == other


def test_a_network_has_several_hosts(match: Match) -> None:
    with pytest.raises(ValueError, match=r"host=None must be one of those recorded: 10\.0\.0\.1:7777, 10\.0\.0\.2"):
        Replay(Network(), match.files["network"])
    with pytest.raises(ValueError, match=r"host='10\.0\.0\.9:1' must be one"):
        Replay(Network(), match.files["server"], "10.0.0.9:1")


def a_connection(network: Network, file: Path, *, late: bool = False, checksum: bool = False) -> ENetConnection:
    """A client that says goodbye to a recorded server."""
    there, here = network.machine("10.0.0.1"), network.machine("10.0.0.2")
    config = HostConfig(checksum=checksum)
    server, client = (ENetConnection(config=config, opener=machine._open) for machine in (there, here))
    assert server.create_host_bound("*", PORT) is Error.OK
    assert client.create_host(1) is Error.OK
    recorder = None if late else record(server, file)
    peer = client.connect_to_host(there.ip, PORT, 2, 42)
    assert peer is not None
    network.run_until(lambda: client.service().type is ENetConnection.EVENT_CONNECT)
    recorder = recorder or record(server, file)
    peer.send(1, b"bye", RELIABLE)
    peer.peer_disconnect_later(7)
    network.run_until(lambda: client.service().type is ENetConnection.EVENT_DISCONNECT)
    recorder.close()
    return server


def events(server: ENetConnection) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    while (event := server.service()).peer is not None:
        packet = event.peer.get_packet() if event.type is ENetConnection.EVENT_RECEIVE else b""
        found.append((event.type, event.data, event.channel, packet))
    return found


@pytest.mark.parametrize("threaded", [True, False])
def test_connect_and_disconnect_come_again(host_engine: str, tmp_path: Path, threaded: bool) -> None:
    file = tmp_path / "a"
    expected = events(a_connection(Network(), file))
    assert [event[0] for event in expected] == [
        ENetConnection.EVENT_CONNECT,
        ENetConnection.EVENT_RECEIVE,
        ENetConnection.EVENT_DISCONNECT,
    ]
    network = Network(seed=5)
    replay = Replay(network, file)
    server = replay.machine.connection(threaded=threaded)
    assert server.create_host_bound("*", PORT) is Error.OK
    got: list[tuple[object, ...]] = []
    network.run_until(lambda: got.extend(events(server)) or len(got) == 3)  # type: ignore[func-returns-value]
    assert got == expected
    assert replay.done


def test_connections_from_before_the_recording_are_left_out(host_engine: str, tmp_path: Path) -> None:
    file = tmp_path / "a"
    a_connection(Network(), file, late=True)
    assert Recording(file).count
    with pytest.raises(ValueError, match=r"no connection of 10\.0\.0\.1:7777 begins in it"):
        Replay(Network(), file)


def test_checksums_are_not_replayed(host_engine: str, tmp_path: Path) -> None:
    file = tmp_path / "a"
    a_connection(Network(), file, checksum=True)
    with pytest.raises(ValueError, match="checksums cannot be replayed"):
        Replay(Network(), file)


def test_a_damaged_file_is_refused(host_engine: str, tmp_path: Path) -> None:
    file = tmp_path / "a"
    a_connection(Network(), file)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(RecordingError, match="cut off"):
        Replay(Network(), file)


def test_what_is_not_enet_comes_again(host_engine: str, tmp_path: Path) -> None:
    """A bug report may be about an attack."""
    network = Network()
    there, here = network.machine("10.0.0.1"), network.machine("10.0.0.2")
    server = there.connection()
    assert server.create_host_bound("*", PORT) is Error.OK
    stranger = here.bind(1234)
    with record(server, tmp_path / "a"):
        client = here.connection()
        assert client.create_host(1) is Error.OK
        client.connect_to_host(there.ip, PORT)
        client.flush()
        stranger.send([(b"\x8f\xff\xff", Address(there.ip, PORT))], network.now)  # type: ignore[list-item]
        network.run(100)

    again = Network(seed=2)
    replay = Replay(again, tmp_path / "a")
    with again.record(tmp_path / "b"):
        second = replay.machine.connection()
        assert second.create_host_bound("*", PORT) is Error.OK
        again.run(100)
    noise = [datagram for datagram in Recording(tmp_path / "b") if datagram.data == b"\x8f\xff\xff"]
    assert [(each.source, each.destination) for each in noise] == [(stranger.address, replay.address)] * 2


def test_a_session_number_that_is_too_large_is_harmless(host_engine: str, tmp_path: Path) -> None:
    match = Match(tmp_path, ENetConnection.COMPRESS_NONE)
    crafted = tmp_path / "crafted"
    writer = RecordingWriter(crafted.open("wb"))
    changed = 0
    for datagram in Recording(match.files["client"]):
        data = datagram.data
        contents = split_commands(body_of(data)[0])
        if datagram.moment is Moment.ARRIVED and contents[0][0].command & COMMAND_MASK == Command.VERIFY_CONNECT:
            command = contents[0][1]
            large = VerifyConnect.parse(command)
            large = large._replace(incoming_session=large.incoming_session | 0xFC)
            data = data.replace(command, command[: HEAD.size] + large.build())
            changed += 1
        writer.datagram(datagram._replace(data=data))
    writer.close()
    assert changed
    game, _ = play(crafted)
    assert game.by_sender() == match.games[1].by_sender()
