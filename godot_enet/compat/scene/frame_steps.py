"""The number of fixed steps in a frame: ``_physics_process`` advances a game in equal steps.

Godot's main loop smooths the numbers (``physics_jitter_fix``), so that a display of about that rate sees one step a
frame. Here time is only added up: there are as many steps, perhaps one frame earlier or later.
"""

# godot: main/main_timer_sync.cpp: advance_core; main/main.cpp: iteration

from __future__ import annotations

from math import floor

__all__ = ["FrameSteps"]


class FrameSteps:
    """The elapsed time that no step has covered yet."""

    def __init__(self) -> None:
        self.ticks_per_second = 60
        self.max_steps = 8
        self._left = 0.0

    def advance(self, delta: float) -> tuple[int, float]:
        """A frame begins.

        Args:
            delta: seconds since the last one.

        Returns:
            The number of steps due, and the length of the frame, without the time of steps beyond the maximum.
        """
        self._left += delta
        steps = max(floor(self._left * self.ticks_per_second), 0)
        self._left -= steps / self.ticks_per_second
        if steps > self.max_steps:
            delta -= (steps - self.max_steps) / self.ticks_per_second
            steps = self.max_steps
        return steps, delta
