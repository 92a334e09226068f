"""What follows from an event, as a list of steps: the program's code is called in between, and may be broken off.

An exception out of a signal handler can end the work at any place. A step is called with the list that it stands first
in, and takes itself out: one of ours when it is done, so that it is done once more if it was broken off; one that calls
the program's code directly before that, so that a call is made once. Who works the list off keeps what is left.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

__all__ = ["Step", "Steps", "ours", "work_off"]

Step: TypeAlias = Callable[[list[Any]], object]
Steps: TypeAlias = list[Step]


def ours(work: Callable[[], Steps | None]) -> Step:
    """A step that may be done again until it has ended. What it returns comes in its place."""
    return partial(_do, work)


def _do(work: Callable[[], Steps | None], steps: Steps) -> None:
    more = work() or ()
    steps[0:1] = more


def work_off(lists: list[Steps]) -> None:
    """Do all steps of all lists. While one is being done a call in the middle of it finds only the others."""
    while lists:
        steps = lists[0]
        del lists[0]
        try:
            while steps:
                steps[0](steps)
        except BaseException:
            lists[:0] = (steps,)  # before any call: see core/interrupts.py
            raise
