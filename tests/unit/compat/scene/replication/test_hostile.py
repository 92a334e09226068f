"""What remotes send that they should not: refused, counted, named in the log, and without an end to anything."""

from __future__ import annotations

from struct import pack
from typing import Any

import pytest

from godot_enet.compat.scene.drops import SceneDrop
from godot_enet.compat.scene.early_paths import EarlyPaths
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.path_cache import PathCache
from godot_enet.compat.scene.replication.limits import ReplicationLimits
from godot_enet.compat.scene.replication.spawner import MultiplayerSpawner
from godot_enet.compat.scene.replication.state import place
from godot_enet.compat.scene.replication.traffic import SceneCount, SceneTraffic
from tests.rows import each_row
from tests.unit.compat.scene.replication.ends import A, B, Ends, Player

EVERYTHING = 0xFFFFFFFF


def spawn(
    *,
    scene: int = 0,
    spawner: int = 1,
    node: int = 100,
    count: int = 0,
    size: int | None = None,
    name: bytes = b"X\0",
    rest: bytes = b"",
) -> bytes:
    """A SPAWN packet, right or wrong."""
    head = pack("<BBIIII", 4, scene, spawner, node, count, len(name) if size is None else size)
    return head + name + rest


def sync(number: int, data: bytes, size: int | None = None, time: int = 30_000) -> bytes:
    return pack("<BHII", 6, time, number, len(data) if size is None else size) + data


def delta(number: int, data: bytes, size: int | None = None, bits: int = 1) -> bytes:
    return pack("<BIQI", 22, number, bits, len(data) if size is None else size) + data


@pytest.fixture
def ends() -> Ends:
    """The client has the spawner under number 1, node 1 and synchronizer 2."""
    ends = Ends(A, B)
    ends.add(Player("P"))
    ends.settle()
    return ends


@each_row(
    ("packet", "text"),
    [
        (spawn()[:17], "Invalid spawn packet received"),
        (spawn(spawner=77), 'ID 77 not found in cache of peer 1.; Parameter "spawner" is null.'),
        (spawn(spawner=EVERYTHING), "ID 4294967295 not found in cache of peer 1."),
        (spawn(size=EVERYTHING), f"Invalid spawn packet size: 20, wants: {18 + EVERYTHING}"),
        (spawn(count=EVERYTHING), f"Invalid spawn packet size: 20, wants: {20 + 4 * EVERYTHING}"),
        (spawn(count=1 << 30, size=4), "Invalid spawn packet size: 20, wants:"),  # 2**32 + 4: Godot's overflows
        (spawn(name=b""), "Zero spawn name size."),
        (spawn(name=b"a/b\0"), "Invalid node name received: 'a/b'."),
        (spawn(name=b"P\0"), 'Condition "parent->has_node(name)" is true. Returning: ERR_INVALID_DATA'),
        (spawn(node=1), 'Condition "peers_info[p_from].recv_nodes.has(net_id)" is true.'),
        (spawn(scene=9), "Index (uint32_t)p_id = 9 is out of bounds (spawnable_scenes.size() = 1)."),
        (spawn(scene=255), 'Condition "p_buffer_len - ofs < 4" is true. Returning: ERR_INVALID_DATA'),
        (spawn(scene=255, rest=pack("<I", EVERYTHING)), 'Condition "arg_size > uint32_t(p_buffer_len - ofs)" is true.'),
        (spawn(scene=255, rest=pack("<I", 1) + b"\x7f"), 'Condition "err != OK" is true. Returning: err'),
        (spawn(scene=255, rest=pack("<I", 1) + b"\x01"), "Custom spawn requires a valid 'spawn_function'."),
        (b"\x05\1\0\0", "Invalid spawn packet received"),
        (b"\x05" + b"\xff" * 4, 'Condition "!pinfo.recv_nodes.has(net_id)" is true. Returning: ERR_UNAUTHORIZED'),
        (b"\x06" + bytes(9), "Invalid sync packet received"),
        (b"\x16" + bytes(9), "Invalid sync packet received"),
        (sync(2, b"\2\5", EVERYTHING), 'Condition "size > uint32_t(p_buffer_len - ofs)" is true.'),
        (sync(0x80000063, b"\2\5"), "ID 99 not found in cache of peer 1."),
        (sync(2, b"\5\0\0\0\0"), "Invalid packet received. Unable to decode state variable."),
        (delta(2, b"\2\5", EVERYTHING), 'Condition "size > uint32_t(p_buffer_len - ofs)" is true.'),
        (delta(2, b"\2\5\0"), 'Condition "uint32_t(consumed) != size" is true. Returning: ERR_INVALID_DATA'),
        (delta(2, b"\2\5", bits=2), 'Condition "props.is_empty()" is true. Returning: ERR_INVALID_DATA'),
        (delta(77, b"\2\5"), "Ignoring delta for non-authority or invalid synchronizer.; number 77"),
        (delta(0x80000063, b"\2\5"), "ID 99 not found in cache of peer 1.; Ignoring delta"),
    ],
)
def test_a_packet_that_is_refused_is_named(packet: bytes, text: str, caplog: pytest.LogCaptureFixture) -> None:
    ends = Ends(A)
    ends.add(Player("P"))
    ends.settle()
    caplog.clear()
    before = ends.at(A, "Players").get_children()
    ends[A].transport.inject(packet, 1)
    ends[A].api.poll()
    [line] = caplog.messages
    assert text in line
    assert "from peer 1, not used" in line
    assert ends.at(A, "Players").get_children() == before
    assert ends.at(A, "Players/P").health == 100
    ends.at(1, "Players/P").health = 1
    ends.settle()
    assert ends.at(A, "Players/P").health == 1


