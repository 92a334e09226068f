"""``python -m godot_enet scene-check``: a project and its twin, and differences between the two."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from godot_enet import SceneTree
from godot_enet.compat.scene.replication import scenes as registered_scenes
from godot_enet.scenes import Game, Project, classes
from godot_enet.tools import scene_check
from tests.interop import game_project
from tests.unit.scenes.conftest import write_files

ROOT = Path(__file__).parents[3]
PROJECT = {
    "project.godot": """\
config_version=5
[application]
config/name="Twin"
run/main_scene="res://main.tscn"
[autoload]
Network="*res://network.gd"
Chat="*res://chat.tscn"
Sound="*res://sound.gd"
""",
    "sound.gd": "extends Node\n",
    "network.gd": """\
extends Node
const CHANNEL = 2
@rpc("any_peer", "call_local", "reliable", CHANNEL)
func register(name: String, color = Color.WHITE): pass
@rpc
func begin(): pass
class Inner extends Node:
	@rpc("any_peer")
	func whisper(text): pass
""",
    "chat.gd": 'extends "res://base.gd"\n@rpc("any_peer", "unreliable")\nfunc say(text): pass\n',
    "base.gd": "extends Node\n@rpc\nfunc inherited(): pass\n",
    "chat.tscn": """\
[gd_scene format=3]
[ext_resource type="Script" path="res://chat.gd" id="1"]
[node name="Chat" type="Node"]
[node name="Log" type="Node" parent="."]
script = ExtResource("1")
""",
    "player.gd": 'extends Node2D\nvar hp = 1\n@rpc("any_peer", "call_local")\nfunc hit(damage): pass\n',
    "player.tscn": """\
[gd_scene format=3 uid="uid://bplayer"]
[ext_resource type="Script" path="res://player.gd" id="1"]
[sub_resource type="SceneReplicationConfig" id="1"]
properties/0/path = NodePath(".:position")
properties/0/spawn = true
properties/0/replication_mode = 1
properties/1/path = NodePath(".:hp")
properties/1/spawn = false
properties/1/replication_mode = 2
[node name="Player" type="Node2D"]
script = ExtResource("1")
[node name="Sync" type="MultiplayerSynchronizer" parent="."]
replication_config = SubResource("1")
""",
    "bomb.tscn": '[gd_scene format=3]\n[node name="Bomb" type="Node2D"]\n',
    "later.tscn": """\
[gd_scene format=3]
[node name="Later" type="Node"]
[node name="Spawner" type="MultiplayerSpawner" parent="."]
_spawnable_scenes = PackedStringArray("res://bomb.tscn")
spawn_path = NodePath("..")
""",
    "hall.tscn": """\
[gd_scene format=3]
[node name="Hall" type="Node"]
[node name="Doors" type="MultiplayerSpawner" parent="."]
""",
    "main.tscn": """\
[gd_scene format=3]
[node name="Main" type="Node"]
[node name="Players" type="Node" parent="."]
[node name="Spawner" type="MultiplayerSpawner" parent="."]
_spawnable_scenes = PackedStringArray("uid://bplayer", "res://bomb.tscn")
spawn_path = NodePath("../Players")
""",
}
TWIN = """\
from godot_enet import *
from godot_enet.scenes import script

@script("res://network.gd")
class Network(Node):
    @rpc("any_peer", "call_local", "reliable", 2)
    def register(self, name, color=None): pass
    @rpc
    def begin(self): pass
    class Inner(Node):
        @rpc("any_peer")
        def whisper(self, text): pass

class Base(Node):
    @rpc
    def inherited(self): pass

class Chat(Base):
    @rpc("any_peer", "unreliable")
    def say(self, text): pass

class Player(Node):
    @rpc("any_peer", "call_local")
    def hit(self, damage): pass

def make_player():
    player = Player("Player")
    sync = MultiplayerSynchronizer("Sync")
    config = sync.replication_config = SceneReplicationConfig()
    config.add_property(".:position")
    config.add_property(".:hp")
    config.property_set_spawn(".:hp", False)
    config.property_set_replication_mode(".:hp", 2)
    player.add_child(sync)
    return player

def make_later():
    later = Node("Later")
    later.add_child(MultiplayerSpawner(name="Spawner"))
    spawner = later.get_node("Spawner")
    spawner.spawn_path = ".."
    spawner.add_spawnable_scene("res://bomb.tscn", lambda: Node("Bomb"))
    return later

register_scene("res://later.tscn", make_later)
register_scene("res://player.tscn", make_player)
register_scene("res://bomb.tscn", lambda: Node("Bomb"))

