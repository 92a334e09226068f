"""The value types have every method, member and constant that Godot 4.6.3 lists, but for those left out."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import godot_enet.compat.variant as variant
from tests.contract.api import load_values
from tests.contract.left_out import LEFT_OUT

VALUES = load_values()
OTHERWISE = {"NodePath.hash"}
"""``hash(path)`` in Python; Godot's number means nothing outside of it."""
DOCUMENTED = Path(__file__).parents[2] / "docs" / "coming-from-godot.md"


def absent() -> Iterator[str]:
    for name, described in VALUES.items():
        cls = getattr(variant, name)
        yield from (
            f"{name}.{each}" for each in (*described["methods"], *described["values"]) if not hasattr(cls, each)
        )


def test_a_member_is_absent_if_and_only_if_it_is_left_out() -> None:
    assert set(absent()) - OTHERWISE == LEFT_OUT


def test_the_docs_name_everything_left_out() -> None:
    text = DOCUMENTED.read_text(encoding="utf-8")
    assert [name for name in sorted(LEFT_OUT) if f"`{name.partition('.')[2]}`" not in text] == []


@pytest.mark.parametrize("name", VALUES)
def test_methods_take_as_many_arguments_as_in_godot(name: str) -> None:
    cls = getattr(variant, name)
    for method, counts in VALUES[name]["methods"].items():
        if f"{name}.{method}" in LEFT_OUT | OTHERWISE:
            continue
        try:
            signature = inspect.signature(getattr(cls, method))
        except ValueError:  # one of a list or an array, in C
            continue
        is_static = isinstance(inspect.getattr_static(cls, method), (staticmethod, classmethod))
        for count in counts:
            signature.bind(*[None] * (count if is_static else count + 1))
