"""A match of 64 players with the rules of the arena, on the virtual network and clock.

The map is four arenas, and a client gets the players within its window of one arena. Some players are clients over the
link; bots steer them all. Everything that is drawn is compared with what was true.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from struct import Struct
from typing import Annotated, NamedTuple

from demos._disc import Disc
from demos.arena import rules
from demos.arena.bots import Bot
from demos.arena.rules import Field
from godot_enet import ENetConnection, ENetPacketPeer
from godot_enet.netcode import (
    Blend,
    DeltaReceiver,
    DeltaSender,
    InputBuffer,
    InputSender,
    Interest,
    Interpolation,
    Packer,
    Prediction,
    Range,
    TickClock,
)
from godot_enet.testing import LinkConfig, Network

__all__ = ["PLACES", "RADIUS", "RATE", "STEPS", "Client", "Match", "Place", "Settings", "distance"]

RATE = 20
STEPS = 3
"""Inputs in a tick."""
FRAMES = (17, 17, 16)
"""Milliseconds of the frames of a tick: 60 in a second."""
MAP = Field(
    2 * rules.WIDTH,
    2 * rules.HEIGHT,
    tuple(
        (left + x * rules.WIDTH, top + y * rules.HEIGHT, width, height)
        for left, top, width, height in rules.WALLS
        for x in (0, 1)
        for y in (0, 1)
    ),
)
RADIUS = 551.0
"""Pixels from the middle of the arena's window to its corners."""
PORT, STATE, TIME = 7777, 0, 1
PING_EVERY = 30
"""Frames."""
SKIPPED = 300
"""Frames at the beginning, in which the clocks settle."""


@dataclass(frozen=True, slots=True)
class Place:
    """What others see of a player."""

    x: Annotated[float, Range(0, MAP.width, 1 / 4)]
    y: Annotated[float, Range(0, MAP.height, 1 / 4)]


@dataclass(frozen=True, slots=True)
class Own:
    """What a player needs to predict itself."""

    x: Annotated[float, Range(0, MAP.width, 1 / 32)]
    y: Annotated[float, Range(0, MAP.height, 1 / 32)]
    vx: Annotated[float, Range(-512, 512, 1 / 16)]
    vy: Annotated[float, Range(-512, 512, 1 / 16)]


@dataclass(frozen=True, slots=True)
class Buttons:
    """An input."""

    held: Annotated[int, Range(0, 15)]


PLACES, OWN, BUTTONS = Packer(Place), Packer(Own), Packer(Buttons)
HEAD = Struct("<H")
"""The number of the last input that moved the player, before its state and the others'."""


def act(own: Own, buttons: Buttons) -> Own:
    """The state after an input, as the rules have it."""
    body = Disc(own.x, own.y, own.vx, own.vy)
    rules.advance(body, buttons.held, MAP)
    return Own(body.x, body.y, body.vx, body.vy)


class Settings(NamedTuple):
    """What a match is like."""

    delay: int = 100
    """Milliseconds each way."""
    loss: float = 0.05
    players: int = 64
    clients: int = 4
    interest: bool = True
    budget: int = 98
    """Bytes of a message, with the own state."""
    seed: int = 1


@dataclass(slots=True)
class Player:
    """A player on the server."""

    body: Disc
    bot: Bot
    inputs: InputBuffer[Buttons] = field(default_factory=lambda: InputBuffer(BUTTONS))
    done: int = 0
    truth: dict[int, tuple[float, float]] = field(default_factory=dict)
    """The place after each input, of clients."""
    peer: ENetPacketPeer | None = None


