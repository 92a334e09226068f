"""The reader against what Godot says of the same files; ``tests/interop/scene_recorder.py`` has recorded it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from godot_enet.compat.variant import NodePath, encode_variant
from godot_enet.scenes.errors import SceneError
from godot_enet.scenes.project import Project
from godot_enet.scenes.records import ExtResource, SubResource, TypedArray
from godot_enet.scenes.replication import spawner_setup, synchronizer_setup
from godot_enet.scenes.resource_file import parse_resource_file
from godot_enet.scenes.scene import SceneNode
from tests.rows import each_row
from tests.unit.scenes.corpus import BROKEN

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "scenes.json").read_text(encoding="utf-8"))
SCENES = sorted(VECTORS["scenes"])


def described(value: Any) -> Any:
    """As the recorder does it: bytes of the binary form as text, and what has resources in it piece by piece."""
    if isinstance(value, ExtResource):
        return ["external", value.path]
    if isinstance(value, SubResource):
        return ["internal", value.type]
    if isinstance(value, TypedArray):
        value = value.elements
    if isinstance(value, list) and any(isinstance(each, (ExtResource, SubResource)) for each in value):
        return ["array", [described(each) for each in value]]
    return encode_variant(value).hex()


@each_row("text, expected", VECTORS["values"], ids=repr)
def test_a_value_is_what_godot_reads(text: str, expected: Any) -> None:
    scene = f'[gd_scene format=3]\n[node name="R" type="Node"]\nv = {text}\n'
    if expected is None:
        with pytest.raises(SceneError, match=r"^res://a.tscn:\d+: expected "):
            parse_resource_file(scene, "res://a.tscn")
        return
    file = parse_resource_file(scene, "res://a.tscn")
    if expected == "more than one":  # Godot goes on behind the value
        assert list(file.nodes[0].properties) != ["v"] or len(file.nodes) > 1
        return
    assert described(file.nodes[0].properties["v"]) == expected


@each_row("name, is_loaded", VECTORS["broken"], ids=repr)
def test_a_broken_file_is_refused(name: str, is_loaded: bool) -> None:
    assert not is_loaded
    with pytest.raises(SceneError, match=r"^res://a.tscn:\d+: expected ") as caught:
        parse_resource_file(BROKEN[name], "res://a.tscn")
    assert 0 < caught.value.line <= BROKEN[name].count("\n") + 1


@each_row("path", SCENES)
def test_a_file_says_what_godots_scene_state_says(corpus: Path, path: str) -> None:
    expected = VECTORS["scenes"][path]["state"]
    file = Project(corpus).resource_file(path)
    for section, godot in zip(file.nodes, expected["nodes"], strict=True):
        assert section.text("name") == godot["name"]
        assert section.text("type") == godot["type"]
        assert section.text("instance_placeholder") == godot["placeholder"]
        assert list(section.fields.get("groups", [])) == godot["groups"]
        assert int(section.text("index") or -1) == godot["index"]
        instance = section.fields.get("instance")
        if section is not file.nodes[0]:
            assert (instance.path if instance else "") == godot["instance"]
        properties = {name: described(value) for name, value in section.properties.items()}
        assert properties == godot["properties"], section.text("name")
    connections = [
        [
            each.text("signal"),
            *(str(NodePath(each.text(name))) for name in ("from", "to")),
            each.text("method"),
            each.fields.get("flags", 2),
            described(each.fields.get("binds", [])),
        ]
        for each in file.connections
    ]
    assert connections == expected["connections"]


def row(project: Project, node: SceneNode, top: SceneNode) -> dict[str, Any]:
    found: dict[str, Any] = {
        "path": node.path,
        "class": node.type,
        "scene": node.scene,
        "owner": node.owner.path if node.owner else "",
        "unique": node.is_unique,
        "groups": node.groups,
        "script": node.script,
    }
    if node.type == "MultiplayerSpawner":
        spawner = spawner_setup(project, node)
        found["spawner"] = [str(spawner.spawn_path), spawner.spawn_limit, spawner.scenes]
    if node.type == "MultiplayerSynchronizer":
        setup = synchronizer_setup(project, node)
        found["synchronizer"] = [
            str(setup.root_path),
            setup.replication_interval,
            setup.delta_interval,
            setup.visibility_update_mode,
            setup.public_visibility,
            [[str(each.path), each.spawn, each.mode] for each in setup.properties],
        ]
    return found


@each_row("path", SCENES)
def test_a_scene_makes_the_tree_that_godot_makes(corpus: Path, path: str) -> None:
    project = Project(corpus)
    scene = project.scene(path)
    assert [row(project, node, scene.root) for node in scene.nodes()] == VECTORS["scenes"][path]["tree"]
