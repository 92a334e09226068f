"""Events that a host reports: one type for all kinds, as ENet's own ``ENetEvent``."""

from __future__ import annotations

from typing import NamedTuple, NewType

from godot_enet.core.protocol.enums import NamedIntEnum

__all__ = ["FAILURE", "DisconnectReason", "Event", "EventType", "PeerHandle"]

PeerHandle = NewType("PeerHandle", int)
"""Names one connection: slot, shard and generation (see ``PLACE_BITS``). A stale handle is detected, never reused."""


class EventType(NamedIntEnum):
    """Kind of an event; the numbers are ENet's."""

    ERROR = -1
    """The transport failed, temporarily or permanently; no peer has changed. ENet's ``service`` returns -1 then."""
    NONE = 0
    CONNECT = 1
    DISCONNECT = 2
    RECEIVE = 3


class DisconnectReason(NamedIntEnum):
    """Why a connection ended."""

    NONE = 0
    """It has not ended, or the reason is unknown."""
    TIMEOUT = 1
    """The remote did not acknowledge something in time."""
    REMOTE = 2
    """The remote disconnected."""
    LOCAL = 3
    """This side disconnected."""
    REFUSED = 4
    """The remote's reply to our CONNECT is invalid: not ENet, or not meant for us."""
    LIMIT = 5
    """The remote exceeded its receive budget for too long, or acknowledged nothing while its send queue was full."""


class Event(NamedTuple):
    """One thing that happened to one peer."""

    type: EventType
    peer: PeerHandle
    channel: int = 0
    """Channel of a RECEIVE, else 0."""
    data: int = 0
    """CONNECT: the connecting side's number (0 on that side itself). DISCONNECT: the remote's number, else 0."""
    packet: bytes = b""
    """Payload of a RECEIVE, else empty."""
    flags: int = 0
    """How a RECEIVE was sent: 1 reliable, 2 unsequenced, 8 unreliable fragments, 0 unreliable."""
    reason: DisconnectReason = DisconnectReason.NONE
    """The reason of a DISCONNECT."""
    command: int = 0
    """The ``Command`` that was not acknowledged, if ``reason`` is TIMEOUT."""


FAILURE = Event(EventType.ERROR, PeerHandle(0))
"""The event that ``service`` returns when a transport has failed."""
