"""Error lines as Godot has them."""

from __future__ import annotations

import logging

__all__ = ["godot_line"]


def godot_line(record: logging.LogRecord) -> str:
    """The line of a record without what this package adds in brackets."""
    return record.getMessage().replace(f" ({getattr(record, 'detail', '')})", "")
