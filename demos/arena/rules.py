"""The rules of the arena: movement and obstacles. Server and clients share them, so that a client can compute the
effect of an input before the server confirms it. Units: pixels and seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

WIDTH, HEIGHT = 960, 540
MAX_PLAYERS = 16
STEP = 1 / 60  # duration of an input
TICK = 1 / 30  # interval at which the server moves the world and sends snapshots
RADIUS, COIN_RADIUS, COINS = 14, 7, 6
ACCELERATION, DRAG = 1500.0, 5.5  # together: at most 270 pixels a second
BOUNCE = 0.4

LEFT, RIGHT, UP, DOWN = 1, 2, 4, 8  # buttons of an input

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


@dataclass(slots=True)
class Body:
    """Position and velocity of a player."""

    x: float
    y: float
    vx: float = 0.0
    vy: float = 0.0

    def distance(self, x: float, y: float) -> float:
        return float(((self.x - x) ** 2 + (self.y - y) ** 2) ** 0.5)


def advance(body: Body, buttons: int, field: Field = FIELD) -> None:
    """Move by one input. Depends on nothing else, so the result is the same everywhere."""
    ax = (bool(buttons & RIGHT) - bool(buttons & LEFT)) * ACCELERATION
    ay = (bool(buttons & DOWN) - bool(buttons & UP)) * ACCELERATION
    if ax and ay:
        ax, ay = ax * 0.7071, ay * 0.7071
    body.vx += (ax - body.vx * DRAG) * STEP
    body.vy += (ay - body.vy * DRAG) * STEP
    body.x += body.vx * STEP
    body.y += body.vy * STEP
    keep_free(body, field)


def moved(body: Body, buttons: int) -> Body:
    """The body after an input; the one before stays as it is."""
    body = Body(body.x, body.y, body.vx, body.vy)
    advance(body, buttons)
    return body


def keep_free(body: Body, field: Field = FIELD) -> None:
    """Push a player out of walls and back into the arena."""
    for left, top, width, height in field.walls:
        if not (left - RADIUS < body.x < left + width + RADIUS and top - RADIUS < body.y < top + height + RADIUS):
            continue
        near_x = min(max(body.x, left), left + width)
        near_y = min(max(body.y, top), top + height)
        dx, dy = body.x - near_x, body.y - near_y
        distance = (dx * dx + dy * dy) ** 0.5
        if 0 < distance < RADIUS:
            _bounce(body, dx / distance, dy / distance, RADIUS - distance)
        elif not distance:  # inside a wall: out by the nearest side
            sides = (body.x - left, left + width - body.x, body.y - top, top + height - body.y)
            nearest = sides.index(min(sides))
            _bounce(body, *((-1, 0), (1, 0), (0, -1), (0, 1))[nearest], RADIUS + sides[nearest])
    if body.x < RADIUS:
        _bounce(body, 1, 0, RADIUS - body.x)
    elif body.x > field.width - RADIUS:
        _bounce(body, -1, 0, body.x - field.width + RADIUS)
    if body.y < RADIUS:
        _bounce(body, 0, 1, RADIUS - body.y)
    elif body.y > field.height - RADIUS:
        _bounce(body, 0, -1, body.y - field.height + RADIUS)


def free_place(random: Random, field: Field = FIELD) -> tuple[int, int]:
    """A place for a player or a coin, clear of walls."""
    while True:
        x, y = random.randrange(40, field.width - 40), random.randrange(40, field.height - 40)
        body = Body(x, y)
        keep_free(body, field)
        if (body.x, body.y) == (x, y):
            return x, y


def push_apart(bodies: list[Body], field: Field = FIELD) -> None:
    """Push overlapping players apart. Only the server knows all positions, so only the server does this, and clients
    cannot predict it."""
    for index, one in enumerate(bodies):
        for other in bodies[index + 1 :]:
            dx, dy = other.x - one.x, other.y - one.y
            if abs(dx) >= 2 * RADIUS or abs(dy) >= 2 * RADIUS:
                continue
            distance = (dx * dx + dy * dy) ** 0.5
            if distance >= 2 * RADIUS:
                continue
            nx, ny = (dx / distance, dy / distance) if distance else (1.0, 0.0)
            depth = RADIUS - distance / 2
            _bounce(one, -nx, -ny, depth)
            _bounce(other, nx, ny, depth)
            keep_free(one, field)
            keep_free(other, field)


def _bounce(body: Body, nx: float, ny: float, depth: float) -> None:
    """Move out by ``depth`` along the normal, and reflect the velocity with a loss."""
    body.x += nx * depth
    body.y += ny * depth
    inwards = body.vx * nx + body.vy * ny
    if inwards < 0:
        body.vx -= (1 + BOUNCE) * inwards * nx
        body.vy -= (1 + BOUNCE) * inwards * ny
