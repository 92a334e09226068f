"""One poll of a SceneMultiplayer: the events of the transport, then its packets, until none is left or time is up."""

from __future__ import annotations

from functools import partial
from math import inf

from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.poll_time import PollTime
from godot_enet.compat.scene.dispatcher import Dispatcher
from godot_enet.compat.scene.path_cache import PathCache
from godot_enet.compat.scene.replication.replicator import Replicator
from godot_enet.compat.scene.scene_peers import ScenePeers
from godot_enet.compat.scene.scene_settings import SceneSettings
from godot_enet.compat.scene.scene_transport import SceneTransport
from godot_enet.compat.steps import Backlog, ours

__all__ = ["ScenePoll"]


class ScenePoll:
    """Polls the transport of one multiplayer.

    Args:
        transport: the transport.
        settings: with ``exact`` a poll continues as long as there are packets, as in Godot.
        peers: handle its end.
        dispatcher: handles each packet.
        cache: retries early paths.
        replicator: sends pending updates at the end.
        backlog: the unfinished steps of an event, with which the next poll continues.
    """

    def __init__(
        self,
        transport: SceneTransport,
        settings: SceneSettings,
        peers: ScenePeers,
        dispatcher: Dispatcher,
        cache: PathCache,
        replicator: Replicator,
        backlog: Backlog,
    ) -> None:
        self._transport = transport
        self._settings = settings
        self._peers = peers
        self._dispatcher = dispatcher
        self._cache = cache
        self._replicator = replicator
        self._backlog = backlog

    def poll(self) -> None:
        """Poll the transport, handle its packets and emit signals; then send what is due. Never blocks."""
        if self.receive():
            self._peers.expire()
            if self._peers.update_status():
                self._cache.retry_early()
                self._replicator.step()

    def receive(self) -> bool:
        """The first half of :meth:`poll`. Returns whether the transport is connected."""
        self._backlog.resume()
        self._peers.update_status()
        transport = self._transport.multiplayer_peer
        if transport is None or self._peers.has_ended():
            return False
        transport.poll()
        time = PollTime(inf if self._settings.exact else 1)
        while True:
            if not self._peers.update_status() or not self._receive_all(transport, time):
                return False
            if self._transport.multiplayer_peer is not transport or time.is_over() or not transport._deliver_held():
                return True

    def _receive_all(self, transport: MultiplayerPeer, time: PollTime) -> bool:
        """Handle the packets of the transport, and return whether it is still connected."""
        taken, backlog = self._transport.taken, self._backlog
        while self._transport.multiplayer_peer is transport and (taken or transport.get_available_packet_count()):
            if not taken:
                transport._take_into(taken)
            steps = [ours(partial(self._dispatcher.open, *taken[0]))]
            # No call between these: see core/interrupts.py.
            backlog.lists += (steps,)
            del taken[0]
            backlog.resume()
            if not self._peers.update_status():
                return False
            if time.is_over():
                break
        transport._send_queued()  # relayed packets, in few datagrams
        return True
