"""A bot that runs for coins as a player does: round walls, out of the way of others, and with a reaction time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from random import Random

from .rules import DOWN, FIELD, LEFT, RADIUS, RIGHT, UP, Body, Field

REACTION = 6  # inputs for which the buttons are held
DEAD_ZONE = 0.35  # share of the whole direction below which a button is not held
CLEARANCE = RADIUS + 8  # pixels kept from walls
LOOK_AHEAD = 0.7  # seconds for which a bot sees others coming
SPACE = 2 * RADIUS + 22  # pixels that a bot likes to keep from the middle of another
BRAKING = 0.15  # seconds of its own movement that a bot allows for
CONTESTED = 400.0  # pixels added to the distance of a coin that another is nearer to
Point = tuple[float, float]


class Bot:
    """Uses the same view and the same buttons as a player."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._preference = self._random.randrange(1000)
        self._held = 0
        self._wait = self._random.randrange(REACTION)

    def steer(
        self, body: Body, coins: Sequence[tuple[int, int]], others: Iterable[Body] = (), field: Field = FIELD
    ) -> int:
        """The buttons of the next input."""
        self._wait -= 1
        if self._wait < 0:
            self._wait = REACTION - 1
            near = [each for each in others if each is not body and _is_near(each, body)]
            self._held = self._decide(body, coins, near, field)
        return self._held

    def _decide(self, body: Body, coins: Sequence[tuple[int, int]], near: Sequence[Body], field: Field) -> int:
        if not coins:
            return 0
        coin = min(coins, key=lambda coin: body.distance(*coin) + self._penalty(coin, body, near))
        x, y = way_round((body.x, body.y), coin, field)
        dx, dy = x - body.x - body.vx * BRAKING, y - body.y - body.vy * BRAKING
        length = (dx * dx + dy * dy) ** 0.5 or 1.0
        dx, dy = dx / length, dy / length
        for other in near:
            away_x, away_y = _away(body, other)
            dx, dy = dx + away_x, dy + away_y
        across = RIGHT if dx > DEAD_ZONE else LEFT if dx < -DEAD_ZONE else 0
        along = DOWN if dy > DEAD_ZONE else UP if dy < -DEAD_ZONE else 0
        return across | along

    def _penalty(self, coin: tuple[int, int], body: Body, near: Sequence[Body]) -> float:
        """Pixels added to the distance of a coin. They differ for each bot, so that not all run for the same coin."""
        own = body.distance(*coin)
        contested = any(other.distance(*coin) < own for other in near)
        return (coin[0] * 7 + coin[1] * 13) * self._preference % 300 + contested * CONTESTED


def _is_near(one: Body, other: Body) -> bool:
    return abs(one.x - other.x) < 220 and abs(one.y - other.y) < 220


def _away(body: Body, other: Body) -> Point:
    """Where to go to keep clear of another, the stronger the sooner both would meet."""
    dx, dy = body.x - other.x, body.y - other.y
    vx, vy = body.vx - other.vx, body.vy - other.vy
    speed = vx * vx + vy * vy
    soon = min(max(-(dx * vx + dy * vy) / speed, 0.0), LOOK_AHEAD) if speed else 0.0
    dx, dy = dx + vx * soon, dy + vy * soon
    distance = (dx * dx + dy * dy) ** 0.5
    if distance >= SPACE:
        return 0.0, 0.0
    if distance < 1.0:  # straight at each other: both give way to their right
        dx, dy, distance = -vy, vx, speed**0.5 or 1.0
    strength = 3.0 * (1.0 - soon / LOOK_AHEAD * 0.7)
    return dx / distance * strength, dy / distance * strength


def way_round(start: Point, goal: Point, field: Field = FIELD) -> Point:
    """The goal, or the corner to run to first if a wall is in the way."""
    blocking = [box for box in _boxes(field) if _crosses(start, goal, box)]
    if not blocking:
        return goal
    box = min(blocking, key=lambda box: _distance(start, ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)))
    corners = [(x, y) for x in (box[0] - 1, box[2] + 1) for y in (box[1] - 1, box[3] + 1)]
    free = [corner for corner in corners if not _crosses(start, corner, box)] or corners
    return min(free, key=lambda corner: _distance(start, corner) + _distance(corner, goal))


@lru_cache
def _boxes(field: Field) -> list[tuple[float, float, float, float]]:
    """The walls, with the space that a player takes."""
    return [
        (left - CLEARANCE, top - CLEARANCE, left + width + CLEARANCE, top + height + CLEARANCE)
        for left, top, width, height in field.walls
    ]


def _distance(one: Point, other: Point) -> float:
    return float(((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2) ** 0.5)


def _crosses(start: Point, end: Point, box: tuple[float, float, float, float]) -> bool:
    """Whether the way between two points leads through the inside of a box."""
    enter, leave = 0.0, 1.0
    for axis in (0, 1):
        delta = end[axis] - start[axis]
        low, high = box[axis] - start[axis], box[axis + 2] - start[axis]
        if not delta:
            if low >= 0 or high <= 0:
                return False
            continue
        near, far = sorted((low / delta, high / delta))
        enter, leave = max(enter, near), min(leave, far)
    return enter < leave
