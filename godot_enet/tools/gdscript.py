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

__all__ = ["Declaration", "ScriptClass", "ScriptMethod", "read_script", "rpc_methods"]

_CHANNEL = 3
"""Position of the channel among the options; the words come first."""
_DEEPEST = 50


class ScriptMethod(NamedTuple):
    """One method."""

    name: str
    config: RpcConfig
    fewest: int
    """Number of arguments without a default."""
    most: int | None
    """None: unlimited."""
    unknown_channel: str = ""
    """The expression of the channel, if it contains an unknown name."""
    line: int = 0
    """Line of the declaration in its file; 0 if unknown."""
    path: Path | None = None
    """The file, if known."""


class Declaration(NamedTuple):
    """A variable or a parameter, as in the source."""

    name: str
    type: str
    """Empty if it has none."""
    default: list[str] | None
    """The tokens of its value; None if it has none."""


class ScriptClass:
    """A script, or a class inside one.

    Args:
        outer: the enclosing class, if any.
        project: the other scripts.
        path: its path.
        base: the script that it extends, if known.
    """

    def __init__(
        self, outer: ScriptClass | None, project: Project, path: Path | None, base: ScriptClass | None = None
    ) -> None:
        self.classes: dict[str, ScriptClass] = {}
        """Inner classes."""
        self.variables: dict[str, Declaration] = {}
        self._outer = outer
        self._project = project
        self.path = path
        self._base = base
        self._extends: list[str] = []
        self._constants: dict[str, list[str]] = {}
        self._enums: dict[str, list[tuple[str, list[str]]]] = {}
        """By the name of the enum, or of the member for unnamed enums."""
        self._values: dict[str, Any] = {}
        self._options: dict[str, list[list[str]]] = {}
        self._parameters: dict[str, list[list[str]]] = {}
        self._lines: dict[str, int] = {}
        self._depth = 0
        self._seeks_base = False

    # Reading

    def _read(self, lines: list[Line]) -> None:
        options: list[list[str]] | None = None
        indent = lines[0].indent if lines else 0
        for number, line in enumerate(lines):
            if line.indent > indent:
                continue  # the body of a function, or of a class that has been read
            tokens = Tokens(line.tokens)
            while token := tokens.take():
                if token == "@rpc":
                    options = tokens.bracketed("(", ")")
                elif token.startswith("@"):
                    tokens.bracketed("(", ")")  # another annotation of the same method
                elif token == "func":
                    self._read_function(tokens, options, line.number)
                    options = None
                elif token != "static":
                    self._read_statement(token, tokens, lines[number + 1 :], line.number)
                    options = None

    def _read_function(self, tokens: Tokens, options: list[list[str]] | None, number: int) -> None:
        name = tokens.take()
        parameters = tokens.bracketed("(", ")")
        tokens.until()  # return type, and a body in the same line
        if options is not None:
            self._options[name], self._parameters[name], self._lines[name] = options, parameters, number

    def _read_statement(self, token: str, tokens: Tokens, following: list[Line], number: int) -> None:
        if token == "class":
            self._read_class(tokens, following, number)
        elif token == "const":
            name = tokens.take()
            tokens.until("=", ":=")
            self._constants[name] = tokens.until(";")
        elif token == "enum":
            self._read_enum(tokens)
        elif token == "var":
            declared = _declaration(tokens.until(";"))
            self.variables[declared.name] = declared
        elif token == "class_name":
            tokens.take()
        elif token == "extends":
            self._extends = tokens.until(";")
        elif token != ";":
            tokens.until(";")

    def _read_class(self, tokens: Tokens, following: list[Line], number: int) -> None:
        inner = ScriptClass(self, self._project, self.path)
        self.classes[tokens.take()] = inner
        if tokens.skip("extends"):
            inner._extends = tokens.until(":")
        else:
            tokens.until(":")
        if tokens.peek():
            inner._read([Line(0, tokens.until(";"), number)])
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
        """A constant, an enum or a class of the script or of its base.

        Raises:
            UnknownName: the name is unknown.
        """
        for cls in self._lineage():
            if name in cls._constants or name in cls._enums:
                return cls._value(name)
            if name in cls.classes:
                return cls.classes[name]
        raise UnknownName(f"{name!r} is unknown")

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
        return self._project.load(name, self.path)

    def _find(self, name: str, first: Mapping[str, Any] = MappingProxyType({})) -> Any:
        """The value of a name inside the class; ``first`` takes precedence."""
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
        """The class and its known bases."""
        cls: ScriptClass | None = self
        for _ in range(_DEEPEST):
            if cls is None:
                return
            yield cls
            cls = cls._base or cls._find_base()

    def _find_base(self) -> ScriptClass | None:
        if self._seeks_base:  # its own name is not inherited
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

    def own_methods(self) -> list[str]:
        """The names of its own decorated methods, in their order."""
        return list(self._options)

    def parameters(self, method: str) -> list[Declaration]:
        """The parameters of a decorated method."""
        return [_declaration(part) for part in self._parameters[method] if part[0] != "..."]

    def base(self) -> ScriptClass | None:
        """The script that it extends, if known."""
        return self._base or self._find_base()

    def extends(self) -> str:
        """The text after ``extends``; empty if there is none."""
        return "".join(self._extends)

    def value(self, tokens: list[str]) -> Any:
        """The value of a constant expression in it.

        Raises:
            ValueError, OSError: it is not a constant expression.
        """
        return evaluate(tokens, self._find, self._load)

    def methods(self, inherited: bool = False) -> dict[str, ScriptMethod]:
        """Its decorated methods by name, including those inherited from classes of the same file.

        Args:
            inherited: also include those from other files.

        Raises:
            ValueError: an annotation has unknown options.
        """
        found: dict[str, ScriptMethod] = {}
        for cls in reversed([cls for cls in self._lineage() if inherited or cls is self or cls._outer is not None]):
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
        return ScriptMethod(name, config, fewest, most, unknown, self._lines[name], self.path)


def _declaration(tokens: list[str]) -> Declaration:
    """``name``, ``name: Type``, ``name: Type = value``, ``name := value``."""
    rest = Tokens(tokens)
    name = rest.take()
    kind = ""
    if rest.skip(":"):
        while rest.peek() and rest.peek() not in ("=", ":"):
            kind += rest.take()
    default = rest.until(":") if rest.skip("=", ":=") else None  # a colon starts a setter and a getter
    return Declaration(name, kind, default)


def _channel(value: Any) -> Any:
    """GDScript takes any number."""
    return int(value) if isinstance(value, (bool, float)) else value


def read_script(
    source: str, path: Path | None = None, project: Project | None = None, base: ScriptClass | None = None
) -> ScriptClass:
    """Parse a script into its class.

    Args:
        source: its text.
        path: its path; other scripts are looked up in its project.
        project: the project, if known.
        base: the script that it extends.
    """
    script = ScriptClass(None, project or Project(path, read_script), path, base)
    script._read(logical_lines(source))
    return script


def rpc_methods(source: str) -> dict[str, ScriptMethod]:
    """The decorated methods of a script by name, without inherited ones and those of inner classes.

    Raises:
        ValueError: an annotation has unknown options.
    """
    return read_script(source).methods()
