"""The work of a network step for each peer, computed when something changes instead of in each step.

Peers that get the same synchronizers share a plan, and so the reading and encoding of a step.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from godot_enet.compat.scene.replication.config import NO_PROPERTIES, PropertyLists
from godot_enet.compat.scene.replication.packets import PATH_ID
from godot_enet.core.protocol.enums import NamedIntEnum

if TYPE_CHECKING:
    from godot_enet.compat.scene.path_cache import PathCache
    from godot_enet.compat.scene.replication.state import ReplicationState
    from godot_enet.compat.scene.replication.synchronizer import MultiplayerSynchronizer

__all__ = ["Entry", "Plan", "Standing", "make_plans"]


class Standing(NamedIntEnum):
    """The stage of a peer with a synchronizer."""

    READY = 0
    """It gets the values."""
    NEW = 1
    """The path has not been sent to it yet."""
    UNCONFIRMED = 2
    """It was sent the path, and has not confirmed it."""
    BROKEN = 3
    """There is no configuration, or no authority."""


class Entry:
    """One synchronizer in a plan, with its configuration."""

    __slots__ = (
        "delta_interval",
        "key",
        "lists",
        "read_watched",
        "root",
        "standing",
        "synchronizer",
        "watched",
        "watchers",
    )

    def __init__(self, synchronizer: MultiplayerSynchronizer, standing: Standing, lists: PropertyLists) -> None:
        self.synchronizer = synchronizer
        self.standing = standing
        self.lists = lists
        self.watched, self.read_watched = lists.watch, lists.read_watched
        self.key = id(synchronizer)
        self.root = synchronizer._root
        self.watchers = synchronizer._watchers
        self.delta_interval = synchronizer._delta_interval


_Key: TypeAlias = tuple[tuple[int, int], ...]


class Plan:
    """The synchronizers of peers that are at the same stage with all of them, in their order."""

    __slots__ = ("has_always", "has_new", "next_sync", "sync", "watch")

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.sync: list[Entry] = []
        """Those that concern the sync pass."""
        self.watch: list[Entry] = []
        """Those that concern the delta pass."""
        self.next_sync = 0
        """The time, in microseconds, before which the sync pass finds nothing due."""
        self.has_new = False
        """Whether there is one whose path has to be sent: a step with this plan then requires a new plan."""
        self.has_always = False
        """Whether there is one that concerns every step."""
        for entry in entries:
            always = entry.standing in (Standing.NEW, Standing.BROKEN)
            if always or entry.lists.sync:
                self.sync.append(entry)
            if always or (entry.standing is Standing.READY and entry.lists.watch):
                self.watch.append(entry)
            self.has_new = self.has_new or entry.standing is Standing.NEW
            self.has_always = self.has_always or always


def make_plans(state: ReplicationState, cache: PathCache) -> dict[int, Plan]:
    """The plan of each peer that gets any synchronizer."""
    entries: dict[tuple[int, int], Entry] = {}
    plans: dict[_Key, Plan] = {}
    found: dict[int, Plan] = {}
    broken = {id(each) for each in state.sync_nodes if each._config is None or not state.has_authority(each)}
    for peer, peer_state in state.peers.items():
        if not peer_state.sync_nodes:
            continue
        key = []
        for synchronizer in peer_state.sync_nodes:
            standing = Standing.READY
            if id(synchronizer) in broken:
                standing = Standing.BROKEN
            elif not synchronizer._net_id or synchronizer._net_id & PATH_ID:
                standing = _path_standing(synchronizer, peer, cache)
            part = (id(synchronizer), int(standing))
            key.append(part)
            if part not in entries:
                config = synchronizer._config
                entries[part] = Entry(synchronizer, standing, NO_PROPERTIES if config is None else config._by_use())
        plan = plans.get(tuple(key))
        if plan is None:
            plan = plans[tuple(key)] = Plan([entries[part] for part in key])
        found[peer] = plan
    return found


def _path_standing(synchronizer: MultiplayerSynchronizer, peer: int, cache: PathCache) -> Standing:
    confirmed = cache.is_confirmed(synchronizer, peer)
    if confirmed is None:
        return Standing.NEW
    if not synchronizer._net_id:  # it was reset, and its path is the same
        synchronizer._net_id = PATH_ID | cache.number_of(synchronizer)
    return Standing.READY if confirmed else Standing.UNCONFIRMED
