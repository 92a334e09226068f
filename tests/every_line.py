"""A limiter for tests that count the errors of a loop: those that the program causes are logged each time."""

from __future__ import annotations

from collections.abc import Hashable

from godot_enet.core.reporting import Limiter

__all__ = ["EveryLine"]

_LOCAL = object()


class EveryLine(Limiter):
    """Limits only what remotes cause. How the rest is limited is tested in ``unit/compat/test_errors.py``."""

    def cause_of(self, place: Hashable, text: str, now: int) -> Hashable:
        return _LOCAL

    def count(self, cause: Hashable, now: int, times: int = 1) -> int:
        return times if cause is _LOCAL else super().count(cause, now, times)
