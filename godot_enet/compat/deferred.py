"""Calls deferred to the end of a frame: deferred signals, ``call_deferred`` and ``set_deferred``."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeVar

from godot_enet.compat.errors import handling_remote_input

__all__ = ["DeferredCall", "defer", "deferred_calls", "in_frame", "run_deferred"]

_Result = TypeVar("_Result")


class _CanBeFreed(Protocol):
    _freed: bool


class DeferredCall(NamedTuple):
    """A call to make at the end of the frame."""

    target: _CanBeFreed | None
    """The call is skipped if this object was freed before it."""
    step: Callable[[Any], object]
    """Removes itself from the front of the queue that it is given, then makes the call. Never raises."""
    is_remote: bool
    """Whether data from the network caused it."""


class _Local(threading.local):
    """Deferred calls by thread: each runs in the thread that deferred it."""

    def __init__(self) -> None:
        self.depth = 0
        self.queue: deque[DeferredCall] = deque()


deferred_calls = _Local()


def defer(target: _CanBeFreed | None, step: Callable[[Any], object]) -> None:
    """Defer a call to the end of the frame."""
    call = DeferredCall(target, step, handling_remote_input.depth > 0)
    deferred_calls.queue += (call,)


def in_frame(work: Callable[[], _Result], *, remote: bool = False) -> _Result:
    """Do the work of a ``poll()``; deferred calls run when the outermost one ends.

    This is a function because a signal handler could raise at the start of a context manager's ``__exit__``.

    Args:
        work: the function to call.
        remote: whether it handles data from the network, so that a remote may cause any error in it.
    """
    depth, remote_depth = deferred_calls.depth, handling_remote_input.depth
    deferred_calls.depth, handling_remote_input.depth = depth + 1, remote_depth + remote
    try:
        return work()
    finally:
        deferred_calls.depth, handling_remote_input.depth = depth, remote_depth
        if not depth:
            run_deferred()


def run_deferred() -> None:
    """Make the deferred calls of this thread, including calls deferred by those."""
    queue = deferred_calls.queue
    remote_depth = handling_remote_input.depth
    try:
        while queue:
            call = queue[0]
            if call.target is not None and call.target._freed:
                del queue[0]
                continue
            handling_remote_input.depth = remote_depth + call.is_remote
            call.step(queue)
    finally:
        handling_remote_input.depth = remote_depth
