"""The hosts and peers under an ENetMultiplayerPeer: what happens to them, and in which order the program is told."""

from __future__ import annotations

import atexit
import logging
import os
import weakref
from enum import Enum
from typing import NamedTuple

from godot_enet.compat.enet_connection import ENetConnection, ServiceResult
from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.errors import attending, fail
from godot_enet.compat.inbox import Inbox
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.signal import frame

__all__ = ["INACTIVE", "MAX_ID", "RESERVED_CHANNELS", "ENetPeers", "Mode"]

_log = logging.getLogger("godot_enet.network")
INACTIVE = "The multiplayer instance isn't currently active."
RESERVED_CHANNELS = 2
"""The ENet channels of transfer channel 0: one for reliable packets, one for the others. Channel 1 comes after them."""

MAX_ID = 0x7FFFFFFF
"""The ids of peers are 1..2**31-1: as targets, 0 and the numbers below it have another meaning."""

_MAX_EVENTS = 10_000
"""Events one ``poll()`` takes from a host; what is more waits for the next, so that a flood cannot hold a frame up."""

_UNRELIABLE = MultiplayerPeer.TRANSFER_MODE_UNRELIABLE
_ORDERED = MultiplayerPeer.TRANSFER_MODE_UNRELIABLE_ORDERED
_RELIABLE = MultiplayerPeer.TRANSFER_MODE_RELIABLE

_CONNECT = ENetConnection.EVENT_CONNECT
_RECEIVE = ENetConnection.EVENT_RECEIVE
_ERROR = ENetConnection.EVENT_ERROR
_NONE = ENetConnection.EVENT_NONE


class Mode(Enum):
    NONE = 0
    SERVER = 1
    CLIENT = 2
    MESH = 3


class _Kind(Enum):
    CONNECTED = 0
    DISCONNECTED = 1
    INACTIVE = 2
    """The program has ended the peer through its ENetPacketPeer, or with the whole host."""
    FAILED = 3
    """The host has reported an error."""


class _Change(NamedTuple):
    """What has happened to a peer besides its packets."""

    kind: _Kind
    host: ENetConnection
    remote: ENetPacketPeer


