"""demos/arena from the inside: players meet, and what they see is what the server has."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random

import pytest

from demos import _link
from demos._buttons import DOWN, LEFT, RIGHT, UP
from demos._disc import Disc
from demos._options import DemoError
from demos.arena import rules
from demos.arena.bots import Bot, shortest_way
from demos.arena.client import Client
from demos.arena.rules import STEP, TICK
from demos.arena.server import Server
from demos.arena.world import CHANNELS, STATE, table
from godot_enet import ENetConnection
from tests.attacks.work import lines_of
from tests.demos.program import PATIENCE


class Party:
    """A server and clients, without a window; a step is a frame of all of them."""

    def __init__(self, clients: int, bots: int = 0, threaded: bool = True) -> None:
        self.server = Server("127.0.0.1", 0, bots, threaded)
        self.clients = [Client("127.0.0.1", self.server.port, threaded, seed) for seed in range(clients)]

    def step(self, buttons: Callable[[int], int] = lambda _: 0) -> None:
        began = time.monotonic()
        self.server.update()
        for index, client in enumerate(self.clients):
            client.poll()
            client.send(buttons(index))
        time.sleep(max(0.0, STEP - (time.monotonic() - began)))

    def until(self, done: Callable[[], bool], buttons: Callable[[int], int] = lambda _: 0) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline
            self.step(buttons)

    def close(self) -> None:
        for client in self.clients:
            client.close()
        self.server.close()


@pytest.fixture
def party(host_engine: str, request: pytest.FixtureRequest) -> Iterator[Party]:
    party = Party(*request.param)
    yield party
    party.close()


@pytest.mark.parametrize("party", [(3, 2)], indirect=True)
def test_what_players_see_converges(party: Party) -> None:
    """Over a bad line, each sees itself where the server has it, and the others, too."""
    for client in party.clients:
        client.link.change(latency=30, jitter=10, loss=0.1)
    for player in party.server.players.values():
        player.bot = None  # or the coins never let them rest
    party.until(lambda: all(client.net.own is not None and client.number is not None for client in party.clients))
    starts = {number: (player.body.x, player.body.y) for number, player in party.server.players.items()}
    # Who is first gets the first number, and its place; from these places nothing is in the way.
    routes = {2: RIGHT | UP, 3: DOWN, 4: LEFT}
    numbers = [client.number or 0 for client in party.clients]
    assert sorted(numbers) == [2, 3, 4]
    for _ in range(25):
        party.step(lambda index: routes[numbers[index]])

    def agree() -> bool:
        truth = party.server.players
        return all(
            set(places := client.places()) == set(truth)
            and all(truth[number].body.distance(*place) < 0.05 for number, place in places.items())
            and all(abs(truth[number].body.vx) + abs(truth[number].body.vy) < 0.5 for number in places)
            for client in party.clients
        )

    party.until(agree)
    for number in numbers:
        assert party.server.players[number].body.distance(*starts[number]) > 20
    assert all(client.predicts and len(client.corrections) > 10 for client in party.clients)


@pytest.mark.parametrize("party", [(1, 0)], indirect=True)
def test_who_is_alone_is_never_corrected(party: Party) -> None:
    """Nobody in the way, walls or not: the prediction is exact, however late the server's answer and however many
    packets were lost."""
    (client,) = party.clients
    client.link.change(latency=50, jitter=20, loss=0.1)
    party.until(lambda: client.net.own is not None)
    for buttons in (RIGHT, DOWN | LEFT, UP, RIGHT | DOWN):
        for _ in range(9):
            party.step(lambda _, buttons=buttons: buttons)  # type: ignore[misc]
    assert len(client.corrections) > 5
    assert max(client.corrections) < 0.01


@pytest.mark.parametrize("party", [(1, 0)], indirect=True)
def test_without_prediction_every_snapshot_is_seen(party: Party) -> None:
    """All of the way, a snapshot at a time."""
    (client,) = party.clients
    client.predicts = False
    client.link.change(latency=25)
    party.until(lambda: client.net.own is not None)
    own = party.server.players[0].body
    own.x, own.y, own.vx, own.vy = 100.0, 320.0, 0.0, 0.0  # nothing is in the way to the right
    party.until(lambda: client.places()[0] == (100.0, 320.0))
    client.corrections.clear()
    party.until(lambda: client.places()[0][0] > 200.0, lambda _: RIGHT)
    assert sum(client.corrections) == pytest.approx(client.places()[0][0] - 100.0, abs=0.01)


@pytest.mark.parametrize("party", [(2, 14)], indirect=True)
def test_the_arena_is_full(party: Party) -> None:
    party.until(lambda: all(client.net.own is not None for client in party.clients))
    assert len(party.server.players) == rules.MAX_PLAYERS
    party.clients.append(Client("127.0.0.1", party.server.port))
    with pytest.raises(DemoError, match="The arena is full"):
        party.until(lambda: False)
    for _ in range(2):
        party.clients.pop().close()
    party.until(lambda: len(party.server.players) == 15)
    party.clients.append(Client("127.0.0.1", party.server.port))
    party.until(lambda: party.clients[-1].net.own is not None)


@pytest.mark.parametrize("party", [(2, 3)], indirect=True)
def test_coins_and_the_table(party: Party) -> None:
    """A coin that somebody takes counts once, and everybody reads it."""
    party.until(lambda: all(client.net.own is not None for client in party.clients))
    party.until(lambda: sum(player.points for player in party.server.players.values()) >= 2)
    for player in party.server.players.values():
        player.bot = None
        player.body.vx = player.body.vy = 0.0
    points = {number: player.points for number, player in party.server.players.items()}
    party.until(
        lambda: (
            all(
                {number: seen.points for number, seen in table(client.net.newest).items()} == points
                for client in party.clients
            )
            and len(points) == 5
        )
    )
    shown = table(party.clients[0].net.newest)
    assert [seen.points for seen in shown.values()] == sorted(points.values(), reverse=True)
    assert sorted(party.clients[0].coins) == sorted(party.server.world.coins)


def test_rubbish_does_not_hurt_the_server() -> None:
    party = Party(1)
    try:
        (client,) = party.clients
        party.until(lambda: client.net.own is not None)
        for rubbish in (b"", b"abc", bytes(99), bytes(5000), b"\xff" * 40):
            client.peer.send(STATE, rubbish, 1)
        before = len(client.corrections)
        party.until(lambda: len(client.corrections) > before + 5)
        assert len(party.server.players) == 1
    finally:
        party.close()


def test_networking_takes_few_steps_a_tick(host_engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """16 players, one of them here: 6,000 lines of Python take about a third of a millisecond."""
    party = Party(1, 15)
    (client,), world = party.clients, party.server.world
    move = world.move

    def move_untraced() -> None:
        tracing = sys.gettrace()
        sys.settrace(None)
        move()
        sys.settrace(tracing)

    monkeypatch.setattr(world, "move", move_untraced)
    try:
        party.until(lambda: client.net.own is not None)
        first = world.tick
        lines = lines_of(lambda: party.until(lambda: world.tick >= first + 30))
        assert lines / (world.tick - first) < 9000
    finally:
        party.close()


@pytest.mark.long
@pytest.mark.parametrize("threaded", [True, False], ids=["thread", "inline"])
def test_an_honest_game_of_64_meets_no_limit(host_engine: str, threaded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four times as many players as the arena admits run for coins for 300 ticks, over real sockets."""
    monkeypatch.setattr(rules, "MAX_PLAYERS", 64)
    monkeypatch.setattr(_link, "SILENCE", (32, 30_000, 60_000))  # 65 programs in one may be slow
    party = Party(64, threaded=threaded)
    bots = [Bot(number) for number in range(64)]

    def buttons(index: int) -> int:
        own = party.clients[index].net.own
        return 0 if own is None else bots[index].steer(own, party.clients[index].coins)

    try:
        party.until(lambda: all(client.net.own is not None for client in party.clients), buttons)
        party.until(lambda: party.server.world.tick > 300, buttons)
        assert len(party.server.players) == 64
        assert not any(client.ended for client in party.clients)
        drops = Counter(party.server.connection.counters())
        for client in party.clients:
            drops.update(client.connection.counters())
        assert +drops == Counter()
        assert any(player.points for player in party.server.players.values())
    finally:
        party.close()


