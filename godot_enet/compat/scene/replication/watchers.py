"""The watched properties of a synchronizer: their values at the last check, and the time of each change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_
from typing import TYPE_CHECKING, Any

from godot_enet.compat.errors import fail, log_exception
from godot_enet.compat.scene.replication.property_paths import NoNode, PropertyError, PropertyPath
from godot_enet.compat.scene.replication.values import differs, duplicate
from godot_enet.core.interrupts import raised_by_signal_handler

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["Watchers"]


class Watchers:
    """The watched properties of one synchronizer, in the order of the configuration."""

    # godot: multiplayer_synchronizer.cpp: _watch_changes

    __slots__ = ("_changed", "_known", "_paths", "_values", "last", "newest")

    def __init__(self) -> None:
        self._paths: Sequence[PropertyPath] = ()
        """The list of properties at the last check."""
        self._known: list[PropertyPath | None] = []
        self._values: list[Any] = []
        self._changed: list[int] = []
        """The time of the last change of each, in microseconds; 0 if it was never read."""
        self.last = 0
        """The time of the last check."""
        self.newest = 0
        """The time of the latest change of any."""

    def sample(
        self,
        root: Node,
        paths: Sequence[PropertyPath],
        read: Callable[[Node], Sequence[Any]] | None,
        now: int,
    ) -> None:
        """Check all of them.

        Args:
            root: the node at which the paths start.
            paths: the paths of the properties.
            read: reads all of them in one call, if possible; it may raise.
            now: microseconds.
        """
        if self._paths is not paths:
            self._resize(len(paths))
        elif read is not None:
            # Values that cannot be changed in place are not copied, so that most often there is nothing to compare.
            try:
                if all(map(is_, read(root), self._values)):
                    self.last = now
                    return
            except Exception as error:
                if raised_by_signal_handler(error):
                    raise
        for index, path in enumerate(paths):
            self._look(index, path, root, now)
        self._paths = paths if all(self._known) else ()
        self.last = now

    def _look(self, index: int, path: PropertyPath, root: Node, now: int) -> None:
        """Check one, and store its value if that has changed or belongs to another property."""
        try:
            value = path.read(root)
        except PropertyError as error:
            fail(str(error), None)
            if isinstance(error, NoNode):
                fail(f"Node not found for property '{path.path}'.", None)
            return
        known = self._known[index]
        try:
            if known is None or known.path != path.path or differs(self._values[index], value):
                self._values[index] = duplicate(value)
                self._changed[index] = self.newest = now
        except Exception as error:  # of a class of the program: from __eq__ or __copy__
            if raised_by_signal_handler(error):
                raise
            log_exception(f"Error comparing property '{path.path}' of '{root._name}'.", error)
            return
        self._known[index] = path

    def changed_since(self, last: int) -> tuple[int, list[Any]]:
        """The properties that have changed after a time, as bits, and their values."""
        bits, values = 0, []
        if self.newest > last:
            for index, changed in enumerate(self._changed):
                if changed > last:
                    values.append(self._values[index])
                    bits |= 1 << index
        return bits & 0xFFFFFFFFFFFFFFFF, values

    def _resize(self, size: int) -> None:
        missing = size - len(self._known)
        if missing > 0:
            self._known += [None] * missing
            self._values += [None] * missing
            self._changed += [0] * missing
        else:
            del self._known[size:], self._values[size:], self._changed[size:]
