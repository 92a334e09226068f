"""Values, broken files and whole projects for the reader of scenes. What Godot says of them is in the vectors."""

from __future__ import annotations

__all__ = ["BROKEN", "PROJECT", "VALUES"]

VALUES = [
    # words and numbers
    "true",
    "false",
    "null",
    "nil",
    "inf",
    "-inf",
    "inf_neg",
    "nan",
    "0",
    "-0",
    "7",
    "-42",
    "007",
    "9223372036854775807",
    "-9223372036854775808",
    "1.5",
    "-1.5",
    "1.",
    "1e3",
    "1E-3",
    "1.5e+2",
    "1e",
    "1.e2",
    "-0.0",
    "0.1",
    "123456789.123",
    "1e308",
    "3.4028235e38",
    "1e-40",
    "12345678901234567890.0",
    # strings
    '""',
    '"a"',
    '"a b\\"c\\\\d"',
    '"\\b\\t\\n\\f\\r\\q\\\'"',
    '"two\nlines"',
    '"caf\u00e9 \u4f60\u597d \U0001f600"',
    '"\\u0041\\U000042"',
    '&"name"',
    '@"old name"',
    '&""',
    '"tab\there"',
    '"; no comment"',
    '"[brackets]"',
    # paths and handles
    'NodePath("")',
    'NodePath(".")',
    'NodePath("../A/B:position:x")',
    'NodePath(":hp")',
    'NodePath("/root/A")',
    'NodePath("%Unique/B")',
    "RID()",
    "RID( )",
    "Signal()",
    "Callable()",
    # vectors and their kin
    "Vector2(1, 2)",
    "Vector2( 1.5 , -2 )",
    "Vector2(inf, -inf)",
    "Vector2(nan, inf_neg)",
    "Vector2(0.1, 1e-3)",
    "Vector2i(1, -2)",
    "Vector2i(1.9, -1.9)",
    "Vector2i(2147483648, 4294967296)",
    "Rect2(1, 2, 3, 4)",
    "Rect2i(1, 2, 3, 4)",
    "Vector3(1, 2, 3)",
    "Vector3i(1, 2, 3)",
    "Vector4(1, 2, 3, 4)",
    "Vector4i(1, 2, 3, 4)",
    "Transform2D(1, 2, 3, 4, 5, 6)",
    "Matrix32(1, 2, 3, 4, 5, 6)",
    "Plane(1, 2, 3, 4)",
    "Quaternion(1, 2, 3, 4)",
    "Quat(0, 0, 0, 1)",
    "AABB(1, 2, 3, 4, 5, 6)",
    "Rect3(1, 2, 3, 4, 5, 6)",
    "Basis(1, 2, 3, 4, 5, 6, 7, 8, 9)",
    "Matrix3(1, 2, 3, 4, 5, 6, 7, 8, 9)",
    "Transform3D(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)",
    "Transform(1, 0, 0, 0, 1, 0, 0, 0, 1, 10, 11, 12)",
    "Projection(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)",
    "Color(1, 0.5, 0.25, 1)",
    "Color( 1, 1, 1, 1 )",
    "#ff8000",
    "#f80",
    "#ff800080",
    "#F808",
    "Vector2(1\n,\n2)",
    "Vector2 (1, 2)",
    "Vector2(1, ; a comment\n 2)",
    # arrays and dictionaries
    "[]",
    "[ ]",
    "[1]",
    '[1, 2.5, "a", null, true]',
    "[1, 2, ]",
    "[[1], [2, [3]]]",
    "[1,\n2]",
    "[,]",
    "[1 , , 2]",
    "{}",
    "{ }",
    '{"a": 1}',
    '{"a": 1, }',
    '{"a": 1, "b": {"c": [1, 2]}}',
    "{1: 2, 1.0: 3, true: 4}",
    '{"a": 1, "a": 2}',
    '{&"a": 1, "a": 2}',
    "{[1]: 2}",
    "{null: null}",
    '{\n"a": 1,\n"b": 2\n}',
    "{Vector2(1, 2): 3}",
    "Array[int]([1, 2])",
    "Array[int]([])",
    "Array[int]([1.5, 2])",
    'Array[int](["x"])',
    'Array[String](["a"])',
    "Array[Vector2]([Vector2(1, 2)])",
    'Array[StringName]([&"a", "b"])',
    "Array[float]([1, 2.5])",
    'Array[NodePath]([NodePath("a")])',
    "Array[Array]([[1]])",
    "Array[Variant]([1])",
    "Array[bool]([true])",
    'Dictionary[String, int]({"a": 1})',
    'Dictionary[int, Variant]({1: "a"})',
    'Dictionary[Variant, int]({"a": 1})',
    'Dictionary[String, Array]({"a": [1]})',
    'Dictionary[StringName, float]({&"a": 1})',
    "Dictionary[int, int]({})",
    'Dictionary[int, int]({"a": 1})',
    # packed arrays
    "PackedByteArray()",
    "PackedByteArray(1, 2, 255)",
    "PackedByteArray(256, -1)",
    'PackedByteArray("AQID")',
    'PackedByteArray("")',
    "PoolByteArray( 1, 2 )",
    "ByteArray(1)",
    "PackedInt32Array(1, -2, 2147483648)",
    "PackedIntArray(1)",
    "PoolIntArray( 1, 2 )",
    "IntArray(1)",
    "PackedInt32Array(1.9)",
    "PackedInt64Array(1, 9007199254740993, -9223372036854775808)",
    "PackedFloat32Array(0.1, 1, inf)",
    "PackedRealArray(1)",
    "PoolRealArray( 1.5 )",
    "FloatArray(1)",
    "PackedFloat64Array(0.1, 1, nan)",
    "PackedStringArray()",
    'PackedStringArray("a", "b,c")',
    'PackedStringArray("a", )',
    'PoolStringArray( "a" )',
    'StringArray("a")',
    "PackedVector2Array(1, 2, 3, 4)",
    "PackedVector2Array(1, 2, 3)",
    "PoolVector2Array( 1, 2 )",
    "Vector2Array(1, 2)",
    "PackedVector3Array(1, 2, 3)",
    "PoolVector3Array( 1, 2, 3 )",
    "Vector3Array(1, 2, 3)",
    "PackedVector4Array(1, 2, 3, 4)",
    "PackedColorArray(1, 0, 0, 1)",
    "PoolColorArray( 1, 0, 0, 1 )",
    "ColorArray(1, 0, 0, 1)",
    # what Godot refuses
    "",
    "yes",
    "Vector2(1)",
    "Vector2(1, 2, 3)",
    "Vector2(1, 2",
    "Vector2(1 2)",
    "Vector2(1,)",
    "Vector2(+1, 2)",
    "Vector2(.5, 2)",
    'Vector2("1", 2)',
    "+1",
    ".5",
    "- 1",
    "[1 2]",
    "[1",
    "{1}",
    "{1: }",
    '{"a" 1}',
    '"open',
    "'single'",
    "&name",
    "Color(1, 1, 1)",
    "NodePath(a)",
    "NodePath()",
    "Array([1])",
    "Array[int]([1)",
    "Array[int](1)",
    'PackedByteArray("A")',
    'PackedByteArray("*")',
    "PackedStringArray(1)",
    "Dictionary({})",
    '"\\ud800"',
    '"\\u12"',
    "$",
    "Vector2(1_0, 2)",
    "Vector2(1, 2))",
    "PackedInt32Array(1 2)",
    "PackedFloat32Array(1,,2)",
    "PackedFloat32Array(1-2)",
]
"""Right sides of an assignment."""

