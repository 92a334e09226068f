"""The exceptions of the core. Raised only for errors of the caller, with the state unchanged.

Nothing from the network ever raises: bad datagrams are dropped and counted (see ``protocol.drops.Drop``).

    EnetError
    +-- UnknownPeer      the handle is stale, or never was one
    +-- NotConnected     the peer is not in state CONNECTED
    +-- InvalidChannel   channel beyond what was negotiated
    +-- PacketTooLarge   beyond the host's maximum packet size, or too many fragments
    +-- SendQueueFull    the send queue is full
    +-- NoFreePeer       every slot is in use
    +-- HostClosed       the host was closed
    +-- BindError        the socket could not be created or bound
    +-- SeveralShards    the host has several shards, and cannot do this with more than one
    +-- UnknownZone      the zone of an IPv6 address names no interface of this machine

``HostBusy`` is a RuntimeError, so that nothing here suppresses it: it means a call at the wrong time.
"""

from __future__ import annotations

__all__ = [
    "BindError",
    "EnetError",
    "HostBusy",
    "HostClosed",
    "InvalidChannel",
    "NoFreePeer",
    "NotConnected",
    "PacketTooLarge",
    "SendQueueFull",
    "SeveralShards",
    "UnknownPeer",
    "UnknownZone",
]


class EnetError(Exception):
    """Base class of the exceptions that the core raises."""


class UnknownPeer(EnetError):
    """The peer handle does not name a current peer of this host."""


class NotConnected(EnetError):
    """The peer is not in state CONNECTED, so it cannot take packets."""


class InvalidChannel(EnetError):
    """The channel is not one of those negotiated with this peer."""


class PacketTooLarge(EnetError):
    """The packet exceeds the host's maximum packet size or 1,048,576 fragments."""


class SendQueueFull(EnetError):
    """Too much data is queued for the peer or for all peers together, or unacknowledged: try again later."""


class NoFreePeer(EnetError):
    """All peer slots of the host are in use."""


class HostClosed(EnetError):
    """The host was closed, by this thread or another."""


class BindError(EnetError):
    """The UDP socket could not be created or bound."""


class SeveralShards(EnetError):
    """A host with several shards cannot connect, nor be handed over to Python once it has peers."""


class UnknownZone(EnetError):
    """An IPv6 address has the zone (``%eth0``, ``%2``) of a network interface that does not exist."""


class HostBusy(RuntimeError):
    """The call cannot be made inside another call of the same host.

    A signal handler, a finalizer, a log handler or a connect hook ran inside a call, and requested something that
    cannot be postponed until that call ends: ``service`` or ``connect``. Also raised when another thread does not leave
    the host.
    """
