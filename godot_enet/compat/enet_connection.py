"""ENetConnection: a host and its peers, as Godot shows them."""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from godot_enet.compat.addresses import find_target, format_ip, parse_bind_ip
from godot_enet.compat.dtls import DtlsSetup, as_options, client_setup, server_setup
from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.enet_service import ConnectionEvent, ServiceMethods, ServiceResult
from godot_enet.compat.errors import INACTIVE, as_bytes, as_int, as_str, fail, invalid_flags, too_large
from godot_enet.compat.globals import Error
from godot_enet.compat.hot import HotConnection
from godot_enet.compat.own_methods import rename_methods
from godot_enet.core import (
    Address,
    BindError,
    Drop,
    EnetError,
    HostClosed,
    HostConfig,
    HostStatistic,
    PeerHandle,
    UnknownPeer,
)
from godot_enet.core.compression import Codec, CodecUnavailable, make_compressor
from godot_enet.core.dtls.settings import BadCredentials, DtlsUnavailable
from godot_enet.core.host import AnyHost, HostOpener, open_host, with_compressor, with_stage
from godot_enet.core.protocol.enums import NamedIntEnum
from godot_enet.core.transports.admission import Admission, Verdict, admission

if TYPE_CHECKING:
    from godot_enet.compat.crypto import TLSOptions
    from godot_enet.core.interface import Compressor

__all__ = ["ENetConnection", "ServiceResult"]

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
_BANDWIDTH = "bandwidth limit must be greater than or equal to 0 (0 disables the limit)."


_open_hosts: dict[int, AnyHost] = {}
"""The hosts of all active connections, by ``id()`` of those. So a host is never part of the garbage that a collection
finalizes, in whichever order, and ``_abandon`` finds it whole. Nothing in a host may refer to a connection."""


