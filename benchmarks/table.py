"""Runs scenarios, the contenders taking turns, and prints what came out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from benchmarks.contenders import Contender
from benchmarks.scenarios import Scenario, Size

__all__ = ["compare", "render"]

Medians = dict[str, float | None]


def compare(scenario: Scenario, contenders: Sequence[Contender], size: Size, rounds: int) -> Medians:
    """The median of ``rounds`` samples per contender, by name. In every round each has one sample, in turn."""
    samples: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for turn in range(rounds):
        first = turn % len(contenders)
        for contender in (*contenders[first:], *contenders[:first]):
            sample = scenario.run(contender, size)
            if sample is not None:
                samples[contender.name].append(sample)
    return {name: median(values) if values else None for name, values in samples.items()}


def render(results: Iterable[tuple[Scenario, Medians]], names: Sequence[str], reference: str) -> str:
    """A Markdown table: numbers, and how many times as good as the reference each contender is."""
    others = [name for name in names if name != reference] if reference in names else []
    rows = [["scenario", "unit", "goal", *names, *(f"{name} : {reference}" for name in others)]]
    for scenario, medians in results:
        better = "" if scenario.goal is None else ("≥ " if scenario.more_is_better else "< ") + number(scenario.goal)
        ratios = [ratio(scenario, medians[name], medians[reference]) for name in others]
        rows.append([scenario.title, scenario.unit, better, *(number(medians[name]) for name in names), *ratios])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| "
        + " | ".join(cell.ljust(width) if i < 2 else cell.rjust(width) for i, (cell, width) in enumerate(cells))
        + " |"
        for cells in (list(zip(row, widths, strict=True)) for row in rows)
    ]
    rule = (
        "|" + "|".join("-" * (width + 2) if i < 2 else "-" * (width + 1) + ":" for i, width in enumerate(widths)) + "|"
    )
    return "\n".join([lines[0], rule, *lines[1:]])


def number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def ratio(scenario: Scenario, ours: float | None, theirs: float | None) -> str:
    """Above 1 where ours is the better one."""
    if not ours or not theirs:
        return "-"
    return f"{ours / theirs if scenario.more_is_better else theirs / ours:.2f}"
