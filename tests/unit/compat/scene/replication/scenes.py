"""The scenes of the recordings, as factories."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.replication.config import SceneReplicationConfig
from godot_enet.compat.scene.replication.scenes import make
from godot_enet.compat.scene.replication.spawner import MultiplayerSpawner
from godot_enet.compat.scene.replication.synchronizer import MultiplayerSynchronizer
from godot_enet.compat.scene.rpc import rpc
from godot_enet.compat.variant import Array, Color, Dictionary, StringName, Vector2, typeof

__all__ = ["SCENES", "Node2D", "Unit", "configuration", "instantiate", "printed", "shown"]


def shown(value: Any) -> str:
    """A value as GDScript prints it."""
    if value is None:
        return "<null>"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, StringName):
        return f'&"{value}"'
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, (dict, Dictionary)):
        return "{ " + ", ".join([f"{shown(key)}: {shown(each)}" for key, each in value.items()]) + " }"
    if isinstance(value, (bytes, list, Array)):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, float) and value == 0:
        return "0.0"  # without a sign
    return str(tuple(value)) if isinstance(value, tuple) else str(value)


def bare(value: Any) -> str:
    """The same, without quotation marks around a text."""
    return str(value) if isinstance(value, str) else shown(value)


_SHOWN = (type(None), bool, int, float, str, StringName, Vector2, list, dict, Array, Dictionary)


def printed(value: Any) -> str:
    """A value as ``unit.gd`` tells of it."""
    return bare(value) if type(value) in _SHOWN else f"type {int(typeof(value))}"


NEVER = SceneReplicationConfig.REPLICATION_MODE_NEVER
ALWAYS = SceneReplicationConfig.REPLICATION_MODE_ALWAYS
ON_CHANGE = SceneReplicationConfig.REPLICATION_MODE_ON_CHANGE


class Node2D(Node):
    """As much of Godot's as the recordings use."""

    _native_class = "Node2D"

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self._position = Vector2()
        self.rotation = 0.0
        self.visible = True
        self.modulate = Color(1, 1, 1, 1)
        self.material: Any = None

    @property
    def position(self) -> Vector2:
        return self._position

    @position.setter
    def position(self, value: Any) -> None:
        self._position = value if isinstance(value, Vector2) else Vector2()  # as Godot takes anything else


class Unit(Node2D):
    """``unit.gd``: tells the recorder of its life."""

    hook: ClassVar[Callable[[Node, str], None]] = staticmethod(lambda node, what: None)

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self.hp: Any = 100
        self.label: Any = "ab"
        self.ammo: Any = 7
        self.tag: Any = 1

    def note(self, what: str) -> None:
        Unit.hook(self, what)

    def _enter_tree(self) -> None:
        self.note(f"_enter_tree hp={printed(self.hp)} pos={bare(self.position)}")

    def _ready(self) -> None:
        self.note(f"_ready hp={printed(self.hp)} pos={bare(self.position)} ammo={printed(self.ammo)}")

    def _exit_tree(self) -> None:
        self.note("_exit_tree")

    @rpc("any_peer", "call_local")
    def hit(self, n: int) -> None:
        self.note(f"hit {n}")


class Two(Unit):
    def _enter_tree(self) -> None:
        super()._enter_tree()
        name = str(self.name)
        self.get_node("Input").set_multiplayer_authority(int(name) if name.isdigit() else 1)


class Late(Unit):
    def _ready(self) -> None:
        super()._ready()
        digits = "".join(filter(str.isdigit, str(self.name)))  # as GDScript's int() takes a text
        self.get_node("Sync").set_multiplayer_authority(int(digits or 0))


class Nest(Unit):
    def _ready(self) -> None:
        super()._ready()
        if self.is_multiplayer_authority():
            self.get_node("Inside").add_child(instantiate("plain", "Inner"), True)


def configuration(*properties: tuple[str, bool, int]) -> SceneReplicationConfig:
    """One with these paths, whether they are part of a spawn, and their modes."""
    config = SceneReplicationConfig()
    for path, spawn, mode in properties:
        config.add_property(path)
        config.property_set_spawn(path, spawn)
        config.property_set_replication_mode(path, mode)
    return config


def _synchronizer(name: str, *properties: tuple[str, bool, int]) -> MultiplayerSynchronizer:
    node = MultiplayerSynchronizer(name)
    node.replication_config = configuration(*properties)
    return node


_UNIT = [
    (".:hp", True, ON_CHANGE),
    (".:position", True, ALWAYS),
    (".:label", True, NEVER),
    (".:ammo", False, ON_CHANGE),
]


def _unit() -> Node:
    node = Unit("Unit")
    node.add_child(_synchronizer("Sync", *_UNIT))
    return node


def _late() -> Node:
    node = Late("Late")
    node.add_child(_synchronizer("Sync", *_UNIT))
    return node


def _two() -> Node:
    node = Two("Two")
    node.add_child(Node2D("Head"))
    node.add_child(_synchronizer("State", (".:hp", True, ALWAYS)))
    node.add_child(_synchronizer("Input", (".:tag", True, ALWAYS), ("Head:rotation", True, ON_CHANGE)))
    return node


def _nest() -> Node:
    node = Nest("Nest")
    node.add_child(Node("Inside"))
    spawner = MultiplayerSpawner("InnerSpawner")
    spawner.add_spawnable_scene("res://plain.tscn", _plain)
    spawner.set_spawn_path("../Inside")
    node.add_child(spawner)
    return node


def _plain() -> Node:
    return Unit("Plain")


def _deep() -> Node:
    node = Unit("Deep")
    arm = Node2D("Arm")
    arm.add_child(_synchronizer("ArmSync", (".:rotation", True, ALWAYS)))
    node.add_child(arm)
    return node


def _many() -> Node:
    node = Unit("Many")
    node.label = "0123456789" * 6
    properties = configuration((".:label", True, ALWAYS), (".:hp", True, ON_CHANGE), (".:position", True, ALWAYS))
    for number in range(20):
        synchronizer = MultiplayerSynchronizer(f"Sync{number}")
        synchronizer.replication_config = properties
        node.add_child(synchronizer)
    return node


SCENES: dict[str, Callable[[], Node]] = {
    "plain": _plain,
    "unit": _unit,
    "two": _two,
    "late": _late,
    "nest": _nest,
    "deep": _deep,
    "many": _many,
}


def instantiate(scene: str, name: str = "") -> Any:
    """A new node of a scene."""
    node = make(f"res://{scene}.tscn", SCENES[scene])
    if name:
        node.name = name
    return node