_BEGIN = "[gd_scene format=3]\n"
_NODE = '[node name="A" type="Node"]\n'

BROKEN = {
    "an empty file": "",
    "blank": "\n\n  \n",
    "no section": "a = 1\n",
    "another beginning": "[gd_thing format=3]\n" + _NODE,
    "a newer format": "[gd_scene format=9]\n" + _NODE,
    "no nodes": _BEGIN,
    "a beginning that does not end": "[gd_scene format=3",
    "a field without a value": "[gd_scene format=]\n" + _NODE,
    "a field without equals": "[gd_scene format]\n" + _NODE,
    "ext_resource without a path": _BEGIN + '[ext_resource type="Script" id="1"]\n' + _NODE,
    "ext_resource without a type": _BEGIN + '[ext_resource path="res://a.gd" id="1"]\n' + _NODE,
    "ext_resource without an id": _BEGIN + '[ext_resource path="res://a.gd" type="Script"]\n' + _NODE,
    "an unknown ext_resource": _BEGIN + _NODE + 'x = ExtResource("9")\n',
    "an unknown sub_resource": _BEGIN + _NODE + 'x = SubResource("9")\n',
    "sub_resource without a type": _BEGIN + '[sub_resource id="1"]\n' + _NODE,
    "sub_resource without an id": _BEGIN + '[sub_resource type="Resource"]\n' + _NODE,
    "sub_resources out of order": _BEGIN
    + '[sub_resource type="Resource" id="1"]\nmetadata/x = SubResource("2")\n[sub_resource type="Resource" id="2"]\n'
    + _NODE,
    "ext_resource behind sub_resource": _BEGIN
    + '[sub_resource type="Resource" id="1"]\n[ext_resource path="res://a.gd" type="Script" id="1"]\n'
    + _NODE,
    "sub_resource behind node": _BEGIN + _NODE + '[sub_resource type="Resource" id="1"]\n',
    "resource in a scene": _BEGIN + "[resource]\n",
    "an unknown section": _BEGIN + _NODE + "[what]\n",
    "a connection without a method": _BEGIN + _NODE + '[connection signal="ready" from="." to="."]\n',
    "editable without a path": _BEGIN + _NODE + "[editable]\n",
    "a value that does not end": _BEGIN + _NODE + "x = [1, 2\n",
    "a string that does not end": _BEGIN + _NODE + 'x = "a\n\n',
    "a value that is missing": _BEGIN + _NODE + "x =\n",
    "a section in a value": _BEGIN + _NODE + 'x = \n[node name="B" type="Node" parent="."]\n',
    "no comma": _BEGIN + _NODE + "x = [1 2]\n",
}
"""Scenes that Godot does not load."""

