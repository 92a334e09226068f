"""The bases that bring C methods for the calls made per message, or nothing where there are none.

``HotPeer`` and ``HotConnection`` come first among the bases of the classes here, so that their ``send``, ``get_packet``
and ``service`` are asked first; whatever is not the plain good case they pass on to the Python method of that name,
which defines what the call does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from godot_enet.core.native import hot_types
from godot_enet.core.protocol.events import PeerHandle

__all__ = ["HotConnection", "HotPeer", "set_results"]


class _Peer:
    __slots__ = ()

    def _native(self, handle: object, peer: int) -> None:
        """From now on the plain case goes to this C host; None: no more."""


class _Connection:
    __slots__ = ()

    def _native(self, handle: object, ended: list[PeerHandle], undelivered: list[Any], slots: int) -> None:
        """From now on ``service`` asks this C host; None: no more."""

    def _seat(self, slot: int, peer: object) -> None:
        """The object that packets from this slot go to; None: none."""


def set_results(ok: object, event_receive: object, result: type, none_result: object) -> None:
    """What the C methods hand out: ``Error.OK``, ``EVENT_RECEIVE``, the result class, and "nothing happened"."""
    hot = hot_types()
    if hot is not None:
        hot.set_results(ok, event_receive, result, none_result)


if TYPE_CHECKING:
    HotPeer = _Peer
    HotConnection = _Connection
else:
    _hot = hot_types()
    HotPeer = _Peer if _hot is None else _hot.peer
    HotConnection = _Connection if _hot is None else _hot.connection
