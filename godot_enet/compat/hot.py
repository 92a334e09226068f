"""Base classes with C methods for the calls made per message; without C, they are empty.

``HotPeer`` and ``HotConnection`` come first among the bases of the classes here, so that their ``send``, ``get_packet``
and ``service`` are called first. They handle the common case, and pass everything else to the Python method of that
name, which defines the behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from godot_enet.core.native import document_methods, hot_types
from godot_enet.core.protocol.constants import PLACE_BITS
from godot_enet.core.protocol.events import PeerHandle

__all__ = ["HotConnection", "HotPeer", "document_methods", "in_c", "place_of", "set_results"]

_PLACES = (1 << PLACE_BITS) - 1


class _Peer:
    __slots__ = ("_address", "_ended", "_handle", "_host", "_is_numbered", "_packets")

    def _native(self, host: object) -> None:
        """Set the C host for the common case; None: all calls go to the Python methods."""


class _Connection:
    __slots__ = ()

    def _native(
        self, host: object, listed: dict[PeerHandle, Any], ended: list[PeerHandle], undelivered: list[Any]
    ) -> None:
        """Set the C host for ``service``; None: all calls go to the Python method."""

    def _register_peer(self, place: int, peer: object) -> None:
        """Set the object that receives the packets of the peer in this place (see ``place_of``), or None."""


def in_c(host: object) -> object | None:
    """Return the host if it has C methods that those of peers and connections can call, or None."""
    return host if isinstance(host, _HOSTS) else None


def place_of(handle: int) -> int:
    """Return the shard and slot of a peer, by which C finds its object."""
    return handle & _PLACES


def set_results(
    ok: object, none_result: object, received: tuple[object, type], joined: tuple[object, type], peer: type
) -> None:
    """Set what the C methods return: ``Error.OK``, the result for no event, types and classes of events, peers."""
    hot = hot_types()
    if hot is not None:
        hot.set_results((ok, none_result, *received, *joined, peer))


_hot = hot_types()
_HOSTS: tuple[type, ...] = () if _hot is None else (_hot.host,)
if TYPE_CHECKING:
    HotPeer = _Peer
    HotConnection = _Connection
else:
    HotPeer = _Peer if _hot is None else _hot.peer
    HotConnection = _Connection if _hot is None else _hot.connection
