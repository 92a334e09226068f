"""The exceptions of the core. Raised for the caller's mistakes only, with the state unchanged.

Nothing from the network ever raises: bad datagrams are dropped and counted (see ``protocol.drops.Drop``).

    EnetError
    +-- UnknownPeer      the handle is stale, or never was one
    +-- NotConnected     the peer is not in state CONNECTED
    +-- InvalidChannel   channel beyond what was negotiated
    +-- PacketTooLarge   beyond the host's maximum packet size, or too many fragments
    +-- SendQueueFull    too much waits to be sent already
    +-- NoFreePeer       every slot is taken
    +-- HostClosed       the host was closed
    +-- BindError        the socket could not be created or bound
    +-- UnknownZone      an IPv6 address is on a network that this machine does not have

``HostBusy`` is a RuntimeError: it means a call at the wrong time, which nothing here may swallow.
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
    "UnknownPeer",
    "UnknownZone",
]


class EnetError(Exception):
    """Base of everything the core raises on purpose."""


class UnknownPeer(EnetError):
    """The peer handle does not name a peer of this host (any more)."""


class NotConnected(EnetError):
    """The peer is not in state CONNECTED, so it cannot take packets."""


class InvalidChannel(EnetError):
    """The channel is not one of those negotiated with this peer."""


class PacketTooLarge(EnetError):
    """The packet exceeds the host's maximum packet size or 1,048,576 fragments."""


class SendQueueFull(EnetError):
    """Too much waits to be sent to the peer, or to all peers together, or to be acknowledged: try again later."""


class NoFreePeer(EnetError):
    """All peer slots of the host are in use."""


class HostClosed(EnetError):
    """The host was closed, by this thread or another."""


class BindError(EnetError):
    """The UDP socket could not be created or bound."""


class UnknownZone(EnetError):
    """An IPv6 address has the zone (``%eth0``, ``%2``) of a network interface that does not exist."""


class HostBusy(RuntimeError):
    """The call cannot be made in the middle of another call of the same host.

    A signal handler, a finalizer, a log handler or a connect hook has run in the middle of a call, and asks for
    something that cannot wait for its end: ``service``, ``connect``. Also raised where another thread stays inside the
    host.
    """
