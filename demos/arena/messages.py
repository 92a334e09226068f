"""What server and clients tell each other, in bytes; little-endian, as Godot's PackedByteArray has it.

EVENTS is reliable: each message counts. STATE is unreliable: the next one replaces it, and a late one is worthless.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from demos.arena.rules import Body

EVENTS, STATE = 0, 1  # channels
CHANNELS = 2
WELCOME, SCORES = 1, 2  # first byte of a message on EVENTS
FULL = 2  # data of a disconnect: no place for one more player
REDUNDANT = 10  # inputs a client sends again with each new one: so many packets in a row may get lost

_WELCOME = struct.Struct("<BB")
_SCORE = struct.Struct("<BHHBB?")
_INPUTS = struct.Struct("<I")
_STATE = struct.Struct("<IBB")
_PLAYER = struct.Struct("<BIffff")
_COIN = struct.Struct("<HH")


class Score(NamedTuple):
    """A row of the table. Round trip in ms, loss and throttle in percent; all 0 for a bot."""

    player: int
    points: int
    round_trip: int
    loss: int
    throttle: int
    is_bot: bool


class Snapshot(NamedTuple):
    """The world after one tick of the server."""

    tick: int
    players: dict[int, tuple[int, Body]]
    """Number of the last input that moved the player, and where that brought it."""
    coins: list[tuple[int, int]]


def pack_welcome(player: int) -> bytes:
    return _WELCOME.pack(WELCOME, player)


def unpack_welcome(message: bytes) -> int:
    player: int = _WELCOME.unpack(message)[1]
    return player


def pack_scores(scores: Sequence[Score]) -> bytes:
    return bytes([SCORES]) + b"".join(_SCORE.pack(*score) for score in scores)


def unpack_scores(message: bytes) -> list[Score]:
    return [Score._make(row) for row in _SCORE.iter_unpack(message[1:])]


def pack_inputs(newest: int, buttons: Sequence[int]) -> bytes:
    """The latest inputs, the newest last, and its number."""
    return _INPUTS.pack(newest) + bytes(buttons)


def unpack_inputs(message: bytes) -> list[tuple[int, int]]:
    """Inputs with their numbers, the oldest first."""
    (newest,) = _INPUTS.unpack_from(message)
    buttons = message[_INPUTS.size :]
    return list(enumerate(buttons, newest - len(buttons) + 1))


def pack_snapshot(snapshot: Snapshot) -> bytes:
    rows = [
        _PLAYER.pack(player, done, body.x, body.y, body.vx, body.vy)
        for player, (done, body) in snapshot.players.items()
    ]
    coins = [_COIN.pack(*coin) for coin in snapshot.coins]
    return b"".join([_STATE.pack(snapshot.tick, len(rows), len(coins)), *rows, *coins])


def unpack_snapshot(message: bytes) -> Snapshot:
    tick, players, _coins = _STATE.unpack_from(message)
    middle = _STATE.size + players * _PLAYER.size
    return Snapshot(
        tick,
        {player: (done, Body(*rest)) for player, done, *rest in _PLAYER.iter_unpack(message[_STATE.size : middle])},
        [(x, y) for x, y in _COIN.iter_unpack(message[middle:])],
    )
