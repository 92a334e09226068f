"""What server and clients send: states and inputs, packed by godot_enet.netcode, and a byte that welcomes a player."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from godot_enet.netcode import Packer, Range, Step

from .._disc import Disc
from .rules import HEIGHT, WIDTH

WELCOME, STATE = 0, 1  # channels; STATE is unreliable: each message replaces the last
CHANNELS = 2
FIRST_COIN = 1000  # coins are objects like players, with ids from here on


@dataclass(frozen=True, slots=True)
class Seen:
    """What everybody sees of a player, or of a coin. Only changes are sent, so what seldom changes costs little."""

    x: Annotated[float, Range(0, WIDTH, 1 / 16)]
    y: Annotated[float, Range(0, HEIGHT, 1 / 16)]
    points: Annotated[int, Range(0, 9999), Step()] = 0
    round_trip: Annotated[int, Range(0, 9999), Step()] = 0
    """In milliseconds; 0 for a bot."""
    loss: Annotated[int, Range(0, 100), Step()] = 0
    """In percent."""
    is_bot: bool = False


SEEN, BODIES = Packer(Seen), Packer(Disc)


def coins_of(states: Mapping[int, Seen]) -> list[tuple[float, float]]:
    """Where the coins are."""
    return [(seen.x, seen.y) for number, seen in states.items() if number >= FIRST_COIN]


def table(states: Mapping[int, Seen]) -> dict[int, Seen]:
    """The players, the best first."""
    players = [(-seen.points, number) for number, seen in states.items() if number < FIRST_COIN]
    return {number: states[number] for _, number in sorted(players)}


def title(number: int, seen: Seen, names: Mapping[int | None, str]) -> str:
    """A player in the table; ``names`` are those of some players."""
    return f"{'bot' if seen.is_bot else 'player'} {number}" + (f", {names[number]}" if number in names else "")
