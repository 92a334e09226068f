"""demos/raw.py shows each kind of event, on both sides."""

from __future__ import annotations

import re
import socket

import pytest

from tests.demos.program import ROOT, Demo, free_port
from tests.demos.window import Keys

RAW = ROOT / "demos" / "raw.py"
NEARLY = 5, 5, 5, 255  # scaled letters are nowhere quite opaque


def kinds(lines: list[str], side: str) -> list[str]:
    """What a side has reported, in order."""
    found = (re.match(rf"\s*\d+ {side}: (\w+)", line) for line in lines)
    return [match[1] for match in found if match]


def test_every_event_is_reported_and_drawn(keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    raw = keys.load("demos.raw")
    keys.patch(raw, "AUTO", {10 * (step + 1): key for step, key in enumerate(raw.AUTO.values()) if step < 9})
    assert raw.main(["--auto", "--frames", "96", "--port", str(free_port())]) == 0
    lines = capsys.readouterr().out.splitlines()
    server = ["CONNECT", *["RECEIVE"] * 4, "DISCONNECT", "CONNECT", "DISCONNECT"]
    assert kinds(lines, "server") == server
    client = ["CONNECT", "RECEIVE", "DISCONNECT", "CONNECT", "RECEIVE", "ERROR"]
    assert kinds(lines, "client") == client
    for what in (
        "channel 0, reliable, 8 bytes: reliable",
        "channel 1, unreliable, 10 bytes: unreliable",
        "channel 2, unsequenced, 11 bytes: unsequenced",
        "channel 0, reliable, 5000 bytes: fragments",
        "DISCONNECT data 7",
    ):
        assert sum(what in line for line in lines) == 1, what

    # Below the lamps, a line for each event in the colour of its kind; the lamps of the latest are still lit.
    half = raw.WIDTH // 2
    for left, expected in ((0, server), (half, client)):
        for row, kind in enumerate(expected):
            event = next(number for number, name in raw.NAMES.items() if name == kind)
            y = raw.GAP + raw.HEAD + row * raw.ROW
            strip = keys.pygame.Rect(left, y - raw.ROW // 2, half - raw.GAP, raw.ROW)
            color = keys.pygame.Color(raw.COLORS[event])
            mask = keys.pygame.mask.from_threshold(keys.picture.subsurface(strip), color, NEARLY)
            assert mask.count() > 20, (kind, row)
    lamps = [color for color in ("#ffb454", "#ff5d5d") if lit(keys, color)]
    assert lamps == ["#ffb454", "#ff5d5d"]  # DISCONNECT on the left, ERROR on the right


@pytest.mark.parametrize("scale", [1.0, 1.1, 1.5])
def test_no_text_leaves_its_panel(keys: Keys, scale: float) -> None:
    """With wider letters, either: pygame-ce's are."""
    raw = keys.load("demos.raw")
    font = keys.pygame.font.Font
    keys.patch(keys.pygame.font, "Font", lambda name, size: font(name, round(size * scale)))
    stage = keys.stage.Stage("raw", (raw.WIDTH, raw.HEIGHT), 1)
    side = raw.Side("server")
    for text in ("x" * 200, "channel 2, unsequenced, 11 bytes: unsequenced", "i"):
        side.note(1000, raw.ENetConnection.EVENT_RECEIVE, text)
    area = keys.pygame.Rect(raw.GAP, raw.GAP, 465, raw.HEIGHT - 60)
    raw.draw(stage, side, area)
    outside = keys.pygame.Rect(area.right, area.top + raw.HEAD - raw.ROW, raw.WIDTH - area.right, 4 * raw.ROW)
    color = keys.pygame.Color(raw.COLORS[raw.ENetConnection.EVENT_RECEIVE])
    strip = stage.screen.subsurface(outside)
    assert keys.pygame.mask.from_threshold(strip, color, NEARLY).count() == 0
    inside = stage.screen.subsurface(area)
    assert keys.pygame.mask.from_threshold(inside, color, NEARLY).count() > 100


def lit(keys: Keys, color: str) -> bool:
    """Whether a lamp of that colour is on: a full disc of it."""
    lamps = keys.picture.subsurface(keys.pygame.Rect(0, 50, keys.picture.get_width(), 44))
    mask = keys.pygame.mask.from_threshold(lamps, keys.pygame.Color(color), NEARLY)
    return bool(mask.count() > 200)


def test_two_programs_show_the_events_of_each_key() -> None:
    port = ("--port", str(free_port()))
    with Demo("raw", "--server", *port) as server:
        server.wait_for("listening")
        with Demo("raw", "--host", "127.0.0.1", "--auto", "--frames", "45", *port) as client:
            assert client.finish() == 0, client.output
        server.wait_for("DISCONNECT")
        server.interrupt()
        assert server.finish() == 0, server.output
    assert kinds(server.lines, "server") == ["CONNECT", "RECEIVE", "DISCONNECT"]
    assert kinds(client.lines, "client") == ["CONNECT"]
    assert "data 7, 3 channels" in server.output
    assert "Traceback" not in server.output + client.output


def test_a_port_in_use_is_one_line(keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        assert keys.load("demos.raw").main(["--port", str(port)]) == 1
    words = f"Cannot listen on port {port}: is another program using it? Choose another with --port.\n"
    assert capsys.readouterr().err.endswith(words)


@pytest.mark.parametrize("demo", ["demos.raw", "demos.arena.__main__"])
def test_an_address_that_cannot_be_is_one_line(keys: Keys, demo: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert keys.load(demo).main(["--host", "127.0.0.1", "--port", "0"]) == 1
    words = "Cannot connect to 127.0.0.1:0: invalid host or port.\n"
    assert capsys.readouterr().err.endswith(words)


def test_it_stays_readable() -> None:
    assert len(RAW.read_text(encoding="utf-8").splitlines()) < 250
