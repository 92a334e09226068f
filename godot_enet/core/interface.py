"""The interfaces between layers: engine, transport, compressor, clock, and the records that they exchange.

Code that joins two layers depends on these Protocols, never on an implementation.

The contract of an engine, which its callers (the pump, the simulated world) follow and the tests check:

1. One thread at a time. The engine has no clock, socket, thread or callback.
2. ``now`` is a monotonic count of milliseconds. Its origin is arbitrary; only its low 16 bits are sent.
3. After any call with input (``receive``, ``handle_timeout``, a user call), drain the outputs:
   ``poll_transmit`` first, then ``poll_event`` until it returns None, then ask ``poll_timeout``.
4. ``receive`` accepts any bytes and never raises. User calls raise ``EnetError`` without changing
   anything.
5. ``handle_timeout`` may be called late or too often.
6. Equal config (with its seed), calls and times give equal datagrams, events and deadlines.
7. A signal handler may raise an exception inside any call. The next call continues where that one was interrupted:
   acknowledged or reported data is neither lost nor duplicated. An interrupted ``connect``, ``send``, ``disconnect`` or
   setting has taken effect completely or not at all; ``broadcast`` may have reached some peers only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from godot_enet.core.protocol.constants import DisconnectMode, HostStatistic, PeerOption, PeerState, PeerStatistic
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import Event, PeerHandle

__all__ = [
    "Address",
    "Clock",
    "Compressor",
    "Datagram",
    "DropReport",
    "Engine",
    "HostView",
    "PeerInfo",
    "Summary",
    "Totals",
    "Transport",
    "TransportStage",
]


class Address(NamedTuple):
    """An IP literal (IPv4 dotted, IPv6 compressed; never v4-mapped) and a UDP port.

    A link-local IPv6 address ends with the number of its network interface: ``fe80::1%2``.
    """

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Datagram(NamedTuple):
    """One UDP payload and the address it came from or goes to."""

    data: bytes
    address: Address


class DropReport(NamedTuple):
    """A drop: its cause, the last address, and how often since the last report of this cause."""

    cause: Drop
    address: Address
    times: int


class PeerInfo(NamedTuple):
    """A snapshot of a peer."""

    handle: PeerHandle
    state: PeerState
    address: Address
    channel_count: int
    mtu: int
    connect_id: int
    window_size: int
    """Bytes of reliable data that may be unacknowledged (before the throttle)."""
    incoming_bandwidth: int
    outgoing_bandwidth: int
    reliable_data_in_transit: int
    """Bytes of reliable data sent and not acknowledged."""
    waiting_data: int
    """Received bytes that the program has not read: not reported yet, or reported and set as unread."""
    packets_queued: int
    """Commands queued and not yet sent."""


class Summary(NamedTuple):
    """Sums over all peers of a host. Statistics are sums over the connected ones: divide them by their number."""

    connecting: int
    connected: int
    """Peers in state CONNECTED or DISCONNECT_LATER."""
    disconnecting: int
    half_open: int
    """Connections without a proved address, which take no slot."""
    packets_queued: int
    """Commands queued and not yet sent."""
    queued_data: int
    """Bytes that wait to be sent or acknowledged, and 256 for each packet or fragment."""
    buffered_data: int
    """Received bytes that the program has not read, overhead included."""
    reliable_data_in_transit: int
    """Bytes of reliable data sent and not acknowledged."""
    packet_loss: int
    """In units of 1/65536 of the commands sent."""
    packet_throttle: int
    """In units of 1/32: how many of the unreliable packets are sent."""
    round_trip_time: int
    """Milliseconds."""
    round_trip_times: tuple[int, ...]
    """How many peers have a round trip time in each class of ``ROUND_TRIP_BOUNDS``."""


Totals = dict[HostStatistic, tuple[int, int]]
"""Traffic since a host was opened, and the part of it that the program has not popped."""


class Compressor(Protocol):
    """Compresses the commands of whole datagrams; keeps no state between datagrams."""

    def compress(self, data: bytes, limit: int) -> bytes | None:
        """The compressed data, or None if it would not be shorter than ``limit`` bytes."""
        ...

    def decompress(self, data: bytes, limit: int) -> bytes | None:
        """The decompressed data, or None if ``data`` is invalid or holds more than ``limit`` bytes. Never raises."""
        ...


class Engine(Protocol):
    """ENet itself, without I/O. See the module docstring for the contract."""

    @property
    def name(self) -> str:
        """Which engine this is: ``"python"`` or ``"native"``."""
        ...

    # A. queries
    @property
    def channel_limit(self) -> int:
        """Channels granted to clients, 1..255."""
        ...

    @property
    def drops(self) -> Mapping[Drop, int]:
        """How often each cause of ``Drop`` has occurred."""
        ...

    def peers(self) -> Sequence[PeerHandle]:
        """The handles of all peers, in slot order."""
        ...

    def peer_info(self, peer: PeerHandle) -> PeerInfo:
        """A snapshot of one peer. Raises ``UnknownPeer``."""
        ...

    def peer_state(self, peer: PeerHandle) -> PeerState:
        """The state alone; DISCONNECTED for a stale handle."""
        ...

    def peer_statistic(self, peer: PeerHandle, which: PeerStatistic) -> int:
        """ENet's raw 32-bit number (ratios x 65536 or x 32, times in ms). Raises ``UnknownPeer``."""
        ...

    def summary(self) -> Summary:
        """Sums over all peers, in one call."""
        ...

    def may_connect(self, address: Address, per_second: int, now: int) -> bool:
        """Limit the verified connections per second of one network (/24 of IPv4, /48 of IPv6); 0 is unlimited.

        Returns whether the network of ``address`` may connect once more in the current second.
        """
        ...

    # B. network input
    def receive(self, batch: Iterable[Datagram], now: int) -> None:
        """Process datagrams in the order they arrived. One call is one receive pass, to which each budget applies."""
        ...

    def handle_timeout(self, now: int) -> None:
        """Do everything due: timeouts, pings, the per-second bandwidth throttle."""
        ...

    # C. calls of the program
    def connect(self, address: Address, channels: int, data: int, *, any_source: bool = False) -> PeerHandle:
        """Start connecting; ``channels`` is clamped to 1..255. Raises ``NoFreePeer``.

        ``any_source``: answers may come from other addresses, as to a broadcast; the peer takes that of the first.
        """
        ...

    def disconnect(self, peer: PeerHandle, data: int, mode: DisconnectMode, now: int) -> None:
        """End a connection; a no-op if the peer is already disconnecting. Raises ``UnknownPeer``."""
        ...

    def send(self, peer: PeerHandle, channel: int, packet: bytes, flags: int) -> None:
        """Queue one packet.

        Raises ``UnknownPeer``, ``NotConnected``, ``InvalidChannel``, ``PacketTooLarge`` or ``SendQueueFull``.
        """
        ...

    def broadcast(self, channel: int, packet: bytes, flags: int) -> None:
        """Queue one packet for every CONNECTED peer that has the channel."""
        ...

    def set_unread(self, peer: PeerHandle, packets: int, size: int) -> None:
        """Set how many reported packets the program has not read yet, and their bytes.

        They count as waiting data, like packets not reported yet. No-op for a peer that no longer exists.
        """
        ...

    def ping(self, peer: PeerHandle) -> None:
        """Queue a ping now, in state CONNECTED only. Raises ``UnknownPeer``."""
        ...

    def configure(self, peer: PeerHandle, option: PeerOption, *values: int) -> None:
        """Set a per-peer option; see ``PeerOption`` for the values. Raises ``UnknownPeer``."""
        ...

    def bandwidth_limit(self, incoming: int, outgoing: int) -> None:
        """Set the host's limits in bytes per second; peers are notified within a second."""
        ...

    def set_channel_limit(self, limit: int) -> None:
        """Set the channel limit of later connections; 0 and anything over 255 mean 255."""
        ...

    def refuse_connects(self, refuse: bool, data: int) -> None:
        """Refuse CONNECTs as if no slot were free, or accept them again; refused clients get ``data`` (32 bits)."""
        ...

    def set_compressor(self, compressor: Compressor | None) -> None:
        """Replace the compressor, for both directions and from now on."""
        ...

    def on_unreachable(self, address: Address, cause: Drop) -> None:
        """Report what the system says about an address: PORT_UNREACHABLE or ADDRESS_UNREACHABLE.

        Counted if this host is connecting to it, and otherwise without effect: such a report may be forged.
        """
        ...

    # D. outputs
    def poll_transmit(self, now: int, *, urgent: bool = False) -> list[Datagram]:
        """Everything to send now, in as few datagrams as the MTU allows, peers taking turns.

        ``urgent``: only acknowledgements, resends, control commands and packets queued before the last full pass.
        Later packets and CONNECTs wait, so that the packets of a frame are sent together.
        """
        ...

    def poll_event(self) -> Event | None:
        """The next event, peers taking turns; None when there is none."""
        ...

    def peek_event(self) -> Event | None:
        """The next event, without removing it; the same object until it is taken."""
        ...

    def pop_event(self, event: Event) -> None:
        """Remove the event that ``peek_event`` returned. No-op if it was removed already."""
        ...

    def poll_timeout(self) -> int | None:
        """The ``now`` at which ``handle_timeout`` is needed next; in the past if at once; None if never."""
        ...

    def poll_drops(self) -> list[DropReport]:
        """Drops since the last call, one report per cause."""
        ...


