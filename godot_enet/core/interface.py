"""The seams: what an engine, a transport and a compressor are, and the plain records that cross them.

Everything that joins two layers is written against these Protocols, never against an implementation.

The contract of an engine, which its users (the pump, the simulated world) keep and the tests check:

1. One thread at a time. The engine has no clock, socket, thread or callback.
2. ``now`` is a count of milliseconds that never goes back. Its origin is free; only its low 16 bits travel.
3. After any call that brings something in (``receive``, ``handle_timeout``, a user call), drain the outputs:
   ``poll_transmit`` first, then ``poll_event`` until it returns None, then ask ``poll_timeout``.
4. ``receive`` takes any bytes from anyone and never raises. User calls raise ``EnetError``, and have
   changed nothing then.
5. ``handle_timeout`` may come late or too often.
6. Equal config (with its seed), calls and times give equal datagrams, events and deadlines.
7. An exception may come out of a signal handler in the middle of any call. The next call goes on where that one was
   broken off: of what was acknowledged or reported nothing is lost, and nothing comes twice. A broken-off ``connect``,
   ``send``, ``disconnect`` or setting has either happened by then or not at all; ``broadcast``, for some peers only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from godot_enet.core.protocol.constants import DisconnectMode, PeerOption, PeerState, PeerStatistic
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
    "Transport",
    "TransportStage",
]


class Address(NamedTuple):
    """An IP literal (IPv4 dotted, IPv6 compressed; never v4-mapped) and a UDP port.

    A link-local IPv6 address has its network interface's number behind it: ``fe80::1%2``.
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
    """Something received was not used: why, from whom, and how often since the last report of this cause."""

    cause: Drop
    address: Address
    times: int


class PeerInfo(NamedTuple):
    """A peer as it stands now."""

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
    """Bytes received that the program has not taken: not reported yet, or reported and not taken as far as it says."""
    packets_queued: int
    """Commands queued and not yet sent."""


class Compressor(Protocol):
    """Codes the commands of whole datagrams; stateless from one datagram to the next."""

    def compress(self, data: bytes, limit: int) -> bytes | None:
        """The coded form, or None where it would not be shorter than ``limit`` bytes."""
        ...

    def decompress(self, data: bytes, limit: int) -> bytes | None:
        """The plain form, or None where ``data`` is not valid or holds more than ``limit`` bytes. Never raises."""
        ...


