"""Counts replication and calls: totals, and the traffic of each node."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from godot_enet.core.protocol.enums import NamedIntEnum

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["SceneCount", "SceneTraffic", "TrafficRow"]

_MAX_ROWS = 10_000
"""Maximum rows. Remotes choose names of spawned nodes, so further ones are counted under an empty path."""


class SceneCount(NamedIntEnum):
    """The operations that are counted; keys of :meth:`SceneMultiplayer.counters`, besides the causes of drops."""

    SPAWNS_SENT = 1000
    SPAWNS_RECEIVED = 1001
    DESPAWNS_SENT = 1002
    DESPAWNS_RECEIVED = 1003
    SYNCS_SENT = 1004
    """Synchronizers in SYNC packets, counted for each peer."""
    SYNCS_RECEIVED = 1005
    DELTAS_SENT = 1006
    """Synchronizers in DELTA packets, counted for each peer."""
    DELTAS_RECEIVED = 1007
    RPCS_SENT = 1008
    """Only in :meth:`SceneMultiplayer.traffic`, like the next one."""
    RPCS_RECEIVED = 1009


class TrafficRow(NamedTuple):
    """The traffic of one node with one kind of operation."""

    kind: SceneCount
    path: str
    """The path of the node or synchronizer, or its name if it has left the tree; empty for all beyond 10,000 rows."""
    method: str
    """Of RPCs."""
    times: int
    bytes: int
    """Bytes of the high-level multiplayer, without the overhead of ENet, UDP and a relay."""


class SceneTraffic:
    """The totals of one multiplayer and, while ``detailed``, those of each node."""

    def __init__(self) -> None:
        self._totals = dict.fromkeys(SceneCount, 0)
        self._rows: dict[tuple[SceneCount, str, str], list[int]] = {}
        self.detailed = False

    def count(self, kind: SceneCount, size: int, node: Node, method: str = "") -> None:
        """Count an operation of this size."""
        self._totals[kind] += 1
        if self.detailed:
            self.note(kind, size, node, method)

    def add(self, kind: SceneCount, times: int) -> None:
        """Count several at once, whose nodes are noted one by one."""
        self._totals[kind] += times

    def note(self, kind: SceneCount, size: int, node: Node, method: str = "") -> None:
        """Add an operation to the row of its node."""
        path = node._name if node._tree is None else str(node.get_path())
        key = (kind, path, method)
        if len(self._rows) >= _MAX_ROWS and key not in self._rows:
            key = (kind, "", method)
        row = self._rows.setdefault(key, [0, 0])
        row[0] += 1
        row[1] += size

    def totals(self) -> dict[SceneCount, int]:
        """The counts by kind, without zeros."""
        return {kind: times for kind, times in self._totals.items() if times}

    def rows(self) -> list[TrafficRow]:
        """All rows, those with the most bytes first."""
        rows = [TrafficRow(*key, *counted) for key, counted in list(self._rows.items())]
        return sorted(rows, key=lambda row: -row.bytes)

    def clear(self) -> None:
        """Clear the rows."""
        self._rows.clear()
