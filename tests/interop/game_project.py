"""A Godot game of scenes, and its scripts in Python: each can host, and each can join."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from godot_enet import ENetMultiplayerPeer, Error, MultiplayerAPI, Node, SceneTree, Vector2, rpc
from godot_enet.scenes import Game

__all__ = ["CLASSES", "FILES", "start_game"]

FILES = {
    "project.godot": """\
config_version=5

[application]

config/name="Interop"
run/main_scene="uid://b1interopmain"

[autoload]

Network="*res://network.gd"
Scores="*res://scores.tscn"
""",
    "network.gd": """\
extends Node

var heard := []


func _ready() -> void:
	var arguments := OS.get_cmdline_user_args()
	var peer := ENetMultiplayerPeer.new()
	if arguments[0] == "server":
		assert(peer.create_server(int(arguments[1])) == OK)
		multiplayer.peer_connected.connect(func(id): get_node("/root/Main").welcome(id))
		print("serving")
	else:
		assert(peer.create_client("127.0.0.1", int(arguments[1])) == OK)
	multiplayer.multiplayer_peer = peer
	multiplayer.server_disconnected.connect(get_tree().quit)


@rpc("any_peer", "reliable")
func ask() -> void:
	answer.rpc_id(multiplayer.get_remote_sender_id(), get_node("/root/Main").described())


@rpc("any_peer", "reliable")
func answer(text: String) -> void:
	heard.append(text)


@rpc("any_peer")
func finish() -> void:
	get_tree().quit()
""",
    "scores.tscn": """\
[gd_scene format=3]

[ext_resource type="Script" path="res://scores.gd" id="1"]
[ext_resource type="SceneReplicationConfig" path="res://scores.tres" id="2"]

[node name="Scores" type="Node"]
script = ExtResource("1")

[node name="Sync" type="MultiplayerSynchronizer" parent="."]
replication_config = ExtResource("2")
""",
    "scores.gd": "extends Node\nvar best := 0\nvar names := []\n",
    "scores.tres": """\
[gd_resource type="SceneReplicationConfig" format=3]

[resource]
properties/0/path = NodePath(".:best")
properties/0/spawn = true
properties/0/replication_mode = 2
properties/1/path = NodePath(".:names")
properties/1/spawn = true
properties/1/replication_mode = 2
""",
    "main.tscn": """\
[gd_scene format=3 uid="uid://b1interopmain"]

[ext_resource type="Script" path="res://main.gd" id="1"]
[ext_resource type="PackedScene" path="res://arena.tscn" id="2"]

[node name="Main" type="Node2D"]
script = ExtResource("1")

[node name="Players" type="Node2D" parent="."]
unique_name_in_owner = true

[node name="PlayerSpawner" type="MultiplayerSpawner" parent="."]
_spawnable_scenes = PackedStringArray("uid://b1interopplay")
spawn_path = NodePath("../Players")

[node name="Arena" parent="." instance=ExtResource("2")]

[node name="Bombs" type="Node2D" parent="Arena/Pit"]

[node name="BombSpawner" type="MultiplayerSpawner" parent="."]
_spawnable_scenes = PackedStringArray("res://boss.tscn", "res://bomb.tscn")
spawn_path = NodePath("../Arena/Pit/Bombs")

[editable path="Arena"]
""",
    "main.gd": """\
extends Node2D


func welcome(id: int) -> void:
	var player = load("res://player.tscn").instantiate()
	player.name = str(id)
	player.hp = 70
	player.position = Vector2(3, 4)
	%Players.add_child(player, true)
	var bomb = load("res://bomb.tscn").instantiate()
	bomb.name = "Bomb%d" % id
	bomb.get_node("Fuse").left = 2.5
	$Arena/Pit/Bombs.add_child(bomb, true)
	var boss = load("res://boss.tscn").instantiate()
	boss.name = "Boss%d" % id
	boss.rage = 9
	get_node("Arena").enemies().add_child(boss, true)
	$Arena.wave = 3
	var scores = get_node("/root/Scores")
	scores.best = 12
	scores.names = ["a", "b"]


