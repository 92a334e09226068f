"""No public name of ours is hidden by a base class that is not ours, in this version of Python or a later one.

Python's own types grow: ``bytearray`` got a ``resize`` in 3.14. That the names differ today is not enough: our classes
have to come first in the method resolution order.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Generic, TypeVar

import godot_enet
import godot_enet.compat.variant as variant
from tests.contract.api import load_values
from tests.rows import each_row

_T = TypeVar("_T")

VALUES = load_values()
PYTHON_ITSELF = {"append", "count", "insert", "reverse"}
"""Methods of Godot's arrays that Python's sequences have always had."""


def classes() -> Iterator[type]:
    """Every class of the package, private ones included."""
    for found in pkgutil.walk_packages(godot_enet.__path__, "godot_enet."):
        if ".native._gde" in found.name or found.name.endswith("__main__"):
            continue  # the compiled library is no module; the programs would run
        for value in vars(importlib.import_module(found.name)).values():
            if inspect.isclass(value) and value.__module__ == found.name:
                yield value


def is_ours(cls: type) -> bool:
    return cls.__module__.split(".")[0] in ("godot_enet", __name__.split(".")[0])


def public(cls: type) -> set[str]:
    return {name for name in vars(cls) if not name.startswith("_")}


def hidden(cls: type) -> dict[str, set[str]]:
    """Our classes that come behind a foreign one with methods, and their public names."""
    result: dict[str, set[str]] = {}
    behind = False
    for base in cls.__mro__:
        if not is_ours(base):
            behind = behind or bool(public(base))
        elif behind and public(base):
            result[base.__name__] = public(base)
    return result


def test_our_classes_come_before_those_of_python() -> None:
    found = list(classes())
    assert len(found) > 200
    assert {cls.__qualname__: hidden(cls) for cls in found if hidden(cls)} == {}


@each_row("name", VALUES)
def test_godots_methods_are_our_own(name: str) -> None:
    cls = getattr(variant, name)
    for method in set(VALUES[name]["methods"]) - PYTHON_ITSELF:
        owner = next((base for base in cls.__mro__ if method in vars(base)), None)
        assert owner is None or is_ours(owner), f"{method} is that of {owner}"


def test_a_class_behind_one_of_python_is_noticed() -> None:
    class Ours:
        def resize(self) -> None: ...

    class Wrong(bytearray, Ours): ...

    class Right(Ours, bytearray): ...

    class Harmless(Generic[_T], Ours): ...

    assert hidden(Wrong) == {"Ours": {"resize"}}
    assert hidden(Right) == hidden(Harmless) == {}
