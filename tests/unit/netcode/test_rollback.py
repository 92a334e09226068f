"""Rollback: both ends agree on every tick, whatever is lost; a difference is noticed; bounds hold."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Annotated

import pytest

from godot_enet import Vector2
from godot_enet.netcode import InputSender, MessageError, Packer, Range, Rollback


@dataclass(frozen=True)
class Push:
    force: Annotated[int, Range(0, 7)]


@dataclass
class Cart:
    x: int = 0
    v: int = 0


PUSHES = Packer(Push)
Both = tuple[Push, Push]


def step(cart: Cart, both: Both) -> None:
    cart.v += both[0].force - both[1].force
    cart.x += cart.v


def stepped(cart: Cart, both: Both) -> Cart:
    """The same without changing the state in place."""
    v = cart.v + both[0].force - both[1].force
    return Cart(cart.x + v, v)


def pair(window: int = 16) -> tuple[Rollback[Cart, Push], Rollback[Cart, Push]]:
    return Rollback(0, Cart, step, PUSHES, window), Rollback(1, Cart, stepped, PUSHES, window)


def act(end: Rollback[Cart, Push], force: int, *packets: bytes) -> bytes:
    """A frame."""
    for packet in packets:
        end.receive(packet)
    end.correct()
    return end.act(Push(force))


@pytest.mark.parametrize("window", [1, 5, 16, 31])
@pytest.mark.parametrize("loss", [0.0, 0.3, 0.9])
def test_both_ends_agree_on_every_tick(window: int, loss: float) -> None:
    """With packets that are lost, late and out of order, and one end that returns new states."""
    random = Random(window)
    ends = pair(window)
    way: list[tuple[int, int, bytes]] = []
    agreed: tuple[dict[int, str], dict[int, str]] = {}, {}
    for frame in range(300 if loss < 0.9 else 1500):
        for side, end in enumerate(ends):
            due = [packet for at, to, packet in way if to == side and at <= frame]
            way = [each for each in way if each[1] != side or each[0] > frame]
            packet = act(end, random.randrange(8), *due)
            if random.random() >= loss:
                way.append((frame + 1 + random.randrange(4), 1 - side, packet))
            agreed[side][end.agreed_tick] = repr(end.agreed)
            assert end.tick - end.agreed_tick <= window
    assert all(agreed[0][tick] == agreed[1][tick] for tick in agreed[0].keys() & agreed[1].keys())
    assert min(end.agreed_tick for end in ends) > 60
    assert min(end.checked for end in ends) >= 60
    assert [end.desync for end in ends] == [None, None]
    assert all(len(end.checksums) <= 8 for end in ends)


def test_a_guess_is_that_the_other_does_what_it_did() -> None:
    left, right = pair()
    packet = act(right, 3)
    act(left, 0, packet)
    act(left, 0)
    act(left, 0)
    assert (left.tick, left.agreed_tick) == (3, 1)
    assert left.state == Cart(-3 - 6 - 9, -9)
    assert left.agreed == Cart(-3, -3)
    act(left, 0, act(right, 1), act(right, 1))
    assert left.agreed == Cart(-3 - 4 - 5, -5)
    assert left.state == Cart(-3 - 4 - 5 - 6, -6)


def test_the_first_guess_is_that_the_other_does_the_same() -> None:
    left, _ = pair()
    act(left, 3)
    assert left.state == Cart(0, 0)
    assert left.agreed_tick == 0


def test_inputs_may_have_any_field_that_can_be_packed() -> None:
    @dataclass(frozen=True)
    class Everything:
        turn: float
        aim: Vector2
        steer: Annotated[int, Range(-1, 1)]

    def move(cart: Cart, both: tuple[Everything, Everything]) -> Cart:
        return Cart(cart.x + int(both[0].turn - both[1].turn), cart.v + both[0].steer)

    left, right = (Rollback(side, Cart, move, Packer(Everything)) for side in (0, 1))
    action = Everything(2.0, Vector2(0.5, -1), 1)
    for _ in range(3):
        packet = right.act(action)
        left.receive(packet)
        left.correct()
        left.act(Everything(3.0, Vector2(), 0))
    left.receive(packet)
    left.correct()
    assert (left.agreed_tick, left.agreed) == (3, Cart(3, 0))


def test_an_end_without_inputs_of_the_other_waits() -> None:
    left, right = pair(window=4)
    packets = [act(left, 1) for _ in range(10)]
    assert (left.tick, left.agreed_tick) == (4, 0)
    act(right, 0, packets[-1])
    assert len(packets) == 10
    act(left, 1, act(right, 0))
    assert left.tick == 5


@pytest.mark.parametrize("window", [1, 16, 30, 31])
def test_the_longest_outage_in_one_direction_loses_no_input(window: int) -> None:
    left, right = pair(window)
    for _ in range(3 * window):
        packet = act(right, 2, act(left, 1))
    assert (left.tick, right.tick) == (window, 2 * window)
    act(left, 1, packet)
    assert left.agreed_tick == window
    for _ in range(9):
        act(left, 1, act(right, 2, act(left, 1)))
    assert left.tick > window


def test_a_step_that_fails_may_be_repeated() -> None:
    def fails_once(cart: Cart, both: Both) -> Cart:
        if not calls:
            calls.append(both)
            raise KeyError("once")
        return stepped(cart, both)

    calls: list[Both] = [(Push(0), Push(0))]
    left, right = Rollback(0, Cart, fails_once, PUSHES), Rollback(1, Cart, step, PUSHES)
    left.act(Push(1))
    left.receive(act(right, 3))
    calls.clear()
    with pytest.raises(KeyError):
        left.correct()
    left.correct()
    assert (left.agreed_tick, left.agreed) == (1, Cart(-2, -2))


def test_a_difference_is_noticed_at_both_ends_and_the_match_stops() -> None:
    left, right = pair()
    one = other = act(left, 1)
    for frame in range(200):
        if frame == 40:
            left.agreed.x += 1
        other = act(right, 2, one)
        one = act(left, 1, other)
    assert (left.desync, right.desync) == (60, 60)
    assert left.checked == right.checked == 30
    assert left.tick == right.tick <= 100


@pytest.mark.parametrize("rubbish", [b"", b"abc", bytes(8), bytes(99), b"\xff" * 40])
def test_rubbish_is_refused_and_changes_nothing(rubbish: bytes) -> None:
    left, right = pair()
    act(left, 1, act(right, 1))
    before = repr(vars(left))
    with pytest.raises(MessageError):
        left.receive(rubbish)
    assert repr(vars(left)) == before


def test_inputs_from_the_future_are_not_kept() -> None:
    left, right = pair(window=4)
    head = act(right, 1)[:9]
    sender = InputSender(PUSHES, copies=62)
    for _ in range(60):
        sender.add(Push(1))
    left.receive(head + sender.packet())
    assert len(left._other) == 4


@pytest.mark.parametrize(
    "wrong", [{"side": 2}, {"window": 0}, {"window": 32}, {"check_every": 0}], ids=["side", "small", "large", "check"]
)
def test_arguments_out_of_range(wrong: dict[str, int]) -> None:
    arguments = {"side": 0, "window": 16, "check_every": 30} | wrong
    with pytest.raises(ValueError, match="must be"):
        Rollback(arguments["side"], Cart, step, PUSHES, arguments["window"], arguments["check_every"])


@pytest.mark.parametrize(("mine", "others", "checksum"), [(1, 0, 1), (0, 1, 2**32 - 1)])
def test_an_own_checksum_may_be_any_number(mine: int, others: int, checksum: int) -> None:
    left, right = (Rollback(side, Cart, step, PUSHES, check_every=1, checksum=lambda cart: cart.x) for side in (0, 1))
    act(left, mine, act(right, others))
    act(left, mine, act(right, others))
    assert left.checksums == {1: checksum}


def test_a_correction_returns_what_was_shown_before() -> None:
    here, there = pair()
    act(there, 0, act(here, 0))
    packet = act(there, 5)
    act(here, 0)
    shown = here.state
    here.receive(packet)
    assert here.correct() == shown
    assert here.state == Cart(-5, -5) != shown
