"""The classes of a GDScript file with their ``@rpc`` methods and constants, without Godot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from godot_enet.compat.scene.rpc_config import RpcConfig, config_from_annotation
from godot_enet.tools.gdscript_constants import UnknownName, evaluate
from godot_enet.tools.gdscript_project import Project
from godot_enet.tools.gdscript_tokens import Line, Tokens, logical_lines

__all__ = ["ScriptClass", "ScriptMethod", "read_script", "rpc_methods"]

_CHANNEL = 3
"""The place of the channel among the options; words come before it."""
_DEEPEST = 50


class ScriptMethod(NamedTuple):
    """One method."""

    name: str
    config: RpcConfig
    fewest: int
    """Arguments it takes, without those that have a default."""
    most: int | None
    """None: any number."""
    unknown_channel: str = ""
    """The expression of the channel, where it names something that is not known."""


class ScriptClass:
    """A script, or a class inside one.

    Args:
        outer: what it is in, if anything.
        project: where other scripts are.
        path: where it is from.
        base: a script that it extends, if that is known.
    """

    def __init__(
        self, outer: ScriptClass | None, project: Project, path: Path | None, base: ScriptClass | None = None
    ) -> None:
        self.classes: dict[str, ScriptClass] = {}
        """Those inside it."""
        self._outer = outer
        self._project = project
        self._path = path
        self._base = base
        self._extends: list[str] = []
        self._constants: dict[str, list[str]] = {}
        self._enums: dict[str, list[tuple[str, list[str]]]] = {}
        """By the names of enums, and of the members of those that have no name."""
        self._values: dict[str, Any] = {}
        self._options: dict[str, list[list[str]]] = {}
        self._parameters: dict[str, list[list[str]]] = {}
        self._depth = 0
        self._seeks_base = False

    # Reading

    def _read(self, lines: list[Line]) -> None:
        options: list[list[str]] | None = None
        indent = lines[0].indent if lines else 0
        for number, line in enumerate(lines):
            if line.indent > indent:
                continue  # the body of a function, or of a class, which has been read
            tokens = Tokens(line.tokens)
            while token := tokens.take():
                if token == "@rpc":
                    options = tokens.bracketed("(", ")")
                elif token.startswith("@"):
                    tokens.bracketed("(", ")")  # another annotation of the same method
                elif token == "func":
                    self._read_function(tokens, options)
                    options = None
                elif token != "static":
                    self._read_statement(token, tokens, lines[number + 1 :])
                    options = None

    def _read_function(self, tokens: Tokens, options: list[list[str]] | None) -> None:
        name = tokens.take()
        parameters = tokens.bracketed("(", ")")
        tokens.until()  # what it returns, and its body if that is in the same line
        if options is not None:
            self._options[name], self._parameters[name] = options, parameters

    def _read_statement(self, token: str, tokens: Tokens, following: list[Line]) -> None:
        if token == "class":
            self._read_class(tokens, following)
        elif token == "const":
            name = tokens.take()
            tokens.until("=", ":=")
            self._constants[name] = tokens.until(";")
        elif token == "enum":
            self._read_enum(tokens)
        elif token == "class_name":
            tokens.take()
        elif token == "extends":
            self._extends = tokens.until(";")
        elif token != ";":
            tokens.until(";")

    def _read_class(self, tokens: Tokens, following: list[Line]) -> None:
        inner = ScriptClass(self, self._project, self._path)
        self.classes[tokens.take()] = inner
        if tokens.skip("extends"):
            inner._extends = tokens.until(":")
        else:
            tokens.until(":")
        if tokens.peek():
            inner._read([Line(0, tokens.until(";"))])
        elif following:
            indent = following[0].indent
            end = next((place for place, line in enumerate(following) if line.indent < indent), len(following))
            inner._read(following[:end])

    def _read_enum(self, tokens: Tokens) -> None:
        name = "" if tokens.peek() == "{" else tokens.take()
        members: list[tuple[str, list[str]]] = []
        for part in tokens.bracketed("{", "}"):
            member = Tokens(part)
            members.append((member.take(), member.until() if member.skip("=") else []))
        for known in [name] if name else [member for member, _ in members]:
            self._enums[known] = members

    # Names

    def member(self, name: str) -> Any:
        """A constant, an enum or a class of it, or of what it extends.

        Raises:
            UnknownName: there is none.
        """
        for cls in self._lineage():
            if name in cls._constants or name in cls._enums:
                return cls._value(name)
            if name in cls.classes:
                return cls.classes[name]
        raise UnknownName(f"{name!r} is not known")

    def _value(self, name: str) -> Any:
        if name not in self._values:
            if self._depth > _DEEPEST:
                raise ValueError(f"{name!r} is defined by itself")
            self._depth += 1
            try:
                if name in self._constants:
                    self._values[name] = evaluate(self._constants[name], self._find, self._load)
                else:
                    values = self._enum_values(self._enums[name])
                    self._values |= values if name in values else {name: values}
            finally:
                self._depth -= 1
        return self._values[name]

    def _enum_values(self, members: list[tuple[str, list[str]]]) -> dict[str, int]:
        values: dict[str, int] = {}
        following = 0
        for name, tokens in members:
            values[name] = following
            if tokens:
                values[name] = evaluate(
                    tokens, lambda each: values[each] if each in values else self._find(each), self._load
                )
            following = values[name] + 1
        return values

    def _load(self, name: object) -> Any:
        return self._project.load(name, self._path)

    def _find(self, name: str, first: Mapping[str, Any] = MappingProxyType({})) -> Any:
        """What a name means inside of it; ``first`` goes before."""
        if name in first:
            return first[name]
        if name == "self":
            return self
        cls: ScriptClass | None = self
        while cls is not None:
            if cls._has(name):
                return cls.member(name)
            cls = cls._outer
        return self._project.named(name)

    def _has(self, name: str) -> bool:
        return any(name in members for cls in self._lineage() for members in (cls._constants, cls._enums, cls.classes))

    def _lineage(self) -> Iterator[ScriptClass]:
        """It, and what it extends as far as that is known."""
        cls: ScriptClass | None = self
        for _ in range(_DEEPEST):
            if cls is None:
                return
            yield cls
            cls = cls._base or cls._find_base()

    def _find_base(self) -> ScriptClass | None:
        if self._seeks_base:  # its name is not one of those that it brings
            return None
        tokens = self._extends
        if tokens and tokens[0][0] in ("'", '"'):
            tokens = ["preload", "(", tokens[0], ")", *tokens[1:]]
        self._seeks_base = True
        try:
            found = evaluate(tokens, (self._outer or self)._find, self._load)
        except (ValueError, OSError):
            return None
        finally:
            self._seeks_base = False
        return found if isinstance(found, ScriptClass) else None

    # Methods

    def methods(self) -> dict[str, ScriptMethod]:
        """Its decorated methods by name, and those it inherits from classes of the same file.

        Raises:
            ValueError: an annotation has options that there are not.
        """
        found: dict[str, ScriptMethod] = {}
        for cls in reversed([cls for cls in self._lineage() if cls is self or cls._outer is not None]):
            found |= {name: cls._method(name) for name in cls._options}
        return found

    def _method(self, name: str) -> ScriptMethod:
        options, parameters = self._options[name], self._parameters[name]
        named = [part for part in parameters if part[0] != "..."]  # `...rest` takes any number
        fewest = sum(not {"=", ":="} & set(part) for part in named)
        most = len(named) if len(named) == len(parameters) else None
        unknown = ""
        try:
            values = [evaluate(part, self._find, self._load) for part in options[:_CHANNEL]]
            if len(options) > _CHANNEL:
                try:
                    values.append(_channel(evaluate(options[_CHANNEL], self._find, self._load)))
                except UnknownName:
                    unknown = "".join(options[_CHANNEL])
                values += [evaluate(part, self._find, self._load) for part in options[_CHANNEL + 1 :]]
            config = config_from_annotation(values)
        except (OSError, TypeError, ValueError) as error:
            text = ", ".join("".join(part) for part in options)
            raise ValueError(f"@rpc({text}) cannot be read: {error}") from None
        return ScriptMethod(name, config, fewest, most, unknown)


def _channel(value: Any) -> Any:
    """GDScript takes any number."""
    return int(value) if isinstance(value, (bool, float)) else value


def read_script(
    source: str, path: Path | None = None, project: Project | None = None, base: ScriptClass | None = None
) -> ScriptClass:
    """The class that a script is.

    Args:
        source: its text.
        path: where it is from; other scripts are looked for in its project.
        project: that, if it is known.
        base: the script that it extends.
    """
    script = ScriptClass(None, project or Project(path, read_script), path, base)
    script._read(logical_lines(source))
    return script


def rpc_methods(source: str) -> dict[str, ScriptMethod]:
    """The decorated methods of a script, by name; not those it inherits, nor those of inner classes.

    Raises:
        ValueError: an annotation has options that there are not.
    """
    return read_script(source).methods()
