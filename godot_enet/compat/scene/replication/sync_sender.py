"""The network step: SYNC and DELTA packets with the values of our synchronizers.

Properties are read and values encoded once in a step for all peers. The packets for each peer and their order
are Godot's; Godot repeats the reading and encoding for each peer.
"""

# godot: scene_replication_interface.cpp: on_network_process, _send_sync, _send_delta

from __future__ import annotations

from collections.abc import Callable
from time import monotonic_ns
from typing import TYPE_CHECKING, TypeAlias

from godot_enet.compat.errors import fail
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene.arguments import encode_argument
from godot_enet.compat.scene.replication.packets import (
    DELTA,
    DELTA_ELEMENT,
    PATH_ID,
    SYNC_ELEMENT,
    SYNC_HEAD,
)
from godot_enet.compat.scene.replication.plan import Entry, Plan, Standing, make_plans
from godot_enet.compat.scene.replication.property_paths import PropertyError, read_all
from godot_enet.compat.scene.replication.revision import revision
from godot_enet.compat.scene.replication.state import PeerState, ReplicationState, place
from godot_enet.compat.scene.replication.traffic import SceneCount, SceneTraffic
from godot_enet.compat.scene.scene_commands import SYNC
from godot_enet.compat.variant import EncodeError

if TYPE_CHECKING:
    from godot_enet.compat.scene.path_cache import PathCache
    from godot_enet.compat.scene.replication.synchronizer import MultiplayerSynchronizer
    from godot_enet.compat.scene.scene_settings import SceneSettings
    from godot_enet.compat.scene.scene_transport import SceneTransport

__all__ = ["SyncSender"]

_RELIABLE = MultiplayerPeer.TRANSFER_MODE_RELIABLE
_UNRELIABLE = MultiplayerPeer.TRANSFER_MODE_UNRELIABLE
_SKIPPED = 'Condition "!sync || !sync->get_replication_config_ptr() || !_has_authority(sync)" is true. Continuing.'
_DELTA_HEAD = bytes([DELTA])


class _Packet:
    """A SYNC packet without its head, which contains the time of the peer."""

    __slots__ = ("body", "count", "noted")

    def __init__(self, elements: list[bytes], noted: list[tuple[MultiplayerSynchronizer, int]]) -> None:
        self.body = b"".join(elements)
        self.count = len(elements)
        self.noted = noted
        """The synchronizers in it, each with its size in bytes."""


_Action: TypeAlias = "_Packet | str | MultiplayerSynchronizer"
"""For a peer: send a packet, log an error, or send the path of a synchronizer."""


