"""demos/echo.py: alone, as two programs, in every way it can end, and what it draws."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.demos.program import ROOT, Demo, Program, free_port
from tests.demos.window import Keys

ECHO = ROOT / "demos" / "echo.py"


def counts(output: str, what: str) -> tuple[int, int]:
    """Echoes and messages sent, from the summary."""
    found = re.search(rf"^client: (\d+) of (\d+) {what} messages returned$", output, re.MULTILINE)
    assert found, output
    return int(found[1]), int(found[2])


def port_option() -> tuple[str, str]:
    return "--port", str(free_port())


@contextmanager
def serving(*port: str) -> Iterator[Program]:
    """A server that listens: a client that came before would give up after three seconds."""
    with Demo("echo", "--server", *port) as server:
        server.wait_for(f"listening on port {port[1]}")
        yield server


@pytest.mark.parametrize("mode", [[], ["--inline"]], ids=["threaded", "inline"])
def test_both_sides_run_in_one_process(mode: list[str]) -> None:
    with Demo("echo", "--frames", "90", *port_option(), *mode) as echo:
        assert echo.finish() == 0, echo.output
    echoed, sent = counts(echo.output, "reliable")
    assert 0 < echoed == sent
    assert counts(echo.output, "unreliable")[0] > 0
    assert re.search(r"^server: [1-9]\d* messages echoed$", echo.output, re.MULTILINE)
    assert re.search(r"^client: \d+\.\d ms on average", echo.output, re.MULTILINE)
    assert "Traceback" not in echo.output


def test_two_programs_talk_and_ctrl_c_ends_them() -> None:
    port = port_option()
    client_options = ("--host", "127.0.0.1", "--frames", "120", *port)
    with serving(*port) as server, Demo("echo", *client_options) as client:
        assert client.finish() == 0, client.output
        server.wait_for("a client left")
        server.interrupt()
        assert server.finish() == 0, server.output
    echoed, sent = counts(client.output, "reliable")
    assert 0 < echoed == sent
    assert "127.0.0.1 connected" in server.output
    assert re.search(r"^server: [1-9]\d* messages echoed$", server.output, re.MULTILINE)
    assert "Traceback" not in server.output + client.output


@pytest.mark.parametrize(
    ("end", "words"), [("interrupt", "said goodbye"), pytest.param("kill", "timed out", marks=pytest.mark.long)]
)
def test_the_client_says_how_the_server_went(end: str, words: str) -> None:
    port = port_option()
    with serving(*port) as server, Demo("echo", "--host", "127.0.0.1", *port) as client:
        client.wait_for("connected to 127.0.0.1")
        server.wait_for("127.0.0.1 connected")
        getattr(server, end)()
        assert client.finish() == 0, client.output
    assert f"The server {words}." in client.lines
    assert "Traceback" not in client.output


@pytest.mark.long
def test_the_server_says_that_a_client_timed_out() -> None:
    port = port_option()
    with serving(*port) as server, Demo("echo", "--host", "127.0.0.1", *port) as client:
        server.wait_for("127.0.0.1 connected")
        client.kill()
        server.wait_for("a client timed out")
        server.interrupt()
        assert server.finish() == 0, server.output


def test_a_port_in_use_is_one_line() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with Demo("echo", "--port", str(port)) as echo:
            assert echo.finish() == 1, echo.output
    assert f"Cannot listen on port {port}: is another program using it? Choose another with --port." in echo.lines
    assert "Traceback" not in echo.output


@pytest.mark.long
def test_a_server_that_does_not_answer_is_one_line() -> None:
    port = port_option()
    with Demo("echo", "--host", "127.0.0.1", *port) as client:
        assert client.finish() == 1, client.output
    assert f"No server answered at 127.0.0.1:{port[1]}." in client.lines
    assert "Traceback" not in client.output


def test_an_address_that_cannot_be_is_one_line() -> None:
    with Demo("echo", "--host", "127.0.0.1", "--port", "0") as client:
        assert client.finish() == 1, client.output
    assert "Cannot connect to 127.0.0.1:0: invalid host or port." in client.lines
    assert "Traceback" not in client.output


def test_space_stalls_the_program(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    echo = keys.load("demos.echo")
    stalls: list[float] = []
    monkeypatch.setattr(echo.time, "sleep", stalls.append)
    keys.press = {5: "space"}
    assert echo.main(["--frames", "10", *port_option()]) == 0
    assert stalls.count(0.5) == 1  # others sleep, too: it is the same function


def test_a_graph_draws_each_of_its_lines(keys: Keys) -> None:
    echo, pygame = keys.load("demos.echo"), keys.pygame
    stage = keys.stage.Stage("test", (echo.WIDTH, echo.HEIGHT), None)
    screen, background = stage.screen, pygame.Color(keys.stage.BACKGROUND)
    screen.fill(background)
    area = pygame.Rect(10, 20, 300, 100)
    graph = echo.Graph("title", "ms", 100)
    for frame in range(300):
        graph.history.append((50.0, float(frame)))
        graph.draw(stage, area)

    legend, plot = pygame.Rect(10, 20, 300, 22), pygame.Rect(10, 42, 300, 78)
    level, rising = (rows_of(screen, pygame.Color(color), plot) for color in (echo.BLUE, echo.ORANGE))
    assert max(level) - min(level) <= 2  # a constant is a level line
    assert max(rising) - min(rising) > 65  # the scale has grown to hold all of it
    assert all(rows_of(screen, pygame.Color(color), legend) for color in (echo.BLUE, echo.ORANGE))
    assert screen.get_at((area.x - 1, area.y)) == screen.get_at((area.right, area.bottom)) == background


def rows_of(screen: Any, color: Any, area: Any) -> set[int]:
    """The rows inside the area that show the colour, or nearly: scaled letters are nowhere quite opaque."""
    columns = range(area.left, area.right)

    def shows(x: int, y: int) -> bool:
        return all(abs(one - other) < 5 for one, other in zip(screen.get_at((x, y)), color, strict=True))

    return {y for y in range(area.top, area.bottom) if any(shows(x, y) for x in columns)}


def test_it_stays_readable() -> None:
    assert len(ECHO.read_text().splitlines()) < 250
