"""Counts changes of the settings that decide when something is sent.

Senders plan ahead, so a frame in which nothing is due does no work. Synchronizers and their configurations, which may
be shared, count changes here, which invalidate plans.
"""

from __future__ import annotations

__all__ = ["revision"]


class _Revision:
    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


revision = _Revision()
