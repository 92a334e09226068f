"""Runs bots without Locust, in one process and one thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from godot_enet.core.interrupts import raised_by_signal_handler
from godot_enet.load.crowd import Crowd, Seat
from godot_enet.load.log_limit import limited_log
from godot_enet.load.results import Results
from godot_enet.load.user import LoadUser
from godot_enet.load.waiters import SelectorWaiter

__all__ = ["Run"]


class Run:
    """One run of some bots.

    Args:
        classes: of the bots, which share the number by their ``weight``.
        bots: how many.
        rate: how many start per second.
        seconds: how long the run takes, from the first start to the last frame.
        progress: called once a second with the line to show.
    """

    def __init__(
        self,
        classes: Sequence[type[LoadUser]],
        *,
        bots: int,
        rate: float,
        seconds: float,
        progress: Callable[[str], object],
    ) -> None:
        self._classes = list(_shared_out(classes, bots))
        self._rate = rate
        self._seconds = seconds
        self._progress = progress
        self._crowd = Crowd(SelectorWaiter[Seat](), time.perf_counter)
        self._bots: list[LoadUser] = []
        self.results = Results()
        self.elapsed = 0.0
        """Seconds, so far or in all."""

    def play(self) -> None:
        """Run until the time is up, all bots have ended, or Ctrl-C is pressed."""
        with limited_log():
            self._play()

    def _play(self) -> None:
        began, busy = time.perf_counter(), time.process_time()
        shown, shown_busy, shown_requests = 0.0, busy, 0
        try:
            while self.elapsed < self._seconds:
                self._start(min(len(self._classes), 1 + int(self.elapsed * self._rate)))
                self._crowd.turn(min(0.05, self._seconds - self.elapsed))
                self.elapsed = time.perf_counter() - began
                if self.elapsed - shown >= 1.0:
                    busy, requests = time.process_time(), self.results.requests
                    share = (busy - shown_busy) / (self.elapsed - shown)
                    rate = (requests - shown_requests) / (self.elapsed - shown)
                    self._progress(self._line(share, rate))
                    shown, shown_busy, shown_requests = self.elapsed, busy, requests
                if len(self._bots) == len(self._classes) and not len(self._crowd):
                    break
        except KeyboardInterrupt:
            pass
        finally:
            for bot in self._bots:
                if not bot.has_ended:
                    bot._call(bot.on_stop)
                self._crowd.remove(bot)

    def _start(self, number: int) -> None:
        while len(self._bots) < number:
            bot = self._classes[len(self._bots)](self.results)
            self._bots.append(bot)
            try:
                bot.on_start()
            except Exception as error:
                if raised_by_signal_handler(error):
                    raise
                bot._on_exception(error, f"{type(bot).__name__}.on_start")
                bot.quit()
            else:
                self._crowd.add(bot)

    def _line(self, busy: float, rate: float) -> str:
        connected = sum(bot.is_connected for bot in self._bots)
        return (
            f"{self.elapsed:4.0f} s  {connected} of {len(self._bots)} bots connected  {rate:.0f} requests/s  "
            f"{self.results.failed} failed  {busy:.2f} of a core  {self._late():.1%} of frames late"
        )

    def _late(self) -> float:
        return self._crowd.late_frames / max(1, self._crowd.frames)

    def lines(self) -> list[str]:
        """Return the summary."""
        late = self._late()
        head = f"{len(self._bots)} bots, {self.elapsed:.1f} s, {late:.1%} of {self._crowd.frames} frames late"
        return [head, "", *self.results.lines(max(self.elapsed, 0.001))]


def _shared_out(classes: Sequence[type[LoadUser]], bots: int) -> Iterator[type[LoadUser]]:
    """Yield the class of each bot, so that there are as many of each at any time as its weight says."""
    counts = dict.fromkeys(classes, 0)
    for _ in range(bots):
        least = min(classes, key=lambda each: (counts[each] + 1) / each.weight)
        counts[least] += 1
        yield least