class ENetPeers(MultiplayerPeer):
    """Abstract: the receiving half of :class:`ENetMultiplayerPeer`."""

    def __init__(self) -> None:
        super().__init__()
        self._mode = Mode.NONE
        self._status = MultiplayerPeer.CONNECTION_DISCONNECTED
        self._unique_id = 0
        self._process = 0
        """Where it began: after ``fork()`` the remotes belong to the parent."""
        self._hosts: dict[int, ENetConnection] = {}
        """By peer in a mesh; else there is one, 0."""
        self._peers: dict[int, ENetPacketPeer] = {}
        self._ids: dict[ENetPacketPeer, int] = {}
        """Who a server's packets are from: also of peers that were disconnected by force, until they are gone."""
        self._arriving: set[int] = set()
        """Ids that have a new peer, which waits until the end of the last one with that id was announced."""
        self._leaving: set[int] = set()
        """Peers whose ``peer_disconnected`` is being emitted."""
        self._inbox: Inbox[_Change] = Inbox()

    def __del__(self) -> None:
        """As Godot's destructor: the remotes are told. It may run anywhere, so nothing here waits."""
        for host in list(getattr(self, "_hosts", {}).values()):
            host._abandon()

    # Beginning and ending

    def _begin(self, mode: Mode, unique_id: int, status: MultiplayerPeer.ConnectionStatus) -> None:
        self._inbox.clear()
        self._mode = mode
        self._unique_id = unique_id
        self._status = status
        self._session += 1
        self._process = os.getpid()
        _active[id(self)] = self
        for host in self._hosts.values():
            host._farewell_from = self._process

    def _end(self) -> None:
        """:meth:`close`, but packets that arrived before can still be taken."""
        if self._mode is Mode.NONE:
            return
        for peer in list(self._peers.values()):
            if peer.get_state() == ENetPacketPeer.STATE_CONNECTED:
                peer.peer_disconnect_now(0)
        for host in list(self._hosts.values()):
            host.flush()
            host.destroy()
        self._hosts.clear()
        self._peers.clear()
        self._ids.clear()
        self._arriving.clear()
        self._inbox.drop_held()
        self._mode = Mode.NONE
        self._unique_id = 0
        self._status = MultiplayerPeer.CONNECTION_DISCONNECTED
        _active.pop(id(self), None)
        self.set_refuse_new_connections(False)

    # Every frame

    def poll(self) -> None:
        """Do the network's work, emit signals and queue packets. Never waits. (Godot's documentation says otherwise.)

        The signals and packets of one peer come in the order in which they happened: its ``peer_disconnected`` waits
        while packets that came before it were not taken, until a third :meth:`poll` in a row finds that none was taken.
        A peer that connects and disconnects within one poll is gone with the next one. A handler may call any method,
        :meth:`close` included.
        """
        if self._mode is Mode.NONE:
            return fail(INACTIVE, None)
        with frame(), attending:
            self._inbox.count()
            if dropped := self._inbox.drop_orphans():
                _log.warning("Dropped %d packets of peers that are gone: too much waits to be taken.", dropped)
            overtake = self._inbox.begin_poll()
            for number in list(self._inbox.held):
                self._release(number, overtake=overtake)
            self._find_inactive()
            if self._mode is Mode.CLIENT and 1 not in self._peers:
                self._end()
            elif self._mode is Mode.MESH:
                self._poll_mesh()
            else:
                self._poll_one()

    def _deliver_held(self) -> bool:
        with frame(), attending:
            released = [self._release(number) for number in list(self._inbox.held)]
        return any(released)

    def _poll_one(self) -> None:
        """Take what there is from the host of a server or client."""
        host = self._hosts.get(0)
        if host is None or (self._mode is Mode.CLIENT and self._inbox.held):
            return  # closed, or over with but for the signal
        handle = self._serve if self._mode is Mode.SERVER else self._attend
        service = host.service
        for _ in range(_MAX_EVENTS):
            event = service()
            remote = event.peer
            if remote is None:
                if event.type is _NONE:
                    break
                # A client is over after an error, such as a failed DTLS handshake; a server only if somebody has
                # destroyed its host: what goes wrong with one client must not end it for the others.
                if self._mode is Mode.CLIENT:
                    self._on_failed(1, host)
                    break
                if not host.engine_name:
                    if not self._inbox.held:
                        self._end()
                    break
                continue
            handle(host, event, remote)
            if self._hosts.get(0) is not host:
                break

    def _serve(self, host: ENetConnection, event: ServiceResult, remote: ENetPacketPeer) -> None:
        """An event of a server."""
        if event.type is _RECEIVE:
            self._queue(event, remote, self._ids.get(remote, 0))
        elif event.type is _CONNECT:
            # The client has chosen the id. 0 means all, 1 is this server, and what Godot takes for a negative number
            # (2**31 and more) would mean all but one. One in use would let it speak and listen as somebody else.
            number = event.data
            if self._refusing or not 2 <= number <= MAX_ID or self._is_taken(number):
                remote.reset()
                return
            self._ids[remote] = number
            self._arriving.add(number)
            self._handle(number, _Change(_Kind.CONNECTED, host, remote))
        else:
            gone = self._ids.pop(remote, None)
            if gone is not None:
                self._handle(gone, _Change(_Kind.DISCONNECTED, host, remote))

    def _is_taken(self, number: int) -> bool:
        """Whether a peer has this id, or is about to be announced with it.

        The peer that had it may be gone, with its signal yet to come. Then one other may have it.
        """
        if number in self._arriving:
            return True
        if any(taken == number and remote.is_active() for remote, taken in self._ids.items()):
            return True  # perhaps of a peer that was disconnected by force and is not gone yet
        return number in self._peers and number not in self._inbox.held

    def _attend(self, host: ENetConnection, event: ServiceResult, remote: ENetPacketPeer) -> None:
        """An event of a client."""
        if event.type is _RECEIVE:
            self._queue(event, remote, 1)
        else:
            kind = _Kind.CONNECTED if event.type is _CONNECT else _Kind.DISCONNECTED
            self._handle(1, _Change(kind, host, remote))

    def _poll_mesh(self) -> None:
        """Take what there is from the hosts of a mesh."""
        for number, host in list(self._hosts.items()):
            for _ in range(_MAX_EVENTS):
                if self._hosts.get(number) is not host:
                    break  # a handler has dropped or replaced it
                event = host.service()
                remote = event.peer
                if remote is None:
                    if event.type is _ERROR and not host.engine_name:
                        self._on_failed(number, host)
                    break
                if event.type is _RECEIVE:
                    self._queue(event, remote, number)
                elif event.type is _CONNECT:
                    remote.reset()  # this connection is for one peer alone
                else:
                    self._handle(number, _Change(_Kind.DISCONNECTED, host, remote))

    def _queue(self, event: ServiceResult, remote: ENetPacketPeer, sender: int) -> None:
        while remote.get_available_packet_count() > 1:
            remote.get_packet()  # left over from when the program serviced the host itself
        flags = remote.get_packet_flags()
        mode = (
            _RELIABLE
            if flags & ENetPacketPeer.FLAG_RELIABLE
            else _UNRELIABLE
            if flags & ENetPacketPeer.FLAG_UNSEQUENCED
            else _ORDERED
        )
        channel = event.channel - RESERVED_CHANNELS + 1 if event.channel >= RESERVED_CHANNELS else 0
        self._inbox.add_packet(remote.get_packet(), sender, channel, mode, remote)

    # Changes

    def _find_inactive(self) -> None:
        """Peers that the program has ended through their ENetPacketPeer, or with the whole host."""
        for number, remote in list(self._peers.items()):
            if not remote.is_active() and number not in self._inbox.held and number not in self._leaving:
                host = self._hosts.get(number if self._mode is Mode.MESH else 0)
                self._ids.pop(remote, None)
                if host is not None:
                    self._handle(number, _Change(_Kind.INACTIVE, host, remote))

    def _on_failed(self, number: int, host: ENetConnection) -> None:
        """The host of a client or of a mesh peer has reported an error that ends it."""
        remote = self._peers.get(number)
        if remote is None:
            self._hosts.pop(number, None)
        elif number not in self._inbox.held:
            self._handle(number, _Change(_Kind.FAILED, host, remote))

    def _handle(self, number: int, change: _Change) -> None:
        """Announce what has happened, or have it wait behind packets that the program could not take yet."""
        if not self._inbox.hold(number, change):
            self._announce(number, change)

    def _release(self, number: int, *, overtake: bool = False) -> bool:
        """Announce what has waited, as far as it need not wait any more. Returns whether there was something."""
        released = False
        while (change := self._inbox.release(number, overtake=overtake)) is not None:
            released, overtake = True, False
            self._announce(number, change)
        return released

    def _announce(self, number: int, change: _Change) -> None:
        kind, host, remote = change
        if self._hosts.get(number if self._mode is Mode.MESH else 0) is not host:
            return  # closed or replaced meanwhile
        if kind is _Kind.CONNECTED:
            self._announce_connected(number, remote)
        elif self._peers.get(number) is not remote:
            return  # disconnected by force
        else:
            self._announce_disconnected(number, change)

    def _announce_connected(self, number: int, remote: ENetPacketPeer) -> None:
        if self._mode is Mode.CLIENT:
            self._status = MultiplayerPeer.CONNECTION_CONNECTED
        else:
            self._arriving.discard(number)
            self._peers[number] = remote
        self._inbox.add_connected(number)
        self.peer_connected.emit(number)
        if self._mode is Mode.SERVER and self._peers.get(number) is not remote:
            self._peer_dropped.emit(number)  # by a handler: those after it have heard of the peer since

    def _announce_disconnected(self, number: int, change: _Change) -> None:
        kind, host, remote = change
        is_client = self._mode is Mode.CLIENT
        if kind is _Kind.INACTIVE:
            self._forget(number)
        if not is_client or kind is _Kind.INACTIVE or (kind is _Kind.DISCONNECTED and self._is_connected()):
            # Unless the program has ended the peer, it is still there while the signal is emitted, as in Godot.
            self._leaving.add(number)
            try:
                self.peer_disconnected.emit(number)
            finally:
                self._leaving.discard(number)
        if is_client:
            if self._hosts.get(0) is host:
                self._end()
        elif self._peers.get(number) is remote:
            self._forget(number)

    def _is_connected(self) -> bool:
        return self._status is MultiplayerPeer.CONNECTION_CONNECTED

    def _forget(self, number: int) -> None:
        self._peers.pop(number, None)
        if self._mode is Mode.MESH:
            self._hosts.pop(number, None)


_active: weakref.WeakValueDictionary[int, ENetPeers] = weakref.WeakValueDictionary()
"""By ``id()``: what a program derives from it need not be hashable."""


def _close_all() -> None:
    """At the end of the program, before the core ends its threads, since this is registered later."""
    for peer in list(_active.values()):
        if peer._process == os.getpid():
            peer.close()


atexit.register(_close_all)
