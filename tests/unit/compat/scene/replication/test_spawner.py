"""MultiplayerSpawner: its list, its settings, and what appears where."""

from __future__ import annotations

from typing import Any

import pytest

from godot_enet.compat.scene.drops import SceneDrop
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.replication import scenes
from godot_enet.compat.scene.replication.scenes import instantiate_scene, register_scene
from godot_enet.compat.scene.replication.spawner import MultiplayerSpawner
from godot_enet.compat.scene.scene_tree import SceneTree
from godot_enet.compat.variant import NodePath
from tests.unit.compat.scene.replication.ends import PLAYER, A, B, Ends, Player


@pytest.fixture
def spawner() -> MultiplayerSpawner:
    return MultiplayerSpawner("Spawner")


def test_what_it_begins_with(spawner: MultiplayerSpawner) -> None:
    assert spawner.spawn_path == NodePath("")
    assert spawner.spawn_limit == 0
    assert spawner.spawn_function is None
    assert spawner.get_spawnable_scene_count() == 0


def test_its_settings(spawner: MultiplayerSpawner) -> None:
    spawner.spawn_path = "../X"
    spawner.spawn_limit = -1
    spawner.spawn_function = Player
    assert spawner.get_spawn_path() == NodePath("../X")
    assert spawner.get_spawn_limit() == 0xFFFFFFFF
    assert spawner.get_spawn_function() is Player


def test_its_list_keeps_order_and_duplicates(spawner: MultiplayerSpawner) -> None:
    for path in ("b", "a", "b"):
        spawner.add_spawnable_scene(path)
    assert [spawner.get_spawnable_scene(index) for index in range(3)] == ["b", "a", "b"]
    assert list(spawner._get_spawnable_scenes()) == ["b", "a", "b"]
    spawner._set_spawnable_scenes(["c"])
    assert list(spawner._get_spawnable_scenes()) == ["c"]
    spawner.clear_spawnable_scenes()
    assert spawner.get_spawnable_scene_count() == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda spawner: spawner.add_spawnable_scene(5),
        lambda spawner: spawner.add_spawnable_scene("x", 5),
        lambda spawner: spawner.set_spawn_limit("1"),
        lambda spawner: spawner.set_spawn_function(5),
        lambda spawner: spawner.set_spawn_path(5),
        lambda spawner: spawner.get_spawnable_scene("0"),
        lambda spawner: register_scene("x", 5),  # type: ignore[arg-type]
    ],
)
def test_other_types_are_refused(spawner: MultiplayerSpawner, call: Any) -> None:
    with pytest.raises(TypeError):
        call(spawner)


def test_children_that_are_added_appear_at_all() -> None:
    ends = Ends(A, B)
    ends.add(Player("P1"))
    ends.settle()
    ends.at(1, "Players/P1").health = 7
    ends.settle()
    for number in (A, B):
        assert ends.at(number, "Players/P1").health == 7
    ends.at(1, "Players/P1").queue_free()
    ends[1].tree.process(0.0)
    ends.settle()
    assert [ends.at(number, "Players/P1") for number in (1, A, B)] == [None, None, None]


def test_a_late_joiner_gets_them_too() -> None:
    ends = Ends(A, B, join=False)
    ends[1].join()
    player = Player("P1")
    player.health = 3
    ends.add(player)
    ends.settle()
    for number in (A, B):
        ends[number].join()
        ends.settle()
        assert ends.at(number, "Players/P1").health == 3


def test_a_scene_can_be_registered_for_all_spawners() -> None:
    ends = Ends(A, join=False)
    path = "res://registered.tscn"
    for number in (1, A):
        ends.spawner(number).add_spawnable_scene(path)
        ends[number].join()
        ends.settle()
    register_scene(path, lambda: Player("R"))
    try:
        made = instantiate_scene(path)
        assert made is not None
        assert made.scene_file_path == path
        ends.add(made)
        ends.settle()
        assert ends.at(A, "Players/R").scene_file_path == path
    finally:
        register_scene(path, None)
    assert instantiate_scene(path) is None


def test_a_scene_that_cannot_be_made_here_is_named(caplog: pytest.LogCaptureFixture) -> None:
    ends = Ends(A)
    path = "res://elsewhere.tscn"
    ends.spawner(1).add_spawnable_scene(path, lambda: Player("E"))
    ends.spawner(A).add_spawnable_scene(path)
    node = Player("E")
    node.scene_file_path = path
    ends.add(node)
    ends.settle()
    assert ends.at(A, "Players/E") is None
    assert f"Invalid spawnable scene: {path}" in caplog.text
    assert "from peer 1" in caplog.text
    assert ends[A].api.counters()[SceneDrop.SPAWN] == 1
    ends.add(Player("P1"))  # the next one of the list is as before
    ends.settle()
    assert ends.at(A, "Players/P1") is not None


