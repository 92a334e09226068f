"""The content of one ``.tscn`` or ``.tres`` file; no other file is read."""

from __future__ import annotations

from dataclasses import dataclass, field

from godot_enet.scenes.errors import SceneError
from godot_enet.scenes.records import ExtResource, SubResource
from godot_enet.scenes.sections import Section, read_tag, sections
from godot_enet.scenes.tokens import Cursor
from godot_enet.scenes.values import Locate, References, written_path

__all__ = ["NEWEST_FORMAT", "ResourceFile", "parse_header", "parse_resource_file"]

NEWEST_FORMAT = 4
"""The format of Godot 4.3 and later with long byte arrays; otherwise Godot 4 has 3, Godot 3 has 2 and Godot 2 has 1."""
_BEGINNINGS = ("gd_scene", "gd_resource")


@dataclass(eq=False, slots=True)
class ResourceFile:
    """A scene, or a resource."""

    path: str
    is_scene: bool
    format: int
    uid: str = ""
    """Its ``uid://``, if it has one."""
    type: str = "PackedScene"
    """Godot's class."""
    script_class: str = ""
    """The ``class_name`` of a resource with a script."""
    external: dict[str, ExtResource] = field(default_factory=dict)
    internal: dict[str, SubResource] = field(default_factory=dict)
    resource: SubResource | None = None
    """The properties of a resource, which has no id."""
    nodes: list[Section] = field(default_factory=list)
    """The nodes of a scene, in the order of the file."""
    connections: list[Section] = field(default_factory=list)
    editable: list[str] = field(default_factory=list)
    """The paths of instances whose children a scene changes."""


def parse_resource_file(text: str, path: str, locate: Locate = written_path) -> ResourceFile:
    """Read a scene or a resource.

    Args:
        text: the whole text.
        path: its name in errors.
        locate: finds the resources that it refers to.

    Raises:
        SceneError: it is neither, or Godot could not read it.
    """
    cursor = Cursor(text, path)
    references = References({}, {}, locate)
    found: ResourceFile | None = None
    for section in sections(cursor, references):
        if found is None:
            found = _begin(section, path)
            found.external, found.internal = references.external, references.internal
        else:
            _add(found, section, locate)
    if found is None:
        raise SceneError(path, 1, "expected [gd_scene] or [gd_resource], found an empty file")
    if found.is_scene and not found.nodes:
        raise SceneError(path, cursor.line(), "expected a [node], found the end of the file")
    if not found.is_scene and found.resource is None:
        raise SceneError(path, cursor.line(), "expected [resource], found the end of the file")
    return found


def parse_header(text: str, path: str) -> ResourceFile:
    """Read only the first tag; ``text`` may end after it.

    Raises:
        SceneError: it is not the tag of a scene or a resource.
    """
    return _begin(read_tag(Cursor(text, path)), path)


def _begin(section: Section, path: str) -> ResourceFile:
    if section.name not in _BEGINNINGS:
        raise SceneError(path, section.line, f"expected [gd_scene] or [gd_resource], found [{section.name}]")
    version = section.fields.get("format", 1)
    if not isinstance(version, int) or version > NEWEST_FORMAT:
        text = f"expected a format up to {NEWEST_FORMAT}, found {version}: a newer Godot has saved it"
        raise SceneError(path, section.line, text)
    is_scene = section.name == "gd_scene"
    kind = "PackedScene" if is_scene else section.text("type")
    if not kind:
        raise SceneError(path, section.line, "expected a type in [gd_resource]")
    return ResourceFile(path, is_scene, version, section.text("uid"), kind, section.text("script_class"))


def _add(file: ResourceFile, section: Section, locate: Locate) -> None:
    # godot: scene/resources/resource_format_text.cpp: ResourceLoaderText::load has them in this order, and no other
    name = section.name
    begun = bool(file.nodes) or file.resource is not None
    if name == "ext_resource" and not file.internal and not begun:
        _require(file, section, "path", "type", "id")
        id, path, uid = section.text("id"), section.text("path"), section.text("uid")
        uid = uid or (path if path.startswith("uid://") else "")
        file.external[id] = ExtResource(locate(path, uid), section.text("type"), id, uid, section.line)
    elif name == "sub_resource" and not begun:
        _require(file, section, "type", "id")
        id = section.text("id")
        file.internal[id] = SubResource(section.text("type"), id, section.properties, section.lines, section.line)
    elif name == "resource" and not file.is_scene and not begun:
        file.resource = SubResource(file.type, "", section.properties, section.lines, section.line)
    elif name == "node" and file.is_scene:
        file.nodes.append(section)
    elif name == "connection" and file.nodes:
        _require(file, section, "signal", "from", "to", "method")
        file.connections.append(section)
    elif name == "editable" and file.nodes:
        _require(file, section, "path")
        file.editable.append(section.text("path"))
    else:
        raise SceneError(file.path, section.line, f"expected {_expected(file)}, found [{name}]")


def _require(file: ResourceFile, section: Section, *names: str) -> None:
    for name in names:
        if name not in section.fields:
            raise SceneError(file.path, section.line, f"expected {name}= in [{section.name}]")


def _expected(file: ResourceFile) -> str:
    if file.resource is not None:
        return "the end of the file"
    if file.nodes:
        return "[node], [connection] or [editable]"
    last = "[node]" if file.is_scene else "[resource]"
    return f"[sub_resource] or {last}" if file.internal else f"[ext_resource], [sub_resource] or {last}"
