"""The players and the coins of an arena, and how they move: the simulation of a server, without the network."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from godot_enet import ENetPacketPeer
from godot_enet.netcode import InputBuffer

from . import messages, rules
from .bots import Bot
from .rules import Body

INPUTS_PER_TICK = round(rules.TICK / rules.STEP)


@dataclass(slots=True)
class Player:
    """A player: a peer or a bot."""

    number: int
    body: Body
    peer: ENetPacketPeer | None = None
    bot: Bot | None = None
    points: int = 0
    inputs: InputBuffer[messages.Buttons] = field(default_factory=lambda: InputBuffer(messages.BUTTONS))
    done: int = 0
    """Number of the last input that moved the player."""


class World:
    """All that moves. Equal seeds and inputs give equal worlds."""

    def __init__(self, seed: int = 1) -> None:
        self.players: dict[int, Player] = {}
        self.tick = 0
        self._random = Random(seed)
        self.coins = [rules.free_place(self._random) for _ in range(rules.COINS)]

    def free_number(self) -> int | None:
        """The number of the next player; None if the arena is full."""
        return next((number for number in range(rules.MAX_PLAYERS) if number not in self.players), None)

    def add(self, number: int, peer: ENetPacketPeer | None = None, bot: Bot | None = None) -> Player:
        """Add a player at a free place."""
        player = self.players[number] = Player(number, Body(*rules.free_place(self._random)), peer, bot)
        return player

    def places(self) -> dict[int, messages.Place]:
        """What others see of each player."""
        return {number: messages.Place(each.body.x, each.body.y) for number, each in self.players.items()}

    def move(self) -> int:
        """Advance by a tick. Returns the number of coins that were taken."""
        self.tick += 1
        bodies = [player.body for player in self.players.values()]
        for player in self.players.values():
            if player.bot:
                for _ in range(INPUTS_PER_TICK):
                    rules.advance(player.body, player.bot.steer(player.body, self.coins, bodies))
            for number, buttons in player.inputs.take(INPUTS_PER_TICK):
                player.done = number
                rules.advance(player.body, buttons.held)
        rules.push_apart(bodies)
        taken = 0
        for index, (x, y) in enumerate(self.coins):
            for player in self.players.values():
                if player.body.distance(x, y) < rules.RADIUS + rules.COIN_RADIUS:
                    player.points += 1
                    self.coins[index] = rules.free_place(self._random)
                    taken += 1
                    break
        return taken
