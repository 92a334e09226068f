"""How much an engine works, told by numbers that a busy machine does not change much."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from godot_enet.core.interface import Engine

__all__ = ["lines_of", "work_of"]

_ROUNDS = 5


def work_of(engine: Engine, action: Callable[[], object]) -> int:
    """What ``action`` makes the engine do: lines of Python that are run, or the least CPU time of a few rounds in C.

    It is done several times for an engine in C, so it must cost the same each time.
    """
    if engine.name == "python":
        return lines_of(action)
    return min(_nanoseconds(action) for _ in range(_ROUNDS))


def lines_of(action: Callable[[], object]) -> int:
    """How many lines of Python ``action`` runs in this thread."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return count


def _nanoseconds(action: Callable[[], object]) -> int:
    begin = time.thread_time_ns()
    action()
    return time.thread_time_ns() - begin
