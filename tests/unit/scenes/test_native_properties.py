"""Nodes of scenes have the properties of their Godot class, as Godot's own nodes do."""

from __future__ import annotations

from typing import Any

import pytest

from godot_enet import Basis, Node, Transform3D, Vector2, Vector3
from godot_enet.scenes import Game
from godot_enet.scenes.native_properties import native_class, native_properties, placed
from tests.unit.scenes.conftest import WriteProject

SCENE = """\
[gd_scene format=3]
[ext_resource type="Script" path="res://player.gd" id="1"]
[node name="Player" type="CharacterBody2D"]
script = ExtResource("1")
rotation = 0.5
[node name="Body" type="CharacterBody3D" parent="."]
transform = Transform3D(0.707107, 0.5, -0.5, 0, 0.707107, 0.707107, 0.707107, -0.5, 0.5, 1, 2, 3)
[node name="Animation" type="AnimationPlayer" parent="."]
[node name="Plain" type="Node" parent="."]
[node name="Foreign" type="FromAnExtension" parent="."]
"""


class Player(Node):
    position = Vector2(7, 8)
    rotation = 0.25

    def __init__(self) -> None:
        super().__init__()
        self.velocity = Vector2(1, 1)


def player(write_project: WriteProject, classes: dict[str, Any]) -> Any:
    folder = write_project({"player.tscn": SCENE, "player.gd": "extends CharacterBody2D\n"})
    return Game(folder, classes).instantiate("res://player.tscn")


def test_what_a_scene_does_not_say_is_as_in_godot(write_project: WriteProject) -> None:
    made = player(write_project, {})
    assert (made.position, made.rotation, made.scale) == (Vector2(), 0.5, Vector2(1, 1))
    assert (made.velocity, made.visible, made.max_slides) == (Vector2(), True, 4)
    assert made.get_node("Animation").current_animation == ""
    assert made.get_node("Body").velocity == Vector3()
    assert type(made.get_node("Plain")) is type(made.get_node("Foreign")) is Node


def test_a_class_of_the_program_precedes_godots_and_the_scene_precedes_both(write_project: WriteProject) -> None:
    made = player(write_project, {"res://player.gd": Player})
    assert (made.position, made.velocity, made.rotation) == (Vector2(7, 8), Vector2(1, 1), 0.5)
    assert (made.scale, made.max_slides) == (Vector2(1, 1), 4)


def test_nodes_do_not_share_what_they_set(write_project: WriteProject) -> None:
    one, other = player(write_project, {}), player(write_project, {})
    one.position += Vector2(1, 0)
    assert (one.position, other.position) == (Vector2(1, 0), Vector2())


def test_a_class_has_what_it_inherits_unless_it_differs() -> None:
    assert native_properties("Label")["mouse_filter"] == 2 != native_properties("Control")["mouse_filter"]
    assert native_properties("Label")["modulate"] == native_properties("CanvasItem")["modulate"]
    assert not native_properties("FromAnExtension")


def test_an_unnamed_node_is_called_by_its_native_class() -> None:
    parent, made = Node("Parent"), native_class("Sprite2D")()
    parent.add_child(made)
    assert str(made.name).startswith("@Sprite2D@")


@pytest.mark.parametrize(
    ("transform", "order", "rotation", "scale"),
    [  # what Godot 4.6.3 says of them
        (
            Basis(Vector3(0.707107, 0, 0.707107), Vector3(0.5, 0.707107, -0.5), Vector3(-0.5, 0.707107, 0.5)),
            2,
            Vector3(-0.785398, -0.785398, 0),
            Vector3(1, 1, 1),
        ),
        (Basis(Vector3(-2, 0, 0), Vector3(0, 1, 0), Vector3(0, 0, 1)), 0, Vector3(3.141593, 0, 0), Vector3(-2, -1, -1)),
    ],
    ids=["turned", "mirrored"],
)
def test_a_transform_places_a_node(transform: Basis, order: int, rotation: Vector3, scale: Vector3) -> None:
    found: Any = placed(Transform3D(transform, Vector3(1, 2, 3)), order)
    assert found["position"] == Vector3(1, 2, 3)
    assert tuple(found["rotation"]) == pytest.approx(tuple(rotation), abs=1e-5)
    assert tuple(found["scale"]) == pytest.approx(tuple(scale), abs=1e-5)


def test_what_is_no_transform_places_nothing(write_project: WriteProject) -> None:
    assert placed("nothing") == {}
    made: Any = player(write_project, {}).get_node("Body")
    assert made.position == Vector3(1, 2, 3)
    assert tuple(made.rotation) == pytest.approx((-0.785398, -0.785398, 0), abs=1e-5)