def test_what_godot_skips_without_a_word_is_counted(ends: Ends, caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()
    before = ends[A].api.counters().get(SceneDrop.SYNC, 0)
    ends[A].transport.inject(sync(77, b"\2\5"), 1)
    ends[A].api.poll()
    assert ends[A].api.counters()[SceneDrop.SYNC] == before + 1
    assert caplog.messages == []


def test_a_client_spawns_despawns_and_sets_nothing_at_others(ends: Ends) -> None:
    path = b"\x01" + ends.spawner(1)._table().checksum.encode() + b"\0" + pack("<I", 1) + b"Main/Spawner\0"
    relayed = b"\x07\x03" + pack("<i", A)
    for packet in (path, spawn(), b"\x05\1\0\0\0", sync(2, b"\5" + bytes(11)), delta(2, b"\2\5"), b"\x05\x02\0\0\0"):
        ends[1].transport.inject(packet, B)
        ends[1].transport.inject(relayed + packet, B)
    ends.settle()
    for number in (1, A):
        assert [str(child.name) for child in ends.at(number, "Players").get_children()] == ["P"]
        assert ends.at(number, "Players/P").health == 100
    assert ends[1].api.counters()[SceneDrop.SPAWN] == ends[A].api.counters()[SceneDrop.SPAWN] == 1


def test_nodes_of_one_peer_are_limited() -> None:
    ends = Ends(A)
    ends.add(Player("P"))
    ends.settle()
    limits = ends[A].api.replication_limits
    limits.nodes_per_peer = 3
    limits.synchronizers_per_spawn = 1
    for number in range(6):
        ends[A].transport.inject(spawn(node=100 + number, name=b"X%d\0" % number), 1)
    ends[A].transport.inject(b"\x05" + pack("<I", 100), 1)
    ends[A].transport.inject(spawn(node=200, count=2, name=bytes(8) + b"Y\0", size=2), 1)
    ends[A].transport.inject(spawn(node=201, name=b"Z\0"), 1)
    ends.settle()
    names = [str(child.name) for child in ends.at(A, "Players").get_children()]
    assert names == ["P", "X1", "Z"]
    assert ends[A].api.counters()[SceneDrop.REPLICATION_LIMIT] == 5


def test_a_name_of_a_megabyte_is_none() -> None:
    ends = Ends(A)
    ends.add(Player("P"))
    ends.settle()
    ends[A].transport.inject(spawn(name=b"x" * (1 << 20)), 1)
    ends.settle()
    assert ends.at(A, "Players").get_child_count() == 1


def test_spawns_are_not_nested_without_end() -> None:
    class Nest(Node):
        def __init__(self) -> None:
            super().__init__()
            spawner = MultiplayerSpawner("S")
            spawner.add_spawnable_scene("nest", Nest)
            spawner.spawn_path = ".."
            self.add_child(spawner)

    ends = Ends(A)
    ends.add(Player("P"))
    ends.settle()
    ends.spawner(A)._scenes[0].factory = Nest
    checksum, path = Node()._table().checksum.encode(), "Main/Players"
    for number in range(100, 400):
        ends[A].transport.inject(spawn(spawner=number - 1 if number > 100 else 1, node=number), 1)
        path += "/X"
        introduced = b"\x01" + checksum + b"\0" + pack("<I", number) + path.encode() + b"/S\0"
        ends[A].transport.inject(introduced, 1)
    ends.settle()
    assert ends[A].api.counters()[SceneDrop.REPLICATION_LIMIT] == 1
    ends[A].transport.inject(b"\x05" + pack("<I", 100), 1)
    ends.settle()
    ends[A].tree.process(0.0)
    assert ends.at(A, "Players/X") is None


@pytest.mark.parametrize("element", [pack("<II", 77, 0), pack("<II", 0x80000063, 0)])
def test_elements_of_one_packet_are_limited(element: bytes) -> None:
    ends = Ends(A)
    ends[A].api.replication_limits.elements_per_packet = 10
    for count in (10, 11, 100_000):
        ends[A].transport.inject(b"\x06\1\0" + count * element + b"\0", 1)
    ends[A].api.poll()
    assert ends[A].api.counters() == {SceneDrop.SYNC: 30, SceneDrop.REPLICATION_LIMIT: 2}


def test_paths_that_lead_nowhere_do_not_keep_others_waiting() -> None:
    early = EarlyPaths(ReplicationLimits())
    for number in range(1024):
        for peer in range(2, 10):
            early.keep(peer, pack("<I", number), b"%d %d" % (peer, number))
    early.keep(11, bytes(4), b"right")
    looked_at = [early.due(1) for _ in range(10)]
    assert [len(found) for found in looked_at] == [1024] * 8 + [1, 0]
    assert (11, b"right") in looked_at[0]
    assert len({packet for found in looked_at for _, packet in found}) == 8 * 1024 + 1
    assert len(early.due(2)) == 1024
    early.clear()
    assert early.due(3) == []


def test_rows_of_traffic_are_limited() -> None:
    traffic = SceneTraffic()
    for number in range(20_000):
        traffic.note(SceneCount.SPAWNS_RECEIVED, 5, Node(f"X{number}"))
    rows = traffic.rows()
    assert len(rows) == 10_001
    assert (rows[0].path, rows[0].times, rows[0].bytes) == ("", 10_000, 50_000)


def test_a_name_from_a_remote_begins_no_line_of_the_log() -> None:
    assert place(Node("a\nb\x1b[0m")) == "a\\nb\\x1b[0m"
    assert place(Node("Käse")) == "Käse"


def kept(cache: PathCache, peer: int) -> int:
    return len(cache._early._packets.get(peer, {}))


def test_early_paths_of_one_peer_are_limited(ends: Ends) -> None:
    cache: Any = ends[A].api._cache
    limits = ends[A].api.replication_limits
    limits.pending_paths_per_peer = 4
    checksum = Node()._table().checksum.encode()

    def early(number: int, path: bytes) -> bytes:
        return b"\x01" + checksum + b"\0" + pack("<I", number) + path + b"\0"

    for number in range(50, 60):
        ends[A].transport.inject(early(number, b"Main/E%d" % number), 1)
    ends[A].api.poll()
    assert kept(cache, 1) == 4
    limits.pending_path_bytes_per_peer = 460
    ends[A].transport.inject(early(70, b"x" * 400), 1)
    ends[A].api.poll()
    assert kept(cache, 1) == 1
    ends.network.log.clear()
    ends[A].transport.inject(early(71, b"Main/E71"), 1)
    ends[A].node.add_child(Node("E71"))
    ends[A].api.poll()
    ends[A].transport.inject(early(72, b"Main/E72"), 1)
    ends[A].api.poll()
    ends[A].node.add_child(Node("E72"))
    ends[A].api.poll()
    answers = [packet.data for packet in ends.network.log if packet.sender == A]
    assert answers == [b"\x02\x01" + pack("<I", 71), b"\x02\x01" + pack("<I", 72)]
    ends[A].api.multiplayer_peer = None
    assert kept(cache, 1) == 0
