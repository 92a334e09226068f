"""demos/echo.py: alone, as two programs, in every way it can end, and what it draws."""

from __future__ import annotations

import importlib
import os
import re
import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.demos.program import ROOT, Program, free_port

ECHO = ROOT / "demos" / "echo.py"


def counts(output: str, what: str) -> tuple[int, int]:
    """Echoes and messages sent, from the summary."""
    found = re.search(rf"^client: (\d+) of (\d+) {what} messages came back$", output, re.MULTILINE)
    assert found, output
    return int(found[1]), int(found[2])


def port_option() -> tuple[str, str]:
    return "--port", str(free_port())


@contextmanager
def serving(*port: str) -> Iterator[Program]:
    """A server that listens: a client that came before would give up after three seconds."""
    with Program(ECHO, "--server", *port) as server:
        server.wait_for(f"listening on port {port[1]}")
        yield server


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The demo as a module, on dummy video."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pygame's own, while it is imported
        module = importlib.import_module("demos.echo")
    yield module
    module.pygame.quit()


@pytest.mark.parametrize("mode", [[], ["--inline"]], ids=["threaded", "inline"])
def test_both_sides_in_one_process(mode: list[str]) -> None:
    with Program(ECHO, "--frames", "90", *port_option(), *mode) as echo:
        assert echo.finish() == 0, echo.output
    echoed, sent = counts(echo.output, "reliable")
    assert 0 < echoed == sent
    assert counts(echo.output, "unreliable")[0] > 0
    assert re.search(r"^server: [1-9]\d* messages echoed$", echo.output, re.MULTILINE)
    assert re.search(r"^client: \d+\.\d ms on average", echo.output, re.MULTILINE)
    assert "Traceback" not in echo.output


def test_without_a_display_it_says_so_and_runs() -> None:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    with Program(ECHO, "--frames", "40", *port_option(), environment=environment) as echo:
        assert echo.finish() == 0, echo.output
    assert ("No display found" in echo.output) == sys.platform.startswith("linux")


def test_two_programs_and_ctrl_c() -> None:
    port = port_option()
    client_options = ("--host", "127.0.0.1", "--frames", "120", *port)
    with serving(*port) as server, Program(ECHO, *client_options) as client:
        assert client.finish() == 0, client.output
        server.wait_for("a client left")
        server.interrupt()
        assert server.finish() == 0, server.output
    echoed, sent = counts(client.output, "reliable")
    assert 0 < echoed == sent
    assert "127.0.0.1 came" in server.output
    assert re.search(r"^server: [1-9]\d* messages echoed$", server.output, re.MULTILINE)
    assert "Traceback" not in server.output + client.output


@pytest.mark.parametrize(("end", "words"), [("interrupt", "said goodbye"), ("kill", "vanished")])
def test_the_server_goes_first(end: str, words: str) -> None:
    port = port_option()
    with serving(*port) as server, Program(ECHO, "--host", "127.0.0.1", *port) as client:
        client.wait_for("connected to 127.0.0.1")
        server.wait_for("127.0.0.1 came")
        getattr(server, end)()
        assert client.finish() == 0, client.output
    assert f"The server {words}." in client.lines
    assert "Traceback" not in client.output


def test_a_client_vanishes() -> None:
    port = port_option()
    with serving(*port) as server, Program(ECHO, "--host", "127.0.0.1", *port) as client:
        server.wait_for("127.0.0.1 came")
        client.kill()
        server.wait_for("a client vanished")
        server.interrupt()
        assert server.finish() == 0, server.output


def test_the_last_frame_is_saved(tmp_path: Path) -> None:
    picture = tmp_path / "echo.png"
    with Program(ECHO, "--frames", "20", "--screenshot", str(picture), *port_option()) as echo:
        assert echo.finish() == 0, echo.output
    assert f"saved {picture}" in echo.lines
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_port_is_in_use() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with Program(ECHO, "--port", str(port)) as echo:
            assert echo.finish() == 1, echo.output
    assert f"Cannot listen on port {port}: is another program using it? --port chooses another." in echo.lines
    assert "Traceback" not in echo.output


