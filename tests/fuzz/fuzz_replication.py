"""Coverage-guided fuzzing of scene replication; see README.md.

``python -m tests.fuzz.fuzz_replication``; arguments go to libFuzzer.
"""

from __future__ import annotations

import importlib
import logging
import sys
from typing import Any

from godot_enet.compat.scene.naming import valid_name
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.replication.config import SceneReplicationConfig
from godot_enet.compat.scene.replication.spawner import MultiplayerSpawner
from godot_enet.compat.scene.replication.synchronizer import MultiplayerSynchronizer
from godot_enet.compat.variant import Vector2
from tests.unit.compat.scene.party import Party

__all__ = ["CLIENTS", "check", "framed", "main", "make_world", "session"]

CLIENTS = (5, 6)
_MOST = 64
_SCENE = "res://unit.tscn"


class Unit(Node):
    """What is spawned and synchronized."""

    def __init__(self, name: str = "Unit") -> None:
        super().__init__(name)
        self.hp: Any = 100
        self.where: Any = Vector2(1, 2)
        self.bag: Any = {"a": [1, 2.5, "x"]}
        config = SceneReplicationConfig()
        for path in (".:hp", ".:where", ".:where:x", ".:bag"):
            config.add_property(path)
        config.property_set_replication_mode(".:hp", config.REPLICATION_MODE_ON_CHANGE)
        config.property_set_replication_mode(".:bag", config.REPLICATION_MODE_ON_CHANGE)
        synchronizer = MultiplayerSynchronizer("Sync")
        synchronizer.replication_config = config
        self.add_child(synchronizer)


def make_world() -> Node:
    """The same at all ends: a spawner, a placed unit, and one that belongs to the first client."""
    main, units, spawner = Node(), Node("Units"), MultiplayerSpawner("Spawner")
    spawner.add_spawnable_scene(_SCENE, Unit)
    spawner.spawn_function = lambda data: Unit("Made")
    spawner.set_spawn_path("../Units")
    theirs = Unit("Theirs")
    theirs.set_multiplayer_authority(CLIENTS[0])
    for node in (units, spawner, Unit("Placed"), theirs):
        main.add_child(node)
    return main


def session() -> Party:
    """A server with two clients that have a unit each way, and have confirmed all paths."""
    party = Party(*CLIENTS, make_node=make_world)
    party[1].node.get_node("Units").add_child(Unit("First"))
    party.settle()
    return party


def framed(*packets: tuple[int, bytes]) -> bytes:
    """Packets as an input for :func:`check`, each with a way: 0 or 1, a client to the server; 2, the reverse."""
    return b"".join(bytes([way]) + len(data).to_bytes(2, "little") + data for way, data in packets)


def check(data: bytes) -> None:
    """One input is a number of packets to a server, or from it to a client.

    Whatever they are, nothing is raised and nobody is put out. No client spawns anything at the server or changes
    what is the server's. Nodes get valid names only, and afterwards the server spawns and synchronizes for all.
    """
    party = session()
    server = party[1]
    placed, units = server.node.get_node("Placed"), server.node.get_node("Units")
    position = 0
    for _ in range(_MOST):
        if position + 3 > len(data):
            break
        way, size = data[position] & 3, int.from_bytes(data[position + 1 : position + 3], "little")
        packet = data[position + 3 : position + 3 + size]
        position += 3 + size
        if way < 2:
            server.transport.inject(packet, CLIENTS[way], channel=position & 7, mode=position % 3)
        else:
            party[CLIENTS[0]].transport.inject(packet, 1)
        for number in (1, *CLIENTS):
            party[number].api.poll()
    assert list(server.api.get_peers()) == list(CLIENTS), data
    assert [str(child.name) for child in units.get_children()] == ["First"], data
    assert (placed.hp, placed.where, placed.bag) == (100, Vector2(1, 2), {"a": [1, 2.5, "x"]}), data
    for number in CLIENTS:
        names = [str(child.name) for child in party[number].node.get_node("Units").get_children()]
        assert names == [valid_name(name) for name in names], data
    placed.hp = 77
    units.add_child(Unit("Last"))
    party.settle()
    other = party[CLIENTS[1]].node
    assert other.get_node_or_null("Units/Last") is not None, data
    assert other.get_node("Placed").hp == 77, data


def main() -> None:
    logging.disable()  # what is refused is logged
    atheris = importlib.import_module("atheris")
    atheris.instrument_all()
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
