"""The events that ``ENetConnection.service`` returns: a union that type checkers narrow by the type of the event.

Each is Godot's ``[event_type, peer, data, channel]``: it can be indexed, unpacked, read by name and matched. They are
separate classes because a type checker then knows which of them have a peer.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.core.protocol.enums import NamedIntEnum

__all__ = [
    "ConnectEvent",
    "ConnectionEvent",
    "DisconnectEvent",
    "ErrorEvent",
    "NoEvent",
    "ReceiveEvent",
    "ReportedEvent",
    "ServiceResult",
]


class ConnectionEvent(NamedIntEnum):
    """The types of the events of :meth:`ENetConnection.service`."""

    EVENT_ERROR = -1
    """The connection is inactive or has failed."""
    EVENT_NONE = 0
    """Nothing has happened."""
    EVENT_CONNECT = 1
    """A peer has connected."""
    EVENT_DISCONNECT = 2
    """A peer has disconnected or did not answer."""
    EVENT_RECEIVE = 3
    """A packet has arrived."""


ConnectionEvent.__name__ = "EventType"
ConnectionEvent.__qualname__ = "ENetConnection.EventType"
ConnectionEvent.__module__ = "godot_enet.compat.enet_connection"  # where pickle looks for it


class ConnectEvent(NamedTuple):
    """A connection is established."""

    type: Literal[ConnectionEvent.EVENT_CONNECT]
    peer: ENetPacketPeer
    data: int
    """The number that the connecting side passed to ``connect_to_host``; 0 on that side itself."""
    channel: int
    """0."""


class DisconnectEvent(NamedTuple):
    """A connection has ended, or an attempt to connect has failed."""

    type: Literal[ConnectionEvent.EVENT_DISCONNECT]
    peer: ENetPacketPeer
    """The peer, inactive by now."""
    data: int
    """The number that the remote passed to ``peer_disconnect``; 0 for a timeout or a local disconnect."""
    channel: int
    """0."""


class ReceiveEvent(NamedTuple):
    """A packet has arrived: take it with ``peer.get_packet()``."""

    type: Literal[ConnectionEvent.EVENT_RECEIVE]
    peer: ENetPacketPeer
    data: int
    """0."""
    channel: int
    """The channel of the packet."""


class NoEvent(NamedTuple):
    """There is no event."""

    type: Literal[ConnectionEvent.EVENT_NONE] = ConnectionEvent.EVENT_NONE
    peer: None = None
    data: int = 0
    channel: int = 0


class ErrorEvent(NamedTuple):
    """The connection is inactive or has failed; the log says why."""

    type: Literal[ConnectionEvent.EVENT_ERROR] = ConnectionEvent.EVENT_ERROR
    peer: None = None
    data: int = 0
    channel: int = 0


ReportedEvent: TypeAlias = ConnectEvent | DisconnectEvent | ReceiveEvent | ErrorEvent
"""The results of ``events``: all but NoEvent."""
ServiceResult: TypeAlias = ConnectEvent | DisconnectEvent | ReceiveEvent | NoEvent | ErrorEvent
"""The results of ``service``: the type of an event tells its class, and whether it has a peer."""
