"""Packer and Delta: for any schema, values and losses both ends agree; and any bytes are a message or refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import make_dataclass
from enum import Enum
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godot_enet import Quaternion, Vector2, Vector3
from godot_enet.netcode import (
    Angle,
    DeltaReceiver,
    DeltaSender,
    InputBuffer,
    InputSender,
    MessageError,
    Packer,
    Range,
    Rotation,
)


class Stance(Enum):
    STANDING = "a"
    CROUCHING = "b"
    LYING = "c"


def floats(limit: float) -> st.SearchStrategy[float]:
    return st.floats(-limit, limit)


def ranges() -> st.SearchStrategy[Range]:
    return st.builds(
        lambda low, size, steps: Range(low, low + size, size / steps),
        st.integers(-5000, 5000),
        st.integers(1, 10_000),
        st.integers(1, 100_000),
    )


def vectors(kind: Callable[..., Any], size: int, limit: float) -> st.SearchStrategy[Any]:
    return st.tuples(*[floats(limit)] * size).map(lambda parts: kind(*parts))


@st.composite
def fields(draw: st.DrawFn) -> tuple[Any, st.SearchStrategy[Any]]:
    """A type with its mark, and its values."""
    mark = draw(ranges())
    bits = draw(st.integers(2, 32))
    rotations = vectors(Quaternion, 4, 1.0).filter(lambda value: value.length() > 0.1)
    choices: list[tuple[Any, st.SearchStrategy[Any]]] = [
        (bool, st.booleans()),
        (int, st.integers(-(2**31), 2**31 - 1)),
        (Annotated[int, Range(-7, 3)], st.integers(-7, 3)),
        (float, floats(1e30)),
        (Annotated[float, mark], floats(20_000)),
        (Annotated[float, Angle(bits)], floats(100)),
        (Stance, st.sampled_from(Stance)),
        (Vector2, vectors(Vector2, 2, 1e30)),
        (Annotated[Vector2, mark], vectors(Vector2, 2, 20_000)),
        (Annotated[Vector3, mark], vectors(Vector3, 3, 20_000)),
        (Annotated[Quaternion, Rotation(bits)], rotations),
    ]
    chosen: tuple[Any, st.SearchStrategy[Any]] = draw(st.sampled_from(choices))
    return chosen


@st.composite
def schemas(draw: st.DrawFn) -> tuple[type, st.SearchStrategy[Any]]:
    """A dataclass, and its values."""
    chosen = draw(st.lists(fields(), min_size=1, max_size=6))
    schema = make_dataclass("State", [(f"f{number}", kind) for number, (kind, _) in enumerate(chosen)], frozen=True)
    return schema, st.tuples(*[values for _, values in chosen]).map(lambda parts: schema(*parts))


@given(st.data())
def test_a_state_comes_back_rounded_once(data: st.DataObject) -> None:
    schema, states = data.draw(schemas())
    packer: Packer[Any] = Packer(schema)
    state = data.draw(states)
    packed = packer.pack(state)
    assert len(packed) == packer.size
    assert packer.unpack(packed) == packer.rounded(state)


@given(st.data())
def test_a_change_leads_from_any_row_to_any_other(data: st.DataObject) -> None:
    schema, states = data.draw(schemas())
    packer: Packer[Any] = Packer(schema)
    one, other = packer.quantize(data.draw(states)), packer.quantize(data.draw(states))
    bits, length = packer.rows.encode_change(one, other)
    assert bits >> length == 0
    assert length <= packer.rows.longest_change
    after = data.draw(st.integers(0, 2**20)) << length
    assert packer.rows.decode_change(one, bits | after) == (other, length)


@given(st.integers(-5000, 5000), st.integers(1, 1000), st.integers(1, 5000), floats(10_000))
def test_a_number_is_off_by_half_a_step_at_most(low: int, size: int, steps: int, value: float) -> None:
    mark = Range(low, low + size, size / steps)
    packer: Packer[Any] = Packer(make_dataclass("State", [("x", Annotated[float, mark])]))
    ((column,),) = [packer.quantize(packer.schema(value))]
    assert 0 <= column <= mark.steps
    inside = min(max(value, low), low + mark.steps * mark.step)
    assert abs(packer.rounded(packer.schema(value)).x - inside) <= mark.step / 2 + 1e-9


@given(floats(1000), st.integers(2, 20))
def test_an_angle_is_off_by_half_a_step_at_most(value: float, bits: int) -> None:
    packer: Packer[Any] = Packer(make_dataclass("State", [("x", Annotated[float, Angle(bits)])]))
    off = math.remainder(packer.rounded(packer.schema(value)).x - value, math.tau)
    assert abs(off) <= math.pi / (1 << bits) + 1e-9


IDS = st.integers(0, 9) | st.sampled_from([63, 64, 1000, 2**32 - 1])


@given(st.data())
def test_both_ends_are_equal_at_the_acknowledged_tick(data: st.DataObject) -> None:
    """Any objects come, change and go, and any messages and acknowledgements are lost, late or repeated."""
    schema, states = data.draw(schemas())
    packer: Packer[Any] = Packer(schema)
    sender: DeltaSender[str, Any] = DeltaSender(packer)
    first = data.draw(st.sampled_from([0, 65_500, 10_000_000]))
    receiver = DeltaReceiver(packer, near=first)
    truth: dict[int, dict[int, Any]] = {}
    world: dict[int, Any] = {}
    messages: list[bytes] = []
    acks: list[bytes] = []
    tick = first
    for _ in range(data.draw(st.integers(1, 12))):
        tick += data.draw(st.sampled_from([1, 1, 1, 2, 40, 64, 200]))
        for number in data.draw(st.lists(IDS, max_size=4)):
            world[number] = data.draw(states)
        for number in data.draw(st.lists(IDS, max_size=2)):
            world.pop(number, None)
        sender.update(tick, world)
        truth[tick] = {number: packer.rounded(state) for number, state in world.items()}
        budget = data.draw(st.sampled_from([16, 40, 1200]))
        message = sender.message("client", data.draw(st.permutations(list(world))), budget)
        assert len(message.data) <= budget
        messages.append(message.data)
        arrives: bool = data.draw(st.booleans())
        if arrives:
            update = receiver.receive(data.draw(st.sampled_from(messages[-3:])))
            if update is not None:
                assert {n: truth[update.tick][n] for n in update.states} == update.states
                # An object that came back may still be told to be gone, until it fits into a message.
                assert not set(update.gone) & update.states.keys()
            acks.append(receiver.ack())
        acknowledges: bool = data.draw(st.booleans())
        if acks and acknowledges:
            sender.acknowledge("client", data.draw(st.sampled_from(acks[-3:])))
    for _ in range(40):  # a link without losses brings both ends together, however little fits into a message
        tick += 1
        sender.update(tick, world)
        message = sender.message("client", budget=64)
        receiver.receive(message.data)
        sender.acknowledge("client", receiver.ack())
    assert receiver.tick == tick
    assert receiver.states == {number: packer.rounded(state) for number, state in world.items()}
    assert len(message.data) == 5  # and then nothing is sent


@given(st.data())
def test_inputs_arrive_once_and_in_order(data: st.DataObject) -> None:
    schema, states = data.draw(schemas())
    packer: Packer[Any] = Packer(schema)
    sender, buffer = InputSender(packer, copies=data.draw(st.integers(0, 6))), InputBuffer(packer, cushion=3)
    sent: list[Any] = []
    taken: list[tuple[int, Any]] = []
    packets: list[bytes] = []
    for _ in range(data.draw(st.integers(1, 30))):
        sent.append(sender.add(data.draw(states)))
        packets.append(sender.packet())
        if data.draw(st.booleans()):
            buffer.receive(data.draw(st.sampled_from(packets[-3:])))
        taken += buffer.take(data.draw(st.integers(0, 3)))
    taken += buffer.take(99)
    assert [number for number, _ in taken] == sorted({number for number, _ in taken})
    assert all(sent[number - 1] == action for number, action in taken)


@given(st.data(), st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(data: st.DataObject, rubbish: bytes) -> None:
    """Nothing else is raised, nothing has changed then, and what is taken is a state of the schema."""
    schema, states = data.draw(schemas())
    packer: Packer[Any] = Packer(schema)
    for refuse in (packer.unpack, InputBuffer(packer).receive):
        with suppress(MessageError):
            refuse(rubbish)
    sender: DeltaSender[str, Any] = DeltaSender(packer)
    receiver = DeltaReceiver(packer)
    sender.update(5, {1: data.draw(states), 7: data.draw(states)})
    good = sender.message("client").data
    receiver.receive(good)
    before, acknowledged = receiver.states, receiver.ack()
    cut = data.draw(st.integers(0, len(good)))
    hostile = [rubbish, good[:2] + rubbish, good[:2] + b"\6\0" + rubbish, good[:cut]]
    message = data.draw(st.sampled_from(hostile))
    try:
        update = receiver.receive(message)
    except MessageError:
        assert (receiver.states, receiver.ack()) == (before, acknowledged)
    else:
        assert update is None or all(packer.quantize(state) for state in update.states.values())
    if len(rubbish) != 6 and rubbish:
        with pytest.raises(MessageError):
            sender.acknowledge("client", rubbish)
    else:
        sender.acknowledge("client", rubbish)
