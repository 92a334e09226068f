"""Outgoing commands: those that wait to be sent, and those that wait to be acknowledged.

A command is packed once, when it is queued, header and data together: its numbers never change afterwards
(enet: peer.c: enet_peer_setup_outgoing_command), so a resend is the same bytes again.
"""

from __future__ import annotations

from godot_enet.core.engine.channel import Channel
from godot_enet.core.protocol.tuning import MAX_EARLIER_COPIES

__all__ = ["ReliableCommand", "UnreliableCommand"]


class ReliableCommand:
    """A command that must be acknowledged. ``channel`` is None for control commands."""

    __slots__ = (
        "attempts",
        "channel",
        "copies",
        "datagram",
        "earlier",
        "has_copies",
        "key",
        "last_copy_time",
        "length",
        "number",
        "queue_time",
        "sent_time",
        "timeout",
        "wire",
    )
    reliable = True

    def __init__(
        self, number: int, key: int, channel: Channel | None, wire: bytes, length: int, queue_time: int
    ) -> None:
        self.number = number
        """Command number, without flags."""
        self.key = key
        """Channel id << 16 | reliable sequence number, as an acknowledgement names it."""
        self.channel = channel
        self.wire = wire
        self.length = length
        """Bytes of packet data, which count against the window."""
        self.queue_time = queue_time
        """Position in the queueing order of the whole host; not a time."""
        self.sent_time = 0
        self.timeout = 0
        """Milliseconds until it counts as lost, where the host keeps ENet's own timing; 0 until first sent, doubled
        by each loss."""
        self.attempts = 0
        self.copies = 0
        """Redundant copies since it last counted as sent, see :mod:`godot_enet.core.engine.recovery`."""
        self.has_copies = False
        """Whether any redundant copy was ever sent."""
        self.last_copy_time = 0
        """When the latest copy left, redundant or not."""
        self.earlier: list[int] | None = None
        """When the copies before that one left: the low 16 bits, which is all that an acknowledgement repeats."""
        self.datagram = 0
        """Which of the peer's datagrams it last left in; see :mod:`godot_enet.core.engine.recovery`."""

    def on_sent(self, now: int) -> None:
        """Record that a copy leaves, redundant or not."""
        if self.attempts:
            if self.earlier is None:
                self.earlier = []
            self.earlier.append(self.last_copy_time & 0xFFFF)
            if len(self.earlier) > MAX_EARLIER_COPIES:
                del self.earlier[0]
        self.last_copy_time = now

    def was_sent_at(self, time: int) -> bool:
        """Whether a copy left at ``time``, of which 16 bits are known."""
        return time == self.last_copy_time & 0xFFFF or (self.earlier is not None and time in self.earlier)


class UnreliableCommand:
    """A command that is sent once. ``has_packet`` is False for the unacknowledged DISCONNECT."""

    __slots__ = ("has_packet", "queue_time", "sequence", "starts", "wire")
    reliable = False

    def __init__(self, wire: bytes, sequence: int, starts: bool, has_packet: bool, queue_time: int) -> None:
        self.wire = wire
        self.sequence = sequence
        """Reliable << 16 | unreliable number, which the throttle compares to drop all fragments together."""
        self.starts = starts
        """Whether it is the first or only piece of its packet, where the throttle decides."""
        self.has_packet = has_packet
        self.queue_time = queue_time
