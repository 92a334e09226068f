"""SceneReplicationConfig: the properties that a synchronizer replicates, and when it sends each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from godot_enet.compat.errors import as_int, fail
from godot_enet.compat.multiplayer_peer import as_bool
from godot_enet.compat.scene.replication.property_paths import PropertyPath, attributes_reader
from godot_enet.compat.scene.replication.revision import revision
from godot_enet.compat.variant import Array, NodePath, VariantType
from godot_enet.core.protocol.enums import NamedIntEnum

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["NO_PROPERTIES", "PropertyLists", "SceneReplicationConfig"]


_NO_ENTRY = 'Condition "!E" is true.'


class _Entry:
    """The settings of one property."""

    __slots__ = ("mode", "path", "spawn")

    def __init__(self, path: PropertyPath) -> None:
        self.path = path
        self.spawn = True
        self.mode = int(_ALWAYS)


class PropertyLists(NamedTuple):
    """The properties of a configuration by their use, each list in its order."""

    spawn: tuple[PropertyPath, ...]
    sync: tuple[PropertyPath, ...]
    watch: tuple[PropertyPath, ...]
    read_watched: Callable[[Node], Sequence[Any]] | None
    """Reads the last ones in one call, if possible."""


NO_PROPERTIES = PropertyLists((), (), (), None)


class SceneReplicationConfig:
    """The properties that a :class:`MultiplayerSynchronizer` sends, in an order that must be the same at all peers.

    A property is a path from the synchronizer's root node: ``".:position"``, ``"Head:rotation"``, ``".:position:x"``.
    It may be changed during use, in the same way at all peers.
    """

    class ReplicationMode(NamedIntEnum):
        """When a property is sent, besides the spawn; see :meth:`SceneReplicationConfig.property_set_spawn`."""

        REPLICATION_MODE_NEVER = 0
        """Not after the spawn."""
        REPLICATION_MODE_ALWAYS = 1
        """In each interval, unreliably."""
        REPLICATION_MODE_ON_CHANGE = 2
        """When it has changed, reliably."""

    REPLICATION_MODE_NEVER = ReplicationMode.REPLICATION_MODE_NEVER
    REPLICATION_MODE_ALWAYS = ReplicationMode.REPLICATION_MODE_ALWAYS
    REPLICATION_MODE_ON_CHANGE = ReplicationMode.REPLICATION_MODE_ON_CHANGE

    def __init__(self) -> None:
        self._entries: dict[NodePath, _Entry] = {}
        self._lists: PropertyLists | None = None

    def __repr__(self) -> str:
        return f"<SceneReplicationConfig of {', '.join(map(str, self._entries)) or 'nothing'}>"

    def get_properties(self) -> Array:
        """Return all properties, in order."""
        return Array(list(self._entries), VariantType.TYPE_NODE_PATH)

    def add_property(self, path: NodePath | str, index: int = -1) -> None:
        """Add a property. By default, it is part of spawns and of every synchronization.

        Args:
            path: its path.
            index: its position; -1 is the last one.
        """
        key, place = NodePath(path), as_int(index, "index")
        if key in self._entries:
            return fail('Condition "properties.find(p_path)" is true.', None)
        if key.is_empty():
            return fail('Condition "p_path == NodePath()" is true.', None)
        count = len(self._entries)
        if place > count:
            return fail(f"Index p_index = {place} is out of bounds (properties.size() = {count}).", None)
        behind = [] if place < 0 else list(self._entries.items())[place:]
        for moved, _ in behind:
            del self._entries[moved]
        self._entries[key] = _Entry(PropertyPath(key))
        self._entries.update(behind)
        self._changed()

    def has_property(self, path: NodePath | str) -> bool:
        """Return whether a property is included."""
        return NodePath(path) in self._entries

    def remove_property(self, path: NodePath | str) -> None:
        """Remove a property; without effect if it is not included."""
        if self._entries.pop(NodePath(path), None) is not None:
            self._changed()

    def property_get_index(self, path: NodePath | str) -> int:
        """Return the position of a property, from 0; -1, with an error, if it is not included."""
        key = NodePath(path)
        if key not in self._entries:
            return fail("Method/function failed. Returning: -1", -1)
        return list(self._entries).index(key)

    def property_get_spawn(self, path: NodePath | str) -> bool:
        """Return whether a property is part of a spawn."""
        entry = self._entries.get(NodePath(path))
        return fail(f"{_NO_ENTRY} Returning: false", False) if entry is None else entry.spawn

    def property_set_spawn(self, path: NodePath | str, enabled: bool) -> None:
        """Set whether a property is part of a spawn: then a new node has the value before its ``_ready``."""
        value, entry = as_bool(enabled, "enabled"), self._entries.get(NodePath(path))
        if entry is None:
            return fail(_NO_ENTRY, None)
        entry.spawn = value
        self._changed()

    def property_get_replication_mode(self, path: NodePath | str) -> ReplicationMode:
        """Return when a property is sent after the spawn. (As in Godot, any number can be set and is returned.)"""
        entry = self._entries.get(NodePath(path))
        if entry is None:
            return fail(f"{_NO_ENTRY} Returning: REPLICATION_MODE_NEVER", _NEVER)
        try:
            return SceneReplicationConfig.ReplicationMode(entry.mode)
        except ValueError:
            return entry.mode  # type: ignore[return-value]

    def property_set_replication_mode(self, path: NodePath | str, mode: ReplicationMode | int) -> None:
        """Set when a property is sent after the spawn."""
        value, entry = as_int(mode, "mode"), self._entries.get(NodePath(path))
        if entry is None:
            return fail(_NO_ENTRY, None)
        entry.mode = value
        self._changed()

    # Godot 4.0's names for two of the modes

    def property_get_sync(self, path: NodePath | str) -> bool:
        """Return whether the mode is ``REPLICATION_MODE_ALWAYS``. Deprecated in Godot."""
        entry = self._entries.get(NodePath(path))
        return fail(f"{_NO_ENTRY} Returning: false", False) if entry is None else entry.mode == _ALWAYS

    def property_set_sync(self, path: NodePath | str, enabled: bool) -> None:
        """Set that mode; False changes it, and no other, to ``REPLICATION_MODE_NEVER``. Deprecated in Godot."""
        self._switch(path, as_bool(enabled, "enabled"), _ALWAYS)

    def property_get_watch(self, path: NodePath | str) -> bool:
        """Return whether the mode is ``REPLICATION_MODE_ON_CHANGE``. Deprecated in Godot."""
        entry = self._entries.get(NodePath(path))
        return fail(f"{_NO_ENTRY} Returning: false", False) if entry is None else entry.mode == _ON_CHANGE

    def property_set_watch(self, path: NodePath | str, enabled: bool) -> None:
        """Set that mode; False changes it, and no other, to ``REPLICATION_MODE_NEVER``. Deprecated in Godot."""
        self._switch(path, as_bool(enabled, "enabled"), _ON_CHANGE)

    def _switch(self, path: NodePath | str, enabled: bool, mode: int) -> None:
        entry = self._entries.get(NodePath(path))
        if entry is None:
            return fail(_NO_ENTRY, None)
        if enabled:
            entry.mode = int(mode)
        elif entry.mode == mode:
            entry.mode = int(_NEVER)
        return self._changed()

    # For the replicator

    def _by_use(self) -> PropertyLists:
        """Return the properties by their use."""
        if self._lists is None:
            entries = list(self._entries.values())
            watch = tuple([entry.path for entry in entries if entry.mode == _ON_CHANGE])
            self._lists = PropertyLists(
                tuple([entry.path for entry in entries if entry.spawn]),
                tuple([entry.path for entry in entries if entry.mode == _ALWAYS]),
                watch,
                attributes_reader(watch),
            )
        return self._lists

    def _changed(self) -> None:
        self._lists = None
        revision.count += 1


_NEVER = SceneReplicationConfig.REPLICATION_MODE_NEVER
_ALWAYS = SceneReplicationConfig.REPLICATION_MODE_ALWAYS
_ON_CHANGE = SceneReplicationConfig.REPLICATION_MODE_ON_CHANGE
