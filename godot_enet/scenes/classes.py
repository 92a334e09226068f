"""Maps scripts and scenes of a Godot project to Python classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from godot_enet.compat.scene.node import Node

__all__ = ["NodeFactory", "check_classes", "registered_class", "registered_classes", "script"]

NodeFactory = Callable[[], Node]
"""A class that inherits :class:`Node`, or anything else that makes a node."""

_T = TypeVar("_T", bound=NodeFactory)

_registered: dict[str, NodeFactory] = {}


def script(path: str) -> Callable[[_T], _T]:
    """Map a script, or the root of a scene, to the decorated class: ``@script("res://player.gd")``.

    Args:
        path: its path in the Godot project.

    Raises:
        TypeError: the decorated object is not callable.
    """
    name = str(path)

    def register(cls: _T) -> _T:
        check_classes({name: cls})
        _registered[name] = cls
        return cls

    return register


def registered_class(path: str) -> NodeFactory | None:
    """Return the class that :func:`script` has decorated for a path, or None."""
    return _registered.get(path)


def registered_classes() -> dict[str, NodeFactory]:
    """Return the classes decorated with :func:`script`, by path."""
    return dict(_registered)


def check_classes(classes: Mapping[str, NodeFactory]) -> None:
    """Raise TypeError if a class cannot replace a script."""
    for path, cls in classes.items():
        if not callable(cls) or (isinstance(cls, type) and not issubclass(cls, Node)):
            raise TypeError(f"{path} must map to a subclass of Node, not {cls!r}")
