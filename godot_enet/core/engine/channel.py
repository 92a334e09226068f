"""One channel of one peer: sequence numbers in both directions, and commands that arrived early.

Units: sequence numbers modulo 65536, in 16 windows of 4096. A channel is made when it is first used.
"""

from __future__ import annotations

from godot_enet.core.engine.reassembly import Held
from godot_enet.core.protocol.constants import FREE_WINDOWS

__all__ = ["Channel"]


class Channel:
    """Sequencing state; the rules live in ``delivery`` (in), ``outgoing`` and ``transmit`` (out)."""

    __slots__ = (
        "incoming_reliable",
        "incoming_unreliable",
        "outgoing_reliable",
        "outgoing_unreliable",
        "reliable_queue",
        "reliable_windows",
        "unreliable_queue",
    )

    def __init__(self) -> None:
        self.incoming_reliable = 0
        """Last reliable number delivered in order."""
        self.incoming_unreliable = 0
        """Last unreliable number delivered since then."""
        self.outgoing_reliable = 0
        self.outgoing_unreliable = 0
        self.reliable_queue: dict[int, Held] = {}
        """Reliable commands ahead of ``incoming_reliable``, by number."""
        self.unreliable_queue: list[Held] = []
        """Unreliable commands that wait for a reliable one or for their own fragments, in sequence order."""
        self.reliable_windows = [0] * 16
        """Unacknowledged numbers in each window."""

    def accepts(self, number: int) -> bool:
        """Whether a reliable number is current or up to six windows ahead: the one filter for old and duplicate ones.

        enet: peer.c: enet_peer_queue_incoming_command.
        """
        incoming = self.incoming_reliable
        window = number >> 12
        if number < incoming:
            window += 16
        current = incoming >> 12
        return current <= window < current + FREE_WINDOWS - 1

    def acknowledges(self, number: int) -> bool:
        """Whether to acknowledge a received number: all but those so far ahead that they were discarded.

        Old ones are acknowledged again, because the sender resends commands that it considers lost.
        enet: peer.c: enet_peer_queue_acknowledgement.
        """
        incoming = self.incoming_reliable
        window = number >> 12
        if number < incoming:
            window += 16
        current = incoming >> 12
        return not current + FREE_WINDOWS - 1 <= window <= current + FREE_WINDOWS

    def gate_closed(self, window: int) -> bool:
        """Whether the first number of a window must wait so that the receiver does not mistake it for an old one.

        The previous window must not be entirely unacknowledged, and none of the next ten windows may still be in use.
        enet: protocol.c: enet_protocol_check_outgoing_commands.
        """
        unacknowledged = self.reliable_windows
        if unacknowledged[window - 1] >= 4096:
            return True
        return any(unacknowledged[(window + ahead) & 15] for ahead in range(10))
