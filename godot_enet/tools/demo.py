"""``demo``: runs a program of ``demos``, or lists them.

A wheel has that folder inside the package, a checkout beside it. Programs are loaded when they are run, by path:
nothing in the package imports a demo.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argparse import _SubParsersAction

__all__ = ["add_to", "find_demos"]

_LOADED_AS = "godot_enet_demos"  # the package name under which the modules of the folder import each other


def add_to(tools: _SubParsersAction[Any]) -> None:
    """Add the tool to a command line."""
    parser = tools.add_parser("demo", help="run a demo; without a name, list them")
    parser.add_argument("name", nargs="?", metavar="NAME", help="a listed demo")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="arguments of the demo; try --help")
    parser.set_defaults(run=_run)


def find_demos() -> dict[str, Path]:
    """The file of each demo by its name; empty if they are not installed."""
    package = Path(__file__).parents[1]
    for folder in (package / "demos", package.parent / "demos"):
        if (folder / "hello.py").is_file():  # an unrelated folder of that name may be beside an installed package
            files = {file.stem: file for file in folder.glob("*.py") if not file.stem.startswith("_")}
            folders = {file.parent.name: file for file in folder.glob("*/__main__.py")}
            return dict(sorted((files | folders).items()))
    return {}


def _run(options: argparse.Namespace) -> int:
    demos = find_demos()
    if options.name in demos:
        return _start(options.name, demos[options.name], options.arguments)
    width = max(map(len, demos), default=0)
    listed = "".join(f"{name:{width}}  {_describe(file)}\n" for name, file in demos.items())
    if options.name is None and demos:
        sys.stdout.write(f"python -m godot_enet demo NAME\n\n{listed}")
        return 0
    reason = f"there is no demo {options.name!r}; there are" if demos else "this installation has no demos"
    sys.stderr.write(f"demo: {reason}\n{listed}")
    return 2


def _describe(file: Path) -> str:
    """The first line of its docstring."""
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


def _start(name: str, file: Path, arguments: list[str]) -> int:
    is_folder = file.stem == "__main__"
    package = ModuleType(_LOADED_AS)
    package.__path__ = [str(file.parents[1] if is_folder else file.parent)]
    sys.modules[_LOADED_AS] = package
    module = importlib.import_module(f"{_LOADED_AS}.{name}{'.__main__' if is_folder else ''}")
    code: int = module.main(arguments)
    return code