func described() -> String:
	var lines := []
	for node in [%Players, $Arena/Pit/Bombs, $Arena/Enemies]:
		for child in node.get_children():
			lines.append("%s %s" % [get_path_to(child), child.described()])
	var scores = get_node("/root/Scores")
	lines.append("scores %d %s, wave %d" % [scores.best, ",".join(scores.names), $Arena.wave])
	return "\\n".join(lines)
""",
    "arena.tscn": """\
[gd_scene format=3]

[ext_resource type="Script" path="res://arena.gd" id="1"]

[sub_resource type="SceneReplicationConfig" id="Config_4"]
properties/0/path = NodePath(".:wave")
properties/0/spawn = true
properties/0/replication_mode = 2

[node name="Arena" type="Node2D" groups=["arenas"]]
script = ExtResource("1")

[node name="Sync" type="MultiplayerSynchronizer" parent="."]
replication_config = SubResource("Config_4")

[node name="Enemies" type="Node2D" parent="."]
unique_name_in_owner = true

[node name="Pit" type="Node2D" parent="."]

[node name="EnemySpawner" type="MultiplayerSpawner" parent="."]
_spawnable_scenes = PackedStringArray("res://boss.tscn")
spawn_path = NodePath("../Enemies")
""",
    "arena.gd": "extends Node2D\n\nvar wave := 1\n\n\nfunc enemies():\n\treturn %Enemies\n",
    "player.tscn": """\
[gd_scene format=3 uid="uid://b1interopplay"]

[ext_resource type="Script" path="res://player.gd" id="1"]

[sub_resource type="SceneReplicationConfig" id="Config_1"]
properties/0/path = NodePath(".:position")
properties/0/spawn = true
properties/0/replication_mode = 1
properties/1/path = NodePath(".:hp")
properties/1/spawn = true
properties/1/replication_mode = 2

[node name="Player" type="Node2D" groups=["players"]]
script = ExtResource("1")
hp = 100

[node name="Sync" type="MultiplayerSynchronizer" parent="."]
replication_config = SubResource("Config_1")
""",
    "player.gd": """\
extends Node2D

@export var hp := 1


@rpc("any_peer", "reliable", "call_local")
func hit(damage: int) -> void:
	hp -= damage


func described() -> String:
	return "%d at %d,%d" % [hp, position.x, position.y]
""",
    "boss.tscn": """\
[gd_scene format=3]

[ext_resource type="PackedScene" path="res://player.tscn" id="1"]
[ext_resource type="Script" path="res://boss.gd" id="2"]

[sub_resource type="SceneReplicationConfig" id="Config_2"]
properties/0/path = NodePath(".:rage")
properties/0/spawn = true
properties/0/replication_mode = 0

[node name="Boss" groups=["bosses"] instance=ExtResource("1")]
script = ExtResource("2")
hp = 500

[node name="RageSync" type="MultiplayerSynchronizer" parent="." index="1"]
replication_config = SubResource("Config_2")
""",
    "boss.gd": """\
extends "res://player.gd"

var rage := 0


func described() -> String:
	return "%s, rage %d" % [super(), rage]
""",
    "bomb.tscn": """\
[gd_scene format=3]

[ext_resource type="Script" path="res://bomb.gd" id="1"]
[ext_resource type="Script" path="res://fuse.gd" id="2"]

[sub_resource type="SceneReplicationConfig" id="Config_3"]
properties/0/path = NodePath("Fuse:left")
properties/0/spawn = true
properties/0/sync = true
properties/0/watch = false

[node name="Bomb" type="Node2D"]
script = ExtResource("1")

[node name="Fuse" type="Node" parent="."]
script = ExtResource("2")

