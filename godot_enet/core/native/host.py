"""A host in C: engine, UDP socket and network thread, none of which ever needs the interpreter.

Offers what :class:`godot_enet.core.host.Host` offers. The calls that a program makes per message are methods in C where
the interpreter has CPython's stable ABI: see ``src/hot.h``.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import logging
import os
import sys
import weakref
from collections.abc import Callable, MutableSequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from godot_enet.core.addressing import may_answer_from_elsewhere, with_zone_number
from godot_enet.core.errors import BindError, EnetError, HostBusy
from godot_enet.core.interface import Address, Clock, Compressor, PeerInfo, Summary, Totals
from godot_enet.core.lock import HostLock, LockHeld
from godot_enet.core.native.hot_docs import document_methods
from godot_enet.core.native.loader import hot_types, library
from godot_enet.core.native.native_engine import NativeEngine, check, info_of, native_mode, reports_of, summary_of
from godot_enet.core.native.structs import (
    CAddress,
    CConfig,
    CDropReport,
    CEvent,
    CPeerInfo,
    CSummary,
    HostFlag,
    Result,
    address_of,
    c_address,
    c_config,
    event_of,
)
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import (
    MAXIMUM_PEER_ID,
    DisconnectMode,
    HostStatistic,
    PeerOption,
    PeerState,
    PeerStatistic,
)
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import DisconnectReason, Event, EventType, PeerHandle
from godot_enet.core.protocol.tuning import SIGNAL_POLL_MS
from godot_enet.core.reporting import DropReporter
from godot_enet.core.servicing import Servicing

__all__ = ["HotHost", "NativeHost", "hide_gevent_note"]

_IPV6_ANY = "::"
_NONE = int(EventType.NONE)
_DETACHING = "this thread is handing the host over to Python, and called it meanwhile"
_Successor = TypeVar("_Successor")
_Value = TypeVar("_Value")
_Arguments = ParamSpec("_Arguments")
_log = logging.getLogger("godot_enet")
_gevent_noted = False


def hide_gevent_note() -> None:
    """Do not warn, since this program knows of it and never waits in C."""
    global _gevent_noted
    _gevent_noted = True


def _note_gevent() -> None:
    """Warn once that a wait in C blocks a gevent hub, which only patches Python's sockets and threads."""
    global _gevent_noted
    monkey = sys.modules.get("gevent.monkey")
    if _gevent_noted or monkey is None or not monkey.is_module_patched("socket"):
        return
    _gevent_noted = True
    _log.warning(
        "gevent is active, and the native engine's service(timeout) stops all greenlets while it waits: "
        "call service() without a timeout, or use GODOT_ENET_ENGINE=python."
    )


def _reading(method: Callable[_Arguments, _Value]) -> Callable[_Arguments, _Value]:
    """Make a query of a host one that asks its successor if the engine may have been gone while it was read.

    The engine that remains has no peers and no counts, which would be mistaken for real answers.
    """

    @functools.wraps(method)
    def read(*arguments: _Arguments.args, **keywords: _Arguments.kwargs) -> _Value:
        host: Any = arguments[0]
        if not host._detached:
            try:
                value = method(*arguments, **keywords)
            except EnetError:
                if not host._detached:
                    raise
            else:
                if not host._detached:
                    return value
        successor = host._find_successor()
        if successor is None:  # it could not be handed over
            return method(*arguments, **keywords)
        return getattr(successor, method.__name__)(*arguments[1:], **keywords)  # type: ignore[no-any-return]

    return read


