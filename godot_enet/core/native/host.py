"""A host in C: engine, UDP socket and network thread, none of which ever needs the interpreter.

Offers what :class:`godot_enet.core.host.Host` offers. The calls a program makes per message do not come through here
where the interpreter has CPython's stable ABI: see ``src/hot.c``.
"""

from __future__ import annotations

import atexit
import ctypes
import logging
import os
import sys
import weakref
from collections.abc import Callable, MutableSequence
from typing import Any, TypeVar

from godot_enet.core.addressing import may_answer_from_elsewhere, with_zone_number
from godot_enet.core.errors import BindError, HostBusy
from godot_enet.core.interface import Address, Clock, Compressor, PeerInfo
from godot_enet.core.lock import HostLock, LockHeld
from godot_enet.core.native.engine import NativeEngine, check, info_of, native_mode, reports_of
from godot_enet.core.native.loader import hot_types, library
from godot_enet.core.native.records import (
    CAddress,
    CDropReport,
    CEvent,
    CPeerInfo,
    HostFlag,
    Result,
    address_from,
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
from godot_enet.core.protocol.events import Event, EventType, PeerHandle
from godot_enet.core.protocol.tuning import WAIT_PIECE
from godot_enet.core.reporting import DropReporter

__all__ = ["NativeHost"]

_IPV6_ANY = "::"
_NONE = int(EventType.NONE)
_HANDING_OVER = "the host is just being handed over to Python, and this call came in the middle of that"
_Heir = TypeVar("_Heir")
_log = logging.getLogger("godot_enet")
_gevent_noted = False


def _note_gevent() -> None:
    """Say once that what waits in C stops a gevent hub, which knows of Python's sockets and threads only."""
    global _gevent_noted
    monkey = sys.modules.get("gevent.monkey")
    if _gevent_noted or monkey is None or not monkey.is_module_patched("socket"):
        return
    _gevent_noted = True
    _log.warning(
        "gevent is active, and the native engine's service(timeout) stops all greenlets while it waits: "
        "call service() without a timeout, or use GODOT_ENET_ENGINE=python."
    )


class NativeHost:
    """See :class:`godot_enet.core.host.Host`; the arguments and exceptions are the same.

    Raises:
        BindError: the socket cannot be created or bound.
        NativeUnavailable: there is no compiled helper.
    """

    def __init__(
        self, config: HostConfig, clock: Clock, *, bind: str | None = None, port: int = 0, threaded: bool = True
    ) -> None:
        self._gde = library()
        _note_gevent()
        self.config = config
        self._clock = clock
        self._reporter = DropReporter()
        self._threaded = threaded
        flags = HostFlag.THREADED if threaded else 0
        address = None
        if bind is not None:
            flags |= HostFlag.WILDCARD if bind == "*" else HostFlag.BOUND
            address = c_address(Address(_IPV6_ANY if bind == "*" else bind, port))
        where = f"{bind} port {port}" if bind is not None else "a UDP socket"
        self.hot_handle: Any = None
        """The C object that owns the host, where there are C methods."""
        self._owned: int | None = None
        hot = hot_types()
        if hot is not None:
            try:
                self.hot_handle = hot.handle(
                    bytes(c_config(config)), None if address is None else bytes(address), flags
                )
            except OSError as error:
                raise BindError(f"cannot bind {where}: {os.strerror(int(str(error)))}") from None
            self._host: int = self.hot_handle.pointer
        else:
            problem = ctypes.c_int32()
            created = self._gde.gde_host_create(
                ctypes.byref(c_config(config)),
                None if address is None else ctypes.byref(address),
                flags,
                ctypes.byref(problem),
            )
            if created is None:
                raise BindError(f"cannot bind {where}: {os.strerror(problem.value)}")
            self._host = self._owned = created
        self.left: list[Event] = []
        """Events of calls that were broken off: who calls ``service_into`` adds them, and the next call gives them."""
        self._closed = False
        self._heir: Any = None
        self._handing_over = HostLock()
        self._on_end: weakref.WeakMethod[Callable[[], None]] | None = None
        _live[id(self)] = self

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
        """Forget all peers without a word to them, end the thread and blocked calls, free the port. Idempotent."""
        self._closed = True
        self._gde.gde_host_close(self._host)

    def when_ended(self, owner: weakref.WeakMethod[Callable[[], None]]) -> None:
        """Call this when the host ends by itself: this is the child of a fork."""
        self._on_end = owner

    def abandon(self, *, farewell: bool = False) -> None:
        """:meth:`close`, which never waits for the interpreter here; see :meth:`Host.abandon`."""
        if farewell and not self._closed:
            for peer in self.peers():
                if self.peer_state(peer) is PeerState.CONNECTED:
                    self._gde.gde_host_disconnect(self._host, peer, 0, DisconnectMode.NOW)
            self.flush()
        self.close()

    def hand_over(self, make_heir: Callable[[NativeEngine, int, dict[HostStatistic, int]], _Heir]) -> _Heir:
        """End as :meth:`close` does, but let another host go on with the engine, the socket and the traffic totals.

        What other threads ask of this one meanwhile, or later, goes to that one.

        Raises:
            HostBusy: this thread is in the middle of doing so.
            HostClosed: the host was closed.
        """
        try:
            with self._handing_over:
                engine, descriptor = ctypes.c_void_p(), ctypes.c_int64()
                totals = {which: self.pop_statistic(which) for which in HostStatistic}
                check(self._gde.gde_host_detach(self._host, ctypes.byref(engine), ctypes.byref(descriptor)))
                self._closed = True
                heir = make_heir(NativeEngine.adopt(self.config, engine.value), descriptor.value, totals)
                self._heir = heir
                return heir
        except LockHeld:
            raise HostBusy(_HANDING_OVER) from None

    def _settle(self, result: int, method: str, *arguments: object) -> Any:
        """A result of the C side, or its exception, or what the successor says."""
        if result == Result.ERR_CLOSED:
            try:
                with self._handing_over:
                    heir = self._heir
            except LockHeld:
                raise HostBusy(_HANDING_OVER) from None
            if heir is not None:
                return getattr(heir, method)(*arguments)
        return check(result)

    # Every frame

    def service(self, timeout: int = 0) -> Event | None:
        """The next event; waits up to ``timeout`` ms for one. None when there is none.

        Raises:
            HostClosed: the host was closed, before or during the call.
        """
        taken: list[Event] = []
        try:
            self.service_into(taken, timeout)
            return taken[0] if taken else None
        except BaseException:
            self.left += taken  # before any call: see interrupts.py
            raise

    def service_into(self, taken: MutableSequence[Event], timeout: int = 0) -> None:
        """As :meth:`service`, but the event is appended to a list: if an exception comes out, it may be there already.

        Whoever does not hand it on then adds it to :attr:`left`.
        """
        if self.left:
            taken += self.left[:1]
            del self.left[0]
            return
        record, packet = CEvent(), ctypes.c_void_p()
        places = ctypes.byref(record), ctypes.byref(packet)
        try:
            until = self._clock.now() + timeout
            left = max(0, timeout)
            while True:
                # A long wait is cut into pieces, so that Ctrl-C and other signals are heard in between.
                found = self._gde.gde_host_service(self._host, min(left, WAIT_PIECE), *places)
                left = until - self._clock.now()
                if found or left <= 0:
                    break
            if not found:
                self.speak()
            elif found < 0:
                self._settle(found, "service_into", taken, max(left, 0))
            else:
                event = event_of(record, ctypes.string_at(record.packet, record.length) if record.length else b"")
                taken += (event,)
                record.type = _NONE
                if packet.value is not None:
                    self._gde.gde_packet_free(packet)
        except BaseException:
            self._gde.gde_host_put_back(self._host, *places)
            raise

    def flush(self) -> None:
        """Send what is queued now, without receiving anything."""
        self._gde.gde_host_flush(self._host)

    def speak(self) -> None:
        """Log what was dropped."""
        if self._gde.gde_host_has_drops(self._host):
            records = (CDropReport * len(Drop))()
            count = self._gde.gde_host_poll_drops(self._host, records, len(Drop))
            self._reporter.collect(reports_of(records[:count]), self._clock.now())
        if self._reporter.lines:
            self._reporter.speak()

    # Connections

    def connect(self, address: Address, channels: int = 255, data: int = 0) -> PeerHandle:
        """Begin to connect."""
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

    def set_untaken(self, peer: PeerHandle, packets: int, size: int) -> None:
        """Say how much of what ``service`` gave still waits for whom it is for."""
        found = self._gde.gde_host_set_untaken(self._host, peer, packets, size)
        self._settle(found, "set_untaken", peer, packets, size)

    # Looking

    def peers(self) -> list[PeerHandle]:
        """Every slot in use."""
        handles = (ctypes.c_uint64 * MAXIMUM_PEER_ID)()
        count = self._gde.gde_host_peers(self._host, handles, MAXIMUM_PEER_ID)
        return [PeerHandle(handle) for handle in handles[:count]]

    def peer_info(self, peer: PeerHandle) -> PeerInfo:
        """A snapshot of one peer."""
        if self._heir is not None:
            return self._heir.peer_info(peer)  # type: ignore[no-any-return]
        record = CPeerInfo()
        check(self._gde.gde_host_peer_info(self._host, peer, ctypes.byref(record)))
        return info_of(record)

    def peer_address(self, peer: PeerHandle) -> Address:
        """Where the peer is."""
        raw = None if self.hot_handle is None else self.hot_handle.peer_address(peer)
        if raw is not None:
            return address_from(raw)
        if self._heir is not None:
            return self._heir.peer_address(peer)  # type: ignore[no-any-return]
        record = CPeerInfo()
        check(self._gde.gde_host_peer_info(self._host, peer, ctypes.byref(record)))
        return address_of(record.address)

    def peer_state(self, peer: PeerHandle) -> PeerState:
        """The state alone; DISCONNECTED for a peer that is gone."""
        return PeerState(self._gde.gde_host_peer_state(self._host, peer))

    def peer_statistic(self, peer: PeerHandle, which: PeerStatistic) -> int:
        """ENet's raw number."""
        return check(self._gde.gde_host_peer_statistic(self._host, peer, which))

    def pop_statistic(self, which: HostStatistic) -> int:
        """A traffic total since it was last popped, modulo 2**32."""
        return int(self._gde.gde_host_pop_statistic(self._host, which)) & 0xFFFFFFFF

    def counters(self) -> dict[Drop, int]:
        """How often each cause of a drop has occurred."""
        counts = (ctypes.c_uint64 * len(Drop))()
        self._gde.gde_host_drops(self._host, counts, len(counts))
        return {cause: counts[cause] for cause in Drop}

    def local_address(self) -> Address | None:
        """Where the socket is bound; None while it is not."""
        record = CAddress()
        if self._gde.gde_host_local_address(self._host, ctypes.byref(record)):
            return None
        return address_of(record)

    def fileno(self) -> int:
        """The socket, to wait on; -1 once closed."""
        return int(self._gde.gde_host_fileno(self._host))

    def poll_timeout(self) -> int | None:
        """When ``service`` is next needed without anything arriving, by the system clock in ms; None if never."""
        due = ctypes.c_int64()
        return due.value if self._gde.gde_host_poll_timeout(self._host, ctypes.byref(due)) else None

    @property
    def channel_limit(self) -> int:
        """Channels granted to those who connect, 1..255."""
        return int(self._gde.gde_host_channel_limit(self._host))

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

    def set_channel_limit(self, limit: int) -> None:
        """Set what later connections are granted."""
        found = self._gde.gde_host_set_channel_limit(self._host, limit if 0 < limit <= 255 else 0)
        self._settle(found, "set_channel_limit", limit)

    def set_compressor(self, compressor: Compressor | None) -> None:
        """Replace the compressor; only for codecs that :func:`native_mode` knows."""
        mode = native_mode(compressor)
        if mode is None:
            raise ValueError("the C host does not have this compression")
        check(self._gde.gde_host_set_compressor(self._host, mode))

    def socket_send(self, data: bytes, address: Address) -> None:
        """Send a raw datagram from the host's socket."""
        found = self._gde.gde_host_socket_send(self._host, data, len(data), ctypes.byref(c_address(address)))
        self._settle(found, "socket_send", data, address)

    def _after_fork_in_child(self) -> None:
        """The socket is the parent's, and so are the peers behind it."""
        self._handing_over.after_fork_in_child()
        if self._closed:
            return
        self._closed = True
        self._gde.gde_host_after_fork(self._host)
        owner = None if self._on_end is None else self._on_end()
        if owner is not None:
            owner()


_live: weakref.WeakValueDictionary[int, NativeHost] = weakref.WeakValueDictionary()


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