def make_tree():
    tree = SceneTree()
    tree.root.add_child(Network("Network"))
    chat = Node("Chat")
    chat.add_child(Chat("Log"))
    tree.root.add_child(chat)
    main = Node("Main")
    main.add_child(Node("Players"))
    spawner = MultiplayerSpawner("Spawner")
    spawner.spawn_path = "../Players"
    spawner.add_spawnable_scene("res://player.tscn")
    spawner.add_spawnable_scene("res://bomb.tscn")
    main.add_child(spawner)
    tree.root.add_child(main)
    hall = Node("Hall")
    hall.add_child(MultiplayerSpawner("Doors"))
    tree.root.add_child(hall)
    return tree
"""
DIFFERENCES = [
    (
        "register",
        "def register(self, name,",
        "def enroll(self, name,",
        "network.gd:4",
        "RPC register is missing in Python",
    ),
    (
        "another method",
        "    def begin(self): pass",
        "    def begin(self): pass\n    @rpc\n    def more(self): pass",
        "network.gd",
        "RPC more is missing in GDScript",
    ),
    (
        "rpc mode",
        '@rpc("any_peer", "unreliable")',
        '@rpc("authority", "unreliable")',
        "chat.gd:3",
        "RPC say is any_peer",
    ),
    (
        "transfer mode",
        '@rpc("any_peer", "unreliable")',
        '@rpc("any_peer", "reliable")',
        "chat.gd:3",
        "RPC say is any_peer",
    ),
    (
        "call_local",
        '@rpc("any_peer", "call_local")',
        '@rpc("any_peer")',
        "player.gd:4",
        "RPC hit is any_peer, call_local",
    ),
    ("channel", '"reliable", 2)', '"reliable", 3)', "network.gd:4", "reliable, channel 2 in GDScript"),
    ("arguments", "def hit(self, damage)", "def hit(self)", "player.gd:4", "RPC hit takes 1 argument in GDScript, 0"),
    ("a default", "color=None", "color", "network.gd:4", "takes 1 to 2 arguments in GDScript, 2 arguments in Python"),
    ("an inner class", "def whisper(self, text)", "def shout(self, text)", "network.gd:9", "RPC whisper is missing"),
    (
        "no inner class",
        "class Inner(Node)",
        "class Outer(Node)",
        "network.gd:9",
        "there is no class for network.gd:Inner",
    ),
    (
        "an inherited method",
        "def inherited(self)",
        "def inherit(self)",
        "base.gd:3",
        "RPC inherited is missing in Python",
    ),
    ("an autoload", 'Network("Network")', 'Network("Net")', "project.godot:6", "there is no autoload Network"),
    (
        "an autoload's scene",
        'chat = Node("Chat")',
        'chat = Node("Chats")',
        "project.godot:7",
        "there is no autoload Chat",
    ),
    ("a node's name", 'Chat("Log")', 'Chat("Logs")', "chat.tscn:4", "there is no node Log"),
    ("the main scene", 'main = Node("Main")', 'main = Node("World")', "main.tscn:2", "there is no main scene Main"),
    (
        "order of scenes",
        'spawner.add_spawnable_scene("res://player.tscn")\n',
        "pass\n",
        "main.tscn:5",
        "spawns res://player.tscn, res://bomb.tscn in Godot, res://bomb.tscn in Python",
    ),
    ("spawn_path", '"../Players"', '".."', "main.tscn:6", "has the spawn_path ../Players in Godot, .. in Python"),
    (
        "no spawner",
        'MultiplayerSpawner("Spawner")',
        "MultiplayerSpawner('S')",
        "main.tscn:4",
        "there is no node Spawner",
    ),
    (
        "a property",
        'config.add_property(".:hp")',
        'config.add_property(".:hp", 0)',
        "player.tscn:4",
        "property 0: .:position (always, at spawn) in Godot, .:hp (on change) in Python",
    ),
    (
        "a mode",
        'replication_mode(".:hp", 2)',
        'replication_mode(".:hp", 1)',
        "player.tscn:7",
        ".:hp (on change) in Godot, .:hp (always) in Python",
    ),
    (
        "at spawn",
        'config.property_set_spawn(".:hp", False)',
        "pass",
        "player.tscn:7",
        ".:hp (on change) in Godot, .:hp (on change, at spawn) in Python",
    ),
    (
        "one property more",
        'config.add_property(".:hp")',
        'config.add_property(".:hp"); config.add_property(".:mp")',
        "player.tscn:3",
        "has nothing more in Godot, .:mp (always, at spawn) in Python",
    ),
    (
        "root_path",
        "    player.add_child(sync)",
        "    sync.root_path = '../..'\n    player.add_child(sync)",
        "player.tscn:12",
        "has the root_path .. in Godot, ../.. in Python",
    ),
    (
        "no factory",
        'register_scene("res://bomb.tscn", lambda: Node("Bomb"))',
        "",
        "bomb.tscn:2",
        "no factory is registered",
    ),
    (
        "no synchronizer",
        'sync = MultiplayerSynchronizer("Sync")',
        'sync = Node("Sync")',
        "player.tscn:12",
        "Sync is not a MultiplayerSynchronizer",
    ),
    (
        "a scene that is shown later",
        'spawner.spawn_path = ".."',
        'spawner.spawn_path = "../Spawner"',
        "later.tscn:5",
        "has the spawn_path .. in Godot, ../Spawner in Python",
    ),
    (
        "a scene beside the main scene",
        'MultiplayerSpawner("Doors")',
        'Node("Doors")',
        "hall.tscn:3",
        "Doors is not a MultiplayerSpawner",
    ),
    (
        "a factory that raises",
        'register_scene("res://later.tscn", make_later)',
        'register_scene("res://later.tscn", lambda: 1 / 0)',
        "later.tscn:2",
        "the factory of the scene raises ZeroDivisionError: division by zero",
    ),
    ("no class", '@script("res://network.gd")\n', "", "network.gd:9", "there is no class for network.gd:Inner"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, and the twin as a module beside it."""
    path = tmp_path_factory.mktemp("twin")
    write_files(path / "godot", PROJECT)
    (path / "twin.py").write_text("import sys\nassert len(sys.argv) == 1\n" + TWIN, encoding="utf-8")
    return path


