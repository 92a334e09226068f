"""The rooms and their players, from their announcements. Each gateway and each room has one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from .messages import Announcement, Traveller

LOST_SECONDS = 1.5  # without an announcement a room is gone; rooms announce themselves four times a second
KEEP_SECONDS = 120.0  # for which players of a room that is gone are remembered
MAX_ROOMS = 256
MAX_TRAVELLERS = 16384


@dataclass
class _Seen:
    announcement: Announcement
    at: float


@dataclass
class _Last:
    traveller: Traveller
    room: str
    at: float


class Directory:
    """Fed by ``hear``. ``clock`` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._rooms: dict[str, _Seen] = {}
        self._last: dict[str, _Last] = {}
        """By player, those heard of longest ago first."""

    def hear(self, subject: str, announcement: Announcement) -> None:
        """Note an announcement, if its subject is that of its room: permissions of NATS are by subject."""
        room, now = announcement.room, self._clock()
        if subject != f"fleet.room.{room}" or (room not in self._rooms and len(self._rooms) >= MAX_ROOMS):
            return
        self._rooms[room] = _Seen(announcement, now)
        for traveller in announcement.travellers:
            self._last.pop(traveller.player, None)
            self._last[traveller.player] = _Last(traveller, room, now)

    def rooms(self) -> list[Announcement]:
        """The rooms that are there, the emptiest first."""
        found = [seen.announcement for seen in self._rooms.values()]
        return sorted(found, key=lambda each: (len(each.travellers) / each.seats, each.room))

    def best(self, without: str = "") -> str:
        """The emptiest room that takes players; empty if there is none."""
        free = [each.room for each in self.rooms() if each.open and len(each.travellers) < each.seats]
        return next((room for room in free if room != without), "")

    def __contains__(self, room: str) -> bool:
        return room in self._rooms

    def holder(self, player: str) -> Announcement | None:
        """The room that has the player now."""
        last = self._last.get(player)
        seen = self._rooms.get(last.room) if last else None
        if last is None or seen is None or last.traveller not in seen.announcement.travellers:
            return None
        return seen.announcement

    def last(self, player: str) -> Traveller | None:
        """What was last heard of the player, also from a room that is gone."""
        last = self._last.get(player)
        return last.traveller if last else None

    def drop(self, room: str) -> None:
        """The room is gone."""
        self._rooms.pop(room, None)

    def update(self, bus_is_there: bool) -> None:
        """Forget those not heard of for too long. Call it once a frame; while the bus is away, no time passes here."""
        now = self._clock()
        for room, seen in list(self._rooms.items()):
            if not bus_is_there:
                seen.at = now
            elif now - seen.at > LOST_SECONDS:
                self.drop(room)
        while self._last:
            player, last = next(iter(self._last.items()))
            if now - last.at <= KEEP_SECONDS and len(self._last) <= MAX_TRAVELLERS:
                return
            del self._last[player]
