"""The other scripts that a GDScript may refer to."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from godot_enet.scenes.folder import ProjectFolder, find_project_folder
from godot_enet.scenes.uids import UidIndex
from godot_enet.tools.gdscript_constants import UnknownName

__all__ = ["Project"]

_CLASS_NAME = re.compile(r"^\s*class_name\s+(\w+)", re.MULTILINE)


class Project:
    """The scripts of the same project.

    Args:
        path: of the script; without it there are no others.
        read: parses a script, given its text, its path and the project.
    """

    def __init__(self, path: Path | None, read: Callable[[str, Path, Project], Any]) -> None:
        self._read = read
        self._folder: ProjectFolder | None = None
        self._is_project = False
        self._names: dict[str, str] | None = None
        self._loaded: dict[str, Any] = {}
        if path is not None:
            here = path.resolve().parent
            found = find_project_folder(here)
            self._is_project = found is not None
            self._folder = ProjectFolder(found or here)
            self._uids = UidIndex(self._folder, lambda problem: None)

    def load(self, name: object, beside: Path | None) -> Any:
        """The script at a path, as ``preload`` takes it.

        Raises:
            ValueError: it does not exist, or is not in the project.
        """
        if beside is None or self._folder is None or not isinstance(name, str):
            raise ValueError(f"{name!r} cannot be loaded")
        if name.startswith("uid://"):
            return self._load(self._uids.path(name) or name)
        place = "res://" + beside.resolve().relative_to(self._folder.root).as_posix()
        return self._load(self._folder.absolute(name, place))

    def named(self, name: str) -> Any:
        """The script with that ``class_name``.

        Raises:
            UnknownName: the name is unknown.
        """
        if self._names is None:
            self._names = {}
            for path in self._scripts():
                assert self._folder is not None
                for found in _CLASS_NAME.findall(self._folder.read(path)):
                    self._names[found] = path
        if name not in self._names:
            raise UnknownName(f"{name!r} is unknown")
        return self._load(self._names[name])

    def _scripts(self) -> list[str]:
        """The scripts of the project, or of the same folder if there is no project."""
        if self._folder is None:
            return []
        if self._is_project:
            return list(self._folder.files(".gd"))
        return [f"res://{path.name}" for path in sorted(self._folder.root.glob("*.gd")) if path.is_file()]

    def _load(self, path: str) -> Any:
        assert self._folder is not None
        place = self._folder.locate(path)
        key = str(place)
        if key not in self._loaded:
            self._loaded[key] = self._read(self._folder.read(path), place, self)
        return self._loaded[key]
