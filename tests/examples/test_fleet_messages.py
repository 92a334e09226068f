"""What gets through the checks of examples/fleet: what rooms and gateways say, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.fleet.messages import (
    MAX_BYTES,
    Announcement,
    BadMessage,
    Chat,
    Message,
    Move,
    Refusal,
    Reserve,
    Ticket,
    Traveller,
    pack,
    player_id,
    unpack,
)

PLAYER = player_id(b"0123456789abcdef")
ANN = Traveller(PLAYER, "Änn", 12, 3.5, 7)
KINDS: tuple[type[Message], ...] = (Announcement, Chat, Move, Refusal, Reserve, Ticket)


@pytest.mark.parametrize(
    "message",
    [
        Announcement("room-1", "192.0.2.7", 9000, 16, 0.25, False, [ANN, ANN]),
        Announcement("room-1", "rooms.example", 9000, 16),
        Reserve(ANN),
        Move(PLAYER, "room-2"),
        Ticket("room-2", "::1", 65535, "0f" * 16),
        Refusal("The room is full."),
        Chat("room-1", "Änn", 'Say "hello" \\ 🎲'),
    ],
)
def test_every_message_arrives_as_it_was(message: Message) -> None:
    assert unpack(pack(message), *KINDS) == message
    with pytest.raises(BadMessage):
        unpack(pack(message), *(kind for kind in KINDS if kind is not type(message)))


def announcement(**changed: Any) -> bytes:
    values = {"kind": "Announcement", "room": "room-1", "host": "192.0.2.7", "port": 9000, "seats": 16, "load": 0.5}
    return json.dumps({**values, "open": True, "travellers": [], **changed}).encode()


def traveller(**changed: Any) -> dict[str, Any]:
    return {"player": PLAYER, "name": "Ann", "points": 0, "x": 1.5, "y": 2.5, **changed}


def test_the_message_that_the_bad_ones_differ_from_is_good() -> None:
    assert unpack(announcement(travellers=[traveller()]), Announcement).travellers[0].name == "Ann"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"\xff",
        b"[" * MAX_BYTES,
        b'{"kind": ' * 1000,
        b"9" * MAX_BYTES,
        json.dumps({"kind": ["Announcement"]}).encode(),
        announcement(kind="Message"),
        announcement(kind=None),
        announcement(more=1),
        announcement(room="room 1"),
        announcement(room="room.1"),
        announcement(room="room-1\n"),
        announcement(room=">"),
        announcement(room=""),
        announcement(room="r" * 25),
        announcement(room=1),
        announcement(host="a b"),
        announcement(port=0),
        announcement(port=65536),
        announcement(port=True),
        announcement(port=9000.0),
        announcement(port="9000"),
        announcement(port=10**300),
        announcement(load=float("nan")),
        announcement(load=float("inf")),
        announcement(load=10**400),
        announcement(load=-0.1),
        announcement(open=1),
        announcement(travellers=None),
        announcement(travellers={}),
        announcement(travellers=[1]),
        announcement(travellers=[[]]),
        announcement(travellers=[traveller()] * 65),
        announcement(travellers=[traveller(name="a" * 17)]),
        announcement(travellers=[traveller(name="a\nb")]),
        announcement(travellers=[traveller(name="\ud800")]),
        announcement(travellers=[traveller(player="A" * 32)]),
        announcement(travellers=[traveller(points=-1)]),
        announcement(travellers=[traveller(x=961)]),
        announcement(travellers=[{**traveller(), "admin": True}]),
        announcement() + b" " * MAX_BYTES,
    ],
)
def test_a_bad_message_is_refused(data: bytes) -> None:
    with pytest.raises(BadMessage):
        unpack(data, *KINDS)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(field=st.sampled_from(["kind", "room", "host", "port", "seats", "load", "open", "travellers"]), value=_VALUES)
def test_any_value_is_good_or_refused(field: str, value: object) -> None:
    try:
        message = unpack(announcement(**{field: value}), *KINDS)
    except BadMessage:
        return
    assert unpack(pack(message), *KINDS) == message


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(BadMessage):
        unpack(data, *KINDS)


def test_a_message_that_is_made_here_is_checked_too() -> None:
    with pytest.raises(BadMessage, match=r"Chat\.text is out of its limits"):
        Chat("room-1", "Ann", "")
    with pytest.raises(BadMessage, match=r"Reserve\.traveller must be of type Traveller"):
        Reserve("Ann")  # type: ignore[arg-type]
    with pytest.raises(BadMessage, match="a passport has 16 bytes"):
        player_id(b"short")


def test_the_largest_announcement_fits() -> None:
    """Names of characters of four bytes, and all seats of a room taken."""
    full = [Traveller(PLAYER, "🎲" * 16, 1_000_000, 123.4, 123.4)] * 16
    assert len(pack(Announcement("r" * 24, "h" * 253, 65535, 16, 999.999, False, full))) < MAX_BYTES / 2
