"""Mixed traffic on one connection, sent at a steady rate and checked on arrival. The same as godot/traffic.gd.

Knows neither library: it is given a function that sends, and told what arrived.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from . import payloads

__all__ = ["PERIOD", "RELIABLE", "STREAMS", "Report", "Stream", "Traffic"]

MAXIMUM_FAULTS = 20
PERIOD = 16
"""Milliseconds from step to step, unless told otherwise."""
RELIABLE = 1
UNSEQUENCED = 2


class Stream(NamedTuple):
    """Numbered messages with one channel and one set of flags."""

    channel: int
    flags: int
    arrives_as: int
    """The flags the receiver must see."""
    smallest: int
    largest: int
    """Bytes, with the eight of the head."""
    every: int
    """Sent in every n-th step."""
    burst: int
    """Messages in such a step."""


STREAMS = (
    Stream(0, 1, 1, 8, 200, 1, 3),
    Stream(1, 0, 0, 8, 120, 1, 2),
    Stream(2, 2, 2, 8, 120, 1, 2),
    Stream(3, 8, 8, 1365, 6000, 15, 1),
    Stream(4, 1, 1, 20000, 50000, 30, 1),
    Stream(5, 1, 1, 8, 64, 2, 2),
    Stream(5, 0, 0, 8, 64, 1, 1),
    Stream(6, 10, 2, 8, 1364, 10, 1),
    Stream(7, 2, 1, 1365, 3000, 20, 1),
)
"""Every flag, small and fragmented; reliable and unreliable share channel 5; the last is too large to be unreliable."""


class Report(NamedTuple):
    """What one side sent and received, a number a stream, and what was wrong with it."""

    sent: list[int]
    received: list[int]
    faults: list[str]


@dataclass(slots=True)
class Traffic:
    """One side: sends its own messages and checks those of the other side."""

    send: Callable[[int, bytes, int], int]
    """Channel, packet, flags; returns 0 when the packet was queued."""
    streams: tuple[Stream, ...]
    period: int
    """Milliseconds from step to step."""
    running: bool = False
    """Whether steps are sent; arrivals are checked all the time."""
    sent: list[int] = field(init=False)
    received: list[int] = field(init=False)
    faults: list[str] = field(init=False, default_factory=list)
    _step: int = field(init=False, default=0)
    _next: float = field(init=False, default=0.0)
    _last: list[int] = field(init=False)
    _met: list[set[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.sent = [0] * len(self.streams)
        self.received = [0] * len(self.streams)
        self._last = [-1] * len(self.streams)
        self._met = [set() for _ in self.streams]

    def send_due(self) -> None:
        """Send the next step if its time has come; a late step is not made up for."""
        now = time.monotonic()
        if not self.running or now < self._next:
            return
        self._next = now + self.period / 1000
        for index, stream in enumerate(self.streams):
            if self._step % stream.every:
                continue
            for _ in range(stream.burst):
                error = self.send(stream.channel, self.message(index, self.sent[index]), stream.flags)
                if error:
                    self._fault(f"stream {index}: send returned {error}")
                self.sent[index] += 1
        self._step += 1

    def message(self, index: int, number: int) -> bytes:
        """Message ``number`` of a stream: a head that names it, then bytes that follow from it."""
        stream = self.streams[index]
        size = stream.smallest + number * 7919 % (stream.largest - stream.smallest + 1)
        return struct.pack("<II", index, number) + payloads.make(index * 1000003 + number, size - 8)

    def take(self, channel: int, flags: int, data: bytes) -> None:
        """Check one arrival: content, channel, flags; reliable in order and complete, the rest never backwards."""
        index, number = struct.unpack_from("<II", data) if len(data) >= 8 else (len(self.streams), 0)
        if index >= len(self.streams):
            self._fault(f"a packet of {len(data)} bytes on channel {channel} that nobody sent")
            return
        stream = self.streams[index]
        if (channel, flags) != (stream.channel, stream.arrives_as):
            self._fault(f"stream {index}, message {number}: channel {channel}, flags {flags}")
        if data != self.message(index, number):
            self._fault(f"stream {index}, message {number}: content differs")
        last = self._last[index]
        if stream.arrives_as == RELIABLE and number != last + 1:
            self._fault(f"stream {index}: message {number} came after {last}")
        elif stream.arrives_as == UNSEQUENCED and number in self._met[index]:
            self._fault(f"stream {index}: message {number} came twice")
        elif stream.arrives_as != UNSEQUENCED and number <= last:
            self._fault(f"stream {index}: message {number} came after {last}")
        self._last[index] = number
        self._met[index].add(number)
        self.received[index] += 1

    def report(self) -> Report:
        """The counts so far."""
        return Report(list(self.sent), list(self.received), list(self.faults))

    def _fault(self, text: str) -> None:
        if len(self.faults) < MAXIMUM_FAULTS:
            self.faults.append(text)
