"""Counts changes of what decides when something is sent.

Senders plan ahead, so that a frame in which nothing is due looks at nothing. The settings of synchronizers and their
configurations, which may be shared, tell them here that a plan may be wrong.
"""

from __future__ import annotations

__all__ = ["revision"]


class _Revision:
    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


revision = _Revision()
