"""The state of one connection. Data only: the rules are in the modules of the mechanisms."""

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
from godot_enet.core.protocol.events import DisconnectReason, Event, PeerHandle
from godot_enet.core.protocol.tuning import OVER_BUDGET_PAUSE

__all__ = [
    "NO_OVERDUE",
    "NO_RELIABLE",
    "NO_UNRELIABLE",
    "LossStatistic",
    "Peer",
    "Streak",
    "Timeouts",
]


NO_OVERDUE: OrderedDict[int, ReliableCommand] = OrderedDict()
NO_RELIABLE: deque[ReliableCommand] = deque(maxlen=0)
NO_UNRELIABLE: deque[UnreliableCommand] = deque(maxlen=0)
"""Placeholders until a peer needs a queue of its own: even an empty one takes 760 bytes. They stay empty."""


class Streak:
    """A recurring event, and since when it recurs without a longer pause."""

    __slots__ = ("_at", "since")

    def __init__(self) -> None:
        self.since: int | None = None
        """Start of the streak; None without one."""
        self._at = 0

    def again(self, now: int) -> int:
        """Record an occurrence. Returns how long the streak has lasted."""
        if self.since is None or now - self._at > OVER_BUDGET_PAUSE:
            self.since = now
        self._at = now
        return now - self.since


class Timeouts:
    """When a silent peer is pinged, and when it times out (enet: timeoutLimit and related fields)."""

    __slots__ = ("limit", "maximum", "minimum", "ping_interval")

    def __init__(self) -> None:
        self.limit = DEFAULT_TIMEOUT_LIMIT
        self.minimum = DEFAULT_TIMEOUT_MINIMUM
        self.maximum = DEFAULT_TIMEOUT_MAXIMUM
        self.ping_interval = DEFAULT_PING_INTERVAL


class LossStatistic:
    """The share of commands lost (enet: packetLoss and related fields), and the counts since the last measurement."""

    __slots__ = ("epoch", "lost", "mean", "sent", "variance")

    def __init__(self) -> None:
        self.mean = 0
        """In units of 1/65536."""
        self.variance = 0
        self.epoch = 0
        self.sent = 0
        self.lost = 0


