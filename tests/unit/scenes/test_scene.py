"""Trees of scenes: what cannot be had is named and left out, and sizes are bounded."""

from __future__ import annotations

from pathlib import Path

import pytest

from godot_enet.scenes import Project, Scene, SceneError, scene_builder
from tests.rows import each_row
from tests.unit.scenes.conftest import WriteProject

BEGIN = "[gd_scene format=3]\n"
ROOT = '[node name="R" type="Node"]\n'


def using(*paths: str) -> str:
    """The beginning of a scene that uses scenes, as ``1``, ``2`` and so on."""
    lines = [f'[ext_resource type="PackedScene" path="{path}" id="{id}"]\n' for id, path in enumerate(paths, 1)]
    return BEGIN + "".join(lines)


def told(scene: Scene) -> list[str]:
    return [str(each) for each in scene.problems]


def paths(scene: Scene) -> list[str]:
    return [node.path for node in scene.nodes()]


INSTANCE = '[node name="I" parent="." instance=ExtResource("1")]\n[node name="Under" type="Node" parent="I"]\n'
MISSING = [
    ("res://gone.tscn", "I is left out: res://gone.tscn: no such file"),
    ("res://../out.tscn", "I is left out: res://../out.tscn: refused: it leads outside the project's folder"),
    ("uid://bgone", "I is left out: no file has uid://bgone"),
    ("res://binary.scn", "I is left out: res://binary.scn: expected text, found a binary file: "
     "in Godot, save it as .tscn or .tres"),
    ("res://broken.tscn", "I is left out: res://broken.tscn:2: expected a value, found '?'"),
    ("res://a.tscn", "I is left out: scenes instance each other: res://a.tscn -> res://a.tscn"),
    ("res://resource.tscn", "I is left out: res://resource.tscn:1: expected a scene, found a Theme"),
]  # fmt: skip


@each_row("path, reason", MISSING)
def test_an_instance_that_cannot_be_had_is_named_and_left_out(
    write_project: WriteProject, path: str, reason: str
) -> None:
    project = Project(
        write_project(
            {
                "a.tscn": using(path) + ROOT + INSTANCE + '[node name="Kept" type="Node" parent="."]\n',
                "binary.scn": "RSRC",
                "broken.tscn": BEGIN + "x = ?\n",
                "resource.tscn": '[gd_resource type="Theme" format=3]\n[resource]\n',
            }
        )
    )
    scene = project.scene("res://a.tscn")
    assert paths(scene) == [".", "Kept"]
    assert told(scene) == [f"res://a.tscn:4: {reason}"]
    assert project.problems == scene.problems


def test_a_cycle_over_several_scenes(write_project: WriteProject) -> None:
    one = using("res://b.tscn") + ROOT + INSTANCE
    project = Project(write_project({"a.tscn": one, "b.tscn": one.replace("b.tscn", "a.tscn")}))
    scene = project.scene("res://a.tscn")
    assert paths(scene) == [".", "I", "I/Under"]
    text = "I is left out: scenes instance each other: res://a.tscn -> res://b.tscn -> res://a.tscn"
    assert told(scene) == [f"res://b.tscn:4: {text}"]


def test_a_scene_that_inherits_what_cannot_be_had_is_an_error(write_project: WriteProject) -> None:
    project = Project(
        write_project({"a.tscn": using("res://gone.tscn") + '[node name="R" instance=ExtResource("1")]\n'})
    )
    text = r"^res://a\.tscn:3: expected a scene to inherit: res://gone\.tscn: no such file$"
    with pytest.raises(SceneError, match=text):
        project.scene("res://a.tscn")


def test_an_imported_scene_has_the_nodes_that_are_named(write_project: WriteProject) -> None:
    changes = '[node name="Bone" parent="I/Skeleton/Hip" index="0"]\nx = 1\n'
    changes += '[node name="Hat" type="Node" parent="I/Skeleton/Hip"]\n'
    project = Project(write_project({"a.tscn": using("res://m.glb") + ROOT + INSTANCE + changes, "m.glb": "glTF"}))
    scene = project.scene("res://a.tscn")
    assert [(node.path, node.type, node.scene, node.is_imported) for node in scene.nodes()][1:] == [
        ("I", "", "res://m.glb", True),
        ("I/Under", "Node", "", False),
        ("I/Skeleton", "", "", True),
        ("I/Skeleton/Hip", "", "", True),
        ("I/Skeleton/Hip/Bone", "", "", True),
        ("I/Skeleton/Hip/Hat", "Node", "", False),
    ]
    hat, bone = scene.root.find("I/Skeleton/Hip/Hat"), scene.root.find("I/Skeleton/Hip/Bone")
    assert hat is not None
    assert hat.owner is scene.root
    assert bone is not None
    assert bone.owner is scene.root.find("I")
    assert told(scene) == ["res://a.tscn:4: I is an imported scene, whose nodes are unknown: res://m.glb"]


def test_a_script_that_is_not_there(write_project: WriteProject) -> None:
    text = BEGIN + '[ext_resource type="Script" path="res://gone.gd" id="1"]\n' + ROOT + 'script = ExtResource("1")\n'
    scene = Project(write_project({"a.tscn": text})).scene("res://a.tscn")
    assert scene.root.script == "res://gone.gd"
    assert told(scene) == ["res://a.tscn:4: script not found: res://gone.gd"]


