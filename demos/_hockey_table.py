"""The rules of hockey.py. They use only + - * / and square roots of floats, which every machine rounds alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt

from ._buttons import buttons_towards, direction
from ._disc import Disc

WIDTH, HEIGHT = 480, 288  # pixels
PUCK, MALLET, MOUTH = 11.0, 19.0, 108.0  # radii; width of a goal
STEP = 1 / 60  # seconds of a tick
THRUST, DRAG = 2600.0, 7.0  # of mallets
GLIDE, BOUNCE, FASTEST = 0.18, 0.9, 640.0  # of the puck: its drag, the share of speed that a side gives back, a limit
POINTS, SERVE = 5, 50  # goals of a match; ticks before a serve


@dataclass(slots=True)
class Table:
    """The whole state: whatever decides what happens next is part of it."""

    puck: Disc = field(default_factory=lambda: Disc(WIDTH / 2 - 60, HEIGHT / 2))
    mallets: list[Disc] = field(default_factory=lambda: [Disc(WIDTH * x / 6, HEIGHT / 2) for x in (1, 5)])
    score: list[int] = field(default_factory=lambda: [0, 0])
    pause: int = SERVE


def advance(table: Table, buttons: tuple[int, int]) -> None:
    """A tick, from the buttons of both players."""
    puck = table.puck
    for side, (mallet, held) in enumerate(zip(table.mallets, buttons, strict=True)):
        dx, dy = direction(held)
        mallet.move(dx * THRUST, dy * THRUST, DRAG, STEP)
        left = side * WIDTH / 2
        mallet.stay_within(left + MALLET, MALLET, left + WIDTH / 2 - MALLET, HEIGHT - MALLET, 0.0)
    if table.pause:
        table.pause -= 1
        if not table.pause and max(table.score) == POINTS:
            table.score = [0, 0]
        return
    for mallet in table.mallets:
        if contact := puck.contact(mallet.x, mallet.y, PUCK + MALLET):
            puck.leave(*contact, 0.8, mallet.vx, mallet.vy)
    if (speed := sqrt(puck.vx * puck.vx + puck.vy * puck.vy)) > FASTEST:
        puck.vx, puck.vy = puck.vx * FASTEST / speed, puck.vy * FASTEST / speed
    puck.move(0.0, 0.0, GLIDE, STEP)
    beyond = 3 * PUCK if abs(puck.y - HEIGHT / 2) < MOUTH / 2 - PUCK else -PUCK  # through a goal, or to the edge
    puck.stay_within(-beyond, PUCK, WIDTH + beyond, HEIGHT - PUCK, BOUNCE)
    if not -PUCK < puck.x < WIDTH + PUCK:
        loser = int(puck.x > WIDTH / 2)
        table.score[1 - loser] += 1
        table.pause = SERVE * (4 if max(table.score) == POINTS else 1)
        table.puck = Disc(WIDTH / 2 + (-60, 60)[loser], HEIGHT / 2)


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
    return buttons_towards(x - me.x - me.vx * 0.06, y - me.y - me.vy * 0.06, 5)
