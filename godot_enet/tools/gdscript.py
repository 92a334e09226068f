"""The ``@rpc`` methods of a GDScript file, without Godot."""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

from godot_enet.compat.scene.rpc_config import RpcConfig, config_from_annotation

__all__ = ["ScriptMethod", "rpc_methods"]

_TOKEN = re.compile(
    r"""
    (?P<comment>\#[^\n]*)
    |(?P<string>r?(?:'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<line>\n[ \t]*)
    |(?P<space>[ \t\r]+|\\\r?\n)
    |(?P<word>@?\w+)
    |(?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_OPENING, _CLOSING = "([{", ")]}"


class ScriptMethod(NamedTuple):
    """One method."""

    name: str
    config: RpcConfig
    fewest: int
    """Arguments it takes, without those that have a default."""
    most: int | None
    """None: any number."""


class _Tokens:
    """The words and marks of the outermost class; what is indented belongs to functions and inner classes."""

    def __init__(self, source: str) -> None:
        self._tokens: list[str] = []
        depth, indented = 0, False
        for match in _TOKEN.finditer(source):
            text = match.group()
            if match.lastgroup == "line":
                if not depth:
                    indented = text != "\n"
            elif match.lastgroup not in ("comment", "space"):
                depth += (text in _OPENING) - (text in _CLOSING) if match.lastgroup == "mark" else 0
                if not indented:
                    self._tokens.append(text)
        self._position = 0

    def take(self) -> str:
        """The next one; nothing at the end."""
        self._position += 1
        return self._tokens[self._position - 1] if self._position <= len(self._tokens) else ""

    def peek(self) -> str:
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def arguments(self) -> list[list[str]]:
        """What stands in the parentheses that come next, cut at the commas; none if there are none."""
        parts: list[list[str]] = [[]]
        if self.peek() != "(":
            return []
        self.take()
        depth = 0
        while (token := self.take()) and not (token == ")" and not depth):
            depth += (token in _OPENING) - (token in _CLOSING)
            if token == "," and not depth:
                parts.append([])
            else:
                parts[-1].append(token)
        return [part for part in parts if part]


def rpc_methods(source: str) -> dict[str, ScriptMethod]:
    """The decorated methods of a script, by name; not those it inherits, nor those of inner classes.

    Raises:
        ValueError: an annotation has options that there are not.
    """
    tokens = _Tokens(source)
    found: dict[str, ScriptMethod] = {}
    config: RpcConfig | None = None
    while token := tokens.take():
        if token == "@rpc":
            config = _config(tokens.arguments())
        elif token.startswith("@"):
            tokens.arguments()  # another annotation of the same method
        elif token == "func":
            name = tokens.take()
            parameters = tokens.arguments()
            if config is not None:
                found[name] = _method(name, config, parameters)
            config = None
        elif token != "static":
            config = None
    return found


def _config(arguments: list[list[str]]) -> RpcConfig:
    try:
        return config_from_annotation([ast.literal_eval("".join(part)) for part in arguments])
    except (SyntaxError, TypeError, ValueError) as error:
        text = ", ".join("".join(part) for part in arguments)
        raise ValueError(f"@rpc({text}) cannot be read: {error}") from None


def _method(name: str, config: RpcConfig, parameters: list[list[str]]) -> ScriptMethod:
    named = [part for part in parameters if part[0] != "."]  # `...rest` takes any number
    fewest = sum("=" not in part for part in named)
    return ScriptMethod(name, config, fewest, len(named) if len(named) == len(parameters) else None)
