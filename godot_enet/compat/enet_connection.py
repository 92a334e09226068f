"""ENetConnection: Godot's class for a host and its peers."""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from godot_enet.compat.addresses import find_target, parse_bind_ip
from godot_enet.compat.connection_events import ConnectionEvent, ServiceResult
from godot_enet.compat.connection_setup import ConnectionSetup
from godot_enet.compat.dtls import as_options, client_setup, server_setup
from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.enet_service import ServiceMethods
from godot_enet.compat.enet_waiting import WaitingMethods
from godot_enet.compat.errors import INACTIVE, as_bytes, as_int, as_str, fail, invalid_flags, too_large
from godot_enet.compat.globals import Error
from godot_enet.compat.hot import HotConnection, document_methods, in_c, place_of
from godot_enet.compat.own_methods import rename_methods
from godot_enet.core import (
    AnyHost,
    BindError,
    Drop,
    EnetError,
    Host,
    HostClosed,
    HostConfig,
    HostStatistic,
    PeerHandle,
    SeveralShards,
    Summary,
    UnknownPeer,
)
from godot_enet.core.any_host import HostOpener
from godot_enet.core.compression import Codec
from godot_enet.core.lock import HostLock, LockHeld
from godot_enet.core.protocol.constants import MAXIMUM_PEER_ID
from godot_enet.core.protocol.enums import NamedIntEnum
from godot_enet.core.shards import parse_shards
from godot_enet.core.transports.admission import Verdict

if TYPE_CHECKING:
    from typing_extensions import Self

    from godot_enet.compat.crypto import TLSOptions

__all__ = ["ENetConnection"]

_Value = TypeVar("_Value")

_ALREADY_ACTIVE = "The ENetConnection instance is already active."
_FLAGS_ALLOWED = 1 | 2 | 8
_CODECS: dict[int, Codec | None] = {
    0: None,
    1: Codec.RANGE_CODER,
    2: Codec.FASTLZ,
    3: Codec.ZLIB,
    4: Codec.ZSTD,
}
_TOO_LATE = "With several shards this is possible only before clients connect, and leaves one shard."
_ONLY_ACCEPTS = "An ENetConnection with several shards only accepts connections. Use another one to connect."
_BANDWIDTH = "bandwidth limit must be greater than or equal to 0 (0 disables the limit)."


_open_hosts: dict[int, AnyHost] = {}
"""The hosts of all active connections, by ``id()`` of the connection. This keeps a host out of the garbage that a
collection finalizes in any order, so that ``_abandon`` finds it intact. A host must not refer to a connection."""


