"""``python -m godot_enet scene-skeleton``: modules that run unchanged, and fit the project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from godot_enet.__main__ import main
from godot_enet.compat.scene.replication import scenes as registered_scenes
from godot_enet.scenes import Project, classes
from godot_enet.tools import scene_check
from godot_enet.tools.scene_skeleton import skeleton
from tests.demos.program import Program, free_port
from tests.interop import game_project
from tests.unit.scenes.conftest import WriteProject, write_files, write_project
from tests.unit.scenes.corpus import PROJECT

__all__ = ["write_project"]

SCRIPT = """\
class_name Thing extends Node2D

const PORT = 9000 + 1
var speed := 2.5
var where: Vector2 = Vector2(1, 2) :
	set(value):
		where = value
var names: Array[String] = ["a"]
var far = INF
var aim: Vector2
var is_on: bool
var title: String

func host():
	var peer = ENetMultiplayerPeer.new()
	peer.create_server(port_of_somebody)
	peer.create_server(PORT, 8)
	peer.host.compress(ENetConnection.COMPRESS_RANGE_CODER)

@rpc("any_peer", "call_local", "unreliable_ordered", 3)
func a(number: int, lambda: String, color := Color.RED, rest = null, from = "x\\"y"): pass
@rpc
func b(...all): pass
@rpc("unreliable") func c(who: Node, list: Array[int], table = {}): pass
"""
SCENE = """\
[gd_scene format=3]
[ext_resource type="Script" path="res://some-thing.gd" id="1"]
[sub_resource type="SceneReplicationConfig" id="1"]
properties/0/path = NodePath(".:speed")
properties/1/path = NodePath(".:where:x")
properties/2/path = NodePath(".:names")
properties/3/path = NodePath(".:far")
properties/4/path = NodePath(".:unknown")
properties/5/path = NodePath(".:aim")
properties/6/path = NodePath(".:is_on")
properties/7/path = NodePath(".:title")
properties/8/path = NodePath(".:position")
properties/9/path = NodePath(".:global_position")
properties/10/path = NodePath(".:transform")
[node name="Thing" type="Node2D"]
script = ExtResource("1")
[node name="Sync" type="MultiplayerSynchronizer" parent="."]
replication_config = SubResource("1")
"""


@pytest.fixture
def registries(monkeypatch: pytest.MonkeyPatch) -> None:
    """No class and no scene is registered, nor will be in the end."""
    monkeypatch.setattr(classes, "_registered", {})
    monkeypatch.setattr(registered_scenes, "_factories", {})


def test_what_a_script_says_is_in_its_class(write_project: WriteProject) -> None:
    project = Project(write_project({"some-thing.gd": SCRIPT, "thing.tscn": SCENE}))
    lines = skeleton(project).splitlines()
    start = lines.index('@script("res://some-thing.gd")')
    assert lines[start + 1 : start + 25] == [
        "class SomeThing(Node):",
        "    speed: float = 2.5",
        "    where: Vector2 = Vector2(1.0, 2.0)",
        "    names: list[Any] | None = None",
        "    far: Any = None",
        "    unknown: Any = None",
        "    aim: Vector2 = Vector2(0.0, 0.0)",
        "    is_on: bool = False",
        '    title: str = ""',
        "    global_position: Vector2 = Vector2(0.0, 0.0)",
        "    transform: Transform2D = Transform2D(Vector2(1.0, 0.0), Vector2(0.0, 1.0), Vector2(0.0, 0.0))",
        "",
        '    @rpc("any_peer", "call_local", "unreliable_ordered", 3)',
        "    def a(self, number: int, lambda_: str, color: Color = Color(1.0, 0.0, 0.0, 1.0), rest: Any = None, "
        'from_: str = "x\\"y") -> None:',
        '        heard(self, "a", number, lambda_, color, rest, from_)',
        "",
        "    @rpc",
        "    def b(self, *rest: Any) -> None:",
        '        heard(self, "b", *rest)',
        "",
        '    @rpc("authority", "unreliable")',
        "    def c(self, who: Any, list: list[Any], table: Any = None) -> None:",
        '        heard(self, "c", who, list, table)',
        "",
    ]
    assert "PORT = 9001" in lines
    assert "    peer.host.compress(ENetConnection.COMPRESS_RANGE_CODER)" in lines
    [imported] = [line for line in lines if line.startswith("from godot_enet import ")]
    assert "ENetConnection, ENetMultiplayerPeer, Error, Node, SceneTree, Transform2D, Vector2, rpc" in imported


CODE = """\
# var no = MultiplayerSpawner.new()
var say = "MultiplayerSpawner.new()"
var spawner = MultiplayerSpawner.new()

func _ready():
	add_child(MultiplayerSynchronizer.new())
	$Spawner.spawn_function = make
	$Spawner.add_spawnable_scene("res://a.tscn")
	spawn_function = make
"""


def test_nodes_that_a_script_makes_are_named(write_project: WriteProject) -> None:
    project = Project(write_project({"code.gd": CODE}))
    skeleton(project)
    assert list(scene_check.check(project, [])) == []
    assert [str(each) for each in project.problems] == [
        "res://code.gd:3: the script makes a MultiplayerSpawner; do the same",
        "res://code.gd:6: the script makes a MultiplayerSynchronizer; do the same",
        "res://code.gd:7: the script sets the spawn_function of a node; do the same",
        "res://code.gd:8: the script calls add_spawnable_scene; do the same",
    ]


UNSEEN = {
    "project.godot": 'config_version=5\n[application]\nrun/main_scene="res://menu.tscn"\n',
    "menu.tscn": '[gd_scene format=3]\n[node name="Menu" type="Node"]\n',
    "bullet.tscn": '[gd_scene format=3]\n[node name="Bullet" type="Node2D"]\n',
    "main.tscn": """\
[gd_scene format=3]
[node name="Main" type="Node"]
[node name="Spawner" type="MultiplayerSpawner" parent="."]
_spawnable_scenes = PackedStringArray("res://bullet.tscn")
""",
}
"""A game that begins with a menu, and spawns in a scene that comes later."""
LOST = UNSEEN | {"main.tscn": UNSEEN["main.tscn"].replace("res://bullet.tscn", "uid://nowhere")}
"""One whose spawner has a scene that no file is."""


def lines_of(write_project: WriteProject, files: dict[str, str]) -> list[str]:
    return skeleton(Project(write_project(files))).splitlines()


@pytest.mark.parametrize(
    ("scripts", "expected"),
    [
        (["func host(port: int = 9000 + 1):\n\tpeer.create_server(port)\n"], "PORT = 9001"),
        (["@export var port := 4242\nfunc join(to):\n\tpeer.create_client(to, port)\n"], "PORT = 4242"),
        (["func host():\n\tp.create_server(Config.host)\n", "var other = 1\nvar host := 5005\n"], "PORT = 5005"),
        (
            ["func host(port):\n\tp.create_server(port)\n", 'const C = {\n\t"GAME_PORT": 8080,\n}\n'],
            "PORT = 8080  # a guess, from res://1.gd:2",
        ),
        (["# port = 8080\nvar port_name = 8081\n"], "PORT = 7000  # not found in the scripts: set it"),
    ],
)
def test_the_port_of_a_game(write_project: WriteProject, scripts: list[str], expected: str) -> None:
    files = {f"{number}.gd": text for number, text in enumerate(scripts)}
    assert [line for line in lines_of(write_project, files) if line.startswith("PORT = ")] == [expected]


AUTHORITIES = """\
extends Node2D
@onready var sync = $Deep/Sync
func _enter_tree():
	set_multiplayer_authority(name.to_int())
	# set_multiplayer_authority(7)
func _ready():
	if str(name).is_valid_int(): $"Input".set_multiplayer_authority(int(str(name)), false)
	var id: int = str(name).to_int()
	sync.set_multiplayer_authority(id)
	get_node("Other").set_multiplayer_authority(other)
func later():
	set_multiplayer_authority(name.to_int())
"""


def test_authorities_by_name_are_set_and_others_are_named(write_project: WriteProject) -> None:
    scene = '[gd_scene format=3]\n[ext_resource type="Script" path="res://a.gd" id="1"]\n'
    scene += '[node name="A" type="Node2D"]\nscript = ExtResource("1")\n'
    lines = lines_of(write_project, {"a.gd": AUTHORITIES, "a.tscn": scene})
    start = lines.index("class A(Node):")
    assert lines[start + 1 : start + 12] == [
        '    # Set this authority, too: res://a.gd:10: get_node("Other").set_multiplayer_authority(other)',
        "    # Set this authority, too: res://a.gd:12: set_multiplayer_authority(name.to_int())",
        "",
        "    def _enter_tree(self) -> None:",
        "        if str(self.name).isdecimal():",
        "            self.set_multiplayer_authority(int(self.name))  # res://a.gd:4",
        "",
        "    def _ready(self) -> None:",
        "        if str(self.name).isdecimal():",
        '            self.get_node("Input").set_multiplayer_authority(int(self.name))  # res://a.gd:7',
        '            self.get_node("Deep/Sync").set_multiplayer_authority(int(self.name))  # res://a.gd:9',
    ]


def test_the_nodes_of_a_spawn_function_are_a_guess(write_project: WriteProject) -> None:
    scene = '[gd_scene format=3]\n[ext_resource type="Script" path="res://s.gd" id="1"]\n'
    scene += '[node name="S" type="MultiplayerSpawner"]\nscript = ExtResource("1")\n'
    script = "func _ready():\n\tset_spawn_function(make)\nfunc make(data):\n\treturn Node.new()\n"
    lines = lines_of(write_project, {"s.gd": script, "s.tscn": scene})
    told = '        """A guess: create the node, with its name and values, as make() in res://s.gd:3 does."""'
    assert told in lines


def test_an_annotation_that_godot_refuses_is_a_problem(write_project: WriteProject) -> None:
    project = Project(write_project({"a.gd": "@rpc(authority)\nfunc a(): pass\n@rpc func b(): pass\n"}))
    skeleton(project)
    assert "cannot be read: @rpc(authority) cannot be read: 'authority' is unknown" in str(project.problems[0])


@pytest.mark.usefixtures("registries")
@pytest.mark.parametrize("files", [game_project.FILES, PROJECT, UNSEEN, LOST], ids=["game", "corpus", "menu", "lost"])
def test_it_fits_the_project(tmp_path: Path, files: dict[str, str]) -> None:
    project = Project(write_files(tmp_path, files))
    names: dict[str, Any] = {"__name__": "skeleton"}
    exec(compile(skeleton(project), "skeleton.py", "exec", dont_inherit=True), names)
    assert [str(each) for each in scene_check.check(project, [names["make_tree"]().root])] == []


def test_one_end_hosts_and_the_other_joins(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "godot", game_project.FILES)
    made = subprocess.run(
        [sys.executable, "-m", "godot_enet", "scene-skeleton", folder], capture_output=True, text=True, timeout=60
    )
    assert (made.returncode, made.stderr) == (0, "")
    member = tmp_path / "member.py"
    member.write_text(made.stdout, encoding="utf-8")
    port = str(free_port())
    with Program(member, "--server", "--port", port) as server, Program(member, "--port", port) as client:
        client.wait_for("peer 1 connected")
        server.wait_for("connected")


def test_a_project_that_there_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scene-skeleton", str(tmp_path)]) == 2
    told = f"scene-skeleton: res://project.godot: no such file in {tmp_path.resolve()}\n"
    assert capsys.readouterr().err == told
