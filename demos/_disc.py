"""Discs that move and bounce. Only + - * / and square roots of floats, which every machine rounds alike."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt


@dataclass(slots=True)
class Disc:
    """A place and a velocity: pixels, and pixels a second."""

    x: float
    y: float
    vx: float = 0.0
    vy: float = 0.0

    def distance(self, x: float, y: float) -> float:
        return sqrt((self.x - x) * (self.x - x) + (self.y - y) * (self.y - y))

    def move(self, ax: float, ay: float, drag: float, seconds: float) -> None:
        """Accelerate, slow down by ``drag`` times the velocity, and move."""
        self.vx += (ax - self.vx * drag) * seconds
        self.vy += (ay - self.vy * drag) * seconds
        self.x += self.vx * seconds
        self.y += self.vy * seconds

    def contact(self, x: float, y: float, reach: float) -> tuple[float, float, float] | None:
        """The normal and the depth for :meth:`leave`, if the point of an obstacle is nearer than ``reach``."""
        dx, dy = self.x - x, self.y - y
        if dx * dx + dy * dy >= reach * reach:
            return None
        distance = sqrt(dx * dx + dy * dy)
        return (dx / distance, dy / distance, reach - distance) if distance else (1.0, 0.0, reach)

    def leave(self, nx: float, ny: float, depth: float, bounce: float, vx: float = 0.0, vy: float = 0.0) -> None:
        """Move out of an obstacle by ``depth`` along its normal, and give back the share ``bounce`` of the speed.

        ``vx`` and ``vy`` are the velocity of the obstacle.
        """
        self.x += nx * depth
        self.y += ny * depth
        inwards = (self.vx - vx) * nx + (self.vy - vy) * ny
        if inwards < 0:
            self.vx -= (1 + bounce) * inwards * nx
            self.vy -= (1 + bounce) * inwards * ny

    def stay_within(self, left: float, top: float, right: float, bottom: float, bounce: float) -> None:
        """Leave the sides of a rectangle, in which the middle of the disc may be."""
        if self.x < left:
            self.leave(1, 0, left - self.x, bounce)
        elif self.x > right:
            self.leave(-1, 0, self.x - right, bounce)
        if self.y < top:
            self.leave(0, 1, top - self.y, bounce)
        elif self.y > bottom:
            self.leave(0, -1, self.y - bottom, bounce)
