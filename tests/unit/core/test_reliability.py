"""Round trips, acknowledgements, time-outs and deadlines of one peer, in whole milliseconds."""

from __future__ import annotations

import pytest

from godot_enet.core.engine.commands import ReliableCommand
from godot_enet.core.engine.lifecycle import change_state
from godot_enet.core.engine.reliability import (
    acknowledge,
    check_timeouts,
    due_at,
    find_unacknowledged,
    sample_round_trip,
)
from godot_enet.core.protocol.constants import Command, PeerState
from tests.unit.core.bare_engine import add_peer, make_engine


class Sender:
    """A connected peer that sends reliable commands and never hears of them."""

    def __init__(self) -> None:
        self.engine = make_engine()
        self.peer = add_peer(self.engine)
        self.peer.last_receive_time = 1  # an acknowledgement came before, so that no ping is due
        self.peer.timeouts.ping_interval = 1_000_000

    def send(self, now: int = 0, timeout: int = 100, channel: int = 0, length: int = 10) -> ReliableCommand:
        """Send a packet; the command now in flight."""
        self.engine.send(self.peer.handle, channel, bytes(length), 1)
        return self._fly(now, timeout)

    def ping(self, now: int = 0, timeout: int = 100) -> ReliableCommand:
        """The same for a control command."""
        self.engine.ping(self.peer.handle)
        return self._fly(now, timeout)

    def _fly(self, now: int, timeout: int) -> ReliableCommand:
        assert len(self.engine.poll_transmit(now)) == 1
        command = list(self.peer.sent.values())[-1]
        command.timeout = timeout
        return command

    def resend(self, now: int) -> list[int]:
        """Send again what was overdue; the keys in their order."""
        self.engine.dirty.add(self.peer)
        before = set(self.peer.sent)
        self.engine.poll_transmit(now)
        return [key for key in self.peer.sent if key not in before]


@pytest.fixture
def sender() -> Sender:
    return Sender()


class TestRoundTrip:
    def test_estimator(self) -> None:
        peer = add_peer(make_engine())
        seen = []
        for sample in (100, 100, 20, 20, 300, 299, 7):
            sample_round_trip(peer, sample, 1000)
            seen.append((peer.rtt, peer.rtt_variance))
        # First sample: itself and half of it. Later: an eighth and a quarter, with C's truncation.
        assert seen == [(100, 50), (100, 38), (90, 49), (82, 54), (109, 95), (132, 119), (117, 121)]

    def test_best_and_worst_are_published_once_per_interval(self) -> None:
        peer = add_peer(make_engine())
        peer.packet_throttle_interval = 1000
        sample_round_trip(peer, 100, 500)
        assert (peer.last_rtt, peer.last_rtt_variance) == (100, 50)
        sample_round_trip(peer, 20, 600)
        sample_round_trip(peer, 900, 700)
        assert (peer.last_rtt, peer.last_rtt_variance) == (100, 50)
        lowest, highest = peer.lowest_rtt, peer.highest_rtt_variance
        assert lowest < 100
        assert highest > 50
        sample_round_trip(peer, 100, 1500)
        assert (peer.last_rtt, peer.last_rtt_variance) == (lowest, highest)
        assert peer.packet_throttle_epoch == 1500

    @pytest.mark.parametrize(("now", "remembered"), [(0, 1), (1, 1), (5000, 5000)])
    def test_life_signs_are_never_at_0_which_means_never(self, now: int, remembered: int) -> None:
        peer = add_peer(make_engine())
        peer.earliest_timeout = 77
        sample_round_trip(peer, 10, now)
        assert (peer.last_receive_time, peer.earliest_timeout) == (remembered, 0)


def acknowledged(sender: Sender, key: int) -> int:
    """The command that an acknowledgement of this key makes the sender forget; 0 if there is none."""
    command = find_unacknowledged(sender.peer, key)
    if command is None:
        return Command.NONE
    acknowledge(sender.engine, sender.peer, command)
    return command.number


