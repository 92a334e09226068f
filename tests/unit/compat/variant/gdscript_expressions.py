"""Just enough of GDScript's expressions to make in Python what they make in Godot."""

from __future__ import annotations

import math
import re
from typing import Any

import godot_enet.compat.variant as variant

__all__ = ["NAMES", "evaluate"]


def _nest(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


NAMES: dict[str, Any] = {
    **{name: getattr(variant, name) for name in variant.__all__},
    **{kind.name: kind for kind in variant.VariantType},
    "null": None,
    "true": True,
    "false": False,
    "INF": math.inf,
    "NAN": math.nan,
    "PI": math.pi,
    "TAU": math.tau,
    "Callable": variant.EncodedCallable,
    "Signal": variant.EncodedSignal,
    "chr": chr,
    "nest": _nest,
    "range": lambda *ends: list(range(*ends)),
    "rid_from_int64": variant.RID,
}


_TEXT = r'"(?:[^"\\]|\\.)*"(?:\.repeat\(\d+\))?'

_REWRITES = [
    (r"\\U([0-9a-fA-F]{6})", r"\\U00\1"),
    (rf"({_TEXT})\.(to_\w+_buffer|hex_decode)\(\)", r"PackedByteArray.\2(\1)"),
    (rf"&({_TEXT})", r"StringName(\1)"),
    (rf"\^({_TEXT})", r"NodePath(\1)"),
    (r"\.repeat\((\d+)\)", r" * \1"),
    (r"String\.chr\(", "chr("),
]


def evaluate(expression: str) -> Any:
    """The value of a GDScript expression; most of them are Python already."""
    for pattern, replacement in _REWRITES:
        expression = re.sub(pattern, replacement, expression)
    return eval(expression, dict(NAMES))
