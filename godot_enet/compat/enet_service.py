"""The part of ENetConnection that takes events from its host and hands them on, each once.

A signal handler may raise at any step. What was taken then is given by the next call: it goes back to the host
(``left``) unless it has been handed on, which happens in a row of steps that nothing can interrupt (see
``core/interrupts.py``). What is done for an event before that can be done again.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections import deque
from types import FrameType
from typing import Any, NamedTuple

from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.errors import INACTIVE, as_int, fail
from godot_enet.compat.globals import Error
from godot_enet.compat.hot import set_results
from godot_enet.core import DisconnectMode, EventType, HostClosed, PeerHandle, UnknownPeer
from godot_enet.core.host import AnyHost
from godot_enet.core.interrupts import expecting
from godot_enet.core.protocol.enums import NamedIntEnum
from godot_enet.core.protocol.events import Event

__all__ = ["ConnectionEvent", "ServiceMethods", "ServiceResult"]

_REGISTRATION_TIMEOUT = 10.0
"""Seconds that a thread may take from a CONNECT event to its peer."""
_LONGEST = 0x7FFFFFFF
_RECEIVE = EventType.RECEIVE
_CONNECTED = EventType.CONNECT


class ConnectionEvent(NamedIntEnum):
    """What :meth:`ENetConnection.service` reports."""

    EVENT_ERROR = -1
    EVENT_NONE = 0
    EVENT_CONNECT = 1
    EVENT_DISCONNECT = 2
    EVENT_RECEIVE = 3


ConnectionEvent.__name__ = "EventType"
ConnectionEvent.__qualname__ = "ENetConnection.EventType"
ConnectionEvent.__module__ = "godot_enet.compat.enet_connection"  # where pickle looks for it


class ServiceResult(NamedTuple):
    """Godot's ``[event_type, peer, data, channel]``: to be indexed, unpacked or read by name."""

    type: ConnectionEvent
    peer: ENetPacketPeer | None
    data: int
    channel: int


_RECEIVED = ConnectionEvent.EVENT_RECEIVE
_NONE = ServiceResult(ConnectionEvent.EVENT_NONE, None, 0, 0)
_ERROR = ServiceResult(ConnectionEvent.EVENT_ERROR, None, 0, 0)
set_results(Error.OK, _RECEIVED, ServiceResult, _NONE)


