"""When a reliable command counts as lost before ENet would think so; on the wire nothing but the moment differs.

ENet waits for a time-out that each loss of a command doubles, and looks only when the oldest command in flight is due.
Here two things are different (:attr:`HostConfig.early_retransmit`):

- Every command is acknowledged by itself, and says when the acknowledged datagram left. So once a datagram that left
  later is acknowledged, a command should have been, too: it is sent again after a little patience for reordering.
  (The rule is that of TCP's RACK, RFC 8985, sections 5 and 6; time takes the place of counting.)
- The time-out is the peer's, doubled while no acknowledgement comes at all, instead of each command's own.

An acknowledgement of the first copy of something that was sent twice tells that patience was too short (the idea of
RFC 3522): then it grows. Units: milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from godot_enet.core.engine.commands import ReliableCommand

__all__ = ["LEAST_REORDERING", "MAXIMUM_BACKOFF", "Recovery"]

ENOUGH = 3
"""Later datagrams after whose acknowledgement a command counts as lost at once, while nothing comes out of order."""
LEAST_REORDERING = 4
"""Lateness that is always forgiven otherwise."""
REMEMBERED = 60_000
"""How long a link counts as one that reorders."""
MAXIMUM_BACKOFF = 16


class Recovery:
    """One peer's view of its losses."""

    __slots__ = ("acknowledged", "backoff", "last_sample", "reordered_at", "reordering")

    def __init__(self) -> None:
        self.acknowledged = 0
        """The latest datagram of which anything was acknowledged."""
        self.last_sample = 0
        """The last round trip, not smoothed."""
        self.reordering = 0
        """How much later than others a datagram may arrive and not be lost; 0 while none ever did."""
        self.reordered_at = 0
        self.backoff = 0
        """Time-outs since the last acknowledgement."""

    def learn(self, command: ReliableCommand, sent_time: int, rtt: int, now: int) -> None:
        """A command in flight was acknowledged, in a datagram that left at ``sent_time``."""
        if sent_time == command.sent_time:
            if command.datagram > self.acknowledged:
                self.acknowledged = command.datagram
            if self.reordering and now - self.reordered_at >= REMEMBERED:
                self.reordering = 0
        elif command.attempts > 1:
            # It had arrived, only late: the second copy was for nothing.
            self.reordering = max(LEAST_REORDERING, min(2 * self.reordering, rtt))
            self.reordered_at = now

    def timeout(self, rtt: int, variance: int) -> int:
        """How long a command may stay unacknowledged when nothing else tells of its loss."""
        return rtt + max(4 * variance, self.reordering) << min(self.backoff, MAXIMUM_BACKOFF)

    def patience(self, command: ReliableCommand, rtt: int, variance: int) -> int:
        """How long this command may stay unacknowledged, by all that is known now.

        Never less for one that left later.
        """
        timeout = self.timeout(rtt, variance)
        later = self.acknowledged - command.datagram
        if later <= 0:
            return timeout
        if later >= ENOUGH and not self.reordering:
            return 0
        return min(timeout, max(rtt, self.last_sample) + max(2 * variance, self.reordering, LEAST_REORDERING))
