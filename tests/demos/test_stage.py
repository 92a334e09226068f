"""What all demos with a window share: how they start without a display, end, and save a picture."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.demos.program import Demo, DemoWithoutPygame, free_port
from tests.demos.window import Keys

DEMOS = {"arena": "demos.arena.__main__", "echo": "demos.echo", "hockey": "demos.hockey", "raw": "demos.raw"}


@pytest.mark.parametrize("how", ["escape", "window closed", "ctrl-c"])
@pytest.mark.parametrize("demo", DEMOS)
def test_it_quits_by_key_window_and_ctrl_c(keys: Keys, demo: str, how: str) -> None:
    main = keys.load(DEMOS[demo]).main
    keys.press = {12: how, 20: "ctrl-c"}
    assert main(["--port", str(free_port())]) == 0
    assert keys.frames == (12 if how == "ctrl-c" else 13)  # ESC is read with the frame that follows it
    assert not keys.pygame.display.get_init()


@pytest.mark.parametrize("demo", DEMOS)
def test_the_picture_is_the_last_frame(keys: Keys, demo: str, tmp_path: Path) -> None:
    main = keys.load(DEMOS[demo]).main
    file = tmp_path / "last.png"
    assert main(["--port", str(free_port()), "--frames", "8", "--screenshot", str(file)]) == 0
    saved = keys.pygame.image.load(file)
    tobytes = keys.pygame.image.tobytes
    assert tobytes(saved, "RGB") == tobytes(keys.picture, "RGB")


@pytest.mark.parametrize("name", DEMOS)
def test_without_a_display_it_says_so_and_runs(name: str) -> None:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    with Demo(name, "--frames", "5", "--port", str(free_port()), environment=environment) as demo:
        assert demo.finish() == 0, demo.output
    assert ("No display found" in demo.output) == sys.platform.startswith("linux")


@pytest.mark.parametrize("name", [*DEMOS, "match", "pong"])
def test_without_pygame_it_says_what_to_install(name: str) -> None:
    with DemoWithoutPygame(name) as demo:
        assert demo.finish() == 1, demo.output
    assert demo.lines == ["This demo draws with pygame: pip install pygame (or pygame-ce)"]


def test_a_picture_needs_an_end(keys: Keys) -> None:
    stage = keys.stage.Stage("test", (20, 20), None, "never.png")
    stage.frame = 299
    assert stage.running
    stage.frame = 300
    assert not stage.running
