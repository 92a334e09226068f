"""What server and clients send. The states are packed by godot_enet.netcode; the rest is a few bytes.

EVENTS is reliable, because each message matters. STATE is unreliable: each message replaces the last. A server's begins
with the receiver's own player, exactly, before the changes of all others; a client's has the acknowledgement of these,
and the latest inputs.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from godot_enet.netcode import Packer, Range

from .rules import HEIGHT, WIDTH, Body

EVENTS, STATE = 0, 1  # channels
CHANNELS = 2
WELCOME, SCORES, COINS = 1, 2, 3  # first byte of a message on EVENTS
FULL, OTHER_VERSION = 2, 3  # data of a disconnect
ACK_SIZE = 6


@dataclass(frozen=True, slots=True)
class Place:
    """What others see of a player."""

    x: Annotated[float, Range(0, WIDTH, 1 / 16)]
    y: Annotated[float, Range(0, HEIGHT, 1 / 16)]


@dataclass(frozen=True, slots=True)
class Buttons:
    """An input."""

    held: Annotated[int, Range(0, 15)]


PLACES, BODIES, BUTTONS = Packer(Place), Packer(Body), Packer(Buttons)
HASH = PLACES.schema_hash ^ BODIES.schema_hash ^ BUTTONS.schema_hash
"""Data of a connect: the server refuses a client with other schemas."""
HEAD = struct.Struct("<H")
OWN_SIZE = HEAD.size + BODIES.size
_SCORE = struct.Struct("<BHHB?")


class Score(NamedTuple):
    """A row of the table. Round trip in ms, loss in percent; all 0 for a bot."""

    player: int
    points: int
    round_trip: int
    loss: int
    is_bot: bool


def pack_scores(scores: Sequence[Score]) -> bytes:
    return bytes([SCORES]) + b"".join(_SCORE.pack(*score) for score in scores)


def unpack_scores(message: bytes) -> list[Score]:
    return [Score._make(row) for row in _SCORE.iter_unpack(message[1:])]


def pack_coins(coins: Sequence[tuple[int, int]]) -> bytes:
    return bytes([COINS]) + b"".join(struct.pack("<HH", *coin) for coin in coins)


def unpack_coins(message: bytes) -> list[tuple[int, int]]:
    return [(x, y) for x, y in struct.iter_unpack("<HH", message[1:])]


def pack_own(done: int, body: Body) -> bytes:
    """The number of the last input that moved the player, and where it took it."""
    return HEAD.pack(done & 0xFFFF) + BODIES.pack(body)


def unpack_own(message: bytes) -> tuple[int, Body]:
    return HEAD.unpack_from(message)[0], BODIES.unpack(message[HEAD.size : OWN_SIZE])
