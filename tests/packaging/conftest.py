"""What this checkout builds, made without a compiler, once, and without going online."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run_build(source: Path, out: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """``python -m build`` of a checkout or an unpacked sdist into a folder, with these environment variables."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GODOT_ENET_", "CC", "CXX"))}
    command = [sys.executable, "-m", "build", *options, "--outdir", str(out), str(source)]
    return subprocess.run(command, env=clean | environment, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="session")
def checkout() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Path of the wheel without the native engine, built from the checkout with no tool in reach."""
    out = tmp_path_factory.mktemp("wheel")
    no_tools = tmp_path_factory.mktemp("no-tools")
    built = run_build(ROOT, out, "--wheel", "--no-isolation", PATH=str(no_tools), GODOT_ENET_NO_NATIVE="1")
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
