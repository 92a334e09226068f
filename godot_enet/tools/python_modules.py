"""Imports the modules that tools compare with Godot's files."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from types import ModuleType

__all__ = ["import_module"]


def import_module(name: str) -> ModuleType:
    """A module from the current directory or from Python's path.

    It does not see the arguments of this program, but those of a program started without any.

    Raises:
        ImportError: the module does not exist; or any exception raised by the module.
    """
    if "" not in sys.path:
        sys.path.insert(0, "")
    arguments, sys.argv = sys.argv, [name]
    try:
        with contextlib.suppress(ValueError):  # imported without a file
            known = importlib.util.find_spec(name)
            sys.argv = [(known and known.origin) or name]
        return importlib.import_module(name)
    finally:
        sys.argv = arguments
