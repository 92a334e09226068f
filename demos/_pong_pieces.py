"""The paddles and the ball of pong.py: their movement and their RPCs."""

from __future__ import annotations

from math import radians
from random import uniform
from typing import TYPE_CHECKING

from godot_enet import Node, Vector2, rpc

if TYPE_CHECKING:
    from .pong import Pong

WIDTH, HEIGHT = 640, 400  # pixels
CENTER = Vector2(WIDTH / 2, HEIGHT / 2)
PADDLE_X, REACH, BALL = 24.0, 36.0, 7.0  # distance from the side; half a paddle's length; the ball's radius
PADDLE_SPEED, FASTER = 260.0, 1.08  # pixels a second; by how much a hit speeds the ball up
STEEPEST = radians(50)
PAUSE = 0.8  # seconds before a serve


class Paddle(Node):
    """A paddle. Its player has multiplayer authority over it."""

    def __init__(self, name: str, x: float) -> None:
        super().__init__(name)
        self.x, self.y = x, HEIGHT / 2
        self.direction = 0.0
        """Direction chosen by the player: -1 is up, 1 is down."""

    def move(self, delta: float) -> None:
        if self.is_multiplayer_authority():
            self.place(self.y + self.direction * PADDLE_SPEED * delta)
            self.place.rpc(self.y)

    # Unreliable: if one is lost, the next frame's is better anyway. Ordered: an older one must not replace a newer one.
    @rpc("authority", "call_remote", "unreliable_ordered")
    def place(self, y: float) -> None:
        self.y = min(max(REACH, y), HEIGHT - REACH)  # this order of arguments also handles NaN


class Ball(Node):
    """The ball. It moves in the same way on both ends; only its authority decides about hits and goals."""

    def __init__(self, pong: Pong) -> None:
        super().__init__("Ball")
        self.pong = pong
        self.position, self.velocity = CENTER, Vector2()
        self.pause = 0.0

    def move(self, delta: float) -> None:
        if self.pause > 0:
            self.pause -= delta
            return
        before, (x, y) = self.position, self.position + self.velocity * delta
        if not BALL < y < HEIGHT - BALL:
            self.velocity = Vector2(self.velocity.x, abs(self.velocity.y) * (1 if y < CENTER.y else -1))
            y = min(max(y, BALL), HEIGHT - BALL)
        self.position = Vector2(min(max(x, -BALL), WIDTH + BALL), y)
        if not self.is_multiplayer_authority():
            return
        paddle = self.pong.receiver()
        side = 1 if self.velocity.x > 0 else -1
        front = paddle.x - side * BALL
        off = (y - paddle.y) / REACH
        if (before.x - front) * side < 0 <= (x - front) * side and abs(off) <= 1 + BALL / REACH:
            flight = Vector2(-side * self.velocity.length() * FASTER, 0)
            self.bounce.rpc(Vector2(front, y), flight.rotated(-side * off * STEEPEST))
        elif not -BALL < x < WIDTH + BALL:
            self.goal.rpc(Vector2(side * self.pong.speed, 0).rotated(uniform(-0.4, 0.4)))

    # Reliable, or the two ends would play different matches. Only the authority may call these. Each sends the ball
    # towards a player, who becomes the authority. So both ends see the same order.
    @rpc("authority", "call_local", "reliable")
    def bounce(self, position: Vector2, velocity: Vector2) -> None:
        if not (position.is_finite() and velocity.is_finite()):
            return  # never trust received data
        self.position, self.velocity = position, velocity
        self.set_multiplayer_authority(self.pong.receiver().get_multiplayer_authority())

    @rpc("authority", "call_local", "reliable")
    def goal(self, serve: Vector2) -> None:
        self.pong.count_goal(1 if self.velocity.x > 0 else 0)
        self.pause = PAUSE
        self.bounce(CENTER, serve)
