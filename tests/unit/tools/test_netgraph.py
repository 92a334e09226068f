"""The net graph draws what the statistics say; on dummy video."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from godot_enet import ENetConnection
from godot_enet.tools import netgraph
from godot_enet.tools.netgraph import NetGraph
from godot_enet.tools.netstats import ENET, Rate, Sample

QUIET = Sample(
    seconds=0.1,
    peers=1,
    round_trip=0.0,
    variance=0.0,
    loss=0.0,
    throttle=1.0,
    sent={ENET: Rate()},
    received={ENET: Rate()},
    queued=0,
    in_transit=0,
    waiting=0,
    gap=0.0,
    dropped=0,
)
SIZE = (640, 480)


@pytest.fixture
def pygame(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pygame's own, while it is imported
        import pygame
    pygame.display.init()
    pygame.display.set_mode(SIZE)
    yield pygame
    pygame.quit()


class Fed(NetGraph):
    """A graph that shows the samples it is given."""

    def feed(self, *samples: Sample) -> None:
        for sample in samples:
            self.stats.history.append(sample)
            self.stats.update = lambda: True  # type: ignore[method-assign]
            self.update()
        self.stats.update = lambda: False  # type: ignore[method-assign]
        self.update()


def bars(pygame: Any, graph: NetGraph, row: int) -> Any:
    """The bars of a row, as drawn on a fresh screen."""
    screen = pygame.Surface(SIZE)
    place = graph.draw(screen, (0, 0))
    top = netgraph.TOP + row * netgraph.ROW + netgraph.LINE
    width = netgraph.WIDTH - 2 * netgraph.MARGIN
    area = pygame.Rect(netgraph.MARGIN, top, width, netgraph.BARS)
    assert place.contains(area)
    return screen.subsurface(area)


def heights(pygame: Any, surface: Any, x: int) -> dict[str, int]:
    """How many pixels of each colour a column has, from the right."""
    column = [surface.get_at((surface.get_width() - 1 - x, y)) for y in range(surface.get_height())]
    names = {
        tuple(pygame.Color(color)): name
        for name, color in (
            ("trip", netgraph.ROUND_TRIP),
            ("variance", netgraph.VARIANCE),
            ("loss", netgraph.LOSS),
            ("throttle", netgraph.THROTTLE),
            ("queued", netgraph.QUEUED),
            ("waiting", netgraph.WAITING),
            ("gap", netgraph.STALL),
            ("enet", netgraph.PROTOCOL),
            ("kind", netgraph.KINDS[0]),
            ("field", netgraph.FIELD),
        )
    }
    found = [names.get(tuple(color), str(color)) for color in column]
    return {name: found.count(name) for name in dict.fromkeys(found) if name != "field"}


def test_the_bars_are_as_high_as_the_numbers(pygame: Any) -> None:
    graph = Fed(ENetConnection(), level=3)
    graph.draw(pygame.Surface(SIZE))
    full = netgraph.BARS
    graph.feed(
        replace(QUIET, round_trip=10.0),
        replace(
            QUIET,
            round_trip=10.0,
            variance=4.0,
            loss=0.04,
            throttle=0.95,
            received={"world": Rate(500.0, 5.0), ENET: Rate(250.0, 2.0)},
            queued=2,
            waiting=1,
            gap=20.0,
        ),
    )
    assert heights(pygame, bars(pygame, graph, 0), 0) == {"variance": full // 5, "trip": full // 2}
    assert heights(pygame, bars(pygame, graph, 0), netgraph.COLUMN) == {"trip": full // 2}
    assert heights(pygame, bars(pygame, graph, 0), 2 * netgraph.COLUMN) == {}
    shown = heights(pygame, bars(pygame, graph, 1), 0)
    assert sum(shown.values()) == round(full * 0.75)
    assert shown["enet"] == pytest.approx(full / 4, abs=1)
    assert heights(pygame, bars(pygame, graph, 2), 0) == {}
    assert heights(pygame, bars(pygame, graph, 3), 0) == {"loss": round(0.4 * full), "throttle": round(0.5 * full)}
    assert heights(pygame, bars(pygame, graph, 4), 0) == {"queued": round(0.4 * full), "waiting": round(0.2 * full)}
    assert heights(pygame, bars(pygame, graph, 5), 0) == {"gap": full}


def test_a_higher_bar_changes_the_scale_of_all(pygame: Any) -> None:
    graph = Fed(ENetConnection(), level=2)
    graph.draw(pygame.Surface(SIZE))
    graph.feed(replace(QUIET, round_trip=20.0))
    assert heights(pygame, bars(pygame, graph, 0), 0) == {"trip": netgraph.BARS}
    graph.feed(replace(QUIET, round_trip=150.0))
    surface = bars(pygame, graph, 0)
    assert heights(pygame, surface, 0) == {"trip": round(150 / 200 * netgraph.BARS)}
    assert heights(pygame, surface, netgraph.COLUMN) == {"trip": round(20 / 200 * netgraph.BARS)}
    graph.feed(*[QUIET] * 200)
    assert heights(pygame, bars(pygame, graph, 0), 0) == {}
    graph.feed(replace(QUIET, round_trip=20.0))
    assert heights(pygame, bars(pygame, graph, 0), 0) == {"trip": netgraph.BARS}


def test_scrolled_and_drawn_anew_look_alike(pygame: Any) -> None:
    samples = [replace(QUIET, round_trip=float(number % 19), gap=number % 7) for number in range(160)]
    scrolled, late = Fed(ENetConnection(), level=3), Fed(ENetConnection(), level=3)
    scrolled.draw(pygame.Surface(SIZE))
    scrolled.feed(*samples)
    late.feed(*samples)
    for row in range(6):
        one, other = bars(pygame, scrolled, row), bars(pygame, late, row)
        assert pygame.image.tobytes(one, "RGB") == pygame.image.tobytes(other, "RGB")


def test_one_key_shows_more_and_then_nothing(pygame: Any) -> None:
    graph = Fed(ENetConnection())
    screen = pygame.Surface(SIZE)
    press = pygame.event.Event(pygame.KEYDOWN, key=pygame.K_F3)
    areas = []
    for level in (1, 2, 3, 0):
        assert graph.level == level
        place = graph.draw(screen, (5, 6))
        assert place.topleft == (5, 6)
        areas.append(place.width * place.height)
        assert graph.handle(press)
    assert 0 == areas[3] < areas[0] < areas[1] < areas[2]
    assert graph.level == 1
    assert not graph.handle(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_F4))
    assert not graph.handle(pygame.event.Event(pygame.KEYUP, key=pygame.K_F3))
    assert graph.draw(screen, bottomright=(600, 400)).bottomright == (600, 400)


def test_the_numbers_are_written(pygame: Any) -> None:
    graph = Fed(ENetConnection(), level=1)
    screen = pygame.Surface(SIZE)
    graph.feed(QUIET)
    texts = []
    render = graph._render
    graph._render = lambda text, color: texts.append(text) or render(text, color)  # type: ignore[method-assign, func-returns-value]
    lively = replace(QUIET, round_trip=62.0, loss=0.021, received={ENET: Rate(9800.0, 30.0)}, sent={"a": Rate(3100.0)})
    graph.feed(*[lively] * 10)
    graph.draw(screen)
    assert texts[-1] == "62 ms   2.1 % lost   in 9.8  out 3.1 kB/s"
    graph.feed(*[replace(QUIET, peers=0)] * 10)
    assert texts[-1] == "not connected"
    assert len(texts) < 8  # numbers that change with every sample cannot be read


def test_a_frame_costs_few_calls(pygame: Any) -> None:
    """Of Python functions and of pygame's together; text is rendered again only where a number changed."""
    graph = Fed(ENetConnection(), level=3)
    screen = pygame.display.get_surface()
    lively = replace(QUIET, round_trip=62.0, sent={kind: Rate(100.0, 9.0) for kind in ("a", "b", "c", ENET)})
    graph.feed(*[lively] * 130)
    graph.draw(screen)
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    costs: dict[str, set[int]] = {"drawing": set(), "bars": set(), "numbers": set()}
    for number in range(30):
        kind = ("bars", "drawing", "numbers")[number % 3]
        graph._age = netgraph.EVERY if kind == "numbers" else 0
        if kind == "bars":
            graph.stats.history.append(lively)
        graph.stats.update = lambda new=kind == "bars": new  # type: ignore[method-assign, misc]
        calls = 0
        sys.setprofile(count)
        graph.update()
        graph.draw(screen)
        sys.setprofile(None)
        costs[kind].add(calls)
    assert max(costs["drawing"]) < 20
    assert max(costs["bars"]) < 200
    assert max(costs["numbers"]) < 600


