"""Errors of the compat layer: like Godot, it logs an error and returns a value instead of raising.

Only ``TypeError`` is raised, for arguments that GDScript's own type checks would reject.

Godot logs every error. This layer logs a repeated error once in ten seconds, with the number of suppressed messages,
so that an error in every frame does not bury all others. An error of the program repeats if it has the same text and
comes from the same line of the program. An error that a remote can cause repeats if it comes from the same line of this
package, since the remote may choose the text.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Hashable
from operator import index
from time import monotonic
from types import FrameType
from typing import SupportsFloat, SupportsIndex, TypeVar

from godot_enet.core.interrupts import raised_by_signal_handler
from godot_enet.core.reporting import Limiter, with_repeat_count

__all__ = [
    "INACTIVE",
    "as_bytes",
    "as_float",
    "as_int",
    "as_str",
    "exceptions",
    "fail",
    "handling_remote_input",
    "invalid_flags",
    "log_exception",
    "rate_limited",
    "too_large",
]

_log = logging.getLogger("godot_enet")
_T = TypeVar("_T")
_MAX_LINE = 1000
"""Characters of a log line that may contain text from a remote."""
_PACKAGE = __name__.partition(".")[0]

INACTIVE = "The ENetConnection instance isn't currently active."


def fail(text: str, result: _T, *, remote: bool = False, detail: str = "") -> _T:
    """Log an error with Godot's own text and return Godot's value for it.

    Args:
        text: the log line.
        result: the return value.
        remote: whether the data may come from a remote. Always assumed inside ``handling_remote_input``.
        detail: the values concerned, which Godot does not log. It follows in brackets, and is an attribute of the
            record.
    """
    if detail:
        text = f"{text} ({detail})"
    caller = sys._getframe(1)
    if remote or handling_remote_input.depth:
        text = rate_limited((caller.f_code.co_filename, caller.f_lineno), text)
    else:
        text = _limited(_program_line(caller), text, text)
    if text:
        _log.error(text, extra={"detail": detail})
    return result


def log_exception(text: str, error: BaseException) -> None:
    """Log an exception raised by a callback of the program, with its traceback.

    Args:
        text: the log line; names the callback and its caller.
        error: the exception.
    """
    exceptions.notify(error, text)
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = None if trace is None else (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
    place = (text, type(error), where)
    text = rate_limited(place, text) if handling_remote_input.depth else _limited(place, _message(error), text)
    if text:
        _log.error("%s", text, exc_info=error)


class _Exceptions(threading.local):
    """Exceptions raised by callbacks of the program, for code that counts them."""

    listener: Callable[[BaseException, str], None] | None = None
    """Called in this thread with each exception and the line that is logged for it, if any."""

    def notify(self, error: BaseException, text: str) -> None:
        """Pass on an exception that is about to be logged, or would be if it were not repeated."""
        if self.listener is not None:
            self.listener(error, text)


exceptions = _Exceptions()


class _HandlingRemoteInput(threading.local):
    """A context for handling data from the network: a remote may have caused any error inside it."""

    depth = 0

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1


handling_remote_input = _HandlingRemoteInput()
_limiter = Limiter()
"""Used without a lock, so that ``fork()`` cannot leave one locked. Two threads at once may log one line too many."""


def rate_limited(cause: Hashable, text: str) -> str:
    """Return the line to log for an error that a remote can cause; ``""`` within ten seconds of the same cause.

    Very long lines are truncated, and unprintable characters are escaped.
    """
    times = _limiter.count(cause, _now())
    if not times:
        return ""
    if len(text) > _MAX_LINE:
        text = text[:_MAX_LINE] + "..."
    return with_repeat_count(text if text.isprintable() else ascii(text)[1:-1], times)


def _limited(place: Hashable, variant: str, text: str) -> str:
    """Return the line to log for an error of the program; ``""`` within ten seconds of the same line."""
    now = _now()
    return (
        with_repeat_count(text, times) if (times := _limiter.count(_limiter.cause_of(place, variant, now), now)) else ""
    )


def _now() -> int:
    return int(monotonic() * 1000)


def _program_line(frame: FrameType) -> Hashable:
    """Return the line of the program that called this package."""
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
    """Return the error text for unknown packet flags."""
    return f"Invalid flags {flags}, must be a sum of FLAG_RELIABLE (1), _UNSEQUENCED (2), _UNRELIABLE_FRAGMENT (8)"


def too_large(size: int, limit: int) -> str:
    """Return the error text for a packet above the size limit. Godot drops such packets silently."""
    return f"Unable to send packet of {size} bytes, maximum: {limit}. Split it into smaller packets."


def as_int(value: SupportsIndex, name: str) -> int:
    """Convert an argument for one of Godot's ``int`` parameters, truncated to 32 bits with sign as Godot does.

    Raises:
        TypeError: it is not an integer; the message names the argument.
    """
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{name} must be an int, not {type(value).__name__}") from None
    return ((number + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def as_float(value: SupportsFloat, name: str) -> float:
    """Convert a ``float`` argument; an integer is accepted, too.

    Raises:
        TypeError: it is something else; the message names the argument.
    """
    if isinstance(value, str) or not hasattr(value, "__float__"):
        raise TypeError(f"{name} must be a float, not {type(value).__name__}")
    return float(value)


def as_str(value: str, name: str) -> str:
    """Check a ``String`` argument.

    Raises:
        TypeError: it is not a str; the message names the argument.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    return value


def as_bytes(value: bytes | bytearray | memoryview, name: str) -> bytes:
    """Convert a ``PackedByteArray`` argument.

    Raises:
        TypeError: it is not bytes-like; the message names the argument, and for a str suggests ``encode``.
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, str):
        raise TypeError(f'{name} must be bytes, not str; encode the text first: text.encode("utf-8")')
    raise TypeError(f"{name} must be bytes, bytearray or memoryview, not {type(value).__name__}")
