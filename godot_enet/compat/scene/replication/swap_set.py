"""A set in Godot's order: that of insertion, but the last item takes the place of a removed one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

__all__ = ["SwapSet"]

_T = TypeVar("_T")


class SwapSet(Generic[_T]):
    """A set of objects, compared by identity.

    ``list()`` of it is an independent copy. Its order is visible in packets.
    """

    # godot: core/templates/hash_set.h: erase

    __slots__ = ("_items", "_places")

    def __init__(self) -> None:
        self._items: list[_T] = []
        self._places: dict[int, int] = {}

    def add(self, item: _T) -> None:
        """Add an object, unless it is included."""
        key = id(item)
        if key not in self._places:
            self._places[key] = len(self._items)
            self._items.append(item)

    def discard(self, item: _T) -> bool:
        """Remove an object. Returns whether it was included."""
        place = self._places.pop(id(item), None)
        if place is None:
            return False
        last = self._items.pop()
        if last is not item:
            self._items[place] = last
            self._places[id(last)] = place
        return True

    def clear(self) -> None:
        """Remove all objects."""
        self._items.clear()
        self._places.clear()

    def __contains__(self, item: object) -> bool:
        return id(item) in self._places

    def __iter__(self) -> Iterator[_T]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def first(self) -> _T | None:
        """The first object."""
        return self._items[0] if self._items else None
