"""Recorded datagrams as lines: what was sent is what is said, for each kind of command and packet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godot_enet import (
    ENetConnection,
    ENetMultiplayerPeer,
    ENetPacketPeer,
    Error,
    MultiplayerSpawner,
    MultiplayerSynchronizer,
    Node,
    SceneMultiplayer,
    SceneReplicationConfig,
    SceneTree,
    Vector2,
    rpc,
    var_to_bytes,
)
from godot_enet.compat.scene.scene_commands import RELAY, REMOTE_CALL, SIMPLIFY_PATH, SYS, SYS_HEAD
from godot_enet.core import Address, HostConfig
from godot_enet.core.protocol.constants import Command
from godot_enet.core.protocol.wire import FRAGMENT, HEAD, SEND_RELIABLE
from godot_enet.recording import Moment, RecordedDatagram, Recording
from godot_enet.recording import decoder as decoder_module
from godot_enet.recording.decoder import Decoder, Line, Packets
from godot_enet.recording.scene_packets import SceneNames, read_scene_packet
from godot_enet.testing import Machine, Network
from tests.rows import each_row

ONE, OTHER = Address("10.0.0.1", 7777), Address("10.0.0.2", 50000)
RELIABLE = ENetPacketPeer.FLAG_RELIABLE


def lines(file: Path, packets: Packets = Packets.AUTO, *, sent: bool = True) -> list[Line]:
    decoder = Decoder(packets)
    moment = Moment.SENT if sent else Moment.ARRIVED
    return [line for datagram in Recording(file) if datagram.moment is moment for line in decoder.lines(datagram)]


def decode(data: bytes, decoder: Decoder | None = None) -> list[Line]:
    return list((decoder or Decoder()).lines(RecordedDatagram(0, Moment.ARRIVED, OTHER, ONE, data)))


def talk(file: Path, packets: list[bytes], compression: str, *, checksum: bool = False, flags: int = RELIABLE) -> None:
    """A client sends packets, in a recorded network."""
    network = Network(seed=1)
    there, here = network.machine(), network.machine()
    config = HostConfig(checksum=checksum)
    server, client = (ENetConnection(config=config, opener=machine._open) for machine in (there, here))
    with network.record(file):
        assert server.create_host_bound("*", 7777) is Error.OK
        assert client.create_host(1) is Error.OK
        for end in (server, client):
            end.compress(ENetConnection.CompressionMode["COMPRESS_" + compression])
        peer = client.connect_to_host(there.ip, 7777, 3)
        assert peer is not None
        network.run_until(lambda: client.service().type is ENetConnection.EVENT_CONNECT)
        for packet in packets:
            peer.send(2, packet, flags)
        peer.peer_disconnect_later(9)
        network.run_until(lambda: client.service().type is ENetConnection.EVENT_DISCONNECT)


@pytest.mark.parametrize("compression", ["NONE", "RANGE_CODER", "FASTLZ", "ZLIB", "ZSTD"])
@pytest.mark.parametrize("checksum", [False, True])
def test_each_codec_is_found_out(host_engine: str, tmp_path: Path, compression: str, checksum: bool) -> None:
    texts = [b"hello " * 20, b"short", b"x" * 5000]
    talk(tmp_path / "a", texts, compression, checksum=checksum)
    found = lines(tmp_path / "a")
    assert [line.packet.fields["bytes"] for line in found if line.packet] == texts
    kinds = {line.command for line in found}
    assert kinds == {
        "CONNECT",
        "VERIFY_CONNECT",
        "ACKNOWLEDGE",
        "PING",
        "SEND_RELIABLE",
        "SEND_FRAGMENT",
        "DISCONNECT",
    }
    (goodbye,) = (line for line in found if line.command == "DISCONNECT")
    assert goodbye.fields == {"data": 9}
    connect = found[0]
    assert (connect.command, connect.channel, connect.fields["channel_count"]) == ("CONNECT", 255, 3)
    assert connect.fields["connect_id"] == found[1].fields["connect_id"]


def test_the_packet_is_with_the_fragment_that_completes_it(tmp_path: Path) -> None:
    talk(tmp_path / "a", [bytes(range(256)) * 20], "NONE", flags=ENetPacketPeer.FLAG_UNRELIABLE_FRAGMENT)
    pieces = [line for line in lines(tmp_path / "a") if line.command == "SEND_UNRELIABLE_FRAGMENT"]
    assert [line.packet is None for line in pieces] == [True] * (len(pieces) - 1) + [False]
    assert pieces[-1].packet is not None
    assert pieces[-1].packet.fields["bytes"] == bytes(range(256)) * 20


def reliable(channel: int, sequence: int, data: bytes) -> bytes:
    return SEND_RELIABLE.pack(Command.SEND_RELIABLE | 0x80, channel, sequence, len(data)) + data


def fragment(number: int, count: int, total: int, offset: int, data: bytes) -> bytes:
    head = (Command.SEND_FRAGMENT | 0x80, 0, 1 + number, 1, len(data), count, number, total, offset)
    return b"\x80\x00\x00\x00" + FRAGMENT.pack(*head) + data


def test_a_resend_is_marked() -> None:
    decoder = Decoder()
    data = b"\x80\x00\x00\x00" + reliable(0, 1, b"one")
    assert [decode(data, decoder)[0].is_again for _ in range(3)] == [False, True, True]
    assert [decode(data[:4] + reliable(1, 1, b"one"), decoder)[0].is_again for _ in range(2)] == [False, True]


def test_fragments_that_lie_about_their_packet() -> None:
    decoder = Decoder()
    for data in (
        fragment(0, 1, 0xFFFFFFFF, 0, b"bomb"),
        fragment(0, 0xFFFFFFFF, 4, 0, b"bomb"),
        fragment(7, 1, 4, 0xFFFFFFFF, b""),
    ):
        assert [line.packet for line in decode(data, decoder)] == [None]


def test_unfinished_groups_are_forgotten() -> None:
    decoder = Decoder()
    for number in range(1000):
        head = (Command.SEND_FRAGMENT, number & 0xFF, 0, number, 1, 2, 0, 2, 0)
        decode(b"\x00\x00" + FRAGMENT.pack(*head) + b"x", decoder)
    stream = decoder._streams.get((Moment.ARRIVED, OTHER, ONE))
    assert len(stream.groups) == 256
    assert stream.buffered == 256 * (1 + 800 + 250)  # a byte each, and what Python takes for it


@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (b"", "UNREADABLE", "not ENet"),
        (b"\x00", "UNREADABLE", "not ENet"),
        (b"\x00\x00\x00\x00", "UNREADABLE", "not ENet"),
        (b"\x40\x00" + bytes(range(200, 255)), "UNREADABLE", "compressed with none of Godot's codecs"),
        (b"\x16\xfe\xff" + bytes(20), "DTLS", None),
    ],
)
def test_a_datagram_that_cannot_be_taken_apart(data: bytes, kind: str, reason: str | None) -> None:
    (line,) = decode(data)
    assert (line.command, line.channel, line.fields.get("reason")) == (kind, -1, reason)
    assert line.fields["size"] == len(data)


COMMANDS = st.builds(
    lambda head, rest: HEAD.pack(*head) + rest,
    st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 65535)),
    st.binary(max_size=60),
)


@pytest.mark.parametrize("packets", Packets)
@given(datagrams=st.lists(st.one_of(st.binary(max_size=80), st.builds(lambda body: b"\x80\0\0\0" + body, COMMANDS))))
def test_any_bytes_are_survived(packets: Packets, datagrams: list[bytes]) -> None:
    decoder = Decoder(packets)
    for data in datagrams:
        assert decode(data, decoder)


@given(
    packets=st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.tuples(st.integers(0, 255), st.binary()).map(lambda pair: bytes([pair[0] & 0x17]) + pair[1]),
        )
    )
)
def test_any_packet_is_read(packets: list[bytes]) -> None:
    ours, theirs = SceneNames(), SceneNames()
    for packet in packets:
        assert read_scene_packet(packet, ours, theirs, {}).kind


def test_variants(tmp_path: Path) -> None:
    values = [{"at": Vector2(1, 2)}, [1, "two"], None]
    talk(tmp_path / "a", [*map(var_to_bytes, values), b"\xff"], "NONE")
    found = [line.packet for line in lines(tmp_path / "a", Packets.VARIANT) if line.packet]
    assert [packet.fields.get("value") for packet in found] == [*values, None]
    assert [packet.kind for packet in found] == ["VARIANT"] * 3 + ["MALFORMED"]


class Ship(Node):
    def __init__(self) -> None:
        super().__init__()
        self.position = Vector2(3, 4)
        self.fuel = 9
        state = MultiplayerSynchronizer()
        state.name = "State"
        state.replication_config = config = SceneReplicationConfig()
        for path, mode in (
            (".:position", config.REPLICATION_MODE_ALWAYS),
            (".:fuel", config.REPLICATION_MODE_ON_CHANGE),
        ):
            config.add_property(path)
            config.property_set_replication_mode(path, mode)
        self.add_child(state)


def make_ship(name: str) -> Node:
    ship = Ship()
    ship.name = name
    return ship


class Board(Node):
    @rpc("any_peer", "reliable")
    def score(self, points: int, who: str) -> None: ...


class Game:
    def __init__(self, machine: Machine, server: str = "") -> None:
        self.tree = SceneTree()
        self.ships, self.board, self.spawner = Node("Ships"), Board("Board"), MultiplayerSpawner()
        self.spawner.name = "Spawner"
        for node in (self.ships, self.board, self.spawner):
            self.tree.root.add_child(node)
        self.spawner.spawn_path = "../Ships"
        self.spawner.spawn_function = make_ship
        self.peer: ENetMultiplayerPeer = machine.multiplayer_peer()
        made = self.peer.create_client(server, 7777) if server else self.peer.create_server(7777)
        assert made is Error.OK
        self.api = self.tree.get_multiplayer()
        self.api.multiplayer_peer = self.peer

    def frame(self) -> None:
        self.tree.process(0.016)


@pytest.fixture
def played(tmp_path: Path, host_engine: str) -> list[Line]:
    """Everything that a SceneMultiplayer sends, as it was sent."""
    network = Network(seed=1)
    there, here, third = (network.machine() for _ in range(3))
    with network.record(tmp_path / "a") as recorder:
        games = [Game(there), Game(here, there.ip), Game(third, there.ip)]
        recorder.note_methods(games[0].tree)

        def step(count: int = 1) -> bool:
            for _ in range(count):
                for game in games:
                    game.frame()
                network.run(16)
            return all(len(game.api.get_peers()) == 2 for game in games)

        network.run_until(step)
        server, client, other = games
        ship = server.spawner.spawn("Argo")
        assert isinstance(ship, Ship)
        step(10)
        ship.fuel = 8
        step(100)
        client.board.score.rpc(5, "me")
        client.board.score.rpc_id(other.peer.get_unique_id(), 6, "you")
        step(10)
        client.board.score.rpc_id(1, 7, "again")
        assert isinstance(client.api, SceneMultiplayer)
        client.api.send_bytes(b"raw", 1)
        step(10)
        ship.queue_free()
        step(10)
        client.peer.close()
        step(10)
    notes = Recording(tmp_path / "a").notes
    ((_, table),) = ((name, value) for name, value in notes.items() if name.startswith("methods."))
    assert table == "0:score"
    decoder = Decoder(methods={games[0].board._table().checksum: {0: "score"}})
    return [
        line
        for datagram in Recording(tmp_path / "a")
        if datagram.moment is Moment.SENT
        for line in decoder.lines(datagram)
    ]


def test_packets_of_a_scene(played: list[Line]) -> None:
    packets = [line.packet for line in played if line.packet and not line.is_again]
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for packet in packets:
        by_kind.setdefault(packet.kind, []).append(packet.fields)
        if packet.inner is not None:
            by_kind.setdefault("RELAYED " + packet.inner.kind, []).append(packet.inner.fields)
    assert "MALFORMED" not in by_kind
    assert {each["path"] for each in by_kind["SIMPLIFY_PATH"]} == {"Board", "Spawner"}
    assert {(each["path"], each["same_methods"]) for each in by_kind["CONFIRM_PATH"]} == {
        ("Board", True),
        ("Spawner", True),
    }
    assert by_kind["RPC"] == [
        {"node": "Board", "method": "score", "arguments": [5, "me"]},
        {"node": "Board", "method": "score", "arguments": [7, "again"]},
    ]
    relayed = by_kind["RELAYED RPC"]
    assert {"node": "Board", "method": "score", "arguments": [6, "you"]} in relayed
    assert all(each["node"] == "Board" and each["method"] == "score" for each in relayed)
    assert by_kind["RAW"] == [{"bytes": b"raw"}]
    assert len(by_kind["ADD_PEER"]) == 2
    assert len(by_kind["DEL_PEER"]) == 1
    spawn = by_kind["SPAWN"][0]
    (synchronizer,) = spawn.pop("synchronizers")
    node = spawn.pop("node")
    assert spawn == {"spawner": "Spawner", "name": "Argo", "argument": "Argo", "values": [Vector2(3, 4), 9]}
    assert by_kind["SYNC"][0] == {"elements": [{"synchronizer": f"Argo#{synchronizer}", "values": [Vector2(3, 4)]}]}
    assert by_kind["DELTA"][-1] == {
        "elements": [{"synchronizer": f"Argo#{synchronizer}", "values": [8], "properties": [0]}]
    }
    assert by_kind["DESPAWN"][0] == {"node": "Argo"}
    assert isinstance(node, int)


@each_row(
    "packet, reason",
    [
        (b"", "an empty packet"),
        (bytes([SIMPLIFY_PATH]), "too short for a SIMPLIFY_PATH"),
        (bytes([REMOTE_CALL]), "a call is truncated"),
        (bytes([SYS, RELAY]), "too short for a system command"),
        (SYS_HEAD.pack(SYS, 9, 1), "an unknown system command, 9"),
        (b"\x05", "Invalid spawn packet received"),
    ],
)
def test_malformed_packets(packet: bytes, reason: str) -> None:
    read = read_scene_packet(packet, SceneNames(), SceneNames(), {})
    assert (read.kind, read.fields["reason"]) == ("MALFORMED", reason)


def test_unknown_names_are_numbers() -> None:
    names = SceneNames()
    assert read_scene_packet(b"\x80\x07\x02", names, names, {}).fields == {
        "node": "#7",
        "method": "method#2",
        "arguments": [],
    }


def test_a_crafted_recording_takes_no_more_memory_than_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_module, "_MAX_BYTES", 1 << 16)
    decoder = Decoder(Packets.SCENE)
    numbers = [number.to_bytes(2, "big") for number in range(500)]
    pings = b"\0\0" + b"".join(HEAD.pack(Command.PING | 0x80, 0xFF, number) for number in range(500))
    groups = b"\0\0" + b"".join(
        FRAGMENT.pack(Command.SEND_FRAGMENT | 0x80, 0, number, number, 0, 9, 0, 0, 0) for number in range(500)
    )
    paths = b"\0\0" + b"".join(
        SEND_RELIABLE.pack(Command.SEND_RELIABLE | 0x80, 0, 1, 42) + bytes([SIMPLIFY_PATH]) + b"m" * 33 + path * 4
        for path in numbers
    )
    codecs = b"\x40\0" + b"neither of them"
    read = []
    tracemalloc = pytest.importorskip("tracemalloc")  # which PyPy has not
    tracemalloc.start()
    try:
        for port in range(5):
            for data in (pings, groups, paths, codecs):
                datagram = RecordedDatagram(0, Moment.SENT, ONE._replace(port=port), OTHER, data)
                read += [line.command for line in decoder.lines(datagram)][-1:]
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert read == ["PING", "SEND_FRAGMENT", "SEND_RELIABLE", "UNREADABLE"] * 5
    assert used < 1 << 20  # and not over 3 MiB


def test_connections_used_last_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_module, "_MAX_STREAMS", 3)
    decoder = Decoder()
    ping = b"\0\0" + HEAD.pack(Command.PING | 0x80, 0xFF, 1)

    def again(port: int) -> bool:
        (line,) = decoder.lines(RecordedDatagram(0, Moment.SENT, ONE._replace(port=port), OTHER, ping))
        return line.is_again

    assert [again(port) for port in (1, 2, 3, 1, 4, 1, 3, 2)] == [False, False, False, True, False, True, True, False]
