"""SceneMultiplayer on an asyncio loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from godot_enet.aio.multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene import scene_multiplayer
from godot_enet.core.drivers.waiters import Waiters

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["SceneMultiplayer"]

_FRAME = 1 / 60
"""Seconds between polls without a datagram."""


class SceneMultiplayer(scene_multiplayer.SceneMultiplayer):
    """:class:`godot_enet.SceneMultiplayer`, which the running asyncio loop polls.

    It is polled inside ``async with``: at once when an :class:`ENetMultiplayerPeer` of this module has received
    something, and every ``interval``, for synchronizers, timeouts and other transports. The end of the block closes the
    transport. Signals and RPCs run in the loop; ``async def`` handlers become tasks, and
    ``await multiplayer.peer_connected`` waits for a signal.

    Args:
        exact: as for :class:`godot_enet.SceneMultiplayer`.
        interval: seconds between polls while nothing arrives.
    """

    def __init__(self, *, exact: bool = False, interval: float = _FRAME) -> None:
        self._interval = interval
        self._loop: asyncio.AbstractEventLoop | None = None
        """The loop inside ``async with``."""
        self._timer: asyncio.Handle | None = None
        self._soon: asyncio.Handle | None = None
        self._waiters = Waiters()
        super().__init__(exact=exact)

    async def __aenter__(self) -> Self:
        if self._loop is not None:
            raise RuntimeError("this SceneMultiplayer is polled already")
        self._loop = asyncio.get_running_loop()
        self._listen()
        self._poll_soon()
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        self._loop = None
        for handle in (self._timer, self._soon):
            if handle is not None:
                handle.cancel()
        self._timer = self._soon = None
        peer = self.get_multiplayer_peer()
        if isinstance(peer, ENetMultiplayerPeer):
            peer._listener = None
        if peer is not None:
            peer.close()
        self._waiters.wake()

    async def connected(self) -> None:
        """Wait until this end is connected: a client to its server, authentication included. Other ends are connected
        at once.

        Raises:
            ConnectionError: the attempt has failed, the connection has ended, or there is no ``multiplayer_peer``.
            RuntimeError: called outside ``async with``, where nothing polls.
        """
        while not self._is_ready():
            if self._loop is None:
                raise RuntimeError("nothing polls this SceneMultiplayer: use it in an async with block")
            await self._waiters.wait()

    def _is_ready(self) -> bool:
        peer = self.get_multiplayer_peer()
        status = MultiplayerPeer.CONNECTION_DISCONNECTED if peer is None else peer.get_connection_status()
        if peer is None or status is MultiplayerPeer.CONNECTION_DISCONNECTED:
            raise ConnectionError("not connected")
        if status is not MultiplayerPeer.CONNECTION_CONNECTED:
            return False
        is_client = peer.is_server_relay_supported() and peer.get_unique_id() != MultiplayerPeer.TARGET_PEER_SERVER
        return not is_client or MultiplayerPeer.TARGET_PEER_SERVER in self.get_peers()

    def set_multiplayer_peer(self, peer: MultiplayerPeer | None) -> None:
        """Set the transport; see :meth:`godot_enet.SceneMultiplayer.set_multiplayer_peer`."""
        before = self._transport.multiplayer_peer
        super().set_multiplayer_peer(peer)
        if isinstance(before, ENetMultiplayerPeer) and before is not self._transport.multiplayer_peer:
            before._listener = None
        self._listen()

    def _listen(self) -> None:
        """Have the transport ask for a poll; outside ``async with`` it keeps no reference."""
        peer = self._transport.multiplayer_peer
        if self._loop is not None and isinstance(peer, ENetMultiplayerPeer):
            peer._listener = self._poll_soon
            self._poll_soon()

    def _poll_soon(self) -> None:
        if self._loop is not None and self._soon is None:
            self._soon = self._loop.call_soon(self._poll_in_loop)

    def _poll_in_loop(self) -> None:
        """Poll, and set the timer for the next time."""
        loop = self._loop
        if loop is None:
            return
        for handle in (self._timer, self._soon):
            if handle is not None:
                handle.cancel()
        self._timer = self._soon = None
        try:
            self.poll()
        finally:
            if self._loop is loop:
                self._timer = loop.call_later(0 if self._has_more() else self._interval, self._poll_in_loop)
            self._waiters.wake()

    def _has_more(self) -> bool:
        """Return whether this poll has left signals or packets for the next one."""
        peer = self._transport.multiplayer_peer
        return isinstance(peer, ENetMultiplayerPeer) and bool(peer._hosts) and peer.poll_timeout() == 0.0
