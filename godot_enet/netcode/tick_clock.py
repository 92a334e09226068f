"""Time that a client shares with its server: the server's clock, and the tick to draw.

Pings tell the offset of the server's clock: the answer's time is that of the middle of the round trip, if both ways
take equally long. Longer round trips say less, so they count less. The slope of the offsets is the drift between two
real clocks. A game reads a second clock, which follows this estimate: it never goes back, and is nudged, not set.

The drawn tick lies behind the newest one that arrived. How far is measured: when a snapshot arrives, the one before it
must not be used up yet. That accounts for delay, jitter and losses alike.

A clock may be set, and a machine may sleep. Nothing that was measured before is true after that. So it is forgotten,
and both clocks stand still until something new is measured: to go on would show a time that they never return from.
"""

from __future__ import annotations

import math
from collections import deque
from struct import Struct
from typing import NamedTuple

from godot_enet.netcode.errors import MessageError

__all__ = ["TickClock"]

_PING, _PONG = Struct("<d"), Struct("<dd")
_RECENT, _SAMPLES = 32, 240
"""Round trips that the offset and the drift are estimated from."""
_DRIFT_AFTER = 30_000.0
"""Milliseconds of samples before a drift is estimated: in less, jitter would be taken for one."""
_MAX_DRIFT = 1e-3
_MAX_TIME = 2.0**53
"""Milliseconds. A server's time beyond this is not one: sums of them would not be finite."""
_ARRIVALS = 100
"""Snapshots that the depth of the buffer is measured with."""
_JUMP = 250.0
"""Milliseconds. A clock that is further behind is set, and one that is further ahead stands still."""
_SETTLING = 500.0
"""Milliseconds in which a nudged clock would reach its target, if the nudge were not limited."""
_PAUSE = 5_000.0
"""Milliseconds between two calls. More is no long frame: this machine has slept, or its clock was set."""


class _Sample(NamedTuple):
    at: float
    offset: float
    round_trip: float


class _NudgedClock:
    """Follows a target without going back."""

    def __init__(self, nudge: float) -> None:
        self.time: float | None = None
        self._nudge = nudge
        self._at = 0.0

    def hold(self, now: float) -> None:
        """Let the time up to ``now`` pass without it."""
        self._at = now

    def follow(self, target: float, now: float) -> None:
        """Advance to ``now``, at a pace that brings it nearer to the target."""
        passed, self._at = max(0.0, now - self._at), max(now, self._at)
        if self.time is None:
            self.time = target
            return
        error = target - (self.time + passed)
        if error > _JUMP:
            self.time = target
        elif error < -_JUMP:
            self.time = max(self.time, target)
        else:
            self.time += passed * (1.0 + max(-self._nudge, min(self._nudge, error / _SETTLING)))


