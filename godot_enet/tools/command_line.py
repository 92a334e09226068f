"""What the command lines of the tools have in common: numbers within a range, and errors in words."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

__all__ = ["explain", "number", "whole_number"]


def whole_number(minimum: int, maximum: int) -> Callable[[str], int]:
    """The ``type`` of an argument that is a whole number within a range."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = minimum - 1
        if not minimum <= value <= maximum:
            raise argparse.ArgumentTypeError(f"must be a whole number from {minimum} to {maximum}, not {text!r}")
        return value

    return parse


def number(minimum: float, maximum: float) -> Callable[[str], float]:
    """The ``type`` of an argument that is a number within a range."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not minimum <= value <= maximum:
            raise argparse.ArgumentTypeError(f"must be a number from {minimum:g} to {maximum:g}, not {text!r}")
        return value

    return parse


def explain(error: BaseException) -> str:
    """An error as a tool prints it: one of the system with the file first, without its number."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, UnicodeDecodeError):
        return "is not text in UTF-8"
    return str(error)
