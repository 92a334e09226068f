"""Scenes as nodes: Godot's tree again, with Python classes in the place of scripts."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from godot_enet import (
    MultiplayerSpawner,
    MultiplayerSynchronizer,
    Node,
    NodePath,
    SceneReplicationConfig,
    SceneTree,
    Signal,
    Timer,
    Vector2,
)
from godot_enet.compat.scene.replication import scenes
from godot_enet.compat.scene.replication.scenes import instantiate_scene
from godot_enet.scenes import Game, PackedScene, SceneError, SubResource, classes, script
from tests.rows import each_row
from tests.unit.scenes.conftest import WriteProject

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "scenes.json").read_text(encoding="utf-8"))
BEGIN = "[gd_scene format=3]\n"


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """``@script`` without lasting effect."""
    monkeypatch.setattr(classes, "_registered", {})


class Player(Node):
    hp = 0
    position = Vector2.ZERO

    def _ready(self) -> None:
        self.children_at_ready = len(self.get_children())


def below(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get_children():
        yield from below(child)


def entries(config: SceneReplicationConfig | None) -> list[list[Any]]:
    paths = config.get_properties() if config else ()
    return [
        [str(each), config.property_get_spawn(each), config.property_get_replication_mode(each)]
        for each in paths
        if config
    ]


def row(node: Node, top: Node) -> dict[str, Any]:
    found: dict[str, Any] = {
        "path": str(top.get_path_to(node)),
        "scene": node.scene_file_path,
        "owner": str(top.get_path_to(node.owner)) if node.owner else "",
        "unique": node.unique_name_in_owner,
        "groups": [str(each) for each in node.get_groups()],
    }
    if isinstance(node, MultiplayerSpawner):
        listed = [node.get_spawnable_scene(index) for index in range(node.get_spawnable_scene_count())]
        found["spawner"] = [str(node.spawn_path), node.spawn_limit, listed]
    if isinstance(node, MultiplayerSynchronizer):
        found["synchronizer"] = [
            str(node.root_path),
            node.replication_interval,
            node.delta_interval,
            node.visibility_update_mode,
            node.public_visibility,
            entries(node.replication_config),
        ]
    return found


@each_row("path", sorted(VECTORS["scenes"]))
def test_the_nodes_are_those_that_godot_makes(corpus: Path, path: str) -> None:
    root = Game(corpus).instantiate(path)
    expected = [
        {key: value for key, value in each.items() if key not in ("class", "script")}
        for each in VECTORS["scenes"][path]["tree"]
    ]
    for each in expected:  # names that Godot gives to what has lost its parent have a character that it replaces later
        each["path"] = each["path"].replace("#", "#")
    assert [row(node, root) for node in below(root)] == expected


def test_classes_stand_for_scripts_and_scenes(corpus: Path) -> None:
    class Lobby(Node):
        pass

    game = Game(corpus, {"res://player.gd": Player, "res://lobby.tscn": Lobby})
    main = game.instantiate("res://main.tscn")
    player = main.get_node("Players/Player")
    assert isinstance(player, Player)
    assert (player.hp, player.position) == (100, Vector2(5, 6))
    assert main.get_node("Boss").hp == 500
    assert isinstance(main.get_node("Boss/Minion"), Player)
    assert not isinstance(main.get_node("Players"), (Player, Lobby))
    assert isinstance(game.instantiate("res://lobby.tscn"), Lobby)


@pytest.mark.usefixtures("registry")
def test_a_decorated_class_counts_unless_the_game_has_another(corpus: Path) -> None:
    @script("res://player.gd")
    class Decorated(Player):
        pass

    assert type(Game(corpus).instantiate("res://player.tscn")) is Decorated
    assert type(Game(corpus, {"res://player.gd": Player}).instantiate("res://player.tscn")) is Player


@pytest.mark.usefixtures("registry")
def test_a_class_counts_that_is_decorated_after_the_game_was_read(corpus: Path) -> None:
    game = Game(corpus)

    @script("res://player.gd")
    class Late(Player):
        pass

    assert type(game.instantiate("res://player.tscn")) is Late


def test_the_main_scene_may_be_changed_while_it_becomes_ready(write_project: WriteProject) -> None:
    """It is the current scene by then, so the next one takes its place and may have its name."""

    class Main(Node):
        def _ready(self) -> None:
            assert tree.current_scene is self
            tree.change_scene_to_packed(game.load("res://menu.tscn"))

    folder = write_project(
        {
            "project.godot": 'config_version=5\n[application]\nrun/main_scene="res://main.tscn"\n',
            "main.tscn": f'{BEGIN}[node name="Main" type="Node"]\n',
            "menu.tscn": f'{BEGIN}[node name="Main" type="Node"]\n[node name="UI" type="Node" parent="."]\n',
        }
    )
    game, tree = Game(folder, {"res://main.tscn": Main}), SceneTree()
    main = game.start(tree)
    tree.process(0)
    assert [str(each.name) for each in tree.root.get_children()] == ["Main"]
    assert tree.root.has_node("Main/UI")
    assert tree.current_scene is tree.root.get_node("Main") is not main


def test_what_is_no_node_stands_for_nothing(corpus: Path) -> None:
    with pytest.raises(TypeError, match=r"res://a\.gd"):
        script("res://a.gd")(int)  # type: ignore[type-var]
    with pytest.raises(TypeError, match=r"res://player\.gd must map to a subclass of Node, not 3"):
        Game(corpus, {"res://player.gd": 3})  # type: ignore[dict-item]


def test_a_class_that_is_no_spawner_cannot_stand_for_one(write_project: WriteProject) -> None:
    text = BEGIN + '[ext_resource type="Script" path="res://s.gd" id="1"]\n'
    text += '[node name="S" type="MultiplayerSpawner"]\nscript = ExtResource("1")\n'
    folder = write_project({"a.tscn": text, "s.gd": ""})

    class Spawner(MultiplayerSpawner):
        pass

    assert isinstance(Game(folder, {"res://s.gd": Spawner}).instantiate("res://a.tscn"), Spawner)
    with pytest.raises(TypeError, match=r"Player replaces res://s\.gd, so it must inherit MultiplayerSpawner"):
        Game(folder, {"res://s.gd": Player}).instantiate("res://a.tscn")


def test_a_game_starts_as_godot_starts_it(corpus: Path) -> None:
    game, tree = Game(corpus), SceneTree()
    main = game.start(tree)
    assert [str(node.name) for node in tree.root.get_children()] == ["Network", "Lobby", "ByUid", "Quiet", "Main"]
    assert tree.current_scene is main
    assert repr(game) == f"<Game 'Corpus; with a semicolon' in {corpus}>"


def test_a_game_without_a_main_scene_and_an_autoload_that_is_gone(write_project: WriteProject) -> None:
    game = Game(write_project({"project.godot": '[autoload]\nA="*res://gone.tscn"\nB="*res://b.gd"\n', "b.gd": ""}))
    tree = SceneTree()
    assert game.start(tree) is None
    assert [str(node.name) for node in tree.root.get_children()] == ["B"]
    told = [str(each) for each in game.project.problems]
    assert "res://project.godot:2: autoload A is skipped: res://gone.tscn: no such file" in told


def test_scenes_are_read_once_and_made_often(corpus: Path) -> None:
    game = Game(corpus)
    scene = game.load("uid://b1player0000")
    assert isinstance(scene, PackedScene)
    assert scene is game.load("res://player.tscn")
    assert (scene.resource_path, repr(scene)) == ("res://player.tscn", "<PackedScene res://player.tscn>")
    first, second = scene.instantiate(), scene.instantiate()
    assert first is not second
    with pytest.raises(SceneError, match="no such file"):
        game.load("res://gone.tscn")


def test_instances_share_configs_and_no_values(write_project: WriteProject) -> None:
    text = (
        BEGIN
        + '[sub_resource type="SceneReplicationConfig" id="1"]\nproperties/0/path = NodePath(".:hp")\n'
        + '[sub_resource type="Curve" id="2"]\n'
        + '[node name="A" type="Node"]\nitems = [1, {"a": [2]}]\nbytes = PackedByteArray(1)\n'
        + 'typed = Array[int]([1])\ncurve = SubResource("2")\n'
        + '[node name="S" type="MultiplayerSynchronizer" parent="."]\nreplication_config = SubResource("1")\n'
    )
    scene = Game(write_project({"a.tscn": text})).load("res://a.tscn")
    first: Any = scene.instantiate()
    second: Any = scene.instantiate()
    first.items[1]["a"].append(3)
    first.bytes.append(2)
    first.typed.append(2)
    assert second.items == [1, {"a": [2]}]
    assert bytes(second.bytes) == b"\x01"
    assert list(second.typed) == [1]
    assert isinstance(first.curve, SubResource)
    assert first.curve is second.curve
    assert first.get_node("S").replication_config is second.get_node("S").replication_config


def test_properties_that_are_no_attributes_stay_in_the_scene(
    write_project: WriteProject, caplog: pytest.LogCaptureFixture
) -> None:
    class Strict(Node):
        @property
        def speed(self) -> int:
            return 0

        @speed.setter
        def speed(self, value: int) -> None:
            raise ValueError(value)

    text = BEGIN + '[ext_resource type="Script" path="res://s.gd" id="1"]\n[node name="A" type="Node"]\n'
    text += 'script = ExtResource("1")\nget_node = 1\n_hidden = 2\nmetadata/x = 3\nspeed = 4\nlast = 5\n'
    with caplog.at_level(logging.ERROR, "godot_enet"):
        node: Any = Game(write_project({"a.tscn": text, "s.gd": ""}), {"res://s.gd": Strict}).instantiate(
            "res://a.tscn"
        )
    assert callable(node.get_node)
    assert node.last == 5
    assert not hasattr(node, "_hidden")
    assert not hasattr(node, "metadata/x")
    assert "Cannot set speed of Strict to the value in its scene." in caplog.text


def test_signals_are_connected_where_both_ends_are_here(write_project: WriteProject) -> None:
    heard: list[Any] = []

    class Main(Node):
        def __init__(self) -> None:
            self.hit: Signal[[int]] = Signal(self, "hit")

        def _on_hit(self, *args: object) -> None:
            heard.append(args)

        def _on_spawned(self, node: Node) -> None:
            heard.append(node.name)

    inner = BEGIN + '[node name="Inner" type="Node"]\n[node name="Timer" type="Timer" parent="."]\n'
    inner += '[connection signal="timeout" from="Timer" to="." method="queue_free"]\n'
    text = (
        BEGIN
        + '[ext_resource type="Script" path="res://main.gd" id="1"]\n'
        + '[ext_resource type="PackedScene" path="res://inner.tscn" id="2"]\n'
        + '[node name="A" type="Node"]\nscript = ExtResource("1")\n'
        + '[node name="B" parent="." instance=ExtResource("2")]\n'
        + '[node name="S" type="MultiplayerSpawner" parent="."]\n[node name="Button" type="Button" parent="."]\n'
        + '[connection signal="spawned" from="S" to="." method="_on_spawned"]\n'
        + '[connection signal="hit" from="." to="." method="_on_hit" binds= ["x", Vector2(1, 2)]]\n'
        + '[connection signal="pressed" from="Button" to="." method="_on_hit"]\n'
        + '[connection signal="ready" from="B" to="." method="_on_hit"]\n'
        + '[connection signal="tree_exited" from="B" to="." method="_nowhere"]\n'
        + '[connection signal="child_entered_tree" from="B" to="." method="_on_hit" flags=6 unbinds=1]\n'
    )
    files = {"a.tscn": text, "inner.tscn": inner, "main.gd": ""}
    main: Any = Game(write_project(files), {"res://main.gd": Main}).instantiate("res://a.tscn")
    main.hit.emit(5)
    main.get_node("S").spawned.emit(Node("New"))
    assert heard == [(5, "x", Vector2(1, 2)), "New"]
    heard.clear()
    tree = SceneTree()
    tree.root.add_child(main)
    main.get_node("B").add_child(Node("Late"))
    assert heard == [(), ()], "the timer enters, and then it is ready"
    main.get_node("B/Timer").timeout.emit()
    assert main.get_node("B").is_queued_for_deletion()


def test_properties_that_are_nodes(write_project: WriteProject) -> None:
    text = (
        BEGIN
        + '[node name="A" type="Node" node_paths=PackedStringArray("target", "all", "lost")]\n'
        + 'target = NodePath("B/C")\nall = [NodePath("B"), NodePath("B/C")]\n'
        + 'lost = NodePath("D")\nplain = NodePath("B")\n'
        + '[node name="B" type="Node" parent="."]\n[node name="C" type="Node" parent="B"]\n'
    )
    node: Any = Game(write_project({"a.tscn": text})).instantiate("res://a.tscn")
    assert node.target is node.get_node("B/C")
    assert node.all == [node.get_node("B"), node.get_node("B/C")]
    assert node.lost is None
    assert node.plain == NodePath("B")


def test_timers_are_timers(write_project: WriteProject) -> None:
    text = BEGIN + '[node name="T" type="Timer"]\nwait_time = 2.5\none_shot = true\n'
    timer = Game(write_project({"a.tscn": text})).instantiate("res://a.tscn")
    assert isinstance(timer, Timer)
    assert (timer.wait_time, timer.one_shot) == (2.5, True)


def test_a_uid_names_a_registered_scene(write_project: WriteProject, monkeypatch: pytest.MonkeyPatch) -> None:
    for registry in ("_factories", "_paths"):
        monkeypatch.setattr(scenes, registry, {})
    game = Game(write_project({"a.tscn": '[gd_scene format=3 uid="uid://abc"]\n[node name="A" type="Node"]\n'}))
    game.register_scenes()
    spawner = MultiplayerSpawner()
    spawner.add_spawnable_scene("uid://abc")
    assert spawner.get_spawnable_scene(0) == "res://a.tscn"
    made = instantiate_scene("uid://abc")
    assert made is not None
    assert made.scene_file_path == "res://a.tscn"


def test_spawners_make_the_scenes_in_their_list(corpus: Path) -> None:
    game = Game(corpus, {"res://player.gd": Player})
    spawner = game.instantiate("res://main.tscn").get_node("Spawner")
    made = [scene.factory() for scene in spawner._scenes]
    assert [(type(each), each.scene_file_path) for each in made] == [
        (Player, "res://player.tscn"),
        (Player, "res://boss.tscn"),
        (Player, "res://player.tscn"),
    ]
