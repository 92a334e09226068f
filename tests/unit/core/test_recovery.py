"""When a command counts as lost: the loss delay, what acknowledgements change, and timeouts of a whole peer."""

from __future__ import annotations

import pytest

from godot_enet.core.engine.commands import ReliableCommand
from godot_enet.core.engine.recovery import Recovery
from godot_enet.core.protocol.tuning import MAX_BACKOFF, MIN_REORDERING_WINDOW, PACKET_THRESHOLD, REORDERING_MEMORY

RTT, VARIANCE = 50, 3


def a_command(datagram: int = 1, sent_time: int = 1000, attempts: int = 1) -> ReliableCommand:
    command = ReliableCommand(1, None, b"", 0, 1)
    command.datagram, command.sent_time, command.attempts = datagram, sent_time, attempts
    return command


def knowing(datagram: int) -> Recovery:
    """One that knows of the arrival of a datagram."""
    recovery = Recovery(2)
    recovery.on_acknowledged(a_command(datagram, 1000), 1000, RTT, 1050)
    return recovery


def test_without_any_news_the_time_out_counts() -> None:
    assert Recovery(2).loss_delay(a_command(), RTT, VARIANCE) == RTT + 4 * VARIANCE


def test_what_left_in_the_same_or_a_later_datagram_is_not_judged() -> None:
    recovery = knowing(7)
    for datagram in (7, 8, 100):
        assert recovery.loss_delay(a_command(datagram), RTT, VARIANCE) == RTT + 4 * VARIANCE


@pytest.mark.parametrize("later", [1, PACKET_THRESHOLD - 1])
def test_a_few_later_datagrams_end_the_patience_soon(later: int) -> None:
    assert knowing(10).loss_delay(a_command(10 - later), RTT, VARIANCE) == RTT + 2 * VARIANCE
    assert knowing(10).loss_delay(a_command(10 - later), RTT, 0) == RTT  # the time-out is as near
    assert knowing(10).loss_delay(a_command(10 - later), RTT, 1) == RTT + MIN_REORDERING_WINDOW


@pytest.mark.parametrize("later", [PACKET_THRESHOLD, PACKET_THRESHOLD + 30])
def test_enough_later_datagrams_end_it_at_once(later: int) -> None:
    assert knowing(100).loss_delay(a_command(100 - later), RTT, VARIANCE) == 0


def test_a_round_trip_that_just_grew_counts() -> None:
    recovery = knowing(2)
    recovery.last_sample = RTT + 5
    assert recovery.loss_delay(a_command(1), RTT, VARIANCE) == RTT + 5 + 2 * VARIANCE


def test_an_older_acknowledgement_takes_nothing_back() -> None:
    recovery = knowing(9)
    recovery.on_acknowledged(a_command(4), 1000, RTT, 1060)
    assert recovery.largest_acknowledged == 9


class TestReordering:
    def spurious(self, recovery: Recovery, now: int = 2000) -> None:
        """The first copy of something is acknowledged after the second was sent."""
        recovery.on_acknowledged(a_command(5, sent_time=1500, attempts=2), 1400, RTT, now)

    def test_a_spurious_resend_raises_the_loss_delay(self) -> None:
        recovery = knowing(100)
        self.spurious(recovery)
        assert recovery.reordering == MIN_REORDERING_WINDOW
        assert recovery.loss_delay(a_command(1), RTT, 0) == RTT + 0 + MIN_REORDERING_WINDOW

    def test_which_grows_up_to_a_round_trip(self) -> None:
        recovery = knowing(100)
        grown = []
        for _ in range(6):
            self.spurious(recovery)
            grown.append(recovery.reordering)
        assert grown == [4, 8, 16, 32, RTT, RTT]
        assert recovery.loss_delay(a_command(1), RTT, 0) == 2 * RTT
        assert recovery.timeout(RTT, 0) == 2 * RTT

    def test_it_says_nothing_about_arrivals(self) -> None:
        recovery = Recovery(2)
        self.spurious(recovery)
        assert recovery.largest_acknowledged == 0

    def test_a_first_copy_of_the_only_one_is_no_reordering(self) -> None:
        recovery = Recovery(2)
        recovery.on_acknowledged(a_command(5, sent_time=1500, attempts=1), 1400, RTT, 2000)
        assert recovery.reordering == 0

    def test_it_is_forgotten_in_time(self) -> None:
        recovery = knowing(1)
        self.spurious(recovery, now=2000)
        recovery.on_acknowledged(a_command(2, 5000), 5000, RTT, 2000 + REORDERING_MEMORY - 1)
        assert recovery.reordering == MIN_REORDERING_WINDOW
        recovery.on_acknowledged(a_command(3, 5000), 5000, RTT, 2000 + REORDERING_MEMORY)
        assert recovery.reordering == 0


def test_time_outs_double_and_stop_doubling() -> None:
    recovery = Recovery(2)
    waits = []
    for _ in range(MAX_BACKOFF + 3):
        waits.append(recovery.timeout(100, 0))
        recovery.backoff += 1
    assert waits[:4] == [100, 200, 400, 800]
    assert waits[-1] == waits[-3] == 100 << MAX_BACKOFF