def test_pygame_is_missing() -> None:
    program = (
        "import sys; sys.modules['pygame'] = None\n"
        "from godot_enet import ENetConnection\n"
        "from godot_enet.tools.netgraph import NetGraph\n"
        "NetGraph(ENetConnection())"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    last = "ModuleNotFoundError: NetGraph draws with pygame: pip install pygame (or pygame-ce)"
    assert ended.stderr.splitlines()[-1] == last


def test_a_kind_has_one_colour_in_all_graphs(pygame: Any) -> None:
    """In whatever order each of them meets it, and whichever way it goes."""
    here, there = Fed(ENetConnection(), level=2), Fed(ENetConnection(), level=2)
    rate = Rate(1000.0, 5.0)
    here.feed(replace(QUIET, received={"state": rate, ENET: Rate()}, sent={"chat": rate, ENET: Rate()}))
    there.feed(replace(QUIET, received={"chat": rate, ENET: Rate()}, sent={"state": rate, ENET: Rate()}))
    pictures = [(bars(pygame, graph, 1), bars(pygame, graph, 2)) for graph in (here, there)]
    shown = [[next(iter(heights(pygame, picture, 0))) for picture in both] for both in pictures]
    assert shown[0] == shown[1][::-1]
    assert shown[0][0] != shown[0][1]


def test_kinds_have_different_colours_as_long_as_there_are_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(netgraph, "_colors", {ENET: netgraph.PROTOCOL})
    kinds = [f"kind {number}" for number in range(2 * len(netgraph.KINDS))]
    colors = [netgraph.color_of(kind) for kind in kinds]
    half = len(netgraph.KINDS)
    assert {*colors[:half]} == {*colors[half:]} == {*netgraph.KINDS}
    assert [netgraph.color_of(kind) for kind in reversed(kinds)] == colors[::-1]
    assert netgraph.color_of(ENET) == netgraph.PROTOCOL
