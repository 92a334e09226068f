"""The hosts and peers of an ENetMultiplayerPeer: their events, and the order of the signals for them."""

from __future__ import annotations

import atexit
import logging
import os
import weakref
from enum import Enum
from functools import partial
from typing import Any, NamedTuple

from godot_enet.compat.deferred import in_frame
from godot_enet.compat.enet_connection import ENetConnection
from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.errors import fail
from godot_enet.compat.inbox import Inbox
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.poll_time import PollTime
from godot_enet.compat.steps import Steps, ours, work_off

__all__ = ["INACTIVE", "MAX_ID", "RESERVED_CHANNELS", "ENetPeers", "Mode"]

_log = logging.getLogger("godot_enet.network")
INACTIVE = "The multiplayer instance isn't currently active."
RESERVED_CHANNELS = 2
"""The ENet channels of transfer channel 0: one for reliable packets, one for the others. Channel 1 follows them."""

MAX_ID = 0x7FFFFFFF
"""Peer ids are 1..2**31-1: as targets, 0 and negative numbers have another meaning."""

_MAX_EVENTS = 10_000
"""Events that one ``poll()`` takes from a host; the rest waits for the next one."""

_UNRELIABLE = MultiplayerPeer.TRANSFER_MODE_UNRELIABLE
_ORDERED = MultiplayerPeer.TRANSFER_MODE_UNRELIABLE_ORDERED
_RELIABLE = MultiplayerPeer.TRANSFER_MODE_RELIABLE

