"""Says what was received and could not be used: one line per cause and ten seconds.

Silence is what makes a wrong setting hard to find. Lines are collected where the network is served, and spoken
outside any lock, since a log handler may do anything.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterable
from typing import NamedTuple

from godot_enet.core.interface import DropReport

__all__ = ["DropReporter", "Limiter", "with_others"]

_log = logging.getLogger("godot_enet.network")
_INTERVAL = 10_000
_MOST_CAUSES = 1000
_FORGET_AFTER = 60_000
_MAX_TEXTS = 10
"""Different texts of one place that are logged within one interval; further ones are counted together."""


class Limiter:
    """Lets one line through for each cause and ten seconds. Times are milliseconds."""

    def __init__(self) -> None:
        self._said: dict[Hashable, int] = {}
        """When the last line of each cause came, the longest ago first."""
        self._withheld: dict[Hashable, int] = {}
        """How many have not come since then."""
        self._texts: dict[Hashable, tuple[int, set[str]]] = {}
        """By place: since when its texts are counted, and which there were."""
        self._next_forget = 0
        """Before that no cause is old enough to make room: a flood of new ones shall not walk through all of them."""

    def count(self, cause: Hashable, now: int, times: int = 1) -> int:
        """Count a line, or so many; for how many of its cause one may be logged now, 0 for none.

        Causes should be few. When there are a thousand, further ones are taken for one and the same, until some have
        not come for a minute.
        """
        last = self._said.get(cause)
        if last is None and len(self._said) >= _MOST_CAUSES:
            if now >= self._next_forget:
                self._forget(now)
            if len(self._said) >= _MOST_CAUSES:
                cause = None
                last = self._said.get(cause)
        times += self._withheld.pop(cause, 0)
        if last is not None and now - last < _INTERVAL:
            self._withheld[cause] = times
            return 0
        self._said.pop(cause, None)
        self._said[cause] = now
        return times

    def cause_of(self, place: Hashable, text: str, now: int) -> Hashable:
        """The cause of a line that one place in a program makes with differing texts.

        Each text is a cause of its own, so that different values are seen, up to ten within ten seconds.
        """
        since, texts = self._texts.get(place, (now, set[str]()))
        if now - since >= _INTERVAL:
            since, texts = now, set()
        if text not in texts:
            if len(texts) >= _MAX_TEXTS:
                return place
            texts.add(text)
            if len(self._texts) >= _MOST_CAUSES:
                self._texts.clear()
            self._texts[place] = since, texts
        return place, text

    def _forget(self, now: int) -> None:
        for cause in [cause for cause, last in list(self._said.items()) if now - last >= _FORGET_AFTER]:
            self._said.pop(cause, None)
            self._withheld.pop(cause, None)
        self._next_forget = min(list(self._said.values()), default=now) + _FORGET_AFTER


def with_others(text: str, times: int) -> str:
    """A line that stands for so many of its cause."""
    if times == 1:
        return text
    return f"{text} ({times - 1} similar message{'s' if times > 2 else ''} suppressed)"


class _Line(NamedTuple):
    """One that is worded already."""

    level: int
    text: str
    error: BaseException | None


class DropReporter:
    """Turns drop reports into log lines, not too many."""

    def __init__(self) -> None:
        self.lines: list[DropReport | _Line] = []
        """What :meth:`speak` will say."""
        self._limiter = Limiter()

    def collect(self, reports: Iterable[DropReport], now: int) -> None:
        """Take reports at time ``now`` (ms)."""
        for cause, address, times in reports:
            times = self._limiter.count(cause, now, times)
            if times:
                self.lines.append(DropReport(cause, address, times))

    def note(
        self, cause: str, text: str, now: int, *, expected: bool = False, error: BaseException | None = None
    ) -> None:
        """Take a line that somebody else has worded; within ten seconds of one of the same cause it is only counted."""
        times = self._limiter.count(cause, now)
        if times:
            level = logging.ERROR if error is not None else logging.INFO if expected else logging.WARNING
            self.lines.append(_Line(level, with_others(text, times), error))

    def speak(self) -> None:
        """Log the lines collected so far."""
        lines, self.lines = self.lines, []
        for line in lines:
            if isinstance(line, _Line):
                _log.log(line.level, "%s", line.text, exc_info=line.error)
                continue
            cause, address, times = line
            if cause.outgoing:
                what = "a packet" if times == 1 else f"{times} packets"
                _log.warning("Did not send %s, the last to %s: %s.", what, address, cause.explanation)
                continue
            _log.log(
                logging.INFO if cause.expected else logging.WARNING,
                "Received %d datagram%s that could not be used, the last from %s: %s.",
                times,
                "" if times == 1 else "s",
                address,
                cause.explanation,
            )
