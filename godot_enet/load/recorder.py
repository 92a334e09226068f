"""What a bot reports to: Locust, or the summary of a run without it."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Protocol

from godot_enet.core.interrupts import raised_by_signal_handler

__all__ = ["FailureTexts", "Recorder", "describe", "method_of", "printable", "text_of"]

_MAX_TEXTS = 100
_MAX_LENGTH = 500
"""Characters of a line."""
_PACKAGE = f"{Path(__file__).parents[1]}{os.sep}"


class Recorder(Protocol):
    """Takes results. It may be called many thousand times a second."""

    def request(self, kind: str, name: str, seconds: float, size: int, failure: str) -> None:
        """Take the result of a request.

        Args:
            kind: ``"ENET"`` for the connection itself, ``"PACKET"``, ``"RPC"`` or ``"METHOD"``.
            name: which request it was.
            seconds: the time until the answer.
            size: bytes of the answer.
            failure: why it failed; empty for success.
        """

    def exception(self, user: object, method: str, error: BaseException) -> None:
        """Take an exception that a method of a bot has raised."""


class FailureTexts:
    """The texts of failures so far. Servers choose the numbers in them, and bots what their exceptions say."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def bounded(self, failure: str) -> str:
        """Return the text, :func:`printable`; a common one where there are too many different ones."""
        if failure and failure not in self._known:
            failure = printable(failure)
            if failure not in self._known and len(self._known) >= _MAX_TEXTS:
                return "another failure"
            self._known.add(failure)
        return failure


def printable(text: str, limit: int = _MAX_LENGTH) -> str:
    """Return a line that a terminal can show: control characters are escaped, and a long text is cut.

    A server can put anything into the names and exceptions of a bot, such as sequences that a terminal obeys.
    """
    if len(text) > limit:
        text = text[:limit] + "..."
    return text if text.isprintable() else "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def describe(error: BaseException) -> str:
    """Return the class of an exception, and what it says."""
    return f"{type(error).__name__}: {text_of(error)}"


def text_of(error: BaseException) -> str:
    """Return what an exception says; saying it may fail, too."""
    try:
        return str(error)
    except Exception as failure:
        if raised_by_signal_handler(failure):
            raise
        return "(it has no text)"


def method_of(error: BaseException, default: str) -> str:
    """Return the name of the program's function that raised an exception, as the package has called it."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if not code.co_filename.startswith(_PACKAGE):
            name: str = getattr(code, "co_qualname", code.co_name)  # since Python 3.11
            return name.replace("<locals>.", "")
        trace = trace.tb_next
    return default