class ServiceMethods:
    """Abstract: what an :class:`ENetConnection` does every frame."""

    def __init__(self) -> None:
        self._host: AnyHost | None = None
        self._peers: dict[PeerHandle, ENetPacketPeer] = {}
        self._ended: list[PeerHandle] = []
        """Peers that became inactive and are still listed. A list of its own for each host from its creation to its
        end: a call that is inside ``service`` meanwhile tells by it that its event is of a host that is no more."""
        self._gone: deque[PeerHandle] = deque(maxlen=1024)
        """Peers that were listed and are not any more, the latest ones."""
        self._leaving: ENetPacketPeer | None = None
        """The peer whose DISCONNECT is being reported: it may not be listed any more."""
        self._claimed: list[Any] = []
        """What an ENetMultiplayerPeer has taken by ``_service_into`` and not dealt with; at most one event."""
        self._undelivered: list[ServiceResult] = []
        """What the C method could not return. The packets of these wait at their peers."""

    # What the rest of the connection has

    def _native(self, handle: object, ended: list[PeerHandle], undelivered: list[ServiceResult], slots: int) -> None:
        """See :mod:`godot_enet.compat.hot`."""

    def _seat(self, slot: int, peer: object) -> None:
        """See :mod:`godot_enet.compat.hot`."""

    def _service_again(self, timeout: int) -> ServiceResult:
        """:meth:`service`, the C method where there is one."""
        return self.service(timeout)

    def _is_one_too_many(self, host: AnyHost, handle: PeerHandle) -> bool:
        """Whether a peer that has just connected to us is beyond a limit."""
        return False

    # Taking events

    def service(self, timeout: int = 0) -> ServiceResult:
        """Do the network's work and report at most one event; call until EVENT_NONE.

        Args:
            timeout: milliseconds to wait for an event. The wait ends with the first one (official builds of Godot
                spin through the whole time instead, and report it with the next call).

        Returns:
            ``[event_type, peer, data, channel]``, also by name. CONNECT: ``data`` from the connecting side (0 on
            that side itself). DISCONNECT: ``data`` from the remote, 0 for a timeout or our own request; the peer is
            inactive by now. RECEIVE: take the packet with ``peer.get_packet()``.

        Packets that arrived, and so were acknowledged, before the remote's DISCONNECT are reported before it, where
        Godot may lose them. Nothing is reported of a peer after a disconnect of our own but its DISCONNECT.

        An exception out of a signal handler may end it at any step; the next call goes on from there, and reports what
        this one could not.
        """
        host = self._host
        if host is None:
            return fail(INACTIVE, _ERROR)
        ended = self._ended
        if ended or type(timeout) is not int or not 0 <= timeout <= _LONGEST:
            self._drop_ended()
            return self._service_again(max(0, as_int(timeout, "timeout")))
        if self._undelivered:
            result = self._undelivered[0]
            del self._undelivered[0]
            return result
        taken: list[Event] = []
        try:
            event = self._take(host, timeout, taken)
            if event is None:
                return _NONE
            if event.type is not _RECEIVE:
                result = self._report(event.type, event.peer, event.data, (event.reason, event.command), ended)
            elif (peer := self._find_peer(event.peer, ended)) is None:
                result = _ERROR
            else:
                result = ServiceResult(_RECEIVED, peer, 0, event.channel)
                packets, waiting = peer._queue(event.packet, event.flags)
                # No call from here on: see core/interrupts.py.
                packets += (waiting,)
                peer._size += waiting[2]
            self._leaving = None
            taken = []
            return result
        except HostClosed:
            return _ERROR
        except BaseException:
            host.left += taken
            raise

    def _service_into(self, events: list[Any]) -> None:
        """As :meth:`service`, but the result is appended to a list, and a packet stands in it.

        Args:
            events: a :class:`ServiceResult`, or ``(EVENT_RECEIVE, peer, packet, channel, flags)``; EVENT_NONE is not
                appended. If an exception comes out, the event may be there already.
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
            event = self._take(host, 0, taken)
            if event is None:
                return
            result: tuple[Any, ...]
            if event.type is not _RECEIVE:
                result = self._report(event.type, event.peer, event.data, (event.reason, event.command), ended)
            elif (peer := self._find_peer(event.peer, ended)) is None:
                result = _ERROR
            else:
                result = _RECEIVED, peer, event.packet, event.channel, event.flags
            events += (result,)
            self._leaving = None
            taken = []
        except HostClosed:
            events += (_ERROR,)
        except BaseException:
            host.left += taken
            raise

    def _take(self, host: AnyHost, timeout: int, taken: list[Event]) -> Event | None:
        """The next event that is to be reported. It is appended to a list, too."""
        host.service_into(taken, timeout)
        while taken:
            event = taken[0]
            if event.type is not _CONNECTED or not self._is_one_too_many(host, event.peer):
                return event
            with contextlib.suppress(UnknownPeer):
                host.disconnect(event.peer, 0, DisconnectMode.NOW)
            self._gone.append(event.peer)
            listed = self._peers.get(event.peer)
            if listed is not None:  # by another call, which found a packet of it
                self._seat(event.peer & 0xFFF, None)
                listed._detach()
                self._peers.pop(event.peer, None)
            del taken[0]
            host.service_into(taken, 0)
        return None

    def _report_native(
        self, kind: int, handle: int, data: int, reason: int, command: int, ended: list[PeerHandle]
    ) -> ServiceResult:
        """An event that the C method does not report itself."""
        if kind == EventType.RECEIVE:
            return _ERROR  # Its peer has been reset by another thread.
        result = self._report(kind, PeerHandle(handle), data, (reason, command), ended)
        self._leaving = None
        return result

    def _receive_native(self, peer: ENetPacketPeer, packet: bytes, flags: int, channel: int) -> ServiceResult:
        """A packet that C had taken when its host was handed over to Python."""
        if not peer.is_active():
            return _ERROR  # Reset by another thread.
        result = ServiceResult(_RECEIVED, peer, 0, channel)
        packets, waiting = peer._queue(packet, flags)
        packets += (waiting,)
        peer._size += waiting[2]
        return result

    def _report(
        self, kind: int, handle: PeerHandle, data: int, why: tuple[int, int], ended: list[PeerHandle]
    ) -> ServiceResult:
        """What to say of an event of the host that has this list. Where this is broken off, it is done once more."""
        host = self._host
        if kind == EventType.ERROR or host is None:
            return _ERROR
        peer = self._peers.get(handle)
        if kind == EventType.CONNECT:
            peer = peer or self._list(host, handle)
        if self._ended is not ended:
            return _ERROR  # Destroyed meanwhile, and created again: the new host may have a peer of this number, too.
        if kind == EventType.CONNECT:
            if peer is None:
                self._gone.append(handle)
                return _ERROR
            with contextlib.suppress(UnknownPeer):
                peer._address = host.peer_address(handle)  # A broadcast is answered from another one.
            return ServiceResult(ConnectionEvent.EVENT_CONNECT, peer, data, 0)
        leaving = self._leaving
        if peer is None:
            peer = leaving if leaving is not None and leaving._handle == handle else self._await_peer(handle, ended)
        if peer is None:
            return _ERROR
        self._leaving = peer
        peer._detach(*why)
        self._drop_ended()
        return ServiceResult(ConnectionEvent.EVENT_DISCONNECT, peer, data, 0)

    # Peers

    def _find_peer(self, handle: PeerHandle, ended: list[PeerHandle]) -> ENetPacketPeer | None:
        peer = self._peers.get(handle)
        return self._await_peer(handle, ended) if peer is None or self._ended is not ended else peer

    def _await_peer(self, handle: int, ended: list[PeerHandle]) -> ENetPacketPeer | None:
        """The peer of an event of the host that has this list; None if either is gone.

        Where it is not listed, the call that took its CONNECT event may be about to list it.
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
        """Whether this call of ``service`` interrupts another one of this thread, which goes on only afterwards."""
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
        """The object of a peer that came to us; None if it is gone. Two calls at once get the same one."""
        peer = self._peers.get(handle)
        if peer is None:
            try:
                address = host.peer_address(handle)
            except UnknownPeer:
                return None
            peer = self._peers.setdefault(handle, ENetPacketPeer._attach(host, handle, address, self._ended))
        self._seat(handle & 0xFFF, peer)
        if self._host is not host:
            # Destroyed by another thread meanwhile.
            self._peers.pop(handle, None)
            peer._detach()
            return None
        return peer

    def _drop_ended(self) -> None:
        """Another thread may be doing the same."""
        while self._ended:
            with expecting(IndexError, ValueError):
                handle = self._ended[-1]
                if handle in self._peers:
                    self._gone.append(handle)
                    self._seat(handle & 0xFFF, None)
                    self._peers.pop(handle, None)
                self._ended.remove(handle)

    def _speak(self) -> None:
        """Log what was dropped."""
        host = self._host
        if host is not None:
            host.speak()


_SERVING = {
    method.__code__
    for method in (
        ServiceMethods.service,
        ServiceMethods._service_into,
        ServiceMethods._take,
        ServiceMethods._report_native,
        ServiceMethods._report,
        ServiceMethods._await_peer,
    )
}