[node name="Sync" type="MultiplayerSynchronizer" parent="."]
replication_config = SubResource("Config_3")
replication_interval = 0.02
""",
    "bomb.gd": 'extends Node2D\n\n\nfunc described() -> String:\n\treturn "fuse %.1f" % $Fuse.left\n',
    "fuse.gd": "extends Node\n\nvar left := 0.0\n",
}
"""The project: five configs, three spawners, instanced and inherited scenes, autoloads, groups."""


class Network(Node):
    """``network.gd``."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    @rpc("any_peer", "reliable")
    def ask(self) -> None:
        main = self.get_node("/root/Main")
        self.answer.rpc_id(self.multiplayer.get_remote_sender_id(), main.described())

    @rpc("any_peer", "reliable")
    def answer(self, text: str) -> None:
        self.heard.append(text)

    @rpc("any_peer")
    def finish(self) -> None: ...


class Scores(Node):
    """``scores.gd``."""

    def __init__(self) -> None:
        self.best = 0
        self.names: list[str] = []


class Player(Node):
    """``player.gd``."""

    hp = 1
    position = Vector2.ZERO

    @rpc("any_peer", "reliable", "call_local")
    def hit(self, damage: int) -> None:
        self.hp -= damage

    def described(self) -> str:
        return f"{self.hp} at {self.position.x:.0f},{self.position.y:.0f}"


class Arena(Node):
    """``arena.gd``."""

    wave = 1


class Boss(Player):
    """``boss.gd``."""

    rage = 0

    def described(self) -> str:
        return f"{super().described()}, rage {self.rage}"


class Fuse(Node):
    """``fuse.gd``."""

    left = 0.0


class Bomb(Node):
    """``bomb.gd``."""

    def described(self) -> str:
        return f"fuse {self.get_node('Fuse').left:.1f}"


class Main(Node):
    """``main.gd``."""

    game: Game

    def welcome(self, id: int) -> None:
        player: Any = self.game.instantiate("res://player.tscn")
        player.name, player.hp, player.position = str(id), 70, Vector2(3, 4)
        self.get_node("%Players").add_child(player, True)
        bomb = self.game.instantiate("res://bomb.tscn")
        bomb.name = f"Bomb{id}"
        bomb.get_node("Fuse").left = 2.5
        self.get_node("Arena/Pit/Bombs").add_child(bomb, True)
        boss: Any = self.game.instantiate("res://boss.tscn")
        boss.name, boss.rage = f"Boss{id}", 9
        self.get_node("Arena").get_node("%Enemies").add_child(boss, True)
        self.get_node("Arena").wave = 3
        scores = self.get_node("/root/Scores")
        scores.best, scores.names = 12, ["a", "b"]

    def described(self) -> str:
        places = ("%Players", "Arena/Pit/Bombs", "Arena/Enemies")
        children: list[Any] = [child for place in places for child in self.get_node(place).get_children()]
        scores = self.get_node("/root/Scores")
        lines = [f"{self.get_path_to(child)} {child.described()}" for child in children]
        wave = self.get_node("Arena").wave
        return "\n".join([*lines, f"scores {scores.best} {','.join(scores.names)}, wave {wave}"])


CLASSES: dict[str, type[Node]] = {
    "res://network.gd": Network,
    "res://scores.gd": Scores,
    "res://main.gd": Main,
    "res://arena.gd": Arena,
    "res://player.gd": Player,
    "res://boss.gd": Boss,
    "res://bomb.gd": Bomb,
    "res://fuse.gd": Fuse,
}


def start_game(folder: Path, port: int, *, serves: bool) -> tuple[SceneTree, ENetMultiplayerPeer]:
    """The game in Python, with a peer."""
    game, tree = Game(folder, CLASSES), SceneTree()
    peer = ENetMultiplayerPeer()
    made = peer.create_server(port) if serves else peer.create_client("127.0.0.1", port)
    assert made is Error.OK
    api = tree.get_multiplayer()
    assert isinstance(api, MultiplayerAPI)
    main: Any = game.start(tree)
    main.game = game
    api.multiplayer_peer = peer
    if serves:
        main.multiplayer.peer_connected.connect(main.welcome)
    return tree, peer
