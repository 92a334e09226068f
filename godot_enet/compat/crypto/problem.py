"""Why a key, a certificate or a message cannot be used: raised inside this package, logged at its surface."""

from __future__ import annotations

from typing import TypeVar

from godot_enet.compat.errors import fail
from godot_enet.compat.globals import Error

__all__ = ["Problem", "need_cryptography", "refuse"]

_T = TypeVar("_T")


class Problem(Exception):
    """The reason as a clause for people, without a full stop and never with a byte of what it is about.

    Attributes:
        error: what Godot's methods return then.
    """

    def __init__(self, reason: str, error: Error = Error.FAILED) -> None:
        super().__init__(reason)
        self.error = error


def need_cryptography() -> None:
    """Called before any import from ``cryptography``, which is never imported earlier than that.

    Raises:
        Problem: the package is not installed, or cannot be loaded.
    """
    try:
        import cryptography.exceptions  # noqa: F401 - whether it is there, with its part that is compiled
    except ImportError as error:
        text = "keys and certificates need the package cryptography (pip install cryptography)"
        if not isinstance(error, ModuleNotFoundError) or error.name != "cryptography":
            text += f" ({error})"  # it is installed, and cannot be loaded
        raise Problem(text, Error.ERR_UNAVAILABLE) from error


def refuse(doing: str, problem: Problem, result: _T, *, theirs: bool = False) -> _T:
    """Log what failed and why, in one line, and hand back what Godot returns then; see :func:`fail`."""
    return fail(f"{doing}: {problem}.", result, theirs=theirs)
