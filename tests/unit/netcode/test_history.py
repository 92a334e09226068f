"""What was at a tick, within bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest

from godot_enet.netcode import Blend, History


@dataclass(frozen=True)
class Place:
    x: float


def test_it_goes_back_to_a_tick_and_between_two() -> None:
    history: History[str, Place] = History(Blend(Place), limit=4)
    for tick in range(10, 20):
        history.add(tick, {"a": Place(100.0 * tick)} | ({"b": Place(0)} if tick != 18 else {}))
    assert history.at(17) == {"a": Place(1700), "b": Place(0)}
    assert history.at(17.25) == {"a": Place(1725), "b": Place(0)}
    assert history.at(18.5) == {"a": Place(1850)}
    for early in (15.0, 14.9, 3.0, -math.inf, math.nan):
        assert history.bounded(early) == 15
        assert history.at(early) == {"a": Place(1500), "b": Place(0)}
    for late in (19.0, 19.5, 1e9, math.inf):
        assert history.at(late) == {"a": Place(1900), "b": Place(0)}


def test_a_shot_hits_what_the_shooter_saw() -> None:
    """The target runs 12 px a tick; the shooter sees it 6.5 ticks late and aims right at it."""
    history: History[int, Place] = History(Blend(Place))
    for tick in range(100):
        history.add(tick, {1: Place(12.0 * tick)})
    seen = history.at(99 - 6.5)[1].x
    assert seen == 12 * 92.5
    assert history.at(99)[1].x - seen == 78.0  # by which a server without a history would let it miss


def test_ticks_may_be_missing() -> None:
    history: History[str, Place] = History(Blend(Place), limit=6)
    for tick in (0, 4, 8):
        history.add(tick, {"a": Place(tick)})
    assert [history.at(tick)["a"].x for tick in (2.0, 3.0, 6.0, 8.0)] == [2, 3, 6, 8]
    assert history.at(0)["a"].x == 2


def test_wrong_calls() -> None:
    history: History[str, Place] = History(Blend(Place))
    with pytest.raises(LookupError, match="empty"):
        history.at(1)
    history.add(1, {})
    with pytest.raises(ValueError, match="tick 1 is not later than 1"):
        history.add(1, {})
    with pytest.raises(ValueError, match="limit must not"):
        History(Blend(Place), limit=-1)
