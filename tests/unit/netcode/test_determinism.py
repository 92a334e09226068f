"""Differences between two runs: found, and named."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import pytest

from godot_enet import Vector2
from godot_enet.netcode import check_determinism


@dataclass
class Player:
    position: Vector2 = Vector2.ZERO
    health: int = 100


class World:
    """An ordinary object, with a circle, as those of games are."""

    def __init__(self) -> None:
        self.players = [Player(), Player()]
        self.random = Random(5)
        self.events: deque[str] = deque(maxlen=3)
        self.scores: dict[str, float] = {}
        self.itself = self


def move(world: World, buttons: int) -> None:
    for player in world.players:
        player.position += Vector2(buttons, world.random.random())
    world.events.append(str(buttons))


def test_a_deterministic_simulation() -> None:
    assert check_determinism(World, move, range(40)) is None


def test_a_source_of_randomness_outside_of_the_state() -> None:
    random = Random(1)

    def step(world: World, buttons: int) -> None:
        move(world, buttons)
        if buttons == 20:
            world.players[1].position += Vector2(random.random(), 0)

    found = check_determinism(World, step, range(40), replay=0)
    assert found is not None
    assert (found.tick, found.path, found.replayed) == (21, "players[1].position[0]", False)
    assert str(found) == f"tick 21: players[1].position[0] is {found.first!r}, and {found.second!r} in a second run"


def test_a_state_that_is_not_all_in_the_state() -> None:
    """Two whole runs are equal, since both begin with it; a replay is not."""
    counter = count()

    def start() -> World:
        nonlocal counter
        counter = count()
        return World()

    def step(world: World, buttons: int) -> None:
        world.players[0].health = next(counter)

    assert check_determinism(start, step, range(20), replay=0) is None
    found = check_determinism(start, step, range(20), replay=5)
    assert found is not None
    assert str(found) == "tick 1: players[0].health is 0, and 5 replayed from a copy"


@dataclass(frozen=True)
class Frozen:
    value: Any = field(default=0)


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [
        (1, 1.0, "value"),
        (0.0, -0.0, "value"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "the parts of value"),
        ([1, 2], [1, 2, 3], "the parts of value"),
        ({"a": (1, [2, 3])}, {"a": (1, [2, 4])}, "value['a'][1][1]"),
        ({1, 2}, {1, 3}, "value"),
        (Random(1), Random(2), "value (contents)[1][1]"),
    ],
)
def test_the_first_difference_is_named(one: Any, other: Any, path: str) -> None:
    values = iter([one, other])
    found = check_determinism(Frozen, lambda state, _: Frozen(next(values)), [0], replay=0)
    assert found is not None
    assert (found.tick, found.path) == (1, path)


def test_what_is_not_a_number_equals_itself() -> None:
    assert check_determinism(Frozen, lambda state, number: Frozen(float("nan")), range(3)) is None


def test_a_beginning_that_differs() -> None:
    numbers = count()
    found = check_determinism(lambda: Frozen(next(numbers)), lambda state, _: state, [])
    assert str(found) == "tick 0: value is 0, and 1 in a second run"


def test_a_negative_replay() -> None:
    with pytest.raises(ValueError, match="replay must not"):
        check_determinism(Frozen, lambda state, _: state, [], replay=-1)
