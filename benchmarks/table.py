"""Runs scenarios with the contenders in turn, and prints the results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from benchmarks.contenders import Contender
from benchmarks.scenarios import Goal, Scenario
from benchmarks.size import Size

__all__ = ["compare", "render"]

Medians = dict[str, float | None]
Field = Mapping[str, Contender | None]
"""Contenders by name; None is libenet in C."""


def compare(scenario: Scenario, field: Field, size: Size, rounds: int) -> Medians:
    """The median of ``rounds`` samples per contender, by name. Each round has one sample per contender."""
    samples: dict[str, list[float]] = {name: [] for name in field}
    names = list(field)
    for turn in range(rounds):
        first = turn % len(names)
        for name in (*names[first:], *names[:first]):
            sample = scenario.sample(field[name], size)
            if sample is not None:
                samples[name].append(sample)
    return {name: median(values) if values else None for name, values in samples.items()}


def render(results: Iterable[tuple[Scenario, Medians]], names: Sequence[str]) -> str:
    """A Markdown table with the numbers, the goal and the measured value."""
    rows = [["scenario", "unit", *names, "goal", "reached"]]
    for scenario, medians in results:
        goal, reached = verdict(scenario, medians)
        rows.append([scenario.title, scenario.unit, *(number(medians[name]) for name in names), goal, reached])
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
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def verdict(scenario: Scenario, medians: Medians) -> tuple[str, str]:
    """The goal and the measured value, as text: "≤ 0.40 of pyenet", "0.38"."""
    goal = scenario.goal
    if goal is None:
        return "", ""
    sign = "≥" if scenario.more_is_better else "≤"
    value = reached(goal, medians)
    text = f"{sign} {goal.bound:g}" + (f" of {goal.against}" if goal.against else "")
    if value is None:
        return text, "-"
    met = value >= goal.bound if scenario.more_is_better else value <= goal.bound
    return text, f"{value:.2f}" + ("" if met else " (missed)")


def reached(goal: Goal, medians: Medians) -> float | None:
    ours = medians.get(goal.contender)
    if ours is None or goal.against is None:
        return ours
    theirs = medians.get(goal.against)
    return ours / theirs if theirs else None