def test_a_script_inside_the_scene(write_project: WriteProject) -> None:
    text = BEGIN + '[sub_resource type="GDScript" id="S"]\nscript/source = "x"\n' + ROOT + 'script = SubResource("S")\n'
    assert Project(write_project({"a.tscn": text})).scene("res://a.tscn").root.script == "res://a.tscn::S"


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ('[node name="R" type="Node" parent="."]\n', "expected a root first, found a node with a parent"),
        ('[node name="R"]\n', "expected type= or instance= in the first [node]"),
        ('[node type="Node"]\n', "expected name= in [node], with a name"),
        ('[node name="a/b" type="Node"]\n', "expected name= in [node], with a name"),
    ],
)
def test_a_scene_without_a_proper_root_is_an_error(write_project: WriteProject, nodes: str, reason: str) -> None:
    with pytest.raises(SceneError) as caught:
        Project(write_project({"a.tscn": BEGIN + nodes})).scene("res://a.tscn")
    assert str(caught.value) == f"res://a.tscn:2: {reason}"
    with pytest.raises(SceneError, match="expected parent= in every"):
        Project(write_project({"b.tscn": BEGIN + ROOT + ROOT})).scene("res://b.tscn")


def test_two_nodes_of_one_name(write_project: WriteProject) -> None:
    kid = '[node name="K" type="Node" parent="."]\n'
    scene = Project(write_project({"a.tscn": BEGIN + ROOT + kid + kid})).scene("res://a.tscn")
    assert paths(scene) == [".", "K"]
    assert told(scene) == ["res://a.tscn:4: K is left out: there are two of that name"]


def test_scenes_that_double_at_each_step_end_at_the_limit(
    write_project: WriteProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene_builder, "MAX_NODES", 1000)
    twice = (
        '[node name="A" parent="." instance=ExtResource("1")]\n[node name="B" parent="." instance=ExtResource("1")]\n'
    )
    files = {f"s{step}.tscn": using(f"res://s{step + 1}.tscn") + ROOT + twice for step in range(40)}
    scene = Project(write_project({**files, "s40.tscn": BEGIN + ROOT})).scene("res://s0.tscn")
    assert 900 < len(list(scene.nodes())) <= 1000
    assert {each.text for each in scene.problems} == {"more than 1000 nodes; the rest is skipped"}


def test_scenes_in_scenes_are_bounded(write_project: WriteProject) -> None:
    files = {f"s{step}.tscn": using(f"res://s{step + 1}.tscn") + ROOT + INSTANCE for step in range(70)}
    scene = Project(write_project({**files, "s70.tscn": BEGIN + ROOT})).scene("res://s0.tscn")
    assert told(scene) == ["res://s63.tscn:4: I is left out: scenes instance each other more than 64 deep"]


def test_the_depth_of_nodes_is_bounded_over_instances(write_project: WriteProject) -> None:
    lines, where = [], "."
    for _ in range(200):
        lines.append(f'[node name="N" type="Node" parent="{where}"]\n')
        where = "N" if where == "." else where + "/N"
    deep = BEGIN + ROOT + "".join(lines)
    outer = (
        using("res://deep.tscn")
        + ROOT
        + "".join(lines)
        + f'[node name="I" parent="{where}" instance=ExtResource("1")]\n'
    )
    scene = Project(write_project({"deep.tscn": deep, "a.tscn": outer})).scene("res://a.tscn")
    assert max(node.depth for node in scene.nodes()) == scene_builder.MAX_NODE_DEPTH
    assert [each.text.partition(" is left out: ")[2] for each in scene.problems] == [
        "nodes are nested more than 256 deep"
    ]


def test_nodes_are_found_by_path_and_by_unique_name(corpus: Path) -> None:
    scene = Project(corpus).scene("res://main.tscn")
    root = scene.root
    player = root.find("Players/Player")
    assert player is not None
    sprite = player.find("%Sprite")
    assert sprite is not None
    assert sprite.path == "Players/Player/Sprite"
    assert sprite.find("..") is player
    assert sprite.find("%Sprite") is sprite
    assert root.find("%Sprite") is None  # it belongs to the player's scene
    feather = root.find("%Feather")
    assert feather is not None
    assert feather.path == "Players/Player/Sprite/Hat/Feather"
    assert root.find("Nobody/At/All") is None
    assert root.find("../..") is None


def test_the_origin_of_a_property_is_where_it_was_last_written(corpus: Path) -> None:
    player = Project(corpus).scene("res://main.tscn").root.find("Players/Player")
    assert player is not None
    assert player.origins["hp"].file == "res://player.tscn"
    lines = (corpus / "main.tscn").read_text(encoding="utf-8").splitlines()
    file, line = player.origins["position"]
    assert (file, lines[line - 1]) == ("res://main.tscn", "position = Vector2(5, 6)")


@pytest.mark.parametrize("opening", ["[", '{"a":', "Array[Array]([", 'Object(A,"b":', "Thing("])
def test_the_depth_of_values_is_bounded(write_project: WriteProject, opening: str) -> None:
    project = Project(write_project({"a.tscn": BEGIN + ROOT + "x = " + opening * 20_000}))
    with pytest.raises(SceneError, match=r"^res://a\.tscn:3: expected values nested at most 100 deep"):
        project.scene("res://a.tscn")
