"""Tells PyInstaller what no import statement shows: the hooks beside this file. Nothing else imports this."""

from __future__ import annotations

import os

__all__ = ["hook_dirs"]


def hook_dirs() -> list[str]:
    """The folder of the hooks: PyInstaller's entry point ``hook-dirs``."""
    return [os.path.dirname(__file__)]
