"""demos/flock.py: three ends in one process, and each way out. With real Godots: tests/interop/test_flock.py."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from godot_enet import SceneTree, Vector2
from tests.demos.menu import check_menu
from tests.demos.program import PATIENCE, ROOT, Demo, free_port
from tests.demos.window import Keys

STEP = 1 / 60


class Field:
    """A server, a wolf and a shepherd, without a window, as fast as they can; a step is a frame of all."""

    def __init__(self, flock: Any, pieces: Any) -> None:
        self.pieces = pieces
        self.trees = SceneTree(), SceneTree(), SceneTree()
        self.ends = self.server, self.wolf, self.shepherd = [flock.start(tree) for tree in self.trees]
        self.port = free_port()
        self.server.host(self.port)
        for end in (self.wolf, self.shepherd):
            end.join("127.0.0.1", self.port)
            self.until(lambda: end.me() is not None)  # noqa: B023

    def step(self) -> None:
        for tree in self.trees:
            tree.process(STEP)

    def until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline, [end.message for end in self.ends]
            self.step()

    def sheep(self, end: Any) -> Any:
        return end.get_node("Sheep/Sheep")

    def give(self, end: Any) -> None:
        """Have a player of an end pick up the first sheep, on the meadow and with the others at home."""
        for each in self.server.sheep():
            each.home = self.pieces.Home.SAVED
        here = self.server.player(end.multiplayer.get_unique_id())
        here.position = Vector2(320, 200)
        self.until(lambda: end.me().position == here.position)
        self.sheep(self.server).home = self.pieces.Home.LOOSE
        self.sheep(self.server).position = here.position
        self.until(lambda: all(self.sheep(each).carrier == int(here.name) for each in self.ends))


@pytest.fixture
def field(host_engine: str, keys: Keys) -> Iterator[Field]:
    field = Field(keys.load("demos.flock"), keys.load("demos._flock_pieces"))
    yield field
    for end in field.ends:
        end.leave("")


def test_the_server_moves_players_as_they_wish(field: Field) -> None:
    me = field.shepherd.me()
    x = me.position.x
    me.direction = Vector2(3, 0)  # nobody runs faster than the others
    there = field.server.player(int(me.name))
    field.until(lambda: there.direction.x > 0)
    began = there.position.x
    for _ in range(60):
        field.step()
    assert there.position.x == pytest.approx(began + 130, abs=0.1)
    field.until(lambda: me.position.x > x + 130)


def test_what_is_no_direction_moves_nobody(field: Field) -> None:
    there = field.server.player(field.shepherd.multiplayer.get_unique_id())
    before = there.position
    field.shepherd.me().direction = Vector2(float("nan"), 0)
    field.until(lambda: not there.direction.is_finite())
    field.step()
    assert there.position == before


@pytest.mark.parametrize("role", ["server", "shepherd"])
def test_a_sheep_is_carried_to_the_fold(field: Field, role: str) -> None:
    carrier = getattr(field, role)
    field.give(carrier)
    carrier.me().direction = Vector2(-1, 0)
    field.until(lambda: all(field.sheep(end).home == field.pieces.Home.SAVED for end in field.ends))
    field.until(lambda: all(end.message == "The shepherds win, 8 : 0." for end in field.ends))
    for end in field.ends:
        assert field.sheep(end).carrier == 0
        assert field.sheep(end).get_node("Place").get_multiplayer_authority() == 1


def test_a_scared_wolf_drops_its_sheep(field: Field) -> None:
    field.give(field.wolf)
    assert field.sheep(field.shepherd).get_node("Place").get_multiplayer_authority() > 1
    field.server.me().position = Vector2(380, 200)
    field.until(lambda: all(field.sheep(end).carrier == 0 for end in field.ends))
    assert field.sheep(field.server).home == field.pieces.Home.LOOSE


def test_a_shepherd_sees_a_wolf_that_is_near(field: Field) -> None:
    field.until(lambda: not field.shepherd.get_node("Wolves").get_children())
    (wolf,) = field.server.get_node("Wolves").get_children()
    assert not wolf.visible  # to the one that hosts
    wolf.position = field.server.player(field.shepherd.multiplayer.get_unique_id()).position + Vector2(100, 0)
    field.until(lambda: bool(field.shepherd.get_node("Wolves").get_children()))
    wolf.position = Vector2(600, 200)
    field.until(lambda: not field.shepherd.get_node("Wolves").get_children())


def test_only_the_carrier_gives_a_sheep_back(field: Field) -> None:
    field.give(field.wolf)
    field.sheep(field.shepherd).give_back.rpc_id(1, Vector2(10, 200))
    field.sheep(field.wolf).give_back.rpc_id(1, Vector2(float("nan"), 200))
    for _ in range(20):
        field.step()
    assert field.sheep(field.server).carrier == field.wolf.multiplayer.get_unique_id()


def test_what_a_wolf_carried_is_left_behind(field: Field) -> None:
    field.give(field.wolf)
    field.wolf.leave("I left.")
    field.until(lambda: field.sheep(field.server).carrier == field.sheep(field.shepherd).carrier == 0)
    assert not field.server.get_node("Wolves").get_children()
    assert field.wolf.message == "I left."
    field.step()
    assert not field.wolf.sheep()


def test_the_next_round_begins(field: Field) -> None:
    for sheep in field.server.sheep():
        sheep.home = field.pieces.Home.EATEN
    field.until(lambda: field.wolf.message == "The wolves win, 0 : 8.")
    field.until(lambda: field.wolf.message == "0 in the fold, 0 in the lair.")


def test_the_server_goes(field: Field) -> None:
    field.server.leave("Enough.")
    field.until(lambda: not (field.wolf.playing or field.shepherd.playing))
    field.step()
    assert field.wolf.message == "The server is gone."
    assert not field.wolf.players()


def test_programs_play_by_themselves() -> None:
    port = ("--port", str(free_port()))
    with Demo("flock", "--server", "--auto", *port) as server:
        server.wait_for("0 in the fold")
        with Demo("flock", "--host", "127.0.0.1", "--auto", "--frames", "60", *port) as client:
            client.wait_for("in the fold")
            assert client.finish() == 0, client.output
        server.interrupt()
        assert server.finish() == 0, server.output
    assert "Traceback" not in server.output + client.output


def test_the_menu_hosts_joins_and_says_what_is_wrong(keys: Keys) -> None:
    check_menu(keys, keys.load("demos.flock"), lambda game: str(game.message))


def test_keys_move_the_own_player(keys: Keys) -> None:
    demo = keys.load("demos.flock")
    held = {code: 0 for _, codes in demo.KEYS for code in codes} | {keys.pygame.K_d: 1, keys.pygame.K_DOWN: 1}
    keys.patch(keys.pygame.key, "get_pressed", lambda: held)
    assert demo.read_keys() == Vector2(1, 1).normalized()


def test_it_stays_readable() -> None:
    for name in ("flock.py", "_flock_pieces.py", "_flock_view.py"):
        assert len((ROOT / "demos" / name).read_text(encoding="utf-8").splitlines()) < 250, name