class TickClock:
    """The server's time and the tick to draw, on a client.

    ``now`` is this machine's clock in ms everywhere. If it is set, or has not been passed for 5 s, both times stand
    still until the next answer and the next two snapshots.

    Args:
        rate: Ticks per second of the server.
        cover: Share of the snapshots that arrive before they are needed. More means less extrapolation, and more delay.
        nudge: The most by which the clocks run faster or slower than real time, as a share.

    Raises:
        ValueError: a value is out of range.
    """

    def __init__(self, rate: float, cover: float = 0.97, nudge: float = 0.05) -> None:
        if not (rate > 0 and 0 < cover <= 1 and 0 < nudge < 1):
            raise ValueError("rate must be positive, cover and nudge 0 to 1")
        self.interval = 1000.0 / rate
        """Milliseconds of a tick."""
        self._cover = cover
        self._asked: deque[float] = deque(maxlen=_RECENT)
        self._samples: deque[_Sample] = deque(maxlen=_SAMPLES)
        self._needed: deque[float] = deque(maxlen=_ARRIVALS)
        """How far behind this machine's clock the drawn time must be for each of the last snapshots to be in time."""
        self._delay: float | None = None
        self._newest: int | None = None
        self._server = _NudgedClock(nudge)
        self._shown = _NudgedClock(nudge)
        self._offset = self._estimated = 0.0
        self._now: float | None = None
        """What this machine's clock has shown last."""
        self._resumed = -math.inf
        """When it was found to be set."""
        self.drift = 0.0
        """By how much the server's clock is faster than this one, as a share; 0 for the first half minute."""

    def ping(self, now: float) -> bytes:
        """Ask for the server's time; send it unreliably, about twice a second."""
        self._notice(now)
        self._asked.append(now)
        return _PING.pack(now)

    @staticmethod
    def pong(ping: bytes, server_time: float) -> bytes:
        """The server's answer to a ping, which is to be sent at once.

        Raises:
            MessageError: it is not a ping.
        """
        if len(ping) != _PING.size:
            raise MessageError(f"a ping has {_PING.size} bytes, not {len(ping)}")
        return ping + _PING.pack(server_time)

    def receive_pong(self, pong: bytes, now: float) -> None:
        """Take an answer. One to another ping than a recent one is ignored, and one with no possible time.

        Raises:
            MessageError: it is not an answer.
        """
        if len(pong) != _PONG.size:
            raise MessageError(f"an answer to a ping has {_PONG.size} bytes, not {len(pong)}")
        self._notice(now)
        asked, server = _PONG.unpack(pong)
        if asked not in self._asked or not abs(server) <= _MAX_TIME:
            return
        self._asked.remove(asked)
        if now < asked:  # this machine's clock was set back meanwhile
            return
        sample = _Sample(now, server - (asked + now) / 2, now - asked)
        if self._contradicts(sample):
            self._samples.clear()
            self.drift = 0.0
        self._samples.append(sample)
        self._estimate()

    def receive_snapshot(self, tick: int, now: float) -> None:
        """Note that the state of a tick has arrived. Old ones do not count."""
        self._notice(now)
        if self._newest is not None:
            if tick <= self._newest:
                return
            if now - self._resumed < _JUMP:  # it may have waited for this machine to wake up
                self._newest = tick
                return
            self._needed.append(now - self._newest * self.interval)
            ordered = sorted(self._needed)
            self._delay = ordered[math.ceil(self._cover * len(ordered)) - 1]
        self._newest = tick

    def update(self, now: float) -> None:
        """Let the clocks advance; call it once per frame."""
        self._notice(now)
        if self._samples:
            self._server.follow(self.offset_at(now) + now, now)
        else:
            self._server.hold(now)
        if self._delay is not None:
            self._shown.follow(now - self._delay, now)
        else:
            self._shown.hold(now)

    @property
    def server_time(self) -> float | None:
        """The server's time in ms; None before the first answer."""
        return self._server.time

    @property
    def server_tick(self) -> int | None:
        """The tick that the server is at, if its tick 0 was at its time 0; None before the first answer."""
        return None if self._server.time is None else int(self._server.time // self.interval)

    @property
    def shown_tick(self) -> float | None:
        """The tick to draw, with a fraction; None before the second snapshot."""
        return None if self._shown.time is None else self._shown.time / self.interval

    @property
    def round_trip(self) -> float:
        """The shortest recent round trip in ms; 0 before the first answer."""
        return min((sample.round_trip for sample in self._recent()), default=0.0)

    @property
    def jitter(self) -> float:
        """The mean difference of a round trip from the shortest, in ms."""
        recent = self._recent()
        return sum(sample.round_trip for sample in recent) / len(recent) - self.round_trip if recent else 0.0

    def offset_at(self, now: float) -> float:
        """The server's clock minus this one, in ms: the estimate itself, which may go back."""
        return self._offset + self.drift * (now - self._estimated)

    def _notice(self, now: float) -> None:
        """Forget what was measured with this machine's clock if it was set, or if the machine has slept."""
        before, self._now = self._now, now
        if before is None or -_JUMP <= now - before <= _PAUSE:
            return
        self._asked.clear()
        self._samples.clear()
        self._needed.clear()
        self._delay = self._newest = None
        self.drift = 0.0
        self._server.hold(now)
        self._shown.hold(now)
        self._resumed = now

    def _contradicts(self, sample: _Sample) -> bool:
        """Whether one of the clocks was set: the offset lies within half a round trip of what an answer says."""
        best = min(self._recent(), key=lambda each: each.round_trip, default=sample)
        unsure = (best.round_trip + sample.round_trip) / 2 + _MAX_DRIFT * (sample.at - best.at)
        return abs(sample.offset - best.offset) > unsure + _JUMP

    def _recent(self) -> list[_Sample]:
        return list(self._samples)[-_RECENT:]

    def _estimate(self) -> None:
        """A sample counts less, the longer its round trip took."""
        fastest, scale = self.round_trip, max(1.0, self.jitter / 2)
        rows = [(1.0 / (1.0 + ((each.round_trip - fastest) / scale) ** 2), each) for each in self._samples]
        if self._samples[-1].at - self._samples[0].at > _DRIFT_AFTER:
            total = sum(weight for weight, _ in rows)
            middle = sum(weight * sample.at for weight, sample in rows) / total
            slope = sum(weight * (sample.at - middle) * sample.offset for weight, sample in rows)
            spread = sum(weight * (sample.at - middle) ** 2 for weight, sample in rows)
            self.drift = max(-_MAX_DRIFT, min(_MAX_DRIFT, slope / spread))
        self._estimated = self._samples[-1].at
        rows = rows[-_RECENT:]
        moved = sum(weight * (each.offset + self.drift * (self._estimated - each.at)) for weight, each in rows)
        self._offset = moved / sum(weight for weight, _ in rows)
