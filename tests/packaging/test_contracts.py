"""The import contracts of pyproject.toml hold, and would notice if they did not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    # -S keeps an installed checkout from answering for the folder under test
    path = "\n".join(f"sys.path.append({entry!r})" for entry in sys.path if "site-packages" in entry)
    program = f"import sys\nsys.path.insert(0, {str(folder)!r})\n{path}\n{LINT}"
    command = [sys.executable, "-S", "-c", program]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100)


@pytest.fixture
def copy(checkout: Path, tmp_path: Path) -> Path:
    """The parts of the checkout that the contracts speak of, free to be spoilt."""
    for name in ("godot_enet", "demos"):
        shutil.copytree(checkout / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(checkout / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold(checkout: Path) -> None:
    linted = lint_imports(checkout)
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.long
@pytest.mark.parametrize(
    ("module", "line"),
    [
        pytest.param("core/protocol/wire.py", "import time", id="a clock in the wire format"),
        pytest.param("core/engine/peer.py", "import socket", id="a socket in the engine"),
        pytest.param("core/sim/link.py", "import threading", id="a thread in the simulation"),
        pytest.param("core/host.py", "from godot_enet.compat import enet_connection", id="Godot's classes in the core"),
        pytest.param(
            "core/protocol/events.py", "from godot_enet import ENetConnection", id="the public names in the core"
        ),
        pytest.param(
            "core/protocol/events.py", "from godot_enet.core import Host", id="the front of the core in the core"
        ),
        pytest.param("compat/errors.py", "from godot_enet import Error", id="the public names in compat"),
        pytest.param("compat/globals.py", "from godot_enet.compat import errors", id="a higher layer in compat"),
        pytest.param("core/engine/peer.py", "from godot_enet.core import pump", id="the pump in the engine"),
        pytest.param(
            "core/protocol/wire.py", "from godot_enet.core.engine import engine", id="the engine in the wire format"
        ),
    ],
)
def test_a_forbidden_import_is_noticed(copy: Path, module: str, line: str) -> None:
    with (copy / "godot_enet" / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    linted = lint_imports(copy)
    assert linted.returncode == 1, linted.stdout + linted.stderr
    assert "BROKEN" in linted.stdout


@pytest.mark.long
@pytest.mark.parametrize(
    ("lower", "upper"),
    [("compat/errors.py", "aio"), ("core/errors.py", "load"), ("scenes/errors.py", "ops")],
)
def test_nothing_below_the_place_of_a_package_may_import_it(copy: Path, lower: str, upper: str) -> None:
    (copy / "godot_enet" / f"{upper}.py").write_text("import godot_enet.compat\n", encoding="utf-8")
    placed = lint_imports(copy)
    assert placed.returncode == 0, placed.stdout + placed.stderr
    with (copy / "godot_enet" / lower).open("a", encoding="utf-8") as file:
        file.write(f"\nimport godot_enet.{upper}\n")
    linted = lint_imports(copy)
    assert linted.returncode == 1, linted.stdout + linted.stderr
    assert "BROKEN" in linted.stdout


def test_a_demo_keeps_to_the_public_names(copy: Path) -> None:
    (copy / "demos" / "sly.py").write_text("from godot_enet.core.protocol import wire\n", encoding="utf-8")
    linted = lint_imports(copy)
    assert linted.returncode == 1, linted.stdout + linted.stderr


def test_a_module_without_a_layer_is_noticed(copy: Path) -> None:
    (copy / "godot_enet" / "core" / "stray.py").write_text("", encoding="utf-8")
    linted = lint_imports(copy)
    assert linted.returncode == 1, linted.stdout + linted.stderr
