"""The rules of hockey.py. They use only + - * / and square roots of floats, which every machine rounds alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt

WIDTH, HEIGHT = 480, 288  # pixels
PUCK, MALLET, MOUTH = 11.0, 19.0, 108.0  # radii; width of a goal
STEP = 1 / 60  # seconds of a tick
THRUST, DRAG, GLIDE, FASTEST = 2600.0, 7.0, 0.997, 640.0  # of mallets, and of the puck; pixels and seconds
POINTS, SERVE = 5, 50  # goals of a match; ticks before a serve
LEFT, RIGHT, UP, DOWN = 1, 2, 4, 8  # buttons


@dataclass(slots=True)
class Disc:
    x: float
    y: float
    vx: float = 0.0
    vy: float = 0.0


@dataclass(slots=True)
class Table:
    """The whole state: whatever decides what happens next is part of it."""

    puck: Disc = field(default_factory=lambda: Disc(WIDTH / 2 - 60, HEIGHT / 2))
    mallets: tuple[Disc, Disc] = field(
        default_factory=lambda: (Disc(WIDTH / 6, HEIGHT / 2), Disc(WIDTH * 5 / 6, HEIGHT / 2))
    )
    score: list[int] = field(default_factory=lambda: [0, 0])
    pause: int = SERVE


def advance(table: Table, buttons: tuple[int, int]) -> None:
    """A tick, from the buttons of both players."""
    puck = table.puck
    for side, (mallet, held) in enumerate(zip(table.mallets, buttons, strict=True)):
        mallet.vx += (THRUST * (bool(held & RIGHT) - bool(held & LEFT)) - mallet.vx * DRAG) * STEP
        mallet.vy += (THRUST * (bool(held & DOWN) - bool(held & UP)) - mallet.vy * DRAG) * STEP
        _move(mallet, MALLET + side * WIDTH / 2, MALLET, 0.0, (WIDTH / 2 - 2 * MALLET, HEIGHT - 2 * MALLET))
    if table.pause:
        table.pause -= 1
        if not table.pause and max(table.score) == POINTS:
            table.score = [0, 0]
        return
    for mallet in table.mallets:
        _hit(puck, mallet)
    puck.vx, puck.vy = puck.vx * GLIDE, puck.vy * GLIDE
    is_in_mouth = abs(puck.y - HEIGHT / 2) < MOUTH / 2 - PUCK
    beyond = 3 * PUCK if is_in_mouth else -PUCK
    _move(puck, -beyond, PUCK, 0.9, (WIDTH + 2 * beyond, HEIGHT - 2 * PUCK))
    if not -PUCK < puck.x < WIDTH + PUCK:
        loser = int(puck.x > WIDTH / 2)
        table.score[1 - loser] += 1
        table.pause = SERVE * (4 if max(table.score) == POINTS else 1)
        table.puck = Disc(WIDTH / 2 + (-60, 60)[loser], HEIGHT / 2)


def _move(disc: Disc, left: float, top: float, bounce: float, size: tuple[float, float]) -> None:
    """Within a rectangle; ``bounce`` is the share of the speed that its sides give back."""
    x, y = disc.x + disc.vx * STEP, disc.y + disc.vy * STEP
    disc.x, disc.y = min(max(x, left), left + size[0]), min(max(y, top), top + size[1])
    if x != disc.x:
        disc.vx *= -bounce
    if y != disc.y:
        disc.vy *= -bounce


def _hit(puck: Disc, mallet: Disc) -> None:
    dx, dy = puck.x - mallet.x, puck.y - mallet.y
    distance = sqrt(dx * dx + dy * dy)
    if not 0 < distance < PUCK + MALLET:
        return
    nx, ny = dx / distance, dy / distance
    puck.x, puck.y = mallet.x + nx * (PUCK + MALLET), mallet.y + ny * (PUCK + MALLET)
    closing = (puck.vx - mallet.vx) * nx + (puck.vy - mallet.vy) * ny
    if closing < 0:
        puck.vx, puck.vy = puck.vx - 1.8 * closing * nx, puck.vy - 1.8 * closing * ny
        slower = min(1.0, FASTEST / sqrt(puck.vx * puck.vx + puck.vy * puck.vy))
        puck.vx, puck.vy = puck.vx * slower, puck.vy * slower


def autoplay(table: Table, side: int) -> int:
    """Buttons: strikes the puck in its own half from behind, and keeps before its goal otherwise."""
    me, puck, forward = table.mallets[side], table.puck, (1, -1)[side]
    ahead = (puck.x - me.x) * forward
    if table.pause or (puck.x - WIDTH / 2) * forward > 8 or puck.vx * forward > 150:  # the other's: back to the goal
        x, y = WIDTH / 2 - forward * 180, HEIGHT / 2 + (puck.y - HEIGHT / 2) * 0.4
    elif ahead > 0:  # hit it off its middle, so that it flies askew
        x, y = puck.x, puck.y + puck.vy * min(ahead / 500, 0.2) + (12, -12)[puck.y > HEIGHT / 2]
    else:  # it is behind: round it
        x, y = puck.x - forward * 60, puck.y + (45 if me.y > puck.y else -45)
    dx, dy = x - me.x - me.vx * 0.06, y - me.y - me.vy * 0.06
    across = RIGHT if dx > 5 else LEFT if dx < -5 else 0
    return across | (DOWN if dy > 5 else UP if dy < -5 else 0)
