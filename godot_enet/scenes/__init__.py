"""Reads the files of a Godot project without Godot: settings, scenes and replication; and instantiates its scenes.

Nothing is executed, and no file outside the project's folder is opened.
"""

from godot_enet.compat.variant.element_type import ElementType
from godot_enet.scenes.classes import script
from godot_enet.scenes.errors import Problem, SceneError
from godot_enet.scenes.game import Game, PackedScene
from godot_enet.scenes.project import Autoload, Project
from godot_enet.scenes.records import (
    ExtResource,
    NamedValue,
    ObjectValue,
    SubResource,
    TypedArray,
    TypedDictionary,
)
from godot_enet.scenes.replication import (
    ReplicatedProperty,
    SpawnerSetup,
    SynchronizerSetup,
    spawner_setup,
    synchronizer_setup,
)
from godot_enet.scenes.resource_file import ResourceFile
from godot_enet.scenes.scene import Connection, Origin, Scene, SceneNode
from godot_enet.scenes.sections import Section

__all__ = [
    "Autoload",
    "Connection",
    "ElementType",
    "ExtResource",
    "Game",
    "NamedValue",
    "ObjectValue",
    "Origin",
    "PackedScene",
    "Problem",
    "Project",
    "ReplicatedProperty",
    "ResourceFile",
    "Scene",
    "SceneError",
    "SceneNode",
    "Section",
    "SpawnerSetup",
    "SubResource",
    "SynchronizerSetup",
    "TypedArray",
    "TypedDictionary",
    "script",
    "spawner_setup",
    "synchronizer_setup",
]
