"""Nodes, trees and timers have Godot's names, arguments, defaults and numbers; what they have not is listed."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

import godot_enet
from tests.contract.api import NODES_FILE, class_problems, method_problems
from tests.contract.left_out_of_nodes import ARGUMENTS, LEFT_OUT
from tests.rows import each_row

API: dict[str, Any] = json.loads(NODES_FILE.read_text(encoding="utf-8"))["classes"]
CLASSES = {"Object": godot_enet.Node} | {
    name: getattr(godot_enet, name) for name in ("Node", "SceneTree", "Timer", "SceneTreeTimer")
}
PARTS = ("methods", "enums", "constants", "signals", "properties")


def names(cls: str, part: str) -> Iterator[str]:
    """What is to be there."""
    return (name for name in API[cls][part] if f"{cls}.{name}" not in LEFT_OUT)


METHODS = [(cls, name) for cls in CLASSES for name in names(cls, "methods") if not API[cls]["methods"][name]["vararg"]]


def test_what_is_left_out_is_listed_and_nothing_else() -> None:
    everything = {f"{cls}.{name}" for cls in CLASSES for part in PARTS for name in API[cls][part]}
    assert everything >= LEFT_OUT
    missing = {name for name in everything if not hasattr(CLASSES[name.split(".")[0]], name.split(".")[1])}
    assert missing - LEFT_OUT == set()
    assert LEFT_OUT - missing == set(), "no longer left out"


@each_row(("cls", "name"), METHODS)
def test_methods(cls: str, name: str) -> None:
    described = API[cls]["methods"][name]
    wanted = [argument for argument in described["arguments"] if argument["name"] not in ARGUMENTS]
    assert list(method_problems(godot_enet, CLASSES[cls], name, described | {"arguments": wanted})) == []


def test_methods_with_any_number_of_arguments_take_them_behind_the_others() -> None:
    found = 0
    for cls, owner in CLASSES.items():
        for name in names(cls, "methods"):
            if API[cls]["methods"][name]["vararg"]:
                *named, rest = list(inspect.signature(getattr(owner, name)).parameters.values())[1:]
                assert [each.name for each in named] == [
                    each["name"] for each in API[cls]["methods"][name]["arguments"]
                ]
                assert rest.kind is inspect.Parameter.VAR_POSITIONAL
                found += 1
    assert found == 5


@each_row("cls", list(CLASSES))
def test_enums_constants_properties_and_signals(cls: str) -> None:
    kept = {part: {name: API[cls][part][name] for name in names(cls, part)} for part in PARTS}
    described = {"inherits": API[cls]["inherits"]} | kept
    assert list(class_problems(godot_enet, CLASSES[cls], described)) == []
