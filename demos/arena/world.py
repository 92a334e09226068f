"""The players and the coins of an arena, and how they move: a whole server, but for the network."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from godot_enet.netcode import GameServer

from .._buttons import BUTTONS, Buttons
from .._disc import Disc
from . import messages, rules
from .bots import Bot
from .messages import Seen

INPUTS_PER_TICK = round(rules.TICK / rules.STEP)


@dataclass(slots=True)
class Player:
    """A player: a remote one, or a bot."""

    body: Disc
    bot: Bot | None = None
    points: int = 0
    round_trip: int = 0
    loss: int = 0


class World:
    """All that moves. Equal seeds and inputs give equal worlds."""

    def __init__(self, seed: int = 1) -> None:
        self.players: dict[int, Player] = {}
        self.tick = 0
        self.net: GameServer[int, Seen, Disc, Buttons] = GameServer(messages.SEEN, messages.BODIES, BUTTONS)
        self._random = Random(seed)
        self.coins = [rules.free_place(self._random) for _ in range(rules.COINS)]

    def free_number(self) -> int | None:
        """The number of the next player; None if the arena is full."""
        return next((number for number in range(rules.MAX_PLAYERS) if number not in self.players), None)

    def add(self, number: int, bot: Bot | None = None) -> Player:
        """Add a player at a free place."""
        player = self.players[number] = Player(Disc(*rules.free_place(self._random)), bot)
        return player

    def remove(self, number: int) -> None:
        del self.players[number]
        self.net.remove(number)

    def message(self, number: int, *, whole: bool = False) -> bytes:
        """What a player gets after a tick."""
        return self.net.message(number, self.players[number].body, whole=whole).data

    def states(self) -> dict[int, Seen]:
        """What everybody sees."""
        coins = {messages.FIRST_COIN + index: Seen(*coin) for index, coin in enumerate(self.coins)}
        return coins | {
            number: Seen(each.body.x, each.body.y, each.points, each.round_trip, each.loss, each.bot is not None)
            for number, each in self.players.items()
        }

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
