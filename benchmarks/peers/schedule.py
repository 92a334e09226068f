"""When requests are due, and how long their answers took."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator

__all__ = ["REQUEST", "Schedule"]

REQUEST = 32
"""Bytes of a request and of its answer, which is the same bytes."""
PATIENCE = 5.0
"""Seconds after which a request counts as not answered; twice as long as the requests, if that is less."""
STAMP = struct.Struct("<d")
FILLING = bytes(REQUEST - STAMP.size)


class Schedule:
    """Clients that take turns with their requests, at equal intervals, whether or not earlier ones were answered."""

    def __init__(self, clients: int, rate: float, seconds: float) -> None:
        """Starts now. ``rate`` is the requests of each client a second."""
        self._clients = clients
        self._interval = 1 / (clients * rate)
        self._begin = self._due = time.perf_counter()
        self._end = self._begin + seconds
        self._lost = self._end + min(PATIENCE, 2 * seconds)
        self.sent = 0
        self.round_trips: list[float] = []
        """Microseconds, from the call that sends the request to the one that returns the answer."""

    def due(self) -> Iterator[tuple[int, bytes]]:
        """The clients that send now, and their requests."""
        while self._due < self._end and self._due <= time.perf_counter():
            yield self.sent % self._clients, STAMP.pack(time.perf_counter()) + FILLING
            self.sent += 1
            self._due += self._interval

    def wait(self) -> float:
        """Seconds until the next request, or until those that are not answered count as lost."""
        until = self._due if self._due < self._end else self._lost
        return max(0.0, until - time.perf_counter())

    def answered(self, answer: bytes) -> None:
        """One has arrived. Those of an earlier schedule, which counted as lost, do not count."""
        (sent,) = STAMP.unpack_from(answer)
        if sent >= self._begin:
            self.round_trips.append((time.perf_counter() - sent) * 1e6)

    @property
    def over(self) -> bool:
        """Whether nothing is to be sent or expected any more."""
        now = time.perf_counter()
        return self._due >= self._end and (len(self.round_trips) >= self.sent or now >= self._lost)
