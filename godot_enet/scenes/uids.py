"""The files of a project by ``uid://``."""

from __future__ import annotations

import re
from collections.abc import Callable

from godot_enet.scenes.config_file import parse_config_file
from godot_enet.scenes.errors import Problem, SceneError
from godot_enet.scenes.folder import ProjectFolder
from godot_enet.scenes.resource_file import parse_header

__all__ = ["UidIndex"]

_UID = re.compile(r"uid://[a-y0-8]+")
_HEADER_SIZE = 4096
_IMPORT_SIZE = 16384


class UidIndex:
    """The unique ids of a project's files.

    They are in ``.uid`` files beside scripts, in ``.import`` files, and in the first line of scenes and resources.
    All of these are read when an id is first looked up.

    Args:
        folder: the folder of the project.
        report: called with a problem for an id that two files have.
    """

    def __init__(self, folder: ProjectFolder, report: Callable[[Problem], None]) -> None:
        self._folder = folder
        self._report = report
        self._paths: dict[str, str] | None = None

    def path(self, uid: str) -> str:
        """The file with that id; empty if none has it."""
        return self.paths().get(uid, "")

    def paths(self) -> dict[str, str]:
        """All files by their ids."""
        if self._paths is None:
            self._paths = {}
            for path in self._folder.files(".uid", ".import", ".tscn", ".tres"):
                self._enter(path, self._paths)
        return self._paths

    def _enter(self, path: str, paths: dict[str, str]) -> None:
        try:
            uid = self._uid_in(path)
        except SceneError:
            return  # reported when that file is opened
        owner = path.removesuffix(".uid").removesuffix(".import")
        if not uid or not self._folder.exists(owner):
            return
        if paths.setdefault(uid, owner) != owner:
            self._report(Problem(owner, 1, f"has the same {uid} as {paths[uid]}"))

    def _uid_in(self, path: str) -> str:
        if path.endswith(".uid"):
            text = self._folder.read(path, _HEADER_SIZE).strip()
            return text if _UID.fullmatch(text) else ""
        if path.endswith(".import"):
            text = self._folder.read(path, _IMPORT_SIZE)
            remap = parse_config_file(text.partition("\n[deps]")[0], path).get("remap")
            return str(remap.properties.get("uid", "")) if remap else ""
        return parse_header(self._folder.read(path, _HEADER_SIZE), path).uid
