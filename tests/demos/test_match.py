"""demos/match.py: a match with a winner, two players over different links, and every way it can end."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.demos.program import ROOT, Demo
from tests.demos.window import Keys

MATCH = ROOT / "demos" / "match.py"


def coins(lines: list[str]) -> dict[str, int]:
    """The table that is printed at the end."""
    found = (re.match(r"  (\w+ \d+(?:, \w+)?) +(\d+) coins$", line) for line in lines)
    return {match[1]: int(match[2]) for match in found if match}


def test_without_a_display_it_plays_says_who_won_and_ends(tmp_path: Path) -> None:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    if not sys.platform.startswith("linux"):
        environment["SDL_VIDEODRIVER"] = "dummy"
    picture = tmp_path / "match.png"
    with Demo("match", "--seconds", "3", "--screenshot", picture, environment=environment) as match:
        assert match.finish() == 0, match.output
    assert "Traceback" not in match.output
    table = coins(match.lines)
    assert set(table) == {f"bot {number}" for number in range(6)} | {"player 6, left", "player 7, right"}
    best = max(table.values())
    assert best > 0
    [verdict] = [line for line in match.lines if " coin" in line and line.endswith(".")]
    winners = [name for name, points in table.items() if points == best]
    assert all(name in verdict[0].lower() + verdict[1:] for name in winners)
    assert str(best) in verdict
    trips = re.findall(r"^(left|right) \(\w+ link: [^)]+ lost\): round trip (\d+) ms", match.output, re.MULTILINE)
    assert [side for side, _ in trips] == ["left", "right"]
    assert int(trips[1][1]) > int(trips[0][1]) + 50
    assert re.search(r"^\d+ frames per second; server and players: \d+\.\d\d ms per frame$", match.output, re.MULTILINE)
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG")
    assert len(data) < 100_000  # most of it smooth letters


class Watched:
    """A match in the test: what was drawn in each frame."""

    def __init__(self, keys: Keys) -> None:
        self.match = keys.load("demos.match")
        self.panes: list[Any] = []
        self.seen: dict[int, tuple[list[Any], float]] = {}
        draw = self.match.draw

        def watch(stage: Any, panes: Any, players: Any, left: float) -> None:
            self.panes[:] = panes
            self.seen[stage.frame] = list(players.values()), left
            draw(stage, panes, players, left)

        keys.patch(self.match, "draw", watch)


def test_a_key_takes_the_player_over(keys: Keys) -> None:
    watched = Watched(keys)
    pressed: list[dict[int, bool]] = []
    down = {code for side in keys.load("demos._match_pane").KEYS for code in side}
    right = keys.pygame.K_RIGHT

    def held() -> dict[int, bool]:
        pressed.append({code: code == right and 100 < len(pressed) < 200 for code in down})
        return pressed[-1]

    keys.patch(keys.pygame.key, "get_pressed", held)
    keys.press = {4: "l", 5: "f3"}
    assert watched.match.main(["--frames", "110", "--seconds", "60", "--bots", "1"]) == 0
    left, other = watched.panes
    assert left.pilot is not None
    assert other.pilot is None
    assert (left.client.link.name, other.client.link.name) == ("good", "awful")
    assert left.scene.graph.level == other.scene.graph.level == 3
    for pane in watched.panes:
        assert pane.client.net.own is not None
        assert len(pane.client.places()) == 3
        assert len(pane.client.corrections) > 3


@pytest.mark.parametrize("level", range(4))
def test_a_net_graph_stays_in_the_window(keys: Keys, level: int) -> None:
    """With all details it grows upwards."""
    watched = Watched(keys)
    graph = keys.load("godot_enet.tools.netgraph").NetGraph
    drawn: list[Any] = []
    draw = graph.draw

    def watch(self: Any, target: Any, *args: Any, **values: Any) -> Any:
        drawn.append((draw(self, target, *args, **values), target.get_rect()))
        return drawn[-1][0]

    keys.patch(graph, "draw", watch)
    keys.press = {2 + times: "f3" for times in range((level - 2) % 4)}
    assert watched.match.main(["--frames", "10", "--seconds", "60", "--bots", "0"]) == 0
    for area, window in drawn[-2:]:
        assert area.width == (watched.match.GRAPH if level else 0)
        assert window.contains(area)
    left, right = (area for area, _ in drawn[-2:])
    assert not level or (left.left, right.right) == (watched.match.GAP, watched.match.SIZE[0] - watched.match.GAP)


def test_keys_take_mechanisms_away_from_the_right_player(keys: Keys) -> None:
    watched = Watched(keys)
    keys.press = {60: "1", 70: "2", 80: "3", 100: "3"}
    seen: dict[int, tuple[bool, bool, bool]] = {}
    draw_watched = watched.match.draw

    def look(stage: Any, panes: Any, players: Any, left: float) -> None:
        draw_watched(stage, panes, players, left)
        client = panes[1].client
        seen[stage.frame] = client.predicts, client.interpolates, client.number in panes[1]._server.without_delta

    keys.patch(watched.match, "draw", look)
    assert watched.match.main(["--frames", "110", "--seconds", "60", "--bots", "1"]) == 0
    assert [seen[frame] for frame in (59, 60, 70, 80, 100)] == [
        (True, True, False),
        (False, True, False),
        (False, False, False),
        (False, False, True),
        (False, False, False),
    ]
    left, right = watched.panes
    assert left.client.predicts
    assert left.client.interpolates
    assert right.client.corrections[-1] < 100


def test_a_key_takes_the_network_thread_away(keys: Keys) -> None:
    """The right player joins again, as who it was, and keeps what else was switched; its goodbye arrives at once."""
    watched = Watched(keys)
    keys.press = {60: "1", 62: "f3", 64: "l", 70: "4", 170: "4"}
    seen: dict[int, tuple[bool, bool, int, bool]] = {}
    numbers: set[int] = set()
    draw_watched = watched.match.draw

    def look(stage: Any, panes: Any, players: Any, left: float) -> None:
        draw_watched(stage, panes, players, left)
        client = panes[1].client
        seen[stage.frame] = client.threaded, client.predicts, panes[1].scene.graph.level, client.net.own is not None
        numbers.update(panes[1]._server.players)
        assert panes[1].client.link.name == ("bad" if stage.frame < 64 else "awful")

    keys.patch(watched.match, "draw", look)
    assert watched.match.main(["--frames", "260", "--seconds", "60", "--bots", "1"]) == 0
    assert [seen[frame] for frame in (69, 70, 165, 259)] == [
        (True, False, 3, True),
        (False, False, 3, False),
        (False, False, 3, True),
        (True, False, 3, True),
    ]
    assert numbers == {0, 1, 2}


def test_the_next_match_begins_at_zero(keys: Keys, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    watched = Watched(keys)
    keys.patch(watched.match, "AFTERWARDS", 60)

    def press_when_it_has_ended(stage: Any, panes: Any, players: Any, left: float) -> None:
        draw(stage, panes, players, left)
        if left <= 0 and not keys.press:
            keys.press = {stage.frame + 10: "space", stage.frame + 20: "escape"}

    draw = watched.match.draw
    keys.patch(watched.match, "draw", press_when_it_has_ended)
    assert watched.match.main(["--seconds", "2", "--screenshot", str(tmp_path / "end.png")]) == 0
    ended = [frame for frame, (_, left) in watched.seen.items() if left <= 0]
    assert ended
    final, _ = watched.seen[ended[0]]
    assert all(watched.seen[frame][0] == final for frame in ended)  # nothing counts any more
    assert sum(score.points for score in final) > 0
    after, left = watched.seen[max(ended) + 1]
    assert left > 1
    assert sum(score.points for score in after) <= 1
    assert len(coins(capsys.readouterr().out.splitlines())) == 8


@pytest.mark.parametrize("how", ["escape", "window closed", "ctrl-c"])
def test_it_quits_by_key_window_and_ctrl_c(keys: Keys, how: str) -> None:
    watched = Watched(keys)
    keys.press = {6: how, 20: "ctrl-c"}
    assert watched.match.main([]) == 0
    assert max(watched.seen) == (5 if how == "ctrl-c" else 6)
    assert not keys.pygame.display.get_init()


def test_the_server_vanishes(keys: Keys) -> None:
    """It says so in words, and ends."""
    watched = Watched(keys)
    server = keys.load("demos.arena.server").Server
    update = server.update
    frames: list[int] = []

    def fall_silent(self: Any) -> None:
        frames.append(0)
        if len(frames) == 40:
            self.close()
        elif len(frames) < 40:
            update(self)

    keys.patch(server, "update", fall_silent)
    assert watched.match.main(["--frames", "600"]) == 0
    assert max(watched.seen) < 300


def test_a_match_that_ends_before_anybody_has_joined(
    keys: Keys, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It waits for somebody."""
    arguments = ["--seconds", "0.001", "--bots", "0", "--screenshot", str(tmp_path / "end.png")]
    assert Watched(keys).match.main(arguments) == 0
    assert re.search(r"^Player 0.* with 0 coins\.$", capsys.readouterr().out, re.MULTILINE)


def test_it_stays_readable() -> None:
    assert len(MATCH.read_text(encoding="utf-8").splitlines()) < 250
