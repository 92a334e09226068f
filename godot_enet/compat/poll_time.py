"""The time limit of one poll. The next poll does the remaining work, so that a flood cannot stall a frame."""

from __future__ import annotations

from time import monotonic, thread_time

__all__ = ["POLL_TIME", "PollTime"]

POLL_TIME = 0.1
"""Seconds of processor time, so that a busy machine changes nothing. Godot has no limit."""


class PollTime:
    """The time of one poll, starting now.

    Args:
        part: the share of it, where several hosts share one poll.
    """

    def __init__(self, part: float = 1) -> None:
        self._end = monotonic() + POLL_TIME * part
        self._end_of_work = thread_time() + POLL_TIME * part

    def is_over(self) -> bool:
        """Return whether the time is used up."""
        return monotonic() >= self._end and thread_time() >= self._end_of_work  # the first clock is the cheaper one
