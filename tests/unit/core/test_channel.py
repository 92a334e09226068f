"""Sequence number arithmetic of one channel: 16 windows of 4096."""

from __future__ import annotations

import pytest

from godot_enet.core.engine.channel import Channel
from tests.rows import each_row

EVERY = range(0, 65536, 97)


def at(incoming: int) -> Channel:
    channel = Channel()
    channel.incoming_reliable = incoming
    return channel


@pytest.mark.parametrize("incoming", [0, 1, 4095, 4096, 10000, 32768, 61439, 61440, 65000, 65535])
class TestReceiving:
    @staticmethod
    def windows_ahead(incoming: int, number: int) -> int:
        """How many windows on a number lies; what is behind lies sixteen further on."""
        return (number >> 12) + (16 if number < incoming else 0) - (incoming >> 12)

    def test_the_current_window_and_six_more_are_accepted(self, incoming: int) -> None:
        channel = at(incoming)
        for number in EVERY:
            assert channel.accepts(number) is (0 <= self.windows_ahead(incoming, number) <= 6), number

    def test_all_is_acknowledged_but_what_is_too_far_ahead(self, incoming: int) -> None:
        channel = at(incoming)
        for number in EVERY:
            assert channel.acknowledges(number) is (self.windows_ahead(incoming, number) not in (7, 8)), number

    def test_what_is_accepted_is_acknowledged(self, incoming: int) -> None:
        channel = at(incoming)
        assert all(channel.acknowledges(number) for number in EVERY if channel.accepts(number))
        assert channel.accepts((incoming + 1) & 0xFFFF)
        assert channel.acknowledges(incoming)


@each_row(
    ("incoming", "number", "accepted", "acknowledged"),
    [
        (1, 0x6FFF, True, True),
        (1, 0x7000, False, False),
        (1, 0x8FFF, False, False),
        (1, 0x9000, False, True),
        (1, 0xFFFF, False, True),
        (5, 4, False, True),
        (0xFFFF, 0, True, True),
        (0xF001, 0x5FFF, True, True),
        (0xF001, 0x6000, False, False),
        (0xF001, 0xF000, False, True),
    ],
)
def test_the_edges_are_where_enet_has_them(incoming: int, number: int, accepted: bool, acknowledged: bool) -> None:
    assert at(incoming).accepts(number) is accepted
    assert at(incoming).acknowledges(number) is acknowledged


class TestSending:
    @each_row("window", range(16))
    def test_it_waits_while_the_window_before_is_full(self, window: int) -> None:
        channel = Channel()
        channel.reliable_windows[(window - 1) % 16] = 4096
        assert channel.gate_closed(window)
        channel.reliable_windows[(window - 1) % 16] = 4095
        assert not channel.gate_closed(window)

    @each_row("window", range(16))
    def test_it_waits_while_one_of_the_ten_windows_from_here_on_is_in_use(self, window: int) -> None:
        for used in range(16):
            channel = Channel()
            channel.reliable_windows[used] = 1
            assert channel.gate_closed(window) is ((used - window) % 16 < 10), used

    def test_a_new_channel_holds_up_nothing(self) -> None:
        assert not any(Channel().gate_closed(window) for window in range(16))
