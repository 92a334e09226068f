"""Scenes by their paths: makes the nodes of the scenes that a remote names.

Godot loads a scene from a file of its project. Here a scene is a callable that makes its node, with all children and
synchronizers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from godot_enet.compat.errors import as_str, fail

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = [
    "SceneFactory",
    "check_factory",
    "factory_of",
    "instantiate_scene",
    "located",
    "make",
    "register_scene",
    "register_uid",
]

SceneFactory = Callable[[], "Node"]
"""A callable that makes a new node, such as a class."""

_factories: dict[str, SceneFactory] = {}
_paths: dict[str, str] = {}
"""By ``uid://``."""


def register_scene(path: str, factory: SceneFactory | None) -> None:
    """Register how to make the node of a scene, for all spawners that have its path in their list.

    Args:
        path: its path in the Godot project, such as ``"res://player.tscn"``.
        factory: a callable that makes a new node, such as a class; None removes it.
    """
    name = as_str(path, "path")
    if factory is None:
        _factories.pop(name, None)
    else:
        _factories[name] = check_factory(factory)


def register_uid(uid: str, path: str) -> None:
    """Register the file of the project that a ``uid://`` stands for."""
    _paths[uid] = path


def located(path: str) -> str:
    """The path that a ``uid://`` stands for; anything else, and an unknown one, is returned unchanged."""
    return _paths.get(path, path) if path.startswith("uid://") else path


def instantiate_scene(path: str) -> Node | None:
    """Make a new node of a registered scene. A spawner that has the scene in its list announces it.

    Returns:
        The node; None, with an error, if no scene is registered for the path.
    """
    place = located(as_str(path, "path"))
    factory = _factories.get(place)
    if factory is None:
        return fail(f"No scene is registered for '{path}'; see register_scene().", None)
    return make(place, factory)


def make(path: str, factory: SceneFactory) -> Node:
    """Make a new node of a scene, and set its path. Exceptions of the factory are passed on."""
    node = factory()
    if getattr(node, "scene_file_path", None) == "":
        node.scene_file_path = path
    return node


def factory_of(path: str) -> SceneFactory | None:
    """The factory of a scene."""
    return _factories.get(path)


def check_factory(factory: SceneFactory) -> SceneFactory:
    """Check that a factory is callable.

    Raises:
        TypeError: it is not.
    """
    if not callable(factory):
        raise TypeError(f"factory must be callable, not {type(factory).__name__}")
    return factory
