"""A host: engine, socket and driver. Used by the compat layer and by users of plain ENet."""

from __future__ import annotations

import logging
import os
import sys
import weakref
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from godot_enet.core.addressing import may_answer_from_elsewhere, with_zone_number
from godot_enet.core.any_host import AnyHost
from godot_enet.core.clock import SystemClock
from godot_enet.core.drivers.inline import InlineDriver
from godot_enet.core.drivers.thread import ThreadDriver
from godot_enet.core.drivers.waiting import Waker
from godot_enet.core.engine import PythonEngine
from godot_enet.core.errors import BindError, HostBusy, HostClosed, InvalidChannel, NotConnected, PacketTooLarge
from godot_enet.core.interface import (
    Address,
    Clock,
    Compressor,
    Datagram,
    Engine,
    PeerInfo,
    Summary,
    Totals,
    Transport,
    TransportStage,
)
from godot_enet.core.lock import LockHeld
from godot_enet.core.native import NativeEngine, NativeHost, library, remedy, why_no_hot_types, why_unavailable
from godot_enet.core.native.native_engine import native_mode
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import DisconnectMode, HostStatistic, PeerOption, PeerState, PeerStatistic
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import Event, PeerHandle
from godot_enet.core.pump import Pump
from godot_enet.core.shards import possible_shards, with_one_shard
from godot_enet.core.transports.udp import UdpTransport

__all__ = [
    "Host",
    "available_engines",
    "choose_engine",
    "why_slower",
    "with_compressor",
    "with_stage",
]

_log = logging.getLogger("godot_enet")
_Seen = TypeVar("_Seen")
_BUSY = "called inside another call of the same host, or while one in another thread does not return"

_SERVED_BY_PYTHON = "Python serves this host, for its transport, its hook or its codec"
_warned = False


def available_engines() -> tuple[str, ...]:
    """The engines available here, the faster one first."""
    if why_unavailable():
        return ("python",)
    # A JIT compiles the Python engine; a call into C costs more there than the work of the engine.
    return ("native", "python") if sys.implementation.name == "cpython" else ("python", "native")


def why_slower() -> str:
    """Why ``auto`` selects a slower engine than CPython can have, and what to do; empty if it does not."""
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

    The first choice of a slower engine is logged, unless ``python`` was requested by name.

    Raises:
        NativeUnavailable: ``native`` was requested and is not available.
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


def with_compressor(host: AnyHost, compressor: Compressor | None) -> AnyHost:
    """Set the compressor of a host. Returns the same host, or a successor in Python if only Python has the codec.

    The successor takes over connections, socket and statistics; the old host is closed.

    Raises:
        HostClosed: the host was closed.
        SeveralShards: a host in C has several shards, and peers; nothing has changed.
        BindError: a host in C has ended, and its successor cannot be created.
    """
    if isinstance(host, NativeHost):
        if native_mode(compressor) is None:
            return _successor(host, prepare=lambda engine: engine.set_compressor(compressor))
        host.set_compressor(compressor)
    else:
        _driven(host).set_compressor(compressor)
    return host


def with_stage(host: AnyHost, stage: TransportStage) -> AnyHost:
    """Add a stage to the transport of a host. Returns the same host, or a successor in Python.

    The successor takes over connections, socket and statistics; the old host is closed. Raises as
    :func:`with_compressor`.
    """
    if isinstance(host, NativeHost):
        return _successor(host, stage=stage)
    _driven(host).wrap_transport(stage)
    return host


def _driven(host: AnyHost) -> Host:
    if not isinstance(host, Host):
        raise TypeError(f"expected a host of godot_enet.core, not {type(host).__name__}")
    return host


def _successor(
    host: NativeHost, *, stage: TransportStage | None = None, prepare: Callable[[NativeEngine], None] | None = None
) -> Host:
    """A host in Python that continues with the engine and the socket of one in C."""

    def make(engine: NativeEngine, descriptor: int, events: tuple[int, int] | None, totals: Totals) -> Host:
        if prepare is not None:
            prepare(engine)
        waker = None if events is None else Waker.adopt(*events)
        return Host(
            host.config,
            threaded=host.threaded,
            transport=UdpTransport.adopt(descriptor),
            engine=engine,
            totals=totals,
            left=host.left,
            stage=stage,
            waker=waker,
        )

    return host.detach_to(make)


