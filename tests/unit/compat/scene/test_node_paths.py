"""Names and ways."""

from __future__ import annotations

import pytest

from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.node_paths import follow, free_name, line, readable_name, valid_name, way


def test_what_paths_need_is_no_part_of_a_name() -> None:
    assert valid_name('a.b:c@d/e"f%g') == "a_b_c_d_e_f_g"
    assert valid_name("Player 2 \u00e4") == "Player 2 \u00e4"


def test_free_names_are_never_given_twice() -> None:
    first, second = free_name("Q", "Node"), free_name("Q", "Node")
    assert first != second
    assert first.startswith("@Q@")
    assert free_name("", "Node").startswith("@Node@")


@pytest.mark.parametrize(
    ("name", "taken", "given"),
    [
        ("Q", [], "Q"),
        ("Q", ["Q"], "Q2"),
        ("Q2", ["Q", "Q2"], "Q3"),
        ("Q", ["Q", "Q2", "Q3"], "Q4"),
        ("R9", ["R9"], "R10"),
        ("", [], "Kind"),
        ("", ["Kind"], "Kind2"),
    ],
)
def test_readable_names_as_in_godot(name: str, taken: list[str], given: str) -> None:
    assert readable_name(name, "Kind", taken) == given


def test_ways() -> None:
    top, a, b, c = (Node(name) for name in ("top", "a", "b", "c"))
    top.add_child(a)
    top.add_child(b)
    a.add_child(c)
    assert line(c) == [top, a, c]
    assert way(c, b) == ["..", "..", "b"]
    assert way(top, c) == ["a", "c"]
    assert way(c, c) == ["."]
    assert way(c, Node("stranger")) is None
    assert follow(c, ["..", "..", "b"], absolute=False) is b
    assert follow(top, ["a", ".", "c"], absolute=False) is c
    assert follow(top, ["..", "a"], absolute=False) is None
    assert follow(top, [], absolute=False) is None
    assert follow(top, ["top", "a"], absolute=True) is None  # it is in no tree
