"""The words and marks of GDScript, by logical lines."""

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
    """What belongs together, however many lines of text it takes."""

    indent: int
    tokens: list[str]


def logical_lines(source: str) -> list[Line]:
    """The lines that are not empty. Inside brackets, and behind a backslash, a line goes on."""
    lines = [Line(0, [])]
    depth = 0
    for match in _TOKEN.finditer(source):
        text = match.group()
        if match.lastgroup == "line":
            if not depth:
                lines.append(Line(len(text) - 1, []))
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
        """The next one; nothing at the end."""
        self._position += 1
        return self._tokens[self._position - 1] if self._position <= len(self._tokens) else ""

    def peek(self) -> str:
        """What :meth:`take` would give."""
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def skip(self, *expected: str) -> bool:
        """Take the next one if it is one of these; whether it was."""
        if self.peek() not in expected or not self.peek():
            return False
        self._position += 1
        return True

    def until(self, *ends: str) -> list[str]:
        """What stands before one of these, which is taken, too, or before the end; brackets are kept whole."""
        part: list[str] = []
        depth = 0
        while token := self.take():
            if not depth and token in ends:
                break
            depth += (token in _OPENING) - (token in _CLOSING)
            part.append(token)
        return part

    def bracketed(self, opening: str, closing: str) -> list[list[str]]:
        """What stands in the brackets that come next, cut at the commas; nothing if there are none."""
        if not self.skip(opening):
            return []
        inside = Tokens(self.until(closing))
        parts = []
        while inside.peek():
            parts.append(inside.until(","))
        return [part for part in parts if part]
