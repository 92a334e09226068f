"""A bot that runs for coins as a player does: round walls, out of the way of others, and with a reaction time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from heapq import heappop, heappush
from math import dist, hypot, inf
from random import Random

from .._buttons import buttons_towards
from .._disc import Disc
from .rules import FIELD, RADIUS, Field

REACTION = 6  # inputs for which the buttons are held
DEAD_ZONE = 0.35  # share of the whole direction below which a button is not held
CLEARANCE = RADIUS + 8  # pixels from a wall to the corners that a way leads round
BLOCKED = 9  # pixels from a wall in which nobody can be (RADIUS / sqrt 2 at a corner), and no way leads
NEAR, LOOK_AHEAD = 220.0, 0.7  # pixels and seconds from which a bot sees others coming
SPACE = 2 * RADIUS + 22  # pixels that a bot likes to keep from the middle of another
BRAKING = 0.15  # seconds of its own movement that a bot allows for
CONTESTED = 400.0  # pixels added to the way to a coin that another is nearer to
Point = tuple[float, float]


class Bot:
    """Uses the same view and the same buttons as a player."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        self._preference = random.randrange(1000)
        self._held = 0
        self._wait = random.randrange(REACTION)

    def steer(self, body: Disc, coins: Sequence[Point], others: Iterable[Disc] = (), field: Field = FIELD) -> int:
        """The buttons of the next input."""
        self._wait -= 1
        if self._wait < 0:
            self._wait = REACTION - 1
            near = [each for each in others if each is not body and body.distance(each.x, each.y) < NEAR]
            self._held = self._decide(body, coins, near, field) if coins else 0
        return self._held

    def _decide(self, body: Disc, coins: Sequence[Point], near: Sequence[Disc], field: Field) -> int:
        here, best, goal = (body.x, body.y), inf, (body.x, body.y)
        extra = {coin: self._penalty(coin, body, near) for coin in coins}
        for straight, coin in sorted((body.distance(*coin) + extra[coin], coin) for coin in coins):
            if straight >= best:
                break  # and no way is shorter than the straight one
            length, point = shortest_way(here, coin, field)
            best, goal = min((best, goal), (length + extra[coin], point))
        dx, dy = goal[0] - body.x - body.vx * BRAKING, goal[1] - body.y - body.vy * BRAKING
        length = hypot(dx, dy) or 1.0
        away = [_away(body, other) for other in near]
        return buttons_towards(dx / length + sum(x for x, _ in away), dy / length + sum(y for _, y in away), DEAD_ZONE)

    def _penalty(self, coin: Point, body: Disc, near: Sequence[Disc]) -> float:
        """Pixels added to the way to a coin. They differ for each bot, so that not all run for the same coin."""
        own = body.distance(*coin)
        contested = any(other.distance(*coin) < own for other in near)
        return (coin[0] * 7 + coin[1] * 13) * self._preference % 300 + contested * CONTESTED


def _away(body: Disc, other: Disc) -> Point:
    """Where to go to keep clear of another, the stronger the sooner both would meet."""
    dx, dy, vx, vy = body.x - other.x, body.y - other.y, body.vx - other.vx, body.vy - other.vy
    speed = hypot(vx, vy)
    soon = min(max(-(dx * vx + dy * vy) / speed**2, 0.0), LOOK_AHEAD) if speed else 0.0
    dx, dy = dx + vx * soon, dy + vy * soon
    distance = hypot(dx, dy)
    if distance >= SPACE:
        return 0.0, 0.0
    if distance < 1.0:  # straight at each other: both give way to their right
        dx, dy, distance = -vy, vx, speed or 1.0
    strength = 3.0 * (1.0 - soon / LOOK_AHEAD * 0.7)
    return dx / distance * strength, dy / distance * strength


def shortest_way(start: Point, goal: Point, field: Field = FIELD) -> tuple[float, Point]:
    """Its length round the walls, and where to run first: the goal or a corner, in sight of the start."""
    if _sees(start, goal, field):
        return dist(start, goal), goal
    ways = sorted((dist(start, point) + rest, point) for point, rest in _lengths(goal, field).items())
    return next(((length, point) for length, point in ways if _sees(start, point, field)), (dist(start, goal), goal))


@lru_cache(256)
def _lengths(goal: Point, field: Field) -> Mapping[Point, float]:
    """The length of the way to a goal from each corner, and from itself (Dijkstra's algorithm)."""
    found: dict[Point, float] = {}
    ends = [(0.0, goal)]
    while ends:
        length, point = heappop(ends)
        if point not in found:
            found[point] = length
            for corner in _corners(point, field):
                heappush(ends, (length + dist(point, corner), corner))
    return found


@lru_cache(1024)
def _corners(point: Point, field: Field) -> Sequence[Point]:
    """The corners in sight."""
    corners = [(x, y) for box in _boxes(field, CLEARANCE) for x in box[::2] for y in box[1::2]]
    return [corner for corner in corners if _sees(point, corner, field)]


@lru_cache
def _boxes(field: Field, margin: int) -> Sequence[tuple[int, int, int, int]]:
    """The walls, with a margin all round: left, top, right, bottom."""
    return [(x - margin, y - margin, x + wide + margin, y + high + margin) for x, y, wide, high in field.walls]


def _sees(start: Point, end: Point, field: Field) -> bool:
    """Whether the line between two points misses all walls: it is within one at no share of its length."""
    for box in _boxes(field, BLOCKED):
        enter, leave = 0.0, 1.0
        for axis in (0, 1):
            delta = end[axis] - start[axis] or 1e-9
            sides = (box[axis] - start[axis]) / delta, (box[axis + 2] - start[axis]) / delta
            enter, leave = max(enter, min(sides)), min(leave, max(sides))
        if enter < leave:
            return False
    return True
