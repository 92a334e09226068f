"""Everything one connection knows. Data only: the rules are in the modules named after what they do."""

from __future__ import annotations

from collections import OrderedDict, deque

from godot_enet.core.engine.channel import Channel
from godot_enet.core.engine.commands import ReliableCommand, UnreliableCommand
from godot_enet.core.engine.recovery import Recovery
from godot_enet.core.interface import Address
from godot_enet.core.protocol.constants import (
    DEFAULT_PING_INTERVAL,
    DEFAULT_ROUND_TRIP_TIME,
    DEFAULT_THROTTLE_ACCELERATION,
    DEFAULT_THROTTLE_DECELERATION,
    DEFAULT_THROTTLE_INTERVAL,
    DEFAULT_TIMEOUT_LIMIT,
    DEFAULT_TIMEOUT_MAXIMUM,
    DEFAULT_TIMEOUT_MINIMUM,
    MAXIMUM_PEER_ID,
    MAXIMUM_WINDOW_SIZE,
    PACKET_THROTTLE_SCALE,
    PeerState,
)
from godot_enet.core.protocol.events import DisconnectReason, PeerHandle

__all__ = [
    "NO_OVERDUE",
    "NO_RELIABLE",
    "NO_UNRELIABLE",
    "Peer",
]


NO_OVERDUE: OrderedDict[int, ReliableCommand] = OrderedDict()
NO_RELIABLE: deque[ReliableCommand] = deque(maxlen=0)
NO_UNRELIABLE: deque[UnreliableCommand] = deque(maxlen=0)
"""Stand for empty queues until a peer needs its own: even empty, one takes 760 bytes. They stay empty."""