_CONNECT = ENetConnection.EVENT_CONNECT
_RECEIVE = ENetConnection.EVENT_RECEIVE


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
    """An event of a peer other than a packet."""

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
        """The process that started this: after ``fork()`` the connections belong to the parent."""
        self._hosts: dict[int, ENetConnection] = {}
        """By peer in a mesh; otherwise only one, with key 0."""
        self._peers: dict[int, ENetPacketPeer] = {}
        self._ids: dict[ENetPacketPeer, int] = {}
        """The ids of a server's peers, including forcibly disconnected peers until their connection has ended."""
        self._arriving: set[int] = set()
        """Ids of new peers whose signal waits behind the disconnect of the previous peer with that id."""
        self._leaving: set[int] = set()
        """Peers whose ``peer_disconnected`` is being emitted."""
        self._inbox: Inbox[_Change] = Inbox()
        self._todo: list[Steps] = []
        """Announcements in progress, or interrupted by an exception out of a signal handler."""

    def __del__(self) -> None:
        """Notify the remotes, like Godot's destructor. This may run anywhere, so it must not block."""
        for host in list(getattr(self, "_hosts", {}).values()):
            host._abandon()

    # Life cycle

    def _begin(self, mode: Mode, unique_id: int, status: MultiplayerPeer.ConnectionStatus) -> None:
        self._inbox.clear()
        self._todo.clear()
        self._mode = mode
        self._unique_id = unique_id
        self._status = status
        self._session += 1
        self._process = os.getpid()
        _active[id(self)] = self
        for host in self._hosts.values():
            host._notifying_process = self._process

    def _end(self) -> None:
        """:meth:`close`, but packets that arrived before can still be taken."""
        if self._mode is Mode.NONE:
            return
        for peer in list(self._peers.values()):
            if peer.get_state() == ENetPacketPeer.STATE_CONNECTED:
                peer.peer_disconnect_now(0)
        for number, host in list(self._hosts.items()):
            host.flush()
            host.destroy()
            self._hosts.pop(number, None)
        self._peers.clear()
        self._ids.clear()
        self._arriving.clear()
        self._inbox.drop_held()
        self._unique_id = 0
        self._status = MultiplayerPeer.CONNECTION_DISCONNECTED
        _active.pop(id(self), None)
        self.set_refuse_new_connections(False)
        self._mode = Mode.NONE  # last, so that an interrupted call is repeated

    # Polling

    def poll(self) -> None:
        """Service the network, emit signals and queue received packets. Never blocks (Godot's reference is wrong).

        It stops after 0.1 s of work and leaves the rest to the next call.

        Signals and packets of one peer keep their order: its ``peer_disconnected`` is held back until the program has
        taken the packets before it, or until the third :meth:`poll` in a row without a packet taken. If a peer connects
        and disconnects within one poll, the next one emits its ``peer_disconnected``. A handler may call any method,
        including :meth:`close`.
        """
        if self._mode is Mode.NONE:
            return fail(INACTIVE, None)
        in_frame(self._poll, remote=True)
        return None

    def _poll(self) -> None:
        self._inbox.count()
        if dropped := self._inbox.drop_orphans():
            _log.warning("Dropped %d unread packets of disconnected peers: too many packets are unread.", dropped)
        overtake = self._inbox.begin_poll()
        work_off(self._todo)
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
        return in_frame(self._release_all, remote=True)

    def _release_all(self) -> bool:
        released = False
        for number in list(self._inbox.held):
            released = self._release(number) or released
        return released

    def _poll_one(self) -> None:
        """Take the events of the host of a server or client."""
        host = self._hosts.get(0)
        if host is None:
            self._end()  # it was interrupted when it had dropped the host, unless all is done
            return
        if self._mode is Mode.CLIENT and self._inbox.held:
            return  # disconnected with the signal still held back
        handle = self._handle_server_event if self._mode is Mode.SERVER else self._handle_client_event
        events = host._claimed
        time = PollTime()
        for _ in range(_MAX_EVENTS):
            if not events:
                host._service_into(events)
            if not events or time.is_over():
                break
            event = events[0]
            remote = event[1]
            if remote is None:
                # An error, such as a failed DTLS handshake, ends a client. A server goes on, since an error of one
                # client must not end it for the others, unless its host was destroyed.
                if self._mode is Mode.CLIENT:
                    self._on_failed(1, host, events)
                    break
                del events[0]
                if not host.engine_name:
                    if not self._inbox.held:
                        self._end()
                    break
                continue
            handle(host, events, event, remote)
            if self._hosts.get(0) is not host:
                break

    def _handle_server_event(
        self, host: ENetConnection, events: list[Any], event: tuple[Any, ...], remote: ENetPacketPeer
    ) -> None:
        """Handle the first event of a server."""
        if event[0] is _RECEIVE:
            self._queue(events, event, remote, self._ids.get(remote, 0))
        elif event[0] is _CONNECT:
            # The client has chosen the id. 0 means all, 1 is this server, and numbers that are negative to Godot
            # (2**31 and more) mean all but one. An id in use would let the client impersonate another one.
            number = event[2]
            known = self._ids.get(remote)  # if this was interrupted before
            if known is None and (self._refusing or not 2 <= number <= MAX_ID or self._is_taken(number)):
                if remote.is_active():
                    remote.reset()
                del events[0]
                return
            self._ids[remote] = number
            self._arriving.add(number)
            self._handle(number, _Change(_Kind.CONNECTED, host, remote), events)
        else:
            gone = self._ids.get(remote)
            if gone is None:
                del events[0]
            else:
                self._handle(gone, _Change(_Kind.DISCONNECTED, host, remote), events)

    def _is_taken(self, number: int) -> bool:
        """Return whether a peer has this id, or is about to be announced with it.

        A peer that has disconnected, with its signal still held back, frees its id for one other peer.
        """
        if number in self._arriving:
            return True
        if any(taken == number and remote.is_active() for remote, taken in self._ids.items()):
            return True  # possibly of a forcibly disconnected peer whose connection has not ended yet
        return number in self._peers and number not in self._inbox.held

    def _handle_client_event(
        self, host: ENetConnection, events: list[Any], event: tuple[Any, ...], remote: ENetPacketPeer
    ) -> None:
        """Handle the first event of a client."""
        if event[0] is _RECEIVE:
            self._queue(events, event, remote, 1)
        else:
            kind = _Kind.CONNECTED if event[0] is _CONNECT else _Kind.DISCONNECTED
            self._handle(1, _Change(kind, host, remote), events)

    def _poll_mesh(self) -> None:
        """Take the events of the hosts of a mesh."""
        hosts = list(self._hosts.items())
        for number, host in hosts:
            events = host._claimed
            time = PollTime(1 / len(hosts))
            for _ in range(_MAX_EVENTS):
                if self._hosts.get(number) is not host:
                    break  # a handler has dropped or replaced it
                if not events:
                    host._service_into(events)
                if not events or time.is_over():
                    break
                event = events[0]
                remote = event[1]
                if remote is None:
                    if host.engine_name:
                        del events[0]
                    else:
                        self._on_failed(number, host, events)
                    break
                if event[0] is _RECEIVE:
                    self._queue(events, event, remote, number)
                elif event[0] is _CONNECT:
                    remote.reset()  # the connection is for one peer only
                    del events[0]
                else:
                    self._handle(number, _Change(_Kind.DISCONNECTED, host, remote), events)

    def _queue(self, events: list[Any], event: tuple[Any, ...], remote: ENetPacketPeer, sender: int) -> None:
        """Queue the packet of the first event for the program."""
        while remote.get_available_packet_count():
            remote.get_packet()  # left over from a time when the program serviced the host itself
        _, _, packet, number, flags = event
        mode = (
            _RELIABLE
            if flags & ENetPacketPeer.FLAG_RELIABLE
            else _UNRELIABLE
            if flags & ENetPacketPeer.FLAG_UNSEQUENCED
            else _ORDERED
        )
        channel = number - RESERVED_CHANNELS + 1 if number >= RESERVED_CHANNELS else 0
        incoming, queue, fresh = self._inbox.place_packet(packet, sender, channel, mode, remote)
        # No call between these: see core/interrupts.py.
        queue += (incoming,)
        fresh += (incoming,)
        del events[0]

    # Changes

    def _find_inactive(self) -> None:
        """Announce peers that the program has ended through their ENetPacketPeer or their host."""
        for number, remote in list(self._peers.items()):
            if not remote.is_active() and number not in self._inbox.held and number not in self._leaving:
                host = self._hosts.get(number if self._mode is Mode.MESH else 0)
                self._ids.pop(remote, None)
                if host is not None:
                    self._handle(number, _Change(_Kind.INACTIVE, host, remote), [None])

    def _on_failed(self, number: int, host: ENetConnection, events: list[Any]) -> None:
        """Handle an error that ends the host of a client or of a mesh peer."""
        remote = self._peers.get(number)
        if remote is not None and number not in self._inbox.held:
            self._handle(number, _Change(_Kind.FAILED, host, remote), events)
            return
        if remote is None:
            self._hosts.pop(number, None)
        del events[0]

    def _handle(self, number: int, change: _Change, events: list[Any]) -> None:
        """Announce the first event, or hold it back behind packets that the program has not taken yet."""
        announcement = [ours(partial(self._announce, number, change))]
        ids, remote, ends = self._ids, change.remote, change.kind is _Kind.DISCONNECTED
        queue = self._inbox.place_change(number)
        # No call between these: see core/interrupts.py.
        if queue is not None:
            queue += (change,)
        else:
            self._todo += (announcement,)
        if ends and remote in ids:
            del ids[remote]
        del events[0]
        work_off(self._todo)

    def _release(self, number: int, *, overtake: bool = False) -> bool:
        """Announce held changes that need not wait any longer, and return whether there were any."""
        released = False
        while (queue := self._inbox.next_change(number, overtake=overtake)) is not None:
            released, overtake = True, False
            announcement = [ours(partial(self._announce, number, queue[0]))]  # type: ignore[arg-type]  # no packet
            self._todo += (announcement,)
            del queue[0]
            self._inbox.tidy(number)
            work_off(self._todo)
        return released

    def _announce(self, number: int, change: _Change) -> Steps:
        kind, host, remote = change
        if self._hosts.get(number if self._mode is Mode.MESH else 0) is not host:
            return []  # closed or replaced meanwhile
        if kind is _Kind.CONNECTED:
            return self._announce_connected(number, remote)
        if self._peers.get(number) is not remote:
            return []  # disconnected by force
        return self._announce_disconnected(number, change)

    def _announce_connected(self, number: int, remote: ENetPacketPeer) -> Steps:
        if self._mode is Mode.CLIENT:
            self._status = MultiplayerPeer.CONNECTION_CONNECTED
        else:
            self._arriving.discard(number)
            remote._is_numbered = True
            self._peers[number] = remote
        self._inbox.add_connected(number)
        return [*self.peer_connected._steps(number), ours(partial(self._tell_dropped, number, remote))]

    def _tell_dropped(self, number: int, remote: ENetPacketPeer) -> Steps:
        """Emit ``_peer_dropped`` again if a handler has dropped the peer: later handlers have seen it connect since."""
        if self._mode is Mode.SERVER and self._peers.get(number) is not remote:
            return self._peer_dropped._steps(number)
        return []

    def _announce_disconnected(self, number: int, change: _Change) -> Steps:
        kind = change.kind
        steps: Steps = []
        if kind is _Kind.INACTIVE:
            steps.append(ours(partial(self._forget, number)))
        is_client = self._mode is Mode.CLIENT
        if not is_client or kind is _Kind.INACTIVE or (kind is _Kind.DISCONNECTED and self._is_connected()):
            # A peer that the program did not end still exists while the signal is emitted, as in Godot.
            self._leaving.add(number)
            steps += self.peer_disconnected._steps(number)
        steps.append(ours(partial(self._finish_disconnected, number, change)))
        return steps

    def _finish_disconnected(self, number: int, change: _Change) -> None:
        self._leaving.discard(number)
        if self._mode is Mode.CLIENT:
            if self._hosts.get(0) is change.host:
                self._end()
        elif self._peers.get(number) is change.remote:
            self._forget(number)

    def _is_connected(self) -> bool:
        return self._status is MultiplayerPeer.CONNECTION_CONNECTED

    def _forget(self, number: int) -> None:
        self._peers.pop(number, None)
        if self._mode is Mode.MESH:
            self._hosts.pop(number, None)


_active: weakref.WeakValueDictionary[int, ENetPeers] = weakref.WeakValueDictionary()
"""By ``id()``, since a program's subclass need not be hashable."""


def _close_all() -> None:
    """Close all peers at exit. Registered after the core's handler, so it runs before the core ends its threads."""
    for peer in list(_active.values()):
        if peer._process == os.getpid():
            peer.close()


atexit.register(_close_all)
