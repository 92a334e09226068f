"""A bot that runs for coins as a player does: round walls, out of the way of others, and with a reaction time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from heapq import heappop, heappush
from math import dist, inf
from random import Random

from .rules import DOWN, FIELD, LEFT, RADIUS, RIGHT, UP, Body, Field

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
            near = [each for each in others if each is not body and body.distance(each.x, each.y) < NEAR]
            self._held = self._decide(body, coins, near, field)
        return self._held

    def _decide(self, body: Body, coins: Sequence[tuple[int, int]], near: Sequence[Body], field: Field) -> int:
        if not coins:
            return 0
        here = body.x, body.y
        best, (x, y) = inf, here
        extra = {coin: self._penalty(coin, body, near) for coin in coins}
        for straight, coin in sorted((body.distance(*coin) + extra[coin], coin) for coin in coins):
            if straight >= best:
                break  # and no way is shorter than the straight one
            length, point = shortest_way(here, coin, field)
            best, (x, y) = min((best, (x, y)), (length + extra[coin], point))
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
        """Pixels added to the way to a coin. They differ for each bot, so that not all run for the same coin."""
        own = body.distance(*coin)
        contested = any(other.distance(*coin) < own for other in near)
        return (coin[0] * 7 + coin[1] * 13) * self._preference % 300 + contested * CONTESTED


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
            for corner in _seen(point, field):
                heappush(ends, (length + dist(point, corner), corner))
    return found


@lru_cache(1024)
def _seen(point: Point, field: Field) -> Sequence[Point]:
    """The corners in sight."""
    corners = [(x, y) for box in _boxes(field, CLEARANCE) for x in box[::2] for y in box[1::2]]
    return [corner for corner in corners if _sees(point, corner, field)]


def _sees(start: Point, end: Point, field: Field) -> bool:
    return not any(_crosses(start, end, box) for box in _boxes(field, BLOCKED))


@lru_cache
def _boxes(field: Field, margin: int) -> Sequence[tuple[int, int, int, int]]:
    """The walls, with a margin all round: left, top, right, bottom."""
    return [(x - margin, y - margin, x + wide + margin, y + high + margin) for x, y, wide, high in field.walls]


def _crosses(start: Point, end: Point, box: tuple[int, int, int, int]) -> bool:
    """Whether the line between two points leads through the inside of a box."""
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
