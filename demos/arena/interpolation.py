"""Interpolation: the others are drawn a moment ago, between two snapshots that have both arrived.

Snapshots come thirty times a second at best, unevenly, and some never. Drawn as they come, players would stutter. So
time here runs evenly, and far enough behind the newest snapshot that the next one is nearly always there.
"""

from __future__ import annotations

from collections import deque

from demos.arena.messages import Snapshot
from demos.arena.rules import TICK

DELAY = 0.1  # seconds: three snapshots, so that one of them may get lost and another be late
SLIP = 0.0005  # seconds by which the estimate gives way with each snapshot, to follow a line that became slower
HURRY = 0.1  # how much faster or slower than ours that time may run to get back to its distance
JUMP = 0.5  # seconds; a line that changed by more is not waited for

Places = dict[int, tuple[float, float]]


class Interpolation:
    """The latest snapshots, by time."""

    def __init__(self) -> None:
        self._snapshots: deque[Snapshot] = deque(maxlen=64)
        self._ahead: float | None = None
        """Server's time minus ours, as the fastest snapshots have it."""
        self._time: float | None = None
        """The server's time that is drawn."""
        self._asked = 0.0

    def add(self, snapshot: Snapshot, now: float) -> None:
        """A snapshot arrived."""
        ahead = snapshot.tick * TICK - now
        self._ahead = ahead if self._ahead is None else max(self._ahead - SLIP, ahead)
        self._snapshots.append(snapshot)

    def places(self, now: float) -> Places:
        """Where everybody was a moment ago."""
        if self._ahead is None:
            return {}
        tick = self._advance(now, now + self._ahead - DELAY) / TICK
        snapshots = self._snapshots
        while len(snapshots) > 1 and snapshots[1].tick <= tick:
            snapshots.popleft()
        older = snapshots[0]
        if len(snapshots) == 1 or tick <= older.tick:
            return newest_places(older)
        newer = snapshots[1]
        share = (tick - older.tick) / (newer.tick - older.tick)
        places = {}
        for number, (_, after) in newer.players.items():
            before = older.players[number][1] if number in older.players else after
            places[number] = before.x + (after.x - before.x) * share, before.y + (after.y - before.y) * share
        return places

    def _advance(self, now: float, wanted: float) -> float:
        """The time to draw: as much later as time has passed here, and a little nearer to the wanted one."""
        passed, self._asked = now - self._asked, now
        if self._time is None or abs(wanted - self._time) > JUMP:
            self._time = wanted
        else:
            behind = wanted - self._time - passed
            self._time += passed + max(-HURRY * passed, min(HURRY * passed, behind))
        return self._time


def newest_places(snapshot: Snapshot) -> Places:
    """Where a snapshot has everybody."""
    return {number: (body.x, body.y) for number, (_, body) in snapshot.players.items()}