def test_another_version_of_the_game_is_refused() -> None:
    party = Party(1)
    client = ENetConnection()
    try:
        client.create_host(1)
        peer = client.connect_to_host("127.0.0.1", party.server.port, CHANNELS, party.server.world.net.schema_hash ^ 1)
        assert peer is not None
        party.until(lambda: client.service().type == ENetConnection.EVENT_DISCONNECT)
        assert len(party.server.players) <= 1
    finally:
        client.destroy()
        party.close()


def test_inputs_move_only_the_copy() -> None:
    body = Disc(100.0, 300.0)
    assert rules.moved(body, RIGHT).x > 100.0
    assert body == Disc(100.0, 300.0)


def test_bots_neither_stand_still_nor_run_into_each_other() -> None:
    """The longest rest of each of 15 bots in half a minute, and how often they touch."""
    server = Server("127.0.0.1", 0, 15, threaded=False)
    touching = 0
    rests = dict.fromkeys(server.players, 0)
    longest = 0
    for _ in range(900):
        server.world.move()
        bodies = [player.body for player in server.players.values()]
        for index, body in enumerate(bodies):
            touching += sum(body.distance(other.x, other.y) < 2 * rules.RADIUS + 0.5 for other in bodies[:index])
            rests[index] = rests[index] + 1 if abs(body.vx) + abs(body.vy) < 25 else 0
            longest = max(longest, rests[index])
    server.close()
    assert longest * TICK < 2.0
    assert touching < 900 * 15 / 20  # each in less than a tick of ten
    assert sum(player.points for player in server.players.values()) > 60


