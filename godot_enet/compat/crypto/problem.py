"""The exception for invalid keys, certificates and messages: raised inside this package, logged by public methods."""

from __future__ import annotations

from typing import TypeVar

from godot_enet.compat.errors import fail
from godot_enet.compat.globals import Error

__all__ = ["Problem", "need_cryptography", "refuse"]

_T = TypeVar("_T")


class Problem(Exception):
    """The reason, as a clause without a full stop. It never contains any secret data.

    Attributes:
        error: the return value of Godot's methods.
    """

    def __init__(self, reason: str, error: Error = Error.FAILED) -> None:
        super().__init__(reason)
        self.error = error


def need_cryptography() -> None:
    """Check that ``cryptography`` is installed. Called before any import from it, since it is imported on first use.

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


def refuse(doing: str, problem: Problem, result: _T, *, remote: bool = False) -> _T:
    """Log the failed action and its reason in one line, and return Godot's value; see :func:`fail`."""
    return fail(f"{doing}: {problem}.", result, remote=remote)
