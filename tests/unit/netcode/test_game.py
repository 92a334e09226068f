"""GameServer and GameClient: the pieces joined, packet by packet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest

from godot_enet.netcode import GameClient, GameServer, MessageError, Packer, Range, SchemaMismatch


@dataclass(frozen=True)
class Seen:
    x: Annotated[float, Range(0, 1000, 1 / 4)]


@dataclass(frozen=True)
class Own:
    x: float
    speed: float


@dataclass(frozen=True)
class Thrust:
    force: Annotated[int, Range(-1, 1)]


SEEN, OWN, THRUST = Packer(Seen), Packer(Own), Packer(Thrust)
TICK = 50.0


def step(own: Own, action: Thrust) -> Own:
    return Own(own.x + own.speed * action.force, own.speed)


class Game:
    """A server with two ships, of which the client has number 1."""

    def __init__(self) -> None:
        self.server: GameServer[int, Seen, Own, Thrust] = GameServer(SEEN, OWN, THRUST)
        self.client = GameClient(SEEN, OWN, THRUST, step, rate=1000 / TICK)
        self.own, self.other, self.tick = Own(100, 4), 500.0, 0

    def message(self, *, whole: bool = False) -> bytes:
        self.tick += 1
        for action in self.server.take(1, 3):
            self.own = step(self.own, action)
        self.other += 5
        self.server.update(self.tick, {1: Seen(self.own.x), 2: Seen(self.other)})
        return self.server.message(1, self.own, [2], whole=whole).data

    def receive(self, message: bytes) -> bool:
        return self.client.receive(message, self.tick * TICK)


def test_the_own_player_moves_at_once_and_is_right() -> None:
    game = Game()
    assert game.client.act(Thrust(1)) == b""  # nothing is known yet
    assert game.receive(game.message())
    for _ in range(3):
        packet = game.client.act(Thrust(1))
    assert game.client.prediction.state == Own(112, 4)
    assert game.client.own == Own(100, 4)
    game.server.receive(1, packet)
    assert game.receive(game.message())
    assert game.client.own == Own(112, 4)
    assert game.client.prediction.state == Own(112, 4)
    assert game.client.prediction.pending == 0


def test_others_are_between_their_states() -> None:
    game = Game()
    for _ in range(20):
        game.receive(game.message())
        game.client.update(game.tick * TICK)
    tick = game.client.clock.shown_tick
    assert tick is not None
    assert tick < 20
    assert game.client.others()[2].x == pytest.approx(500 + 5 * tick)
    assert game.client.newest == {2: Seen(600)}


def test_before_the_first_message_nobody_is_there() -> None:
    client = Game().client
    client.update(0.0)
    assert client.others() == client.newest == {}
    assert client.own is None


def test_only_changes_are_sent_unless_whole_states_are_asked_for() -> None:
    game = Game()
    sizes = []
    for whole in (False, False, True):
        game.receive(message := game.message(whole=whole))
        game.server.receive(1, game.client.act(Thrust(0)))
        sizes.append(len(message))
    assert sizes[1] < sizes[0]
    assert sizes[2] == sizes[0]


def test_who_has_left_is_forgotten() -> None:
    game = Game()
    game.receive(game.message())
    game.server.receive(1, game.client.act(Thrust(1)))
    game.server.remove(1)
    assert game.server.take(1) == []
    assert game.client.receive(game.message(), 0.0)
    assert game.client.prediction.pending == 1


@pytest.mark.parametrize("whole", [False, True])
def test_an_object_that_has_gone_disappears(whole: bool) -> None:
    game = Game()
    for _ in range(3):
        game.receive(game.message())
        game.server.receive(1, game.client.act(Thrust(0)))
    for tick in range(10):
        game.server.update(4 + tick, {1: Seen(100)})
        message = game.server.message(1, game.own, [], whole=whole)
        game.client.receive(message.data, (4 + tick) * TICK)
        game.client.update((4 + tick) * TICK)
    assert game.client.newest == game.client.others() == {}


def test_a_late_message_and_rubbish_change_nothing() -> None:
    game = Game()
    first, second = game.message(), game.message()
    assert game.receive(second)
    own = game.client.own
    assert not game.receive(first)
    third = game.message()
    for rubbish in (b"", b"a", third[:12], third + b"x"):
        with pytest.raises(MessageError):
            game.receive(rubbish)
    assert game.client.own is own
    assert game.receive(third)
    for packet in (b"", b"abc", bytes(5), b"\xff" * 30):
        with pytest.raises(MessageError):
            game.server.receive(1, packet)
    assert game.server.take(1) == []


def test_a_client_that_draws_no_others_does_not_keep_them() -> None:
    game = Game()
    for tick in range(1, 500):
        game.server.update(tick, {tick: Seen(5)})
        game.client.receive(game.server.message(1, game.own).data, tick * TICK)
        game.server.receive(1, game.client.act(Thrust(0)))
    assert len(game.client.newest) == 1
    assert len(game.client._interpolation._states) < 100


@pytest.mark.parametrize("age", [32_768, 65_535, 100_000])
def test_a_client_may_join_a_server_of_any_age(age: int) -> None:
    game = Game()
    game.tick = age
    for _ in range(5):
        assert game.receive(game.message())
        game.server.receive(1, game.client.act(Thrust(1)))
    assert game.client.newest == {2: Seen(525)}
    assert game.client.own == Own(116, 4)


def test_another_schema_is_noticed() -> None:
    game = Game()
    assert game.client.schema_hash == game.server.schema_hash
    assert GameClient(OWN, OWN, THRUST, step, 20).schema_hash != game.server.schema_hash
    assert GameServer(OWN, OWN, THRUST).schema_hash != GameServer(SEEN, SEEN, THRUST).schema_hash
    with pytest.raises(SchemaMismatch):
        GameClient(OWN, OWN, THRUST, step, 20).receive(game.message(), 0.0)