class Engine(Protocol):
    """ENet itself, without I/O. See the module docstring for the contract."""

    @property
    def name(self) -> str:
        """Which engine this is: ``"python"`` or ``"native"``."""
        ...

    # A. look
    @property
    def channel_limit(self) -> int:
        """Channels granted to those who connect, 1..255."""
        ...

    @property
    def drops(self) -> Mapping[Drop, int]:
        """How often each cause of ``Drop`` has occurred."""
        ...

    def peers(self) -> Sequence[PeerHandle]:
        """Every slot in use, in slot order."""
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

    def may_connect(self, address: Address, per_second: int, now: int) -> bool:
        """Let at most so many proved addresses of one network (/24 of IPv4, /48 of IPv6) connect each second from now
        on, 0 for any number; whether one more of this address's network may in the current second."""
        ...

    # B. from the world
    def receive(self, batch: Iterable[Datagram], now: int) -> None:
        """Take datagrams in the order they arrived. One call is one receive pass: what each peer's budgets are for."""
        ...

    def handle_timeout(self, now: int) -> None:
        """Do what is due: time-outs, pings, the per-second bandwidth throttle."""
        ...

    # C. from the user
    def connect(self, address: Address, channels: int, data: int, *, any_source: bool = False) -> PeerHandle:
        """Begin to connect; ``channels`` is clamped to 1..255. Raises ``NoFreePeer``.

        ``any_source``: answers come from other addresses, as to a broadcast; the first one's becomes the peer's.
        """
        ...

    def disconnect(self, peer: PeerHandle, data: int, mode: DisconnectMode, now: int) -> None:
        """End a connection; a no-op where the peer is already ending. Raises ``UnknownPeer``."""
        ...

    def send(self, peer: PeerHandle, channel: int, packet: bytes, flags: int) -> None:
        """Queue one packet.

        Raises ``UnknownPeer``, ``NotConnected``, ``InvalidChannel``, ``PacketTooLarge`` or ``SendQueueFull``.
        """
        ...

    def broadcast(self, channel: int, packet: bytes, flags: int) -> None:
        """Queue one packet for every CONNECTED peer that has the channel."""
        ...

    def set_untaken(self, peer: PeerHandle, packets: int, size: int) -> None:
        """Say how many packets of those that were reported still wait for the program, and their bytes.

        They count as what waits here, besides what was not reported. No-op for a peer that is gone.
        """
        ...

    def ping(self, peer: PeerHandle) -> None:
        """Queue a ping now, in state CONNECTED only. Raises ``UnknownPeer``."""
        ...

    def configure(self, peer: PeerHandle, option: PeerOption, *values: int) -> None:
        """Set a per-peer option; see ``PeerOption`` for the values. Raises ``UnknownPeer``."""
        ...

    def bandwidth_limit(self, incoming: int, outgoing: int) -> None:
        """Set the host's limits in bytes per second; peers are told within a second."""
        ...

    def set_channel_limit(self, limit: int) -> None:
        """Set what later connections are granted; 0 and anything over 255 mean 255."""
        ...

    def set_compressor(self, compressor: Compressor | None) -> None:
        """Replace the compressor, for both directions and from now on."""
        ...

    # D. outputs
    def poll_transmit(self, now: int, *, urgent: bool = False) -> list[Datagram]:
        """Everything that may leave now, as few datagrams as the MTU allows, peers taking turns.

        ``urgent``: only what cannot wait (acknowledgements, resends, control) and what was queued before the last
        full pass; later packets stay, so that a frame's packets leave together, and so do later CONNECTs.
        """
        ...

    def poll_event(self) -> Event | None:
        """The next event, peers taking turns; None when there is none."""
        ...

    def peek_event(self) -> Event | None:
        """What ``poll_event`` would give; the same object until it is taken."""
        ...

    def pop_event(self, event: Event) -> None:
        """Take the event that ``peek_event`` gave. No-op once it was taken, so that it may be said twice."""
        ...

    def poll_timeout(self) -> int | None:
        """The ``now`` at which ``handle_timeout`` is next needed; in the past if at once; None if never."""
        ...

    def poll_drops(self) -> list[DropReport]:
        """What was dropped since the last call, a row a cause."""
        ...


class Transport(Protocol):
    """Moves datagrams; never blocks. May have timers of its own (simulated latency, a DTLS handshake)."""

    def receive(self, limit: int, now: int) -> list[Datagram]:
        """At most ``limit`` datagrams that have arrived."""
        ...

    def send(self, batch: Iterable[Datagram], now: int) -> int:
        """Send them all; what the operating system refuses is packet loss. Returns the bytes taken."""
        ...

    def poll_timeout(self) -> int | None:
        """The ``now`` at which ``receive`` may have something without the file descriptor becoming readable."""
        ...

    def failed(self) -> bool:
        """Whether the program is to be told that nothing comes through: once a failure, or as long as it lasts.

        Only asked when there is no event to report; the program gets ``EventType.ERROR`` then. Sending goes on as
        before, and may mend it.
        """
        ...

    def fileno(self) -> int:
        """The descriptor to wait on, -1 when there is none."""
        ...

    def local_address(self) -> Address | None:
        """Where it is bound; None while it is not."""
        ...

    def close(self) -> None:
        """Release everything. Idempotent."""
        ...


class HostView(Protocol):
    """What a transport with sessions of its own may know and say; called where the host is locked anyway."""

    def peers(self) -> dict[PeerHandle, Address]:
        """Where the peers are, in whatever state."""
        ...

    def has_peer(self, peer: PeerHandle) -> bool:
        """Whether the peer is still among them."""
        ...

    def may_connect(self, address: Address, per_second: int, now: int) -> bool:
        """As :meth:`Engine.may_connect`."""
        ...

    def note(
        self, cause: str, text: str, now: int, *, expected: bool = False, error: BaseException | None = None
    ) -> None:
        """Have a line logged later, outside any lock; one per ``cause`` and ten seconds, the others are counted.

        ``expected``: what belongs to the normal course of things is logged as information, the rest as a warning. What
        is about an ``error`` is one, and has its traceback.
        """
        ...


TransportStage = Callable[[Transport, HostView], Transport]
"""Makes a transport around another one, which then belongs to it."""


class Clock(Protocol):
    """Where ``now`` comes from, outside the engine."""

    def now(self) -> int:
        """Milliseconds, never going back."""
        ...
