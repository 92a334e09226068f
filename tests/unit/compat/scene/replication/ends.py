"""A server and clients with the same small world, for tests of what scene replication does."""

from __future__ import annotations

from typing import Any

from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.replication.spawner import MultiplayerSpawner
from godot_enet.compat.scene.replication.synchronizer import MultiplayerSynchronizer
from godot_enet.compat.variant import Vector2
from tests.unit.compat.scene.party import Party
from tests.unit.compat.scene.replication.scenes import ALWAYS, ON_CHANGE, configuration

__all__ = ["PLAYER", "A", "B", "Ends", "Player"]

A, B = 5, 6
PLAYER = "res://player.tscn"


class Player(Node):
    """With a position that is always sent, and health that is sent on change."""

    def __init__(self, name: str = "Player") -> None:
        super().__init__(name)
        self.position: Any = Vector2()
        self.health: Any = 100
        synchronizer = MultiplayerSynchronizer("Sync")
        synchronizer.replication_config = configuration((".:position", True, ALWAYS), (".:health", True, ON_CHANGE))
        self.add_child(synchronizer)

    @property
    def sync(self) -> MultiplayerSynchronizer:
        found = self.get_node("Sync")
        assert isinstance(found, MultiplayerSynchronizer)
        return found


def _world() -> Node:
    main, players, spawner = Node(), Node("Players"), MultiplayerSpawner("Spawner")
    spawner.add_spawnable_scene(PLAYER, Player)
    spawner.set_spawn_path("../Players")
    main.add_child(players)
    main.add_child(spawner)
    return main


class Ends(Party):
    """The server, 1, and clients."""

    def __init__(self, *clients: int, exact: bool = False, join: bool = True) -> None:
        super().__init__(*clients, make_node=_world, join=False)
        for member in self.members.values():
            member.api.exact = exact
            if join:
                member.join()
                self.settle()

    def add(self, node: Node, to: str = "Players") -> None:
        """A node comes to the server."""
        self[1].node.get_node(to).add_child(node, True)

    def at(self, number: int, path: str) -> Any:
        """The node at a path below ``Main`` of one end."""
        return self[number].node.get_node_or_null(path)

    def spawner(self, number: int) -> MultiplayerSpawner:
        found = self.at(number, "Spawner")
        assert isinstance(found, MultiplayerSpawner)
        return found
