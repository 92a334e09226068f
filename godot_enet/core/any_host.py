"""The interface of every host, with either engine. :meth:`Host.open` returns one."""

from __future__ import annotations

import weakref
from collections.abc import Callable, MutableSequence
from typing import Protocol

from godot_enet.core.interface import Address, PeerInfo, Summary
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import DisconnectMode, HostStatistic, PeerOption, PeerState, PeerStatistic
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import Event, PeerHandle

__all__ = ["AnyHost", "HostOpener"]


class AnyHost(Protocol):
    """One UDP socket and its ENet peers.

    Every method may be called from any thread. Unless stated otherwise, a method raises ``HostClosed`` after
    :meth:`close`, and ``UnknownPeer`` for a peer that no longer exists.

    A signal handler, a finalizer or a connect hook may run inside a call and call the same host. Then changes are made
    when the interrupted call ends, queries are answered at once, and ``service`` and ``connect`` raise ``HostBusy``.
    (A host in C is never inside a call while Python code runs.)
    """

    config: HostConfig

    @property
    def left(self) -> list[Event]:
        """Events of interrupted calls: callers of ``service_into`` add them, and the next call returns them first."""
        ...

    @left.setter
    def left(self, events: list[Event]) -> None: ...

    @property
    def engine_name(self) -> str:
        """Which engine runs it: ``"python"`` or ``"native"``."""
        ...

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        ...

    def close(self) -> None:
        """Drop all peers without notifying them, end the thread and blocked calls, free the port. Idempotent.

        Inside another call of this host, the port is freed when that call ends.
        """
        ...

    def when_ended(self, owner: weakref.WeakMethod[Callable[[], None]]) -> None:
        """Set what to call when the host closes by itself: its network thread failed, or in the child of a fork."""
        ...

    def abandon(self, *, notify_peers: bool = False) -> None:
        """:meth:`close` for finalizers: never waits for another thread.

        Args:
            notify_peers: whether connected peers are notified once, as by ``DisconnectMode.NOW``.
        """
        ...

    # Every frame

    def service(self, timeout: int = 0) -> Event | None:
        """The next event; waits up to ``timeout`` ms for one. None when there is none.

        While events are queued the network is not touched, as in ENet.

        Raises:
            HostBusy: this thread is already inside another call of this host.
            HostClosed: the host was closed, before or during the call.
        """
        ...

    def service_into(self, taken: MutableSequence[Event], timeout: int = 0, limit: int = 1) -> None:
        """As :meth:`service`, but append up to ``limit`` events to a list: queued ones or, if there are none, those
        that the network brings. If an exception is raised, the list may already have events.

        A caller that cannot pass these on adds them to :attr:`left`.
        """
        ...

    def serve(self) -> bool:
        """Do the network work of :meth:`service` without taking an event, also while events are queued.

        Returns:
            :meth:`has_event`.

        Raises:
            HostBusy: this thread is already inside another call of this host.
        """
        ...

    def has_event(self) -> bool:
        """Whether events are queued; False once closed."""
        ...

    def flush(self) -> None:
        """Send what is queued now, without receiving anything."""
        ...

    def log_drops(self) -> None:
        """Log drops now. ``service`` does so anyway."""
        ...

    def note_address(self, address: Address, note: str) -> None:
        """Append a note to the log lines about attempts to connect to this address, for the latest one only."""
        ...

    # Connections

    def connect(self, address: Address, channels: int = 255, data: int = 0) -> PeerHandle:
        """Start connecting; the first datagram is sent by the next ``service`` or ``flush``.

        With a broadcast address the first host that answers becomes the remote, see :meth:`peer_address`.

        Raises:
            HostBusy: this thread is already inside another call of this host.
            NoFreePeer: all peer slots are in use.
            UnknownZone: an IPv6 address has the zone of an interface that does not exist.
        """
        ...

    def disconnect(self, peer: PeerHandle, data: int = 0, mode: DisconnectMode = DisconnectMode.NORMAL) -> None:
        """End a connection; ``data`` (32 bits) reaches the remote's DISCONNECT event."""
        ...

    def send(self, peer: PeerHandle, channel: int, packet: bytes, flags: int) -> None:
        """Queue one packet; the next ``service`` or ``flush`` sends it.

        Raises:
            NotConnected, InvalidChannel, PacketTooLarge, SendQueueFull: the packet was not queued.
        """
        ...

    def broadcast(self, channel: int, packet: bytes, flags: int) -> None:
        """Queue one packet for every connected peer that has the channel."""
        ...

    def ping(self, peer: PeerHandle) -> None:
        """Queue a ping now, in addition to the automatic ones."""
        ...

    def set_unread(self, peer: PeerHandle, packets: int, size: int) -> None:
        """Set how many packets returned by ``service`` the program has not read yet, and their bytes.

        They count against ``maximum_waiting_data``, over which data is not acknowledged. Without this call, packets
        count as read once ``service`` has returned them.
        """
        ...

    # Queries

    def peers(self) -> list[PeerHandle]:
        """The handles of all peers."""
        ...

    def peer_info(self, peer: PeerHandle) -> PeerInfo:
        """A snapshot of one peer. Works after :meth:`close`, too."""
        ...

    def peer_address(self, peer: PeerHandle) -> Address:
        """The address of the peer."""
        ...

    def peer_state(self, peer: PeerHandle) -> PeerState:
        """The state alone; DISCONNECTED for a peer that no longer exists."""
        ...

    def peer_statistic(self, peer: PeerHandle, which: PeerStatistic) -> int:
        """ENet's raw number: ratios x 65536 (loss) or x 32 (throttle), times in ms."""
        ...

    def pop_statistic(self, which: HostStatistic) -> int:
        """A traffic total since it was last popped, modulo 2**32."""
        ...

    def total(self, which: HostStatistic) -> int:
        """A traffic total since the host was opened, popped or not. It survives a change of the host's engine."""
        ...

    def summary(self) -> Summary:
        """Sums over all peers, in one call. Works after :meth:`close`, too."""
        ...

    def idle(self) -> int:
        """Milliseconds since ``service`` or ``serve`` last did network work; 0 while a ``service`` waits."""
        ...

    def counters(self) -> dict[Drop, int]:
        """How often each cause of a drop has occurred."""
        ...

    def local_address(self) -> Address | None:
        """The bound address of the socket; None while it is not bound."""
        ...

    def fileno(self) -> int:
        """The descriptor to wait on: the socket or, with a network thread, one readable while events are queued.

        -1 once closed, if no file descriptor is left, and on a virtual network. The host keeps it until :meth:`close`.
        """
        ...

    def poll_timeout(self) -> int | None:
        """When ``service`` is needed next if nothing arrives and no event is queued, in milliseconds of :meth:`now`.

        None if never: a network thread meets all deadlines.
        """
        ...

    def now(self) -> int:
        """The clock of the host: monotonic milliseconds."""
        ...

    @property
    def channel_limit(self) -> int:
        """Channels granted to clients, 1..255."""
        ...

    # Settings

    def configure(self, peer: PeerHandle, option: PeerOption, *values: int) -> None:
        """Set a per-peer option; see :class:`PeerOption`."""
        ...

    def set_bandwidth_limit(self, incoming: int, outgoing: int) -> None:
        """Set the host's limits in bytes per second; 0 is unlimited. Peers are notified within a second."""
        ...

    def refuse_connects(self, refuse: bool, data: int = 0) -> None:
        """Refuse connections as a full host does, or accept them again.

        Args:
            refuse: whether to refuse.
            data: the number (32 bits) in the DISCONNECT event of each refused client.
        """
        ...

    def set_channel_limit(self, limit: int) -> None:
        """Set the channel limit of later connections; anything outside 1..255 means 255."""
        ...

    def socket_send(self, data: bytes, address: Address) -> None:
        """Send a raw datagram from the host's socket; not counted in the statistics."""
        ...


class HostOpener(Protocol):
    """A function that opens a host: :meth:`Host.open`, or that of a virtual network."""

    def __call__(self, config: HostConfig, *, bind: str | None, port: int, threaded: bool) -> AnyHost:
        """Open a host. Raises ``BindError``."""
        ...
