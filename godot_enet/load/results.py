"""The results of a run without Locust: what was requested, what failed, which exceptions were raised."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterator

from godot_enet.load.recorder import FailureTexts, printable

__all__ = ["RequestRow", "Results"]

_MAX_EXCEPTIONS = 100
"""Different exceptions that are kept."""
_MAX_LINES = 100
"""Lines of a traceback that are kept: what an exception says may come from a server, and be long."""
_MAX_NAME = 80
"""Characters of a name that are shown, so that it leaves the numbers their place on the line."""


class RequestRow:
    """All requests of one kind and name."""

    def __init__(self) -> None:
        self.count = 0
        self.failures = 0
        self.bytes = 0
        self._times: Counter[float] = Counter()
        """Milliseconds, rounded to about two digits, of the requests that have not failed."""

    def add(self, seconds: float, size: int, *, failed: bool) -> None:
        """Count a request."""
        self.count += 1
        self.bytes += size
        if failed:
            self.failures += 1
        else:
            milliseconds = seconds * 1000
            self._times[round(milliseconds, 1) if milliseconds < 10 else float(f"{milliseconds:.2g}")] += 1

    def percentile(self, share: float) -> float | None:
        """Return the time in milliseconds that this share of the requests did not exceed; None without any."""
        left = share * sum(self._times.values())
        for time in sorted(self._times):
            left -= self._times[time]
            if left <= 0:
                return time
        return None


class Results:
    """A :class:`~godot_enet.load.recorder.Recorder` that keeps everything, and shows it as text."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], RequestRow] = {}
        self.failures: Counter[tuple[str, str, str]] = Counter()
        """By kind, name and reason."""
        self._texts = FailureTexts()
        self._tracebacks: dict[tuple[str, str], list[str]] = {}

    def request(self, kind: str, name: str, seconds: float, size: int, failure: str) -> None:
        """See :class:`Recorder`."""
        row = self.rows.get((kind, name))
        if row is None:
            row = self.rows[kind, name] = RequestRow()
        row.add(seconds, size, failed=bool(failure))
        if failure:
            self.failures[kind, name, self._texts.bounded(failure)] += 1

    def exception(self, user: object, method: str, error: BaseException) -> None:
        """See :class:`Recorder`. The failed request of the kind METHOD counts it; this keeps its first traceback."""
        key = method, type(error).__name__
        if key not in self._tracebacks and len(self._tracebacks) < _MAX_EXCEPTIONS:
            text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
            lines = list(map(printable, text.rstrip().splitlines()))
            self._tracebacks[key] = lines[:_MAX_LINES] + ["..."] * (len(lines) > _MAX_LINES)

    @property
    def requests(self) -> int:
        """How many requests there were, failed ones included."""
        return sum(row.count for row in self.rows.values())

    @property
    def failed(self) -> int:
        """How many of them failed."""
        return sum(self.failures.values())

    def lines(self, seconds: float) -> Iterator[str]:
        """Yield the summary of a run of this length, line by line, each :func:`printable`."""
        yield from map(printable, self._lines(seconds))

    def _lines(self, seconds: float) -> Iterator[str]:
        names = {key: printable(" ".join(key), _MAX_NAME) for key in sorted(self.rows)}
        width = max(map(len, names.values()), default=0)
        times = " ".join(f"{each:>8}" for each in ("median", "95 %", "99 %", "max ms"))
        yield f"{'':{width}} {'requests':>10} {'failed':>8} {'/s':>9} {times} {'bytes/s':>8}"
        for key, name in names.items():
            row = self.rows[key]
            times = " ".join(f"{_shown(row.percentile(share)):>8}" for share in (0.5, 0.95, 0.99, 1.0))
            rates = f"{row.count / seconds:>9.1f} {times} {row.bytes / seconds:>8.0f}"
            yield f"{name:{width}} {row.count:>10} {row.failures:>8} {rates}"
        if self.failures:
            yield ""
            yield "failures"
        for (kind, method, failure), count in self.failures.most_common():
            yield f"{count:>10}  {names[kind, method]}: {failure}"
        for lines in self._tracebacks.values():
            yield ""
            yield from lines


def _shown(milliseconds: float | None) -> str:
    return "-" if milliseconds is None else f"{milliseconds:g}"
