"""When a reliable command counts as lost before ENet would think so, and spare copies. All bytes are still ENet's.

ENet waits for a time-out that each loss of a command doubles, and looks only when the oldest command in flight is due.
Here two things are different (:attr:`HostConfig.early_retransmit`):

- Every command is acknowledged by itself, and says when the acknowledged datagram left. So once a datagram that left
  later is acknowledged, a command should have been, too: it is sent again after a little patience for reordering.
  (The rule is that of TCP's RACK, RFC 8985, sections 5 and 6; time takes the place of counting.)
- The time-out is the peer's, doubled while no acknowledgement comes at all, instead of each command's own; no more than
  twice while anything comes from there, since a few lost acknowledgements must not end a connection that lives.

Nothing tells of a loss sooner than a round trip later. So where losses were seen, and little is under way, spare copies
follow each command after a short while, before anybody knows whether they are needed.

A link may lose so much that a connection seems to have ended which has not. So after a second without any
acknowledgement, the oldest command under way, mostly a PING, is repeated ten times a second (a *call*) until one comes
or the peer is given up. Where
few are lost that takes too many losses in a row to happen.

An acknowledgement of the first copy of something that was sent twice tells that patience was too short (the idea of
RFC 3522): then it grows. Units: milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from godot_enet.core.protocol.constants import PeerState
from godot_enet.core.protocol.tuning import (
    CALL_GAP,
    CALL_SILENCE,
    FEW_LOSSES,
    LEAST_REORDERING,
    LEAST_SPARE_GAP,
    LOSS_MEMORY,
    MANY_LOSSES,
    MAXIMUM_BACKOFF,
    MOST_SPARE_GAP,
    PACKET_THRESHOLD,
    REMEMBERED_ANSWERS,
    REORDERING_MEMORY,
    SPARED_COMMANDS,
    SPARED_PART,
)

if TYPE_CHECKING:
    from godot_enet.core.engine.commands import ReliableCommand
    from godot_enet.core.engine.peer import Peer

__all__ = [
    "Recovery",
    "call_due_at",
    "spare_due_at",
    "spare_gap",
    "spares_wanted",
]


class Recovery:
    """One peer's view of its losses."""

    __slots__ = (
        "acknowledged",
        "answered",
        "backoff",
        "counts_from",
        "last_sample",
        "lost",
        "lost_since",
        "most_spares",
        "reordered_at",
        "reordering",
    )

    def __init__(self, most_spares: int) -> None:
        self.most_spares = most_spares
        self.acknowledged = 0
        """The latest datagram of which anything was acknowledged."""
        self.last_sample = 0
        """The last round trip, not smoothed."""
        self.reordering = 0
        """How much later than others a datagram may arrive and not be lost; 0 while none ever did."""
        self.reordered_at = 0
        self.backoff = 0
        """Time-outs since the last acknowledgement."""
        self.answered = 0
        """Commands acknowledged lately."""
        self.lost = 0
        """Those of them for another copy than the first."""
        self.lost_since = 0
        self.counts_from = 0
        """Commands that left before do not count."""

    def learn(self, command: ReliableCommand, sent_time: int, rtt: int, now: int) -> bool:
        """A command in flight was acknowledged, in a datagram that left at ``sent_time``. Returns whether only a spare
        copy has saved it, so that its loss was not counted yet.
        """
        if sent_time == command.sent_time:
            if command.datagram > self.acknowledged:
                self.acknowledged = command.datagram
            if self.reordering and now - self.reordered_at >= REORDERING_MEMORY:
                self.reordering = 0
            self._count(command, rtt, now, lost=command.attempts > 1)
        elif command.spared:
            self._count(command, rtt, now, lost=True)
            return command.attempts == 1
        elif command.attempts > 1:
            # It had arrived, only late: the second copy was for nothing.
            self.reordering = max(LEAST_REORDERING, min(2 * self.reordering, rtt))
            self.reordered_at = now
            self._count(command, rtt, now, lost=False)
        return False

    def _count(self, command: ReliableCommand, rtt: int, now: int, *, lost: bool) -> None:
        """Count an acknowledged command."""
        if self.lost and now - self.lost_since >= LOSS_MEMORY:
            self.answered = self.lost = 0
            self.counts_from = now + 2 * rtt
        if command.sent_time >= self.counts_from:
            if lost:
                if not self.lost:
                    self.lost_since = now
                self.lost += 1
            if self.lost or self.answered < REMEMBERED_ANSWERS:
                self.answered += 1

    def spares(self) -> int:
        """How many spare copies each command shall get."""
        if not self.lost or self.lost * FEW_LOSSES < self.answered:
            return 0
        return min(self.most_spares, 2 if self.lost * MANY_LOSSES >= self.answered else 1)

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
        if later >= PACKET_THRESHOLD and not self.reordering:
            return 0
        return min(timeout, max(rtt, self.last_sample) + max(2 * variance, self.reordering, LEAST_REORDERING))


def spare_gap(rtt: int) -> int:
    """How long after a copy the next one follows: long enough to survive a short burst of losses."""
    return max(LEAST_SPARE_GAP, min(rtt // 4, MOST_SPARE_GAP))


def spares_wanted(peer: Peer) -> int:
    """How many spare copies each of the peer's packets under way shall get."""
    recovery = peer.recovery
    if recovery is None or not recovery.lost or len(peer.sent) > SPARED_COMMANDS or peer.trial is not None:
        return 0
    if peer.reliable_data_in_transit * SPARED_PART > peer.window_size or peer.state is not PeerState.CONNECTED:
        return 0
    return recovery.spares()


def spare_due_at(peer: Peer) -> int | None:
    """When the next spare copy shall leave; None while there is none to come."""
    wanted = spares_wanted(peer)
    if not wanted:
        return None
    waiting = [c.spared_at for c in peer.sent.values() if c.spares < wanted and c.channel is not None]
    return min(waiting) + spare_gap(peer.rtt) if waiting else None


def call_due_at(peer: Peer) -> int | None:
    """When the oldest command under way shall be sent once more, lest the connection ends although it lives; None while
    something was acknowledged lately."""
    recovery = peer.recovery
    if recovery is None or not recovery.most_spares or not peer.earliest_timeout or not peer.sent:
        return None
    if peer.state is not PeerState.CONNECTED or (peer.trial is not None and peer.trial < peer.mtu):
        return None
    oldest = next(iter(peer.sent.values()))
    return max(peer.earliest_timeout + CALL_SILENCE, oldest.spared_at + CALL_GAP)
