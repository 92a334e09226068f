"""A host: engine, socket and driver put together. What the compat layer, and users of plain ENet, work with."""

from __future__ import annotations

import logging
import os
import sys
import weakref
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar, Union

from godot_enet.core.addressing import may_answer_from_elsewhere, with_zone_number
from godot_enet.core.clock import SystemClock
from godot_enet.core.drivers.inline import InlineDriver
from godot_enet.core.drivers.thread import ThreadDriver
from godot_enet.core.engine import PythonEngine
from godot_enet.core.errors import BindError, HostBusy, HostClosed, InvalidChannel, NotConnected, PacketTooLarge
from godot_enet.core.interface import Address, Clock, Compressor, Datagram, Engine, PeerInfo, Transport, TransportStage
from godot_enet.core.lock import LockHeld
from godot_enet.core.native import NativeEngine, NativeHost, library, remedy, why_no_hot_types, why_unavailable
from godot_enet.core.native.engine import native_mode
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import DisconnectMode, HostStatistic, PeerOption, PeerState, PeerStatistic
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import Event, PeerHandle
from godot_enet.core.pump import Pump
from godot_enet.core.transports.udp import UdpTransport

__all__ = [
    "AnyHost",
    "Host",
    "HostOpener",
    "available_engines",
    "choose_engine",
    "open_host",
    "why_slower",
    "with_compressor",
    "with_stage",
]

_log = logging.getLogger("godot_enet")
_Seen = TypeVar("_Seen")
_BUSY = "was made while the same host is busy with a call that it interrupts, or that does not end"

AnyHost = Union["Host", NativeHost]
"""Either kind of host: both have the same methods."""


class HostOpener(Protocol):
    """What opens a host: :func:`open_host`, or a virtual network in its place."""

    def __call__(self, config: HostConfig, *, bind: str | None, port: int, threaded: bool) -> AnyHost:
        """A host. Raises ``BindError``."""
        ...


_warned = False


def available_engines() -> tuple[str, ...]:
    """The engines that can be used here, the faster one first."""
    if why_unavailable():
        return ("python",)
    # A JIT compiles the Python engine, and a call into C costs more there than what the engine does.
    return ("native", "python") if sys.implementation.name == "cpython" else ("python", "native")


def why_slower() -> str:
    """Why ``auto`` means a slower engine here than CPython can have, and what to do; empty where it does not."""
    if sys.implementation.name != "cpython" or not why_no_hot_types():
        return ""
    if why_unavailable():
        return (
            f"Using the Python engine, which is slower: the native one is not available ({why_unavailable()}). "
            f"{remedy()} GODOT_ENET_ENGINE=python uses the Python engine without this warning."
        )
    return f"Using the native engine without its C methods, which is slower: {why_no_hot_types()}. {remedy()}"


def choose_engine(name: str | None = None) -> str:
    """The engine to use: ``name``, else the environment variable ``GODOT_ENET_ENGINE``, else ``auto``.

    The first choice of an engine that is slower than it could be is logged, unless it is ``python`` by name.

    Raises:
        NativeUnavailable: ``native`` was asked for and is not there.
        ValueError: no such engine.
    """
    global _warned
    wanted = name or os.environ.get("GODOT_ENET_ENGINE") or "auto"
    if wanted == "python":
        return wanted
    if wanted == "native":
        library()
    elif wanted != "auto":
        raise ValueError(f"GODOT_ENET_ENGINE must be auto, python or native, not {wanted!r}")
    if not _warned:
        _warned = True
        if reason := why_slower():
            _log.warning("%s", reason)
    return "native" if wanted == "native" else available_engines()[0]


def open_host(
    config: HostConfig | None = None,
    *,
    bind: str | None = None,
    port: int = 0,
    threaded: bool = True,
    engine: str | None = None,
) -> AnyHost:
    """The best host there is: in C where the helper is available, else in Python. Arguments as for :class:`Host`.

    Raises:
        BindError: the socket cannot be created or bound.
        NativeUnavailable: the native engine was asked for and is not there.
    """
    config = config or HostConfig()
    if choose_engine(engine) == "native":
        return NativeHost(config, SystemClock(), bind=bind, port=port, threaded=threaded)
    try:
        python = PythonEngine(config)
    except OSError as error:  # PyPy reads random bytes from a file, and there may be no descriptor left
        raise BindError(f"cannot draw random numbers: {error.strerror or error}") from error
    return Host(config, bind=bind, port=port, threaded=threaded, engine=python)


