"""Godot's interface as it was dumped from the engine, and how Python code differs from it."""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Iterator, Mapping
from enum import IntEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

__all__ = [
    "NODES_FILE",
    "Api",
    "class_problems",
    "enum_problems",
    "load",
    "load_values",
    "method_problems",
    "missing_from",
]

_FILE = Path(__file__).with_name("godot-4.6-api.json")
NODES_FILE = Path(__file__).with_name("godot-4.6-nodes.json")
_VALUES = Path(__file__).parents[1] / "vectors" / "variant_members.json"
_NATIVE: dict[str, object] = {
    "void": type(None),
    "bool": bool,
    "int": int,
    "float": float,
    "String": str,
    "PackedByteArray": bytes,
}
"""Godot's return types for which Python has exactly one of its own."""
_LOOSE = {"Array", "Dictionary", "Variant"}
"""Those that Python's own values and more exact types take the place of."""


class Api(NamedTuple):
    """The parts of the dump that can be compared."""

    classes: Mapping[str, Any]
    enums: Mapping[str, Mapping[str, int]]
    functions: Mapping[str, Any]


def load() -> Api:
    """The dump of Godot 4.6, reduced to the classes of its networking layer."""
    raw = json.loads(_FILE.read_text(encoding="utf-8"))
    return Api(raw["classes"], raw["global_enums"], raw["utility_functions"])


def load_values() -> dict[str, Any]:
    """For each value type its ``methods``, with their least and most arguments, and its ``values``: other members."""
    loaded: dict[str, Any] = json.loads(_VALUES.read_text(encoding="utf-8"))
    return loaded


def missing_from(package: object, api: Api) -> set[str]:
    """What the package does not have: names of classes, enums and functions, and methods as ``Class.method``."""
    missing = {name for name in (*api.enums, *api.functions) if _resolve(package, name) is None}
    for name, described in api.classes.items():
        cls = _resolve(package, name)
        if cls is None:
            missing.add(name)
        else:
            missing.update(f"{name}.{method}" for method in described["methods"] if not hasattr(cls, method))
    return missing


def _resolve(package: object, name: str) -> Any:
    """``Variant.Type`` means an attribute of an attribute."""
    found: Any = package
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def class_problems(package: object, cls: type, described: Mapping[str, Any]) -> Iterator[str]:
    """How a class differs from its description, methods aside."""
    parent = _resolve(package, described["inherits"])
    if parent is not None and not issubclass(cls, parent):
        yield f"does not inherit {described['inherits']}"
    for name, members in described["enums"].items():
        yield from enum_problems(getattr(cls, name, None), name, members)
        for member, value in members.items():
            if getattr(cls, member, None) is not getattr(getattr(cls, name, None), member, cls):
                yield f"{member} is not {name}.{member}"
            elif getattr(cls, member) != value:
                yield f"{member} is {getattr(cls, member)!r}, not {value}"
    for name, value in described["constants"].items():
        if getattr(cls, name, None) != value:
            yield f"{name} is {getattr(cls, name, None)!r}, not {value}"
    for name, accessors in described["properties"].items():
        found = inspect.getattr_static(cls, name, None)
        if not isinstance(found, property):
            yield f"{name} is no property"
        elif bool(accessors.get("setter")) != (found.fset is not None):
            yield f"{name} should {'' if accessors.get('setter') else 'not '}be settable"
    for name, arguments in described["signals"].items():
        signal = inspect.getattr_static(cls, name, None)
        if signal is None:
            yield f"has no signal {name}"
        elif (names := list(getattr(signal, "arguments", ["?"]))) != arguments:
            yield f"signal {name} has {names}, not {arguments}"


def enum_problems(found: object, name: str, members: Mapping[str, int]) -> Iterator[str]:
    """How an enum differs from Godot's, value by value."""
    if not (isinstance(found, type) and issubclass(found, IntEnum)):
        yield f"{name} is no IntEnum"
        return
    values = {member: int(value) for member, value in found.__members__.items()}
    for member in members.keys() | values.keys():
        if values.get(member) != members.get(member):
            yield f"{name}.{member} is {values.get(member)}, not {members.get(member)}"


def method_problems(package: object, cls: type, name: str, described: Mapping[str, Any]) -> Iterator[str]:
    """How a method differs from its description: kind, arguments, defaults, and the type of what it returns."""
    found = inspect.getattr_static(cls, name)
    static = isinstance(found, (staticmethod, classmethod))
    if static != described["static"]:
        yield f"should {'' if described['static'] else 'not '}be static"
    function = getattr(cls, name)
    parameters = list(inspect.signature(function).parameters.values())
    if not static:
        del parameters[:1]
    wanted = described["arguments"]
    names = [parameter.name for parameter in parameters]
    if names != [argument["name"] for argument in wanted]:
        yield f"takes {names}, not {[argument['name'] for argument in wanted]}"
        return
    for parameter, argument in zip(parameters, wanted, strict=True):
        if parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
            yield f"{parameter.name} is {parameter.kind.description}"
        default = _value_of(argument.get("default"))
        actual = list(parameter.default) if isinstance(parameter.default, tuple) else parameter.default
        if actual != default or type(actual) is not type(default):
            yield f"{parameter.name} defaults to {actual!r}, not {default!r}"
    returns = described["returns"]
    if returns in _LOOSE:
        return
    expected = _resolve(package, returns.removeprefix("enum::")) if returns not in _NATIVE else _NATIVE[returns]
    if isinstance(expected, type) and not _returns(hint := _return_hint(package, cls, name), expected):
        yield f"returns {hint}, not {returns}"


def _return_hint(package: object, cls: type, name: str) -> object:
    """What a method is annotated to return; if it is written in C, the Python method that it stands before."""
    nested = {
        each: getattr(package, each, None) for each in ("MultiplayerAPI", "SceneTree")
    }  # known to type checkers alone
    nested |= {each: value for base in reversed(cls.__mro__) for each, value in vars(base).items()}
    for base in cls.__mro__:
        found = vars(base).get(name)
        function = found.__func__ if isinstance(found, (staticmethod, classmethod)) else found
        if inspect.isfunction(function):
            # The arguments' types may be known to type checkers alone.
            returned = SimpleNamespace(__annotations__={"return": function.__annotations__.get("return")})
            return typing.get_type_hints(returned, function.__globals__, nested).get("return")
    return None


def _returns(hint: object, expected: type) -> bool:
    """Whether an annotation is the type, or for objects perhaps None, as every reference of Godot's may be null."""
    if hint is typing.Any and expected.__name__ == "Node":
        return True  # of a class that the program knows
    if expected in _NATIVE.values() or issubclass(expected, IntEnum):
        return hint is expected
    # "X | Any" is an X or None, of which type checkers ask for no check.
    return hint is expected or set(typing.get_args(hint)) in ({expected, type(None)}, {expected, typing.Any})


def _value_of(default: str | None) -> object:
    """A default as Python writes it; an argument without one gives ``inspect.Parameter.empty``."""
    if default is None:
        return inspect.Parameter.empty
    return json.loads(default.removeprefix("NodePath(").removesuffix(")"))  # text does as well for a path
