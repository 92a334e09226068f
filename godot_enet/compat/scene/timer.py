"""Timer: a node that emits a signal after a time, once or repeatedly."""

# godot: scene/main/timer.cpp

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from godot_enet.compat.errors import as_float, as_int, fail
from godot_enet.compat.multiplayer_peer import as_bool
from godot_enet.compat.scene.node import Node
from godot_enet.compat.signal import SignalProperty
from godot_enet.core.protocol.enums import NamedIntEnum

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Timer"]


class Timer(Node):
    """Emits ``timeout`` every ``wait_time`` seconds while it runs and is in a tree, at most once a frame."""

    class TimerProcessCallback(NamedIntEnum):
        """The frames in which a timer advances."""

        TIMER_PROCESS_PHYSICS = 0
        """Physics frames."""
        TIMER_PROCESS_IDLE = 1
        """Frames."""

    TIMER_PROCESS_PHYSICS = TimerProcessCallback.TIMER_PROCESS_PHYSICS
    TIMER_PROCESS_IDLE = TimerProcessCallback.TIMER_PROCESS_IDLE

    timeout = SignalProperty[[]]()
    """The time has elapsed."""

    _native_class = "Timer"

    _wait_time: float
    _time_left: float
    _one_shot: bool
    _autostart: bool
    _paused: bool
    _ignore_time_scale: bool
    _is_running: bool
    _callback: TimerProcessCallback

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        timer = super().__new__(cls)
        timer._wait_time = 1.0
        timer._time_left = -1.0
        timer._one_shot = timer._autostart = timer._paused = timer._ignore_time_scale = timer._is_running = False
        timer._callback = Timer.TimerProcessCallback.TIMER_PROCESS_IDLE
        return timer

    def start(self, time_sec: float = -1) -> None:
        """Start, or start again, from ``wait_time``. Outside a tree it does nothing and logs an error.

        Args:
            time_sec: a new ``wait_time`` in seconds, if above 0.
        """
        if self._tree is None:
            text = "Unable to start the timer because it's not inside the scene tree. "
            return fail(text + "Either add it or set autostart to true.", None)
        if as_float(time_sec, "time_sec") > 0:
            self.set_wait_time(time_sec)
        self._time_left = self._wait_time
        self._run(True)
        return None

    def stop(self) -> None:
        """Stop the timer; :meth:`start` begins from ``wait_time`` again."""
        self._time_left = -1.0
        self._run(False)
        self._autostart = False

    def is_stopped(self) -> bool:
        """Whether the timer is stopped: not started, or elapsed with ``one_shot``."""
        return self.get_time_left() <= 0

    def get_time_left(self) -> float:
        """Seconds until ``timeout``; 0 if the timer is stopped."""
        return max(self._time_left, 0.0)

    @property
    def time_left(self) -> float:
        """As :meth:`get_time_left`."""
        return self.get_time_left()

    def get_wait_time(self) -> float:
        """Seconds from the start to ``timeout``; 1 by default."""
        return self._wait_time

    def set_wait_time(self, time_sec: float) -> None:
        """Set the seconds from the start to ``timeout``; applies from the next start or repetition on."""
        value = as_float(time_sec, "time_sec")
        if value <= 0:
            return fail("Time should be greater than zero.", None, detail=f"got {value}")
        self._wait_time = value
        return None

    @property
    def wait_time(self) -> float:
        """As :meth:`get_wait_time`; can be set."""
        return self.get_wait_time()

    @wait_time.setter
    def wait_time(self, time_sec: float) -> None:
        self.set_wait_time(time_sec)

    def is_one_shot(self) -> bool:
        """Whether the timer stops at ``timeout`` instead of repeating; False by default."""
        return self._one_shot

    def set_one_shot(self, enable: bool) -> None:
        """Set whether the timer stops at ``timeout``."""
        self._one_shot = as_bool(enable, "enable")

    @property
    def one_shot(self) -> bool:
        """As :meth:`is_one_shot`; can be set."""
        return self.is_one_shot()

    @one_shot.setter
    def one_shot(self, enable: bool) -> None:
        self.set_one_shot(enable)

    def has_autostart(self) -> bool:
        """Whether the timer starts when it becomes ready; False by default, and again once it has started."""
        return self._autostart

    def set_autostart(self, enable: bool) -> None:
        """Set whether the timer starts when it becomes ready."""
        self._autostart = as_bool(enable, "enable")

    @property
    def autostart(self) -> bool:
        """As :meth:`has_autostart`; can be set."""
        return self.has_autostart()

    @autostart.setter
    def autostart(self, enable: bool) -> None:
        self.set_autostart(enable)

    def is_paused(self) -> bool:
        """Whether the timer is paused. It also waits while its ``process_mode`` does not allow processing."""
        return self._paused

    def set_paused(self, paused: bool) -> None:
        """Pause or continue the timer."""
        value = as_bool(paused, "paused")
        if value is not self._paused:
            self._paused = value
            self._run(self._is_running)

    @property
    def paused(self) -> bool:
        """As :meth:`is_paused`; can be set."""
        return self.is_paused()

    @paused.setter
    def paused(self, paused: bool) -> None:
        self.set_paused(paused)

    def is_ignoring_time_scale(self) -> bool:
        """Whether the timer ignores the tree's ``time_scale``; False by default."""
        return self._ignore_time_scale

    def set_ignore_time_scale(self, ignore: bool) -> None:
        """Set whether the timer ignores the tree's ``time_scale``."""
        self._ignore_time_scale = as_bool(ignore, "ignore")

    @property
    def ignore_time_scale(self) -> bool:
        """As :meth:`is_ignoring_time_scale`; can be set."""
        return self.is_ignoring_time_scale()

    @ignore_time_scale.setter
    def ignore_time_scale(self, ignore: bool) -> None:
        self.set_ignore_time_scale(ignore)

    def get_timer_process_callback(self) -> TimerProcessCallback:
        """The frames in which the timer advances; ``TIMER_PROCESS_IDLE`` by default."""
        return self._callback

    def set_timer_process_callback(self, callback: TimerProcessCallback | int) -> None:
        """Set the frames in which the timer advances."""
        number = as_int(callback, "callback")
        if number not in set(Timer.TimerProcessCallback):
            return fail(f"Unknown process callback {number}.", None)
        value = Timer.TimerProcessCallback(number)
        if value is not self._callback:
            running = self._is_running
            self._run(False)
            self._callback = value
            self._run(running)
        return None

    @property
    def process_callback(self) -> TimerProcessCallback:
        """As :meth:`get_timer_process_callback`; can be set."""
        return self.get_timer_process_callback()

    @process_callback.setter
    def process_callback(self, callback: TimerProcessCallback | int) -> None:
        self.set_timer_process_callback(callback)

    def _run(self, running: bool) -> None:
        called = running and not self._paused
        if self._callback is Timer.TimerProcessCallback.TIMER_PROCESS_IDLE:
            self.set_process_internal(called)
        else:
            self.set_physics_process_internal(called)
        self._is_running = running

    def _native_notification(self, what: int) -> None:
        super()._native_notification(what)
        tree = self._tree
        if tree is None:
            return
        if what == Node.NOTIFICATION_READY and self._autostart:
            self.start()
            self._autostart = False
        elif what == Node.NOTIFICATION_INTERNAL_PROCESS and self._callback is Timer.TIMER_PROCESS_IDLE:
            self._advance(tree._unscaled_time if self._ignore_time_scale else tree._process_time)
        elif what == Node.NOTIFICATION_INTERNAL_PHYSICS_PROCESS and self._callback is Timer.TIMER_PROCESS_PHYSICS:
            self._advance(tree._unscaled_time if self._ignore_time_scale else tree._physics_process_time)

    def _advance(self, delta: float) -> None:
        if not self._is_running:
            return
        self._time_left -= delta
        if self._time_left < 0:
            if self._one_shot:
                self.stop()
            else:
                self._time_left += self._wait_time
            self.timeout.emit()
