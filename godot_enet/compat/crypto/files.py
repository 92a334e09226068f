"""Reads and writes files of keys and certificates. A file is replaced atomically or not at all."""

from __future__ import annotations

import contextlib
import os
import stat

from godot_enet.compat.crypto.problem import Problem
from godot_enet.compat.globals import Error

__all__ = ["as_path", "read_file", "write_file"]

_MAX_SIZE = 16 * 1024 * 1024
"""Bytes; the certificates of all public authorities together need a hundredth of it."""
_OWNER_ONLY = 0o600
_DEFAULT_MODE = 0o666
"""Before the umask."""


def as_path(value: str | os.PathLike[str], name: str) -> str:
    """Return a path as text.

    Raises:
        TypeError: it is not a path; the message names the argument.
    """
    path = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(path, str):
        raise TypeError(f"{name} must be a str or a path, not {type(value).__name__}")
    return path


def read_file(path: str) -> bytes:
    """Return the content of a file.

    Raises:
        Problem: no such file, or it cannot be read, with ``ERR_INVALID_PARAMETER``; or it is too large.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(_MAX_SIZE + 1)
    except (OSError, ValueError) as error:
        raise _no_access(path, error) from None
    if len(content) > _MAX_SIZE:
        raise Problem("it is larger than 16 MiB")
    return content


def write_file(path: str, content: bytes, *, owner_only: bool) -> None:
    """Write a file atomically; on failure, an existing file is not changed.

    Args:
        path: the file; the target of a symbolic link is replaced.
        content: its whole content.
        owner_only: only the owner may read or write the file (0600), whatever its mode was; otherwise it keeps its
            mode, and a new file gets the default mode.

    Raises:
        Problem: it cannot be written, with ``ERR_INVALID_PARAMETER``.
    """
    try:
        target = os.path.realpath(path)
        mode = _mode_of(target)
        if mode is not None and not stat.S_ISREG(mode):
            raise Problem("it is not a regular file", Error.ERR_INVALID_PARAMETER)
        # In the same folder, so that it can replace the file atomically.
        temporary = os.path.join(os.path.dirname(target), f".{os.urandom(8).hex()}.tmp")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        # Created with its final permissions, so that no other user can open it meanwhile.
        descriptor = os.open(temporary, flags, _OWNER_ONLY if owner_only or mode is not None else _DEFAULT_MODE)
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
    """Return the mode of a file; None if it does not exist."""
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None


def _no_access(path: str, error: OSError | ValueError) -> Problem:
    reason = (error.strerror if isinstance(error, OSError) else None) or "this is not a path"
    if path.startswith(("user://", "res://")):
        reason += " (user:// and res:// only work in Godot)"
    return Problem(reason, Error.ERR_INVALID_PARAMETER)
