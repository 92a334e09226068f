"""Values of Godot's text files without a class in this package: they keep their written names and arguments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from godot_enet.compat.variant.element_type import ElementType

__all__ = ["ExtResource", "NamedValue", "ObjectValue", "SubResource", "TypedArray", "TypedDictionary"]


@dataclass(frozen=True, slots=True)
class ExtResource:
    """A resource in another file. It is not opened."""

    path: str
    """The path as written: ``res://``, or relative to the file that contains it."""
    type: str = ""
    """Godot's class, if the file says so."""
    id: str = ""
    uid: str = ""
    """Its ``uid://``, if given, which takes precedence over the path."""
    line: int = field(default=0, compare=False)


@dataclass(eq=False, slots=True)
class SubResource:
    """A resource in the same file, as ``[sub_resource]`` describes it."""

    type: str
    id: str
    properties: dict[str, Any] = field(repr=False)
    lines: dict[str, int] = field(repr=False)
    """The line of each property."""
    line: int = 0


@dataclass(frozen=True, slots=True)
class ObjectValue:
    """An object that is written inline: ``Object(InputEventKey, ...)``."""

    type: str
    properties: dict[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class NamedValue:
    """Anything else with a name and arguments."""

    name: str
    arguments: tuple[Any, ...] = field(hash=False)


@dataclass(frozen=True, slots=True)
class TypedArray:
    """An array of resources or other objects, which a compat ``Array`` cannot contain."""

    element_type: ElementType
    elements: list[Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class TypedDictionary:
    """A dictionary with a type that a compat ``Dictionary`` cannot have."""

    key_type: ElementType
    value_type: ElementType
    entries: list[tuple[Any, Any]] = field(hash=False)
