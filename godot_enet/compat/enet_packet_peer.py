"""ENetPacketPeer: Godot's class for the connection to one remote."""

from __future__ import annotations

import contextlib
import ipaddress
from collections import deque
from typing import TYPE_CHECKING

from godot_enet.compat.addresses import format_ip
from godot_enet.compat.errors import INACTIVE, as_bytes, as_int, fail, invalid_flags, too_large
from godot_enet.compat.globals import Error
from godot_enet.compat.hot import HotPeer, document_methods, in_c
from godot_enet.compat.own_methods import rename_methods
from godot_enet.compat.packet_peer import PacketPeer
from godot_enet.core import (
    Address,
    AnyHost,
    Command,
    DisconnectMode,
    DisconnectReason,
    EnetError,
    PeerHandle,
    PeerOption,
    SendQueueFull,
    UnknownPeer,
)
from godot_enet.core import PeerStatistic as _CoreStatistic
from godot_enet.core.addressing import network_of
from godot_enet.core.interrupts import ONE_AT_A_TIME, expecting
from godot_enet.core.protocol.enums import NamedIntEnum

if TYPE_CHECKING:
    from godot_enet.compat.variant import Variant

__all__ = ["ENetPacketPeer"]

_FLAGS_ALLOWED = 1 | 2 | 8
_OK = Error.OK
_NULL = 'Parameter "peer" is null.'
_NOT_CONNECTED = "Peer not connected."
_NOT_ENDED = DisconnectReason.NONE, 0

_FRESH_STATISTICS = {
    _CoreStatistic.ROUND_TRIP_TIME: 500,
    _CoreStatistic.LAST_ROUND_TRIP_TIME: 500,
    _CoreStatistic.PACKET_THROTTLE: 32,
    _CoreStatistic.PACKET_THROTTLE_LIMIT: 32,
    _CoreStatistic.PACKET_THROTTLE_ACCELERATION: 2,
    _CoreStatistic.PACKET_THROTTLE_DECELERATION: 2,
    _CoreStatistic.PACKET_THROTTLE_INTERVAL: 5000,
}
"""The statistics of a peer whose slot was reset; all others are 0."""


class _PacketQueue(deque[tuple[bytes, int, int]]):
    """Received packets that the program has not read: each with its flags and size."""

    __slots__ = ("size",)

    def __init__(self) -> None:
        self.size = 0
        """Bytes of all packets."""