class Server:
    """Moves the world."""

    def __init__(self, connection: ENetConnection, settings: Settings) -> None:
        self.connection, self.settings = connection, settings
        self.random = Random(settings.seed)
        self.players = {n: Player(Disc(*rules.free_place(self.random, MAP)), Bot(n)) for n in range(settings.players)}
        self.coins = [rules.free_place(self.random, MAP) for _ in range(4 * rules.COINS)]
        self.sender: DeltaSender[int, Place] = DeltaSender(PLACES)
        self.interest: Interest[int] = Interest(RADIUS)
        self.paths: dict[int, list[tuple[float, float]]] = {n: [] for n in self.players}
        """The place of each player after each step."""
        self.tick = 0
        self.pushes = 0
        """Players pushed, in all ticks."""
        self.payload: list[int] = []
        self.distances: list[tuple[float, bool]] = []
        """How far a relevant player was from the client, and whether it was sent, for each message."""
        self.numbers: dict[ENetPacketPeer, int] = {}

    def receive(self, now: int) -> None:
        """Take what has arrived."""
        while (event := self.connection.service()).peer is not None:
            if event.type == ENetConnection.EVENT_CONNECT:
                number = len(self.numbers)
                self.numbers[event.peer] = number
                self.players[number].peer = event.peer
                event.peer.throttle_configure(5000, 2, 0)
            elif event.type == ENetConnection.EVENT_RECEIVE:
                number, packet = self.numbers[event.peer], event.peer.get_packet()
                if event.channel == TIME:
                    event.peer.send(TIME, TickClock.pong(packet, now), 0)
                    continue
                size = packet[0]
                self.sender.acknowledge(number, packet[1 : 1 + size])
                self.players[number].inputs.receive(packet[1 + size :])

    def move(self) -> None:
        """A tick: steps of all players, then who overlaps is pushed apart."""
        self.tick += 1
        bodies = [player.body for player in self.players.values()]
        for step in range(STEPS):
            for number, player in self.players.items():
                if player.peer is None:
                    rules.advance(player.body, player.bot.steer(player.body, self.coins, bodies, MAP), MAP)
                if step < STEPS - 1:
                    self.paths[number].append((player.body.x, player.body.y))
        for player in self.players.values():
            for done, buttons in player.inputs.take(STEPS):
                player.done = done
                rules.advance(player.body, buttons.held, MAP)
                player.truth[done] = player.body.x, player.body.y
        before = [(body.x, body.y) for body in bodies]
        rules.push_apart(bodies, MAP)
        self.pushes += sum((body.x, body.y) != place for body, place in zip(bodies, before, strict=True))
        for number, player in self.players.items():
            self.paths[number].append((player.body.x, player.body.y))
            player.truth[player.done] = player.body.x, player.body.y
        for index, (x, y) in enumerate(self.coins):
            if any(each.body.distance(x, y) < rules.RADIUS + rules.COIN_RADIUS for each in self.players.values()):
                self.coins[index] = rules.free_place(self.random, MAP)

    def send(self) -> None:
        """A message for each client."""
        self.sender.update(self.tick, {n: Place(each.body.x, each.body.y) for n, each in self.players.items()})
        self.interest.clear()
        for number, player in self.players.items():
            self.interest.place(number, (player.body.x, player.body.y))
        for number, player in self.players.items():
            if player.peer is None:
                continue
            body = player.body
            ids = self.interest.select(number, (body.x, body.y)) if self.settings.interest else list(self.players)
            ids.remove(number)
            head = HEAD.pack(player.done & 0xFFFF) + OWN.pack(Own(body.x, body.y, body.vx, body.vy))
            message = self.sender.message(number, ids, self.settings.budget - len(head))
            self.interest.sent(number, message.sent)
            sent = set(message.sent)
            self.distances += [
                (body.distance(self.players[each].body.x, self.players[each].body.y), each in sent) for each in ids
            ]
            player.peer.send(STATE, head + message.data, 0)
            self.payload.append(len(head) + len(message.data))
        self.connection.flush()


class Frame(NamedTuple):
    """What a client drew in a frame."""

    input: int
    own: tuple[float, float]
    predicted: tuple[float, float]
    """The own player without the smoothing of corrections."""
    newest_own: tuple[float, float]
    """The own player without prediction: as the last message has it."""
    tick: float
    others: dict[int, Place]
    newest: dict[int, Place]
    """The others without interpolation."""
    arrived: int
    """The newest tick that has arrived."""
    moment: int
    """The server's clock, and what the client takes it for."""
    server_time: float


