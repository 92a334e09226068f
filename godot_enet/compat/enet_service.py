"""The part of ENetConnection that takes events from its host and reports each of them once.

A signal handler may raise at any step. Events taken by then go back to the host (``left``), and the next call reports
them, unless they were handed on, which nothing can interrupt (see ``core/interrupts.py``). All work for an event before
that can be repeated.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections import deque
from functools import partial
from types import FrameType
from typing import Any, Final

from godot_enet.compat.connection_events import (
    ConnectEvent,
    ConnectionEvent,
    DisconnectEvent,
    ErrorEvent,
    NoEvent,
    ReceiveEvent,
    ServiceResult,
)
from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.errors import INACTIVE, as_int, fail
from godot_enet.compat.globals import Error
from godot_enet.compat.hot import place_of, set_results
from godot_enet.core import AnyHost, DisconnectMode, EventType, HostClosed, PeerHandle, UnknownPeer
from godot_enet.core.interrupts import expecting
from godot_enet.core.protocol.events import Event
from godot_enet.core.protocol.tuning import RECEIVE_ALL_LIMIT

__all__ = ["ServiceMethods"]

_REGISTRATION_TIMEOUT = 10.0
"""Seconds a thread may take to register the peer of a CONNECT event."""
_MAX_TIMEOUT = 0x7FFFFFFF
_RECEIVE = EventType.RECEIVE
_CONNECTED = EventType.CONNECT
_FAILED = EventType.ERROR


_RECEIVED: Final = ConnectionEvent.EVENT_RECEIVE
_JOINED: Final = ConnectionEvent.EVENT_CONNECT
_LEFT: Final = ConnectionEvent.EVENT_DISCONNECT
_NONE = NoEvent()
_ERROR = ErrorEvent()
_receive_event = partial(tuple.__new__, ReceiveEvent)  # a third of the time of a call of the class
set_results(Error.OK, _NONE, (_RECEIVED, ReceiveEvent), (_JOINED, ConnectEvent), ENetPacketPeer)


class ServiceMethods:
    """Abstract: the event handling of :class:`ENetConnection`."""

    def __init__(self) -> None:
        self._host: AnyHost | None = None
        self._peers: dict[PeerHandle, ENetPacketPeer] = {}
        self._ended: list[PeerHandle] = []
        """Inactive peers that are still listed. Each host has its own list, by which a concurrent ``service`` notices
        that its event belongs to a host that was destroyed."""
        self._gone: deque[PeerHandle] = deque(maxlen=1024)
        """The latest peers that are no longer listed."""
        self._leaving: ENetPacketPeer | None = None
        """The peer whose DISCONNECT is being reported; it may be unlisted already."""
        self._claimed: list[Any] = []
        """At most one event that an ENetMultiplayerPeer has taken with ``_service_into`` and not handled yet."""
        self._undelivered: list[ServiceResult] = []
        """Results that the C method could not return. Their packets are queued at their peers."""

    # Implemented by the rest of the connection

    def _native(
        self,
        host: object,
        listed: dict[PeerHandle, ENetPacketPeer],
        ended: list[PeerHandle],
        undelivered: list[ServiceResult],
    ) -> None:
        """See :mod:`godot_enet.compat.hot`."""

    def _register_peer(self, place: int, peer: object) -> None:
        """See :mod:`godot_enet.compat.hot`."""

    def _service_again(self, timeout: int) -> ServiceResult:
        """:meth:`service`, the C method where there is one."""
        return self.service(timeout)

    def _is_one_too_many(self, host: AnyHost, handle: PeerHandle) -> bool:
        """Return whether a peer that has just connected to us exceeds a limit."""
        return False

    # Taking events

    def service(self, timeout: int = 0) -> ServiceResult:
        """Service the network and return at most one event; call until EVENT_NONE.

        Args:
            timeout: milliseconds to wait for an event. The wait ends with the first event (official builds of Godot
                busy-wait for the whole time and report it with the next call).

        Returns:
            ``[event_type, peer, data, channel]``, also by name: a :class:`ConnectEvent`, :class:`DisconnectEvent`,
            :class:`ReceiveEvent`, :class:`NoEvent` or :class:`ErrorEvent`. CONNECT: ``data`` is from the connecting
            side (0 on that side itself). DISCONNECT: ``data`` is from the remote, 0 for a timeout or a local
            disconnect; the peer is already inactive. RECEIVE: take the packet with ``peer.get_packet()``. NONE and
            ERROR have no peer: ``peer`` is None. Type checkers narrow by ``event.type``.

        Packets acknowledged before the remote's DISCONNECT are reported before it; Godot may lose them. After a local
        disconnect only the DISCONNECT of that peer is reported.

        An exception out of a signal handler may end this at any step; the next call then reports the event.
        """
        host = self._host
        if host is None:
            return fail(INACTIVE, _ERROR)
        ended = self._ended
        if ended or type(timeout) is not int or not 0 <= timeout <= _MAX_TIMEOUT:
            self._drop_ended()
            return self._service_again(max(0, as_int(timeout, "timeout")))
        if self._undelivered:
            result = self._undelivered[0]
            del self._undelivered[0]
            return result
        taken: list[Event] = []
        try:
            host.service_into(taken, timeout)
            self._refuse_excess(host, taken)
            if not taken:
                return _NONE
            kind, handle, channel, data, packet, flags, reason, command = taken[0]
            if kind is not _RECEIVE:
                result = self._report(kind, handle, data, (reason, command), ended)
            elif (peer := self._find_peer(handle, ended)) is None:
                result = _ERROR
            else:
                result = _receive_event((_RECEIVED, peer, 0, channel))
                packets, waiting = peer._queue(packet, flags)
                # No call from here on: see core/interrupts.py.
                packets += (waiting,)
                packets.size += waiting[2]
            self._leaving = None
            taken = []
            return result
        except HostClosed:
            return _ERROR
        except BaseException:
            host.left += taken
            raise

    def _service_rest(self) -> ServiceResult:
        """:meth:`service` once more, for callers that wait for the socket and will call again if more has arrived.

        The C method receives nothing, which saves a system call; everything else that is due is done.
        """
        return self._service_again(0)

    def receive_all(self, limit: int = RECEIVE_ALL_LIMIT) -> list[tuple[ENetPacketPeer, int, int, bytes]]:
        """Service the network and return all packets that have arrived. Not in Godot.

        For servers that receive thousands of packets a frame: one call returns what a loop over :meth:`service` and
        ``get_packet()`` does. Another event ends the list, so that the order stays; :meth:`service` returns it. So
        alternate both until :meth:`service` returns EVENT_NONE. It may also return a packet, which has arrived since.

        Args:
            limit: the maximum number of packets. The others wait for the next call.

        Returns:
            ``(peer, channel, flags, packet)`` for each packet, in the order of :meth:`service`. The flags are
            ``ENetPacketPeer.FLAG_*``. Empty if another event comes first, or if this is inactive or has failed, which
            :meth:`service` reports.

        An exception out of a signal handler may end this at any step; the next call then returns the packets.
        """
        host = self._host
        if host is None:
            return fail(INACTIVE, [])
        if type(limit) is not int or limit < 1:
            limit = max(1, as_int(limit, "limit"))
        ended = self._ended
        if ended:
            self._drop_ended()
        if self._undelivered:
            return []  # their packets wait at their peers
        taken: list[Event] = []
        count = 0
        packets: list[tuple[ENetPacketPeer, int, int, bytes]] = []
        try:
            with contextlib.suppress(HostClosed):
                while len(taken) < limit and all(event.type is _RECEIVE for event in taken[count:]):
                    count = len(taken)
                    host.service_into(taken, 0, limit - count)
                    if len(taken) == count:
                        break
            count = 0
            for event in taken:
                if event.type is not _RECEIVE:
                    break
                count += 1
                peer = self._find_peer(event.peer, ended)
                if peer is not None:
                    packets.append((peer, event.channel, event.flags, event.packet))
            host.left[:0] = taken[count:]
            taken = []
            return packets
        except BaseException:
            host.left[:0] = taken
            raise

    def _service_into(self, events: list[Any]) -> None:
        """Like :meth:`service`, but append the result to a list, with the packet in it.

        Args:
            events: receives a :class:`ServiceResult` or ``(EVENT_RECEIVE, peer, packet, channel, flags)``, and nothing
                for EVENT_NONE. If this raises, the event may be in it already.
        """
        host = self._host
        if host is None:
            events += (fail(INACTIVE, _ERROR),)
            return
        ended = self._ended
        if ended:
            self._drop_ended()
        taken: list[Event] = []
        try:
            host.service_into(taken, 0)
            self._refuse_excess(host, taken)
            if not taken:
                return
            kind, handle, channel, data, packet, flags, reason, command = taken[0]
            result: tuple[Any, ...]
            if kind is not _RECEIVE:
                result = self._report(kind, handle, data, (reason, command), ended)
            elif (peer := self._find_peer(handle, ended)) is None:
                result = _ERROR
            else:
                result = _RECEIVED, peer, packet, channel, flags
            events += (result,)
            self._leaving = None
            taken = []
        except HostClosed:
            events += (_ERROR,)
        except BaseException:
            host.left += taken
            raise

    def _refuse_excess(self, host: AnyHost, taken: list[Event]) -> None:
        """Disconnect a peer that exceeds a limit, and take the next event in place of its CONNECT."""
        while taken and taken[0][0] is _CONNECTED and self._is_one_too_many(host, taken[0].peer):
            handle = taken[0].peer
            with contextlib.suppress(UnknownPeer):
                host.disconnect(handle, 0, DisconnectMode.NOW)
            self._gone.append(handle)
            listed = self._peers.get(handle)
            if listed is not None:  # by another call that has found a packet of it
                self._register_peer(place_of(handle), None)
                listed._detach()
                self._peers.pop(handle, None)
            del taken[0]
            host.service_into(taken, 0)

    def _report_native(
        self, kind: int, handle: int, data: int, reason: int, command: int, ended: list[PeerHandle]
    ) -> ServiceResult:
        """Report an event that the C method does not report itself."""
        if kind == _RECEIVE:
            return _ERROR  # another thread has reset the peer
        result = self._report(kind, PeerHandle(handle), data, (reason, command), ended)
        self._leaving = None
        return result

    def _receive_native(self, peer: ENetPacketPeer, packet: bytes, flags: int, channel: int) -> ServiceResult:
        """Report a packet that C had taken when its host was handed over to Python."""
        if not peer.is_active():
            return _ERROR  # another thread has reset the peer
        result = ReceiveEvent(_RECEIVED, peer, 0, channel)
        packets, waiting = peer._queue(packet, flags)
        packets += (waiting,)
        packets.size += waiting[2]
        return result

    def _report(
        self, kind: int, handle: PeerHandle, data: int, why: tuple[int, int], ended: list[PeerHandle]
    ) -> ServiceResult:
        """Return the result for an event of the host with this ``ended`` list. Repeated if it is interrupted."""
        host = self._host
        if kind == _FAILED or host is None:
            return _ERROR
        peer = self._peers.get(handle)
        is_ours = peer is not None  # as the peers that connect_to_host returned
        if kind == _CONNECTED:
            peer = peer or self._list(host, handle)
        if self._ended is not ended:
            return _ERROR  # destroyed and created again meanwhile: the new host may have a peer with the same handle
        if kind == _CONNECTED:
            if peer is None:
                self._gone.append(handle)
                return _ERROR
            if is_ours:
                with contextlib.suppress(UnknownPeer):
                    peer._address = host.peer_address(handle)  # the answer to a broadcast comes from another address
            return ConnectEvent(_JOINED, peer, data, 0)
        leaving = self._leaving
        if peer is None:
            peer = leaving if leaving is not None and leaving._handle == handle else self._await_peer(handle, ended)
        if peer is None:
            return _ERROR
        self._leaving = peer
        peer._detach(*why)
        self._drop_ended()
        return DisconnectEvent(_LEFT, peer, data, 0)

    # Peers

    def _find_peer(self, handle: PeerHandle, ended: list[PeerHandle]) -> ENetPacketPeer | None:
        peer = self._peers.get(handle)
        return self._await_peer(handle, ended) if peer is None or self._ended is not ended else peer

    def _await_peer(self, handle: int, ended: list[PeerHandle]) -> ENetPacketPeer | None:
        """Return the peer of an event of the host with this ``ended`` list; None if either no longer exists.

        If the peer is not listed, the call that has taken its CONNECT event may be about to list it.
        """
        deadline = time.monotonic() + _REGISTRATION_TIMEOUT
        while True:
            host = self._host
            if host is None or (handle in self._gone and handle not in self._peers):
                return None
            peer = self._list(host, PeerHandle(handle))
            if self._ended is not ended:
                return None
            if peer is not None or self._is_nested() or time.monotonic() > deadline:
                return peer
            time.sleep(0.0005)

    def _is_nested(self) -> bool:
        """Return whether this ``service`` interrupts another one of this thread, which continues only afterwards."""
        frame: FrameType | None = sys._getframe(1)
        own = True
        while frame is not None:
            ours = frame.f_code in _SERVING and frame.f_locals.get("self") is self
            if ours and not own:
                return True
            own = own and ours
            frame = frame.f_back
        return False

    def _list(self, host: AnyHost, handle: PeerHandle) -> ENetPacketPeer | None:
        """Return the object of a peer that connected to us; None if it is gone. Concurrent calls get the same one."""
        peer = self._peers.get(handle)
        if peer is None:
            try:
                address = host.peer_address(handle)
            except UnknownPeer:
                return None
            peer = self._peers.setdefault(handle, ENetPacketPeer._attach(host, handle, address, self._ended))
        self._register_peer(place_of(handle), peer)
        if self._host is not host:
            # another thread has destroyed this meanwhile
            self._peers.pop(handle, None)
            peer._detach()
            return None
        return peer

    def _drop_ended(self) -> None:
        """Unlist inactive peers. Another thread may be doing the same."""
        while self._ended:
            with expecting(IndexError, ValueError):
                handle = self._ended[-1]
                if handle in self._peers:
                    self._gone.append(handle)
                    self._register_peer(place_of(handle), None)
                    self._peers.pop(handle, None)
                self._ended.remove(handle)


_SERVING = {
    method.__code__
    for method in (
        ServiceMethods.service,
        ServiceMethods.receive_all,
        ServiceMethods._service_into,
        ServiceMethods._refuse_excess,
        ServiceMethods._report_native,
        ServiceMethods._report,
        ServiceMethods._await_peer,
    )
}
