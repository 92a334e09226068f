"""A path that does not exist here: the log names each, and the path that may have been meant."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from godot_enet.compat.scene.nearest import NearestPath
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import rpc
from tests.unit.compat.scene.party import Party


class World(Node):
    @rpc("any_peer")
    def move(self) -> None: ...


def tree() -> Node:
    top, main = Node("root"), Node("Main")
    top.add_child(main)
    for name in ("Players", "Level", "Enemies"):
        main.add_child(Node(name))
    main.get_node("Players").add_child(Node("1"))
    return top


@pytest.mark.parametrize(
    ("missing", "nearest"),
    [
        (b"Main/Player", "'Main/Players'"),
        (b"Main/players/1", "'Main/Players'"),
        (b"Main/Players/2", "'Main/Players'"),
        (b"main/Players", "'Main'"),
        (b"Main/Sound", "'Main'"),
        (b"World", "only the root node"),
        (b"", "only the root node"),
        (b"\xff/" * 2000, "only the root node"),
        (b"Main/" + b"x" * 5000, "'Main'"),
    ],
)
def test_the_nearest_path(missing: bytes, nearest: str) -> None:
    top = tree()
    assert str(NearestPath(lambda path: top if path == "." else None, missing)) == nearest


def test_without_a_tree_there_is_none() -> None:
    assert str(NearestPath(lambda path: None, b"Main")) == "nothing"


def test_each_path_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    party = Party(5)
    for name in ("Level1", "Level2"):
        party[5].node.add_child(World(name))
    party[1].node.add_child(World("Level"))
    caplog.clear()
    with caplog.at_level(logging.INFO, "godot_enet"):
        for _ in range(3):
            for name in ("Level1", "Level2"):
                node: Any = party[5].node.get_node(name)
                node.move.rpc_id(1)
            party.settle()
    told = [each.getMessage() for each in caplog.records]
    for name in ("Level1", "Level2"):
        assert any(
            "kept until the node exists: it refers to a node that does not exist here (yet)" in line for line in told
        )
        unknown = f"does not exist here (yet); both ends need the same node names ('Main/{name}', "
        assert sum(f"{unknown}nearest here: 'Main/Level')" in line for line in told) == 1, told
        assert (
            sum(f"an RPC to a node that does not exist here ('Main/{name}', nearest" in line for line in told) == 1
        ), told
