"""The tokenizer of Godot's text files: marks, words, numbers and strings.

It accepts and rejects the same text as Godot's own tokenizer.
"""

from __future__ import annotations

import re

from godot_enet.compat.variant import Color
from godot_enet.scenes.errors import SceneError

__all__ = ["ATOM", "FLOAT", "INT", "STRING", "WORD", "Cursor"]

# godot: core/variant/variant_parser.cpp: VariantParser::get_token
_BLANKS = r"[\x01-\x20]*(?:;[^\n]*[\x01-\x20]*)*"
_BLANK = re.compile(_BLANKS)
ATOM = re.compile(
    _BLANKS
    + r"""(?:"([^"\\]*)"|(-?[A-Za-z_]\w*)|(-?\d+(?:\.\d*(?:[eE][+-]?\d+)?|[eE][+-]?\d+))|(-?\d{1,18}))?(?![\w.])""",
    re.ASCII,
)
"""A value that is a single plain token: a string, a word, a float or an int, by the number of the group."""
STRING, WORD, FLOAT, INT = range(1, 5)
_WORD = re.compile(r"-?[A-Za-z_]\w*", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d*)?([eE][+-]?\d*)?", re.ASCII)
_STRING = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{6})|(.))", re.DOTALL)
_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")
_COLOR = re.compile("#[0-9a-fA-F]*")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}
_INT_MAX = (1 << 63) - 1
_MAX_SHOWN = 30
_MAX_DIGITS = 400


class Cursor:
    """The position of a reader in a text.

    Args:
        text: the whole text.
        file: its name in errors.
    """

    __slots__ = ("_counted", "_line", "file", "position", "text")

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.position = 0
        self._line = 1
        self._counted = 0

    def line(self) -> int:
        """The current line, counted from 1."""
        if self.position < self._counted:
            self._line, self._counted = 1, 0
        self._line += self.text.count("\n", self._counted, self.position)
        self._counted = self.position
        return self._line

    def error(self, expected: str) -> SceneError:
        """The exception with the expected and the found text."""
        rest = self.text[self.position : self.position + _MAX_SHOWN].split("\n", 1)[0].rstrip()
        found = (
            repr(rest) if rest else "the end of the line" if self.position < len(self.text) else "the end of the file"
        )
        return SceneError(self.file, self.line(), f"expected {expected}, found {found}")

    def peek(self) -> str:
        """The next character that is neither blank nor in a comment; empty at the end."""
        char = self.text[self.position : self.position + 1]
        if char > " " and char != ";":
            return char
        match = _BLANK.match(self.text, self.position)
        assert match is not None  # it matches nothing, too
        self.position = match.end()
        return self.text[self.position : self.position + 1]

    def skip(self, mark: str) -> bool:
        """Step over a mark if it is next. Returns whether it was."""
        if self.peek() != mark:
            return False
        self.position += 1
        return True

    def expect(self, mark: str, where: str = "") -> None:
        """Step over a mark.

        Raises:
            SceneError: something else is next.
        """
        if not self.skip(mark):
            raise self.error(f"'{mark}'" + (f" {where}" if where else ""))

    def word(self) -> str:
        """The word that begins here, perhaps with a minus; empty if none does."""
        match = _WORD.match(self.text, self.position)
        if match is None:
            return ""
        self.position = match.end()
        return match.group()

    def number(self) -> int | float | None:
        """The number that begins here; None if none does."""
        match = _NUMBER.match(self.text, self.position)
        if match is None:
            return None
        self.position = match.end()
        text = match.group()
        if match.lastindex is None:
            # godot: String::to_int keeps what it has when the next digit does not fit
            digits = text if len(text) < _MAX_DIGITS else text[:_MAX_DIGITS]
            return max(-_INT_MAX - 1, min(_INT_MAX, int(digits)))
        return float(text.rstrip("+-").rstrip("eE"))

    def string(self) -> str:
        """The string whose quote is next.

        Raises:
            SceneError: it does not end, or has an invalid escape.
        """
        match = _STRING.match(self.text, self.position)
        if match is None:
            raise self.error("a string that ends with a quote")
        inside = match.group(1)
        if "\\" in inside:
            inside = self._unescaped(inside)
        self.position = match.end()
        return inside

    def _unescaped(self, text: str) -> str:
        def replace(match: re.Match[str]) -> str:
            four, six, other = match.groups()
            if other is None:
                code = int(four or six, 16)
                return chr(code) if 0 < code <= 0x10FFFF else "\ufffd"
            if other in "uU":
                raise self.error(f"hexadecimal digits after \\{other}, in the string")
            return _ESCAPED.get(other, other)

        return _SURROGATES.sub(self._joined, _ESCAPE.sub(replace, text))

    def _joined(self, match: re.Match[str]) -> str:
        if len(match.group()) == 1:
            raise self.error("both halves of a surrogate pair in the string")
        return match.group().encode("utf-16", "surrogatepass").decode("utf-16")

    def color(self) -> Color:
        """The color whose ``#`` is next."""
        match = _COLOR.match(self.text, self.position)
        assert match is not None
        if not Color.html_is_valid(match.group()):
            raise self.error("a color of 3, 4, 6 or 8 hexadecimal digits")
        self.position = match.end()
        return Color.html(match.group())
