"""Logs dropped datagrams: one line per cause and ten seconds.

Without these lines a wrong setting would be hard to find. They are collected where the network is served and logged
outside any lock, because a log handler may do anything.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Hashable, Iterable
from typing import NamedTuple

from godot_enet.core.interface import Address, DropReport
from godot_enet.core.interrupts import expecting

__all__ = ["DropReporter", "Limiter", "with_repeat_count"]

_log = logging.getLogger("godot_enet.network")
_INTERVAL = 10_000
_MAX_CAUSES = 1000
_FORGET_AFTER = 60_000
_MAX_TEXTS = 10
"""Different texts of one place that are logged within one interval; further ones are counted together."""


class Limiter:
    """Lets one line through for each cause and ten seconds. Times are milliseconds."""

    def __init__(self) -> None:
        self._last_logged: dict[Hashable, int] = {}
        """When each cause was last logged, the oldest first."""
        self._suppressed: dict[Hashable, int] = {}
        """Lines suppressed since then, by cause."""
        self._texts: dict[Hashable, tuple[int, set[str]]] = {}
        """By place: since when its texts are counted, and those seen."""
        self._next_forget = 0
        """No cause expires before this time, so a flood of new causes does not scan all of them each time."""

    def count(self, cause: Hashable, now: int, times: int = 1) -> int:
        """Count ``times`` lines. Returns how many of its cause one line may stand for now, or 0 to log none.

        There should be few causes. Beyond a thousand, further ones count as one and the same, until some have
        not occurred for a minute.
        """
        last = self._last_logged.get(cause)
        if last is None and len(self._last_logged) >= _MAX_CAUSES:
            if now >= self._next_forget:
                self._forget(now)
            if len(self._last_logged) >= _MAX_CAUSES:
                cause = None
                last = self._last_logged.get(cause)
        times += self._suppressed.pop(cause, 0)
        if last is not None and now - last < _INTERVAL:
            self._suppressed[cause] = times
            return 0
        self._last_logged.pop(cause, None)
        self._last_logged[cause] = now
        return times

    def cause_of(self, place: Hashable, text: str, now: int) -> Hashable:
        """The cause to count for a line that one place in a program logs with varying text.

        Each text is a cause of its own, so that different values are logged, up to ten within ten seconds.
        """
        since, texts = self._texts.get(place, (now, set[str]()))
        if now - since >= _INTERVAL:
            since, texts = now, set()
        if text not in texts:
            if len(texts) >= _MAX_TEXTS:
                return place
            texts.add(text)
            if len(self._texts) >= _MAX_CAUSES:
                self._texts.clear()
            self._texts[place] = since, texts
        return place, text

    def _forget(self, now: int) -> None:
        for cause in [cause for cause, last in list(self._last_logged.items()) if now - last >= _FORGET_AFTER]:
            self._last_logged.pop(cause, None)
            self._suppressed.pop(cause, None)
        self._next_forget = min(list(self._last_logged.values()), default=now) + _FORGET_AFTER


def with_repeat_count(text: str, times: int) -> str:
    """Append the number of suppressed messages to a line that stands for ``times`` of them."""
    if times == 1:
        return text
    return f"{text} ({times - 1} similar message{'s' if times > 2 else ''} suppressed)"


class _Line(NamedTuple):
    """A line whose text is complete."""

    level: int
    text: str
    error: BaseException | None


class DropReporter:
    """Turns drop reports into log lines, rate-limited."""

    def __init__(self) -> None:
        self.lines: deque[DropReport | _Line] = deque()
        """What :meth:`log_lines` will log. One thread may collect while others log."""
        self._note: tuple[Address, str] | None = None
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
        """Take a finished line; within ten seconds of one with the same cause it is only counted."""
        times = self._limiter.count(cause, now)
        if times:
            level = logging.ERROR if error is not None else logging.INFO if expected else logging.WARNING
            self.lines.append(_Line(level, with_repeat_count(text, times), error))

    def note_address(self, address: Address, note: str) -> None:
        """Append a note to the lines about attempts to connect to this address; only to those about the latest one."""
        self._note = address, note

    def _note_for(self, address: Address) -> str:
        return self._note[1] if self._note is not None and self._note[0] == address else ""

    def log_lines(self) -> None:
        """Log the lines collected so far."""
        while (line := self._next_line()) is not None:
            if isinstance(line, _Line):
                _log.log(line.level, "%s", line.text, exc_info=line.error)
                continue
            cause, address, times = line
            about = {"address": str(address), "reason": cause.name}
            if cause.connecting:
                text = f"Connecting to {address}: {cause.explanation}{self._note_for(address)}."
                _log.warning("%s", with_repeat_count(text, times), extra=about)
                continue
            if cause.outgoing:
                what = "a packet" if times == 1 else f"{times} packets"
                _log.warning("Did not queue %s, the last to %s: %s.", what, address, cause.explanation, extra=about)
                continue
            _log.log(
                logging.INFO if cause.expected else logging.WARNING,
                "Dropped data in %d datagram%s, the last from %s: %s.",
                times,
                "" if times == 1 else "s",
                address,
                cause.explanation,
                extra=about,
            )

    def _next_line(self) -> DropReport | _Line | None:
        with expecting(IndexError):  # none is left, perhaps because another thread has just taken it
            return self.lines.popleft()
        return None
