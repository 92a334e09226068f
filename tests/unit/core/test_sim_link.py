"""Simulated links: each impairment does what it says, and equal seeds do the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godot_enet.core.sim import ArrivalQueue, Link, LinkConfig
from tests.rows import each_row


def arrivals(count: int, size: int = 100, interval: int = 1, seed: int = 1, **fields: Any) -> list[list[int]]:
    """The fate of ``count`` datagrams sent every ``interval`` ms."""
    link = Link(LinkConfig(**fields), seed)
    return [link.transit(size, number * interval) for number in range(count)]


def test_a_perfect_link_delivers_at_once() -> None:
    assert arrivals(3) == [[0], [1], [2]]


def test_delay_is_added() -> None:
    assert arrivals(3, delay=40) == [[40], [41], [42]]


def test_loss_is_a_share_of_all() -> None:
    fates = arrivals(10_000, loss=0.25)
    assert 2350 < sum(not fate for fate in fates) < 2650
    assert not any(arrivals(100, loss=1.0))


def test_bursts_have_their_mean_length() -> None:
    lost = [not fate for fate in arrivals(50_000, burst=0.01, burst_length=8)]
    runs = sum(now and not before for before, now in zip([False, *lost], lost, strict=False))
    assert 400 < runs < 600
    assert 7 < sum(lost) / runs < 9


def test_a_burst_does_not_wait_for_the_resends_of_a_quiet_host() -> None:
    link = Link(LinkConfig(burst=0.05, burst_length=1000))
    fates = [link.transit(100, 500 * number) for number in range(1000)]
    assert 20 < sum(not fate for fate in fates) < 90


def test_duplicates_are_a_share_of_all() -> None:
    fates = arrivals(10_000, duplicate=0.1)
    assert {len(fate) for fate in fates} == {1, 2}
    assert 900 < sum(len(fate) == 2 for fate in fates) < 1100


def test_jitter_alone_keeps_the_order() -> None:
    times = [fate[0] for fate in arrivals(1000, delay=10, jitter=50)]
    assert times == sorted(times)
    assert all(number + 10 <= time for number, time in enumerate(times))
    assert max(times) <= 999 + 60


def test_reordering_lets_datagrams_overtake() -> None:
    times = [fate[0] for fate in arrivals(1000, delay=10, jitter=50, reorder=1.0)]
    assert times != sorted(times)
    delays = {time - number for number, time in enumerate(times)}
    assert delays == set(range(10, 61))


def test_rate_spaces_datagrams_out() -> None:
    assert arrivals(4, size=100, interval=0, rate=10_000) == [[10], [20], [30], [40]]
    assert arrivals(3, size=100, interval=100, rate=10_000) == [[10], [110], [210]]


def test_a_full_queue_loses_what_comes_last() -> None:
    fates = arrivals(6, size=100, interval=0, rate=10_000, queue=250)
    assert fates == [[10], [20], [30], [], [], []]


def test_a_rate_that_is_no_whole_number_of_milliseconds_does_not_drift() -> None:
    fates = arrivals(300, size=100, interval=0, rate=30_000)
    assert fates[-1] == [1000]


def test_longer_datagrams_than_the_mtu_are_lost() -> None:
    assert arrivals(1, size=1401, mtu=1400) == [[]]
    assert arrivals(1, size=1400, mtu=1400) == [[0]]


def test_equal_seeds_give_equal_fates() -> None:
    fields: dict[str, Any] = {"loss": 0.1, "burst": 0.05, "jitter": 30, "reorder": 0.5, "duplicate": 0.1}
    assert arrivals(500, seed=3, **fields) == arrivals(500, seed=3, **fields)
    assert arrivals(500, seed=3, **fields) != arrivals(500, seed=4, **fields)


@each_row(
    "fields",
    [
        {"loss": 1.1},
        {"loss": -0.1},
        {"burst": 2.0},
        {"burst_length": 0.5},
        {"burst_length": float("nan")},
        {"reorder": 7.0},
        {"duplicate": -1.0},
        {"delay": -1},
        {"jitter": -1},
        {"rate": -1},
        {"queue": -1},
        {"mtu": -1},
    ],
    ids=str,
)
def test_impossible_settings_are_refused_by_name(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(fields))):
        LinkConfig(**fields)


@given(
    st.builds(
        LinkConfig,
        loss=st.floats(0, 1),
        burst=st.floats(0, 1),
        burst_length=st.floats(1, 50),
        delay=st.integers(0, 1000),
        jitter=st.integers(0, 1000),
        reorder=st.floats(0, 1),
        duplicate=st.floats(0, 1),
        rate=st.integers(0, 100_000),
        mtu=st.integers(0, 2000),
    ),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 50)), max_size=50),
)
def test_nothing_arrives_before_it_can(config: LinkConfig, datagrams: list[tuple[int, int]]) -> None:
    link, now = Link(config, 5), 0
    for size, pause in datagrams:
        now += pause
        fate = link.transit(size, now)
        assert len(fate) <= 2
        assert all(time >= now + config.delay for time in fate)


class TestArrivalQueue:
    def test_gives_what_is_due_in_order_of_time_and_entry(self) -> None:
        queue: ArrivalQueue[str] = ArrivalQueue()
        for moment, item in ((5, "c"), (3, "a"), (5, "d"), (3, "b"), (9, "e")):
            queue.push(moment, item)
        assert queue.next_time() == 3
        assert queue.pop_due(2) == []
        assert queue.pop_due(5) == ["a", "b", "c", "d"]
        assert len(queue) == 1
        assert queue.pop_due(100) == ["e"]
        assert queue.next_time() is None

    def test_gives_no_more_than_asked_for(self) -> None:
        queue: ArrivalQueue[int] = ArrivalQueue()
        for number in range(5):
            queue.push(0, number)
        assert queue.pop_due(0, 2) == [0, 1]
        assert queue.pop_due(0, 9) == [2, 3, 4]
