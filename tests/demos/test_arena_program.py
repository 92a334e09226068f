"""demos/arena as a program: its figures over a bad line, its keys, and every way it can end."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.demos.program import ROOT, Demo, DemoWithoutPygame, Program, free_port
from tests.demos.window import Keys

ARENA = ROOT / "demos" / "arena"


def lines(program: Program) -> tuple[str, re.RegexFlag]:
    """What it printed, to be searched line by line."""
    return program.output, re.MULTILINE


@pytest.mark.long
def test_the_figures_over_a_bad_line(tmp_path: Path) -> None:
    """100 ms each way and 5 % lost, 16 players: the server moves the own player by under 4 pixels."""
    picture = tmp_path / "arena.png"
    measure = ("--measure", "--frames", "160", "--bots", "15", "--port", str(free_port()))
    with Demo("arena", *measure, "--screenshot", picture) as arena:
        assert arena.finish() == 0, arena.output
    found = re.search(r"^prediction on: mean visible correction (\d+\.\d\d) px, worst \d+ px$", *lines(arena))
    assert found, arena.output
    assert float(found[1]) < 4.0
    found = re.search(r"^(\d+) states, 16 players, \d+ frames per second$", *lines(arena))
    assert found, arena.output
    assert int(found[1]) > 40
    assert re.search(r"^networking \d+\.\d\d ms per frame, bots \d+\.\d\d ms$", *lines(arena))
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "Traceback" not in arena.output


def test_a_server_needs_no_pygame_and_serves_two_players() -> None:
    port = ("--port", str(free_port()))
    player = ("arena", "--host", "127.0.0.1", *port, "--auto")
    with DemoWithoutPygame("arena", "--server", *port) as server:
        server.wait_for("The arena is open on port")
        with Demo(*player, "--frames", "40") as one, Demo(*player) as other:
            assert one.finish() == 0, one.output
            server.wait_for("left")
            other.wait_for("You are player")
            server.interrupt()
            assert server.finish() == 0, server.output
            assert other.finish() == 0, other.output
    assert sum("joined from 127.0.0.1" in line for line in server.lines) == 2
    assert "The server said goodbye." in other.lines
    assert "Traceback" not in server.output + one.output + other.output


@pytest.mark.parametrize("side", [[], ["--server"]], ids=["window", "server"])
def test_the_port_is_in_use(keys: Keys, side: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("0.0.0.0", 0))
        port = other.getsockname()[1]
        assert keys.load("demos.arena.__main__").main(["--port", str(port), *side]) == 1
    words = f"Cannot listen on port {port}: is another program using it? Choose another with --port.\n"
    assert capsys.readouterr().err.endswith(words)


@pytest.mark.parametrize("wrong", [["--bots", "16"], ["--loss", "101"], ["--latency", "-1"], ["--jitter", "-1"]])
def test_options_out_of_range_are_refused_by_name(
    keys: Keys, wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        keys.load("demos.arena.__main__").main(wrong)
    assert wrong[0] in capsys.readouterr().err.splitlines()[-1]


def test_the_keys(keys: Keys) -> None:
    """Each switch and each dial, pressed in a running game."""
    view = keys.load("demos.arena.view")
    main = keys.load("demos.arena.__main__")
    seen: list[tuple[Any, ...]] = []

    class Watched(view.View):  # type: ignore[misc, name-defined]
        def read_keys(self) -> int:
            buttons: int = super().read_keys()
            client = self.client
            switches = (client.predicts, client.interpolates, self.scene.ghost, self.scene.graph.level)
            seen.append((*switches, client.link.latency, client.link.jitter, client.link.loss))
            return buttons

    keys.patch(view, "View", Watched)
    keys.press = {2: "p", 3: "i", 4: "g", 5: "f3", 6: "l", 7: "j", 8: "x", 9: "p", 10: "l"}
    assert main.main(["--frames", "14", "--port", str(free_port()), "--bots", "1"]) == 0
    for at, row in {
        1: (True, True, True, 2, 0, 0, 0.0),
        2: (False, True, True, 2, 0, 0, 0.0),
        3: (False, False, True, 2, 0, 0, 0.0),
        4: (False, False, False, 2, 0, 0, 0.0),
        5: (False, False, False, 3, 0, 0, 0.0),
        6: (False, False, False, 3, 25, 0, 0.0),
        7: (False, False, False, 3, 25, 10, 0.0),
        8: (False, False, False, 3, 25, 10, 0.05),
        9: (True, False, False, 3, 25, 10, 0.05),
        10: (True, False, False, 3, 50, 10, 0.05),
    }.items():
        assert seen[at] == row, at


def test_it_stays_readable() -> None:
    for file in ARENA.glob("*.py"):
        assert len(file.read_text(encoding="utf-8").splitlines()) < 250, file
