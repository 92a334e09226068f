"""Exceptions out of signal handlers: which they are, and where they can come.

CPython runs a signal handler after a call, where a function begins, and where a loop goes back; another thread may go
on at the same places. In a row of steps without any of these nothing comes between, so it is done as a whole or not at
all: something is taken out of one place and put into another, for example. ``a += (b,)`` for lists and deques,
``del a[0]`` and stores to plain attributes are such steps, ``a.append(b)`` is none. An ``except`` clause begins without
a call, too, so what it restores first is restored.

What a handler raises is meant for who called it all. It may be of any class, ``TimeoutError`` (an ``OSError``) for
example, so whoever catches exceptions of the program's callbacks, or of the system's calls, asks here whose it is.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from itertools import pairwise
from types import FrameType, TracebackType

__all__ = ["ONE_AT_A_TIME", "expecting", "raised_by_signal_handler"]

ONE_AT_A_TIME: bool = getattr(sys, "_is_gil_enabled", lambda: True)()
"""Whether other threads wait, too, during such a row of steps: not in a free-threaded build."""

_SIGNALS = frozenset(map(int, signal.valid_signals()))
_VARARGS = 0x04
"""The flag of code with ``*arguments``."""


def raised_by_signal_handler(error: BaseException) -> bool:
    """Whether a signal handler has raised this, and not the code that it interrupted. Called where it is caught."""
    trace = error.__traceback__
    if trace is not None:
        trace = trace.tb_next  # behind the frame that has caught it
    while trace is not None:
        if _is_handler(trace.tb_frame):
            return True
        trace = trace.tb_next
    return False


class expecting(contextlib.suppress):
    """:class:`contextlib.suppress`, but for what a signal handler raises."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        return bool(super().__exit__(kind, error, trace)) and (error is None or not raised_by_signal_handler(error))


def _is_handler(frame: FrameType) -> bool:
    """Whether it was called as handlers are: with a signal's number, and the frame in which it was called."""
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
