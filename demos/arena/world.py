"""The players and the coins of an arena, how they move, and what everybody sees: a server, but for the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Annotated

from godot_enet.netcode import GameServer, Packer, Range, Step

from .._buttons import BUTTONS, Buttons
from .._disc import Disc
from . import rules
from .bots import Bot

INPUTS_PER_TICK = round(rules.TICK / rules.STEP)
WELCOME, STATE, CHANNELS = 0, 1, 2  # channels, and their number; STATE is unreliable: each message replaces the last
FIRST_COIN = 1000  # coins are objects like players, with ids from here on


@dataclass(frozen=True, slots=True)
class Seen:
    """What everybody sees of a player, or of a coin. Only changes are sent, so what seldom changes costs little."""

    x: Annotated[float, Range(0, rules.WIDTH, 1 / 16)]
    y: Annotated[float, Range(0, rules.HEIGHT, 1 / 16)]
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


@dataclass(slots=True)
class Player:
    """A player: a remote one, or a bot."""

    body: Disc
    bot: Bot | None = None
    points: int = 0
    round_trip: int = 0
    loss: int = 0

    def seen(self) -> Seen:
        return Seen(self.body.x, self.body.y, self.points, self.round_trip, self.loss, self.bot is not None)


class World:
    """All that moves. Equal seeds and inputs give equal worlds."""

    def __init__(self, seed: int = 1) -> None:
        self.players: dict[int, Player] = {}
        self.tick = 0
        self.net = GameServer[int, Seen, Disc, Buttons](SEEN, BODIES, BUTTONS)
        self._random = Random(seed)
        self.coins = [rules.free_place(self._random) for _ in range(rules.COINS)]

    def is_full(self) -> bool:
        return len(self.players) >= rules.MAX_PLAYERS

    def add(self, bot: Bot | None = None) -> int:
        """Add a player at a free place, unless the arena is full. Returns its number, the lowest free one."""
        number = next(number for number in range(rules.MAX_PLAYERS) if number not in self.players)
        self.players[number] = Player(Disc(*rules.free_place(self._random)), bot)
        return number

    def remove(self, number: int) -> None:
        del self.players[number]
        self.net.remove(number)

    def message(self, number: int, *, whole: bool = False) -> bytes:
        """What a player gets after a tick."""
        return self.net.message(number, self.players[number].body, whole=whole).data

    def states(self) -> dict[int, Seen]:
        """What everybody sees."""
        coins = {FIRST_COIN + index: Seen(*coin) for index, coin in enumerate(self.coins)}
        return coins | {number: player.seen() for number, player in self.players.items()}

    def move(self) -> None:
        """Advance by a tick."""
        self.tick += 1
        bodies = [player.body for player in self.players.values()]
        for number, player in self.players.items():
            if player.bot:
                for _ in range(INPUTS_PER_TICK):
                    rules.advance(player.body, player.bot.steer(player.body, self.coins, bodies))
            for buttons in self.net.take(number, INPUTS_PER_TICK):
                rules.advance(player.body, buttons.held)
        rules.push_apart(bodies)
        for index, coin in enumerate(self.coins):
            for player in self.players.values():
                if player.body.distance(*coin) < rules.RADIUS + rules.COIN_RADIUS:
                    player.points += 1
                    self.coins[index] = rules.free_place(self._random)
                    break
