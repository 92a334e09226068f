"""The timers of ``SceneTree.create_timer``."""

# godot: scene/main/scene_tree.cpp: create_timer, process_timers

from __future__ import annotations

from godot_enet.compat.errors import as_float
from godot_enet.compat.signal import SignalProperty

__all__ = ["SceneTimers", "SceneTreeTimer"]


class SceneTreeTimer:
    """Emits ``timeout`` once, in the first frame that ends after its time; then the tree drops it.

    Until then the tree keeps it alive, and connections to ``timeout`` keep their callables alive.
    """

    timeout = SignalProperty[[]]()
    """The time has elapsed."""

    def __init__(
        self,
        time_left: float = 0.0,
        *,
        process_always: bool = True,
        process_in_physics: bool = False,
        real_time: bool = False,
    ) -> None:
        self._time_left = time_left
        self._process_always = process_always
        self._process_in_physics = process_in_physics
        self._real_time = real_time

    def __repr__(self) -> str:
        return f"<SceneTreeTimer, {self._time_left:g} s left>"

    def get_time_left(self) -> float:
        """Seconds until ``timeout``; never below 0."""
        return max(self._time_left, 0.0)

    def set_time_left(self, time: float) -> None:
        """Set the seconds until ``timeout``."""
        self._time_left = as_float(time, "time")

    @property
    def time_left(self) -> float:
        """As :meth:`get_time_left`; can be set."""
        return self.get_time_left()

    @time_left.setter
    def time_left(self, time: float) -> None:
        self.set_time_left(time)


class SceneTimers:
    """The timers of one tree."""

    def __init__(self) -> None:
        self._timers: dict[int, SceneTreeTimer] = {}
        """By ``id()``, in the order of their creation."""

    def add(self, timer: SceneTreeTimer) -> SceneTreeTimer:
        """Start a timer."""
        self._timers[id(timer)] = timer
        return timer

    def advance(self, delta: float, unscaled: float, *, physics: bool, paused: bool) -> None:
        """Advance the timers at the end of a frame. Timers that handlers create meanwhile wait for the next frame.

        Args:
            delta: seconds since the last frame, scaled by ``time_scale``.
            unscaled: the same without ``time_scale``.
            physics: whether it is a physics frame.
            paused: whether the tree is paused, so that only timers with ``process_always`` advance.
        """
        for timer in list(self._timers.values()):
            if timer._process_in_physics is not physics or (paused and not timer._process_always):
                continue
            timer._time_left -= unscaled if timer._real_time else delta
            if timer._time_left <= 0:
                timer.timeout.emit()
                self._timers.pop(id(timer), None)
