"""Builds the node tree of a scene from its file and the scenes that it instances and inherits.

The rules are those of Godot's ``SceneState::instantiate`` outside the editor. Missing parts are reported and skipped,
where Godot would not load the scene at all.
"""

from __future__ import annotations

from functools import partial
from typing import Protocol

from godot_enet.compat.variant import Variant
from godot_enet.scenes.errors import Problem, SceneError
from godot_enet.scenes.records import ExtResource, SubResource
from godot_enet.scenes.resource_file import ResourceFile
from godot_enet.scenes.scene import Connection, Origin, Scene, SceneNode
from godot_enet.scenes.sections import Section

__all__ = ["MAX_INSTANCE_DEPTH", "MAX_NODES", "MAX_NODE_DEPTH", "build_scene"]

MAX_NODES = 100_000
"""Maximum nodes of one scene with all its instances."""
MAX_NODE_DEPTH = 256
"""Maximum depth of nodes below the root of a scene."""
MAX_INSTANCE_DEPTH = 64
"""Maximum depth of scenes that instance or inherit scenes."""
_MAKES_A_NODE = {"type", "instance", "instance_placeholder"}
_MAX_INDEX_DIGITS = 9
_PERSIST = 2
"""``CONNECT_PERSIST``, the default flags of a connection."""


class _Files(Protocol):
    """The methods of a project that a scene needs."""

    def exists(self, path: str) -> bool: ...

    def resource_file(self, path: str) -> ResourceFile: ...


def build_scene(files: _Files, path: str) -> Scene:
    """The scene in a file.

    Raises:
        SceneError: that file cannot be read, or is not a scene.
    """
    builder = _Builder(files)
    root = builder.build(path, 0)
    return Scene(path, root, list(dict.fromkeys(builder.problems)), builder.connections)


class _LeftOut(Exception):
    """The reason why a node is skipped."""


class _TooMany(Exception):
    """There are too many nodes."""


class _Builder:
    """The state shared by the files of one scene."""

    def __init__(self, files: _Files) -> None:
        self.files = files
        self.problems: list[Problem] = []
        self.connections: list[Connection] = []
        self._under_way: list[str] = []
        self._count = 0

    def build(self, path: str, depth: int) -> SceneNode:
        """Build a scene and return its root, which is ``depth`` nodes below the top."""
        file = self.files.resource_file(path)
        if not file.is_scene:
            raise SceneError(path, 1, f"expected a scene, found a {file.type}")
        self._under_way.append(path)
        try:
            return _SceneFile(self, file).build(depth)
        finally:
            self._under_way.pop()

    def new_node(self, name: str, kind: str, origin: Origin) -> SceneNode:
        self._count += 1
        if self._count > MAX_NODES:
            self.problems.append(Problem(*origin, f"more than {MAX_NODES} nodes; the rest is skipped"))
            raise _TooMany
        return SceneNode(name, kind, origin)

    def instance(self, name: str, resource: Variant, origin: Origin, depth: int) -> SceneNode:
        """The root of another scene."""
        if not isinstance(resource, ExtResource):
            raise _LeftOut("its scene is not a file of its own; in Godot, save it as .tscn")
        path = resource.path
        if not path:
            raise _LeftOut(f"no file has {resource.uid}")
        if path in self._under_way:
            raise _LeftOut("scenes instance each other: " + " -> ".join([*self._under_way, path]))
        if len(self._under_way) >= MAX_INSTANCE_DEPTH:
            raise _LeftOut(f"scenes instance each other more than {MAX_INSTANCE_DEPTH} deep")
        if not path.endswith((".tscn", ".scn")) and self.files.exists(path):
            text = f"{name} is an imported scene, whose nodes are unknown: {path}"
            self.problems.append(Problem(*origin, text))
            node = self.new_node(name, "", origin)
            node.scene, node.depth, node.is_imported = path, depth, True
            return node
        try:
            root = self.build(path, depth)
        except SceneError as error:
            raise _LeftOut(str(error)) from None
        root.name, root.origin = name, origin
        return root


