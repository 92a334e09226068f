"""Chooses the objects that a peer gets: those nearby and those of its team, the most urgent first."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

__all__ = ["Interest"]

_P = TypeVar("_P", bound=Hashable)


class _Place(NamedTuple):
    x: float
    y: float
    team: Hashable
    weight: float


class Interest(Generic[_P]):
    """Chooses the objects that each peer is sent.

    An object is relevant for a peer within a radius around it, and remains so a little beyond; with the peer's team;
    or always. Its priority grows with each tick in which it is not sent, the faster the nearer it is. So a budget goes
    to the nearest, and the others follow less often, but do follow.

    Args:
        radius: Within which an object is relevant, in the units of the positions.
        margin: Share of the radius by which a relevant object must move away to be relevant no longer.

    Raises:
        ValueError: the radius is not positive, or the margin negative.
    """

    def __init__(self, radius: float, margin: float = 0.1) -> None:
        if not (radius > 0 and margin >= 0):
            raise ValueError("radius must be positive, and margin not negative")
        self._near = radius * radius
        self._far = (radius * (1 + margin)) ** 2
        self._cell = radius * (1 + margin)
        self._places: dict[int, _Place] = {}
        self._cells: dict[tuple[int, int], list[int]] = {}
        self._teams: dict[Hashable, list[int]] = {}
        self._always: list[int] = []
        self._priorities: dict[_P, dict[int, float]] = {}

    def clear(self) -> None:
        """Begin a tick: no object has a place."""
        self._places.clear()
        self._cells.clear()
        self._teams.clear()
        self._always.clear()

    def place(self, number: int, position: Sequence[float] | None, team: Hashable = None, weight: float = 1.0) -> None:
        """Say where an object is in this tick.

        Args:
            position: x and y; for a map with height, those of the ground. None for an object that is relevant
                wherever its peers are.
            team: Peers of the same team get the object wherever it is. Without team and position, all peers get it.
            weight: How important it is, compared to others at the same distance.
        """
        x, y = (position[0], position[1]) if position is not None else (0.0, 0.0)
        self._places[number] = _Place(x, y, team, weight)
        if position is not None:
            self._cells.setdefault((int(x // self._cell), int(y // self._cell)), []).append(number)
        elif team is None:
            self._always.append(number)
        if team is not None:
            self._teams.setdefault(team, []).append(number)

    def select(self, peer: _P, position: Sequence[float], team: Hashable = None) -> list[int]:
        """The ids of all objects that are relevant for a peer in this tick, the most urgent first.

        Call it once per tick and peer; pass the result to :meth:`DeltaSender.message`, and the objects of
        its message to :meth:`sent`.
        """
        before = self._priorities.get(peer, {})
        x, y = position[0], position[1]
        column, row = int(x // self._cell), int(y // self._cell)
        near, far, places, cells = self._near, self._far, self._places, self._cells
        priorities: dict[int, float] = {}
        for cell in [(column + dx, row + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]:
            for number in cells.get(cell, ()):
                there_x, there_y, _, weight = places[number]
                distance = (there_x - x) ** 2 + (there_y - y) ** 2
                known = before.get(number)
                if distance <= near or (known is not None and distance <= far):
                    priorities[number] = (known or 0.0) + weight / (near + 8 * distance)
        for number in self._always if team is None else [*self._always, *self._teams.get(team, ())]:
            if number not in priorities:
                priorities[number] = before.get(number, 0.0) + places[number].weight / (9 * near)
        self._priorities[peer] = priorities
        return sorted(priorities, key=priorities.__getitem__, reverse=True)

    def sent(self, peer: _P, numbers: Iterable[int]) -> None:
        """Say which objects a peer was sent: their priorities begin again."""
        priorities = self._priorities.get(peer, {})
        for number in numbers:
            if number in priorities:
                priorities[number] = 0.0

    def remove(self, peer: _P) -> None:
        """Forget a peer that has left."""
        self._priorities.pop(peer, None)
