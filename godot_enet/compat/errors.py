"""How the compat layer fails: as Godot does, with an error line and a return value, and never with an exception.

The one exception is ``TypeError``, for arguments that GDScript's own type checks would refuse.

Godot logs each error. Here an error that repeats is logged once in ten seconds, with the number of those suppressed
since: a line a frame would bury all others. What a program causes is told apart by where it did so and by the text;
what a remote can cause as often as it likes only by where it was noticed, since the remote may choose the text.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Hashable
from operator import index
from time import monotonic
from types import FrameType
from typing import SupportsIndex, TypeVar

from godot_enet.core.interrupts import raised_by_signal_handler
from godot_enet.core.reporting import Limiter, with_others

__all__ = [
    "INACTIVE",
    "as_bytes",
    "as_int",
    "as_str",
    "attending",
    "fail",
    "invalid_flags",
    "log_exception",
    "ration",
    "too_large",
]

_log = logging.getLogger("godot_enet")
_T = TypeVar("_T")
_LONGEST = 1000
"""Characters of a line with what a stranger may have written."""
_PACKAGE = __name__.partition(".")[0]

INACTIVE = "The ENetConnection instance isn't currently active."


def fail(text: str, result: _T, *, theirs: bool = False) -> _T:
    """Log an error with Godot's own text and hand back what Godot returns then.

    Args:
        text: the line.
        result: what to hand back.
        theirs: whether it is about bytes that may be a stranger's. Inside ``attending`` everything is.
    """
    caller = sys._getframe(1)
    if theirs or attending.depth:
        text = ration((caller.f_code.co_filename, caller.f_lineno), text)
    else:
        text = _limited(_program_line(caller), text, text)
    if text:
        _log.error(text)
    return result


def log_exception(text: str, error: BaseException) -> None:
    """Log an exception that a callback of the program has raised, with its traceback.

    Args:
        text: what was called, and by what.
        error: the exception.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = None if trace is None else (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
    place = (text, type(error), where)
    text = ration(place, text) if attending.depth else _limited(place, _message(error), text)
    if text:
        _log.error("%s", text, exc_info=error)


class _Attention(threading.local):
    """Around the handling of what the network brought: whatever fails there, a stranger may have caused."""

    depth = 0

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1


attending = _Attention()
_limiter = Limiter()
"""Without a lock: two threads at once may say one line more, and nobody can wait here for ever after ``fork()``."""


def ration(cause: Hashable, text: str) -> str:
    """What to log of a line that a stranger can cause: nothing within ten seconds of one of the same cause.

    Lines are cut where they are very long, and stay one line whatever is in them.
    """
    times = _limiter.count(cause, _now())
    if not times:
        return ""
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "..."
    return with_others(text if text.isprintable() else ascii(text)[1:-1], times)


def _limited(place: Hashable, variant: str, text: str) -> str:
    """What to log of a line that the program causes: nothing within ten seconds of the same one."""
    now = _now()
    return with_others(text, times) if (times := _limiter.count(_limiter.cause_of(place, variant, now), now)) else ""


def _now() -> int:
    return int(monotonic() * 1000)


def _program_line(frame: FrameType) -> Hashable:
    """Where the program called this package."""
    inner: FrameType | None = frame
    while inner is not None and str(inner.f_globals.get("__name__")).partition(".")[0] == _PACKAGE:
        inner = inner.f_back
    frame = frame if inner is None else inner
    return frame.f_code.co_filename, frame.f_lineno


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as failure:
        if raised_by_signal_handler(failure):
            raise
        return ""


def invalid_flags(flags: int) -> str:
    """The line about flags of a packet that there are not."""
    return f"Invalid flags {flags}, possible: the sum of FLAG_RELIABLE (1), _UNSEQUENCED (2), _UNRELIABLE_FRAGMENT (8)"


def too_large(size: int, limit: int) -> str:
    """The line about a packet that no peer takes. Godot loses it without a word."""
    return f"Unable to send packet of {size} bytes, maximum: {limit}. Send it in parts."


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
