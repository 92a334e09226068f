"""The base of bots under Locust: its ``User``, and one greenlet in each process that drives them all.

Locust and gevent are imported on first use: the first patches Python's own modules.
"""

from __future__ import annotations

import time
from typing import Any, ClassVar, cast

from godot_enet.core.native.host import hide_gevent_note
from godot_enet.load.crowd import Crowd, Member, Seat
from godot_enet.load.log_limit import limited_log
from godot_enet.load.recorder import FailureTexts, Recorder, describe, printable

__all__ = ["crowd_of_process", "make_base"]

_TRACEBACK_INTERVAL = 1.0
"""Seconds between tracebacks of one line. Formatting one takes as long as many frames of a bot."""


def make_base() -> type:
    """Return the base class."""
    import locust
    from locust.exception import StopUser

    class LocustBase(locust.User):  # type: ignore[misc]
        """Locust's ``User``. Its greenlet waits for the end of the bot, and runs the tasks of the program, if any."""

        abstract = True
        wait_time = locust.constant(1)
        _stop_exceptions: ClassVar[tuple[type[BaseException], ...]] = (StopUser,)

        def _make_recorder(self) -> Recorder:
            return _LocustRecorder(self.environment)

        def on_start(self) -> None:
            """Called before the bot connects. Override it."""

        @locust.task  # type: ignore[untyped-decorator]
        def play(self) -> None:
            """Locust's task: the bot plays in its frames, and this looks whether it has ended."""
            if self.has_ended:
                raise StopUser

        def run(self) -> None:
            """As Locust's; in between, the bot is driven."""
            prepare, crowd = self.on_start, crowd_of_process()

            def start() -> None:
                prepare()
                crowd.add(cast("Member", self))

            self.on_start = start  # type: ignore[method-assign]
            try:
                super().run()
            finally:
                crowd.remove(cast("Member", self))

    return LocustBase


class _LocustRecorder:
    """Fires Locust's events. See :class:`Recorder`."""

    def __init__(self, environment: Any) -> None:
        self._fire = environment.events.request.fire
        self._fire_error = environment.events.user_error.fire

    def request(self, kind: str, name: str, seconds: float, size: int, failure: str) -> None:
        self._fire(
            request_type=kind,
            name=printable(name),
            response_time=seconds * 1000,
            response_length=size,
            exception=_texts.bounded(failure) or None,
            context={},
        )

    def exception(self, user: object, method: str, error: BaseException) -> None:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = (method, 0 if trace is None else trace.tb_lineno)
        now = time.monotonic()
        if now >= _next_traceback.get(place, 0.0):
            _next_traceback[place] = now + _TRACEBACK_INTERVAL
            text = printable(f"{method}: {describe(error)}")
            self._fire_error(user_instance=user, exception=text, tb=error.__traceback__)


_next_traceback: dict[tuple[str, int], float] = {}
"""By method and line."""
_texts = FailureTexts()
_crowds: list[Crowd] = []


def crowd_of_process() -> Crowd:
    """The crowd with its greenlet; made with the first bot, so that Locust may fork before."""
    if not _crowds:
        import gevent

        from godot_enet.load.gevent_waiter import GeventWaiter

        hide_gevent_note()  # bots never wait in C
        crowd = Crowd(GeventWaiter[Seat](), time.perf_counter)
        _crowds.append(crowd)
        gevent.spawn(_drive, crowd)
    return _crowds[0]


def _drive(crowd: Crowd) -> None:
    with limited_log():
        while True:
            crowd.turn()
