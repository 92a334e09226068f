"""ENetMultiplayerPeer on an asyncio loop."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from godot_enet.aio.connection import ENetConnection
from godot_enet.compat import enet_connection, enet_multiplayer_peer
from godot_enet.compat.globals import Error
from godot_enet.core import Host, HostConfig
from godot_enet.core.any_host import HostOpener
from godot_enet.core.drivers.waiters import Waiters

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["ENetMultiplayerPeer"]


class ENetMultiplayerPeer(enet_multiplayer_peer.ENetMultiplayerPeer):
    """:class:`godot_enet.ENetMultiplayerPeer` on the running asyncio loop, without a network thread.

    The transport of a :class:`SceneMultiplayer`, which polls it. A program without one calls ``poll()`` after each
    :meth:`wait`. ``async with`` closes it at the end.

    Args:
        config: as for :class:`godot_enet.ENetConnection`.
        opener: as for :class:`godot_enet.ENetConnection`.
    """

    def __init__(self, *, config: HostConfig | None = None, opener: HostOpener = Host.open) -> None:
        self._waiters = Waiters()
        self._listener: Callable[[], object] | None = None
        """Called in the loop once ``poll()`` has something to do."""
        super().__init__(threaded=False, config=config, opener=opener)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        self.close()

    async def wait(self) -> None:
        """Wait until ``poll()`` has something to do, or ``close()``. Return at once while inactive, or while packets
        wait."""
        if self.get_connection_status() is self.CONNECTION_DISCONNECTED:
            return
        if self.poll_timeout() == 0.0:
            await asyncio.sleep(0)
            return
        await self._waiters.wait()

    def add_mesh_peer(self, peer_id: int, host: enet_connection.ENetConnection | None) -> Error:
        """Add a connection to another member of the mesh, an :class:`ENetConnection` of this module or any other.

        See :meth:`godot_enet.ENetMultiplayerPeer.add_mesh_peer`. Only those of this module end a :meth:`wait`.
        """
        outcome = super().add_mesh_peer(peer_id, host)
        if outcome is Error.OK and isinstance(host, ENetConnection):
            host._call_when_shown(_weakly(self))
        return outcome

    def _make_host(self, shards: int | None) -> ENetConnection:
        del shards  # without a network thread there is one
        host = ENetConnection(config=self._config, opener=self._opener)
        host._call_when_shown(_weakly(self))
        return host

    def _show(self) -> None:
        """End all waits, since there is something to do."""
        self._waiters.wake()
        if self._listener is not None:
            self._listener()

    def _end(self) -> None:
        super()._end()
        self._show()


def _weakly(peer: ENetMultiplayerPeer) -> Callable[[], object]:
    """Return a callback that does not keep the peer alive."""
    seen = weakref.ref(peer)

    def shown() -> None:
        found = seen()
        if found is not None:
            found._show()

    return shown
