"""What is true in the arena: how a player moves, what stands in the way. Server and clients share it, so that a client
can know where an input leads before the server says so. Units: pixels and seconds."""

from __future__ import annotations

from dataclasses import dataclass

WIDTH, HEIGHT = 960, 540
MAX_PLAYERS = 16
STEP = 1 / 60  # what one input lasts
TICK = 1 / 30  # how often the server moves the world and tells about it
RADIUS, COIN_RADIUS, COINS = 14, 7, 6
ACCELERATION, DRAG = 1500.0, 5.5  # together: at most 270 pixels a second
BOUNCE = 0.4

LEFT, RIGHT, UP, DOWN = 1, 2, 4, 8  # the buttons of an input

WALLS = [  # left, top, width, height
    (225, 110, 24, 150),
    (711, 280, 24, 150),
    (400, 150, 160, 24),
    (400, 366, 160, 24),
    (120, 400, 150, 24),
    (690, 116, 150, 24),
]


@dataclass(slots=True)
class Body:
    """Where a player is, and how fast."""

    x: float
    y: float
    vx: float = 0.0
    vy: float = 0.0

    def copy(self) -> Body:
        return Body(self.x, self.y, self.vx, self.vy)

    def distance(self, x: float, y: float) -> float:
        return float(((self.x - x) ** 2 + (self.y - y) ** 2) ** 0.5)


def advance(body: Body, buttons: int) -> None:
    """Move by one input. Depends on nothing else, so that it gives the same everywhere."""
    ax = (bool(buttons & RIGHT) - bool(buttons & LEFT)) * ACCELERATION
    ay = (bool(buttons & DOWN) - bool(buttons & UP)) * ACCELERATION
    if ax and ay:
        ax, ay = ax * 0.7071, ay * 0.7071
    body.vx += (ax - body.vx * DRAG) * STEP
    body.vy += (ay - body.vy * DRAG) * STEP
    body.x += body.vx * STEP
    body.y += body.vy * STEP
    keep_free(body)


def keep_free(body: Body) -> None:
    """Out of the walls and back into the arena."""
    for left, top, width, height in WALLS:
        near_x = min(max(body.x, left), left + width)
        near_y = min(max(body.y, top), top + height)
        dx, dy = body.x - near_x, body.y - near_y
        distance = (dx * dx + dy * dy) ** 0.5
        if 0 < distance < RADIUS:
            _bounce(body, dx / distance, dy / distance, RADIUS - distance)
        elif not distance:  # pushed right into it: out by the nearest side
            sides = (body.x - left, left + width - body.x, body.y - top, top + height - body.y)
            nearest = sides.index(min(sides))
            _bounce(body, *((-1, 0), (1, 0), (0, -1), (0, 1))[nearest], RADIUS + sides[nearest])
    if body.x < RADIUS:
        _bounce(body, 1, 0, RADIUS - body.x)
    elif body.x > WIDTH - RADIUS:
        _bounce(body, -1, 0, body.x - WIDTH + RADIUS)
    if body.y < RADIUS:
        _bounce(body, 0, 1, RADIUS - body.y)
    elif body.y > HEIGHT - RADIUS:
        _bounce(body, 0, -1, body.y - HEIGHT + RADIUS)


def push_apart(bodies: list[Body]) -> None:
    """Players do not overlap. Only the server knows where everybody is now, so only the server does this: it is what a
    client cannot predict."""
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
            keep_free(one)
            keep_free(other)


def _bounce(body: Body, nx: float, ny: float, depth: float) -> None:
    """Out by ``depth`` along the normal; what went in comes back more slowly."""
    body.x += nx * depth
    body.y += ny * depth
    inwards = body.vx * nx + body.vy * ny
    if inwards < 0:
        body.vx -= (1 + BOUNCE) * inwards * nx
        body.vy -= (1 + BOUNCE) * inwards * ny
