"""Names and paths."""

from __future__ import annotations

from godot_enet.compat.scene.naming import readable_name, unique_name, valid_name
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.node_paths import ancestry, relative_names, resolve
from tests.rows import each_row


def test_what_paths_need_is_no_part_of_a_name() -> None:
    assert valid_name('a.b:c@d/e"f%g') == "a_b_c_d_e_f_g"
    assert valid_name("Player 2 \u00e4") == "Player 2 \u00e4"


def test_what_a_path_on_the_wire_cannot_hold_is_replaced() -> None:
    assert valid_name("a\0b") == "a\ufffdb"
    assert valid_name("\u00e4\ud800\0") == "\u00e4\ufffd\ufffd"


def test_unique_names_are_never_given_twice() -> None:
    first, second = unique_name("Node"), unique_name("Node")
    assert first != second
    assert first.startswith("@Node@")


@each_row(
    ("name", "taken", "given"),
    [
        ("Q", [], "Q"),
        ("Q", ["Q"], "Q2"),
        ("Q2", ["Q", "Q2"], "Q3"),
        ("Q", ["Q", "Q2", "Q3"], "Q4"),
        ("Q1", ["Q1"], "Q2"),
        ("R9", ["R9"], "R10"),
        ("R09", ["R09"], "R10"),
        ("R099", ["R099"], "R100"),
        ("R99", ["R99"], "R100"),
        ("9", ["9"], "10"),
        ("R\u0663", ["R\u0663"], "R\u06632"),  # no digit for Godot
        ("9" * 5000, ["9" * 5000], "1" + "0" * 5000),
    ],
)
def test_readable_names_as_in_godot(name: str, taken: list[str], given: str) -> None:
    assert readable_name(name, taken) == given


def test_paths() -> None:
    top, a, b, c = (Node(name) for name in ("top", "a", "b", "c"))
    top.add_child(a)
    top.add_child(b)
    a.add_child(c)
    assert ancestry(c) == [top, a, c]
    assert relative_names(c, b) == ["..", "..", "b"]
    assert relative_names(top, c) == ["a", "c"]
    assert relative_names(c, c) == ["."]
    assert relative_names(c, Node("stranger")) is None
    assert resolve(c, ["..", "..", "b"], absolute=False) is b
    assert resolve(top, ["a", ".", "c"], absolute=False) is c
    assert resolve(top, ["..", "a"], absolute=False) is None
    assert resolve(top, [], absolute=False) is None
    assert resolve(top, ["top", "a"], absolute=True) is None  # it is in no tree