def with_compressor(host: AnyHost, compressor: Compressor | None, *, threaded: bool) -> AnyHost:
    """A host with another compressor: the same one, or what takes its place because only Python has that codec.

    Connections, socket and statistics go over; the old host is closed then.
    """
    if isinstance(host, Host) or native_mode(compressor) is not None:
        host.set_compressor(compressor)
        return host

    def make_heir(engine: NativeEngine, descriptor: int, totals: dict[HostStatistic, int]) -> Host:
        engine.set_compressor(compressor)
        transport = UdpTransport.adopt(descriptor)
        return Host(host.config, threaded=threaded, transport=transport, engine=engine, totals=totals, left=host.left)

    return host.hand_over(make_heir)


def with_stage(host: AnyHost, stage: TransportStage, *, threaded: bool) -> AnyHost:
    """A host that sends and receives through one more stage: the same one, or what takes its place in Python.

    Connections, socket and statistics go over; the old host is closed then.
    """
    if isinstance(host, Host):
        host.wrap_transport(stage)
        return host

    def make_heir(engine: NativeEngine, descriptor: int, totals: dict[HostStatistic, int]) -> Host:
        transport = UdpTransport.adopt(descriptor)
        return Host(
            host.config,
            threaded=threaded,
            transport=transport,
            engine=engine,
            totals=totals,
            left=host.left,
            stage=stage,
        )

    return host.hand_over(make_heir)


