"""The input of games in which a player moves in eight directions: four buttons, how they are sent, where they lead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from godot_enet.netcode import Packer, Range

__all__ = ["BUTTONS", "DOWN", "LEFT", "RIGHT", "UP", "Buttons", "buttons_towards", "direction"]

LEFT, RIGHT, UP, DOWN = 1, 2, 4, 8


@dataclass(frozen=True, slots=True)
class Buttons:
    """An input."""

    held: Annotated[int, Range(0, 15)]


BUTTONS = Packer(Buttons)


def direction(buttons: int) -> tuple[int, int]:
    """Where the buttons lead: -1, 0 or 1 along each axis."""
    return bool(buttons & RIGHT) - bool(buttons & LEFT), bool(buttons & DOWN) - bool(buttons & UP)


def buttons_towards(dx: float, dy: float, dead_zone: float) -> int:
    """The buttons that lead in a direction. Along an axis on which it is nearer than ``dead_zone``, none is held."""
    across = RIGHT if dx > dead_zone else LEFT if dx < -dead_zone else 0
    return across | (DOWN if dy > dead_zone else UP if dy < -dead_zone else 0)
