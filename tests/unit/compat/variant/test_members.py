"""Nothing is missing: what Godot 4.6.3 says of its own types is in ``tests/vectors/variant_members.json``."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

import godot_enet.compat.variant as variant

MEMBERS: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "vectors" / "variant_members.json").read_text(encoding="utf-8")
)
OTHERWISE = {("NodePath", "hash")}
"""``hash(path)`` in Python; Godot's number means nothing outside of it."""


@pytest.mark.parametrize("name", MEMBERS)
def test_every_method_takes_what_it_takes_in_godot(name: str) -> None:
    cls = getattr(variant, name)
    for method, counts in MEMBERS[name]["methods"].items():
        if (name, method) in OTHERWISE:
            continue
        try:
            signature = inspect.signature(getattr(cls, method))
        except ValueError:  # one of a list or an array, in C
            continue
        is_static = isinstance(inspect.getattr_static(cls, method), (staticmethod, classmethod))
        for count in counts:
            signature.bind(*[None] * (count if is_static else count + 1))


@pytest.mark.parametrize("name", MEMBERS)
def test_every_member_and_constant_is_there(name: str) -> None:
    cls = getattr(variant, name)
    assert [value for value in MEMBERS[name]["values"] if not hasattr(cls, value)] == []
