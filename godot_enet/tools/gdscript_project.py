"""The other scripts that a GDScript may name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from godot_enet.tools.gdscript_constants import UnknownName

__all__ = ["Project"]

_CLASS_NAME = re.compile(r"^\s*class_name\s+(\w+)", re.MULTILINE)


class Project:
    """The scripts around one.

    Args:
        path: of that script; without one there are no others.
        read: makes a class of a script, given its text, its path and the project.
    """

    def __init__(self, path: Path | None, read: Callable[[str, Path, Project], Any]) -> None:
        self._read = read
        self._root: Path | None = None
        self._paths: list[Path] = []
        self._names: dict[str, Path] | None = None
        self._loaded: dict[Path, Any] = {}
        if path is not None:
            here = path.resolve().parent
            found = next((each for each in (here, *here.parents) if (each / "project.godot").exists()), None)
            self._root = found or here
            self._paths = sorted(found.rglob("*.gd") if found else here.glob("*.gd"))

    def load(self, name: object, beside: Path | None) -> Any:
        """The script at a path, as ``preload`` takes it.

        Raises:
            OSError, ValueError: there is none.
        """
        if beside is None or self._root is None or not isinstance(name, str):
            raise ValueError(f"{name!r} cannot be loaded")
        is_absolute = name.startswith("res://")
        return self._load((self._root if is_absolute else beside.parent) / name.removeprefix("res://"))

    def named(self, name: str) -> Any:
        """The script with that ``class_name``.

        Raises:
            UnknownName: there is none.
        """
        if self._names is None:
            self._names = {}
            for path in self._paths:
                for found in _CLASS_NAME.findall(path.read_text(encoding="utf-8", errors="replace")):
                    self._names[found] = path
        if name not in self._names:
            raise UnknownName(f"{name!r} is not known")
        return self._load(self._names[name])

    def _load(self, path: Path) -> Any:
        place = path.resolve()
        if place not in self._loaded:
            self._loaded[place] = self._read(place.read_text(encoding="utf-8"), place, self)
        return self._loaded[place]
