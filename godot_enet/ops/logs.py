"""Log records as lines of JSON, for collectors such as Loki, Fluent Bit and Cloud Logging."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone

__all__ = ["JsonFormatter"]

_FIELDS = ("peer", "reason", "address", "detail")
"""Attributes of records that the loggers of this package set, where they apply."""


class JsonFormatter(logging.Formatter):
    """Formats each record as one JSON object: ``time``, ``level``, ``logger``, ``message``, and fields that apply.

    ``peer``, ``reason`` and ``address`` come from the loggers of this package, ``error`` is a traceback. A program adds
    fields of its own by name, and sets them with ``extra=``; a value that JSON cannot express, such as NaN, becomes its
    text.

    Args:
        fields: names of further attributes of records.
    """

    def __init__(self, *fields: str) -> None:
        super().__init__()
        self._fields = (*_FIELDS, *fields)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, which contains no line break."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name in self._fields:
            value = getattr(record, name, None)
            if value is not None and value != "":
                line[name] = _plain(value)
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        text = json.dumps(line, ensure_ascii=False, default=str)
        return text.encode(errors="backslashreplace").decode()  # lone surrogates, in the notation of JSON


def _plain(value: object) -> object:
    try:
        json.dumps(value, default=str, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return str(value)
    return value
