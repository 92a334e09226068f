"""Log records as lines of JSON."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest

from godot_enet.ops import JsonFormatter


def line(formatter: JsonFormatter, *arguments: object, error: bool = False, **extra: object) -> dict[str, Any]:
    info = sys.exc_info() if error else None
    record = logging.LogRecord("godot_enet.network", logging.WARNING, "x.py", 1, "Dropped %s\nof %s", arguments, info)
    record.created = 1_700_000_000.25
    record.__dict__.update(extra)
    text = formatter.format(record)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def test_the_fields() -> None:
    found = line(JsonFormatter(), 3, "ä", peer=7, reason="TIMEOUT", address="[::1]:5", detail="", other=1)
    assert found == {
        "time": "2023-11-14T22:13:20.250+00:00",
        "level": "WARNING",
        "logger": "godot_enet.network",
        "message": "Dropped 3\nof ä",
        "peer": 7,
        "reason": "TIMEOUT",
        "address": "[::1]:5",
    }


@pytest.mark.parametrize("value", [float("nan"), {"speed": float("-inf")}, {(1, 2): 3}])
def test_what_json_has_not_is_text(value: object) -> None:
    found = line(JsonFormatter("match"), 1, 2, match=value)
    assert found["match"] == str(value)


def test_a_text_that_is_no_unicode_can_be_written() -> None:
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "from %s", ("a\udc80b",), None)
    text = JsonFormatter().format(record)
    assert json.loads(text.encode())["message"] == "from a\udc80b"


def test_fields_of_the_program_and_tracebacks() -> None:
    try:
        raise ValueError("bad")
    except ValueError:
        found = line(JsonFormatter("match"), 1, 2, error=True, match=object())
    assert found["match"].startswith("<object")
    assert found["error"].endswith("ValueError: bad")