class Peer:
    """One connection in one slot, from its first command to its last event.

    Initial values: enet: peer.c: enet_peer_reset. Times are the engine's ``now`` in milliseconds; 0 is "never".
    """

    __slots__ = (
        "acks",
        "address",
        "any_source",
        "backlog",
        "channel_count",
        "channels",
        "connect_id",
        "connect_pending",
        "continue_sending",
        "control",
        "datagrams",
        "deadline",
        "dispatched",
        "earliest_timeout",
        "event_data",
        "excess_at",
        "excess_since",
        "fragment_length",
        "handle",
        "held",
        "highest_rtt_variance",
        "incoming_bandwidth",
        "incoming_bandwidth_throttle_epoch",
        "incoming_control",
        "incoming_data_total",
        "incoming_session",
        "incoming_unsequenced_group",
        "kept",
        "last_receive_time",
        "last_rtt",
        "last_rtt_variance",
        "last_send_time",
        "lowest_rtt",
        "mtu",
        "needs_dispatch",
        "number",
        "outgoing_bandwidth",
        "outgoing_bandwidth_throttle_epoch",
        "outgoing_data_total",
        "outgoing_peer_id",
        "outgoing_reliable_sequence",
        "outgoing_session",
        "outgoing_unsequenced_group",
        "overdue",
        "packet_loss",
        "packet_loss_epoch",
        "packet_loss_variance",
        "packet_throttle",
        "packet_throttle_acceleration",
        "packet_throttle_counter",
        "packet_throttle_deceleration",
        "packet_throttle_epoch",
        "packet_throttle_interval",
        "packet_throttle_limit",
        "packets_lost",
        "packets_sent",
        "pending_throttle",
        "ping_interval",
        "queued_data",
        "reason",
        "recalculates",
        "recovery",
        "refused",
        "reliable",
        "reliable_data_in_transit",
        "rtt",
        "rtt_variance",
        "sent",
        "served",
        "served_bytes",
        "served_commands",
        "slot",
        "stalled_at",
        "stalled_since",
        "state",
        "suspect_pass",
        "timed_out",
        "timeout_limit",
        "timeout_maximum",
        "timeout_minimum",
        "timer",
        "trial",
        "tried_at",
        "unreliable",
        "unsequenced_map",
        "untaken",
        "untaken_data",
        "waiting_data",
        "window_size",
    )

    def __init__(
        self, handle: PeerHandle, address: Address, mtu: int, sessions: tuple[int, int], recovery: Recovery | None
    ) -> None:
        self.handle = handle
        self.slot = handle & MAXIMUM_PEER_ID
        self.number = self.slot
        """What the remote's datagrams name, see peer_table.py (enet: incomingPeerID)."""
        self.address = address
        self.any_source = False
        """Connecting, and ``address`` is not what answers: the first that does becomes the remote."""
        self.state = PeerState.DISCONNECTED
        self.connect_id = 0
        self.outgoing_peer_id = MAXIMUM_PEER_ID
        self.incoming_session, self.outgoing_session = sessions
        self.event_data = 0
        self.reason = DisconnectReason.NONE
        self.timed_out = 0
        """The command that was not acknowledged in time, when the peer is given up."""
        self.mtu = mtu
        self.fragment_length = 0
        """Packet bytes that fit one fragment; longer packets are fragmented."""
        self.window_size = MAXIMUM_WINDOW_SIZE

        self.channel_count = 0
        self.channels: dict[int, Channel] = {}
        """By channel id, made on first use; ids below ``channel_count`` are valid."""

        # Outgoing (enet: acknowledgements, outgoingCommands, outgoingSendReliableCommands, sentReliableCommands).
        self.acks: list[bytes] = []
        self.control: deque[ReliableCommand | UnreliableCommand] = deque()
        self.unreliable: deque[UnreliableCommand] = NO_UNRELIABLE
        self.reliable: deque[ReliableCommand] = NO_RELIABLE
        """Commands that wait, in three queues with one order: see ``queue_time``."""
        self.overdue: OrderedDict[int, ReliableCommand] = NO_OVERDUE
        """Those that were sent and wait in front of ``reliable`` to be sent again, by command key."""
        self.sent: OrderedDict[int, ReliableCommand] = OrderedDict()
        """In flight, by command key, oldest transmission first."""
        self.outgoing_reliable_sequence = 0
        """Of the control channel."""
        self.outgoing_unsequenced_group = 0
        self.reliable_data_in_transit = 0
        self.queued_data = 0
        """Bytes of the packets in these, with what keeping them costs."""
        self.refused = False
        """A packet was refused, since too much waits."""
        self.stalled_since: int | None = None
        """Since when packets are refused while none is acknowledged, and when one was refused last; see budget.py."""
        self.stalled_at = 0
        self.datagrams = 0
        """Datagrams begun so far."""
        self.continue_sending = False
        """The last datagram was full: there is more to send at once."""

        # Incoming.
        self.incoming_control = 0
        """The highest number of a control command that came; see ``incoming``."""
        self.incoming_unsequenced_group = 0
        self.unsequenced_map = 0
        """Bit g: group ``incoming_unsequenced_group + g`` was received (1024 bits)."""
        self.dispatched: deque[tuple[int, int, bytes, int]] | None = None
        """Deliverable packets: channel, flags, data, and the last of its numbers. None until the first."""
        self.untaken = 0
        self.untaken_data = 0
        """Packets that were reported, and that the program has not taken as far as it says, and their bytes."""
        self.waiting_data = 0
        """Bytes of these, of what is deliverable, and of what is held."""
        self.held = 0
        """Early commands and fragments kept; see ``MAXIMUM_HELD_COMMANDS``."""
        self.kept = 0
        """Bytes of these, with what keeping them costs; of packets in fragments, as far as they have come."""
        # Of the budget of one receive pass (budget.py): which, how much was used, and since when it is not enough.
        self.served = 0
        self.served_commands = 0
        self.served_bytes = 0
        self.backlog: deque[bytes] | None = None
        """Datagrams that came beyond it; None until the first."""
        self.suspect_pass = 0
        """The latest receive pass in which a datagram in its name was no use."""
        self.excess_since: int | None = None
        self.excess_at = 0
        self.needs_dispatch = False
        self.recalculates = False
        self.connect_pending: int | None = None
        """Data of the CONNECT event, while that has not been taken."""

        # Round trip and time-outs.
        self.rtt = DEFAULT_ROUND_TRIP_TIME
        self.rtt_variance = 0
        self.last_rtt = DEFAULT_ROUND_TRIP_TIME
        self.last_rtt_variance = 0
        self.lowest_rtt = DEFAULT_ROUND_TRIP_TIME
        self.highest_rtt_variance = 0
        self.last_send_time = 0
        self.last_receive_time = 0
        """Of the last acknowledgement; nothing else counts."""
        self.earliest_timeout = 0
        self.recovery = recovery
        """None where the host keeps ENet's own timing."""
        self.trial: int | None = None
        """Bytes that may still leave before the remote acknowledges any of them; None where it has, or where this host
        asked for the connection. See ``outgoing``."""
        self.tried_at: int | None = None
        """When the first of them left."""
        self.timeout_limit = DEFAULT_TIMEOUT_LIMIT
        self.timeout_minimum = DEFAULT_TIMEOUT_MINIMUM
        self.timeout_maximum = DEFAULT_TIMEOUT_MAXIMUM
        self.ping_interval = DEFAULT_PING_INTERVAL
        self.timer: int | None = None
        """When this peer's entry in the engine's timer heap fires; never later than what is due."""
        self.deadline: int | None = None
        """End of a state that the reference would stay in for ever."""

        # Statistics and throttles.
        self.packet_loss = 0
        self.packet_loss_variance = 0
        self.packet_loss_epoch = 0
        self.packets_sent = 0
        self.packets_lost = 0
        self.packet_throttle = PACKET_THROTTLE_SCALE
        self.packet_throttle_limit = PACKET_THROTTLE_SCALE
        self.packet_throttle_counter = 0
        self.packet_throttle_epoch = 0
        self.packet_throttle_acceleration = DEFAULT_THROTTLE_ACCELERATION
        self.packet_throttle_deceleration = DEFAULT_THROTTLE_DECELERATION
        self.packet_throttle_interval = DEFAULT_THROTTLE_INTERVAL
        self.pending_throttle: tuple[int, int, int] | None = None
        """Throttle settings asked for while connecting, to be told once connected."""
        self.incoming_bandwidth = 0
        self.outgoing_bandwidth = 0
        self.incoming_bandwidth_throttle_epoch = 0
        self.outgoing_bandwidth_throttle_epoch = 0
        self.incoming_data_total = 0
        self.outgoing_data_total = 0

    def has_outgoing(self) -> bool:
        """Whether anything waits to be sent or acknowledged (enet: peer.c: enet_peer_has_outgoing_commands)."""
        return bool(self.sent) or self.is_queued()

    def is_queued(self) -> bool:
        """Whether any command waits to be sent."""
        return bool(self.control or self.unreliable or self.overdue or self.reliable)
