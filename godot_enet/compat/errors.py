"""How the compat layer fails: as Godot does, with an error line and a return value, and never with an exception.

The one exception is ``TypeError``, for arguments that GDScript's own type checks would refuse.
"""

from __future__ import annotations

import logging
from operator import index
from typing import SupportsIndex, TypeVar

__all__ = ["INACTIVE", "as_bytes", "as_int", "as_str", "fail"]

_log = logging.getLogger("godot_enet")
_T = TypeVar("_T")

INACTIVE = "The ENetConnection instance isn't currently active."


def fail(text: str, result: _T) -> _T:
    """Log an error with Godot's own text and hand back what Godot returns then."""
    _log.error(text)
    return result


def as_int(value: SupportsIndex, name: str) -> int:
    """An argument of Godot's ``int`` parameters: whole, and cut to 32 bits with sign as they are.

    Raises:
        TypeError: it is no whole number; the message names the argument.
    """
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{name} must be an int, not {type(value).__name__}") from None
    return ((number + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def as_str(value: str, name: str) -> str:
    """A ``String`` argument.

    Raises:
        TypeError: it is something else; the message names the argument.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    return value


def as_bytes(value: bytes | bytearray | memoryview, name: str) -> bytes:
    """A ``PackedByteArray`` argument.

    Raises:
        TypeError: it is something else; the message names the argument, and for text says what to do.
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, str):
        raise TypeError(f'{name} must be bytes, not str; encode the text first: text.encode("utf-8")')
    raise TypeError(f"{name} must be bytes, bytearray or memoryview, not {type(value).__name__}")
