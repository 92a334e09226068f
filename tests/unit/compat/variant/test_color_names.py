"""Names of colours. That their values are Godot's is in test_golden."""

from __future__ import annotations

import pytest

from godot_enet.compat.variant import Color
from godot_enet.compat.variant.color_names import NamedColors, find


def test_every_name_is_found_however_it_is_written() -> None:
    names = [name for name in vars(NamedColors) if name.isupper()]
    assert len(names) == 146
    for name in names:
        color = getattr(Color, name)
        assert type(color) is Color
        for written in (name, name.lower(), name.replace("_", " ").title(), name.replace("_", "-")):
            assert find(written) == color


@pytest.mark.parametrize("name", ["", "_", "redd", "r\u00e9d", "mro", "__slots__"])
def test_other_names_are_not(name: str) -> None:
    assert find(name) is None


def test_a_constant_is_made_once() -> None:
    assert Color.TOMATO is Color.TOMATO
