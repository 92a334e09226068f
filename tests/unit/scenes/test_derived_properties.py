"""Properties that Godot computes from others, of nodes whose synchronizer replicates them: with Godot's own values."""

from __future__ import annotations

from typing import Any

from godot_enet.scenes import Game
from godot_enet.scenes.tokens import Cursor
from godot_enet.scenes.values import read_value
from tests.unit.scenes.conftest import WriteProject

NODES = """\
[node name="Top" type="Node2D"]
position = Vector2(10, 20)
rotation = 0.5
scale = Vector2(2, 3)
[node name="Inner" type="Node2D" parent="."]
position = Vector2(1, 2)
rotation = 0.25
scale = Vector2(1, 2)
skew = 0.125
[node name="Sync" type="MultiplayerSynchronizer" parent="Inner"]
replication_config = SubResource("0")
[node name="Room" type="Node3D" parent="."]
transform = Transform3D(0, 0, 2, 0, 2, 0, -2, 0, 0, 1, 2, 3)
[node name="Body" type="Node3D" parent="Room"]
transform = Transform3D(1, 0, 0, 0, 0, -1, 0, 1, 0, 4, 5, 6)
[node name="Sync" type="MultiplayerSynchronizer" parent="Room/Body"]
replication_config = SubResource("1")
"""
GODOT = {
    "Inner": {
        "global_position": "Vector2(8.878612, 26.224346)",
        "global_rotation": "0.86577713",
        "global_scale": "Vector2(2.075101, 5.772078)",
        "transform": "Transform2D(0.9689124, 0.24740396, -0.7325451, 1.8610152, 1, 2)",
        "global_transform": "Transform2D(1.3447659, 1.580395, -3.9623923, 4.1971817, 8.878612, 26.224346)",
        "rotation_degrees": "14.323944",
        "global_skew": "-0.10914576",
    },
    "Room/Body": {
        "global_position": "Vector3(13, 12, -5)",
        "global_rotation": "Vector3(1.5707964, 1.5707964, 0)",
        "transform": "Transform3D(1, 0, 0, 0, 0, -1, 0, 1, 0, 4, 5, 6)",
        "global_transform": "Transform3D(0, 2, 0, 0, 0, -2, -2, 0, 0, 13, 12, -5)",
        "quaternion": "Quaternion(0.70710677, 0, 0, 0.70710677)",
        "basis": "Basis(1, 0, 0, 0, 0, -1, 0, 1, 0)",
        "global_basis": "Basis(0, 2, 0, 0, 0, -2, -2, 0, 0)",
        "rotation_degrees": "Vector3(90, 0, 0)",
    },
}
"""What Godot 4.6 says of the nodes, as text."""


def scene() -> str:
    configs = []
    for number, names in enumerate(GODOT.values()):
        configs.append(f'[sub_resource type="SceneReplicationConfig" id="{number}"]')
        configs += [f'properties/{index}/path = NodePath(".:{name}")' for index, name in enumerate(names)]
    return "\n".join(["[gd_scene format=3]", *configs, NODES])


def is_near(one: Any, other: Any) -> bool:
    return bool(one.is_equal_approx(other) if hasattr(one, "is_equal_approx") else abs(one - other) < 1e-5)


def test_they_begin_as_in_godot(write_project: WriteProject) -> None:
    top = Game(write_project({"top.tscn": scene()})).instantiate("res://top.tscn")
    for path, expected in GODOT.items():
        for name, text in expected.items():
            value = getattr(top.get_node(path), name)
            assert is_near(value, read_value(Cursor(text, "godot"))), (path, name, value)
    assert not hasattr(top, "global_position"), "no synchronizer has it"


def test_what_is_no_property_of_the_kind_stays_missing(write_project: WriteProject) -> None:
    text = scene().replace('NodePath(".:global_position")', 'NodePath("../Nowhere:transform")')
    text = text.replace('NodePath(".:quaternion")', 'NodePath(".:unknown")')
    top = Game(write_project({"top.tscn": text})).instantiate("res://top.tscn")
    assert not hasattr(top.get_node("Room/Body"), "unknown")
    assert not hasattr(top.get_node("Inner"), "global_position")