class ConnectionMethods(WaitingMethods):
    """The methods of :class:`ENetConnection`; see there."""

    class CompressionMode(NamedIntEnum):
        """The arguments of :meth:`ENetConnection.compress`."""

        COMPRESS_NONE = 0
        """No compression, the default."""
        COMPRESS_RANGE_CODER = 1
        """ENet's own range coder; good for small packets."""
        COMPRESS_FASTLZ = 2
        """FastLZ: fast."""
        COMPRESS_ZLIB = 3
        """zlib: smaller, slower."""
        COMPRESS_ZSTD = 4
        """Zstandard; needs the extra ``zstd`` before Python 3.14."""

    EventType = ConnectionEvent

    class HostStatistic(NamedIntEnum):
        """The arguments of :meth:`ENetConnection.pop_statistic`."""

        HOST_TOTAL_SENT_DATA = 0
        """Bytes of UDP payloads sent."""
        HOST_TOTAL_SENT_PACKETS = 1
        """Datagrams sent."""
        HOST_TOTAL_RECEIVED_DATA = 2
        """Bytes of UDP payloads received, invalid ones included."""
        HOST_TOTAL_RECEIVED_PACKETS = 3
        """Datagrams received, invalid ones included."""

    ConnectVerdict = Verdict
    """The return values of the hook of :meth:`on_connect_request`."""

    COMPRESS_NONE = CompressionMode.COMPRESS_NONE
    COMPRESS_RANGE_CODER = CompressionMode.COMPRESS_RANGE_CODER
    COMPRESS_FASTLZ = CompressionMode.COMPRESS_FASTLZ
    COMPRESS_ZLIB = CompressionMode.COMPRESS_ZLIB
    COMPRESS_ZSTD = CompressionMode.COMPRESS_ZSTD
    EVENT_ERROR: Final = ConnectionEvent.EVENT_ERROR
    EVENT_NONE: Final = ConnectionEvent.EVENT_NONE
    EVENT_CONNECT: Final = ConnectionEvent.EVENT_CONNECT
    EVENT_DISCONNECT: Final = ConnectionEvent.EVENT_DISCONNECT
    EVENT_RECEIVE: Final = ConnectionEvent.EVENT_RECEIVE
    HOST_TOTAL_SENT_DATA = HostStatistic.HOST_TOTAL_SENT_DATA
    HOST_TOTAL_SENT_PACKETS = HostStatistic.HOST_TOTAL_SENT_PACKETS
    HOST_TOTAL_RECEIVED_DATA = HostStatistic.HOST_TOTAL_RECEIVED_DATA
    HOST_TOTAL_RECEIVED_PACKETS = HostStatistic.HOST_TOTAL_RECEIVED_PACKETS

    def __init__(
        self,
        *,
        threaded: bool = True,
        config: HostConfig | None = None,
        shards: int | Literal["auto"] | None = None,
        opener: HostOpener = Host.open,
    ) -> None:
        super().__init__()
        if not isinstance(config, (HostConfig, type(None))):
            raise TypeError(f"config must be a HostConfig or None, not {type(config).__name__}")
        self._threaded = threaded
        self._config = config = config or HostConfig()
        self._shards = config.shards if shards is None else parse_shards(shards)
        self._opener = opener
        self._changing = HostLock()
        """Held while a host is created or ends."""
        self._setup = ConnectionSetup()

    _notifying_process = 0
    """The process in which a finalizer tells the connected peers: that of the ENetMultiplayerPeer that owns this."""

    def __del__(self) -> None:
        self._abandon()

    def _abandon(self) -> None:
        """:meth:`destroy` for finalizers, which may run anywhere: never blocks."""
        if _open_hosts is None:  # the program has ended, its hosts are closed, and modules are empty, as with Nuitka
            return
        host = getattr(self, "_host", None)
        if host is None:
            _open_hosts.pop(id(self), None)
        else:
            self._host = None
            self._forget_peers()
            host.abandon(notify_peers=self._notifying_process == os.getpid())
            self._setup.clear()

    def __repr__(self) -> str:
        host = self._host
        if host is None:
            return "<ENetConnection inactive>"
        address = host.local_address()
        where = "without a port yet" if address is None else f"on {address}"
        return f"<ENetConnection {host.engine_name} {where}, {len(self._peers)} peers>"

    # Life cycle

    def create_host(
        self, max_peers: int = 32, max_channels: int = 0, in_bandwidth: int = 0, out_bandwidth: int = 0
    ) -> Error:
        """Create a host without binding a port; the system binds one when the first datagram is sent.

        (Godot's class reference says that this binds a random port, but Godot does not do that either.)

        Args:
            max_peers: peer slots, 1..4095. :meth:`create_host_bound` accepts that many for each shard.
            max_channels: channels granted to connecting peers, 1..255; 0 means 255.
            in_bandwidth: bytes per second this host can receive; 0 is unlimited.
            out_bandwidth: bytes per second this host can send; 0 is unlimited.

        Returns:
            ``OK``, ``ERR_ALREADY_IN_USE``, ``ERR_INVALID_PARAMETER`` or ``ERR_CANT_CREATE``.
        """
        return self._create(None, 0, max_peers, max_channels, in_bandwidth, out_bandwidth)

    def create_host_bound(
        self,
        bind_address: str,
        bind_port: int,
        max_peers: int = 32,
        max_channels: int = 0,
        in_bandwidth: int = 0,
        out_bandwidth: int = 0,
    ) -> Error:
        """Create a host bound to an address and port; for the other arguments see :meth:`create_host`.

        Args:
            bind_address: an IP literal, or ``"*"`` for all IPv4 and IPv6 addresses. Names and addresses with a zone
                (``%eth0``) are not accepted.
            bind_port: 1..65535, or 0 for any free port (see :meth:`get_local_port`).
        """
        text = as_str(bind_address, "bind_address")
        port = as_int(bind_port, "bind_port")
        bind = parse_bind_ip(text)
        if bind is None:
            problem = f'Invalid bind IP. It must be an IP address without a zone, or "*", not "{text}".'
            return fail(problem, Error.ERR_INVALID_PARAMETER)
        if not 0 <= port <= 65535:
            problem = f"The local port number must be between 0 and 65535 (inclusive). Got {port}."
            return fail(problem, Error.ERR_INVALID_PARAMETER)
        return self._create(bind, port, max_peers, max_channels, in_bandwidth, out_bandwidth)

    def _create(
        self, bind: str | None, port: int, max_peers: int, max_channels: int, in_bandwidth: int, out_bandwidth: int
    ) -> Error:
        peers, channels = as_int(max_peers, "max_peers"), as_int(max_channels, "max_channels")
        incoming, outgoing = as_int(in_bandwidth, "in_bandwidth"), as_int(out_bandwidth, "out_bandwidth")
        if self._host is not None:
            return fail(_ALREADY_ACTIVE, Error.ERR_ALREADY_IN_USE, detail=f"{self!r}; destroy() ends it")
        most = MAXIMUM_PEER_ID * self._shards
        problem = (
            f"The number of clients must be set between 1 and {most} (inclusive). Got {peers}."
            if not 1 <= peers <= most
            else f"Invalid channel count. Must be between 0 and 255 (0 means maximum, i.e. 255). Got {channels}."
            if not 0 <= channels <= 255
            else f"The incoming {_BANDWIDTH} Got {incoming}."
            if incoming < 0
            else f"The outgoing {_BANDWIDTH} Got {outgoing}."
            if outgoing < 0
            else None
        )
        if problem is not None:
            return fail(problem, Error.ERR_INVALID_PARAMETER)
        config = replace(
            self._config,
            shards=self._shards,
            peer_count=peers,
            channel_limit=channels,
            incoming_bandwidth=incoming,
            outgoing_bandwidth=outgoing,
        )
        try:
            host = self._opener(config, bind=bind, port=port, threaded=self._threaded)
        except BindError as error:
            return fail(f"Couldn't create an ENet host: {error}.", Error.ERR_CANT_CREATE)
        try:
            with self._changing:
                if self._host is None:
                    self._host = host  # with no call since the check
                    self._join()
                    return Error.OK
        except LockHeld:  # inside destroy()
            pass
        host.close()
        return fail(_ALREADY_ACTIVE, Error.ERR_ALREADY_IN_USE)  # another call has created one meanwhile

    def _join(self) -> None:
        """Switch to the host; it has the connections of the previous one, if any."""
        while True:
            host = self._host
            if host is None:
                self._forget_host()
            else:
                _open_hosts[id(self)] = host
                host.when_ended(weakref.WeakMethod(self._when_host_ended))
                self._native(in_c(host), self._peers, self._ended, self._undelivered)
                for handle, peer in list(self._peers.items()):
                    peer._move(host)
                    self._register_peer(place_of(handle), peer)
            if self._host is host:  # and not destroyed or replaced meanwhile
                return

    def _forget_host(self) -> None:
        _open_hosts.pop(id(self), None)
        self._native(None, {}, [], [])

    def _replace_host(self, change: Callable[[AnyHost], AnyHost]) -> Error:
        """Change the host, or replace it by a successor that takes over its connections.

        Returns:
            ``OK``; ``ERR_UNCONFIGURED`` if this is, or has become, inactive; ``ERR_CANT_CREATE`` if the old host has
            ended and no successor could be created, which leaves this inactive; ``ERR_UNAVAILABLE`` if several shards
            have connections, which one successor cannot take over.
        """
        host = self._host
        if host is None:
            return fail(INACTIVE, Error.ERR_UNCONFIGURED)
        try:
            successor = change(host)
        except HostClosed:
            return fail(INACTIVE, Error.ERR_UNCONFIGURED)
        except SeveralShards:
            return fail(_TOO_LATE, Error.ERR_UNAVAILABLE)
        except BindError as error:  # out of file descriptors
            if self._host is host:
                self.destroy()
            return fail(f"Connection closed: cannot start a Python network driver: {error}.", Error.ERR_CANT_CREATE)
        if self._host is not host:  # destroyed meanwhile
            successor.close()
            return fail(INACTIVE, Error.ERR_UNCONFIGURED)
        self._host = successor  # with no call in between
        if successor is not host:
            self._join()
        return Error.OK

    def _when_host_ended(self) -> None:
        """Become inactive, since the host has ended by itself."""
        host = self._host
        if host is not None and host.closed:
            self._end(host)

    def destroy(self) -> None:
        """Close the host and its port without notifying remotes; all peers become inactive. May be created again."""
        host = self._host
        if host is None:
            return fail("Host already destroyed.", None)
        self._end(host)
        return None

    def _end(self, host: AnyHost) -> None:
        """Become inactive. Until this has ended nothing can create a host, of which it would drop something."""
        # Their finalizers, which may create one, run when this returns.
        kept = [*self._peers.values(), *self._setup.parts(), self._claimed]
        try:
            with self._changing:
                self._become_inactive(host)
        except LockHeld:  # inside create_host() or destroy(), which continue with an inactive connection
            self._become_inactive(host)
        del kept

    def _become_inactive(self, host: AnyHost) -> None:
        if self._host is not host:
            return  # a nested call has destroyed it
        self._host = None  # with no call in between
        try:
            self._forget_peers()
            host.close()
            self._setup.clear()
        except BaseException:
            if self._host is None:
                self._host = host  # a signal handler has raised: the next destroy() starts over
            raise

    def __enter__(self) -> Self:
        """Return itself; the end of the ``with`` block destroys it."""
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._host is not None:
            self.destroy()

    def _forget_peers(self) -> None:
        self._forget_host()
        for peer in list(self._peers.values()):
            peer._detach()
        self._peers.clear()
        self._gone.clear()
        self._ended = []
        self._undelivered.clear()
        self._claimed.clear()
        self._leaving = None

    def connect_to_host(self, address: str, port: int, channels: int = 0, data: int = 0) -> ENetPacketPeer | None:
        """Start to connect; EVENT_CONNECT or EVENT_DISCONNECT reports the outcome.

        Args:
            address: an IP literal or a name; resolving a name blocks. A link-local address needs its zone, the name
                or number of a network interface: ``fe80::1%eth0``. With the broadcast address of a network, or
                ``255.255.255.255`` for that of the default route, the first server that answers becomes the peer;
                ``get_remote_address`` returns its address from EVENT_CONNECT on.
            port: 1..65535.
            channels: channels to request; 0 means 255. The remote may grant fewer.
            data: a number (32 bits) for the remote's CONNECT event.

        Returns:
            The peer. None if this is inactive, has a peer already (an ended one counts until the next ``service``),
            the port is out of range, the name does not resolve, or no interface has the zone.
        """
        text = as_str(address, "address")
        number, count, info = as_int(port, "port"), as_int(channels, "channels"), as_int(data, "data")
        host = self._host
        if host is None:
            return fail(INACTIVE, None)
        if self._peers:
            text = "The ENetConnection is already connected to a peer."
            return fail(text, None, detail=", ".join(map(repr, list(self._peers.values())[:3])))
        target = find_target(text, number)
        if isinstance(target, str):
            return fail(target, None)
        host.note_address(target.address, target.note())
        try:
            handle = host.connect(target.address, count if count > 0 else 255, info)
        except SeveralShards:
            return fail(_ONLY_ACCEPTS, None)
        except EnetError:
            return None
        peer = self._peers.setdefault(handle, ENetPacketPeer._attach(host, handle, target.address, self._ended))
        self._register_peer(place_of(handle), peer)
        return peer

    # Traffic

    def _service_again(self, timeout: int) -> ServiceResult:
        return ENetConnection.service(self, timeout)

    def flush(self) -> None:
        """Send queued data now, without receiving or reporting events."""
        host = self._host
        if host is None:
            return fail(INACTIVE, None)
        host.flush()

    def broadcast(self, channel: int, packet: bytes | bytearray | memoryview, flags: int) -> None:
        """Queue a packet for every connected peer that has the channel."""
        number, content, bits = as_int(channel, "channel"), as_bytes(packet, "packet"), as_int(flags, "flags")
        host = self._host
        if host is None:
            return fail(INACTIVE, None)
        limit = host.channel_limit
        if number < 0 or number > limit:
            return fail(f"Invalid channel {number}, max channels: {limit}", None)
        if bits & ~_FLAGS_ALLOWED:
            return fail(invalid_flags(bits), None)
        if number == limit:
            return fail(f"Unable to send packet on channel {number}, max channels: {limit}", None)
        problem = self._size_problem(len(content))
        if problem:
            return fail(problem, None)
        with contextlib.suppress(HostClosed):
            host.broadcast(number, content, bits)

    def _size_problem(self, size: int) -> str:
        """Return the error text for a packet of this size; ``""`` if it can be sent."""
        host = self._host
        limit = size if host is None else host.config.maximum_packet_size
        return too_large(size, limit) if size > limit else ""

    def socket_send(
        self, destination_address: str, destination_port: int, packet: bytes | bytearray | memoryview
    ) -> None:
        """Send a raw UDP datagram from this host's socket, to discover servers or to punch a hole through a NAT.

        It is not counted in the statistics, and errors of the network are not reported.
        """
        text, number = as_str(destination_address, "destination_address"), as_int(destination_port, "destination_port")
        content = as_bytes(packet, "packet")
        host = self._host
        if host is None:
            return fail(INACTIVE, None)
        target = find_target(text, number)
        if isinstance(target, str):
            return fail(target, None)
        with contextlib.suppress(HostClosed):
            host.socket_send(content, target.address)

    # Settings

    def bandwidth_limit(self, in_bandwidth: int = 0, out_bandwidth: int = 0) -> None:
        """Set the limits in bytes per second, 0 for none; peers are informed within a second.

        Negative numbers become huge ones, as in Godot.
        """
        incoming, outgoing = as_int(in_bandwidth, "in_bandwidth"), as_int(out_bandwidth, "out_bandwidth")
        host = self._host
        if host is None:
            return fail(INACTIVE, None)
        with contextlib.suppress(HostClosed):
            host.set_bandwidth_limit(incoming, outgoing)

    def channel_limit(self, limit: int) -> None:
        """Set the channels granted to later connections, 1..255; any other number means 255."""
        number = as_int(limit, "limit")
        host = self._host
        if host is None:
            return fail(INACTIVE, None)
        with contextlib.suppress(HostClosed):
            host.set_channel_limit(number)

    def compress(self, mode: CompressionMode | int) -> None:
        """Set the compression of later datagrams. It is not negotiated: both ends must set the same mode.

        With different modes, connections are never established, and the logger ``godot_enet.network`` reports it.
        ``COMPRESS_ZSTD`` needs the package ``zstandard`` before Python 3.14; without it an error is logged and nothing
        changes. An unknown mode changes nothing, as in Godot.
        """
        number = as_int(mode, "mode")
        host = self._host
        if host is None:
            return fail(INACTIVE, None)
        if number in _CODECS:
            self._setup.compress(self._replace_host, _CODECS[number])
        return None

    def on_connect_request(
        self,
        hook: Callable[[str, int, int], Verdict | int] | None,
        connects_per_second: int = 0,
        peers_per_address: int = 0,
    ) -> Error:
        """Filter connection requests before any state is allocated. Not in Godot.

        The hook sees addresses that are not validated yet and may be forged, so it must not ban an address because of
        a request.

        Args:
            hook: called as ``hook(ip, port, data)`` for each copy of a request, with the IP as in
                ``get_remote_address`` and the number passed to ``connect_to_host``. It returns
                ``ConnectVerdict.ACCEPT``, ``DENY`` (the remote gets its DISCONNECT event at once) or ``IGNORE``; any
                other value or an exception is logged and counts as ``IGNORE``. It may run in another thread, and calls
                of other threads block until it returns; for its own calls see the class. None accepts all requests.
            connects_per_second: limit of connections per second from one network (IPv4 /24, IPv6 /48); 0 is
                unlimited. Only validated addresses count, so forged requests cannot block a network. Requests over the
                limit have to wait.
            peers_per_address: limit of simultaneous peers of one IP address; 0 is unlimited. Households, and with
                some providers whole towns, share one address.

        Requests over a limit are not answered, and the logger ``godot_enet.network`` reports them. If several peers of
        an address connect at the same time, those over the limit are disconnected at once, without an event here.

        Returns:
            ``OK``, ``ERR_UNCONFIGURED`` if inactive, or ``ERR_INVALID_PARAMETER``. The filter stays until ``destroy``.
            The native engine then runs its network in a Python thread.
        """
        if hook is not None and not callable(hook):
            raise TypeError(f"hook must be callable or None, not {type(hook).__name__}")
        limits = {
            "connects_per_second": as_int(connects_per_second, "connects_per_second"),
            "peers_per_address": as_int(peers_per_address, "peers_per_address"),
        }
        host = self._host
        if host is None:
            return fail(INACTIVE, Error.ERR_UNCONFIGURED)
        for name, limit in limits.items():
            if limit < 0:
                text = f"{name} must not be negative (0 is unlimited). Got {limit}."
                return fail(text, Error.ERR_INVALID_PARAMETER)
        return self._setup.filter_connects(self._replace_host, hook, *limits.values())

    def _is_one_too_many(self, host: AnyHost, handle: PeerHandle) -> bool:
        """Return whether a peer that has just connected to us exceeds ``peers_per_address``."""
        limit = self._setup.peers_per_address
        if not limit or handle in self._peers:
            return False
        try:
            address = host.peer_address(handle)
        except UnknownPeer:
            return False
        listed = list(self._peers.values())
        others = sum(peer._host is not None and peer._address.host == address.host for peer in listed)
        return others >= limit

    def dtls_server_setup(self, server_options: TLSOptions | None) -> Error:
        """Encrypt all traffic as a DTLS server. Call after ``create_host_bound``, before clients connect.

        Needs the package ``pyOpenSSL``. The key must belong to the certificate, which may be followed by its chain;
        neither can be loaded again until ``destroy``. (Godot accepts any pair and then rejects every client.)

        Args:
            server_options: from ``TLSOptions.server``.

        Returns:
            ``OK``, ``ERR_UNCONFIGURED``, ``ERR_INVALID_PARAMETER``, ``ERR_UNAVAILABLE``, or ``FAILED`` if DTLS is
            already set up. Check it: after an error the host stays unencrypted.
        """
        options = as_options(server_options, "server_options")
        host = self._host
        if host is None:
            return fail(INACTIVE, Error.ERR_UNCONFIGURED)
        if options is None or not options.is_server():
            return fail("server_options must be made by TLSOptions.server().", Error.ERR_INVALID_PARAMETER)
        return self._setup.encrypt(self._replace_host, lambda: server_setup(options, host.config.peer_count))

    def dtls_client_setup(self, hostname: str, client_options: TLSOptions | None = None) -> Error:
        """Encrypt all traffic as a DTLS client. Call after ``create_host``, before ``connect_to_host``.

        Needs the package ``pyOpenSSL``. If the server's certificate is rejected, or the encrypted connection breaks,
        ``service`` reports EVENT_ERROR, the peer stays as it is, and the logger ``godot_enet.network`` has the reason.
        Before ``connect_to_host``, ``service`` reports EVENT_ERROR, too.

        Args:
            hostname: the name that the server's certificate must have, unless the options override it.
            client_options: from ``TLSOptions.client`` or ``client_unsafe``. Required, although Godot has a default.

        Returns:
            As :meth:`dtls_server_setup`.
        """
        name = as_str(hostname, "hostname")
        options = as_options(client_options, "client_options")
        host = self._host
        if host is None:
            return fail(INACTIVE, Error.ERR_UNCONFIGURED)
        if options is None or options.is_server():
            text = "client_options must be made by TLSOptions.client() or TLSOptions.client_unsafe()."
            return fail(text, Error.ERR_INVALID_PARAMETER)
        return self._setup.encrypt(self._replace_host, lambda: client_setup(name, options))

    def refuse_new_connections(self, refuse: bool) -> None:
        """Ignore new DTLS handshakes; existing sessions continue. Has no effect without DTLS, as in Godot."""
        if not isinstance(refuse, (bool, int)):
            raise TypeError(f"refuse must be a bool, not {type(refuse).__name__}")
        if self._host is None:
            return fail(INACTIVE, None)
        if self._setup.dtls is not None:
            self._setup.dtls.refuse(bool(refuse))
        return None

    # State and statistics

    def pop_statistic(self, statistic: HostStatistic | int) -> float:
        """Return a traffic total and reset it to 0.

        It counts UDP payloads, including invalid datagrams and refused connection requests. With DTLS it counts the
        decrypted payloads only, as in Godot: no record overhead, handshakes or other datagrams.
        """
        number = as_int(statistic, "statistic")
        host = self._host
        if host is None:
            return fail(INACTIVE, 0.0)
        try:
            which = HostStatistic(number)
        except ValueError:
            return fail(f"Invalid statistic: {number}.", 0.0)
        return float(host.pop_statistic(which))

    def get_max_channels(self) -> int:
        """Return the number of channels granted to connecting peers."""
        host = self._host
        if host is None:
            return fail(INACTIVE, 0)
        return host.channel_limit

    def get_local_port(self) -> int:
        """Return the bound port; 0, with an error, while no port is bound (see :meth:`create_host`).

        Godot logs that error on Windows, and with DTLS everywhere.
        """
        host = self._host
        if host is None:
            return fail(INACTIVE, 0)
        address = host.local_address()
        if address is None:
            return fail("Unable to get socket address. A port is bound when the first datagram is sent.", 0)
        return address.port

    def get_peers(self) -> list[ENetPacketPeer]:
        """Return all peers in order of arrival, including connecting and disconnecting ones."""
        if self._host is None:
            return fail(INACTIVE, [])
        return list(self._peers.values())

    # Not in Godot

    @property
    def engine_name(self) -> str:
        """The engine of this host: ``"native"`` or ``"python"``; ``""`` while inactive."""
        host = self._host
        return "" if host is None else host.engine_name

    def summary(self) -> Summary | None:
        """Return sums over all peers: their number, queues and round trip times; None while inactive.

        One call of the engine, which takes less than 2 ms with 4,000 peers in C.
        """
        host = self._host
        return None if host is None else host.summary()

    def get_total(self, statistic: HostStatistic | int) -> int:
        """Return a traffic total since the host was created, which ``pop_statistic`` does not reset.

        Raises:
            ValueError: there is no such statistic.
        """
        which, host = HostStatistic(as_int(statistic, "statistic")), self._host
        return 0 if host is None else host.total(which)

    def get_idle_time(self) -> int:
        """Return the milliseconds since ``service`` last did network work; 0 inside one that waits, -1 while inactive.

        A ``service`` that returns an event which was already queued does none. On an asyncio loop, the loop does it.
        """
        host = self._host
        return -1 if host is None else host.idle()

    def refuse_connects(self, refuse: bool, data: int = 0) -> None:
        """Refuse connection requests as a full server does, or accept them again. Connected peers stay.

        A refused client gets its DISCONNECT event, or ``connection_failed``, after two round trips; with
        ``HostConfig(refuse_when_full=False)`` it is not answered.

        Args:
            refuse: whether to refuse.
            data: the number (32 bits) in the DISCONNECT event of each refused client.
        """
        if not isinstance(refuse, (bool, int)):
            raise TypeError(f"refuse must be a bool, not {type(refuse).__name__}")
        number, host = as_int(data, "data"), self._host
        if host is None:
            return fail(INACTIVE, None)
        with contextlib.suppress(HostClosed):
            host.refuse_connects(bool(refuse), number)
        return None

    def counters(self) -> dict[Drop, int]:
        """Return the number of drops by cause; empty while inactive."""
        host = self._host
        return {} if host is None else host.counters()