def test_spawn_makes_a_node_from_data_everywhere() -> None:
    ends = Ends(A)

    def make(data: dict[str, Any]) -> Node:
        player = Player(data["name"])
        player.health = data["health"]
        return player

    for number in (1, A):
        ends.spawner(number).spawn_function = make
    made = ends.spawner(1).spawn({"name": "P", "health": 4})
    assert made is ends.at(1, "Players/P")
    ends.settle()
    assert ends.at(A, "Players/P").health == 4
    assert ends.spawner(A).spawn({"name": "Q", "health": 4}) is None  # not its authority


def test_factories_that_raise_end_nothing(caplog: pytest.LogCaptureFixture) -> None:
    ends = Ends(A)

    def fails(data: Any = None) -> Node:
        raise ValueError("no")

    ends.spawner(1).spawn_function = lambda data: Player("P")
    ends.spawner(A).spawn_function = fails
    ends.spawner(A)._scenes[0].factory = fails
    ends.spawner(1).spawn(1)
    ends.add(Player("Q"))
    ends.settle()
    assert ends.at(A, "Players").get_child_count() == 0
    assert "ValueError: no" in caplog.text
    assert "Failed to call spawn function." in caplog.text
    assert f"Invalid spawnable scene: {PLAYER}" in caplog.text
    assert ends.spawner(1).spawn(2) is not None


def test_coroutines_are_no_factories(caplog: pytest.LogCaptureFixture) -> None:
    async def make(data: Any = None) -> Node:
        return Player("P")

    ends = Ends(A)
    spawner: Any = ends.spawner(1)
    spawner.spawn_function = make
    assert spawner.spawn(1) is None
    assert "make is a coroutine, but its result is needed at once; use def, not async def" in caplog.text
    caplog.clear()
    theirs: Any = ends.spawner(A)
    theirs._scenes[0].factory = make
    ends.add(Player("Q"))
    ends.settle()
    assert ends.at(A, "Players").get_child_count() == 0
    assert "make is a coroutine" in caplog.text


def test_a_uid_stands_for_a_path_of_a_game(spawner: MultiplayerSpawner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "_paths", {})
    scenes.register_uid("uid://known", "res://known.tscn")
    for path in ("uid://known", "uid://unknown"):
        spawner.add_spawnable_scene(path)
    assert [spawner.get_spawnable_scene(index) for index in range(2)] == ["res://known.tscn", "uid://unknown"]


def test_a_factory_must_make_something_new(caplog: pytest.LogCaptureFixture) -> None:
    ends = Ends(A)
    only = Player("P")
    ends.spawner(A)._scenes[0].factory = lambda: only
    ends.add(Player("P"))
    ends.add(Player("Q"))
    ends.settle()
    assert [str(child.name) for child in ends.at(A, "Players").get_children()] == ["P"]
    assert "no new node" in caplog.text


def test_signals_of_spawns_and_what_they_raise(caplog: pytest.LogCaptureFixture) -> None:
    ends = Ends(A)
    heard = []

    def hear(node: Node) -> None:
        heard.append((str(node.name), node.is_inside_tree(), ends[A].api.get_remote_sender_id()))
        raise ValueError("handler")

    ends.spawner(A).spawned.connect(hear)
    ends.spawner(A).despawned.connect(hear)
    player = Player("P")
    ends.add(player)
    ends.settle()
    player.free()
    ends.settle()
    assert heard == [("P", True, 1), ("P", False, 1)]
    assert "ValueError: handler" in caplog.text


def test_an_interrupted_spawn_is_done_again() -> None:
    ends = Ends(A)
    tries: list[int] = []

    class Interrupted(Player):
        def _enter_tree(self) -> None:
            tries.append(1)
            if len(tries) == 1:
                raise KeyboardInterrupt

    ends.spawner(A)._scenes[0].factory = Interrupted
    ends.add(Player("P"))
    ends[1].api.poll()
    with pytest.raises(KeyboardInterrupt):
        ends.settle()
    ends.settle()
    assert len(tries) == 2
    assert ends.at(A, "Players/P").is_inside_tree()
    ends.at(1, "Players/P").health = 1
    ends.settle()
    assert ends.at(A, "Players/P").health == 1


def test_it_does_nothing_outside_of_a_tree() -> None:
    tree, spawner, players = SceneTree(), MultiplayerSpawner("Spawner"), Node("Players")
    spawner.add_spawnable_scene(PLAYER, Player)
    spawner.set_spawn_path("../Players")
    tree.root.add_child(players)
    tree.root.add_child(spawner)
    tree.root.remove_child(spawner)
    players.add_child(Player("P"))  # Godot crashes
    assert spawner.spawn() is None
