"""Projects on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.scenes.corpus import PROJECT

WriteProject = Callable[[dict[str, str]], Path]


def write_files(folder: Path, files: dict[str, str]) -> Path:
    """Write texts, exactly; returns the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return folder


@pytest.fixture
def write_project(tmp_path: Path) -> WriteProject:
    """Makes a project of files, with an empty ``project.godot`` unless they have one."""
    return lambda files: write_files(tmp_path / "project", {"project.godot": "config_version=5\n", **files})


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the corpus' project."""
    return write_files(tmp_path_factory.mktemp("corpus"), PROJECT)
