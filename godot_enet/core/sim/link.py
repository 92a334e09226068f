"""One direction of a simulated network path: loss, duplication and delay.

Owns: the impairments and their seeded randomness. Must not know: the content or the sender of a datagram.
Units: milliseconds, bytes, bytes per second; shares are 0.0..1.0.
Equal config, seed and calls give equal arrivals.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import Generic, TypeVar

__all__ = ["ArrivalQueue", "Link", "LinkConfig"]

T = TypeVar("T")
_BURST_PAUSE = 200
"""Time without a datagram after which a burst is over. Real ones pass with time; counted in datagrams alone, one would
wait for each resend of a quiet host."""
_MAX_NUMBER = 0xFFFFFFFF
"""Milliseconds or bytes: ENet's own numbers have 32 bits."""


@dataclass(frozen=True, slots=True)
class LinkConfig:
    """What a link does to datagrams; the default is a perfect one.

    Raises:
        ValueError: a value is out of range; the message names it.
    """

    loss: float = 0.0
    """Share of datagrams lost, independently."""
    burst: float = 0.0
    """Chance of each datagram to be the first of a run of lost ones (Gilbert's model)."""
    burst_length: float = 1.0
    """Mean length of such a run, in datagrams, at least 1. A pause of 200 ms ends it, too."""
    delay: int = 0
    """Time every datagram takes."""
    jitter: int = 0
    """Maximum additional delay, uniformly distributed per datagram."""
    reorder: float = 0.0
    """Share of datagrams that may overtake and be overtaken, as far as their jitter takes them; the others queue up."""
    duplicate: float = 0.0
    """Share of datagrams that arrive twice, each copy with its own delay."""
    rate: int = 0
    """Bytes per second that pass; 0 is unlimited."""
    queue: int = 64 * 1024
    """Bytes that may wait for the rate; datagrams that do not fit are lost."""
    mtu: int = 0
    """Longest datagram that passes; 0 is unlimited."""

    def __post_init__(self) -> None:
        for name in ("loss", "burst", "reorder", "duplicate"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must be 0.0..1.0, not {getattr(self, name)}")
        for name in ("delay", "jitter", "rate", "queue", "mtu"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, but is {getattr(self, name)}")
            if not getattr(self, name) <= _MAX_NUMBER:
                raise ValueError(f"{name} must be at most {_MAX_NUMBER}, but is {getattr(self, name)}")
        if not self.burst_length >= 1.0:
            raise ValueError(f"burst_length must be at least 1, not {self.burst_length}")


class Link:
    """Decides when each datagram arrives, or that it is lost."""

    __slots__ = ("_burst_until", "_config", "_free_at", "_latest", "_random")

    def __init__(self, config: LinkConfig, seed: int | str = 0) -> None:
        self._config = config
        self._random = Random(seed)
        self._burst_until = 0
        self._free_at = 0  # microseconds: when the bottleneck has sent everything it holds
        self._latest = 0

    @property
    def config(self) -> LinkConfig:
        """What this link does; may be replaced at any time, for what enters from then on."""
        return self._config

    @config.setter
    def config(self, config: LinkConfig) -> None:
        self._config = config

    def transit(self, size: int, now: int) -> list[int]:
        """When a datagram of ``size`` bytes that enters now arrives: empty if lost, two times if duplicated."""
        config = self._config
        if config.mtu and size > config.mtu:
            return []
        departure = self._departure(size, now)
        if departure is None or self._is_lost(now):
            return []
        arrivals = [self._arrival(departure)]
        if config.duplicate and self._random.random() < config.duplicate:
            arrivals.append(self._arrival(departure))
        return arrivals

    def _departure(self, size: int, now: int) -> int | None:
        """When the bottleneck has passed the datagram on; None if its queue is full."""
        rate = self._config.rate
        if not rate:
            return now
        start = max(now * 1000, self._free_at)
        if (start - now * 1000) * rate > self._config.queue * 1_000_000:
            return None
        self._free_at = start + size * 1_000_000 // rate
        return -(-self._free_at // 1000)

    def _is_lost(self, now: int) -> bool:
        config = self._config
        if config.burst:
            # Leaving first keeps the mean run at burst_length: a run ends before a datagram, never inside one.
            chance = 1.0 - 1.0 / config.burst_length if now < self._burst_until else config.burst
            if self._random.random() < chance:
                self._burst_until = now + _BURST_PAUSE
                return True
            self._burst_until = now
        return bool(config.loss) and self._random.random() < config.loss

    def _arrival(self, departure: int) -> int:
        config = self._config
        arrival = departure + config.delay
        if config.jitter:
            arrival += int(self._random.random() * (config.jitter + 1))
        if config.reorder and self._random.random() < config.reorder:
            return arrival
        self._latest = max(self._latest, arrival)
        return self._latest


class ArrivalQueue(Generic[T]):
    """Items in transit, by time of arrival; items with equal times keep their order."""

    __slots__ = ("_heap", "_order")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, T]] = []
        self._order = 0

    def __len__(self) -> int:
        return len(self._heap)

    def push(self, moment: int, item: T) -> None:
        """Let ``item`` arrive at ``moment``."""
        heappush(self._heap, (moment, self._order, item))
        self._order += 1

    def pop_due(self, now: int, limit: int | None = None) -> list[T]:
        """Take what has arrived, at most ``limit`` items."""
        due: list[T] = []
        # No call between check and pop: a signal handler that runs in one may pop, too.
        while (limit is None or len(due) < limit) and self._heap and self._heap[0][0] <= now:
            due.append(heappop(self._heap)[2])
        return due

    def next_time(self) -> int | None:
        """The earliest arrival; None if nothing is in transit."""
        return self._heap[0][0] if self._heap else None
