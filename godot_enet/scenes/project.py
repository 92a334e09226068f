"""A Godot project: its settings, its files by ``res://`` and ``uid://``, and its scenes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from godot_enet.compat.variant import Variant
from godot_enet.scenes.config_file import parse_config_file
from godot_enet.scenes.errors import Problem, SceneError
from godot_enet.scenes.folder import ProjectFolder
from godot_enet.scenes.resource_file import ResourceFile, parse_resource_file
from godot_enet.scenes.scene import Scene
from godot_enet.scenes.scene_builder import build_scene
from godot_enet.scenes.uids import UidIndex

__all__ = ["Autoload", "Project"]

_FILE = "res://project.godot"
_VERSIONS = {5: 4, 4: 3, 3: 3}
"""The version of Godot, by ``config_version``."""


@dataclass(frozen=True, slots=True)
class Autoload:
    """A node that Godot puts under ``/root`` before the main scene."""

    name: str
    path: str
    """The path of its script or scene."""
    is_singleton: bool
    """Whether scripts may use its name as a variable."""
    line: int


class Project:
    """A Godot project, read from its files.

    Each file is read once, on first use. Nothing is executed, and no file outside the folder is opened.

    Args:
        folder: the folder with ``project.godot``.

    Raises:
        SceneError: there is no ``project.godot``, or it cannot be read.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = ProjectFolder(folder)
        self.settings: dict[str, Variant] = {}
        """The settings by Godot's names, such as ``application/config/name``."""
        self.uids = UidIndex(self.folder, self.add_problem)
        self._problems: dict[Problem, None] = {}
        self._lines: dict[str, int] = {}
        self._files: dict[str, ResourceFile] = {}
        self._exists: dict[str, bool] = {}
        self._read_settings()

    def __repr__(self) -> str:
        return f"<Project {self.name!r} in {self.folder.root}>"

    def _read_settings(self) -> None:
        if not self.folder.locate(_FILE).is_file():
            raise SceneError(_FILE, 0, f"no such file in {self.folder.root}")
        for section in parse_config_file(self.folder.read(_FILE), _FILE).values():
            prefix = f"{section.name}/" if section.name else ""
            for name, value in section.properties.items():
                self.settings[prefix + name] = value
                self._lines[prefix + name] = section.lines[name]
        if self.godot_version < 4:
            text = f"a project of Godot {self.godot_version}: it can be read, but only games of Godot 4 can be joined"
            self.add_problem(Problem(_FILE, self._lines.get("config_version", 0), text))

    @property
    def problems(self) -> list[Problem]:
        """The problems found so far."""
        return list(self._problems)

    @property
    def name(self) -> str:
        """The name of the game."""
        return str(self.settings.get("application/config/name", ""))

    @property
    def godot_version(self) -> int:
        """4, 3 or 2."""
        version = self.settings.get("config_version", 0)
        return _VERSIONS.get(version, 4 if isinstance(version, int) and version > 5 else 2)

    @property
    def main_scene(self) -> str:
        """The path of the main scene; ``""`` if there is none."""
        found = self.settings.get("application/run/main_scene", "")
        return self._from_settings("application/run/main_scene", str(found)) if found else ""

    @property
    def autoloads(self) -> list[Autoload]:
        """The autoloads, in the order in which Godot creates them."""
        found = []
        for setting, value in self.settings.items():
            if setting.startswith("autoload/") and isinstance(value, str) and value.strip("*"):
                path = self._from_settings(setting, value.removeprefix("*"))
                name = setting.removeprefix("autoload/")
                found.append(Autoload(name, path, value.startswith("*"), self._lines[setting]))
        return found

    def _from_settings(self, setting: str, path: str) -> str:
        if not path.startswith("uid://"):
            return self.folder.absolute(path, _FILE)
        found = self.uids.path(path)
        if not found:
            self.add_problem(Problem(_FILE, self._lines[setting], f"{setting}: no file with {path}"))
        return found

    def add_problem(self, problem: Problem) -> None:
        """Record a problem, unless it is recorded already."""
        self._problems[problem] = None

    def exists(self, path: str) -> bool:
        """Return whether the file exists; looked up once."""
        if path not in self._exists:
            self._exists[path] = self.folder.exists(path)
        return self._exists[path]

    def locate(self, path: str, uid: str = "", beside: str = _FILE) -> str:
        """Return the ``res://`` path of a resource; ``""`` if it has only a ``uid://`` that no file has.

        Args:
            path: the path in the file: ``res://``, ``uid://``, or relative to that file.
            uid: the ``uid://`` next to it, which takes precedence over the path.
            beside: the file that refers to it.
        """
        # godot: ResourceLoaderText::load: the uid, and the path only if no file has that uid
        uid = uid or (path if path.startswith("uid://") else "")
        found = self.uids.path(uid) if uid else ""
        return found or ("" if path.startswith("uid://") else self.folder.absolute(path, beside))

    def resource_file(self, path: str) -> ResourceFile:
        """Read a scene or resource.

        Raises:
            SceneError: it does not exist or cannot be read.
        """
        if path not in self._files:
            text = self.folder.read(path)
            self._files[path] = parse_resource_file(text, path, lambda named, uid: self.locate(named, uid, path))
        return self._files[path]

    def scene(self, path: str) -> Scene:
        """Read a scene with all scenes that it instances and inherits. Problems are added to it and to the project.

        Raises:
            SceneError: it cannot be read.
        """
        found = build_scene(self, self.locate(path) or path)
        for problem in found.problems:
            self.add_problem(problem)
        return found

    def scene_paths(self) -> list[str]:
        """Return the paths of all scenes that are saved as text."""
        return list(self.folder.files(".tscn"))