def differences(folder: Path, twin: str) -> list[str]:
    """What the tool says of the project and a twin, which is made here."""
    names: dict[str, Any] = {"__name__": "twin"}
    exec(twin, names)
    return [str(each) for each in scene_check.check(Project(folder / "godot"), [names["make_tree"]().root])]


@pytest.fixture
def registries(monkeypatch: pytest.MonkeyPatch) -> None:
    """No class and no scene is registered, nor will be in the end."""
    monkeypatch.setattr(classes, "_registered", {})
    monkeypatch.setattr(registered_scenes, "_factories", {})


@pytest.mark.usefixtures("registries")
@pytest.mark.parametrize(
    ("old", "new", "place", "text"), [row[1:] for row in DIFFERENCES], ids=[row[0] for row in DIFFERENCES]
)
def test_a_difference_is_found_and_named(folder: Path, old: str, new: str, place: str, text: str) -> None:
    assert TWIN.count(old) == 1
    lines = differences(folder, TWIN.replace(old, new))
    found = [line for line in lines if line.startswith(f"res://{place}: ") and text in line]
    assert len(found) == 1, lines
    assert found[0].count("; ") >= 1


@pytest.mark.usefixtures("registries")
def test_a_game_made_of_the_project_differs_in_nothing_but_scripts(folder: Path) -> None:
    game, tree = Game(folder / "godot"), SceneTree()
    game.start(tree)
    game.register_scenes()
    found = [str(each) for each in scene_check.check(game.project, [tree.root])]
    assert found
    assert [line for line in found if "is missing in Python" not in line and "there is no class for" not in line] == []


@pytest.mark.usefixtures("registries")
def test_a_game_that_plays_with_godot_differs_in_nothing(tmp_path: Path) -> None:
    folder = write_files(tmp_path, game_project.FILES)
    tree, peer = game_project.start_game(folder, 0, serves=True)
    assert list(scene_check.check(Project(folder), [tree.root])) == []
    peer.close()


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The tool as a program."""
    command = [sys.executable, "-m", "godot_enet", "scene-check", "godot", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def test_a_twin_has_no_difference(folder: Path) -> None:
    ran = run(folder, "twin:make_tree")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "No differences.\n", "")


def test_as_json(folder: Path) -> None:
    (folder / "other.py").write_text(TWIN.replace('Chat("Log")', 'Chat("Logs")'), encoding="utf-8")
    ran = run(folder, "--json", "other:make_tree")
    assert ran.returncode == 1, ran.stderr
    [found] = json.loads(ran.stdout)
    assert found == {
        "file": "res://chat.tscn",
        "line": 4,
        "python": "Node",
        "text": "there is no node Log",
        "effect": "RPCs and replication do not find the node",
    }


@pytest.mark.parametrize("name", ["nobody", "twin:nothing", "twin:sys"])
def test_a_module_that_gives_no_tree(folder: Path, name: str) -> None:
    ran = run(folder, name)
    assert ran.returncode == 2
    assert ran.stderr.startswith("scene-check: ")
