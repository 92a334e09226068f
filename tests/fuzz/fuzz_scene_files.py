"""Coverage-guided fuzzing of the reader of scenes and settings; see README.md.

``python -m tests.fuzz.fuzz_scene_files``; arguments go to libFuzzer.
"""

from __future__ import annotations

import importlib
import sys

from godot_enet.scenes import scene_builder
from godot_enet.scenes.config_file import parse_config_file
from godot_enet.scenes.errors import SceneError
from godot_enet.scenes.resource_file import ResourceFile, parse_resource_file
from godot_enet.scenes.scene_builder import build_scene

__all__ = ["SEPARATOR", "check", "main"]

SEPARATOR = b"\0"
"""Between the files of an input; they are ``res://0.tscn``, ``res://1.tscn`` and so on."""
_MOST_FILES = 4


class _Files:
    """The files of an input."""

    def __init__(self, data: bytes) -> None:
        texts = [each.decode("utf-8", "replace") for each in data.split(SEPARATOR)[:_MOST_FILES]]
        self.texts = {f"res://{number}.tscn": text for number, text in enumerate(texts)}

    def exists(self, path: str) -> bool:
        return path in self.texts

    def resource_file(self, path: str) -> ResourceFile:
        if path not in self.texts:
            raise SceneError(path, 0, "no such file")
        return parse_resource_file(self.texts[path], path)


def check(data: bytes) -> None:
    """One input is a few scenes that may use each other, and settings.

    Whatever they are, nothing but ``SceneError`` is raised, errors and problems name a line that there is, and the
    tree holds together: each node is where its path says, and none is there twice.
    """
    files = _Files(data)
    for path in files.texts:
        _check_settings(files, path)
    try:
        scene = build_scene(files, "res://0.tscn")
    except SceneError as error:
        _check_place(files, error.file, error.line)
        return
    for problem in scene.problems:
        _check_place(files, problem.file, problem.line)
    nodes = list(scene.nodes())
    assert len({id(node) for node in nodes}) == len(nodes) <= scene_builder.MAX_NODES, data
    for node in nodes:
        assert scene.root.at(node.path) is node, data
        assert node.depth == node.path.count("/") + (node is not scene.root), data
        assert node.depth <= scene_builder.MAX_NODE_DEPTH, data
        assert node.origins.keys() - {"script", "unique_name_in_owner"} == node.properties.keys(), data


def _check_settings(files: _Files, path: str) -> None:
    try:
        parse_config_file(files.texts[path], path)
    except SceneError as error:
        _check_place(files, error.file, error.line)


def _check_place(files: _Files, file: str, line: int) -> None:
    if file in files.texts:
        assert 1 <= line <= files.texts[file].count("\n") + 1, (file, line)


def main() -> None:
    atheris = importlib.import_module("atheris")
    atheris.instrument_all()
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
