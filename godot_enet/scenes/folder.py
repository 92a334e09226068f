"""The files of a project, by their ``res://`` paths. No file outside its folder is opened."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from pathlib import Path

from godot_enet.scenes.errors import SceneError

__all__ = ["MAX_FILES", "MAX_FILE_SIZE", "ProjectFolder", "find_project_folder"]

MAX_FILE_SIZE = 64 << 20
"""The maximum size of a file, in bytes."""
MAX_FILES = 200_000
"""The maximum number of files in a project."""
_SCHEME = "res://"
_BINARY = (b"RSRC", b"RSCC")
_BINARY_SUFFIXES = (".scn", ".res")
_SAVE_AS_TEXT = "expected text, found a binary file: in Godot, save it as .tscn or .tres"


def find_project_folder(path: str | Path) -> Path | None:
    """Return the nearest folder with a ``project.godot``, at or above a path; None if there is none."""
    here = Path(path).resolve()
    return next((each for each in (here, *here.parents) if (each / "project.godot").is_file()), None)


class ProjectFolder:
    """The folder of a project.

    Paths start with ``res://``. A path that leads outside the folder, by ``..`` or a symbolic link, is rejected.

    Args:
        root: the folder with ``project.godot``.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).resolve()

    def locate(self, path: str) -> Path:
        """Return the location of a file, whether or not it exists.

        Raises:
            SceneError: it is not in the folder.
        """
        if not path.startswith(_SCHEME):
            raise SceneError(path, 0, "refused: expected a path that begins with res://")
        try:
            found = (self.root / path.removeprefix(_SCHEME)).resolve()
        except (OSError, ValueError, RuntimeError) as error:  # a loop of links, a NUL
            raise SceneError(path, 0, f"refused: {error}") from None
        if not found.is_relative_to(self.root):
            raise SceneError(path, 0, "refused: it leads outside the project's folder")
        return found

    def exists(self, path: str) -> bool:
        """Return whether the file exists in the folder."""
        try:
            return self.locate(path).is_file()
        except (SceneError, OSError):
            return False

    def read(self, path: str, size: int | None = None) -> str:
        """Read the text of a file.

        Args:
            path: the file.
            size: bytes to read from its start; None for all.

        Raises:
            SceneError: it does not exist, is too large, or is not text.
        """
        place = self.locate(path)
        if not place.is_file():
            raise SceneError(path, 0, "no such file")
        try:
            if size is None and place.stat().st_size > MAX_FILE_SIZE:
                raise SceneError(path, 0, f"expected at most {MAX_FILE_SIZE >> 20} MiB")
            with place.open("rb") as file:
                data = file.read(MAX_FILE_SIZE if size is None else size)
        except OSError as error:
            raise SceneError(path, 0, f"cannot be read: {error.strerror}") from None
        if data.startswith(_BINARY) or path.endswith(_BINARY_SUFFIXES):
            raise SceneError(path, 0, _SAVE_AS_TEXT)
        if b"\0" in data:
            raise SceneError(path, data.count(b"\n", 0, data.index(b"\0")) + 1, "expected text, found a NUL byte")
        return data.decode("utf-8-sig", "replace")

    def files(self, *suffixes: str) -> Iterator[str]:
        """Return the paths of all files with these endings, sorted by name.

        Like Godot, it skips hidden folders and folders with a ``.gdignore``; links to folders are skipped, too.
        """
        seen = 0
        for folder, folders, names in os.walk(self.root):
            if ".gdignore" in names:
                folders.clear()
                continue
            folders[:] = sorted(each for each in folders if not each.startswith("."))
            relative = Path(folder).relative_to(self.root).as_posix()
            for name in sorted(names):
                seen += 1
                if seen > MAX_FILES:
                    return
                if name.endswith(suffixes):
                    yield _SCHEME + posixpath.normpath(posixpath.join(relative, name))

    def absolute(self, path: str, beside: str) -> str:
        """Return a path with ``res://``; a path without a scheme is relative to the file that contains it."""
        if "://" in path:
            return path
        if path.startswith("/"):
            return path  # refused when it is opened
        folder = posixpath.dirname(beside.removeprefix(_SCHEME))
        return _SCHEME + posixpath.normpath(posixpath.join(folder, path))