def test_nobody_answers() -> None:
    port = port_option()
    with Program(ECHO, "--host", "127.0.0.1", *port) as client:
        assert client.finish() == 1, client.output
    assert f"No server answered at 127.0.0.1:{port[1]}." in client.lines
    assert "Traceback" not in client.output


def test_a_server_that_cannot_be() -> None:
    with Program(ECHO, "--host", "127.0.0.1", "--port", "0") as client:
        assert client.finish() == 1, client.output
    assert "Cannot connect to 127.0.0.1:0: is this the name of a host, and a port?" in client.lines
    assert "Traceback" not in client.output


def test_pygame_is_missing() -> None:
    script = f"import runpy, sys; sys.modules['pygame'] = None; runpy.run_path({str(ECHO)!r}, run_name='__main__')"
    with Program("-c", script) as echo:
        assert echo.finish() == 1, echo.output
    assert echo.lines == ["This demo draws with pygame: pip install pygame (or pygame-ce)"]


@pytest.mark.parametrize("how", ["escape", "window closed", "ctrl-c"])
def test_ways_to_quit(echo: Any, how: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pygame = echo.pygame

    class Clock:
        """Counts the frames; the user has enough at the 30th."""

        def __init__(self) -> None:
            self.clock = real_clock()
            self.frames = 0

        def tick(self, rate: int) -> None:
            self.clock.tick(rate)
            self.frames += 1
            if self.frames == 30 and how == "ctrl-c":
                raise KeyboardInterrupt
            if self.frames == 30:
                kinds = {"escape": (pygame.KEYDOWN, {"key": pygame.K_ESCAPE}), "window closed": (pygame.QUIT, {})}
                pygame.event.post(pygame.event.Event(*kinds[how]))
            assert self.frames <= 30

    real_clock = pygame.time.Clock
    monkeypatch.setattr(pygame.time, "Clock", Clock)
    assert echo.main([*port_option()]) == 0
    output = capsys.readouterr().out
    assert 0 < counts(output, "unreliable")[0] <= 30
    assert not pygame.display.get_init()


def test_space_stalls(echo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pygame = echo.pygame
    stalls: list[float] = []
    monkeypatch.setattr(echo.time, "sleep", stalls.append)
    echo.open_window()
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_SPACE))
    assert not echo.wants_to_quit()
    assert stalls == [0.5]


def test_a_graph_draws_each_of_its_lines(echo: Any) -> None:
    pygame = echo.pygame
    screen = echo.open_window()
    screen.fill(echo.BACKGROUND)
    area = pygame.Rect(10, 20, 300, 100)
    graph = echo.Graph("title", "ms", 100)
    for frame in range(300):
        graph.history.append((50.0, float(frame)))
        graph.draw(screen, pygame.font.Font(None, 22), area)

    legend, plot = pygame.Rect(10, 20, 300, 22), pygame.Rect(10, 42, 300, 78)
    level, rising = (rows_of(screen, pygame.Color(color), plot) for color in (echo.FIRST, echo.SECOND))
    assert max(level) - min(level) <= 2  # a constant is a level line
    assert max(rising) - min(rising) > 65  # the scale has grown to hold all of it
    assert all(rows_of(screen, pygame.Color(color), legend) for color in (echo.FIRST, echo.SECOND))
    corner = pygame.Color(echo.BACKGROUND)
    assert screen.get_at((area.x - 1, area.y)) == screen.get_at((area.right, area.bottom)) == corner


def rows_of(screen: Any, color: Any, area: Any) -> set[int]:
    """The rows inside the area that show the colour."""
    columns = range(area.left, area.right)
    return {y for y in range(area.top, area.bottom) if any(screen.get_at((x, y)) == color for x in columns)}


def test_it_stays_readable() -> None:
    assert len(ECHO.read_text().splitlines()) < 250