class _SceneFile:
    """The nodes of one file."""

    def __init__(self, builder: _Builder, file: ResourceFile) -> None:
        self._builder = builder
        self._file = file
        self._left_out: set[str] = set()

    def build(self, depth: int) -> SceneNode:
        first, *others = self._file.nodes
        root = self._root(first, depth)
        root.scene, root.depth = self._file.path, depth
        self._apply(root, first)
        try:
            for section in others:
                self._add(root, section)
        except _TooMany:
            pass  # named where it was found
        self._builder.connections += [
            each for each in map(partial(self._connection, root), self._file.connections) if each
        ]
        return root

    def _connection(self, root: SceneNode, section: Section) -> Connection | None:
        """A connection whose two nodes exist."""
        source, target = root.at(section.text("from")), root.at(section.text("to"))
        if source is None or target is None:
            return None
        fields = section.fields
        flags, binds, unbinds = fields.get("flags", _PERSIST), fields.get("binds", []), fields.get("unbinds", 0)
        return Connection(
            section.text("signal"),
            source,
            target,
            section.text("method"),
            flags if type(flags) is int else _PERSIST,
            binds if type(binds) is list else [],
            unbinds if type(unbinds) is int else 0,
            self._origin(section),
        )

    def _root(self, section: Section, depth: int) -> SceneNode:
        if "parent" in section.fields:
            raise self._error(section, "expected a root first, found a node with a parent")
        name, origin = self._name(section), self._origin(section)
        if "instance" in section.fields:
            try:
                return self._builder.instance(name, section.fields["instance"], origin, depth)
            except _LeftOut as reason:
                raise self._error(section, f"expected a scene to inherit: {reason}") from None
        if not section.text("type"):
            raise self._error(section, "expected type= or instance= in the first [node]")
        return self._builder.new_node(name, section.text("type"), origin)

    def _add(self, root: SceneNode, section: Section) -> None:
        if "parent" not in section.fields:
            raise self._error(section, "expected parent= in every [node] but the first")
        where = section.text("parent")
        path = self._name(section) if where == "." else f"{where}/{self._name(section)}"
        if where in self._left_out:
            self._left_out.add(path)
            return
        try:
            node = self._node(root, section, where)
        except _LeftOut as reason:
            self._left_out.add(path)
            self._problem(section, f"{path} is left out: {reason}")
            return
        if node is None:
            self._problem(section, f"{path} is left out: the scene that it changes has no such node")
        else:
            self._apply(node, section)

    def _node(self, root: SceneNode, section: Section, where: str) -> SceneNode | None:
        """The node: a new one in its place, or one of an instance; None if the instance lacks it."""
        name = self._name(section)
        parent = root.at(where) or self._imported(root, where.split("/"), section)
        if not _MAKES_A_NODE & section.fields.keys():
            return parent and (parent.at(name) or self._imported(parent, [name], section))
        if parent is None:
            # godot: a node whose parent has vanished goes under the root, with the path in its name
            self._problem(section, f"{name} goes under the root: there is no node {where}")
            parent, name = root, f"{where.removeprefix('./').replace('/', '_')}#{name}"
        if parent.depth >= MAX_NODE_DEPTH:
            raise _LeftOut(f"nodes are nested more than {MAX_NODE_DEPTH} deep")
        if parent.at(name) is not None:
            raise _LeftOut("there are two of that name")
        node = self._made(section, name, parent.depth + 1)
        node.owner = root.at(section.text("owner")) if "owner" in section.fields else root
        index = section.text("index")
        parent.add(node, int(index) if index.isdecimal() and len(index) <= _MAX_INDEX_DIGITS else -1)
        return node

    def _imported(self, top: SceneNode, names: list[str], section: Section) -> SceneNode | None:
        """A placeholder for a node of an imported scene, which cannot be read; None outside imported scenes."""
        node = top
        for name in names:
            below = node.at(name)
            if below is None:
                if not node.is_imported or node.depth >= MAX_NODE_DEPTH:
                    return None
                below = self._builder.new_node(name, "", self._origin(section))
                below.is_imported, below.depth = True, node.depth + 1
                below.owner = node.owner if not node.scene else node
                node.add(below, -1)
            node = below
        return node

    def _made(self, section: Section, name: str, depth: int) -> SceneNode:
        origin = self._origin(section)
        if "instance" in section.fields:
            return self._builder.instance(name, section.fields["instance"], origin, depth)
        # godot: an InstancePlaceholder stands for a scene that is loaded on request
        is_placeholder = "instance_placeholder" in section.fields
        kind = "InstancePlaceholder" if is_placeholder else section.text("type")
        node = self._builder.new_node(name, kind, origin)
        node.depth = depth
        return node

    def _apply(self, node: SceneNode, section: Section) -> None:
        """Apply a section to a node, over the properties from earlier scenes."""
        groups = section.fields.get("groups")
        if isinstance(groups, list):
            node.groups = list(dict.fromkeys([*node.groups, *map(str, groups)]))
        paths = section.fields.get("node_paths")
        if isinstance(paths, list):
            node.node_paths.update(paths)
        for name, value in section.properties.items():
            origin = Origin(self._file.path, section.lines[name])
            if name == "script":
                node.script = self._script(origin, value)
            elif name == "unique_name_in_owner":
                node.is_unique = value is True
            else:
                node.properties[name] = value
            node.origins[name] = origin

    def _script(self, origin: Origin, value: Variant) -> str:
        if isinstance(value, SubResource):
            return f"{self._file.path}::{value.id}"
        if not isinstance(value, ExtResource):
            return ""
        path = value.path or value.uid
        if not self._builder.files.exists(path):
            self._builder.problems.append(Problem(*origin, f"script not found: {path}"))
        return path

    def _name(self, section: Section) -> str:
        name = section.text("name")
        if not name or "/" in name:
            raise self._error(section, "expected name= in [node], with a name")
        return name

    def _origin(self, section: Section) -> Origin:
        return Origin(self._file.path, section.line)

    def _error(self, section: Section, text: str) -> SceneError:
        return SceneError(self._file.path, section.line, text)

    def _problem(self, section: Section, text: str) -> None:
        self._builder.problems.append(Problem(self._file.path, section.line, text))