class SyncSender:
    """Sends the values of one multiplayer.

    Args:
        state: the state of the replicator.
        transport: sends the packets.
        cache: the path ids of synchronizers that are not part of a spawn.
        settings: the maximum sizes of packets.
        traffic: counts packets.
        clock: microseconds.
    """

    def __init__(
        self,
        state: ReplicationState,
        transport: SceneTransport,
        cache: PathCache,
        settings: SceneSettings,
        traffic: SceneTraffic,
        clock: Callable[[], int] = lambda: monotonic_ns() // 1000,
    ) -> None:
        self._state = state
        self._transport = transport
        self._cache = cache
        self._settings = settings
        self._traffic = traffic
        self.clock = clock
        self._plans: dict[int, Plan] = {}
        self._planned: object = None
        """The revision of the plans."""

    def step(self) -> None:
        """Send what is due."""
        if not self._state.sync_nodes:
            return
        now = self.clock()
        tree = next(iter(self._state.sync_nodes))._tree
        planned = revision.count, self._cache.confirmations, tree and tree._renames
        if planned != self._planned:
            self._plans = make_plans(self._state, self._cache)
            self._planned = planned
        shared: dict[int, list[_Action]] = {}
        encoded: dict[tuple[int, int], tuple[int, bytes] | str] = {}
        sent = False
        for peer, plan in list(self._plans.items()):
            state = self._state.peers.get(peer)
            if state is None:
                continue
            state.last_sent_sync = (state.last_sent_sync + 1) & 0xFFFF
            actions = shared.get(id(plan))
            if actions is None:
                is_due = bool(plan.sync) and now >= plan.next_sync
                actions = shared[id(plan)] = self._sync_actions(plan, now) if is_due else []
            if actions:
                sent = True
                self._play(peer, state.last_sent_sync, actions)
            if plan.watch:
                sent = self._send_deltas(peer, state, plan, now, encoded) or sent
            if plan.has_new:
                self._planned = None
        transport = self._transport.multiplayer_peer
        if sent and transport is not None:
            transport._send_queued()

    # Properties that are always sent

    def _sync_actions(self, plan: Plan, now: int) -> list[_Action]:
        """The work of the sync pass for each peer of a plan."""
        limit, exact = self._settings.max_sync_packet_size, self._settings.exact
        actions: list[_Action] = []
        elements: list[bytes] = []
        noted: list[tuple[MultiplayerSynchronizer, int]] = []
        length = SYNC_HEAD.size
        for entry in plan.sync:
            synchronizer, standing = entry.synchronizer, entry.standing
            if standing is Standing.BROKEN:
                actions.append(_SKIPPED)
                continue
            # One time for all peers: if a synchronizer is due for one peer, it is due for the next one, too.
            if synchronizer._last_sync != now:
                if now < synchronizer._last_sync + synchronizer._sync_interval:
                    continue
                synchronizer._last_sync = now
                synchronizer._sync_element = None
            if entry.root is None or entry.root._freed:
                actions.append('Condition "!node" is true. Continuing.')
                continue
            if standing is not Standing.READY:
                if standing is Standing.NEW:
                    actions.append(synchronizer)
                continue
            element = synchronizer._sync_element
            if element is None:
                element = synchronizer._sync_element = self._encode_sync(entry)
            if isinstance(element, list):
                actions += element
                continue
            if not element:
                continue
            if length + len(element) > limit:
                if elements or exact:  # Godot sends an empty packet, too
                    actions.append(_Packet(elements, noted))
                elements, noted, length = [], [], SYNC_HEAD.size
            elements.append(element)
            noted.append((synchronizer, len(element)))
            length += len(element)
        if elements:
            actions.append(_Packet(elements, noted))
        plan.next_sync = 0 if plan.has_always else min(map(_next_sync, plan.sync))
        return actions

    def _encode_sync(self, entry: Entry) -> bytes | list[str]:
        """The element of a synchronizer: empty without properties, or the errors if there is none."""
        synchronizer, root = entry.synchronizer, entry.root
        assert root is not None
        try:
            values = read_all(entry.lists.sync, root)
        except PropertyError as error:
            return [*error.lines, "Unable to retrieve sync state."]
        try:
            body = b"".join([encode_argument(value) for value in values])
        except (EncodeError, TypeError, OverflowError) as error:
            return [f"Unable to encode sync state. ({place(root)}: {error})"]
        limit = self._settings.max_sync_packet_size
        if len(body) > limit:
            return [f"Node states bigger than MTU will not be sent ({len(body)} > {limit}): {place(root)}"]
        return SYNC_ELEMENT.pack(synchronizer._net_id, len(body)) + body if body else b""

    def _play(self, peer: int, time: int, actions: list[_Action]) -> None:
        head = SYNC_HEAD.pack(SYNC, time)
        transport, traffic = self._transport, self._traffic
        for action in actions:
            if isinstance(action, _Packet):
                transport.send_queued(peer, head + action.body, _UNRELIABLE)
                traffic.add(SceneCount.SYNCS_SENT, action.count)
                if traffic.detailed:
                    for synchronizer, size in action.noted:
                        traffic.note(SceneCount.SYNCS_SENT, size, synchronizer)
            elif isinstance(action, str):
                fail(action, None)
            else:
                self._introduce(action, peer)

    def _introduce(self, synchronizer: MultiplayerSynchronizer, peer: int) -> None:
        """Send a peer the path of a synchronizer, unless it has it."""
        # godot: _verify_synchronizer
        number, _ = self._cache.introduce(synchronizer, [peer])
        synchronizer._net_id = PATH_ID | number

    # Properties that are sent on change

    def _send_deltas(
        self,
        peer: int,
        state: PeerState,
        plan: Plan,
        now: int,
        encoded: dict[tuple[int, int], tuple[int, bytes] | str],
    ) -> bool:
        """The delta pass for one peer. Returns whether something was sent."""
        limit, last_watch = self._settings.max_delta_packet_size, state.last_watch
        elements: list[bytes] = []
        keys: list[int] = []
        length, sent, ready = 1, False, Standing.READY
        for entry in plan.watch:
            if entry.standing is not ready:
                if entry.standing is Standing.BROKEN:
                    fail(_SKIPPED, None)
                else:
                    self._introduce(entry.synchronizer, peer)
                continue
            key, watchers = entry.key, entry.watchers
            last = last_watch.get(key, 0)
            # If it was checked for one peer in this step, the result counts for the next peer, whatever its interval.
            if watchers.last != now:
                if now < last + entry.delta_interval:
                    continue
                if entry.root is None or entry.root._freed:
                    fail('Parameter "node" is null.', None)
                    fail('Condition "err != OK" is true. Returning: out', None)
                    continue
                watchers.sample(entry.root, entry.watched, entry.read_watched, now)
            if watchers.newest <= last:
                continue
            synchronizer = entry.synchronizer
            cached = (key, last)
            found = encoded.get(cached)
            if found is None:
                found = encoded[cached] = self._encode_delta(synchronizer, last)
            if isinstance(found, str):
                fail(found, None)
                continue
            size, element = found
            if size > limit:
                path = place(synchronizer)
                fail(f"Synchronizer delta bigger than MTU will not be sent ({size} > {limit}): {path}", None)
                continue
            if length + len(element) > limit and (elements or self._settings.exact):  # Godot sends an empty one, too
                self._send_delta(peer, elements, keys, last_watch, now)
                elements, keys, length = [], [], 1
            elements.append(element)
            keys.append(key)
            length += len(element)
            sent = True
            self._traffic.count(SceneCount.DELTAS_SENT, len(element), synchronizer)
        if elements:
            self._send_delta(peer, elements, keys, last_watch, now)
        return sent

    def _send_delta(
        self, peer: int, elements: list[bytes], keys: list[int], last_watch: dict[int, int], now: int
    ) -> None:
        self._transport.send_queued(peer, _DELTA_HEAD + b"".join(elements), _RELIABLE)
        last_watch.update(dict.fromkeys(keys, now))  # last: after an interruption it is sent again

    def _encode_delta(self, synchronizer: MultiplayerSynchronizer, last: int) -> tuple[int, bytes] | str:
        """The size of the values that have changed since a time, and their element; or the error if there is none."""
        bits, values = synchronizer._watchers.changed_since(last)
        try:
            body = b"".join([encode_argument(value) for value in values])
        except (EncodeError, TypeError, OverflowError) as error:
            return f"Unable to encode delta state. ({place(synchronizer)}: {error})"
        return len(body), DELTA_ELEMENT.pack(synchronizer._net_id, bits, len(body)) + body


def _next_sync(entry: Entry) -> int:
    """When a synchronizer is due again."""
    return entry.synchronizer._last_sync + entry.synchronizer._sync_interval