class ConnectionMethods(ServiceMethods):
    """What an :class:`ENetConnection` does; see there."""

    class CompressionMode(NamedIntEnum):
        """What :meth:`compress` takes."""

        COMPRESS_NONE = 0
        COMPRESS_RANGE_CODER = 1
        COMPRESS_FASTLZ = 2
        COMPRESS_ZLIB = 3
        COMPRESS_ZSTD = 4

    EventType = ConnectionEvent

    class HostStatistic(NamedIntEnum):
        """What :meth:`pop_statistic` takes."""

        HOST_TOTAL_SENT_DATA = 0
        HOST_TOTAL_SENT_PACKETS = 1
        HOST_TOTAL_RECEIVED_DATA = 2
        HOST_TOTAL_RECEIVED_PACKETS = 3

    ConnectVerdict = Verdict
    """What the hook of :meth:`on_connect_request` returns."""

    COMPRESS_NONE = CompressionMode.COMPRESS_NONE
    COMPRESS_RANGE_CODER = CompressionMode.COMPRESS_RANGE_CODER
    COMPRESS_FASTLZ = CompressionMode.COMPRESS_FASTLZ
    COMPRESS_ZLIB = CompressionMode.COMPRESS_ZLIB
    COMPRESS_ZSTD = CompressionMode.COMPRESS_ZSTD
    EVENT_ERROR = ConnectionEvent.EVENT_ERROR
    EVENT_NONE = ConnectionEvent.EVENT_NONE
    EVENT_CONNECT = ConnectionEvent.EVENT_CONNECT
    EVENT_DISCONNECT = ConnectionEvent.EVENT_DISCONNECT
    EVENT_RECEIVE = ConnectionEvent.EVENT_RECEIVE
    HOST_TOTAL_SENT_DATA = HostStatistic.HOST_TOTAL_SENT_DATA
    HOST_TOTAL_SENT_PACKETS = HostStatistic.HOST_TOTAL_SENT_PACKETS
    HOST_TOTAL_RECEIVED_DATA = HostStatistic.HOST_TOTAL_RECEIVED_DATA
    HOST_TOTAL_RECEIVED_PACKETS = HostStatistic.HOST_TOTAL_RECEIVED_PACKETS

    def __init__(self, *, threaded: bool = True, opener: HostOpener = open_host) -> None:
        super().__init__()
        self._threaded = threaded
        self._opener = opener
        self._slots = 0
        self._dtls: DtlsSetup | None = None
        self._admission: Admission | None = None
        self._connect_hook: Callable[[str, int, int], Verdict | int] | None = None
        self._compressor: Compressor | None = None

    _farewell_from = 0
    """The process in which its end is told to the connected peers: that of an ENetMultiplayerPeer, if it is one's."""

    def __del__(self) -> None:
        self._abandon()

    def _abandon(self) -> None:
        """:meth:`destroy` for finalizers, which may run anywhere: never waits."""
        host = getattr(self, "_host", None)
        _open_hosts.pop(id(self), None)
        if host is not None:
            self._host = None
            self._forget_peers()
            host.abandon(farewell=self._farewell_from == os.getpid())
            self._forget_dtls()

    def __repr__(self) -> str:
        host = self._host
        if host is None:
            return "<ENetConnection inactive>"
        address = host.local_address()
        where = "without a port yet" if address is None else f"on {address}"
        return f"<ENetConnection {host.engine_name} {where}, {len(self._peers)} peers>"

    # Beginning and ending

    def create_host(
        self, max_peers: int = 32, max_channels: int = 0, in_bandwidth: int = 0, out_bandwidth: int = 0
    ) -> Error:
        """Become active without binding a port: the system picks one when the first datagram is sent.

        (Godot's class reference says that this binds a random port; it does not, and neither do we.)

        Args:
            max_peers: peer slots, 1..4095.
            max_channels: channels granted to those who connect, 1..255; 0 means 255.
            in_bandwidth: bytes per second this host can take; 0 is unlimited.
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
        """Become active on an address and port; for the rest see :meth:`create_host`.

        Args:
            bind_address: an IP literal, or ``"*"`` for every address, IPv4 and IPv6 alike. Neither names nor addresses
                with a zone (``%eth0``) are accepted.
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
            return fail(_ALREADY_ACTIVE, Error.ERR_ALREADY_IN_USE)
        problem = (
            f"The number of clients must be set between 1 and 4095 (inclusive). Got {peers}."
            if not 1 <= peers <= 4095
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
        config = HostConfig(
            peer_count=peers, channel_limit=channels, incoming_bandwidth=incoming, outgoing_bandwidth=outgoing
        )
        try:
            host = self._opener(config, bind=bind, port=port, threaded=self._threaded)
        except BindError as error:
            return fail(f"Couldn't create an ENet host: {error}.", Error.ERR_CANT_CREATE)
        if self._host is not None:  # a call that came in between was first
            host.close()
            return fail(_ALREADY_ACTIVE, Error.ERR_ALREADY_IN_USE)
        self._host = host  # with no call between that and the question whether there is one
        self._slots = peers
        self._join(host)
        return Error.OK

    def _join(self, host: AnyHost) -> None:
        """Work with this host from now on; its connections, if it has any, are those of the one before."""
        _open_hosts[id(self)] = host
        host.when_ended(weakref.WeakMethod(self._when_host_ended))
        if host.hot_handle is not None:
            self._native(host.hot_handle, self._ended, self._undelivered, self._slots)
        else:
            self._native(None, [], [], 0)
        for handle, peer in list(self._peers.items()):
            peer._move(host)
            self._seat(handle & 0xFFF, peer)

    def _take_over(self, host: AnyHost, heir: AnyHost) -> bool:
        """Work with what has taken the place of this host, if anything has; False if we were destroyed meanwhile."""
        if self._host is not host:
            heir.close()
            return False
        self._host = heir  # with no call in between
        if heir is not host:
            self._join(heir)
        return True

    def _when_host_ended(self) -> None:
        """The host has ended by itself: go on as after ``destroy``."""
        host = self._host
        if host is not None and host.closed:
            self._host = None
            _open_hosts.pop(id(self), None)
            self._forget_peers()
            self._forget()

    def destroy(self) -> None:
        """Become inactive: all peers do, nobody is told, the port is free. May be created again."""
        host = self._host
        if host is None:
            return fail("Host already destroyed.", None)
        self._host = None
        try:
            _open_hosts.pop(id(self), None)
            self._forget_peers()
            host.close()
            self._forget()
        except BaseException:
            if self._host is None:
                self._host = host  # a signal handler has raised: the next destroy() begins again
            raise

    def _forget(self) -> None:
        """What was set up for the host that has ended."""
        self._forget_dtls()
        self._admission = None
        self._connect_hook = None
        self._compressor = None

    def _forget_peers(self) -> None:
        self._native(None, [], [], 0)
        for peer in list(self._peers.values()):
            peer._detach()
        self._peers.clear()
        self._gone.clear()
        self._ended = []
        self._undelivered.clear()
        self._claimed.clear()
        self._leaving = None

    def _forget_dtls(self) -> None:
        dtls, self._dtls = self._dtls, None
        if dtls is not None:
            dtls.release()

    def connect_to_host(self, address: str, port: int, channels: int = 0, data: int = 0) -> ENetPacketPeer | None:
        """Begin to connect; EVENT_CONNECT or EVENT_DISCONNECT tells how it went.

        Args:
            address: an IP literal or a name; looking a name up blocks. A link-local address needs its zone, the name
                or number of a network interface: ``fe80::1%eth0``. With the broadcast address of a network, or
                ``255.255.255.255`` for that of the default route, the first server that answers becomes the peer, and
                ``get_remote_address`` tells which it is from EVENT_CONNECT on.
            port: 1..65535.
            channels: how many to ask for; 0 means 255. The remote may grant fewer.
            data: a number (32 bits) for the remote's CONNECT event.

        Returns:
            The peer, or None: inactive, a peer is listed already (even one that just ended, until the next
            ``service``), the port is out of range, or the name has no address, or the zone no interface.
        """
        text = as_str(address, "address")
        number, count, info = as_int(port, "port"), as_int(channels, "channels"), as_int(data, "data")
        host = self._host
        if host is None:
            return fail(INACTIVE, None)
        if self._peers:
            return fail("The ENetConnection is already connected to a peer.", None)
        target = find_target(text, number)
        if isinstance(target, str):
            return fail(target, None)
        try:
            handle = host.connect(target, count if count > 0 else 255, info)
        except EnetError:
            return None
        peer = self._peers.setdefault(handle, ENetPacketPeer._attach(host, handle, target, self._ended))
        self._seat(handle & 0xFFF, peer)
        return peer

    # Every frame

    def _service_again(self, timeout: int) -> ServiceResult:
        return ENetConnection.service(self, timeout)

    def flush(self) -> None:
        """Send what is queued now. Receives nothing and reports nothing."""
        host = self._host
        if host is None:
            return fail(INACTIVE, None)
        host.flush()

    def broadcast(self, channel: int, packet: bytes | bytearray | memoryview, flags: int) -> None:
        """Queue a packet for every connected peer; those without that channel are passed over."""
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
        """What is wrong with a packet of so many bytes, if anything."""
        host = self._host
        limit = size if host is None else host.config.maximum_packet_size
        return too_large(size, limit) if size > limit else ""

    def socket_send(
        self, destination_address: str, destination_port: int, packet: bytes | bytearray | memoryview
    ) -> None:
        """Send a raw UDP datagram from this host's socket, to look for servers or open a way through a NAT.

        Not counted in the statistics; what the network does to it is not reported.
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
            host.socket_send(content, target)

    # Settings

    def bandwidth_limit(self, in_bandwidth: int = 0, out_bandwidth: int = 0) -> None:
        """Set the limits in bytes per second, 0 for none; peers are told within a second.

        A negative number becomes a huge one, as in Godot.
        """
        incoming, outgoing = as_int(in_bandwidth, "in_bandwidth"), as_int(out_bandwidth, "out_bandwidth")
        host = self._host
        if host is None:
            return fail(INACTIVE, None)
        with contextlib.suppress(HostClosed):
            host.set_bandwidth_limit(incoming, outgoing)

    def channel_limit(self, limit: int) -> None:
        """Channels granted to later connections, 1..255; anything else means 255."""
        number = as_int(limit, "limit")
        host = self._host
        if host is None:
            return fail(INACTIVE, None)
        with contextlib.suppress(HostClosed):
            host.set_channel_limit(number)

    def compress(self, mode: CompressionMode | int) -> None:
        """Choose the compression of all datagrams from now on; both ends must choose the same, nothing negotiates it.

        A mismatch shows as connections that never come about, and here as a line on the logger
        ``godot_enet.network``. ``COMPRESS_ZSTD`` needs the package ``zstandard`` before Python 3.14; without it an
        error is logged and nothing changes. An unknown mode changes nothing, as in Godot.
        """
        number = as_int(mode, "mode")
        host = self._host
        if host is None:
            return fail(INACTIVE, None)
        if number not in _CODECS:
            return None
        codec = _CODECS[number]
        try:
            compressor = None if codec is None else make_compressor(codec)
            heir = with_compressor(host, compressor, threaded=self._threaded)
        except CodecUnavailable as error:
            return fail(str(error), None)
        except HostClosed:
            return None
        except BindError as error:
            return self._end_for_want(error, None)
        if not self._take_over(host, heir):
            return None
        self._compressor = compressor
        if self._admission is not None:
            self._admission.compressor = compressor
        return None

    def _end_for_want(self, error: BindError, value: _Value) -> _Value:
        """The host in C has ended, and the one that was to take over could not be made: no descriptor was left."""
        self.destroy()
        return fail(f"The connection had to end, since its network cannot be served from Python: {error}.", value)

    def on_connect_request(
        self,
        hook: Callable[[str, int, int], Verdict | int] | None,
        connects_per_second: int = 0,
        peers_per_address: int = 0,
    ) -> Error:
        """Filter connection requests before any state is allocated. Not in Godot.

        The address is not proved yet when the hook is asked, so it may be forged: a hook must not hold a request
        against that address.

        Args:
            hook: called as ``hook(ip, port, data)``, with the IP as ``get_remote_address`` writes it and the number
                given to ``connect_to_host``, for each copy of a request; returns ``ConnectVerdict.ACCEPT``, ``DENY``
                (the other side gets its DISCONNECT event at once) or ``IGNORE``. It may run in another thread, and
                other threads' calls wait until it returns; its own calls are nested ones, see the class. Anything else
                that it returns or raises is logged, and counts as ``IGNORE``. None: everybody may.
            connects_per_second: connections of one network (/24 of IPv4, /48 of IPv6) each second; 0 is unlimited.
                Only proved addresses count, so forged requests close no network. Others have to wait.
            peers_per_address: peers of one IP address at a time; 0 is unlimited. Whole households, and with some
                providers whole towns, share one.

        What is over a limit is not answered, and the logger ``godot_enet.network`` says so. Where several of an address
        get through at the same time, those who are too many are disconnected at once, without an event here.

        Returns:
            ``OK``, ``ERR_UNCONFIGURED`` if inactive, or ``ERR_INVALID_PARAMETER``. It lasts until ``destroy``. With the
            native engine the network is served from a Python thread from then on.
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
        per_second, per_address = limits.values()
        self._connect_hook = hook
        decide = None if hook is None else _decision(weakref.ref(self))
        if self._admission is not None:
            self._admission.decide = decide
            self._admission.per_second = per_second
            self._admission.per_address = per_address
            return Error.OK
        rules = Admission(decide, per_second, self._compressor, per_address=per_address)
        try:
            heir = with_stage(host, admission(rules), threaded=self._threaded)
        except HostClosed:
            return fail(INACTIVE, Error.ERR_UNCONFIGURED)
        except BindError as error:
            return self._end_for_want(error, Error.ERR_CANT_CREATE)
        if not self._take_over(host, heir):
            return fail(INACTIVE, Error.ERR_UNCONFIGURED)
        self._admission = rules
        return Error.OK

    def _is_one_too_many(self, host: AnyHost, handle: PeerHandle) -> bool:
        """Whether a peer that has just connected to us is beyond ``peers_per_address``."""
        limit = 0 if self._admission is None else self._admission.per_address
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
        """Encrypt everything from now on, as a server: after ``create_host_bound``, before anybody connects.

        Needs the package ``pyOpenSSL``. The key must belong to the certificate, which may be followed by those of its
        authorities; both are locked against ``load`` until ``destroy``. (Godot accepts any pair and then drops every
        client.)

        Args:
            server_options: from ``TLSOptions.server``.

        Returns:
            ``OK``, ``ERR_UNCONFIGURED``, ``ERR_INVALID_PARAMETER``, ``ERR_UNAVAILABLE``, or ``FAILED`` where DTLS is
            set up already. Nothing has changed then: look at what comes back, or the host may stay unencrypted.
        """
        options = as_options(server_options, "server_options")
        host = self._host
        if host is None:
            return fail(INACTIVE, Error.ERR_UNCONFIGURED)
        if options is None or not options.is_server():
            return fail("server_options must be made by TLSOptions.server().", Error.ERR_INVALID_PARAMETER)
        return self._set_up_dtls(host, lambda: server_setup(options, host.config.peer_count))

    def dtls_client_setup(self, hostname: str, client_options: TLSOptions | None = None) -> Error:
        """Encrypt everything from now on, as a client: after ``create_host``, before ``connect_to_host``.

        Needs the package ``pyOpenSSL``. When the server's certificate is not accepted, or the encrypted connection
        breaks, ``service`` reports EVENT_ERROR, the peer stays as it is, and the logger ``godot_enet.network`` has the
        reason. Until ``connect_to_host``, too, ``service`` reports EVENT_ERROR.

        Args:
            hostname: the name that the server's certificate must have, unless the options override it.
            client_options: from ``TLSOptions.client`` or ``client_unsafe``. Needed, although Godot has a default.

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
        return self._set_up_dtls(host, lambda: client_setup(name, options))

    def _set_up_dtls(self, host: AnyHost, make: Callable[[], DtlsSetup]) -> Error:
        if self._dtls is not None:
            return fail("DTLS is set up already for this ENetConnection.", Error.FAILED)
        try:
            setup = make()
        except DtlsUnavailable as error:
            return fail(f"{error}.", Error.ERR_UNAVAILABLE)
        except BadCredentials as error:
            return fail(f"DTLS cannot be set up: {error}.", Error.ERR_INVALID_PARAMETER)
        try:
            heir = with_stage(host, setup.stage, threaded=self._threaded)
            if self._admission is not None:
                # It must see what is behind the encryption.
                heir = with_stage(heir, admission(self._admission), threaded=self._threaded)
        except HostClosed:
            setup.release()
            return fail(INACTIVE, Error.ERR_UNCONFIGURED)
        except BindError as error:
            setup.release()
            return self._end_for_want(error, Error.ERR_CANT_CREATE)
        if not self._take_over(host, heir):
            setup.release()
            return fail(INACTIVE, Error.ERR_UNCONFIGURED)
        self._dtls = setup
        return Error.OK

    def refuse_new_connections(self, refuse: bool) -> None:
        """Ignore whoever wants to begin a DTLS session; those that exist go on. No effect without DTLS, as in Godot."""
        if not isinstance(refuse, (bool, int)):
            raise TypeError(f"refuse must be a bool, not {type(refuse).__name__}")
        if self._host is None:
            return fail(INACTIVE, None)
        if self._dtls is not None:
            self._dtls.refuse(bool(refuse))
        return None

    # Looking

    def pop_statistic(self, statistic: HostStatistic | int) -> float:
        """A traffic total since it was last popped, which starts again from 0.

        UDP payloads, junk and refused requests to connect included. With DTLS what was encrypted, as in Godot: records
        count without what encryption adds, and handshakes and what is not DTLS not at all.
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
        """Channels granted to those who connect."""
        host = self._host
        if host is None:
            return fail(INACTIVE, 0)
        return host.channel_limit

    def get_local_port(self) -> int:
        """The bound port; 0, with an error, while nothing is bound (see :meth:`create_host`).

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
        """All peers in the order in which they came, connecting and disconnecting ones included."""
        if self._host is None:
            return fail(INACTIVE, [])
        return list(self._peers.values())

    # Beyond Godot

    @property
    def engine_name(self) -> str:
        """Which engine runs this host: ``"native"`` or ``"python"``; ``""`` while inactive."""
        host = self._host
        return "" if host is None else host.engine_name

    def counters(self) -> dict[Drop, int]:
        """How often something received was not used, by cause; empty while inactive."""
        host = self._host
        return {} if host is None else host.counters()


class ENetConnection(HotConnection, ConnectionMethods):
    """A host: it listens, connects, and gives out an :class:`ENetPacketPeer` for each remote.

    Inactive until ``create_host`` or ``create_host_bound``; any other method logs an error before that. Methods may be
    called from any thread, and ``destroy`` ends a ``service`` that blocks in another one.

    They may also be called by signal handlers, finalizers, log handlers and connect hooks, which can run in the middle
    of another call. What such a call changes is done when that one ends; ``service`` and ``connect_to_host`` raise
    ``HostBusy`` (a RuntimeError) where they would have to wait for it. In the child of ``os.fork()`` every connection
    is as after ``destroy``, and no remote is told; the parent's goes on.

    Args:
        threaded: whether a network thread acknowledges, pings and resends while the program does not call
            ``service``, so that connections survive a frame that takes long. Without it everything happens inside
            ``service`` and ``flush``, as in Godot.
    """


def _decision(owner: weakref.ref[ConnectionMethods]) -> Callable[[Address, int], Verdict | int]:
    """A program's hook as the core calls it.

    The core must not keep it alive: it may refer to the connection, whose network thread would refer to it for ever.
    """

    def decide(address: Address, data: int) -> Verdict | int:
        connection = owner()
        hook = None if connection is None else connection._connect_hook
        return Verdict.IGNORE if hook is None else hook(format_ip(address.host), address.port, data)

    return decide


for _inner in (ServiceMethods, ConnectionMethods):
    rename_methods(_inner, "ENetConnection")