class Host:
    """One UDP socket and the ENet peers behind it.

    Any method may be called from any thread. Unless it says otherwise, a method raises ``HostClosed`` after
    :meth:`close`, and ``UnknownPeer`` for a peer that is gone.

    A signal handler, a finalizer or a connect hook may run in the middle of a call and call the same host. What changes
    something is done when the interrupted call ends then, what looks is answered at once, and ``service`` and
    ``connect`` raise ``HostBusy``.

    Args:
        config: limits and defaults.
        bind: an IP literal to bind to, ``"*"`` for all addresses of both families, None to bind nothing yet.
        port: the port to bind; 0 for any free one.
        threaded: whether a network thread keeps connections alive between calls of :meth:`service`.
        transport: something else than a UDP socket to send through; ``bind`` and ``port`` are not used then.
        engine: the engine; by default the one that :func:`choose_engine` names.
        totals: traffic totals to go on from.
        left: events that come before all others.
        stage: something to send and receive through, around the transport.
        clock: where the time comes from; by default the system.
        driver: what serves the network, in the place of the one that ``threaded`` means.

    Raises:
        BindError: the socket cannot be created or bound.
    """

    def __init__(
        self,
        config: HostConfig | None = None,
        *,
        bind: str | None = None,
        port: int = 0,
        threaded: bool = True,
        transport: Transport | None = None,
        engine: Engine | None = None,
        totals: dict[HostStatistic, int] | None = None,
        left: list[Event] | None = None,
        stage: TransportStage | None = None,
        clock: Clock | None = None,
        driver: Callable[[Pump, Clock], InlineDriver] | None = None,
    ) -> None:
        self.config = config = config or HostConfig()
        self._engine = engine or (NativeEngine(config) if choose_engine() == "native" else PythonEngine(config))
        transport = transport if transport is not None else UdpTransport(bind, port)
        self._on_wire = isinstance(transport, UdpTransport)
        """Addresses are those of this machine's networks, and not of virtual ones."""
        self._pump = Pump(self._engine, transport)
        if stage is not None:
            self._pump.wrap_transport(stage)
        for which, value in (totals or {}).items():
            setattr(self._pump, _TOTALS[which], value)
        self._clock = clock or SystemClock()
        try:
            self._driver = (driver or (ThreadDriver if threaded else InlineDriver))(self._pump, self._clock)
        except OSError as error:  # no descriptor is left
            self._pump.transport.close()
            raise BindError(f"cannot serve a UDP socket: {error}") from error
        self.service = self._driver.service
        self.service_into = self._driver.service_into
        if left is not None:
            self._driver.left = left
        self.left = self._driver.left
        """Events of calls that were broken off: who calls ``service_into`` adds them, and the next call gives them."""
        self.flush = self._driver.flush

    def __repr__(self) -> str:
        return f"<Host {self.engine_name} {'closed' if self.closed else 'open'}>"

    @property
    def engine_name(self) -> str:
        """Which engine runs it: ``"python"`` or ``"native"``."""
        return self._engine.name

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._driver.closed

    @property
    def hot_handle(self) -> object | None:
        """None: only a host in C has C methods."""
        return None

    def close(self) -> None:
        """Forget all peers without a word to them, end the thread and blocked calls, free the port. Idempotent.

        In the middle of another call of this host the port is free when that call ends.
        """
        self._driver.close()

    def when_ended(self, owner: weakref.WeakMethod[Callable[[], None]]) -> None:
        """Call this when the host ends by itself: its network thread failed, or this is the child of a fork."""
        self._driver.on_end = owner

    def abandon(self, *, farewell: bool = False) -> None:
        """:meth:`close` for finalizers: never waits for another thread.

        Args:
            farewell: whether connected peers are told, once, as by ``DisconnectMode.NOW``.
        """
        self._driver.abandon(farewell=farewell)

    # Connections

    def connect(self, address: Address, channels: int = 255, data: int = 0) -> PeerHandle:
        """Begin to connect; the first datagram leaves with the next ``service`` or ``flush``.

        With a broadcast address the first host that answers becomes the remote; :meth:`peer_address` tells which.

        Raises:
            HostBusy: this thread is in the middle of another call of this host.
            NoFreePeer: all slots are taken.
            UnknownZone: an IPv6 address has the zone of an interface that is not there.
        """
        any_source = False
        if self._on_wire:
            address = with_zone_number(address)
            any_source = may_answer_from_elsewhere(address.host)
        driver = self._driver
        try:
            with driver.lock:
                self._check_open()
                return self._engine.connect(address, channels, data, any_source=any_source)
        except LockHeld:
            raise HostBusy(f"connect() {_BUSY}") from None
        finally:
            if driver.blocked or driver.pending:
                driver.after_unlock()

    def disconnect(self, peer: PeerHandle, data: int = 0, mode: DisconnectMode = DisconnectMode.NORMAL) -> None:
        """End a connection; ``data`` (32 bits) reaches the remote's DISCONNECT event."""
        self._change(partial(self._disconnect, peer, data, mode), peer=peer)

    def _disconnect(self, peer: PeerHandle, data: int, mode: DisconnectMode) -> None:
        now = self._clock.now()
        self._engine.disconnect(peer, data, mode, now)
        if mode is DisconnectMode.LATER or mode is DisconnectMode.RESET:
            return
        # What was said at once must leave at once; the reference flushes here, too.
        if self._engine.peer_state(peer) is PeerState.DISCONNECTED:
            self._pump.transmit(now)

    def send(self, peer: PeerHandle, channel: int, packet: bytes, flags: int) -> None:
        """Queue one packet; it leaves with the next ``service`` or ``flush``.

        Raises:
            NotConnected, InvalidChannel, PacketTooLarge, SendQueueFull: it was not queued.
        """
        driver = self._driver
        try:
            with driver.lock:
                if driver.closed:
                    raise HostClosed("the host was closed")
                self._engine.send(peer, channel, packet, flags)
        except LockHeld:
            self._send_later(peer, channel, packet, flags)
        finally:
            if driver.blocked or driver.pending:
                driver.after_unlock()

    def _send_later(self, peer: PeerHandle, channel: int, packet: bytes, flags: int) -> None:
        """The call that this thread is in the middle of must end first. What can be wrong is found out now."""
        self._check_open()
        if len(packet) > self.config.maximum_packet_size:
            raise PacketTooLarge(f"{len(packet)} bytes, maximum {self.config.maximum_packet_size}")
        if self._driver.lock.is_mine():
            found = self._engine.peer_info(peer)
            if found.state is not PeerState.CONNECTED:
                raise NotConnected(f"the peer is in state {found.state.name}")
            if not 0 <= channel < found.channel_count:
                raise InvalidChannel(f"channel {channel} of {found.channel_count}")
        self._driver.defer(partial(self._engine.send, peer, channel, packet, flags))

    def broadcast(self, channel: int, packet: bytes, flags: int) -> None:
        """Queue one packet for every connected peer that has the channel."""
        self._change(partial(self._engine.broadcast, channel, packet, flags))

    def ping(self, peer: PeerHandle) -> None:
        """Queue a ping now, in addition to those that are sent by themselves."""
        self._change(partial(self._engine.ping, peer), peer=peer)

    def set_untaken(self, peer: PeerHandle, packets: int, size: int) -> None:
        """Say how many packets that ``service`` gave still wait for whom they are for, and their bytes: they count as
        what waits here, and too much of that is not acknowledged. Without this, what was given counts as taken.
        """
        self._change(partial(self._engine.set_untaken, peer, packets, size))

    # Looking

    def peers(self) -> list[PeerHandle]:
        """Every slot in use."""
        return list(self._look(self._engine.peers))

    def peer_info(self, peer: PeerHandle) -> PeerInfo:
        """A snapshot of one peer. Works after :meth:`close`, too."""
        return self._look(partial(self._engine.peer_info, peer))

    def peer_address(self, peer: PeerHandle) -> Address:
        """Where the peer is."""
        return self.peer_info(peer).address

    def peer_state(self, peer: PeerHandle) -> PeerState:
        """The state alone; DISCONNECTED for a peer that is gone."""
        return self._look(partial(self._engine.peer_state, peer))

    def peer_statistic(self, peer: PeerHandle, which: PeerStatistic) -> int:
        """ENet's raw number: ratios x 65536 (loss) or x 32 (throttle), times in ms."""
        return self._look(partial(self._engine.peer_statistic, peer, which))

    def pop_statistic(self, which: HostStatistic) -> int:
        """A traffic total since it was last popped, modulo 2**32."""
        return self._look(partial(self._pump.pop_total, _TOTALS[which])) & 0xFFFFFFFF

    def counters(self) -> dict[Drop, int]:
        """How often each cause of a drop has occurred."""
        return self._look(lambda: dict(self._engine.drops))

    def local_address(self) -> Address | None:
        """Where the socket is bound; None while it is not."""
        return self._look(lambda: self._pump.transport.local_address())

    def fileno(self) -> int:
        """The socket, to wait on; -1 once closed."""
        return self._look(lambda: -1 if self._driver.closed else self._pump.transport.fileno())

    def poll_timeout(self) -> int | None:
        """When ``service`` is next needed without anything arriving, by the system clock in ms; None if never."""
        if self._driver.lock.is_mine():
            return self._clock.now()  # the call that this thread is in the middle of has not settled that yet
        return self._look(lambda: None if self._driver.closed else self._pump.poll_timeout())

    @property
    def channel_limit(self) -> int:
        """Channels granted to those who connect, 1..255."""
        return self._engine.channel_limit

    def speak(self) -> None:
        """Log what was dropped. Its own ``service`` does so anyway."""
        self._pump.reporter.speak()

    # Settings

    def configure(self, peer: PeerHandle, option: PeerOption, *values: int) -> None:
        """Set a per-peer option; see :class:`PeerOption`."""
        self._change(partial(self._engine.configure, peer, option, *values), rearm=True, peer=peer)

    def set_bandwidth_limit(self, incoming: int, outgoing: int) -> None:
        """Set the host's limits in bytes per second; 0 is unlimited. Peers are told within a second."""
        self._change(partial(self._engine.bandwidth_limit, incoming, outgoing), rearm=True)

    def set_channel_limit(self, limit: int) -> None:
        """Set what later connections are granted; anything outside 1..255 means 255."""
        self._change(partial(self._engine.set_channel_limit, limit), rearm=True)

    def set_compressor(self, compressor: Compressor | None) -> None:
        """Replace the compressor for both directions."""
        self._change(partial(self._engine.set_compressor, compressor), rearm=True)

    def wrap_transport(self, stage: TransportStage) -> None:
        """Send and receive through this stage from now on; it owns the transport there was."""
        self._change(partial(self._pump.wrap_transport, stage), rearm=True)

    def socket_send(self, data: bytes, address: Address) -> None:
        """Send a raw datagram from the host's socket; not counted in the statistics."""
        self._change(partial(self._socket_send, Datagram(data, address)), rearm=True)

    def _socket_send(self, datagram: Datagram) -> None:
        self._pump.transport.send([datagram], self._clock.now())

    def _change(self, change: Callable[[], None], *, rearm: bool = False, peer: PeerHandle | None = None) -> None:
        """Make a change under the lock; in the middle of another call of this thread, when that one ends.

        Args:
            change: what to do.
            rearm: whether a deadline may come earlier by it.
            peer: whom it is about; such a peer must exist.
        """
        driver = self._driver
        if rearm:
            change = partial(self._rearming, change)
        try:
            with driver.lock:
                self._check_open()
                change()
        except LockHeld:
            self._check_open()
            if peer is not None and driver.lock.is_mine():
                self._engine.peer_info(peer)
            driver.defer(change)
        finally:
            if driver.blocked or driver.pending:
                driver.after_unlock()

    def _rearming(self, change: Callable[[], None]) -> None:
        change()
        self._driver.rearm()

    def _look(self, look: Callable[[], _Seen]) -> _Seen:
        """Read under the lock; in the middle of another call of this thread, as things are now."""
        driver = self._driver
        try:
            with driver.lock:
                return look()
        except LockHeld:
            if not driver.lock.is_mine():
                raise HostBusy(f"a call {_BUSY}") from None
            return look()
        finally:
            if driver.blocked or driver.pending:
                driver.after_unlock()

    def _check_open(self) -> None:
        if self._driver.closed:
            raise HostClosed("the host was closed")


_TOTALS = {
    HostStatistic.TOTAL_SENT_DATA: "sent_data",
    HostStatistic.TOTAL_SENT_PACKETS: "sent_packets",
    HostStatistic.TOTAL_RECEIVED_DATA: "received_data",
    HostStatistic.TOTAL_RECEIVED_PACKETS: "received_packets",
}
