"""What a host reports to the program: one shape for all three kinds, as in ENet's own ``ENetEvent``."""

from __future__ import annotations

from typing import NamedTuple, NewType

from godot_enet.core.protocol.enums import NamedIntEnum

__all__ = ["FAILURE", "DisconnectReason", "Event", "EventType", "PeerHandle"]

PeerHandle = NewType("PeerHandle", int)
"""Names one connection: slot in the low 12 bits, generation above. A stale handle is detected, never reused."""


class EventType(NamedIntEnum):
    """Kind of an event; the numbers are ENet's."""

    ERROR = -1
    """The transport broke, for now or for good; no peer has changed. What ENet's ``service`` returns then."""
    NONE = 0
    CONNECT = 1
    DISCONNECT = 2
    RECEIVE = 3


class DisconnectReason(NamedIntEnum):
    """Why a connection ended."""

    NONE = 0
    """It has not, or nobody knows."""
    TIMEOUT = 1
    """The remote did not acknowledge something in time."""
    REMOTE = 2
    """The remote asked for it."""
    LOCAL = 3
    """This side asked for it."""
    REFUSED = 4
    """The remote's answer to our CONNECT does not fit: not ENet, or not meant for us."""
    LIMIT = 5
    """The remote sent more than its budget for too long, or took nothing of what it was sent until that was too much.
    """


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
    """How a RECEIVE came: 1 reliable, 2 unsequenced, 8 unreliable fragments, 0 unreliable."""
    reason: DisconnectReason = DisconnectReason.NONE
    """Why a DISCONNECT came."""
    command: int = 0
    """The number (``Command``) of what was not acknowledged, where ``reason`` is TIMEOUT."""


FAILURE = Event(EventType.ERROR, PeerHandle(0))
"""What ``service`` gives when a transport has failed."""
