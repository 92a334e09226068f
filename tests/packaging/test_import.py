"""Importing the package is cheap: nothing heavy or optional comes with it."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import godot_enet

HEAVY = {"asyncio", "cryptography", "enet", "numpy", "OpenSSL", "pygame", "ssl", "zstandard"}

PROGRAM = """
import sys
before = set(sys.modules)
{imports}
sys.stdout.write(" ".join(sorted({{name.partition(".")[0] for name in set(sys.modules) - before}})))
"""


def newly_loaded(imports: str, checkout: Path) -> set[str]:
    """Top-level modules that ``imports`` loads in a fresh interpreter."""
    command = [sys.executable, "-W", "error", "-c", PROGRAM.format(imports=imports)]
    ran = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=60, check=True)
    return set(ran.stdout.split())


@pytest.mark.parametrize(
    "imports",
    ["import godot_enet", "from godot_enet import ENetConnection, ENetPacketPeer, Error"],
)
def test_importing_loads_nothing_heavy(imports: str, checkout: Path) -> None:
    loaded = newly_loaded(imports, checkout)
    assert "godot_enet" in loaded
    assert loaded & HEAVY == set()


def test_what_is_imported_on_first_use_is_seen_by_programs_that_freeze_a_game() -> None:
    source = ast.parse(inspect.getsource(godot_enet._for_freezers))
    followed = {alias.name for node in ast.walk(source) if isinstance(node, ast.Import) for alias in node.names}
    assert followed == {f"godot_enet.compat.{module}" for module in godot_enet._LAZY}


def test_the_probe_sees_what_an_import_loads(checkout: Path) -> None:
    assert "asyncio" in newly_loaded("import asyncio", checkout)