class Client:
    """Predicts itself, interpolates the others."""

    def __init__(self, connection: ENetConnection, server: str, seed: int) -> None:
        self.connection = connection
        peer = connection.connect_to_host(server, PORT, 2)
        assert peer is not None
        self.peer = peer
        self.bot = Bot(1000 + seed)
        self.inputs = InputSender(BUTTONS)
        self.receiver = DeltaReceiver(PLACES)
        self.clock = TickClock(RATE)
        self.between: Interpolation[int, Place] = Interpolation(Blend(Place))
        self.prediction = Prediction(act, Blend(Own))
        self.newest: dict[int, Place] = {}
        self.newest_own: Own | None = None
        self.frames: list[Frame] = []
        self.received = self.count = 0

    def frame(self, now: int, coins: list[tuple[int, int]]) -> None:
        """Receive, act, draw."""
        local = now + 777.0
        while (event := self.connection.service()).peer is not None:
            if event.type == ENetConnection.EVENT_RECEIVE:
                packet = self.peer.get_packet()
                if event.channel == TIME:
                    self.clock.receive_pong(packet, local)
                else:
                    self._receive(packet, local)
        self.clock.update(local)
        self.count += 1
        if self.count % PING_EVERY == 0 and self.received:
            self.peer.send(TIME, self.clock.ping(local), 0)
        own = self.prediction.state
        if own is None:
            return
        me = Disc(own.x, own.y, own.vx, own.vy)
        buttons = self.inputs.add(Buttons(self.bot.steer(me, coins, self._seen(), MAP)))
        self.prediction.act(self.inputs.number, buttons)
        ack = self.receiver.ack()
        packet = bytes([len(ack)]) + ack + self.inputs.packet()
        self.peer.send(STATE, packet, 0)
        self.connection.flush()
        tick, time, exact = self.clock.shown_tick, self.clock.server_time, self.prediction.state
        if tick is None or time is None:
            return
        drawn, received = self.prediction.shown, self.newest_own
        if drawn is None or exact is None or received is None:
            return
        places = (drawn.x, drawn.y), (exact.x, exact.y), (received.x, received.y)
        others, raw = self.between.at(tick), dict(self.newest)
        arrived = self.receiver.tick
        self.frames.append(Frame(self.inputs.number, *places, tick, others, raw, arrived, now, time))

    def _seen(self) -> list[Disc]:
        """The others as they are drawn, with their speeds."""
        if not self.frames:
            return []
        now, before = self.frames[-1].others, self.frames[-min(4, len(self.frames))].others
        return [
            Disc(place.x, place.y, (place.x - before[n].x) * 20, (place.y - before[n].y) * 20)
            for n, place in now.items()
            if n in before
        ]

    def _receive(self, packet: bytes, local: float) -> None:
        update = self.receiver.receive(packet[HEAD.size + OWN.size :])
        self.received += 1
        if update is None:
            return
        (done,) = HEAD.unpack_from(packet)
        self.newest_own = OWN.unpack(packet[HEAD.size : HEAD.size + OWN.size])
        self.prediction.correct(done, self.newest_own)
        self.clock.receive_snapshot(update.tick, local)
        self.between.add(update.tick, update.states)
        self.newest |= update.states
        for number in update.gone:
            self.between.remove(number, update.tick)
            self.newest.pop(number, None)


class Match:
    """A match, played."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        link = LinkConfig(delay=settings.delay, loss=settings.loss)
        self.network = Network(seed=settings.seed, link=link)
        here = self.network.machine()
        connection = here.connection(threaded=False)
        connection.create_host_bound("*", PORT, settings.clients, 2)
        self.server = Server(connection, settings)
        self.moments: list[int] = []
        """The server's clock at each tick, from 1."""
        self.clients = []
        for seed in range(settings.clients):
            host = self.network.machine().connection(threaded=False)
            host.create_host(1, 2)
            self.clients.append(Client(host, here.ip, seed))

    def play(self, seconds: float) -> None:
        """Play, after everybody has joined."""
        for _ in range(round(seconds * RATE)):
            for length in FRAMES:
                self.network.run(length)
                self.server.receive(self.network.now)
                for client in self.clients:
                    client.frame(self.network.now, self.server.coins)
            self.server.move()
            self.moments.append(self.network.now)
            self.server.send()

    def own_errors(self, *, predicted: bool = True, skip: int = SKIPPED) -> Iterator[float]:
        """By how many pixels each client drew itself off, in each frame: from where that input took it."""
        for number, client in enumerate(self.clients):
            truth = self.server.players[number].truth
            for frame in client.frames[skip:]:
                if frame.input in truth:
                    yield distance(frame.own if predicted else frame.newest_own, truth[frame.input])

    def other_errors(self, skip: int = SKIPPED) -> Iterator[float]:
        """By how many pixels each client drew another player off, in each frame: from where it was at that time."""
        for client in self.clients:
            for frame in client.frames[skip:]:
                for number, place in frame.others.items():
                    yield distance((place.x, place.y), self.true_place(number, frame.tick))

    def true_place(self, number: int, tick: float) -> tuple[float, float]:
        """Where a player was at a time, in ticks."""
        path, at = self.server.paths[number], tick * STEPS - 1
        index = max(0, min(int(at), len(path) - 2))
        (x, y), (next_x, next_y) = path[index], path[index + 1]
        share = at - index
        return x + (next_x - x) * share, y + (next_y - y) * share


def distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2) ** 0.5)
