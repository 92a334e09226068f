"""The wheel that this checkout builds, made once and without going online."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def checkout() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Path of the wheel, built from the checkout with no compiler and no CMake in reach."""
    out = tmp_path_factory.mktemp("wheel")
    no_tools = tmp_path_factory.mktemp("no-tools")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    built = subprocess.run(command, env={"PATH": str(no_tools)}, capture_output=True, text=True, timeout=100)
    assert built.returncode == 0, built.stdout + built.stderr
    [path] = out.iterdir()
    return path


@pytest.fixture(scope="session")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what installing the wheel would put into ``site-packages``."""
    folder = tmp_path_factory.mktemp("site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder
