"""The node tree of a scene, as plain records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from godot_enet.compat.variant import Variant
from godot_enet.scenes.errors import Problem

__all__ = ["Connection", "Origin", "Scene", "SceneNode"]


class Origin(NamedTuple):
    """A place in a file."""

    file: str
    line: int


@dataclass(eq=False, slots=True)
class SceneNode:
    """A node as its scenes describe it."""

    name: str
    type: str
    """Godot's class; empty if it comes from a scene that cannot be read."""
    origin: Origin
    """Its place in the scene that contains it."""
    parent: SceneNode | None = field(default=None, repr=False)
    owner: SceneNode | None = field(default=None, repr=False)
    """The root of the scene that it is part of."""
    scene: str = ""
    """The path of the scene that it is the root of, if it is one."""
    script: str = ""
    """The path of its script, if it has one."""
    groups: list[str] = field(default_factory=list)
    properties: dict[str, Variant] = field(default_factory=dict, repr=False)
    """The properties that differ from their defaults, without the script and the scene-unique name."""
    origins: dict[str, Origin] = field(default_factory=dict, repr=False)
    """The place of each property."""
    is_imported: bool = False
    """Whether it is part of an imported scene, so that it may have unknown children."""
    is_unique: bool = False
    """Whether its owner's nodes find it as ``%Name``."""
    node_paths: set[str] = field(default_factory=set, repr=False)
    """Properties that are nodes in the game, written as paths to them."""
    children: list[SceneNode] = field(default_factory=list, repr=False)
    depth: int = field(default=0, repr=False)
    _by_name: dict[str, SceneNode] = field(default_factory=dict, repr=False)

    def walk(self) -> Iterator[SceneNode]:
        """The node and its descendants in tree order, parents first."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.children)

    @property
    def path(self) -> str:
        """Its path from the root of the scene: ``.`` for the root itself."""
        names: list[str] = []
        node = self
        while node.parent is not None:
            names.append(node.name)
            node = node.parent
        return "/".join(reversed(names)) or "."

    def find(self, path: str) -> SceneNode | None:
        """The node at a path from here: ``..``, ``A/B``, ``%Name``; None if there is none."""
        node: SceneNode | None = self
        for name in path.split("/"):
            if node is None:
                return None
            if name == "..":
                node = node.parent
            elif name.startswith("%"):
                node = node.find_unique(name[1:])
            elif name not in ("", "."):
                node = node._by_name.get(name)
        return node

    def at(self, path: str) -> SceneNode | None:
        """The descendant at a path of names; None if there is none."""
        node: SceneNode | None = self
        for name in path.split("/"):
            if node is not None and name not in ("", "."):
                node = node._by_name.get(name)
        return node

    def find_unique(self, name: str) -> SceneNode | None:
        """The node with that scene-unique name among those with the same owner or, for a root, among its own."""
        # godot: Node::get_node_or_null asks the node itself first, as an owner, and then its owner
        for owner in (self, self.owner):
            if owner is not None:
                for node in owner.walk():
                    if node.is_unique and node.name == name and node.owner is owner:
                        return node
        return None

    def add(self, child: SceneNode, index: int) -> None:
        """Insert a node among its children at a position, or as the last one."""
        child.parent = self
        self._by_name[child.name] = child
        self.children.insert(index if 0 <= index < len(self.children) else len(self.children), child)


@dataclass(eq=False, slots=True)
class Connection:
    """A connection of a signal to a method."""

    signal: str
    source: SceneNode
    """The node that has the signal."""
    target: SceneNode
    """The node that has the method."""
    method: str
    flags: int
    """Of Godot's ``Object.ConnectFlags``."""
    binds: list[Variant]
    """Arguments that follow those of the signal."""
    unbinds: int
    """How many arguments of the signal are left out at the end."""
    origin: Origin


@dataclass(eq=False, slots=True)
class Scene:
    """A scene with all scenes that it instances and inherits."""

    path: str
    root: SceneNode
    problems: list[Problem]
    """The skipped parts."""
    connections: list[Connection] = field(default_factory=list)
    """Those of instanced scenes first."""

    def nodes(self) -> Iterator[SceneNode]:
        """All nodes in tree order, parents first."""
        return self.root.walk()
