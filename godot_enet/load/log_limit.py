"""The log of a process with many bots, which all have the same to say."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from godot_enet.core.reporting import Limiter, with_repeat_count

__all__ = ["LogLimit", "limited_log"]

_LOGGERS = ("godot_enet", "godot_enet.network")
_NUMBER = re.compile(r"\d+")


class LogLimit(logging.Filter):
    """Lets a line through once in ten seconds, whatever numbers are in it, with the count of those like it."""

    def __init__(self) -> None:
        super().__init__()
        self._limiter = Limiter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to log a record, whose text may change."""
        text = record.getMessage()
        times = self._limiter.count(_NUMBER.sub("", text), int(monotonic() * 1000))
        if times > 1:
            record.msg, record.args = with_repeat_count(text, times), None
        return times > 0


@contextmanager
def limited_log() -> Iterator[None]:
    """Limit the package's own log inside a ``with`` block."""
    limit = LogLimit()
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(limit)
    try:
        yield
    finally:
        for name in _LOGGERS:
            logging.getLogger(name).removeFilter(limit)
