"""The clock of real hosts."""

from __future__ import annotations

import time

from godot_enet.core.clock import SystemClock


def test_it_counts_the_milliseconds_of_the_monotonic_clock() -> None:
    before = time.monotonic_ns()
    now = SystemClock().now()
    after = time.monotonic_ns()
    assert before // 1_000_000 <= now <= after // 1_000_000


def test_it_never_goes_back_and_does_go_on() -> None:
    clock = SystemClock()
    last = first = clock.now()
    while last < first + 5:
        now = clock.now()
        assert now >= last
        last = now


def test_all_clocks_agree() -> None:
    one, other = SystemClock(), SystemClock()
    assert one.now() <= other.now() <= one.now()
