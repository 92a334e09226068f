"""``engines``: prints the engine in use, and if it is a slower one, the reason and the remedy."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from godot_enet.core.host import available_engines, why_slower

if TYPE_CHECKING:
    from argparse import _SubParsersAction

__all__ = ["add_to", "describe"]


def add_to(tools: _SubParsersAction[Any]) -> None:
    """Add the tool to a command line."""
    parser = tools.add_parser("engines", help="print the engine in use, and how to make it faster")
    parser.set_defaults(run=_run)


def describe() -> str:
    """The engine that connections use if GODOT_ENET_ENGINE is not set."""
    if available_engines()[0] == "native":
        return why_slower() or "Using the native engine with its C methods."
    return why_slower() or f"Using the Python engine, which is the faster one on {sys.implementation.name}."


def _run(_options: argparse.Namespace) -> int:
    sys.stdout.write(describe() + "\n")
    return 0
