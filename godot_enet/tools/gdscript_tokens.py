"""Splits GDScript into tokens, by logical lines."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Line", "Tokens", "logical_lines"]

_TOKEN = re.compile(
    r"""
    (?P<comment>\#[^\n]*)
    |(?P<string>r?(?:'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<line>\n[ \t]*)
    |(?P<space>[ \t\r]+|\\\r?\n)
    |(?P<number>0x[\da-fA-F_]+|0b[01_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?[\d_]+)?)
    |(?P<word>@?\w+)
    |(?P<mark>\.\.\.|\*\*|<<|>>|<=|>=|==|!=|&&|\|\||->|:=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_OPENING, _CLOSING = "([{", ")]}"


class Line(NamedTuple):
    """A logical line, which may span several lines of text."""

    indent: int
    tokens: list[str]
    number: int = 1
    """First line, counted from 1."""


def logical_lines(source: str) -> list[Line]:
    """The non-empty logical lines. A line continues inside brackets and after a backslash."""
    lines = [Line(0, [])]
    depth, number = 0, 1
    for match in _TOKEN.finditer(source):
        text = match.group()
        number += text.count("\n")
        if match.lastgroup == "line":
            if not depth:
                lines.append(Line(len(text) - 1, [], number))
        elif match.lastgroup not in ("comment", "space"):
            depth += (text in _OPENING) - (text in _CLOSING) if match.lastgroup == "mark" else 0
            depth = max(depth, 0)
            lines[-1].tokens.append(text)
    return [line for line in lines if line.tokens]


class Tokens:
    """Reads the tokens of a line."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._position = 0

    def take(self) -> str:
        """Take the next token; empty at the end."""
        self._position += 1
        return self._tokens[self._position - 1] if self._position <= len(self._tokens) else ""

    def peek(self) -> str:
        """The token that :meth:`take` would return."""
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def skip(self, *expected: str) -> bool:
        """Take the next token if it is one of these. Returns whether it was."""
        if self.peek() not in expected or not self.peek():
            return False
        self._position += 1
        return True

    def until(self, *ends: str) -> list[str]:
        """The tokens up to one of these, which is also taken, or to the end; brackets are not split."""
        part: list[str] = []
        depth = 0
        while token := self.take():
            if not depth and token in ends:
                break
            depth += (token in _OPENING) - (token in _CLOSING)
            part.append(token)
        return part

    def bracketed(self, opening: str, closing: str) -> list[list[str]]:
        """The contents of the next brackets, split at commas; empty if there are none."""
        if not self.skip(opening):
            return []
        inside = Tokens(self.until(closing))
        parts = []
        while inside.peek():
            parts.append(inside.until(","))
        return [part for part in parts if part]
