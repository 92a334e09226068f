"""Sequence numbers of 16 bits against a model that counts on for ever."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import EngineFactory
from tests.scenario import raw
from tests.scenario.engine_stage import RawPeer, Stage

WINDOW, AHEAD = 4096, 7


class ReliableModel:
    """A reliable channel where numbers never wrap: ``last`` is how many packets were delivered."""

    def __init__(self) -> None:
        self.last = 0
        self.early: set[int] = set()

    def windows_ahead(self, position: int) -> int:
        return position // WINDOW - self.last // WINDOW

    def receive(self, number: int) -> tuple[int, bool]:
        """Packets delivered because ``number`` came, and whether it is acknowledged."""
        position = self.last + (number - self.last) % 65536
        before = self.last
        if position > self.last and self.windows_ahead(position) < AHEAD:
            self.early.add(position)
        while self.last + 1 in self.early:
            self.last += 1
            self.early.remove(self.last)
        position = self.last + (number - self.last) % 65536
        return self.last - before, self.windows_ahead(position) not in (AHEAD, AHEAD + 1)


def send(stage: Stage, peer: RawPeer, model: ReliableModel, number: int) -> None:
    """Send one number and compare what happens."""
    expected, acknowledged = model.receive(number)
    peer.post(raw.reliable(0, number))
    assert len(peer.commands()) == acknowledged, f"number {number} at {model.last}"
    assert len(stage.packets()) == expected, f"number {number} at {model.last}"


def advance(stage: Stage, peer: RawPeer, model: ReliableModel, count: int) -> None:
    """Send the next ``count`` numbers in order, many to a datagram."""
    numbers = [(model.last + 1 + index) & 0xFFFF for index in range(count)]
    expected = sum(model.receive(number)[0] for number in numbers)
    for begin in range(0, count, 600):
        peer.post(*(raw.reliable(0, number) for number in numbers[begin : begin + 600]))
    peer.take()
    assert len(stage.packets()) == expected


@pytest.mark.parametrize("seed", [pytest.param(n, marks=[pytest.mark.long] if n else []) for n in range(6)])
def test_reliable_numbers_are_taken_once_twice_round(engine_factory: EngineFactory, seed: int) -> None:
    random = Random(seed)
    stage = Stage(engine_factory)
    peer, model = stage.joined(), ReliableModel()
    while model.last < 2 * 65536 + 5000:
        for _ in range(random.randint(1, 12)):
            offset = random.choice(
                (
                    random.randint(-3, 5),
                    random.randint(-70_000, 70_000),
                    random.randint(-8, 8) * WINDOW - model.last % WINDOW + random.randint(-1, 1),
                )
            )
            send(stage, peer, model, (model.last + offset) & 0xFFFF)
        advance(stage, peer, model, random.choice((1, 2, 100, random.randint(1, 6000))))


@given(st.lists(st.integers(0, 12), max_size=60))
def test_reliable_numbers_are_taken_once_in_any_order(engine_factory: EngineFactory, numbers: list[int]) -> None:
    stage = Stage(engine_factory)
    peer, model = stage.joined(), ReliableModel()
    for number in numbers:
        send(stage, peer, model, number)
    assert peer.info.waiting_data == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4), st.booleans()), max_size=60))
def test_unreliable_numbers_never_go_back_in_any_order(
    engine_factory: EngineFactory, arrivals: list[tuple[int, int, bool]]
) -> None:
    """An unreliable packet comes after its reliable predecessor, and after nothing that is newer than itself."""
    stage = Stage(engine_factory)
    peer = stage.joined()
    for after, number, is_reliable in arrivals:
        if is_reliable:
            peer.post(raw.reliable(0, after, b"%d 0" % after))
        else:
            peer.post(raw.unreliable(0, after, number, b"%d %d" % (after, number)))
    heard = [tuple(map(int, packet.split())) for packet in stage.packets()]
    assert heard == sorted(set(heard))
    reliable = [after for after, number in heard if number == 0]
    assert reliable == list(range(1, len(reliable) + 1))
    assert all(after in reliable or after == 0 for after, _ in heard)
    # What a perfect receiver would have to hold back is still held: nothing newer than it was delivered.
    assert max((after for after, _ in heard), default=0) <= len(reliable)


@given(st.lists(st.integers(0, 40), max_size=200), st.integers(0, 63))
def test_unsequenced_groups_come_at_most_once(engine_factory: EngineFactory, groups: list[int], block: int) -> None:
    """Within one block of 1024 that is: exactly once each, in the order of arrival."""
    stage = Stage(engine_factory)
    peer = stage.joined()
    for step in range(0, block + 1, 16):
        peer.post(raw.unsequenced(0, step * 1024 + 1023))
    stage.packets()
    base = block * 1024
    peer.post(raw.unsequenced(0, base + 500))
    stage.packets()
    for group in groups:
        peer.post(raw.unsequenced(0, base + group, b"%d" % group))
    assert [int(packet) for packet in stage.packets()] == list(dict.fromkeys(groups))
