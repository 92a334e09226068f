"""How much is replicated and called: totals, and who causes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from godot_enet.core.protocol.enums import NamedIntEnum

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["SceneCount", "SceneTraffic", "TrafficRow"]

_MAX_ROWS = 10_000
"""Names of spawned nodes are chosen by remotes: what would be one more row is counted under an empty path."""


class SceneCount(NamedIntEnum):
    """What is counted; keys of :meth:`SceneMultiplayer.counters`, beside the causes of what was not used."""

    SPAWNS_SENT = 1000
    SPAWNS_RECEIVED = 1001
    DESPAWNS_SENT = 1002
    DESPAWNS_RECEIVED = 1003
    SYNCS_SENT = 1004
    """Synchronizers in SYNC packets, each peer counted."""
    SYNCS_RECEIVED = 1005
    DELTAS_SENT = 1006
    """Synchronizers in DELTA packets, each peer counted."""
    DELTAS_RECEIVED = 1007
    RPCS_SENT = 1008
    """In :meth:`SceneMultiplayer.traffic` alone, like the next one."""
    RPCS_RECEIVED = 1009


class TrafficRow(NamedTuple):
    """What one node has sent or received in one way."""

    kind: SceneCount
    path: str
    """Of the node or the synchronizer; its name, if it has left the tree; empty for all beyond 10,000 rows."""
    method: str
    """Of RPCs."""
    times: int
    bytes: int
    """Of the high-level multiplayer; what ENet, UDP and a relay add is not in it."""


class SceneTraffic:
    """The totals of one multiplayer and, while ``detailed``, what each node has to do with them."""

    def __init__(self) -> None:
        self._totals = dict.fromkeys(SceneCount, 0)
        self._rows: dict[tuple[SceneCount, str, str], list[int]] = {}
        self.detailed = False

    def count(self, kind: SceneCount, size: int, node: Node, method: str = "") -> None:
        """Something of this size was sent or received."""
        self._totals[kind] += 1
        if self.detailed:
            self.note(kind, size, node, method)

    def add(self, kind: SceneCount, times: int) -> None:
        """The same for many at once, whose nodes are noted one by one."""
        self._totals[kind] += times

    def note(self, kind: SceneCount, size: int, node: Node, method: str = "") -> None:
        """Who it was."""
        path = node._name if node._tree is None else str(node.get_path())
        key = (kind, path, method)
        if len(self._rows) >= _MAX_ROWS and key not in self._rows:
            key = (kind, "", method)
        row = self._rows.setdefault(key, [0, 0])
        row[0] += 1
        row[1] += size

    def totals(self) -> dict[SceneCount, int]:
        """How often, by kind, without what has not happened."""
        return {kind: times for kind, times in self._totals.items() if times}

    def rows(self) -> list[TrafficRow]:
        """All rows, those with the most bytes in front."""
        rows = [TrafficRow(*key, *counted) for key, counted in list(self._rows.items())]
        return sorted(rows, key=lambda row: -row.bytes)

    def clear(self) -> None:
        """Forget the rows."""
        self._rows.clear()