class ENetConnection(HotConnection, ConnectionMethods):
    """A host: it listens, connects, and provides an :class:`ENetPacketPeer` for each remote.

    It is inactive until ``create_host`` or ``create_host_bound``; before that, any other method logs an error. Methods
    may be called from any thread, and ``destroy`` ends a ``service`` that blocks in another thread.

    Signal handlers, finalizers, log handlers and connect hooks may call them, too, even in the middle of another call.
    Their changes take effect when that call ends; ``service`` and ``connect_to_host`` raise ``HostBusy`` (a
    RuntimeError) if they would have to wait for it. In the child of ``os.fork()`` every connection is destroyed
    without notifying the remotes; the parent's connections continue.

    Args:
        threaded: whether a network thread acknowledges, pings and resends while the program does not call
            ``service``, so that connections survive a long frame. If False, all work is done inside ``service`` and
            ``flush``, as in Godot.
        config: a :class:`~godot_enet.core.HostConfig` for the settings of ENet that Godot does not have: checksums,
            limits and budgets. The arguments of ``create_host`` and ``create_host_bound`` override ``peer_count``,
            ``channel_limit``, ``incoming_bandwidth`` and ``outgoing_bandwidth``.
        shards: sockets that share the port, each with up to 4095 peers and its own network thread in C, 1..64;
            ``"auto"`` for as many as this process has processors; None for ``config.shards``, which is 1. Clients need
            not know, and limits count over all of them. Such a connection only accepts connections. It needs the
            native engine, Linux, ``create_host_bound`` and ``threaded``, and no zlib, Zstandard, DTLS or connect hook;
            otherwise there is one shard, and a log line says why.

    Raises:
        TypeError, ValueError: an argument is impossible.
    """


for _inner in (ServiceMethods, WaitingMethods, ConnectionMethods):
    rename_methods(_inner, "ENetConnection")
document_methods(HotConnection, ConnectionMethods)