PROJECT = {
    "project.godot": """\
; Engine configuration file.
config_version=5

[application]

config/name="Corpus; with a semicolon"
run/main_scene="uid://b1main000000"
config/features=PackedStringArray("4.6", "Forward Plus")
config/tags=[
"a",
]

[autoload]

Network="*res://network.gd"
Lobby="*res://lobby.tscn"
ByUid="*uid://cautoload000"
Quiet="res://quiet.gd"

[input]

jump={
"deadzone": 0.5,
"events": [Object(InputEventKey,"resource_local_to_scene":false,"device":-1,"keycode":32,"script":null)
]
}

[physics]

common/physics_ticks_per_second=30
""",
    "network.gd": "extends Node\n",
    "quiet.gd": "extends Node\n",
    "byuid.gd": "extends Node\n",
    "byuid.gd.uid": "uid://cautoload000\n",
    "player.gd": "extends Node2D\nvar hp := 1\n",
    "player.gd.uid": "uid://bplayer00000\n",
    "lobby.tscn": '[gd_scene format=3]\n\n[node name="Lobby" type="Node"]\n',
    "main.tscn": """\
[gd_scene load_steps=7 format=3 uid="uid://b1main000000"]

[ext_resource type="PackedScene" uid="uid://b1player0000" path="res://moved/away.tscn" id="1_a"]
[ext_resource type="Script" path="res://player.gd" id="2_b"]
[ext_resource type="PackedScene" path="res://boss.tscn" id="3_c"]
[ext_resource type="SceneReplicationConfig" path="res://config.tres" id="4_d"]

[sub_resource type="SceneReplicationConfig" id="Config_1"]
properties/0/path = NodePath(".:position")
properties/0/spawn = true
properties/0/replication_mode = 1
properties/1/path = NodePath(".:hp")
properties/1/spawn = false
properties/1/replication_mode = 2
properties/2/path = NodePath("Sprite:modulate")
properties/2/spawn = true
properties/2/replication_mode = 0

[sub_resource type="SceneReplicationConfig" id="Config_2"]
properties/0/path = NodePath(".:position")
properties/0/spawn = true
properties/0/sync = true
properties/0/watch = false
properties/1/path = NodePath(".:hp")
properties/1/spawn = true
properties/1/sync = false
properties/1/watch = true
properties/2/path = NodePath(".:name")
properties/2/spawn = true
properties/2/sync = false
properties/2/watch = false

[sub_resource type="SceneReplicationConfig" id="Config_3"]
properties/2/path = NodePath(".:early")
properties/0/path = NodePath(".:hp")
properties/0/replication_mode = 7
properties/0/spawn = 1
properties/1/path = NodePath(".:hp")
properties/01/path = NodePath(".:rotation")
properties/1/replication_mode = 2
properties/5/spawn = true

[sub_resource type="SceneReplicationConfig" id="Config_4"]
properties/0/path = NodePath("no_subname")
properties/00/path = "text"

[node name="Main" type="Node2D" groups=["levels", "all"]]
position = Vector2(1, 2)
metadata/_edit_lock_ = true

[node name="Players" type="Node2D" parent="."]
unique_name_in_owner = true

[node name="Player" parent="Players" instance=ExtResource("1_a")]
position = Vector2(5, 6)

[node name="Hat" parent="Players/Player/Sprite" index="0"]
texture = null
hat_size = 3

[node name="Feather" type="Node2D" parent="Players/Player/Sprite/Hat" index="0" groups=["feathers"]]
unique_name_in_owner = true

[node name="First" type="Node" parent="Players/Player" index="0"]

[node name="Boss" parent="." instance=ExtResource("3_c")]

[node name="Later" parent="." instance_placeholder="res://player.tscn"]
position = Vector2(9, 9)

[node name="Spawner" type="MultiplayerSpawner" parent="."]
_spawnable_scenes = PackedStringArray("uid://b1player0000", "res://boss.tscn", "res://player.tscn")
spawn_path = NodePath("../Players")
spawn_limit = 4

[node name="EmptySpawner" type="MultiplayerSpawner" parent="."]

[node name="Sync" type="MultiplayerSynchronizer" parent="."]
root_path = NodePath("../Players/Player")
replication_interval = 0.1
delta_interval = 0.5
replication_config = SubResource("Config_1")
visibility_update_mode = 2
public_visibility = false

[node name="OldSync" type="MultiplayerSynchronizer" parent="."]
replication_config = SubResource("Config_2")

[node name="OddSync" type="MultiplayerSynchronizer" parent="."]
replication_config = SubResource("Config_3")

[node name="EmptySync" type="MultiplayerSynchronizer" parent="."]
replication_config = SubResource("Config_4")

[node name="SharedSync" type="MultiplayerSynchronizer" parent="."]
replication_config = ExtResource("4_d")

[node name="BareSync" type="MultiplayerSynchronizer" parent="."]

[connection signal="ready" from="." to="Players" method="queue_redraw"]
[connection signal="tree_entered" from="Players/Player" to="." method="set_name" flags=18 binds= ["x", Vector2(1, 2)]]

[editable path="Players/Player"]
""",
    "config.tres": """\
[gd_resource type="SceneReplicationConfig" format=3 uid="uid://cconfig00000"]

[resource]
properties/0/path = NodePath(".:position")
properties/0/spawn = false
properties/0/replication_mode = 2
""",
    "player.tscn": """\
[gd_scene load_steps=3 format=3 uid="uid://b1player0000"]

[ext_resource type="Script" uid="uid://bplayer00000" path="res://player.gd" id="1_xyz"]

[sub_resource type="RectangleShape2D" id="RectangleShape2D_1"]
size = Vector2(8, 8)

[node name="Player" type="Node2D" groups=["players"]]
script = ExtResource("1_xyz")
hp = 100
metadata/colors = [Color(1, 0, 0, 1), #00ff00]

[node name="Sprite" type="Sprite2D" parent="."]
unique_name_in_owner = true

[node name="Hat" type="Sprite2D" parent="Sprite"]

[node name="Area" type="Area2D" parent="." groups=["areas"]]

[node name="Shape" type="CollisionShape2D" parent="Area"]
shape = SubResource("RectangleShape2D_1")
"quoted name" = 1
spaced   name = 2
metadata/typed = Array[Resource]([SubResource("RectangleShape2D_1"), null])

[node name="Sync" type="MultiplayerSynchronizer" parent="."]
root_path = NodePath("..")
""",
    "boss.tscn": """\
[gd_scene load_steps=2 format=3]

[ext_resource type="PackedScene" path="player.tscn" id="1"]

[node name="Boss" groups=["bosses", "players"] instance=ExtResource("1")]
hp = 500

[node name="Sprite" parent="." index="0" groups=["big"]]
scale = Vector2(2, 2)

[node name="Minion" parent="." instance=ExtResource("1")]
hp = 5

[node name="Crown" type="Node2D" parent="Sprite" index="0"]
""",
    "boss_of_bosses.tscn": """\
[gd_scene format=3]
[ext_resource type="PackedScene" path="res://boss.tscn" id="1"]
[node name="Top" instance=ExtResource("1")]
script = null
[node name="Area" parent="Minion" index="1"]
monitoring = false
""",
    "godot3.tscn": """\
[gd_scene load_steps=4 format=2]

[ext_resource path="res://player.gd" type="Script" id=1]
[ext_resource path="res://lobby.tscn" type="PackedScene" id=2]

[sub_resource type="RectangleShape2D" id=1]
extents = Vector2( 8, 8 )

[node name="Old" type="Node2D" groups=[
"old",
]]
script = ExtResource( 1 )
__meta__ = {
"_edit_group_": true
}
points = PoolVector2Array( 1, 2, 3, 4 )

[node name="Lobby" parent="." instance=ExtResource( 2 )]

[node name="Shape" type="CollisionShape2D" parent="."]
shape = SubResource( 1 )

[connection signal="ready" from="." to="Lobby" method="add_to_group" binds= [ "x" ]]
""",
    "spacing.tscn": """\
; a comment
[gd_scene
format = 3 ]
; another
[node name = "Odd"
type="Node" groups = ["a" , "b",]]
a=1
b = 2 ; behind a value

  c   =   [ 1 ,
    2 ]
[node name="Kid" type="Node" parent="." index="0"] [node name="Kid2" type="Node" parent="./Kid"] d = 4
""",
    "order.tscn": """\
[gd_scene format=3]
[node name="R" type="Node"]
[node name="C" type="Node" parent="."]
[node name="A" type="Node" parent="." index="0"]
[node name="B" type="Node" parent="." index="1"]
[node name="D" type="Node" parent="." index="9"]
""",
    "vanished.tscn": """\
[gd_scene format=3]
[ext_resource type="PackedScene" path="res://lobby.tscn" id="1"]
[node name="R" type="Node"]
[node name="Lobby" parent="." instance=ExtResource("1")]
[node name="Gone" parent="Lobby" index="0"]
x = 1
[node name="Under" type="Node" parent="Lobby/Gone"]
[node name="Lost" type="Node" parent="Nowhere"]
[node name="Kept" type="Node" parent="Lobby"]
""",
    "owners.tscn": """\
[gd_scene format=3]
[ext_resource type="PackedScene" path="res://player.tscn" id="1"]
[node name="R" type="Node"]
[node name="P" parent="." instance=ExtResource("1")]
[node name="Extra" type="Node" parent="P/Area" owner="."]
unique_name_in_owner = true
[node name="Sprite" parent="P" index="0"]
unique_name_in_owner = false
[editable path="P"]
""",
    "crlf.tscn": (
        '[gd_scene format=3]\r\n\r\n[node name="R" type="Node"]\r\ntext = "a\r\nb"\r\n'
        '\r\n[node name="K" type="Node" parent="."]\r\n'
    ),
}
"""A project with everything; names of files and their texts."""
