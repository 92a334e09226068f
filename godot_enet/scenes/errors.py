"""Errors in a project's files: exceptions for files that cannot be read, and problems for parts that are skipped."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Problem", "SceneError"]


class SceneError(ValueError):
    """A file cannot be read. The message has the file, the line and the expected text.

    Args:
        file: its path, with ``res://``, or as it was given.
        line: counted from 1; 0 for the whole file.
        text: what was expected, and what was found.
    """

    def __init__(self, file: str, line: int, text: str) -> None:
        super().__init__(f"{place(file, line)}: {text}")
        self.file = file
        self.line = line
        self.text = text

    def as_problem(self) -> Problem:
        """Return the problem to report if the file is skipped."""
        return Problem(self.file, self.line, self.text)


class Problem(NamedTuple):
    """A part that was skipped because it is missing, rejected or unreadable; the rest was read."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{place(self.file, self.line)}: {self.text}"


def place(file: str, line: int) -> str:
    """Format a file and a line for messages."""
    return f"{file}:{line}" if line else file