def test_the_shortest_way_leads_round_a_wall() -> None:
    left, top, width, _ = rules.WALLS[0]
    start, goal = (left - 60.0, top + 50.0), (left + width + 60.0, top + 50.0)
    length, (x, y) = shortest_way(start, goal)
    assert x < left - rules.RADIUS
    assert y < top - rules.RADIUS
    assert width + 120 < length < width + 120 + 2 * (50 + 2 * rules.RADIUS)
    assert shortest_way((10.0, 10.0), (10.0, 500.0)) == (490.0, (10.0, 500.0))


def test_a_bot_reaches_its_coin_from_anywhere() -> None:
    """Alone, round walls and their corners: no way is longer than 1300 pixels, five seconds of running."""
    random = Random(5)
    for seed in range(400):
        start, coin = rules.free_place(random), rules.free_place(random)
        body, bot, inputs = Disc(*start), Bot(seed), 0
        while body.distance(*coin) >= rules.RADIUS + rules.COIN_RADIUS:
            rules.advance(body, bot.steer(body, [coin]))
            inputs += 1
            assert inputs * STEP < 5.0, (start, coin, body)


def test_nobody_stands_in_a_wall_or_in_another() -> None:
    bodies = [Disc(410.0 + 3 * number, 160.0, 50.0, -20.0) for number in range(6)]
    for _ in range(200):
        for body in bodies:
            rules.advance(body, 0)
        rules.push_apart(bodies)
    for index, body in enumerate(bodies):
        assert all(body.distance(other.x, other.y) > 2 * rules.RADIUS - 1 for other in bodies[:index])
        for left, top, width, height in rules.WALLS:
            near = (min(max(body.x, left), left + width), min(max(body.y, top), top + height))
            assert body.distance(*near) > rules.RADIUS - 1


def test_two_in_the_same_place_are_pushed_apart() -> None:
    bodies = [Disc(100.0, 300.0), Disc(100.0, 300.0)]
    rules.push_apart(bodies)
    assert bodies[0].distance(bodies[1].x, bodies[1].y) == 2 * rules.RADIUS
