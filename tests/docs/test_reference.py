"""The reference has every public name, with its docstring, and every type that a public signature names is public."""

from __future__ import annotations

import doctest
import inspect
import re
import typing
from collections.abc import Callable, Iterator
from typing import Any

import godot_enet
from tests.demos.program import ROOT
from tools.public_names import MODULES, public_objects, public_types

PAGES = sorted((ROOT / "docs" / "reference").glob("*.md"))
ENTRY = re.compile(r"^\.\. (currentmodule|auto\w+):: ([\w.]+)$", re.MULTILINE)


def members(of: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties that the package defines for a class, ours and those of its bases."""
    for base in of.__mro__:
        if base.__module__.startswith("godot_enet"):
            for name, value in vars(base).items():
                plain = value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
                if not name.startswith("_") and (inspect.isroutine(plain) or isinstance(plain, property)):
                    yield name, plain


def described() -> list[str]:
    """The names on the pages, each with its module."""
    found = []
    for page in PAGES:
        module = ""
        for kind, name in ENTRY.findall(page.read_text(encoding="utf-8")):
            if kind == "currentmodule":
                module = name
            else:
                found.append(f"{module}.{name}")
    return found


def test_every_public_name_is_described_once() -> None:
    assert sorted(described()) == sorted(name for name, _ in public_objects())


def test_every_page_is_in_the_contents() -> None:
    pages = {path.relative_to(ROOT / "docs").with_suffix("").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    contents = (ROOT / "docs" / "index.md").read_text(encoding="utf-8").splitlines()
    assert pages - set(contents) == {"index"}


def test_the_page_on_stability_promises_these_modules() -> None:
    text = (ROOT / "docs" / "stability.md").read_text(encoding="utf-8")
    assert [name for name in MODULES if f"`{name}" not in text] == []


def test_every_public_name_has_a_docstring() -> None:
    without = []
    for name, value in public_objects():
        if (inspect.isclass(value) or inspect.isroutine(value)) and not value.__doc__:
            without.append(name)
        if inspect.isclass(value):
            having = {each for each, member in members(value) if member.__doc__}  # a method or the one it replaces
            without += [f"{name}.{each}" for each, _ in members(value) if each not in having]
    assert without == []


class Unknown(type):
    def __getattr__(cls, name: str) -> type:
        if name.startswith("_"):
            raise AttributeError(name)
        return cls


class Pygame(metaclass=Unknown):
    """Any class and any module of pygame, which need not be installed."""


def hints(of: Callable[..., object] | type, owner: type | None) -> dict[str, Any]:
    """The annotations. What modules import for type checkers only is looked up in the class and in the package."""
    names = {name: getattr(godot_enet, name) for name in godot_enet.__all__} | {"Self": Any, "pygame": Pygame}
    if owner is not None:
        names |= dict(inspect.getmembers(owner, inspect.isclass))
    try:
        return typing.get_type_hints(of, localns=names)
    except NameError as error:
        return {"return": error}


def parts(hint: Any) -> Iterator[Any]:
    """The classes and aliases that an annotation names."""
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is typing.Literal:
        arguments = tuple(map(type, arguments))
    yield typing.get_origin(hint) if arguments else hint
    for each in arguments:
        for part in each if isinstance(each, list) else [each]:
            yield from parts(part)


def signatures() -> Iterator[tuple[str, Callable[..., object] | type, type | None]]:
    for name, value in public_objects():
        if inspect.isclass(value):
            yield name, value, value
            for method in ("__init__", "__new__"):
                function = getattr(value, method)
                if inspect.isfunction(function) and (function.__module__ or "").startswith("godot_enet"):  # PyPy: None
                    yield f"{name}.{method}", function, value
            for each, member in members(value):
                function = member.fget if isinstance(member, property) else member
                if inspect.isfunction(function):
                    yield f"{name}.{each}", function, value
        elif inspect.isfunction(value):
            yield name, value, None


def test_every_type_in_a_public_signature_can_be_imported() -> None:
    public = public_types()
    problems = []
    for where, function, owner in signatures():
        for parameter, hint in hints(function, owner).items():
            if parameter.startswith("_"):
                continue
            for part in parts(hint):
                known = id(part) in public or not getattr(part, "__module__", "").startswith("godot_enet")
                if isinstance(part, NameError) or not (known or isinstance(part, (typing.TypeVar, typing.ParamSpec))):
                    problems.append(f"{where}, {parameter}: {part!r}")
    assert problems == []


def test_the_examples_in_docstrings_are_so() -> None:
    names = {name: getattr(godot_enet, name) for name in godot_enet.__all__}
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner()
    tried = set()
    for name, value in public_objects():
        if inspect.isclass(value) or inspect.isroutine(value):
            for example in finder.find(value, name, module=False, globs=dict(names)):
                if example.examples:
                    runner.run(example)
                    tried.add(example.name)
    assert runner.summarize().failed == 0
    assert {"godot_enet.var_to_bytes", "godot_enet.Rect2.intersection", "godot_enet.NodePath"} <= tried
