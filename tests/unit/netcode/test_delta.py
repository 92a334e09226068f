"""Messages of changes: what they cost, what a loss costs, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from godot_enet.netcode import (
    DeltaReceiver,
    DeltaSender,
    MessageError,
    Packer,
    Range,
    SchemaMismatch,
    bits,
    delta_sender,
    unwrap_tick,
    wrap_tick,
)
from godot_enet.netcode.bits import BitWriter
from godot_enet.netcode.delta_format import write_message


@dataclass(frozen=True)
class Ball:
    x: Annotated[float, Range(0, 1023)]
    y: Annotated[float, Range(0, 1023)]


PACKER = Packer(Ball)


class Ends:
    """A sender and a receiver; a message arrives, with its acknowledgement, or is lost."""

    def __init__(self, first: int = 0) -> None:
        self.sender: DeltaSender[str, Ball] = DeltaSender(PACKER)
        self.receiver = DeltaReceiver(PACKER, near=first)
        self.tick = first - 1

    def send(self, world: dict[int, Ball], *, arrives: bool = True, ack: bool = True, budget: int = 1200) -> int:
        self.tick += 1
        self.sender.update(self.tick, world)
        message = self.sender.message("client", budget=budget)
        if arrives:
            self.receiver.receive(message.data)
            if ack:
                self.sender.acknowledge("client", self.receiver.ack())
        return len(message.data)


HEADER = 16 + 16 + 4 + 4  # bits: hash, tick, no objects gone, up to 7 objects


def size(bits: int) -> int:
    return -(-(HEADER + bits) // 8)


def test_a_message_has_exactly_these_bits() -> None:
    ends = Ends()
    whole = 4 + 7 + 2 * (2 + 10)  # id, age, both columns
    change = 4 + 7 + 2 * (2 + 4)
    rest = 4 + 7 + 2 * 2
    assert ends.send({0: Ball(500, 600)}) == size(whole)
    assert ends.send({0: Ball(507, 592)}) == size(change)
    assert ends.send({0: Ball(507, 592)}) == size(0)  # acknowledged
    assert ends.send({0: Ball(508, 592)}, ack=False) == size(change - 4)
    assert ends.send({0: Ball(508, 592)}) == size(change - 4)  # not yet: sent again
    assert ends.send({0: Ball(508, 592)}) == size(0)
    assert ends.send({0: Ball(509, 592)}, ack=False) == size(change - 4)
    assert ends.send({0: Ball(508, 592)}) == size(rest)  # back where it was, which the other end does not know
    assert ends.send({}) == size(4)
    assert ends.send({}) == size(0)
    assert ends.receiver.states == {}


def test_a_lost_message_costs_nothing_but_itself() -> None:
    ends = Ends()
    ends.send({0: Ball(100, 100)})
    for step in range(1, 6):
        ends.send({0: Ball(100 + step, 100)}, arrives=False)
    assert ends.receiver.states == {0: Ball(100, 100)}
    assert ends.send({0: Ball(106, 100)}) == size(4 + 7 + 2 * 2 + 4)
    assert ends.receiver.states == {0: Ball(106, 100)}


def test_a_base_is_too_old_after_63_ticks() -> None:
    ends = Ends()
    ends.send({0: Ball(500, 500)})
    for _ in range(62):
        ends.send({0: Ball(500, 500)})
    assert ends.send({0: Ball(501, 500)}, arrives=False) == size(4 + 7 + 2 * 2 + 4)  # 63 ticks
    assert ends.send({0: Ball(501, 500)}) == size(4 + 7 + 2 * (2 + 10))
    assert ends.receiver.states == {0: Ball(501, 500)}


def test_the_tick_on_the_wire_wraps() -> None:
    """65536 ticks are 55 minutes at 20 per second; both ends pass them twice."""
    ends = Ends(first=65_534)
    for tick in range(65_534, 65_540):
        ends.send({0: Ball(tick - 65_534, 0)}, arrives=tick % 2 == 0)
    assert ends.receiver.tick == 65_538
    assert ends.receiver.states == {0: Ball(4, 0)}
    ends.tick = 98_000  # a pause of less than half a turn
    ends.send({0: Ball(9, 9)})
    assert ends.receiver.tick == 98_001
    ends.tick = 130_000
    ends.send({0: Ball(8, 9)})
    ends.tick = 131_071
    ends.send({0: Ball(10, 9)})
    assert ends.receiver.tick == 131_072
    assert ends.receiver.states == {0: Ball(10, 9)}


@pytest.mark.parametrize("first", [0, 32_767, 32_768, 65_534, 70_000, 10**6])
def test_a_receiver_joins_at_any_tick(first: int) -> None:
    sender: DeltaSender[str, Ball] = DeltaSender(PACKER)
    receiver = DeltaReceiver(PACKER)
    for tick in range(first, first + 5):
        sender.update(tick, {0: Ball(tick - first, 0)})
        update = receiver.receive(sender.message("client").data)
        assert update is not None
        assert wrap_tick(update.tick) == wrap_tick(tick)
        sender.acknowledge("client", receiver.ack())
    assert receiver.states == {0: Ball(4, 0)}


@pytest.mark.parametrize(
    ("wrapped", "near", "tick"),
    [(0, 0, 0), (65_535, 0, -1), (0, 65_535, 65_536), (32_767, 0, 32_767), (32_768, 0, -32_768), (5, 10**9, 10**9)],
)
def test_a_wrapped_tick_is_the_nearest(wrapped: int, near: int, tick: int) -> None:
    if near == 10**9:
        wrapped = wrap_tick(near)
    assert unwrap_tick(wrapped, near) == tick
    assert wrap_tick(tick) == wrapped


def test_the_budget_goes_to_the_first_and_the_others_follow() -> None:
    ends = Ends()
    world = {number: Ball(100 * number, 5) for number in range(8)}
    ends.sender.update(0, world)
    message = ends.sender.message("client", [7, 3, 5, 0, 1, 2, 4, 6], budget=18)
    assert message.sent == [7, 3, 5]
    assert len(message.data) <= 18
    ends.tick = 0
    for _ in range(3):
        assert ends.send(world, budget=18) <= 18
    assert ends.receiver.states == world


def test_what_is_no_longer_relevant_is_gone_until_it_returns() -> None:
    ends = Ends()
    world = {1: Ball(1, 1), 2: Ball(2, 2)}
    ends.send(world)
    ends.sender.update(1, world)
    message = ends.sender.message("client", [2])
    update = ends.receiver.receive(message.data)
    assert update is not None
    assert (update.gone, update.states) == ([1], {})
    ends.sender.update(2, world)  # not acknowledged, so it is told again
    update = ends.receiver.receive(ends.sender.message("client", [2]).data)
    assert update is not None
    assert update.gone == [1]
    ends.sender.acknowledge("client", ends.receiver.ack())
    ends.tick = 2
    ends.send(world)
    assert ends.receiver.states == world


def test_hundreds_go_within_the_budget() -> None:
    ends = Ends()
    ends.send({number: Ball(0, 0) for number in range(500)}, budget=5000)
    assert len(ends.receiver.states) == 500
    assert ends.send({}, budget=100) <= 100
    assert 0 < len(ends.receiver.states) < 500
    for _ in range(40):
        ends.send({}, budget=100)
    assert ends.receiver.states == {}


def test_ids_that_are_far_apart_go_within_the_budget() -> None:
    ends = Ends()
    world = {number << 27: Ball(0, 0) for number in range(32)}
    for _ in range(3):
        assert ends.send(world, budget=120) <= 120
    for _ in range(20):
        assert ends.send({}, budget=16) <= 16
    assert ends.receiver.states == {}


def test_late_messages_are_ignored() -> None:
    ends = Ends()
    ends.sender.update(0, {0: Ball(1, 1)})
    first = ends.sender.message("client").data
    ends.sender.update(1, {0: Ball(2, 2)})
    second = ends.sender.message("client").data
    assert ends.receiver.receive(second) is not None
    assert ends.receiver.receive(first) is None
    assert ends.receiver.receive(second) is None
    assert ends.receiver.states == {0: Ball(2, 2)}
    assert ends.receiver.ack() == b"\1\0\0\0\0\0"


def test_each_peer_has_its_own_base() -> None:
    sender: DeltaSender[str, Ball] = DeltaSender(PACKER)
    near, far = DeltaReceiver(PACKER), DeltaReceiver(PACKER)
    sender.update(0, {0: Ball(500, 500)})
    near.receive(sender.message("near").data)
    sender.acknowledge("near", near.ack())
    far.receive(sender.message("far").data)
    sender.update(1, {0: Ball(501, 500)})
    assert len(sender.message("near").data) < len(sender.message("far").data)
    sender.remove("near")
    sender.acknowledge("near", near.ack())  # came too late
    sender.update(2, {0: Ball(501, 500)})
    assert len(sender.message("near").data) == size(4 + 7 + 2 * (2 + 10))


def test_another_schema_is_named() -> None:
    @dataclass(frozen=True)
    class Other:
        x: Annotated[float, Range(0, 1023)]
        y: Annotated[float, Range(0, 1024)]

    sender: DeltaSender[str, Ball] = DeltaSender(PACKER)
    sender.update(0, {0: Ball(1, 1)})
    ours, theirs = Packer(Other).schema_hash & 0xFFFF, PACKER.schema_hash & 0xFFFF
    with pytest.raises(SchemaMismatch, match=f"Other has the hash {ours:04x} here and {theirs:04x} there"):
        DeltaReceiver(Packer(Other)).receive(sender.message("client").data)


def test_impossible_messages_are_refused() -> None:
    ends = Ends()
    ends.sender.update(0, {0: Ball(500, 500)})
    whole = ends.sender.message("client").data
    for length in range(len(whole)):
        with pytest.raises(MessageError):
            ends.receiver.receive(whole[:length])
    for extra in (b"\0", b"\1", bytes(2000)):
        with pytest.raises(MessageError, match="after the end"):
            ends.receiver.receive(whole + extra)
    start = whole[:4]
    with pytest.raises(MessageError, match="too large"):
        ends.receiver.receive(start + b"\xff" * 9)
    with pytest.raises(MessageError, match="truncated"):
        ends.receiver.receive(start + b"\x7f" + bytes(3))
    assert ends.receiver.tick == -1
    assert ends.receiver.ack() == b""
    ends.receiver.receive(whole)
    ends.sender.acknowledge("client", ends.receiver.ack())
    ends.sender.update(1, {0: Ball(501, 500)})
    change = ends.sender.message("client").data
    with pytest.raises(MessageError, match="the state of 0 at tick 0 never arrived"):
        DeltaReceiver(PACKER).receive(change)
    sender: DeltaSender[str, Ball] = DeltaSender(PACKER)
    sender.update(0, {number: Ball(0, 0) for number in range(3)})
    with pytest.raises(MessageError, match="more than 2 objects"):
        DeltaReceiver(PACKER, limit=2).receive(sender.message("client").data)
    with pytest.raises(MessageError, match="has 6 bytes, not 5"):
        ends.sender.acknowledge("client", b"12345")
    ends.sender.acknowledge("client", b"")
    ends.sender.acknowledge("stranger", bytes(6))


def test_a_lie_about_what_arrived_hurts_only_the_liar() -> None:
    ends = Ends()
    for _ in range(3):
        ends.send({0: Ball(5, 5)}, arrives=False)
    ends.sender.acknowledge("client", b"\xff\x7f\xff\xff\xff\xff")
    ends.sender.acknowledge("client", b"\2\0\xff\xff\xff\xff")
    ends.tick = 2
    with pytest.raises(MessageError, match="never arrived"):
        ends.send({0: Ball(6, 5)})


def test_wrong_calls() -> None:
    sender: DeltaSender[str, Ball] = DeltaSender(PACKER)
    sender.update(3, {0: Ball(1, 1)})
    sender.message("client")
    with pytest.raises(ValueError, match="already has the message of tick 3"):
        sender.message("client")
    with pytest.raises(ValueError, match="tick 3 is not later than 3"):
        sender.update(3, {})
    with pytest.raises(ValueError, match="less than 16"):
        sender.message("other", budget=15)
    for number in (-1, 2**32):
        with pytest.raises(ValueError, match="an id is not"):
            sender.update(4, {number: Ball(1, 1)})


def test_an_object_takes_the_place_of_another_at_the_limit() -> None:
    sender: DeltaSender[str, Ball] = DeltaSender(PACKER)
    receiver = DeltaReceiver(PACKER, limit=2)
    for tick, ids in enumerate([(1, 2), (2, 3), (3, 4)]):
        sender.update(tick, dict.fromkeys(ids, Ball(tick, 0)))
        assert receiver.receive(sender.message("client").data) is not None
        sender.acknowledge("client", receiver.ack())
        assert tuple(receiver.states) == ids


def test_a_message_may_be_large() -> None:
    """It is read in parts: as one integer, each step would take as long as the rest of the message is."""
    world = {3 * number: Ball(number % 1000, 7) for number in range(20000)}
    sender: DeltaSender[str, Ball] = DeltaSender(PACKER)
    sender.update(0, world)
    data = sender.message("client", budget=1 << 20).data
    assert len(data) > 8 * bits._PART
    receiver = DeltaReceiver(PACKER, limit=len(world))
    update = receiver.receive(data)
    assert update is not None
    assert update.states == world
    with pytest.raises(MessageError, match="truncated"):
        DeltaReceiver(PACKER, limit=len(world)).receive(data[:-5])
    with pytest.raises(MessageError, match="after the end"):
        DeltaReceiver(PACKER, limit=len(world)).receive(data + bytes(8192))


@pytest.mark.parametrize("gone", [True, False])
def test_more_objects_than_there_may_be_are_refused_before_they_are_read(gone: bool) -> None:
    writer = BitWriter()
    writer.write(PACKER.schema_hash & 0xFFFF, 16)
    writer.write(1, 16)
    writer.write_number(1 << 17 if gone else 0)
    writer.write_number(0 if gone else 4097)
    with pytest.raises(MessageError, match="objects"):
        DeltaReceiver(PACKER).receive(writer.to_bytes())


def test_a_peer_that_acknowledges_nothing_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta_sender, "MAX_GONE", 50)
    sender: DeltaSender[str, Ball] = DeltaSender(PACKER)
    for tick in range(300):
        sender.update(tick, {tick: Ball(1, 1)})
        sender.message("client", budget=64)
    assert len(sender._peers["client"].leaving) == 50
    assert max(sender._peers["client"].leaving) == 298


@pytest.mark.parametrize("budget", [64, 1200, 5000])
def test_ids_far_apart_fill_the_budget_in_few_attempts(monkeypatch: pytest.MonkeyPatch, budget: int) -> None:
    attempts = 0

    def counted(*arguments: Any) -> bytes:
        nonlocal attempts
        attempts += 1
        return write_message(*arguments)

    monkeypatch.setattr(delta_sender, "write_message", counted)
    sender: DeltaSender[str, Ball] = DeltaSender(PACKER)
    world = {number * 0x9E3779B1 % (1 << 32): Ball(number % 1000, 7) for number in range(2000)}
    sender.update(0, world)
    message = sender.message("client", budget=budget)
    entry = 44 + 7 + 24  # bits of an id, an age and both columns
    assert budget - 2 * entry / 8 <= len(message.data) <= budget
    assert message.sent == list(world)[: len(message.sent)]
    assert attempts < 15
