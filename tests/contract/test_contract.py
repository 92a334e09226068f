"""The public classes have Godot's names, arguments, defaults, numbers and kinship, and what is missing is written down.

Methods beyond Godot's are allowed; arguments beyond Godot's are, at the end, where ``BEYOND`` has them.
"""

from __future__ import annotations

from enum import IntEnum
from types import SimpleNamespace
from typing import Any

import pytest

import godot_enet
from tests.contract.api import Api, class_problems, enum_problems, load, method_problems, missing_from
from tests.contract.missing import MISSING
from tests.rows import each_row

API = load()
PRESENT = [name for name in API.classes if hasattr(godot_enet, name)]
BEYOND = {"MultiplayerSpawner.add_spawnable_scene": [{"name": "factory", "default": "null"}]}
"""Arguments that Godot has not: here a scene is no file, and has to be made by something."""
METHODS = [
    (name, method) for name in PRESENT for method in API.classes[name]["methods"] if f"{name}.{method}" not in MISSING
]


def test_the_dump_is_the_whole_networking_layer() -> None:
    assert {"ENetConnection", "ENetPacketPeer", "PacketPeer"} <= set(PRESENT)
    assert len(API.classes) == 15
    assert len(METHODS) >= 40


def test_what_is_missing_is_listed() -> None:
    unlisted = sorted(missing_from(godot_enet, API) - MISSING)
    assert not unlisted, f"missing from the package: {unlisted}"


def test_what_is_listed_is_missing() -> None:
    present = sorted(MISSING - missing_from(godot_enet, API))
    assert not present, f"no longer missing, remove from tests/contract/missing.py: {present}"


@each_row(("name", "method"), [pytest.param(*pair, id=".".join(pair)) for pair in METHODS])
def test_method(name: str, method: str) -> None:
    cls = getattr(godot_enet, name)
    described = API.classes[name]["methods"][method]
    arguments = [*described["arguments"], *BEYOND.get(f"{name}.{method}", [])]
    assert list(method_problems(godot_enet, cls, method, {**described, "arguments": arguments})) == []


@each_row("name", PRESENT)
def test_enums_constants_properties_and_kinship(name: str) -> None:
    assert list(class_problems(godot_enet, getattr(godot_enet, name), API.classes[name])) == []


@pytest.mark.parametrize("name", [name for name in API.enums if name not in MISSING])
def test_global_enum(name: str) -> None:
    assert list(enum_problems(getattr(godot_enet, name), name, API.enums[name])) == []


class TestTheComparison:
    """The comparison itself notices what is wrong."""

    class Colour(IntEnum):
        RED = 0
        BLUE = 1

    class Thing:
        RED = 0
        SIZE = 4
        dried = SimpleNamespace(arguments=("hours",))

        def paint(self, colour: int, layers: int = 2) -> int:
            return colour * layers

        @staticmethod
        def make() -> int:
            return 0

    @staticmethod
    def described(**changes: Any) -> dict[str, Any]:
        described: dict[str, Any] = {"inherits": "RefCounted", "enums": {}, "constants": {}, "properties": {}}
        return described | {"signals": {}, "methods": {}} | changes

    @staticmethod
    def method(*arguments: tuple[str, str | None], returns: str = "int", static: bool = False) -> dict[str, Any]:
        listed = [
            {"name": name} if default is None else {"name": name, "default": default} for name, default in arguments
        ]
        return {"arguments": listed, "returns": returns, "static": static}

    @each_row(
        ("described", "problem"),
        [
            (method(("colour", None), ("layers", "2")), None),
            (method(("color", None), ("layers", "2")), "takes"),
            (method(("layers", "2"), ("colour", None)), "takes"),
            (method(("colour", None)), "takes"),
            (method(("colour", None), ("layers", "3")), "layers defaults to 2, not 3"),
            (method(("colour", "0"), ("layers", "2")), "colour defaults to"),
            (method(("colour", None), ("layers", "false")), "layers defaults to 2, not False"),
            (method(("colour", None), ("layers", "2"), static=True), "should be static"),
            (method(("colour", None), ("layers", "2"), returns="void"), "returns"),
        ],
    )
    def test_of_methods(self, described: dict[str, Any], problem: str | None) -> None:
        problems = list(method_problems(godot_enet, self.Thing, "paint", described))
        assert problems == [] if problem is None else problems[0].startswith(problem)

    def test_of_static_methods(self) -> None:
        assert list(method_problems(godot_enet, self.Thing, "make", self.method(static=True))) == []
        assert list(method_problems(godot_enet, self.Thing, "make", self.method())) == ["should not be static"]

    @each_row(
        "changes",
        [
            {"inherits": "PacketPeer"},
            {"enums": {"Colour": {"RED": 0}}},
            {"constants": {"SIZE": 5}},
            {"constants": {"WEIGHT": 5}},
            {"properties": {"layers": {"getter": "get_layers", "setter": "set_layers"}}},
            {"signals": {"painted": []}},
            {"signals": {"SIZE": []}},
            {"signals": {"dried": ["minutes"]}},
        ],
    )
    def test_of_classes(self, changes: dict[str, Any]) -> None:
        right = self.described(constants={"SIZE": 4}, signals={"dried": ["hours"]})
        assert list(class_problems(godot_enet, self.Thing, right)) == []
        assert len(list(class_problems(godot_enet, self.Thing, self.described(**changes)))) >= 1

    def test_of_enums(self) -> None:
        assert list(enum_problems(self.Colour, "Colour", {"RED": 0, "BLUE": 1})) == []
        assert list(enum_problems(self.Colour, "Colour", {"RED": 0, "BLUE": 2})) == ["Colour.BLUE is 1, not 2"]
        assert list(enum_problems(self.Colour, "Colour", {"RED": 0})) == ["Colour.BLUE is 1, not None"]
        assert list(enum_problems(int, "Colour", {"RED": 0})) == ["Colour is no IntEnum"]

    def test_of_what_is_missing(self) -> None:
        api = Api(
            {"Thing": self.described(methods={"paint": {}, "burn": {}}), "Other": self.described()}, {}, {"make": 0}
        )
        package = SimpleNamespace(Thing=self.Thing, make=len)
        assert missing_from(package, api) == {"Thing.burn", "Other"}
