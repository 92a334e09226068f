"""What a real Godot server sent over ENet is what ours sends, on each engine: bytes, channels and flags."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from godot_enet.compat.enet_connection import ENetConnection
from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.globals import Error
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.replication.spawner import MultiplayerSpawner
from godot_enet.compat.scene.scene_tree import SceneTree
from tests.unit.compat.scene.replication.scenes import SCENES, instantiate

VECTORS = Path(__file__).parents[4] / "vectors" / "replication" / "22-enet-channels.json"
SECONDS = 20.0
SYNC = (1, 2)
"""ENet's channel, and its flag for unsequenced packets."""


class Recorder:
    """A server with a tree, and an ENet peer of its that is no Godot and writes down what comes."""

    def __init__(self, *, threaded: bool) -> None:
        self.tree, self.packets = SceneTree(), list[tuple[int, int, str]]()
        main, self.units, spawner = Node("Main"), Node("Units"), MultiplayerSpawner("Spawner")
        for scene in ("plain", "unit"):
            spawner.add_spawnable_scene(f"res://{scene}.tscn", SCENES[scene])
        spawner.set_spawn_path("../Units")
        main.add_child(self.units)
        main.add_child(spawner)
        self.tree.root.add_child(main)
        self.transport = ENetMultiplayerPeer(threaded=threaded)
        self.transport.set_bind_ip("127.0.0.1")
        assert self.transport.create_server(0) is Error.OK
        main.multiplayer.multiplayer_peer = self.transport
        self.api = main.multiplayer
        host = self.transport.get_host()
        assert host is not None
        self.client = ENetConnection(threaded=False)
        self.client.create_host(1)
        assert self.client.connect_to_host("127.0.0.1", host.get_local_port(), 0, 1000) is not None

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, self.packets
            self.tree.process(0.001)
            event = self.client.service(1)
            if event.type == ENetConnection.EVENT_RECEIVE:
                assert event.peer is not None
                flags = event.peer.get_packet_flags()
                self.packets.append((event.channel, flags, event.peer.get_packet().hex()))

    def close(self) -> None:
        self.transport.close()
        self.client.destroy()

    def reliable(self) -> list[tuple[int, int, str]]:
        return [packet for packet in self.packets if packet[1] & 1]


@pytest.mark.parametrize("threaded", [True, False], ids=["threaded", "inline"])
def test_a_spawned_node_changes_and_goes(host_engine: str, threaded: bool) -> None:
    recorded: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))["packets"]
    theirs = [(each["enet_channel"], each["enet_flags"], each["hex"]) for each in recorded]
    recorder = Recorder(threaded=threaded)
    try:
        recorder.until(lambda: recorder.api.get_peers())
        unit = instantiate("unit", "T1")
        recorder.units.add_child(unit, True)
        recorder.until(lambda: len(recorder.reliable()) == 3)
        unit.hp = 99
        recorder.until(lambda: len(recorder.reliable()) == 4)
        unit.free()
        recorder.until(lambda: len(recorder.reliable()) == 5)
    finally:
        recorder.close()
    assert recorder.reliable() == [packet for packet in theirs if packet[1] & 1]
    syncs = [packet for packet in recorder.packets if not packet[1] & 1]
    assert {packet[:2] for packet in syncs} == {packet[:2] for packet in theirs if not packet[1] & 1} == {SYNC}
    assert {packet[2][6:] for packet in syncs} == {packet[2][6:] for packet in theirs if not packet[1] & 1}
