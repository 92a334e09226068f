"""Reading and writing the files of keys and certificates. A file is replaced as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat

from godot_enet.compat.crypto.problem import Problem
from godot_enet.compat.globals import Error

__all__ = ["as_path", "read_file", "write_file"]

_LARGEST = 16 * 1024 * 1024
"""Bytes; the certificates of all authorities of the world are a hundredth of it."""
_OWNER_ONLY = 0o600
_AS_USUAL = 0o666
"""Less the umask."""


def as_path(value: str | os.PathLike[str], name: str) -> str:
    """A path, as text.

    Raises:
        TypeError: it is no path; the message names the argument.
    """
    path = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(path, str):
        raise TypeError(f"{name} must be a str or a path, not {type(value).__name__}")
    return path


def read_file(path: str) -> bytes:
    """The content of a file.

    Raises:
        Problem: there is no such file, or it cannot be read, with ``ERR_INVALID_PARAMETER``; or it is too large.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        raise _no_access(path, error) from None
    if len(content) > _LARGEST:
        raise Problem("it has more than 16 MiB")
    return content


def write_file(path: str, content: bytes, *, owner_only: bool) -> None:
    """Write a file, or leave what is there untouched.

    Args:
        path: a link stays one, and what it points to is replaced.
        content: all of it.
        owner_only: nobody else may read or write the file (0600), whatever it was before; else it keeps its
            permissions, and a new one gets the usual ones.

    Raises:
        Problem: it cannot be written, with ``ERR_INVALID_PARAMETER``.
    """
    try:
        target = os.path.realpath(path)
        mode = _mode_of(target)
        if mode is not None and not stat.S_ISREG(mode):
            raise Problem("there is something that is no file", Error.ERR_INVALID_PARAMETER)
        # In the same folder, so that it can take the other's place in one step.
        temporary = os.path.join(os.path.dirname(target), f".{os.urandom(8).hex()}.tmp")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        # With its permissions from the first moment, so that nobody opens it in between.
        descriptor = os.open(temporary, flags, _OWNER_ONLY if owner_only or mode is not None else _AS_USUAL)
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            if mode is not None and not owner_only:
                os.chmod(temporary, stat.S_IMODE(mode))
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except (OSError, ValueError) as error:
        raise _no_access(path, error) from None


def _mode_of(path: str) -> int | None:
    """What ``stat`` tells of it; None when there is nothing."""
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None


def _no_access(path: str, error: OSError | ValueError) -> Problem:
    reason = (error.strerror if isinstance(error, OSError) else None) or "this is no path"
    if path.startswith(("user://", "res://")):
        reason += " (user:// and res:// mean something to Godot only)"
    return Problem(reason, Error.ERR_INVALID_PARAMETER)