class PeerMethods(PacketPeer):
    """The methods of :class:`ENetPacketPeer`; see there."""

    class PeerState(NamedIntEnum):
        """ENet's states."""

        STATE_DISCONNECTED = 0
        """Not connected."""
        STATE_CONNECTING = 1
        """A connection request was sent."""
        STATE_ACKNOWLEDGING_CONNECT = 2
        """A connection request is being acknowledged."""
        STATE_CONNECTION_PENDING = 3
        """Not used by this package."""
        STATE_CONNECTION_SUCCEEDED = 4
        """Not used by this package."""
        STATE_CONNECTED = 5
        """Connected."""
        STATE_DISCONNECT_LATER = 6
        """Disconnects when all queued packets are acknowledged."""
        STATE_DISCONNECTING = 7
        """A disconnect was sent."""
        STATE_ACKNOWLEDGING_DISCONNECT = 8
        """A disconnect is being acknowledged."""
        STATE_ZOMBIE = 9
        """Disconnected, and not yet reported."""

    class PeerStatistic(NamedIntEnum):
        """The arguments of :meth:`ENetPacketPeer.get_statistic`."""

        PEER_PACKET_LOSS = 0
        """Mean loss of reliable packets; 65536 (``PACKET_LOSS_SCALE``) means that all are lost."""
        PEER_PACKET_LOSS_VARIANCE = 1
        """Variance of the loss, on the same scale."""
        PEER_PACKET_LOSS_EPOCH = 2
        """Time of the last update of the loss, in milliseconds of the host's clock."""
        PEER_ROUND_TRIP_TIME = 3
        """Mean round trip time of reliable packets, in milliseconds."""
        PEER_ROUND_TRIP_TIME_VARIANCE = 4
        """Variance of the round trip time, in milliseconds."""
        PEER_LAST_ROUND_TRIP_TIME = 5
        """Lowest round trip time of the previous throttle interval, in milliseconds."""
        PEER_LAST_ROUND_TRIP_TIME_VARIANCE = 6
        """Highest variance of the previous throttle interval, in milliseconds."""
        PEER_PACKET_THROTTLE = 7
        """Share of unreliable packets that are sent; 32 (``PACKET_THROTTLE_SCALE``) means all."""
        PEER_PACKET_THROTTLE_LIMIT = 8
        """Maximum of the throttle, which bandwidth limits lower; up to 32."""
        PEER_PACKET_THROTTLE_COUNTER = 9
        """Counter that decides which packets are sent, 0 to 31."""
        PEER_PACKET_THROTTLE_EPOCH = 10
        """Time of the last change of the throttle, in milliseconds of the host's clock."""
        PEER_PACKET_THROTTLE_ACCELERATION = 11
        """Step by which the throttle rises; see :meth:`ENetPacketPeer.throttle_configure`."""
        PEER_PACKET_THROTTLE_DECELERATION = 12
        """Step by which the throttle falls."""
        PEER_PACKET_THROTTLE_INTERVAL = 13
        """Milliseconds over which the lowest round trip time is measured."""

    STATE_DISCONNECTED = PeerState.STATE_DISCONNECTED
    STATE_CONNECTING = PeerState.STATE_CONNECTING
    STATE_ACKNOWLEDGING_CONNECT = PeerState.STATE_ACKNOWLEDGING_CONNECT
    STATE_CONNECTION_PENDING = PeerState.STATE_CONNECTION_PENDING
    STATE_CONNECTION_SUCCEEDED = PeerState.STATE_CONNECTION_SUCCEEDED
    STATE_CONNECTED = PeerState.STATE_CONNECTED
    STATE_DISCONNECT_LATER = PeerState.STATE_DISCONNECT_LATER
    STATE_DISCONNECTING = PeerState.STATE_DISCONNECTING
    STATE_ACKNOWLEDGING_DISCONNECT = PeerState.STATE_ACKNOWLEDGING_DISCONNECT
    STATE_ZOMBIE = PeerState.STATE_ZOMBIE

    PEER_PACKET_LOSS = PeerStatistic.PEER_PACKET_LOSS
    PEER_PACKET_LOSS_VARIANCE = PeerStatistic.PEER_PACKET_LOSS_VARIANCE
    PEER_PACKET_LOSS_EPOCH = PeerStatistic.PEER_PACKET_LOSS_EPOCH
    PEER_ROUND_TRIP_TIME = PeerStatistic.PEER_ROUND_TRIP_TIME
    PEER_ROUND_TRIP_TIME_VARIANCE = PeerStatistic.PEER_ROUND_TRIP_TIME_VARIANCE
    PEER_LAST_ROUND_TRIP_TIME = PeerStatistic.PEER_LAST_ROUND_TRIP_TIME
    PEER_LAST_ROUND_TRIP_TIME_VARIANCE = PeerStatistic.PEER_LAST_ROUND_TRIP_TIME_VARIANCE
    PEER_PACKET_THROTTLE = PeerStatistic.PEER_PACKET_THROTTLE
    PEER_PACKET_THROTTLE_LIMIT = PeerStatistic.PEER_PACKET_THROTTLE_LIMIT
    PEER_PACKET_THROTTLE_COUNTER = PeerStatistic.PEER_PACKET_THROTTLE_COUNTER
    PEER_PACKET_THROTTLE_EPOCH = PeerStatistic.PEER_PACKET_THROTTLE_EPOCH
    PEER_PACKET_THROTTLE_ACCELERATION = PeerStatistic.PEER_PACKET_THROTTLE_ACCELERATION
    PEER_PACKET_THROTTLE_DECELERATION = PeerStatistic.PEER_PACKET_THROTTLE_DECELERATION
    PEER_PACKET_THROTTLE_INTERVAL = PeerStatistic.PEER_PACKET_THROTTLE_INTERVAL

    PACKET_LOSS_SCALE = 65536
    PACKET_THROTTLE_SCALE = 32
    FLAG_RELIABLE = 1
    FLAG_UNSEQUENCED = 2
    FLAG_UNRELIABLE_FRAGMENT = 8

    _host: AnyHost | None
    _handle: PeerHandle
    _address: Address
    _ended: list[PeerHandle]
    _packets: _PacketQueue | None
    _why: tuple[DisconnectReason, int] = _NOT_ENDED
    _is_numbered: bool
    """Whether an ENetMultiplayerPeer announces its end. Until then the program cannot know that it has left, so packets
    to it vanish without an error: its last packets may be read, and answered, after its disconnect has arrived."""

    def __init__(self) -> None:
        raise TypeError("ENetPacketPeer cannot be instantiated; get one from an ENetConnection")

    @staticmethod
    def _attach(host: AnyHost, handle: PeerHandle, address: Address, ended: list[PeerHandle]) -> ENetPacketPeer:
        """Create the object of a new connection; its handle is appended to ``ended`` when it becomes inactive."""
        self = ENetPacketPeer.__new__(ENetPacketPeer)
        self._host = host
        self._handle = handle
        self._address = address
        self._ended = ended
        self._packets = None
        self._is_numbered = False
        self._native(in_c(host))
        return self

    def _detach(self, reason: int = DisconnectReason.LOCAL, command: int = 0) -> None:
        """Make this object inactive: the connection has ended."""
        if self._host is not None:
            why = DisconnectReason(reason), command
            self._native(None)
            # No call between these: see core/interrupts.py.
            self._why, self._host = why, None
            self._ended += (self._handle,)

    def _move(self, host: AnyHost) -> None:
        """Switch to another host that has taken over the connection."""
        if self._host is not None:
            native = in_c(host)
            if native is None:
                # The Python methods cannot see packets that C has queued; they come before later packets.
                self._move_packets_from_c()
            self._host = host
            self._native(native)
            if native is None:
                self._count()

    def _move_packets_from_c(self) -> None:
        """Move all queued packets, whether in C or here, to the queue here."""
        waiting = _PacketQueue()
        while self.get_available_packet_count():
            flags = self.get_packet_flags()
            error, packet = self._take_packet()
            if error is Error.OK:
                waiting.append((packet, flags, len(packet)))
        waiting.size = sum(size for _, _, size in waiting)
        self._packets = waiting

    def _native(self, host: object) -> None:
        """See :mod:`godot_enet.compat.hot`."""

    def _queue(self, packet: bytes, flags: int) -> tuple[_PacketQueue, tuple[bytes, int, int]]:
        """Prepare to queue a received packet.

        Returns:
            The queue and the entry. The caller appends the entry and adds to the queue's size, with no call between.
        """
        packets = self._packets
        if packets is None:
            packets = self._packets = _PacketQueue()
        size = len(packet)
        if packets:
            self._set_unread(len(packets) + 1, packets.size + size)
        return packets, (packet, flags, size)

    def _count(self) -> None:
        """Report the queued packets to the host. A single packet is usually taken at once, and not worth a call."""
        packets = self._packets
        self._set_unread(*(len(packets), packets.size) if packets and len(packets) > 1 else (0, 0))

    def _count_without_first(self) -> None:
        """Report the queued packets to the host, except the one that is about to be taken."""
        packets = self._packets
        if packets is None or len(packets) < 2:
            return
        with expecting(IndexError):
            count, size = len(packets) - 1, packets.size - packets[0][2]
            self._set_unread(*(count, size) if count > 1 else (0, 0))

    def _set_unread(self, packets: int, size: int) -> None:
        """Report how many delivered packets are still queued; the host stops receiving beyond its limit."""
        host = self._host
        if host is not None:
            with expecting(EnetError):
                host.set_unread(self._handle, packets, max(size, 0))

    def __repr__(self) -> str:
        state = self.get_state().name.removeprefix("STATE_").lower() if self.is_active() else "inactive"
        return f"<ENetPacketPeer {self._address} {state}>"

    # Packets

    def send(self, channel: int, packet: bytes | bytearray | memoryview, flags: int) -> Error:
        """Queue a packet; the next ``service`` or ``flush`` of the connection sends it.

        A packet over 1364 bytes (MTU 1392) is sent in fragments, reliably unless ``flags`` contains
        ``FLAG_UNRELIABLE_FRAGMENT``. Empty packets are sent, too.

        Args:
            channel: 0 up to ``get_channels() - 1``.
            packet: the bytes.
            flags: 0 (unreliable; late packets are dropped) or the sum of ``FLAG_*``.

        Returns:
            ``OK``; ``ERR_UNCONFIGURED`` if inactive; ``ERR_INVALID_PARAMETER`` for an invalid channel or flags;
            ``FAILED`` if the peer is not connected, the channel is exactly ``get_channels()`` (as in Godot), or the
            packet is over 32 MiB; ``ERR_BUSY`` (not in Godot) if 64 MiB are queued for this peer, or 1 GiB for all
            peers: try again later.
        """
        host = self._host
        if host is None:
            return fail(_NOT_CONNECTED, Error.ERR_UNCONFIGURED, detail=self._why_inactive())
        if type(packet) is not bytes:
            packet = as_bytes(packet, "packet")
        if type(channel) is not int or type(flags) is not int:
            channel, flags = as_int(channel, "channel"), as_int(flags, "flags")
        if not flags & ~_FLAGS_ALLOWED:
            try:
                host.send(self._handle, channel, packet, flags)
            except SendQueueFull:
                return self._refuse()
            except EnetError:
                pass
            else:
                return _OK
        number, bits = as_int(channel, "channel"), as_int(flags, "flags")
        if number != channel or bits != flags:
            return self.send(number, packet, bits)
        return self._explain_send(host, channel, len(packet), flags)

    def _why_inactive(self) -> str:
        """Return the detail that errors of an inactive peer add: which peer it is, and why its connection ended."""
        reason, command = self._why
        cause = reason.name if reason is not DisconnectReason.TIMEOUT else f"TIMEOUT of {Command(command).name}"
        return f"{self._address}, ended: {cause}"

    def _refuse(self) -> Error:
        """Log that the send queue is full; :meth:`send` and the C method call this."""
        text = "Unable to send packet, the peer's send queue is full: it receives more slowly than you send."
        return fail(text, Error.ERR_BUSY)

    def _explain_send(self, host: AnyHost, channel: int, size: int, flags: int) -> Error:
        """Return why a send failed, checked in Godot's order. Godot logs nothing for the last cases."""
        count = self._channel_count()
        if not count and self._is_numbered:
            return Error.FAILED
        if channel < 0 or channel > count:
            return fail(f"Invalid channel {channel}, max channels: {count}", Error.ERR_INVALID_PARAMETER)
        if flags & ~_FLAGS_ALLOWED:
            return fail(invalid_flags(flags), Error.ERR_INVALID_PARAMETER)
        if channel == count:
            return fail(f"Unable to send packet on channel {channel}, max channels: {count}", Error.FAILED)
        state = self.get_state()
        if state is ENetPacketPeer.STATE_CONNECTING:
            text = "Unable to send packet, the peer is still connecting: send after its EVENT_CONNECT."
            if self._is_unsent():
                return fail(text, Error.FAILED, detail="nothing was sent to it yet: call service() in each frame")
        elif state is not ENetPacketPeer.STATE_CONNECTED:
            text = f"Unable to send packet, the peer is in state {state.name}: send before disconnecting."
        elif size > host.config.maximum_packet_size:
            text = too_large(size, host.config.maximum_packet_size)
        else:
            return Error.FAILED  # another thread ended the connection meanwhile, or the program is ending
        return fail(text, Error.FAILED)

    def _is_unsent(self) -> bool:
        """Return whether the request to connect still waits for the first ``service`` or ``flush``."""
        host = self._host
        try:
            return host is not None and host.peer_info(self._handle).packets_queued > 0
        except UnknownPeer:
            return False

    def _put_packet(self, packet: bytes) -> Error:
        host = self._host
        if host is None:
            return fail(_NULL, Error.ERR_UNCONFIGURED, detail=self._why_inactive())
        return Error.OK if self.send(0, packet, self.FLAG_RELIABLE) is Error.OK else Error.FAILED

    def get_available_packet_count(self) -> int:
        """Return the number of queued packets. Still counts after the connection ended, when none can be taken."""
        return len(self._packets) if self._packets else 0

    def _take_packet(self) -> tuple[Error, bytes]:
        if self._host is None:
            return fail(_NULL, Error.ERR_UNCONFIGURED, detail=self._why_inactive()), b""
        packets = self._packets
        if packets:
            self._count_without_first()
            try:
                if ONE_AT_A_TIME:
                    # No call from here on, so that the packet is either returned or stays: see core/interrupts.py.
                    packet, _, size = packets[0]
                    del packets[0]
                else:
                    packet, _, size = packets.popleft()
                packets.size = packets.size - size if packets else 0
                return Error.OK, packet
            except IndexError:
                pass  # another thread took it
        text = 'Condition "packet_queue.is_empty()" is true. Returning: ERR_UNAVAILABLE'
        return fail(text, Error.ERR_UNAVAILABLE), b""

    def get_packet(self) -> bytes:
        """Remove and return the next packet; ``b""`` if there is none, see :meth:`~PacketPeer.get_packet_error`."""
        packets = self._packets
        if packets and self._host is not None:
            # First, since these may run the program's code, which may take packets.
            if self._packet_error is not _OK:
                self._packet_error = _OK
            if len(packets) > 1:
                self._count_without_first()
            try:
                if ONE_AT_A_TIME:
                    packet, _, size = packets[0]
                    del packets[0]
                else:
                    packet, _, size = packets.popleft()
                packets.size = packets.size - size if packets else 0
                return packet
            except IndexError:
                pass
        return super().get_packet()

    def get_var(self, allow_objects: bool = False) -> Variant:
        packets = self._packets
        while packets and self._host is not None and ONE_AT_A_TIME:
            first = packets[0]
            value = self._decode(first[0], allow_objects)
            self._count_without_first()
            # No call from here on, so that the packet is either returned or stays: see core/interrupts.py.
            if packets and packets[0] is first:
                del packets[0]
                packets.size = packets.size - first[2] if packets else 0
                return value
        return super().get_var(allow_objects)

    def get_packet_flags(self) -> int:
        """Return how the next packet was sent: 1 reliable, 2 unsequenced, 8 unreliable fragments, 0 unreliable.

        A packet in reliable fragments returns 1, whatever flags it was sent with.
        """
        if self._packets:
            with contextlib.suppress(IndexError):
                return self._packets[0][1]
        return fail('Condition "packet_queue.is_empty()" is true. Returning: 0', 0)

    # Ending

    def peer_disconnect(self, data: int = 0) -> None:
        """Disconnect; both sides get a DISCONNECT event, the remote with ``data``.

        A connection that is not established yet ends at once and without an event, and this object stays listed, as
        in Godot: call :meth:`reset` or ``peer_disconnect_now`` then.
        """
        self._disconnect(data, DisconnectMode.NORMAL)

    def peer_disconnect_later(self, data: int = 0) -> None:
        """Disconnect like :meth:`peer_disconnect`, after all queued packets are delivered."""
        self._disconnect(data, DisconnectMode.LATER)

    def peer_disconnect_now(self, data: int = 0) -> None:
        """Notify the remote once and drop the connection; no event here, and this object is inactive at once."""
        if self._disconnect(data, DisconnectMode.NOW):
            self._detach()

    def reset(self) -> None:
        """Drop the connection without notifying the remote; no event here, and this object is inactive at once."""
        if self._disconnect(0, DisconnectMode.RESET, _NOT_CONNECTED):
            self._detach()

    def _disconnect(self, data: int, mode: DisconnectMode, text: str = _NULL) -> bool:
        number = as_int(data, "data")
        host = self._host
        if host is None:
            return fail(text, False, detail=self._why_inactive())
        # The slot may have been reset already; Godot ignores that, too.
        with contextlib.suppress(EnetError):
            host.disconnect(self._handle, number, mode)
        return True

    def get_disconnect_reason(self) -> DisconnectReason:
        """Return why the connection ended: a :class:`~godot_enet.core.DisconnectReason`; ``NONE`` before that.

        Not in Godot. For ``TIMEOUT``, :meth:`get_timed_out_command` returns the command that was not acknowledged.
        """
        return self._why[0]

    def get_timed_out_command(self) -> Command:
        """Return the command that the remote did not acknowledge in time, or ``Command.NONE``. Not in Godot.

        ``Command.CONNECT`` means that it never answered, ``PING`` that it went silent, ``SEND_RELIABLE`` and others
        that packets were in flight.
        """
        return Command(self._why[1])

    # Settings

    def ping(self) -> None:
        """Send a ping now, in addition to the automatic ones."""
        host = self._host
        if host is None:
            return fail(_NULL, None, detail=self._why_inactive())
        with contextlib.suppress(EnetError):
            host.ping(self._handle)

    def ping_interval(self, ping_interval: int) -> None:
        """Set the milliseconds of silence after which a ping is sent; 0 restores the default of 500."""
        self._configure(_NULL, PeerOption.PING_INTERVAL, as_int(ping_interval, "ping_interval"))

    def throttle_configure(self, interval: int, acceleration: int, deceleration: int) -> None:
        """Configure the packet throttle, here and at the remote.

        In Godot, a call while connecting breaks the handshake; here it takes effect once connected.

        Args:
            interval: milliseconds between the measurements of the reference round-trip time.
            acceleration: increase of the throttle, in steps of 1/32, when the round-trip time is good.
            deceleration: decrease when it is bad.
        """
        values = (
            as_int(interval, "interval"),
            as_int(acceleration, "acceleration"),
            as_int(deceleration, "deceleration"),
        )
        self._configure(_NOT_CONNECTED, PeerOption.THROTTLE, *values)

    def set_timeout(self, timeout: int, timeout_min: int, timeout_max: int) -> None:
        """Set when the remote times out. A 0 restores the default of that argument.

        Args:
            timeout: limit of the backoff factor, which doubles with each retransmission of a command (32).
            timeout_min: milliseconds of silence before that limit applies (5000).
            timeout_max: milliseconds of silence after which the remote always times out (30000).
        """
        limit, minimum, maximum = (
            as_int(timeout, "timeout"),
            as_int(timeout_min, "timeout_min"),
            as_int(timeout_max, "timeout_max"),
        )
        if self._host is None:
            return fail(_NOT_CONNECTED, None, detail=self._why_inactive())
        if limit > minimum or minimum > maximum:
            text = "Timeout limit must be less than minimum timeout, which itself must be less than maximum timeout."
            return fail(f"{text} Got {limit}, {minimum} and {maximum}.", None)
        self._configure(_NOT_CONNECTED, PeerOption.TIMEOUT, limit, minimum, maximum)

    def _configure(self, text: str, option: PeerOption, *values: int) -> None:
        host = self._host
        if host is None:
            return fail(text, None, detail=self._why_inactive())
        with contextlib.suppress(EnetError):
            host.configure(self._handle, option, *values)

    # State and statistics

    def _network(self) -> str | bytes | None:
        """Return the network of the remote, shared by all peers of that network; None for this machine."""
        is_here = ipaddress.ip_address(self._address.host.partition("%")[0]).is_loopback
        return None if is_here else network_of(self._address)

    def get_remote_address(self) -> str:
        """Return the remote's IP address; IPv6 as eight groups, never shortened."""
        if self._host is None:
            return fail(_NULL, "", detail=self._why_inactive())
        return format_ip(self._address.host)

    def get_remote_port(self) -> int:
        """Return the remote's UDP port."""
        if self._host is None:
            return fail(_NULL, 0, detail=self._why_inactive())
        return self._address.port

    def get_statistic(self, statistic: PeerStatistic | int) -> float:
        """Return one of ENet's statistics: loss as ratio x 65536, throttle as ratio x 32, times in milliseconds.

        The epochs are times of the host's millisecond clock.
        """
        number = as_int(statistic, "statistic")
        host = self._host
        if host is None:
            return fail(_NULL, 0.0, detail=self._why_inactive())
        try:
            which = _CoreStatistic(number)
        except ValueError:
            return fail(f"Method/function failed. Returning: 0. Invalid statistic: {number}.", 0.0)
        try:
            return float(host.peer_statistic(self._handle, which))
        except UnknownPeer:
            return float(_FRESH_STATISTICS.get(which, 0))

    def get_state(self) -> PeerState:
        """Return the state of the connection; ``STATE_DISCONNECTED`` once inactive."""
        host = self._host
        if host is None:
            return ENetPacketPeer.STATE_DISCONNECTED
        return ENetPacketPeer.PeerState(host.peer_state(self._handle))

    def get_channels(self) -> int:
        """Return the negotiated channel count; the requested one until connected, 0 once disconnecting."""
        if self._host is None:
            return fail(INACTIVE, 0, detail=self._why_inactive())
        return self._channel_count()

    def _channel_count(self) -> int:
        host = self._host
        try:
            return 0 if host is None else host.peer_info(self._handle).channel_count
        except UnknownPeer:
            return 0

    def is_active(self) -> bool:
        """Return whether this connection still exists, even if it is not yet or no longer connected."""
        return self._host is not None


class ENetPacketPeer(HotPeer, PeerMethods):
    """The connection to one remote. Created by :class:`ENetConnection`, never by the program.

    Each connection has one object until it ends. The object becomes inactive permanently with its DISCONNECT event,
    ``peer_disconnect_now``, ``reset`` or the connection's ``destroy``. Every method of an inactive peer logs an error
    and returns Godot's value; ``get_packet`` then no longer returns queued packets.
    """

    __slots__ = ()


rename_methods(PeerMethods, "ENetPacketPeer")
document_methods(HotPeer, PeerMethods)
