"""The tables and figures of docs/performance.md, from the rounds of all contenders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.peers.contenders import OURS
from benchmarks.peers.measure import Result
from benchmarks.svg import Bars, bars

__all__ = ["LOSSES", "Rounds", "figures", "tables"]

LOSSES = (0.0, 0.05, 0.2)
KEPT_UP = 0.99
"""Share of answered requests below which a contender could not keep up with the rate."""
COLORS = ("better", "extra", "raw")


@dataclass
class Rounds:
    """The results of one contender; the same index is the same round for all of them."""

    calm: list[Result] = field(default_factory=list)
    busy: list[Result] = field(default_factory=list)
    lossy: list[list[Result]] = field(default_factory=list)
    """For each round, one for each of ``LOSSES``."""


Field = Mapping[str, Rounds]
Value = Callable[[Result], float]


def _server(result: Result) -> float:
    return result.server


def _middle(results: Sequence[Result], value: Value) -> float:
    return median(map(value, results))


def _of_ours(results: Sequence[Result], ours: Sequence[Result] | None) -> str:
    """The median of the ratios of all rounds."""
    if ours is None:
        return "-"
    return f"{median(_server(its) / _server(own) for its, own in zip(results, ours, strict=True)):.2f}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _loopback(rounds: Field) -> Iterator[str]:
    yield "| | server, us CPU | of ours | clients, us CPU | p50, ms | p99, ms | busy server, us CPU | of ours |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    ours = rounds.get(OURS)
    for name, its in rounds.items():
        calm = [_middle(its.calm, lambda result: result.client), *_delays(its.calm)]
        cells = [
            _number(_middle(its.calm, _server)),
            _of_ours(its.calm, ours.calm if ours else None),
            *map(_number, calm),
        ]
        if _middle(its.busy, lambda result: result.answered) < KEPT_UP:
            cells += ["overloaded", "-"]
        else:
            cells += [_number(_middle(its.busy, _server)), _of_ours(its.busy, ours.busy if ours else None)]
        yield f"| {name} | {' | '.join(cells)} |"


def _delays(results: Sequence[Result]) -> tuple[float, float]:
    return _middle(results, lambda result: result.p50), _middle(results, lambda result: result.p99)


def _relayed(rounds: Field) -> Iterator[str]:
    heads = [f"{loss:.0%}: {what}" for loss in LOSSES for what in ("p50, ms", "p99, ms", "bytes")]
    yield f"| | {' | '.join(heads)} | answered |"
    yield "|---|" + "---:|" * (len(heads) + 1)
    for name, its in rounds.items():
        cells = []
        for results in _by_loss(its):
            cells += [*map(_number, _delays(results)), _number(_middle(results, lambda result: result.wire or 0.0))]
        answered = _middle(_by_loss(its)[-1], lambda result: result.answered)
        yield f"| {name} | {' | '.join(cells)} | {answered:.0%} |"


def _by_loss(its: Rounds) -> list[list[Result]]:
    return [list(results) for results in zip(*its.lossy, strict=True)]


def tables(rounds: Field) -> Mapping[str, str]:
    """By the name of their place on the page."""
    return {"peers": "\n".join(_loopback(rounds)), "peers-loss": "\n".join(_relayed(rounds))}


def figures(rounds: Field) -> Mapping[str, str]:
    """Each figure's SVG by the name of its file."""
    names = list(rounds)
    by_loss = [_by_loss(its) for its in rounds.values()]
    cpu = Bars("CPU", "good", [_middle(its.calm, _server) for its in rounds.values()])
    late = [
        Bars(f"{loss:.0%} lost", color, [_delays(its[at])[1] for its in by_loss])
        for at, (loss, color) in enumerate(zip(LOSSES, COLORS, strict=True))
    ]
    return {
        "peers-cpu.svg": bars("CPU of the server for a request", "microseconds of CPU for a request", names, [cpu]),
        "peers-loss.svg": bars("Slowest of a hundred requests", "99th percentile of the round trip, ms", names, late),
    }
