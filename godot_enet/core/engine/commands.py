"""Outgoing commands: those that wait to be sent, and those that wait to be acknowledged.

A command is packed once, when it is queued, header and data together: its numbers never change afterwards
(enet: peer.c: enet_peer_setup_outgoing_command), so a resend is the same bytes again.
"""

from __future__ import annotations

from godot_enet.core.engine.channel import Channel
from godot_enet.core.protocol.constants import COMMAND_MASK
from godot_enet.core.protocol.tuning import MAX_EARLIER_COPIES

__all__ = ["ReliableCommand", "UnreliableCommand"]


class ReliableCommand:
    """A command that must be acknowledged. ``channel`` is None for control commands."""

    __slots__ = (
        "attempts",
        "channel",
        "copies",
        "datagram",
        "has_copies",
        "key",
        "last_copy_time",
        "length",
        "queue_time",
        "sent_time",
        "sent_times",
        "timeout",
        "wire",
    )
    reliable = True

    # Set when it is first sent.
    sent_time: int
    """When it last left as itself, not as a redundant copy."""
    last_copy_time: int
    """When the latest copy left, redundant or not."""
    sent_times: tuple[int, ...]
    """When the latest copies left: the low 16 bits, which is all that an acknowledgement repeats."""
    timeout: int
    """Milliseconds until it counts as lost, where the host keeps ENet's own timing; doubled by each loss."""
    copies: int
    """Redundant copies since it last counted as sent, see :mod:`godot_enet.core.engine.recovery`."""
    datagram: int
    """Which of the peer's datagrams it last left in; see :mod:`godot_enet.core.engine.recovery`."""

    def __init__(self, key: int, channel: Channel | None, wire: bytes, length: int, queue_time: int) -> None:
        self.key = key
        """Channel id << 16 | reliable sequence number, as an acknowledgement names it."""
        self.channel = channel
        self.wire = wire
        self.length = length
        """Bytes of packet data, which count against the window."""
        self.queue_time = queue_time
        """Position in the queueing order of the whole host; not a time."""
        self.attempts = 0
        self.has_copies = False
        """Whether any redundant copy was ever sent."""

    @property
    def number(self) -> int:
        """Command number, without flags."""
        return self.wire[0] & COMMAND_MASK

    def on_copied(self, now: int) -> None:
        """Record that another copy leaves, redundant or not."""
        self.sent_times = (*self.sent_times[-MAX_EARLIER_COPIES:], now & 0xFFFF)
        self.last_copy_time = now


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
