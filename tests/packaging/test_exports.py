"""Each module says what it offers, and offers it."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from pathlib import Path

import godot_enet
from tests.rows import each_row

FOUND = pkgutil.walk_packages(godot_enet.__path__, "godot_enet.")
# The libraries beside the native engine's modules look like modules, and are none; nor are PyInstaller's hooks.
MODULES = ["godot_enet", *sorted(each.name for each in FOUND if not re.search(r"\.native\._gde|\.hook-", each.name))]


def is_empty(file: str) -> bool:
    """Whether a module only marks its folder as a package: nothing in it but perhaps a docstring."""
    body = ast.parse(Path(file).read_text(encoding="utf-8")).body
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in body)


def test_every_source_file_is_an_importable_module() -> None:
    root = Path(godot_enet.__path__[0])
    files = [path.relative_to(root.parent).with_suffix("") for path in root.rglob("*.py") if "hook-" not in path.name]
    names = [".".join(path.parts).removesuffix(".__init__") for path in files]
    assert sorted(names) == sorted(MODULES)  # a folder without __init__.py would hide its modules


@each_row("name", MODULES)
def test_all_lists_names_that_exist(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__file__ is not None
    if is_empty(module.__file__):
        return
    exported = module.__all__
    assert len(set(exported)) == len(exported)
    assert [each for each in exported if not hasattr(module, each)] == []


def test_the_package_offers_the_way_in_that_the_readme_shows() -> None:
    assert {"ENetConnection", "ENetPacketPeer", "Error"} <= set(godot_enet.__all__)
    assert set(godot_enet.__all__) <= set(dir(godot_enet))