class Peer:
    """One connection in one slot, from its first command to its last event.

    Initial values: enet: peer.c: enet_peer_reset. Times are the engine's ``now`` in milliseconds; 0 is "never".
    """

    __slots__ = (
        "acks",
        "address",
        "any_source",
        "backlog",
        "buffered_bytes",
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
        "last_receive_time",
        "last_rtt",
        "last_rtt_variance",
        "last_send_time",
        "loss",
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
        "over_budget",
        "overdue",
        "packet_throttle",
        "packet_throttle_acceleration",
        "packet_throttle_counter",
        "packet_throttle_deceleration",
        "packet_throttle_epoch",
        "packet_throttle_interval",
        "packet_throttle_limit",
        "pass_bytes",
        "pass_commands",
        "pass_number",
        "pending_throttle",
        "queued_data",
        "reason",
        "recalculates",
        "recovery",
        "refused",
        "releasing",
        "reliable",
        "reliable_data_in_transit",
        "rtt",
        "rtt_variance",
        "sent",
        "slot",
        "stall",
        "state",
        "suspect_pass",
        "timed_out",
        "timeouts",
        "timer",
        "timer_serial",
        "unanswered",
        "unread",
        "unread_data",
        "unreliable",
        "unsequenced_map",
        "validation_credit",
        "validation_started",
        "waiting_data",
        "window_size",
    )

    def __init__(
        self, handle: PeerHandle, address: Address, mtu: int, sessions: tuple[int, int], recovery: Recovery | None
    ) -> None:
        self.handle = handle
        self.slot = handle & MAXIMUM_PEER_ID
        self.number = self.slot
        """The number in the remote's datagrams, see peer_table.py (enet: incomingPeerID)."""
        self.address = address
        self.any_source = False
        """Whether any address may answer, as to a broadcast CONNECT; the first one becomes the remote."""
        self.state = PeerState.DISCONNECTED
        self.unanswered = False
        """Whether a log line has said that the remote does not answer our CONNECT."""
        self.connect_id = 0
        self.outgoing_peer_id = MAXIMUM_PEER_ID
        self.incoming_session, self.outgoing_session = sessions
        self.event_data = 0
        self.reason = DisconnectReason.NONE
        self.timed_out = 0
        """The command that was not acknowledged in time, once the peer has timed out."""
        self.mtu = mtu
        self.fragment_length = 0
        """Packet bytes that fit one fragment; longer packets are split."""
        self.window_size = MAXIMUM_WINDOW_SIZE

        self.channel_count = 0
        self.channels: dict[int, Channel] = {}
        """By channel id, created on first use; ids below ``channel_count`` are valid."""

        # Outgoing (enet: acknowledgements, outgoingCommands, outgoingSendReliableCommands, sentReliableCommands).
        self.acks: list[bytes] = []
        self.control: deque[ReliableCommand | UnreliableCommand] = deque()
        self.unreliable: deque[UnreliableCommand] = NO_UNRELIABLE
        self.reliable: deque[ReliableCommand] = NO_RELIABLE
        """Waiting commands: three queues with a common order, see ``queue_time``."""
        self.overdue: OrderedDict[int, ReliableCommand] = NO_OVERDUE
        """Lost commands that wait to be resent before ``reliable``, by command key."""
        self.sent: OrderedDict[int, ReliableCommand] = OrderedDict()
        """In flight, by command key, oldest transmission first."""
        self.outgoing_reliable_sequence = 0
        """On the control channel."""
        self.outgoing_unsequenced_group = 0
        self.reliable_data_in_transit = 0
        self.queued_data = 0
        """Bytes of the packets in these queues, overhead included."""
        self.refused = False
        """Whether a packet was refused because the queues are full."""
        self.stall = Streak()
        """Refused packets while nothing is acknowledged; see budget.py."""
        self.datagrams = 0
        """Datagrams started so far."""
        self.continue_sending = False
        """Whether the last datagram was full, so that more is to be sent at once."""

        # Incoming.
        self.incoming_control = 0
        """The highest sequence number of a received control command; see ``handlers``."""
        self.incoming_unsequenced_group = 0
        self.unsequenced_map = 0
        """Bit g: group ``incoming_unsequenced_group + g`` was received (1024 bits)."""
        self.dispatched: deque[tuple[Event, int]] | None = None
        """Deliverable packets as RECEIVE events, each with its last sequence number. None until the first."""
        self.unread = 0
        self.unread_data = 0
        """Packets that were reported but that the program has not read yet, and their bytes."""
        self.waiting_data = 0
        """Bytes of unread, deliverable and held packets."""
        self.held = 0
        """Early commands and fragments held; see ``MAX_HELD_COMMANDS``."""
        self.buffered_bytes = 0
        """Bytes of all these, overhead included; of incomplete packets, only what has arrived."""
        # Budget of one receive pass (budget.py): which pass, how much is used, and since when it is exceeded.
        self.pass_number = 0
        self.pass_commands = 0
        self.pass_bytes = 0
        self.backlog: deque[bytes] | None = None
        """Datagrams received over budget; None until the first."""
        self.releasing = 0
        """A bit for each channel with deliverable packets that are over budget."""
        self.suspect_pass = 0
        """The latest receive pass with a useless datagram in its name."""
        self.over_budget = Streak()
        """Datagrams dropped because the backlog is full."""
        self.needs_dispatch = False
        self.recalculates = False
        self.connect_pending: int | None = None
        """Data of the CONNECT event until that is taken."""

        # Round trip and timeouts.
        self.rtt = DEFAULT_ROUND_TRIP_TIME
        self.rtt_variance = 0
        self.last_rtt = DEFAULT_ROUND_TRIP_TIME
        self.last_rtt_variance = 0
        self.lowest_rtt = DEFAULT_ROUND_TRIP_TIME
        self.highest_rtt_variance = 0
        self.last_send_time = 0
        self.last_receive_time = 0
        """Time of the last acknowledgement; nothing else counts."""
        self.earliest_timeout = 0
        self.recovery = recovery
        """None where the host keeps ENet's own timing."""
        self.validation_credit: int | None = None
        """Bytes that may still be sent before the remote acknowledges any of them; None once it has, or if this host
        requested the connection. See ``transmit``."""
        self.validation_started: int | None = None
        """When the first of them was sent, acknowledgements aside."""
        self.timeouts = Timeouts()
        self.timer: int | None = None
        """When this peer's entry in the timer heap fires; never later than the peer is due."""
        self.timer_serial = 0
        """The number of that entry: outdated ones may have the same time."""
        self.deadline: int | None = None
        """End of a state that the reference would stay in forever."""

        # Statistics and throttles.
        self.loss = LossStatistic()
        self.packet_throttle = PACKET_THROTTLE_SCALE
        self.packet_throttle_limit = PACKET_THROTTLE_SCALE
        self.packet_throttle_counter = 0
        self.packet_throttle_epoch = 0
        self.packet_throttle_acceleration = DEFAULT_THROTTLE_ACCELERATION
        self.packet_throttle_deceleration = DEFAULT_THROTTLE_DECELERATION
        self.packet_throttle_interval = DEFAULT_THROTTLE_INTERVAL
        self.pending_throttle: tuple[int, int, int] | None = None
        """Throttle settings made while connecting, to be sent once connected."""
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
