"""demos/crowd.py: a crowd comes, moves, is drawn and goes; its players alone; and what it draws."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

from tests.demos.program import Demo, free_port
from tests.demos.window import Keys

pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux divides datagrams between sockets of one port"),
]


def test_a_small_crowd_comes_and_goes() -> None:
    with Demo("crowd", "--players", "200", "--port", str(free_port())) as crowd:
        crowd.wait_for("200 players are here")
        crowd.interrupt()
        assert crowd.finish() == 0, crowd.output
    found = re.search(r"^server: (\d+) positions received$", crowd.output, re.MULTILINE)
    assert found, crowd.output
    assert int(found[1]) > 0
    assert "Traceback" not in crowd.output


def test_players_end_with_their_server() -> None:
    port = str(free_port())
    with Demo("crowd", "--server", "--players", "60", "--port", port) as server:
        server.wait_for("listening on port")
        with Demo("crowd", "--host", "127.0.0.1", "--players", "60", "--port", port) as players:
            server.wait_for("60 players are here")
            server.interrupt()
            assert server.finish() == 0, server.output
            assert players.finish() == 0, players.output
    assert "Traceback" not in server.output + players.output


def test_dots_have_the_colours_of_shards_or_of_round_trips(keys: Keys) -> None:
    crowd, pygame = keys.load("demos.crowd"), keys.pygame
    stage = keys.stage.Stage("test", (crowd.MAP + crowd.PANEL_WIDTH + crowd.GAP, crowd.MAP), None)
    server = crowd.Server("127.0.0.1", free_port(), 100, 4)
    try:
        if len(server.classes) < 4:
            pytest.skip("the engine that is the default here has one shard")
        peer = 1 << 18 | 2 << 12  # of shard 2
        server.round_trips[peer] = 90
        server.classes[2][crowd.heat_of(90)] = 1
        picture = crowd.Picture()
        for by_round_trip, color in ((False, crowd.SHARD_COLORS[2]), (True, crowd.HEAT[5])):
            picture.by_round_trip = by_round_trip
            picture.draw(stage, server, [(peer, crowd.SIZE // 2, crowd.SIZE // 4)])
            assert stage.screen.get_at((crowd.MAP // 2, crowd.MAP // 4)) == pygame.Color(color)
        bar: Any = pygame.Color(crowd.HEAT[5])
        rows = [y for y in range(crowd.MAP) if any(stage.screen.get_at((x, y)) == bar for x in range(crowd.MAP, 1060))]
        height = (crowd.MAP - 70) // 4
        third = range(62 + 2 * height, 62 + 3 * height)
        assert len([y for y in rows if y in third]) > height // 3  # others have a line of one pixel
        assert len(rows) - len([y for y in rows if y in third]) == 3
    finally:
        server.close()


@pytest.mark.parametrize(("round_trip", "number"), [(0, 0), (4, 0), (5, 1), (319, 6), (320, 7), (5000, 7)])
def test_classes_of_round_trips(keys: Keys, round_trip: int, number: int) -> None:
    assert keys.load("demos.crowd").heat_of(round_trip) == number


def test_a_number_of_shards_that_cannot_be_is_one_line() -> None:
    with Demo("crowd", "--shards", "100", "--players", "10", "--port", str(free_port())) as crowd:
        assert crowd.finish() == 1, crowd.output
    assert "shards" in crowd.lines[-1]
    assert "Traceback" not in crowd.output
