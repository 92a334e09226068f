"""How often a client of examples/fleet is answered."""

from __future__ import annotations

from examples.fleet.pace import Pace


def test_one_call_of_each_peer_in_its_time() -> None:
    now = [100.0]
    pace = Pace(0.5, lambda: now[0])
    assert [pace.allows(7), pace.allows(7), pace.allows(8)] == [True, False, True]
    now[0] += 0.25
    assert [pace.allows(7), pace.allows(9)] == [False, True]
    now[0] += 0.25
    assert [pace.allows(7), pace.allows(8), pace.allows(9), pace.allows(7)] == [True, True, False, False]


def test_what_is_ignored_does_not_count() -> None:
    """Or a client that asks too often would never be answered."""
    now = [100.0]
    pace = Pace(0.5, lambda: now[0])
    allowed = 0
    for _ in range(100):
        allowed += pace.allows(7)
        now[0] += 0.125
    assert allowed == 25


def test_no_peer_is_remembered_for_longer() -> None:
    now = [100.0]
    pace = Pace(0.5, lambda: now[0])
    for peer in range(10_000):
        pace.allows(peer)
        now[0] += 0.125
    assert len(pace._last) <= 4
