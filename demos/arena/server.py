"""The authority: it alone moves the world. Clients send what they press; where that leads, the server says."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from random import Random

from demos._options import GOODBYE, SILENCE, port_in_use
from demos.arena.bots import Bot
from demos.arena.messages import (
    CHANNELS,
    EVENTS,
    FULL,
    STATE,
    Score,
    Snapshot,
    pack_scores,
    pack_snapshot,
    pack_welcome,
    unpack_inputs,
)
from demos.arena.rules import (
    COIN_RADIUS,
    COINS,
    HEIGHT,
    MAX_PLAYERS,
    RADIUS,
    STEP,
    TICK,
    WALLS,
    WIDTH,
    Body,
    advance,
    push_apart,
)
from godot_enet import ENetConnection, ENetPacketPeer, Error

INPUTS_A_TICK = round(TICK / STEP)
CUSHION = 4  # inputs that may wait: they hide the jitter of a line; when more wait, one more is used a tick
MOST_WAITING = 60  # a second's worth; who sends faster than time passes gains nothing
SCORES_EVERY = 15  # ticks
THROTTLE = (5000, 2, 0)  # never hold unreliable packets back when the round trip grows, as ENet does: we send little
LATE = 5  # ticks made up at most, after the program was held up


@dataclass(slots=True)
class Player:
    """One who plays: with a peer, or a bot."""

    number: int
    body: Body
    peer: ENetPacketPeer | None = None
    bot: Bot | None = None
    points: int = 0
    waiting: deque[tuple[int, int]] = field(default_factory=deque)
    """Inputs that have arrived and not moved the player yet."""
    arrived: int = 0
    done: int = 0
    """Number of the last input that moved the player."""


class Server:
    """Listens, moves everybody, tells everybody."""

    def __init__(self, address: str, port: int, bots: int, threaded: bool = True, seed: int = 1) -> None:
        self.connection = ENetConnection(threaded=threaded)
        # One slot more than players: who comes too late is told so.
        if self.connection.create_host_bound(address, port, MAX_PLAYERS + 1, CHANNELS) != Error.OK:
            raise port_in_use(port)
        self.players: dict[int, Player] = {}
        self.tick = 0
        self.moving = 0.0
        """Seconds spent on bots and movement: all that is not networking."""
        self._random = Random(seed)
        self._next_tick = time.monotonic()
        self.coins = [self._free_place(COIN_RADIUS) for _ in range(COINS)]
        for number in range(bots):
            self.players[number] = Player(number, self._start(), bot=Bot(number))

    @property
    def port(self) -> int:
        return self.connection.get_local_port()

    def update(self) -> None:
        """Once per frame, or whenever there is time."""
        while (event := self.connection.service()).peer is not None:
            if event.type == ENetConnection.EVENT_CONNECT:
                self._come(event.peer)
            elif event.type == ENetConnection.EVENT_DISCONNECT:
                self._leave(event.peer, event.data)
            elif event.type == ENetConnection.EVENT_RECEIVE:
                self._take_inputs(event.peer, event.peer.get_packet())
        now = time.monotonic()
        self._next_tick = max(self._next_tick, now - LATE * TICK)
        while now >= self._next_tick:
            self._next_tick += TICK
            began = time.perf_counter()
            self._move()
            self.moving += time.perf_counter() - began
            self._tell()

    def wait(self) -> None:
        """Sleep until the next tick, for a program that has nothing else to do."""
        time.sleep(max(0.0, self._next_tick - time.monotonic()))

    def close(self) -> None:
        for peer in self.connection.get_peers():
            peer.peer_disconnect_now(GOODBYE)
        self.connection.destroy()

    def scores(self) -> list[Score]:
        """The table, the best first."""
        return sorted((_score(player) for player in self.players.values()), key=lambda row: (-row.points, row.player))

    # Coming, acting, leaving

    def _come(self, peer: ENetPacketPeer) -> None:
        number = next((number for number in range(MAX_PLAYERS) if number not in self.players), None)
        if number is None:
            peer.peer_disconnect_later(FULL)
            return
        peer.set_timeout(*SILENCE)
        peer.throttle_configure(*THROTTLE)
        peer.send(EVENTS, pack_welcome(number), ENetPacketPeer.FLAG_RELIABLE)
        self.players[number] = Player(number, self._start(), peer=peer)
        print(f"player {number} came from {peer.get_remote_address()}")

    def _leave(self, peer: ENetPacketPeer, data: int) -> None:
        player = self._player_of(peer)
        if player is not None:
            del self.players[player.number]
            print(f"player {player.number} {'left' if data == GOODBYE else 'vanished'}")

    def _take_inputs(self, peer: ENetPacketPeer, message: bytes) -> None:
        player = self._player_of(peer)
        if player is None or not 4 <= len(message) < 100:
            return  # never trust what comes from outside
        for number, buttons in unpack_inputs(message):
            if number > player.arrived:
                player.arrived = number
                player.waiting.append((number, buttons))
        while len(player.waiting) > MOST_WAITING:
            player.waiting.popleft()

    def _player_of(self, peer: ENetPacketPeer) -> Player | None:
        return next((player for player in self.players.values() if player.peer is peer), None)

    # The world

    def _move(self) -> None:
        self.tick += 1
        for player in self.players.values():
            for _ in range(INPUTS_A_TICK + (len(player.waiting) > CUSHION)):
                if player.bot:
                    advance(player.body, player.bot.steer(player.body, self.coins))
                elif player.waiting:
                    player.done, buttons = player.waiting.popleft()
                    advance(player.body, buttons)
        push_apart([player.body for player in self.players.values()])
        for index, (x, y) in enumerate(self.coins):
            for player in self.players.values():
                if player.body.distance(x, y) < RADIUS + COIN_RADIUS:
                    player.points += 1
                    self.coins[index] = self._free_place(COIN_RADIUS)
                    break

    def _tell(self) -> None:
        players = {player.number: (player.done, player.body) for player in self.players.values()}
        self.connection.broadcast(STATE, pack_snapshot(Snapshot(self.tick, players, self.coins)), 0)
        if self.tick % SCORES_EVERY == 0:
            self.connection.broadcast(EVENTS, pack_scores(self.scores()), ENetPacketPeer.FLAG_RELIABLE)
        self.connection.flush()

    def _start(self) -> Body:
        return Body(*self._free_place(RADIUS))

    def _free_place(self, radius: int) -> tuple[int, int]:
        while True:
            x, y = self._random.randrange(40, WIDTH - 40), self._random.randrange(40, HEIGHT - 40)
            margin = radius + 4
            if not any(
                left - margin < x < left + width + margin and top - margin < y < top + height + margin
                for left, top, width, height in WALLS
            ):
                return x, y


def _score(player: Player) -> Score:
    peer = player.peer
    if peer is None or peer.get_state() != ENetPacketPeer.STATE_CONNECTED:
        return Score(player.number, player.points, 0, 0, 0, player.bot is not None)
    round_trip = peer.get_statistic(ENetPacketPeer.PEER_ROUND_TRIP_TIME)
    loss = peer.get_statistic(ENetPacketPeer.PEER_PACKET_LOSS) / ENetPacketPeer.PACKET_LOSS_SCALE
    throttle = peer.get_statistic(ENetPacketPeer.PEER_PACKET_THROTTLE) / ENetPacketPeer.PACKET_THROTTLE_SCALE
    return Score(
        player.number, player.points, min(9999, round(round_trip)), round(100 * loss), round(100 * throttle), False
    )
