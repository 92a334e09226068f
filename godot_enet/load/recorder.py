"""What a bot reports to: Locust, or the summary of a run without it."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Protocol

__all__ = ["FailureTexts", "Recorder", "method_of"]

_MAX_TEXTS = 100
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
        """Return the text; a common one where there are too many different ones."""
        if failure and failure not in self._known:
            if len(self._known) >= _MAX_TEXTS:
                return "another failure"
            self._known.add(failure)
        return failure


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
