"""The public names of the package, and the modules that they are imported from."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module

__all__ = ["MODULES", "find_object", "public_objects", "public_types"]

MODULES = (
    "godot_enet",
    "godot_enet.aio",
    "godot_enet.core",
    "godot_enet.core.drivers.aio",
    "godot_enet.load",
    "godot_enet.metrics",
    "godot_enet.netcode",
    "godot_enet.ops",
    "godot_enet.recording",
    "godot_enet.scenes",
    "godot_enet.testing",
    "godot_enet.tools.bad_network",
    "godot_enet.tools.netgraph",
    "godot_enet.tools.netstats",
)
"""Each promises the names in its ``__all__``, as docs/stability.md says; of two with one object the first counts."""


def public_objects() -> Iterator[tuple[str, object]]:
    """Each public name with its module, and the object."""
    for module in MODULES:
        for name in import_module(module).__all__:
            yield f"{module}.{name}", getattr(import_module(module), name)


def public_types() -> dict[int, str]:
    """The names of public classes and type aliases, such as ``godot_enet.core.Host``, by the ``id`` of the object.

    Classes within public classes are among them: ``godot_enet.ENetConnection.EventType``.
    """
    found: dict[int, str] = {}
    for name, value in public_objects():
        found.setdefault(id(value), name)
    for name, value in public_objects():
        for attribute, nested in inspect.getmembers(value, inspect.isclass) if inspect.isclass(value) else ():
            if not attribute.startswith("_"):
                found.setdefault(id(nested), f"{name}.{attribute}")
    return found


def find_object(path: str) -> object:
    """The object at a dotted path such as ``godot_enet.core.host.Host``, or None."""
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        return None
