"""The work that follows from an event, as a list of steps that can be resumed after an interruption.

An exception out of a signal handler can end the work at any point. A step is called with the list whose first element
it is, and removes itself: a step of this package after its work, so that it is repeated if interrupted; a step that
calls the program's code just before the call, so that the call is made once. The caller keeps the remaining steps.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

__all__ = ["Backlog", "Step", "Steps", "ours", "work_off"]

Step: TypeAlias = Callable[[list[Any]], object]
Steps: TypeAlias = list[Step]


def ours(work: Callable[[], Steps | None]) -> Step:
    """Create a step that may be repeated until it completes. The steps that it returns replace it."""
    return partial(_do, work)


def _do(work: Callable[[], Steps | None], steps: Steps) -> None:
    more = work() or ()
    steps[0:1] = more


def work_off(lists: list[Steps]) -> None:
    """Do all steps of all lists. A nested call sees only the lists that are not in progress."""
    while lists:
        steps = lists[0]
        del lists[0]
        try:
            while steps:
                steps[0](steps)
        except BaseException:
            lists[:0] = (steps,)  # before any call: see core/interrupts.py
            raise


class Backlog:
    """Unfinished steps, left when a signal handler has raised."""

    def __init__(self) -> None:
        self.lists: list[Steps] = []

    def do(self, work: Callable[[], Steps | None]) -> None:
        """Do the work now, and the steps that follow from it."""
        steps = [ours(work)]
        try:
            while steps:
                steps[0](steps)
        except BaseException:
            self.lists += (steps,)  # before any call: see core/interrupts.py
            raise

    def resume(self) -> None:
        """Do all unfinished steps."""
        work_off(self.lists)