class CtypesHost(Servicing):
    """What a :class:`NativeHost` does, by calls through ``ctypes``; see there."""

    def __init__(
        self, config: HostConfig, clock: Clock, *, bind: str | None = None, port: int = 0, threaded: bool = True
    ) -> None:
        self._gde = library()
        _note_gevent()
        self.config = config
        self._clock = clock
        self._reporter = DropReporter()
        self.threaded = threaded
        self._owned: int | None = None
        flags = HostFlag.THREADED if threaded else 0
        address = None
        if bind is not None:
            flags |= HostFlag.WILDCARD if bind == "*" else HostFlag.BOUND
            address = c_address(Address(_IPV6_ANY if bind == "*" else bind, port))
        try:
            self._host = self._create(bytes(c_config(config)), None if address is None else bytes(address), flags)
        except OSError as error:
            where = f"{bind} port {port}" if bind is not None else "a UDP socket"
            # One with more than a number is that of the config's secret, which PyPy reads from a file.
            number = int(str(error)) if error.errno is None else error.errno
            raise BindError(f"cannot bind {where}: {os.strerror(number)}") from None
        self.left = []
        self._closed = False
        self._successor: Any = None
        self._detached = False
        """Set before the engine may be gone: what is read after that may be of the empty one."""
        self._detaching = HostLock()
        self._on_end: weakref.WeakMethod[Callable[[], None]] | None = None
        _live[id(self)] = self

    def _create(self, config: bytes, bind: bytes | None, flags: int) -> int:
        """Create the host in C. Returns its address; raises an ``OSError`` that only has the number of the error."""
        problem = ctypes.c_int32()
        created = self._gde.gde_host_create(
            CConfig.from_buffer_copy(config),
            None if bind is None else CAddress.from_buffer_copy(bind),
            flags,
            ctypes.byref(problem),
        )
        if created is None:
            raise OSError(str(problem.value))
        self._owned = int(created)
        return self._owned

    def __del__(self) -> None:
        owned = getattr(self, "_owned", None)
        if owned is not None:
            self._owned = None
            self._gde.gde_host_free(owned)

    def __repr__(self) -> str:
        return f"<NativeHost {self.engine_name} {'closed' if self.closed else 'open'}>"

    @property
    def engine_name(self) -> str:
        """``"native"``."""
        return "native"

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closed

    def close(self) -> None:
        """Drop all peers without notifying them, end the thread and blocked calls, free the port. Idempotent."""
        self._closed = True
        self._gde.gde_host_close(self._host)

    def when_ended(self, owner: weakref.WeakMethod[Callable[[], None]]) -> None:
        """Set what to call when the host closes by itself: in the child of a fork."""
        self._on_end = owner

    def abandon(self, *, notify_peers: bool = False) -> None:
        """:meth:`close`, which never waits for the interpreter here; see :meth:`Host.abandon`."""
        if notify_peers and not self._closed:
            for peer in self.peers():
                if self.peer_state(peer) is PeerState.CONNECTED:
                    self._gde.gde_host_disconnect(self._host, peer, 0, DisconnectMode.NOW)
            self.flush()
        self.close()

    def detach_to(self, make: Callable[[NativeEngine, int, tuple[int, int] | None, Totals], _Successor]) -> _Successor:
        """Close as :meth:`close` does, but hand the engine, the socket and the traffic totals to another host.

        Calls that other threads make on this host meanwhile, or later, go to that one.

        Args:
            make: is called with the engine, the socket, both ends of the descriptor that shows queued events, and the
                totals, each with the part that was not popped.

        Raises:
            HostBusy: this thread is in the middle of doing so.
            HostClosed: the host was closed.
            SeveralShards: it has several shards, and peers.
        """
        try:
            with self._detaching:
                engine, descriptor = ctypes.c_void_p(), ctypes.c_int64()
                events = (ctypes.c_int64 * 2)()
                self._detached = True
                found = self._gde.gde_host_detach(self._host, ctypes.byref(engine), ctypes.byref(descriptor), events)
                self._detached = found == Result.OK
                check(found)
                self._closed = True
                totals = {which: (self._own_total(which), self._pop_own(which)) for which in HostStatistic}
                ends = None if events[0] < 0 else (events[0], events[1])
                successor = make(NativeEngine.adopt(self.config, engine.value), descriptor.value, ends, totals)
                self._successor = successor
                return successor
        except LockHeld:
            raise HostBusy(_DETACHING) from None

    def _settle(self, result: int, method: str, *arguments: object) -> Any:
        """Return a result of the C side, raise its exception, or call the successor instead."""
        if result == Result.ERR_CLOSED:
            successor = self._find_successor()
            if successor is not None:
                return getattr(successor, method)(*arguments)
        return check(result)

    def _find_successor(self) -> Any:
        """Return the successor, once another thread has made it; None if there is none."""
        try:
            with self._detaching:
                return self._successor
        except LockHeld:
            raise HostBusy(_DETACHING) from None

    # Every frame

    def service_into(self, taken: MutableSequence[Event], timeout: int = 0, limit: int = 1) -> None:
        """See :class:`Servicing`."""
        if not self._closed and self._take_left(taken, limit):
            return
        record, packet = CEvent(), ctypes.c_void_p()
        places = ctypes.byref(record), ctypes.byref(packet)
        try:
            until = self._clock.now() + timeout
            left = max(0, timeout)
            while True:
                # A long wait is cut into pieces, so that Ctrl-C and other signals are handled in between.
                found = self._gde.gde_host_service(self._host, min(left, SIGNAL_POLL_MS), *places)
                left = until - self._clock.now()
                if found or left <= 0:
                    break
            if found < 0:
                self._settle(found, "service_into", taken, max(left, 0), limit)
            while found > 0:
                event = event_of(record)
                taken += (event,)
                record.type = _NONE
                if packet.value is not None:
                    self._gde.gde_packet_free(packet)
                limit -= 1
                if limit <= 0:
                    return
                found = self._gde.gde_host_next_event(self._host, *places, None)
            self.log_drops()
        except BaseException:
            if self._gde.gde_host_put_back(self._host, *places):
                self.left += (event_of(record),)  # for the successor, if there is one
                self._gde.gde_packet_free(packet)
            raise

    def _event(self, kind: int, peer: int, data: int, reason: int, command: int) -> Event:
        """Make an event, for the C methods: any except RECEIVE."""
        return Event(EventType(kind), PeerHandle(peer), 0, data, b"", 0, DisconnectReason(reason), command)

    def serve(self) -> bool:
        """Do the network work of :meth:`service` without taking an event. Returns whether events are queued."""
        found = bool(self._settle(self._gde.gde_host_serve(self._host), "serve"))
        self.log_drops()
        return found or bool(self.left)

    @_reading
    def has_event(self) -> bool:
        """Whether events are queued; False once closed."""
        found = self._gde.gde_host_next_event(self._host, None, None, None)
        return found > 0 or (found == 0 and bool(self.left))

    def flush(self) -> None:
        """Send what is queued now, without receiving anything."""
        if self._gde.gde_host_flush(self._host) == Result.ERR_CLOSED:
            successor = self._find_successor()
            if successor is not None:
                successor.flush()

    def log_drops(self) -> None:
        """Log drops now."""
        if self._gde.gde_host_has_drops(self._host):
            records = (CDropReport * len(Drop))()
            count = self._gde.gde_host_poll_drops(self._host, records, len(Drop))
            self._reporter.collect(reports_of(records[:count]), self._clock.now())
        if self._reporter.lines:
            self._reporter.log_lines()

    def note_address(self, address: Address, note: str) -> None:
        """Append a note to the log lines about attempts to connect to this address."""
        self._reporter.note_address(address, note)

    # Connections

    def connect(self, address: Address, channels: int = 255, data: int = 0) -> PeerHandle:
        """Start connecting."""
        address = with_zone_number(address)
        target = ctypes.byref(c_address(address))
        wanted = max(1, min(channels, 255))
        any_source = may_answer_from_elsewhere(address.host)
        found = self._gde.gde_host_connect(self._host, target, wanted, data & 0xFFFFFFFF, any_source)
        return PeerHandle(self._settle(found, "connect", address, channels, data))

    def disconnect(self, peer: PeerHandle, data: int = 0, mode: DisconnectMode = DisconnectMode.NORMAL) -> None:
        """End a connection."""
        found = self._gde.gde_host_disconnect(self._host, peer, data & 0xFFFFFFFF, mode)
        self._settle(found, "disconnect", peer, data, mode)

    def send(self, peer: PeerHandle, channel: int, packet: bytes, flags: int) -> None:
        """Queue one packet."""
        wanted = channel if 0 <= channel <= 255 else 0xFFFFFFFF
        found = self._gde.gde_host_send(self._host, peer, wanted, packet, len(packet), flags)
        self._settle(found, "send", peer, channel, packet, flags)

    def broadcast(self, channel: int, packet: bytes, flags: int) -> None:
        """Queue one packet for every connected peer that has the channel."""
        wanted = channel if 0 <= channel <= 255 else 0xFFFFFFFF
        found = self._gde.gde_host_broadcast(self._host, wanted, packet, len(packet), flags)
        self._settle(found, "broadcast", channel, packet, flags)

    def ping(self, peer: PeerHandle) -> None:
        """Queue a ping now."""
        found = self._gde.gde_host_ping(self._host, peer)
        self._settle(found, "ping", peer)

    def set_unread(self, peer: PeerHandle, packets: int, size: int) -> None:
        """Set how many returned packets the program has not read yet, and their size."""
        found = self._gde.gde_host_set_unread(self._host, peer, packets, size)
        self._settle(found, "set_unread", peer, packets, size)

    # Queries

    @_reading
    def peers(self) -> list[PeerHandle]:
        """The handles of all peers."""
        capacity = MAXIMUM_PEER_ID * self.config.shards
        handles = (ctypes.c_uint64 * capacity)()
        count = self._gde.gde_host_peers(self._host, handles, capacity)
        return [PeerHandle(handle) for handle in handles[:count]]

    @_reading
    def peer_info(self, peer: PeerHandle) -> PeerInfo:
        """A snapshot of one peer."""
        record = CPeerInfo()
        check(self._gde.gde_host_peer_info(self._host, peer, ctypes.byref(record)))
        return info_of(record)

    @_reading
    def peer_address(self, peer: PeerHandle) -> Address:
        """The address of the peer."""
        known = self._known_address(peer)
        if known is not None:
            return known
        record = CPeerInfo()
        check(self._gde.gde_host_peer_info(self._host, peer, ctypes.byref(record)))
        return address_of(record.address)

    def _known_address(self, peer: PeerHandle) -> Address | None:
        """The address; None if the ordinary method must be used."""
        return None

    @_reading
    def peer_state(self, peer: PeerHandle) -> PeerState:
        """The state alone; DISCONNECTED for a peer that no longer exists."""
        return PeerState(self._gde.gde_host_peer_state(self._host, peer))

    @_reading
    def peer_statistic(self, peer: PeerHandle, which: PeerStatistic) -> int:
        """ENet's raw number."""
        return check(self._gde.gde_host_peer_statistic(self._host, peer, which))

    def pop_statistic(self, which: HostStatistic) -> int:
        """A traffic total since it was last popped, modulo 2**32."""
        found = self._pop_own(which)
        successor = self._find_successor() if self._detached else None
        return found if successor is None else found + successor.pop_statistic(which) & 0xFFFFFFFF

    def _pop_own(self, which: HostStatistic) -> int:
        return int(self._gde.gde_host_pop_statistic(self._host, which)) & 0xFFFFFFFF

    @_reading
    def total(self, which: HostStatistic) -> int:
        """A traffic total since the host was opened, popped or not."""
        return self._own_total(which)

    def _own_total(self, which: HostStatistic) -> int:
        return int(self._gde.gde_host_total(self._host, which))

    @_reading
    def summary(self) -> Summary:
        """Sums over all peers, in one call."""
        record = CSummary()
        self._gde.gde_host_add_summary(self._host, ctypes.byref(record))
        return summary_of(record)

    @_reading
    def idle(self) -> int:
        """Milliseconds since ``service`` or ``serve`` last did network work; 0 while a ``service`` waits."""
        return int(self._gde.gde_host_idle(self._host))

    @_reading
    def counters(self) -> dict[Drop, int]:
        """How often each cause of a drop has occurred."""
        counts = (ctypes.c_uint64 * len(Drop))()
        self._gde.gde_host_drops(self._host, counts, len(counts))
        return {cause: counts[cause] for cause in Drop}

    @_reading
    def local_address(self) -> Address | None:
        """The bound address of the socket; None while it is not bound."""
        record = CAddress()
        if self._gde.gde_host_local_address(self._host, ctypes.byref(record)):
            return None
        return address_of(record)

    @_reading
    def fileno(self) -> int:
        """The descriptor to wait on: the socket or, with a network thread, one readable while events are queued.

        -1 once closed, and if no file descriptor is left.
        """
        return int(self._gde.gde_host_fileno(self._host))

    @_reading
    def poll_timeout(self) -> int | None:
        """When ``service`` is needed next if nothing arrives and no event is queued, in milliseconds of :meth:`now`.

        None if never: a network thread meets all deadlines.
        """
        due = ctypes.c_int64()
        return due.value if self._gde.gde_host_poll_timeout(self._host, ctypes.byref(due)) > 0 else None

    def now(self) -> int:
        """The clock of the host: monotonic milliseconds."""
        return self._clock.now()

    @property
    def channel_limit(self) -> int:
        """Channels granted to clients, 1..255."""
        limit = int(self._gde.gde_host_channel_limit(self._host))
        successor = self._find_successor() if self._detached else None
        return limit if successor is None else int(successor.channel_limit)

    # Settings

    def configure(self, peer: PeerHandle, option: PeerOption, *values: int) -> None:
        """Set a per-peer option."""
        a, b, c = (*(value & 0xFFFFFFFF for value in values), 0, 0)[:3]
        found = self._gde.gde_host_configure(self._host, peer, option, a, b, c)
        self._settle(found, "configure", peer, option, *values)

    def set_bandwidth_limit(self, incoming: int, outgoing: int) -> None:
        """Set the host's limits in bytes per second."""
        found = self._gde.gde_host_bandwidth_limit(self._host, incoming & 0xFFFFFFFF, outgoing & 0xFFFFFFFF)
        self._settle(found, "set_bandwidth_limit", incoming, outgoing)

    def refuse_connects(self, refuse: bool, data: int = 0) -> None:
        """Refuse connections as a full host does, or accept them again."""
        found = self._gde.gde_host_refuse_connects(self._host, refuse, data & 0xFFFFFFFF)
        self._settle(found, "refuse_connects", refuse, data)

    def set_channel_limit(self, limit: int) -> None:
        """Set the channel limit of later connections."""
        found = self._gde.gde_host_set_channel_limit(self._host, limit if 0 < limit <= 255 else 0)
        self._settle(found, "set_channel_limit", limit)

    def set_compressor(self, compressor: Compressor | None) -> None:
        """Replace the compressor; only for codecs that :func:`native_mode` knows."""
        mode = native_mode(compressor)
        if mode is None:
            raise ValueError("the C host does not support this compression")
        check(self._gde.gde_host_set_compressor(self._host, mode))

    def socket_send(self, data: bytes, address: Address) -> None:
        """Send a raw datagram from the host's socket."""
        found = self._gde.gde_host_socket_send(self._host, data, len(data), ctypes.byref(c_address(address)))
        self._settle(found, "socket_send", data, address)

    def _after_fork_in_child(self) -> None:
        """Close our copies of the descriptors: socket and peers belong to the parent."""
        if self._closed:
            return
        self._closed = True
        self._gde.gde_host_after_fork(self._host)
        owner = None if self._on_end is None else self._on_end()
        if owner is not None:
            owner()


class _NoMethods:
    """The base of a host without C methods."""

    __slots__ = ()


if TYPE_CHECKING:
    HotHost = _NoMethods
else:
    _hot = hot_types()
    HotHost = _NoMethods if _hot is None else _hot.host
    document_methods(HotHost, CtypesHost)


class NativeHost(HotHost, CtypesHost):
    """A host in C; its methods are those of :class:`godot_enet.core.host.Host`, and so are the arguments here.

    What a program calls per message comes from ``HotHost``, in C (see ``src/hot.h``): it handles the common case, and
    leaves everything else to the method of the same name in :class:`CtypesHost`.

    Raises:
        BindError: the socket cannot be created or bound.
        NativeUnavailable: there is no compiled helper.
    """


_live: weakref.WeakValueDictionary[int, CtypesHost] = weakref.WeakValueDictionary()


def _close_all() -> None:
    for seen in _live.valuerefs():
        host = seen()
        if host is not None:
            host.close()


def _repair_child() -> None:
    for seen in _live.valuerefs():
        host = seen()
        if host is not None:
            host._after_fork_in_child()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_repair_child)