class Transport(Protocol):
    """Moves datagrams; never blocks. May have timers of its own (simulated latency, a DTLS handshake)."""

    def receive(self, limit: int, now: int) -> list[Datagram]:
        """At most ``limit`` datagrams that have arrived."""
        ...

    def send(self, batch: Iterable[Datagram], now: int) -> int:
        """Send all datagrams; those that the operating system refuses count as lost. Returns the bytes taken."""
        ...

    def poll_timeout(self) -> int | None:
        """The ``now`` at which ``receive`` may return data without the file descriptor becoming readable."""
        ...

    def failed(self) -> bool:
        """Whether to report a failure to the program: once, or as long as it lasts.

        Only asked when there is no event to report; the program then gets ``EventType.ERROR``. Sending continues, and
        may recover.
        """
        ...

    def fileno(self) -> int:
        """The descriptor to wait on, or -1."""
        ...

    def local_address(self) -> Address | None:
        """The bound address; None while it is not bound."""
        ...

    def close(self) -> None:
        """Release everything. Idempotent."""
        ...


class HostView(Protocol):
    """The view of its host for a transport with sessions of its own; called with the host locked."""

    def peers(self) -> dict[PeerHandle, Address]:
        """The addresses of all peers, in any state."""
        ...

    def has_peer(self, peer: PeerHandle) -> bool:
        """Whether the peer still exists."""
        ...

    def may_connect(self, address: Address, per_second: int, now: int) -> bool:
        """As :meth:`Engine.may_connect`."""
        ...

    def note(
        self, cause: str, text: str, now: int, *, expected: bool = False, error: BaseException | None = None
    ) -> None:
        """Log a line later, outside any lock; one per ``cause`` and ten seconds, the others are counted.

        ``expected`` lines are logged as information, others as warnings, those with an ``error`` as errors with its
        traceback.
        """
        ...


TransportStage = Callable[[Transport, HostView], Transport]
"""Makes a transport around another one, which it then owns."""


class Clock(Protocol):
    """The source of ``now``, outside the engine."""

    def now(self) -> int:
        """Monotonic milliseconds."""
        ...
