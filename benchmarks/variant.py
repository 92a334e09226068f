"""Costs of Variants: ``python -m benchmarks.variant``.

Measures ``var_to_bytes`` and ``bytes_to_var`` together on typical game data, and ``json`` and ``pickle`` in the same
run with the same values where possible: JSON has no vectors, so it gets lists.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
import timeit
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from godot_enet import PackedFloat32Array, PackedVector2Array, Vector2, Vector3, bytes_to_var, var_to_bytes

__all__ = ["CASES", "Case", "Cost", "main", "measure"]

SECONDS = 0.2


class Case(NamedTuple):
    """A value, and its nearest equivalent in JSON."""

    title: str
    value: Any
    plain: Any
    bound: float | None = None
    """Microseconds to encode and decode."""


class Cost(NamedTuple):
    """Microseconds to encode and decode."""

    variant: float
    json: float
    pickle: float


_FLOATS = [number / 7 for number in range(10_000)]
_STATE = {"tick": 123456, "units": [[number, Vector3(number, 0.5, 2.0), "idle"] for number in range(20)]}
_PLAIN_STATE = {"tick": 123456, "units": [[number, [number, 0.5, 2.0], "idle"] for number in range(20)]}

CASES = (
    Case("[int, Vector2, short string]", [7, Vector2(1.5, 2.5), "hello"], [7, [1.5, 2.5], "hello"], 12.0),
    Case("PackedFloat32Array of 10,000", PackedFloat32Array(_FLOATS), _FLOATS, 100.0),
    Case(
        "PackedVector2Array of 1,000",
        PackedVector2Array([Vector2(number, 0.5) for number in range(1000)]),
        [[number, 0.5] for number in range(1000)],
    ),
    Case("a state: 20 units in a Dictionary", _STATE, _PLAIN_STATE),
    Case("bytes, 1 KB", bytes(1024), None),
)


def _microseconds(call: Callable[[], object], seconds: float) -> float:
    """The best of five, to reduce the effect of other load."""
    timer = timeit.Timer(call)
    count = max(1, int(seconds / 5 / max(timer.timeit(3) / 3, 1e-7)))
    return min(timer.repeat(5, count)) / count * 1e6


def _there_and_back(encode: Callable[[Any], Any], decode: Callable[[Any], object], value: object) -> object:
    return decode(encode(value))


def measure(case: Case, seconds: float = SECONDS) -> Cost:
    """The costs of one case; ``seconds`` is about what each measurement takes."""
    variant = partial(_there_and_back, var_to_bytes, bytes_to_var, case.value)
    text = partial(_there_and_back, json.dumps, json.loads, case.plain)
    pickled = partial(_there_and_back, pickle.dumps, pickle.loads, case.value)
    return Cost(*(_microseconds(call, seconds) for call in (variant, text, pickled)))


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a bound is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.variant", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short measurements, to check that everything runs")
    seconds = 0.005 if parser.parse_args(argv).quick else SECONDS
    print("| encode and decode | bound, us | Variant, us | json, us | pickle, us | Variant / json |")
    print("|---|---:|---:|---:|---:|---:|")
    missed = 0
    for case in CASES:
        cost = measure(case, seconds)
        bound = "" if case.bound is None else f"{case.bound:.0f}"
        text, ratio = ("-", "-") if case.plain is None else (f"{cost.json:,.1f}", f"{cost.variant / cost.json:.2f}")
        print(f"| {case.title} | {bound} | {cost.variant:,.1f} | {text} | {cost.pickle:,.1f} | {ratio} |")
        missed += case.bound is not None and cost.variant > case.bound
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
