"""ENetPacketPeer: one remote, as Godot shows it."""

from __future__ import annotations

import contextlib
from collections import deque

from godot_enet.compat.addresses import format_ip
from godot_enet.compat.errors import INACTIVE, as_bytes, as_int, fail, invalid_flags, too_large
from godot_enet.compat.globals import Error
from godot_enet.compat.hot import HotPeer
from godot_enet.compat.own_methods import rename_methods
from godot_enet.compat.packet_peer import PacketPeer
from godot_enet.core import (
    Address,
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
from godot_enet.core.host import AnyHost
from godot_enet.core.interrupts import ONE_AT_A_TIME, expecting
from godot_enet.core.protocol.enums import NamedIntEnum

__all__ = ["ENetPacketPeer"]

_FLAGS_ALLOWED = 1 | 2 | 8
_NULL = 'Parameter "peer" is null.'
_NOT_CONNECTED = "Peer not connected."

_FRESH_STATISTICS = {
    _CoreStatistic.ROUND_TRIP_TIME: 500,
    _CoreStatistic.LAST_ROUND_TRIP_TIME: 500,
    _CoreStatistic.PACKET_THROTTLE: 32,
    _CoreStatistic.PACKET_THROTTLE_LIMIT: 32,
    _CoreStatistic.PACKET_THROTTLE_ACCELERATION: 2,
    _CoreStatistic.PACKET_THROTTLE_DECELERATION: 2,
    _CoreStatistic.PACKET_THROTTLE_INTERVAL: 5000,
}
"""What a slot says that was reset under its object; the others are 0."""


class PeerMethods(PacketPeer):
    """What an :class:`ENetPacketPeer` does; see there."""

    class PeerState(NamedIntEnum):
        """ENet's states."""

        STATE_DISCONNECTED = 0
        STATE_CONNECTING = 1
        STATE_ACKNOWLEDGING_CONNECT = 2
        STATE_CONNECTION_PENDING = 3
        STATE_CONNECTION_SUCCEEDED = 4
        STATE_CONNECTED = 5
        STATE_DISCONNECT_LATER = 6
        STATE_DISCONNECTING = 7
        STATE_ACKNOWLEDGING_DISCONNECT = 8
        STATE_ZOMBIE = 9

    class PeerStatistic(NamedIntEnum):
        """What :meth:`get_statistic` takes."""

        PEER_PACKET_LOSS = 0
        PEER_PACKET_LOSS_VARIANCE = 1
        PEER_PACKET_LOSS_EPOCH = 2
        PEER_ROUND_TRIP_TIME = 3
        PEER_ROUND_TRIP_TIME_VARIANCE = 4
        PEER_LAST_ROUND_TRIP_TIME = 5
        PEER_LAST_ROUND_TRIP_TIME_VARIANCE = 6
        PEER_PACKET_THROTTLE = 7
        PEER_PACKET_THROTTLE_LIMIT = 8
        PEER_PACKET_THROTTLE_COUNTER = 9
        PEER_PACKET_THROTTLE_EPOCH = 10
        PEER_PACKET_THROTTLE_ACCELERATION = 11
        PEER_PACKET_THROTTLE_DECELERATION = 12
        PEER_PACKET_THROTTLE_INTERVAL = 13

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
    _packets: deque[tuple[bytes, int, int]] | None
    _size: int
    _why: tuple[DisconnectReason, int]

    def __init__(self) -> None:
        raise TypeError("an ENetPacketPeer cannot be made by hand; ENetConnection gives it out")

    @staticmethod
    def _attach(host: AnyHost, handle: PeerHandle, address: Address, ended: list[PeerHandle]) -> ENetPacketPeer:
        """The object of a new connection; its handle is appended to ``ended`` when it becomes inactive."""
        self = ENetPacketPeer.__new__(ENetPacketPeer)
        PacketPeer.__init__(self)
        self._host = host
        self._handle = handle
        self._address = address
        self._ended = ended
        self._packets = None
        self._size = 0
        self._why = (DisconnectReason.NONE, 0)
        if host.hot_handle is not None:
            self._native(host.hot_handle, handle)
        return self

    def _detach(self, reason: int = DisconnectReason.LOCAL, command: int = 0) -> None:
        """The connection is over."""
        if self._host is not None:
            why = DisconnectReason(reason), command
            self._native(None, 0)
            # All of it or nothing: see core/interrupts.py.
            self._why, self._host = why, None
            self._ended += (self._handle,)

    def _move(self, host: AnyHost) -> None:
        """Another host has taken over the connection."""
        if self._host is not None:
            if host.hot_handle is None:
                # What waits in C, where the Python methods cannot see it, comes before what arrives from now on.
                self._keep_waiting()
            self._host = host
            self._native(host.hot_handle, self._handle)
            if host.hot_handle is None:
                self._count()

    def _keep_waiting(self) -> None:
        """Take every packet that waits, in C or here, and let it wait here."""
        waiting: deque[tuple[bytes, int, int]] = deque()
        while self.get_available_packet_count():
            flags = self.get_packet_flags()
            error, packet = self._take_packet()
            if error is Error.OK:
                waiting.append((packet, flags, len(packet)))
        self._packets = waiting
        self._size = sum(size for _, _, size in waiting)

    def _native(self, handle: object, peer: int) -> None:
        """See :mod:`godot_enet.compat.hot`."""

    def _queue(self, packet: bytes, flags: int) -> tuple[deque[tuple[bytes, int, int]], tuple[bytes, int, int]]:
        """A packet has arrived. Returns the queue that the caller puts something into, and what.

        And adds its size to ``_size``, without a call in between.
        """
        packets = self._packets
        if packets is None:
            packets = self._packets = deque()
        size = len(packet)
        if packets:
            self._tell_untaken(len(packets) + 1, self._size + size)
        return packets, (packet, flags, size)

    def _count(self) -> None:
        """Have the host count what waits here. A lone packet is about to be taken, and not worth a call."""
        count = len(self._packets or ())
        self._tell_untaken(*(count, self._size) if count > 1 else (0, 0))

    def _count_without_first(self) -> None:
        """Have the host count what waits here without the packet that is about to be taken."""
        packets = self._packets
        if packets is None:
            return
        with expecting(IndexError):
            count, size = len(packets) - 1, self._size - packets[0][2]
            if count > 0:
                self._tell_untaken(*(count, size) if count > 1 else (0, 0))

    def _tell_untaken(self, packets: int, size: int) -> None:
        """Have the host count packets that it has given and that still wait: beyond its limit it takes no more."""
        host = self._host
        if host is not None:
            with expecting(EnetError):
                host.set_untaken(self._handle, packets, max(size, 0))

    def __repr__(self) -> str:
        state = self.get_state().name.removeprefix("STATE_").lower() if self.is_active() else "inactive"
        return f"<ENetPacketPeer {self._address} {state}>"

    # Packets

    def send(self, channel: int, packet: bytes | bytearray | memoryview, flags: int) -> Error:
        """Queue a packet; it leaves with the next ``service`` or ``flush`` of the connection.

        A packet over 1364 bytes (MTU 1392) is sent in fragments, reliably unless ``flags`` has
        ``FLAG_UNRELIABLE_FRAGMENT``. Empty packets are sent like any other.

        Args:
            channel: 0 up to ``get_channels() - 1``.
            packet: the bytes.
            flags: 0 (unreliable, late ones dropped) or the sum of ``FLAG_*``.

        Returns:
            ``OK``; ``ERR_UNCONFIGURED`` if inactive; ``ERR_INVALID_PARAMETER`` for a channel or flags that cannot be;
            ``FAILED`` if the peer is not connected, the channel is exactly ``get_channels()`` (as in Godot), or the
            packet is over 32 MiB; ``ERR_BUSY``, not in Godot, if 64 MiB wait already until the peer takes them (1 GiB
            for all peers together): try again later.
        """
        host = self._host
        if host is None:
            return fail(_NOT_CONNECTED, Error.ERR_UNCONFIGURED)
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
                return Error.OK
        number, bits = as_int(channel, "channel"), as_int(flags, "flags")
        if number != channel or bits != flags:
            return self.send(number, packet, bits)
        return self._explain_send(host, channel, len(packet), flags)

    def _refuse(self) -> Error:
        """Too much waits for the peer."""
        text = "Unable to send packet, too much waits for the peer already: it takes less than it is sent."
        return fail(text, Error.ERR_BUSY)

    def _explain_send(self, host: AnyHost, channel: int, size: int, flags: int) -> Error:
        """Why a send failed, in Godot's order of looking. Godot has no words for the last ones."""
        count = self._channel_count()
        if channel < 0 or channel > count:
            return fail(f"Invalid channel {channel}, max channels: {count}", Error.ERR_INVALID_PARAMETER)
        if flags & ~_FLAGS_ALLOWED:
            return fail(invalid_flags(flags), Error.ERR_INVALID_PARAMETER)
        if channel == count:
            return fail(f"Unable to send packet on channel {channel}, max channels: {count}", Error.FAILED)
        state = self.get_state()
        if state is ENetPacketPeer.STATE_CONNECTING:
            text = "Unable to send packet, the peer is still connecting: send after its EVENT_CONNECT."
        elif state is not ENetPacketPeer.STATE_CONNECTED:
            text = f"Unable to send packet, the peer is in state {state.name}: send before disconnecting."
        elif size > host.config.maximum_packet_size:
            text = too_large(size, host.config.maximum_packet_size)
        else:
            return Error.FAILED  # another thread ended the connection meanwhile, or the program is ending
        return fail(text, Error.FAILED)

    def _put_packet(self, packet: bytes) -> Error:
        host = self._host
        if host is None:
            return fail(_NULL, Error.ERR_UNCONFIGURED)
        return Error.OK if self.send(0, packet, self.FLAG_RELIABLE) is Error.OK else Error.FAILED

    def get_available_packet_count(self) -> int:
        """Packets that wait to be taken. Still counts after the connection ended, though none can be taken then."""
        return len(self._packets) if self._packets else 0

    def _take_packet(self) -> tuple[Error, bytes]:
        if self._host is None:
            return fail(_NULL, Error.ERR_UNCONFIGURED), b""
        packets = self._packets
        if packets:
            self._count_without_first()
            try:
                if ONE_AT_A_TIME:
                    # No call: either it is returned, or it stays (see core/interrupts.py).
                    packet, _, size = packets[0]
                    del packets[0]
                else:
                    packet, _, size = packets.popleft()
                self._size = self._size - size if packets else 0
                return Error.OK, packet
            except IndexError:
                pass  # another thread took it
        text = 'Condition "packet_queue.is_empty()" is true. Returning: ERR_UNAVAILABLE'
        return fail(text, Error.ERR_UNAVAILABLE), b""

    def get_packet(self) -> bytes:
        """The next packet, or ``b""`` with the reason in :meth:`get_packet_error`."""
        packets = self._packets
        if packets and self._host is not None:
            # This may run the program's code, which may take packets: it comes before anything is looked at.
            self._packet_error = Error.OK
            self._count_without_first()
            try:
                if ONE_AT_A_TIME:
                    packet, _, size = packets[0]
                    del packets[0]
                else:
                    packet, _, size = packets.popleft()
                self._size = self._size - size if packets else 0
                return packet
            except IndexError:
                pass
        return super().get_packet()

    def get_packet_flags(self) -> int:
        """How the next packet was sent: 1 reliable, 2 unsequenced, 8 in unreliable fragments, 0 unreliable.

        A packet in reliable fragments has 1, whatever it was sent with.
        """
        if self._packets:
            with contextlib.suppress(IndexError):
                return self._packets[0][1]
        return fail('Condition "packet_queue.is_empty()" is true. Returning: 0', 0)

    # Ending

    def peer_disconnect(self, data: int = 0) -> None:
        """Ask for the end of the connection; both sides get a DISCONNECT event, the remote's with ``data``.

        While the connection is still being established it ends at once and without an event, and this object stays
        listed (as in Godot): call :meth:`reset` then, or ``peer_disconnect_now``.
        """
        self._disconnect(data, DisconnectMode.NORMAL)

    def peer_disconnect_later(self, data: int = 0) -> None:
        """As :meth:`peer_disconnect`, once everything queued has been delivered."""
        self._disconnect(data, DisconnectMode.LATER)

    def peer_disconnect_now(self, data: int = 0) -> None:
        """Tell the remote once and forget it; no event here, and this object is inactive at once."""
        if self._disconnect(data, DisconnectMode.NOW):
            self._detach()

    def reset(self) -> None:
        """Forget the remote without telling it; no event here, and this object is inactive at once."""
        if self._disconnect(0, DisconnectMode.RESET, _NOT_CONNECTED):
            self._detach()

    def _disconnect(self, data: int, mode: DisconnectMode, text: str = _NULL) -> bool:
        number = as_int(data, "data")
        host = self._host
        if host is None:
            return fail(text, False)
        # A slot that was reset under this object is nothing to disconnect; Godot ignores that, too.
        with contextlib.suppress(EnetError):
            host.disconnect(self._handle, number, mode)
        return True

    def get_disconnect_reason(self) -> DisconnectReason:
        """Why the connection ended: a :class:`~godot_enet.core.DisconnectReason`; ``NONE`` while it has not.

        Beyond Godot's API. With ``TIMEOUT``, :meth:`get_timed_out_command` says what was waited for.
        """
        return self._why[0]

    def get_timed_out_command(self) -> Command:
        """What the remote did not acknowledge in time: ``Command.CONNECT`` where it never answered, ``PING`` where it
        fell silent, ``SEND_RELIABLE`` and others where packets were on their way; else ``Command.NONE``.

        Beyond Godot's API.
        """
        return Command(self._why[1])

    # Settings

    def ping(self) -> None:
        """Send a ping now, besides those that are sent by themselves."""
        host = self._host
        if host is None:
            return fail(_NULL, None)
        with contextlib.suppress(EnetError):
            host.ping(self._handle)

    def ping_interval(self, ping_interval: int) -> None:
        """Milliseconds of silence after which a ping is sent; 0 restores 500."""
        self._configure(_NULL, PeerOption.PING_INTERVAL, as_int(ping_interval, "ping_interval"))

    def throttle_configure(self, interval: int, acceleration: int, deceleration: int) -> None:
        """How the packet throttle adapts, here and at the remote.

        While connecting, Godot's handshake fails after this call; here it takes effect once connected.

        Args:
            interval: milliseconds between measurements of the round-trip time it compares with.
            acceleration: steps (of 1/32) up when the round trip is good.
            deceleration: steps down when it is bad.
        """
        values = (
            as_int(interval, "interval"),
            as_int(acceleration, "acceleration"),
            as_int(deceleration, "deceleration"),
        )
        self._configure(_NOT_CONNECTED, PeerOption.THROTTLE, *values)

    def set_timeout(self, timeout: int, timeout_min: int, timeout_max: int) -> None:
        """When to give the remote up.

        Args:
            timeout: the factor by which a resend may have been put off (32): doubled by each loss, so a count.
            timeout_min: milliseconds of silence before that counts (5000).
            timeout_max: milliseconds of silence that always suffice (30000).
            A 0 restores that default.
        """
        limit, minimum, maximum = (
            as_int(timeout, "timeout"),
            as_int(timeout_min, "timeout_min"),
            as_int(timeout_max, "timeout_max"),
        )
        if self._host is None:
            return fail(_NOT_CONNECTED, None)
        if limit > minimum or minimum > maximum:
            text = "Timeout limit must be less than minimum timeout, which itself must be less than maximum timeout."
            return fail(f"{text} Got {limit}, {minimum} and {maximum}.", None)
        self._configure(_NOT_CONNECTED, PeerOption.TIMEOUT, limit, minimum, maximum)

    def _configure(self, text: str, option: PeerOption, *values: int) -> None:
        host = self._host
        if host is None:
            return fail(text, None)
        with contextlib.suppress(EnetError):
            host.configure(self._handle, option, *values)

    # Looking

    def get_remote_address(self) -> str:
        """The remote's IP address: IPv4 as usual, IPv6 as eight groups, never shortened."""
        if self._host is None:
            return fail(_NULL, "")
        return format_ip(self._address.host)

    def get_remote_port(self) -> int:
        """The remote's UDP port."""
        if self._host is None:
            return fail(_NULL, 0)
        return self._address.port

    def get_statistic(self, statistic: PeerStatistic | int) -> float:
        """One of ENet's numbers: loss as ratio x 65536, throttle as ratio x 32, times in ms.

        The epochs are readings of the host's millisecond clock.
        """
        number = as_int(statistic, "statistic")
        host = self._host
        if host is None:
            return fail(_NULL, 0.0)
        try:
            which = _CoreStatistic(number)
        except ValueError:
            return fail(f"Method/function failed. Returning: 0. Invalid statistic: {number}.", 0.0)
        try:
            return float(host.peer_statistic(self._handle, which))
        except UnknownPeer:
            return float(_FRESH_STATISTICS.get(which, 0))

    def get_state(self) -> PeerState:
        """The state of the connection; ``STATE_DISCONNECTED`` once inactive."""
        host = self._host
        if host is None:
            return ENetPacketPeer.STATE_DISCONNECTED
        return ENetPacketPeer.PeerState(host.peer_state(self._handle))

    def get_channels(self) -> int:
        """Channels agreed with the remote; what was asked for until connected, 0 once disconnecting."""
        if self._host is None:
            return fail(INACTIVE, 0)
        return self._channel_count()

    def _channel_count(self) -> int:
        host = self._host
        try:
            return 0 if host is None else host.peer_info(self._handle).channel_count
        except UnknownPeer:
            return 0

    def is_active(self) -> bool:
        """Whether this connection still exists (though perhaps not yet, or no longer, connected)."""
        return self._host is not None


class ENetPacketPeer(HotPeer, PeerMethods):
    """The connection to one remote; given out by :class:`ENetConnection`, never made by hand.

    One object per connection, the same one until it ends. It becomes inactive, for good, with its DISCONNECT event,
    with ``peer_disconnect_now``, ``reset`` and the connection's ``destroy``. On an inactive peer every method logs an
    error and returns what Godot returns; note that ``get_packet`` then refuses packets that were still queued.
    """

    __slots__ = (
        "_address",
        "_encode_buffer_max_size",
        "_ended",
        "_handle",
        "_host",
        "_packet_error",
        "_packets",
        "_size",
        "_why",
    )


rename_methods(PeerMethods, "ENetPacketPeer")
