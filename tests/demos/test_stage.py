"""What all demos with a window share: how they start without a display, end, and save a picture."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.demos.program import ROOT, Program, free_port
from tests.demos.window import Keys

DEMOS = {"arena": "demos.arena.__main__", "raw": "demos.raw"}


@pytest.mark.parametrize("how", ["escape", "window closed", "ctrl-c"])
@pytest.mark.parametrize("demo", DEMOS)
def test_ways_to_quit(keys: Keys, demo: str, how: str) -> None:
    main = keys.load(DEMOS[demo]).main
    keys.press = {12: how, 20: "ctrl-c"}
    assert main(["--port", str(free_port())]) == 0
    assert keys.frames == (12 if how == "ctrl-c" else 13)  # ESC is read with the frame that follows it
    assert not keys.pygame.display.get_init()


@pytest.mark.parametrize("demo", DEMOS)
def test_a_picture_of_the_last_frame(keys: Keys, demo: str, tmp_path: Path) -> None:
    main = keys.load(DEMOS[demo]).main
    file = tmp_path / "last.png"
    assert main(["--port", str(free_port()), "--frames", "8", "--screenshot", str(file)]) == 0
    saved = keys.pygame.image.load(file)
    tobytes = keys.pygame.image.tobytes
    assert tobytes(saved, "RGB") == tobytes(keys.picture, "RGB")


@pytest.mark.parametrize("program", ["arena", "raw.py"])
def test_without_a_display_it_says_so_and_runs(program: str) -> None:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    arguments = (ROOT / "demos" / program, "--frames", "5", "--port", str(free_port()))
    with Program(*arguments, environment=environment) as demo:
        assert demo.finish() == 0, demo.output
    assert ("No display found" in demo.output) == sys.platform.startswith("linux")


def test_a_picture_needs_an_end(keys: Keys) -> None:
    stage = keys.stage.Stage("test", (20, 20), None, "never.png")
    stage.frame = 299
    assert stage.running
    stage.frame = 300
    assert not stage.running
