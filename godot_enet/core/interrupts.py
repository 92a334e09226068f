"""Exceptions from signal handlers: how to recognize them, and where they can occur.

CPython runs signal handlers after calls, at function entry and at loop back edges; it switches threads at the same
places. A sequence of steps without any of these is atomic: for example, moving an item from one container to another.
``a += (b,)`` for lists and deques, ``del a[0]`` and stores to plain attributes are such steps, ``a.append(b)`` is not.
An ``except`` clause starts without a call, too, so its first restoring step always runs.

An exception from a handler is meant for the outermost caller. It may be of any class, for example ``TimeoutError`` (an
``OSError``), so code that catches exceptions of callbacks or system calls checks here where they come from.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from itertools import pairwise
from types import FrameType, TracebackType

__all__ = ["ONE_AT_A_TIME", "expecting", "raised_by_signal_handler"]

ONE_AT_A_TIME: bool = sys.implementation.name == "cpython" and getattr(sys, "_is_gil_enabled", lambda: True)()
"""Whether such a sequence is also atomic with respect to other threads: not in a free-threaded build, nor on PyPy."""

_SIGNALS = frozenset(map(int, signal.valid_signals()))
_VARARGS = 0x04
"""The code flag for ``*arguments``."""


def raised_by_signal_handler(error: BaseException) -> bool:
    """Whether a signal handler raised this, not the code that it interrupted. Call it where the error is caught."""
    trace = error.__traceback__
    if trace is not None:
        trace = trace.tb_next  # behind the frame that has caught it
    while trace is not None:
        if _is_handler(trace.tb_frame):
            return True
        trace = trace.tb_next
    return False


class expecting(contextlib.suppress):
    """:class:`contextlib.suppress`, except for exceptions from signal handlers."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        return bool(super().__exit__(kind, error, trace)) and (error is None or not raised_by_signal_handler(error))


def _is_handler(frame: FrameType) -> bool:
    """Whether it was called like a handler: with a signal number and the interrupted frame."""
    code, values = frame.f_code, frame.f_locals
    count = code.co_argcount
    arguments = [values.get(name) for name in code.co_varnames[:count]]
    if code.co_flags & _VARARGS:
        rest = values.get(code.co_varnames[count + code.co_kwonlyargcount])
        arguments += rest if isinstance(rest, tuple) else ()
    caller = frame.f_back
    return caller is not None and any(
        isinstance(number, int) and number in _SIGNALS and interrupted is caller
        for number, interrupted in pairwise(arguments)
    )
