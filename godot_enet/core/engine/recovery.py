"""When a reliable command counts as lost earlier than in ENet, and redundant copies. All bytes are still ENet's.

ENet waits for a timeout that doubles with each loss of a command, and checks it only when the oldest command in flight
is due. Two things differ here (:attr:`HostConfig.early_retransmit`):

- Every command is acknowledged by itself, and the acknowledgement repeats when its datagram left. Once a datagram that
  left later is acknowledged, an earlier command should have been too: it is sent again after a short loss delay that
  allows for reordering. (This is the rule of TCP's RACK, RFC 8985, sections 5 and 6: time instead of counting.)
- The timeout belongs to the peer. It doubles while no acknowledgement comes at all, at most twice while any datagram
  comes from the peer, since a few lost acknowledgements must not end a live connection.

No loss shows earlier than a round trip later. So after recent losses, while little is in flight, redundant copies
follow each command after a short gap, before anything is known about its fate.

A link may lose so much that a live connection looks dead. So after a second without any acknowledgement, the oldest
command in flight, usually a PING, is repeated ten times a second as a *probe*, until one is acknowledged or the peer
times out. On a link with few losses that takes an unlikely run of them.

If the first copy of a command that was sent twice is acknowledged, the loss delay was too short (the idea of RFC 3522),
and it grows. Units: milliseconds.
"""

from __future__ import annotations

from godot_enet.core.engine.commands import ReliableCommand
from godot_enet.core.protocol.tuning import (
    LOSS_FREE_SAMPLES,
    LOSS_MEMORY,
    MAX_BACKOFF,
    MIN_REORDERING_WINDOW,
    ONE_COPY_LOSS,
    PACKET_THRESHOLD,
    REORDERING_MEMORY,
    TWO_COPY_LOSS,
)

__all__ = ["Recovery"]


class Recovery:
    """One peer's view of its losses."""

    __slots__ = (
        "backoff",
        "largest_acknowledged",
        "last_sample",
        "lost",
        "lost_since",
        "max_copies",
        "reordered_at",
        "reordering",
        "samples",
        "samples_from",
    )

    def __init__(self, max_copies: int) -> None:
        self.max_copies = max_copies
        self.largest_acknowledged = 0
        """The latest datagram of which anything was acknowledged."""
        self.last_sample = 0
        """The latest round-trip sample, not smoothed."""
        self.reordering = 0
        """The reordering window: how much later than others a datagram may arrive without being lost; 0 until one did.
        """
        self.reordered_at = 0
        self.backoff = 0
        """Timeouts since the last acknowledgement."""
        self.samples = 0
        """Commands acknowledged recently."""
        self.lost = 0
        """How many of the samples were not acknowledged for their first copy."""
        self.lost_since = 0
        self.samples_from = 0
        """Commands sent before this time are not sampled."""

    def on_acknowledged(self, command: ReliableCommand, sent_time: int, rtt: int, now: int) -> bool:
        """Learn from the acknowledgement of a command in flight whose datagram left at ``sent_time``.

        Returns whether only a redundant copy arrived, so that the loss has not been counted yet.
        """
        lost = only_copy = False
        if sent_time == command.sent_time:
            if command.datagram > self.largest_acknowledged:
                self.largest_acknowledged = command.datagram
            if self.reordering and now - self.reordered_at >= REORDERING_MEMORY:
                self.reordering = 0
            lost = command.attempts > 1
        elif command.has_copies:
            lost, only_copy = True, command.attempts == 1
        elif command.attempts > 1:
            # It had arrived, only late: the resend was spurious.
            self.reordering = max(MIN_REORDERING_WINDOW, min(2 * self.reordering, rtt))
            self.reordered_at = now
        else:
            return False
        if self.lost and now - self.lost_since >= LOSS_MEMORY:
            self.samples = self.lost = 0
            self.samples_from = now + 2 * rtt
        if command.sent_time >= self.samples_from:
            if lost:
                if not self.lost:
                    self.lost_since = now
                self.lost += 1
            if self.lost or self.samples < LOSS_FREE_SAMPLES:
                self.samples += 1
        return only_copy

    def redundancy(self) -> int:
        """How many redundant copies to send of each command."""
        if not self.lost or self.lost * ONE_COPY_LOSS < self.samples:
            return 0
        return min(self.max_copies, 2 if self.lost * TWO_COPY_LOSS >= self.samples else 1)

    def timeout(self, rtt: int, variance: int) -> int:
        """How long a command may stay unacknowledged when nothing else shows its loss."""
        return rtt + max(4 * variance, self.reordering) << min(self.backoff, MAX_BACKOFF)

    def loss_delay(self, command: ReliableCommand, rtt: int, variance: int) -> int:
        """How long this command may stay unacknowledged, given everything acknowledged so far.

        Never shorter for a command that left later.
        """
        timeout = self.timeout(rtt, variance)
        later = self.largest_acknowledged - command.datagram
        if later <= 0:
            return timeout
        if later >= PACKET_THRESHOLD and not self.reordering:
            return 0
        return min(timeout, max(rtt, self.last_sample) + max(2 * variance, self.reordering, MIN_REORDERING_WINDOW))
