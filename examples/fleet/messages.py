"""What rooms and gateways tell each other over NATS: JSON objects, each of one of the classes here.

Anybody who reaches the bus can publish anything. So a message checks its fields when it is made, and ``unpack`` makes
one from received data or raises ``BadMessage``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from hashlib import blake2s
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from demos.arena.rules import HEIGHT, WIDTH

MAX_BYTES = 16384
PASSPORT_SIZE = 16  # bytes: a player's secret, which the player's program makes
TOKEN_SIZE = 16
MAX_POINTS = 1_000_000
MAX_LOAD = 1000.0


class BadMessage(ValueError):
    """The data is no message, or a field is not what it has to be."""


class Limit(NamedTuple):
    """The limits of a number, or of the number of elements of a list."""

    low: float
    high: float


_LINE = r"[^\x00-\x1f\x7f\ud800-\udfff]"
RoomName = Annotated[str, re.compile(r"[a-z0-9-]{1,24}")]  # also a token of a subject of NATS
PlayerId = Annotated[str, re.compile(r"[0-9a-f]{32}")]
PlayerName = Annotated[str, re.compile(_LINE + "{1,16}")]
Line = Annotated[str, re.compile(_LINE + "{1,200}")]
Host = Annotated[str, re.compile(r"[A-Za-z0-9.:-]{1,253}")]
Port = Annotated[int, Limit(1, 65535)]


def player_id(passport: bytes) -> str:
    """How a player is called on the bus, where the passport itself is never sent."""
    if len(passport) != PASSPORT_SIZE:
        raise BadMessage(f"a passport has {PASSPORT_SIZE} bytes")
    return blake2s(passport, digest_size=16).hexdigest()


class Message:
    """Base of all messages. Raises BadMessage where a field is not what its annotation says."""

    def __post_init__(self) -> None:
        for name, hint in _fields(type(self)).items():
            _check(f"{type(self).__name__}.{name}", hint, getattr(self, name))


@dataclass(frozen=True)
class Traveller(Message):
    """A player, and what comes along into another room."""

    player: PlayerId
    name: PlayerName
    points: Annotated[int, Limit(0, MAX_POINTS)] = 0
    x: Annotated[float, Limit(0, WIDTH)] = WIDTH / 2
    y: Annotated[float, Limit(0, HEIGHT)] = HEIGHT / 2


@dataclass(frozen=True)
class Announcement(Message):
    """A room is there. ``load`` is the share of a frame that it computes."""

    room: RoomName
    host: Host
    port: Port
    seats: Annotated[int, Limit(1, 64)]
    load: Annotated[float, Limit(0, MAX_LOAD)] = 0.0
    open: bool = True
    travellers: Annotated[list[Traveller], Limit(0, 64)] = field(default_factory=list)
    """All players with a seat, reserved ones included."""


@dataclass(frozen=True)
class Reserve(Message):
    """To a room: hold a seat. It answers with a Ticket or a Refusal."""

    traveller: Traveller


@dataclass(frozen=True)
class Move(Message):
    """To the room of a player: get a seat in that room, and let the player go. It answers as to Reserve."""

    player: PlayerId
    room: RoomName


@dataclass(frozen=True)
class Ticket(Message):
    """A seat in a room: the token in hexadecimal digits is good once, for a ``SeatTicket``."""

    room: RoomName
    host: Host
    port: Port
    token: Annotated[str, re.compile(rf"[0-9a-f]{{{2 * TOKEN_SIZE}}}")]


@dataclass(frozen=True)
class Refusal(Message):
    """Why there is no ticket."""

    reason: Line


@dataclass(frozen=True)
class Chat(Message):
    """What a player says to all rooms."""

    room: RoomName
    name: PlayerName
    text: Line


_M = TypeVar("_M", bound=Message)
_fields: Callable[[Any], dict[str, Any]] = cache(partial(get_type_hints, include_extras=True))


def pack(message: Message) -> bytes:
    """Return the message as JSON. Raises BadMessage if it is too long."""
    data = json.dumps({"kind": type(message).__name__, **asdict(message)}, ensure_ascii=False).encode()  # type: ignore[call-overload]
    if len(data) > MAX_BYTES:
        raise BadMessage(f"a message of {len(data)} bytes")
    return data


def unpack(data: bytes, *kinds: type[Message]) -> Any:
    """Parse a message of one of ``kinds``. Raises BadMessage for anything else."""
    if len(data) > MAX_BYTES:
        raise BadMessage(f"a message of {len(data)} bytes")
    try:
        values = json.loads(data)
    except (ValueError, RecursionError):
        raise BadMessage("not JSON") from None
    kind = values.pop("kind", None) if isinstance(values, dict) else None
    for each in kinds:
        if each.__name__ == kind:
            return _make(each, values)
    raise BadMessage("not one of " + ", ".join(each.__name__ for each in kinds))


def _make(kind: type[_M], values: Any) -> _M:
    hints = _fields(kind)
    if not isinstance(values, dict) or values.keys() != hints.keys():
        raise BadMessage(f"{kind.__name__} has the fields {', '.join(hints)}")
    return kind(**{name: _nested(hints[name], value) for name, value in values.items()})


def _nested(hint: Any, value: Any) -> Any:
    """The value with messages in the place of what stands for them in JSON."""
    if get_origin(hint) is Annotated:
        return _nested(get_args(hint)[0], value)
    if get_origin(hint) is list and isinstance(value, list):
        return [_nested(get_args(hint)[0], each) for each in value]
    return _make(hint, value) if isinstance(hint, type) and issubclass(hint, Message) else value


def _check(where: str, hint: Any, value: Any) -> None:
    base, *marks = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    wanted = get_origin(base) or base
    if type(value) is not wanted and (wanted, type(value)) != (float, int):  # a bool is no int here
        raise BadMessage(f"{where} must be of type {wanted.__name__}")
    for mark in marks:
        if isinstance(mark, Limit):
            good = mark.low <= (len(value) if isinstance(value, list) else value) <= mark.high
        else:
            good = mark.fullmatch(value) is not None
        if not good:
            raise BadMessage(f"{where} is out of its limits")
    if isinstance(value, list):
        for each in value:
            _check(where, get_args(base)[0], each)
