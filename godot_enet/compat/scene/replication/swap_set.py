"""A set in Godot's order: as added, but what is removed leaves its place to the last one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

__all__ = ["SwapSet"]

_T = TypeVar("_T")


class SwapSet(Generic[_T]):
    """Objects, told apart by identity whatever they say about being equal.

    ``list()`` of one is a copy that stays as it is. The order shows in packets.
    """

    # godot: core/templates/hash_set.h: erase

    __slots__ = ("_items", "_places")

    def __init__(self) -> None:
        self._items: list[_T] = []
        self._places: dict[int, int] = {}

    def add(self, item: _T) -> None:
        """Add one; nothing, if it is there."""
        key = id(item)
        if key not in self._places:
            self._places[key] = len(self._items)
            self._items.append(item)

    def discard(self, item: _T) -> bool:
        """Remove one; whether it was there."""
        place = self._places.pop(id(item), None)
        if place is None:
            return False
        last = self._items.pop()
        if last is not item:
            self._items[place] = last
            self._places[id(last)] = place
        return True

    def clear(self) -> None:
        """Remove all."""
        self._items.clear()
        self._places.clear()

    def __contains__(self, item: object) -> bool:
        return id(item) in self._places

    def __iter__(self) -> Iterator[_T]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def first(self) -> _T | None:
        """The one in front."""
        return self._items[0] if self._items else None
