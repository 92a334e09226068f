"""Outgoing commands: what waits to be sent, and what waits to be acknowledged.

A command is packed once, when it is queued, header and data together: its numbers never change afterwards
(enet: peer.c: enet_peer_setup_outgoing_command), so a resend is the same bytes again.
"""

from __future__ import annotations

from godot_enet.core.engine.channel import Channel
from godot_enet.core.protocol.tuning import EARLIER_COPIES

__all__ = ["ReliableCommand", "UnreliableCommand"]


class ReliableCommand:
    """A command that must be acknowledged. ``channel`` is None for control commands."""

    __slots__ = (
        "attempts",
        "channel",
        "datagram",
        "earlier",
        "key",
        "length",
        "number",
        "queue_time",
        "sent_time",
        "spared",
        "spared_at",
        "spares",
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
        """Channel id << 16 | reliable sequence number: what an acknowledgement names."""
        self.channel = channel
        self.wire = wire
        self.length = length
        """Bytes of packet data in it; what counts against the window."""
        self.queue_time = queue_time
        """Position in the host's one order of queueing; not a time."""
        self.sent_time = 0
        self.timeout = 0
        """Milliseconds until it counts as lost, where the host keeps ENet's own timing; 0 until first sent, doubled
        by each loss."""
        self.attempts = 0
        self.spares = 0
        """Spare copies sent since it was last sent itself, see :mod:`godot_enet.core.engine.recovery`."""
        self.spared = False
        """Whether it ever had any."""
        self.spared_at = 0
        """When the last copy left, spare or not."""
        self.earlier: list[int] | None = None
        """When those before it left; the low 16 bits, which are all that an acknowledgement repeats."""
        self.datagram = 0
        """Which of the peer's datagrams it last left in; see :mod:`godot_enet.core.engine.recovery`."""

    def leave(self, now: int) -> None:
        """A copy leaves, spare or not."""
        if self.attempts:
            if self.earlier is None:
                self.earlier = []
            self.earlier.append(self.spared_at & 0xFFFF)
            if len(self.earlier) > EARLIER_COPIES:
                del self.earlier[0]
        self.spared_at = now

    def has_left(self, time: int) -> bool:
        """Whether a copy left then; ``time`` has 16 bits."""
        return time == self.spared_at & 0xFFFF or (self.earlier is not None and time in self.earlier)


class UnreliableCommand:
    """A command that is sent once. ``has_packet`` is False for the unacknowledged DISCONNECT."""

    __slots__ = ("has_packet", "queue_time", "sequence", "starts", "wire")
    reliable = False

    def __init__(self, wire: bytes, sequence: int, starts: bool, has_packet: bool, queue_time: int) -> None:
        self.wire = wire
        self.sequence = sequence
        """Reliable << 16 | unreliable number: what the throttle compares to drop all fragments together."""
        self.starts = starts
        """First (or only) piece of its packet: where the throttle decides."""
        self.has_packet = has_packet
        self.queue_time = queue_time
