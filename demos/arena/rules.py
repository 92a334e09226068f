"""The rules of the arena: movement and obstacles. Server and clients share them, so that a client can compute the
effect of an input before the server confirms it. Units: pixels and seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import NamedTuple

from .._buttons import direction
from .._disc import Disc

WIDTH, HEIGHT = 960, 540
MAX_PLAYERS = 16
STEP = 1 / 60  # duration of an input
TICK = 1 / 30  # interval at which the server moves the world and sends snapshots
RADIUS, COIN_RADIUS, COINS = 14, 7, 6
ACCELERATION, DRAG = 1500.0, 5.5  # together: at most 270 pixels a second
BOUNCE = 0.4

Wall = tuple[int, int, int, int]
WALLS: list[Wall] = [  # left, top, width, height
    (225, 110, 24, 150),
    (711, 280, 24, 150),
    (400, 150, 160, 24),
    (400, 366, 160, 24),
    (120, 400, 150, 24),
    (690, 116, 150, 24),
]


class Field(NamedTuple):
    """Where the game takes place."""

    width: int = WIDTH
    height: int = HEIGHT
    walls: Sequence[Wall] = tuple(WALLS)


FIELD = Field()


def advance(body: Disc, buttons: int, field: Field = FIELD) -> None:
    """Move by one input. Depends on nothing else, so the result is the same everywhere."""
    dx, dy = direction(buttons)
    force = ACCELERATION * 0.7071 if dx and dy else ACCELERATION
    body.move(dx * force, dy * force, DRAG, STEP)
    keep_free(body, field)


def moved(body: Disc, buttons: int) -> Disc:
    """The body after an input; the one before stays as it is."""
    body = replace(body)
    advance(body, buttons)
    return body


def keep_free(body: Disc, field: Field = FIELD) -> None:
    """Push a player out of walls and back into the arena."""
    for left, top, width, height in field.walls:
        right, bottom = left + width, top + height
        x, y = min(max(body.x, left), right), min(max(body.y, top), bottom)
        if (x, y) == (body.x, body.y):  # inside a wall: out by the nearest side
            depth, nx, ny = min((x - left, -1, 0), (right - x, 1, 0), (y - top, 0, -1), (bottom - y, 0, 1))
            body.leave(nx, ny, RADIUS + depth, BOUNCE)
        elif contact := body.contact(x, y, RADIUS):
            body.leave(*contact, BOUNCE)
    body.stay_within(RADIUS, RADIUS, field.width - RADIUS, field.height - RADIUS, BOUNCE)


def free_place(random: Random, field: Field = FIELD) -> tuple[int, int]:
    """A place for a player or a coin, clear of walls."""
    while True:
        x, y = random.randrange(40, field.width - 40), random.randrange(40, field.height - 40)
        body = Disc(x, y)
        keep_free(body, field)
        if (body.x, body.y) == (x, y):
            return x, y


def push_apart(bodies: Sequence[Disc], field: Field = FIELD) -> None:
    """Push overlapping players apart. Only the server knows all positions, so only the server does this, and clients
    cannot predict it."""
    for index, one in enumerate(bodies):
        for other in bodies[index + 1 :]:
            if contact := one.contact(other.x, other.y, 2 * RADIUS):
                nx, ny, depth = contact
                for body, sign in ((one, 1), (other, -1)):
                    body.leave(sign * nx, sign * ny, depth / 2, BOUNCE)
                    keep_free(body, field)
