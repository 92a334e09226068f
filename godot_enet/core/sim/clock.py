"""The clock of simulated hosts: it only advances on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from godot_enet.core.interface import Clock

__all__ = ["VirtualClock"]


class VirtualClock:
    """Milliseconds that only advance on request; a :class:`~godot_enet.core.interface.Clock`."""

    __slots__ = ("_now",)

    def __init__(self, start: int = 0) -> None:
        self._now = start

    def now(self) -> int:
        """The current virtual millisecond."""
        return self._now

    def advance_to(self, moment: int) -> None:
        """Let time pass until ``moment``. Raises ``ValueError`` if that is in the past."""
        if moment < self._now:
            raise ValueError(f"time cannot go back from {self._now} to {moment}")
        self._now = moment

    def reach(self, moment: int) -> None:
        """Let time pass until ``moment``, if that is not past."""
        if moment > self._now:
            self._now = moment


if TYPE_CHECKING:
    _check: type[Clock] = VirtualClock
