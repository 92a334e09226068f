"""Line and bar charts as SVG, without a library: the same numbers always give the same file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

__all__ = ["Bars", "Line", "bars", "chart"]

WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 14, 40, 46
BAR, GAP, NAMES, NUMBERS = 13, 9, 176, 60
"""Thickness of a bar, the space between groups, and that for names and numbers beside them."""
COLORS = {"truth": "#c9ccd2", "raw": "#d1495b", "good": "#2e86ab", "better": "#3b8f4a", "extra": "#b7791f"}
"""One meaning each in all charts: what was true, what arrived, and what the library makes of it."""


class Line(NamedTuple):
    """A line of a chart."""

    name: str
    color: str
    """A key of ``COLORS``."""
    points: Sequence[tuple[float, float]]
    steps: bool = False
    """Whether the value stays until the next point."""


def chart(title: str, x_title: str, y_title: str, lines: Sequence[Line], *, zero: bool = False) -> str:
    """An SVG document. ``zero`` makes the vertical axis begin there."""
    xs = [x for line in lines for x, _ in line.points]
    ys = [y for line in lines for _, y in line.points] + [0.0] * zero
    x_marks, y_marks = _marks(min(xs), max(xs)), _marks(min(ys), max(ys))
    low_x, high_x = min(xs), max(xs)
    low_y, high_y = min(*ys, y_marks[0]), max(*ys, y_marks[-1])

    def x_at(x: float) -> float:
        return LEFT + (x - low_x) / (high_x - low_x) * (WIDTH - LEFT - RIGHT)

    def y_at(y: float) -> float:
        return HEIGHT - BOTTOM - (y - low_y) / (high_y - low_y) * (HEIGHT - TOP - BOTTOM)

    parts = _head(title, HEIGHT)
    for mark in y_marks:
        parts.append(f'<path d="M{LEFT} {y_at(mark):.1f}H{WIDTH - RIGHT}" stroke="#e3e5e8"/>')
        parts.append(_text(LEFT - 8, y_at(mark) + 4, f"{mark:g}", "end"))
    parts += [
        _text(x_at(mark), HEIGHT - BOTTOM + 18, f"{mark:g}", "middle") for mark in x_marks if low_x <= mark <= high_x
    ]
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x_title, "middle"))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(f'<g transform="rotate(-90 14 {middle})">{_text(14, middle + 4, y_title, "middle")}</g>')
    at = float(LEFT)
    for line in lines:
        color = COLORS[line.color]
        parts.append(f'<path d="M{at:.0f} 20h18" stroke="{color}" stroke-width="3"/>')
        parts.append(_text(at + 24, 24, line.name, "start"))
        at += 44 + 6.6 * len(line.name)
        points = [(x_at(x), y_at(y)) for x, y in line.points]
        path = [f"{'L' if number else 'M'}{x:.1f} {y:.1f}" for number, (x, y) in enumerate(points)]
        if line.steps:
            path = [path[0], *(f"H{x:.1f}V{y:.1f}" for x, y in points[1:])]
        width = 5 if line.color == "truth" else 1.8  # what is true shows under the lines that lie on it
        parts.append(f'<path d="{"".join(path)}" fill="none" stroke="{color}" stroke-width="{width}"/>')
    return "\n".join([*parts, "</svg>", ""])


class Bars(NamedTuple):
    """One bar of each group."""

    name: str
    color: str
    """A key of ``COLORS``."""
    values: Sequence[float | None]
    """A value for each group; None leaves its place empty."""


def bars(title: str, x_title: str, groups: Sequence[str], series: Sequence[Bars]) -> str:
    """An SVG document with horizontal bars from 0 and their numbers. The longest bar fills the width."""
    high = max(value for each in series for value in each.values if value is not None)
    step = BAR * len(series) + GAP
    named = series if len(series) > 1 else ()
    begin = TOP if named else GAP
    height = begin + step * len(groups) + BOTTOM - 18
    parts = _head(title, height)
    at = float(NAMES)
    for each in named:
        parts.append(f'<rect x="{at:.0f}" y="13" width="18" height="10" fill="{COLORS[each.color]}"/>')
        parts.append(_text(at + 24, 22, each.name, "start"))
        at += 44 + 6.6 * len(each.name)
    for place, group in enumerate(groups):
        y = begin + step * place
        parts.append(_text(NAMES - 8, y + BAR * len(series) / 2 + 3, group, "end"))
        for number, each in enumerate(series):
            value = each.values[place]
            if value is None:
                continue
            wide = value / high * (WIDTH - NAMES - NUMBERS)
            top = y + BAR * number
            parts.append(
                f'<rect x="{NAMES}" y="{top}" width="{wide:.1f}" height="{BAR - 2}" fill="{COLORS[each.color]}"/>'
            )
            parts.append(_text(NAMES + wide + 5, top + BAR - 4, f"{value:,.{0 if value >= 100 else 1}f}", "start"))
    parts.append(_text((NAMES + WIDTH - NUMBERS) / 2, height - 8, x_title, "middle"))
    return "\n".join([*parts, "</svg>", ""])


def _head(title: str, height: int) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        'font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#333a44">{escape(text)}</text>'


def _marks(low: float, high: float) -> list[float]:
    """About five round numbers from ``low`` to ``high``, both ends included."""
    rough = (high - low or 1.0) / 5
    size = 10.0 ** math.floor(math.log10(rough))
    step = size * next(each for each in (1, 2, 5, 10) if each * size >= rough)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 9) for number in range(first, last + 1)]