class Host:
    """A host served by Python: an engine of either kind, a transport and a driver.

    The methods are those of :class:`AnyHost`, which describes them in full.

    Use ``Host.open`` to create a host: in C where available, else one of these. Create one directly for a transport or
    clock other than the system's.

    Args:
        config: limits and defaults.
        bind: an IP literal to bind to, ``"*"`` for all addresses of both families, None to bind nothing yet.
        port: the port to bind; 0 for any free one.
        threaded: whether a network thread keeps connections alive between calls of ``service``.
        transport: replaces the UDP socket; ``bind`` and ``port`` are ignored then.
        engine: the engine; by default the one that ``GODOT_ENET_ENGINE`` chooses.
        totals: initial traffic totals, each with the part that was not popped.
        left: events to report before all others.
        stage: a stage around the transport.
        waker: the descriptor that shows queued events, of the host before this one.
        clock: the source of time; by default the system clock.

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
        totals: Totals | None = None,
        left: list[Event] | None = None,
        stage: TransportStage | None = None,
        waker: Waker | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.config = config = with_one_shard(config or HostConfig(), _SERVED_BY_PYTHON)
        self._engine = engine or (NativeEngine(config) if choose_engine() == "native" else PythonEngine(config))
        transport = transport if transport is not None else UdpTransport(bind, port)
        self._on_wire = isinstance(transport, UdpTransport)
        """Whether addresses belong to real networks, not to virtual ones."""
        self._pump = Pump(self._engine, transport)
        if stage is not None:
            self._pump.wrap_transport(stage)
        self._pump.restore_totals(totals or {})
        self._clock = clock or SystemClock()
        try:
            self._driver = self._make_driver(threaded)
        except OSError as error:  # no file descriptor is left
            self._pump.transport.close()
            if waker is not None:
                waker.close()
            raise BindError(f"cannot serve a UDP socket: {error}") from error
        self.service = self._driver.service
        self.service_into = self._driver.service_into
        if left is not None:
            self._driver.left = left
        if waker is not None:
            self._driver.show_events_on(waker)
        self.left = self._driver.left
        """Events of interrupted calls: callers of ``service_into`` add them, and the next call returns them first."""
        self.flush = self._driver.flush
        self.serve = self._driver.serve

    def _make_driver(self, threaded: bool) -> InlineDriver:
        """What serves the network; a simulated one has its own."""
        return (ThreadDriver if threaded else InlineDriver)(self._pump, self._clock)

    @staticmethod
    def open(
        config: HostConfig | None = None,
        *,
        bind: str | None = None,
        port: int = 0,
        threaded: bool = True,
        engine: str | None = None,
    ) -> AnyHost:
        """Open the fastest host available: in C with the native engine, else in Python.

        Args:
            config: limits and defaults. Several ``shards`` need the native engine, Linux, a bound port and threads;
                otherwise the host has one, with 4095 peers at most.
            bind: an IP literal to bind to, ``"*"`` for all addresses of both families, None to bind nothing yet.
            port: the port to bind; 0 for any free one.
            threaded: whether a network thread keeps connections alive between calls of ``service``.
            engine: ``"auto"``, ``"native"`` or ``"python"``; None means the environment variable
                ``GODOT_ENET_ENGINE``, else ``"auto"``.

        Raises:
            BindError: the socket cannot be created or bound.
            NativeUnavailable: the native engine was requested and is not available.
            ValueError: no such engine.
        """
        chosen = choose_engine(engine)
        config = possible_shards(config or HostConfig(), engine=chosen, bind=bind, threaded=threaded)
        if chosen == "native":
            return NativeHost(config, SystemClock(), bind=bind, port=port, threaded=threaded)
        try:
            python = PythonEngine(config)
        except OSError as error:  # PyPy reads random bytes from a file, and there may be no descriptor left
            raise BindError(f"cannot draw random numbers: {error.strerror or error}") from error
        return Host(config, bind=bind, port=port, threaded=threaded, engine=python)

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

    def close(self) -> None:
        """Drop all peers without notifying them, end the thread and blocked calls, free the port. Idempotent."""
        self._driver.close()

    def when_ended(self, owner: weakref.WeakMethod[Callable[[], None]]) -> None:
        """Set what to call when the host closes by itself: its network thread failed, or in the child of a fork."""
        self._driver.on_end = owner

    def abandon(self, *, notify_peers: bool = False) -> None:
        """:meth:`close` for finalizers: never waits for another thread."""
        self._driver.abandon(notify_peers=notify_peers)

    def note_address(self, address: Address, note: str) -> None:
        """Append a note to the log lines about attempts to connect to this address."""
        self._pump.reporter.note_address(address, note)

    # Connections

    def connect(self, address: Address, channels: int = 255, data: int = 0) -> PeerHandle:
        """Start connecting; the first datagram is sent by the next ``service`` or ``flush``."""
        any_source = False
        if self._on_wire:
            address = with_zone_number(address)
            any_source = may_answer_from_elsewhere(address.host)
        driver = self._driver
        try:
            with driver.lock:
                self._check_open()
                self._pump.watch_unreachable()
                return self._engine.connect(address, channels, data, any_source=any_source)
        except LockHeld:
            raise HostBusy(f"connect() was {_BUSY}") from None
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
        # An immediate disconnect must be sent at once; the reference flushes here, too.
        if self._engine.peer_state(peer) is PeerState.DISCONNECTED:
            self._pump.transmit(now)

    def send(self, peer: PeerHandle, channel: int, packet: bytes, flags: int) -> None:
        """Queue one packet; the next ``service`` or ``flush`` sends it."""
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
        """Check a packet now and queue it when the call that this thread is inside has ended."""
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
        """Queue a ping now, in addition to the automatic ones."""
        self._change(partial(self._engine.ping, peer), peer=peer)

    def set_unread(self, peer: PeerHandle, packets: int, size: int) -> None:
        """Set how many packets returned by ``service`` the program has not read yet, and their bytes."""
        self._change(partial(self._engine.set_unread, peer, packets, size))

    # Queries

    def peers(self) -> list[PeerHandle]:
        """The handles of all peers."""
        return list(self._look(self._engine.peers))

    def peer_info(self, peer: PeerHandle) -> PeerInfo:
        """A snapshot of one peer. Works after :meth:`close`, too."""
        return self._look(partial(self._engine.peer_info, peer))

    def peer_address(self, peer: PeerHandle) -> Address:
        """The address of the peer."""
        return self.peer_info(peer).address

    def peer_state(self, peer: PeerHandle) -> PeerState:
        """The state alone; DISCONNECTED for a peer that no longer exists."""
        return self._look(partial(self._engine.peer_state, peer))

    def peer_statistic(self, peer: PeerHandle, which: PeerStatistic) -> int:
        """ENet's raw number: ratios x 65536 (loss) or x 32 (throttle), times in ms."""
        return self._look(partial(self._engine.peer_statistic, peer, which))

    def pop_statistic(self, which: HostStatistic) -> int:
        """A traffic total since it was last popped, modulo 2**32."""
        return self._look(partial(self._pump.pop_total, which)) & 0xFFFFFFFF

    def total(self, which: HostStatistic) -> int:
        """A traffic total since the host was opened, popped or not."""
        return self._look(partial(self._pump.total, which))

    def summary(self) -> Summary:
        """Sums over all peers, in one call."""
        return self._look(self._engine.summary)

    def idle(self) -> int:
        """Milliseconds since ``service`` or ``serve`` last did network work; 0 while a ``service`` waits."""
        return self._driver.idle()

    def counters(self) -> dict[Drop, int]:
        """How often each cause of a drop has occurred."""
        return self._look(lambda: dict(self._engine.drops))

    def local_address(self) -> Address | None:
        """The bound address of the socket; None while it is not bound."""
        return self._look(lambda: self._pump.transport.local_address())

    def fileno(self) -> int:
        """The descriptor to wait on: the socket or, with a network thread, one readable while events are queued.

        -1 once closed, if no file descriptor is left, and on a virtual network.
        """
        return self._look(lambda: -1 if self._driver.closed else self._driver.fileno())

    def poll_timeout(self) -> int | None:
        """When ``service`` is needed next if nothing arrives and no event is queued, in milliseconds of :meth:`now`.

        None if never: a network thread meets all deadlines.
        """
        if self._driver.lock.is_mine():
            return self._clock.now()  # the call that this thread is inside has not finished yet
        return self._look(lambda: None if self._driver.closed else self._driver.poll_timeout())

    def now(self) -> int:
        """The clock of the host: monotonic milliseconds."""
        return self._clock.now()

    def has_event(self) -> bool:
        """Whether events are queued; False once closed."""
        return self._look(lambda: not self._driver.closed and self._driver.has_event())

    @property
    def channel_limit(self) -> int:
        """Channels granted to clients, 1..255."""
        return self._engine.channel_limit

    def log_drops(self) -> None:
        """Log drops now. ``service`` does so anyway."""
        self._pump.reporter.log_lines()

    # Settings

    def configure(self, peer: PeerHandle, option: PeerOption, *values: int) -> None:
        """Set a per-peer option; see :class:`PeerOption`."""
        self._change(partial(self._engine.configure, peer, option, *values), rearm=True, peer=peer)

    def set_bandwidth_limit(self, incoming: int, outgoing: int) -> None:
        """Set the host's limits in bytes per second; 0 is unlimited. Peers are notified within a second."""
        self._change(partial(self._engine.bandwidth_limit, incoming, outgoing), rearm=True)

    def refuse_connects(self, refuse: bool, data: int = 0) -> None:
        """Refuse connections as a full host does, or accept them again."""
        self._change(partial(self._engine.refuse_connects, refuse, data))

    def set_channel_limit(self, limit: int) -> None:
        """Set the channel limit of later connections; anything outside 1..255 means 255."""
        self._change(partial(self._engine.set_channel_limit, limit), rearm=True)

    def set_compressor(self, compressor: Compressor | None) -> None:
        """Replace the compressor for both directions."""
        self._change(partial(self._engine.set_compressor, compressor), rearm=True)

    def wrap_transport(self, stage: TransportStage) -> None:
        """Send and receive through this stage from now on; it owns the previous transport."""
        self._change(partial(self._pump.wrap_transport, stage), rearm=True)

    def socket_send(self, data: bytes, address: Address) -> None:
        """Send a raw datagram from the host's socket; not counted in the statistics."""
        self._change(partial(self._socket_send, Datagram(data, address)), rearm=True)

    def _socket_send(self, datagram: Datagram) -> None:
        self._pump.transport.send([datagram], self._clock.now())

    def _change(self, change: Callable[[], None], *, rearm: bool = False, peer: PeerHandle | None = None) -> None:
        """Make a change under the lock; inside another call of this thread, when that one ends.

        Args:
            change: what to do.
            rearm: whether it may bring a deadline forward.
            peer: the peer it concerns, which must exist.
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
        """Read under the lock; inside another call of this thread, read the current state."""
        driver = self._driver
        try:
            with driver.lock:
                return look()
        except LockHeld:
            if not driver.lock.is_mine():
                raise HostBusy(f"a method was {_BUSY}") from None
            return look()
        finally:
            if driver.blocked or driver.pending:
                driver.after_unlock()

    def _check_open(self) -> None:
        if self._driver.closed:
            raise HostClosed("the host was closed")


if TYPE_CHECKING:
    _check: tuple[type[AnyHost], type[AnyHost]] = (Host, NativeHost)