class TestAcknowledging:
    def test_a_command_in_flight_is_forgotten(self, sender: Sender) -> None:
        first, second = sender.send(length=10), sender.send(length=7)
        channel = sender.peer.channels[0]
        assert (channel.reliable_windows[0], sender.peer.reliable_data_in_transit) == (2, 17)
        assert acknowledged(sender, first.key) == Command.SEND_RELIABLE
        assert (channel.reliable_windows[0], sender.peer.reliable_data_in_transit) == (1, 7)
        assert acknowledged(sender, first.key) == Command.NONE  # once is enough
        assert acknowledged(sender, second.key) == Command.SEND_RELIABLE
        assert (channel.reliable_windows[0], sender.peer.reliable_data_in_transit) == (0, 0)
        assert not sender.peer.has_outgoing()

    def test_one_that_waits_to_be_sent_again_is_forgotten_too(self, sender: Sender) -> None:
        late, control = sender.send(), sender.ping()
        assert not check_timeouts(sender.peer, 1000)
        assert not sender.peer.sent
        assert acknowledged(sender, late.key) == Command.SEND_RELIABLE
        assert acknowledged(sender, control.key) == Command.PING
        assert not sender.peer.has_outgoing()
        assert (sender.peer.channels[0].reliable_windows[0], sender.peer.reliable_data_in_transit) == (0, 0)

    def test_one_that_was_never_sent_is_not(self, sender: Sender) -> None:
        sender.engine.send(sender.peer.handle, 0, b"x", 1)
        assert acknowledged(sender, 0 << 16 | 1) == Command.NONE
        assert sender.peer.has_outgoing()

    def test_channels_are_told_apart(self, sender: Sender) -> None:
        sender.send(channel=3)
        for channel in (0, 2, 0xFF):
            assert acknowledged(sender, channel << 16 | 1) == Command.NONE
        assert acknowledged(sender, 3 << 16 | 1) == Command.SEND_RELIABLE


class TestTimeOuts:
    def test_overdue_commands_go_back_in_their_order(self, sender: Sender) -> None:
        first, slow, third, control = sender.send(0, 50), sender.send(0, 500), sender.send(0, 50), sender.ping(0, 50)
        assert not check_timeouts(sender.peer, 49)
        assert len(sender.peer.sent) == 4
        assert not check_timeouts(sender.peer, 50)
        assert list(sender.peer.sent) == [slow.key]
        assert [command.timeout for command in (first, slow, third, control)] == [100, 500, 100, 100]
        assert (sender.peer.loss.lost, sender.peer.reliable_data_in_transit) == (3, 10)
        assert sender.resend(60) == [first.key, third.key, control.key]
        assert (first.sent_time, first.attempts, first.timeout) == (60, 2, 100)
        assert sender.peer.reliable_data_in_transit == 30

    def test_the_doubling_limit_counts_only_after_the_minimum(self, sender: Sender) -> None:
        peer = sender.peer
        peer.timeouts.limit, peer.timeouts.minimum, peer.timeouts.maximum = 4, 1000, 100_000
        command = sender.send(1, 10)
        command.attempts = 3  # 2 ** (3 - 1) reaches the limit
        assert not check_timeouts(peer, 1000)  # 999 ms of silence
        assert sender.resend(1000) == [command.key]
        command.timeout = 1
        assert check_timeouts(peer, 1001)

    def test_before_the_doubling_limit_only_the_maximum_counts(self, sender: Sender) -> None:
        sender.peer.timeouts.limit, sender.peer.timeouts.minimum = 1 << 30, 10
        command = sender.send(1, 10)
        for now in (200, 3000, 30_000):
            assert not check_timeouts(sender.peer, now)
            assert sender.resend(now) == [command.key]
            command.timeout = 1
        assert check_timeouts(sender.peer, 30_001)  # 30 seconds since the first sending

    def test_any_life_sign_starts_the_patience_anew(self, sender: Sender) -> None:
        command = sender.send(1, 10)
        assert not check_timeouts(sender.peer, 20_000)
        sender.resend(20_000)
        sample_round_trip(sender.peer, 50, 25_000)
        command.timeout = 10
        assert not check_timeouts(sender.peer, 49_999)
        sender.resend(49_999)
        command.timeout = 1
        assert check_timeouts(sender.peer, 50_000)  # 30 seconds since the sending at 20,000


class TestDeadline:
    def test_the_oldest_command_in_flight(self, sender: Sender) -> None:
        sender.send(1000, timeout=300)
        sender.send(1001, timeout=10)
        assert due_at(sender.peer) == 1300

    def test_else_the_ping(self, sender: Sender) -> None:
        sender.peer.last_receive_time, sender.peer.timeouts.ping_interval = 700, 500
        assert due_at(sender.peer) == 1200
        sender.peer.timeouts.ping_interval = 50
        assert due_at(sender.peer) == 750

    def test_the_end_of_a_state_comes_first_if_it_is_first(self, sender: Sender) -> None:
        sender.send(1000, timeout=300)
        sender.peer.deadline = 1250
        assert due_at(sender.peer) == 1250
        sender.peer.deadline = 1350
        assert due_at(sender.peer) == 1300

    def test_who_is_not_connected_is_not_pinged(self, sender: Sender) -> None:
        change_state(sender.engine, sender.peer, PeerState.DISCONNECTING)
        assert due_at(sender.peer) is None
