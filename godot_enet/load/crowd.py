"""Drives all bots of a process in one thread or greenlet: their frames, their sockets and their deadlines.

Units: seconds of the clock that it is given.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Protocol

from godot_enet.core.interrupts import raised_by_signal_handler
from godot_enet.load.waiters import Waiter

__all__ = ["Crowd", "Member", "Seat"]

_log = logging.getLogger("godot_enet.load")
_TICKS = 1000
"""Ticks of the agenda per second. What is due within one of them is done at once: many bots share a wake-up."""
_TICK = 1 / _TICKS
_NEVER = 1 << 62
"""A tick that does not come."""
_MAX_WAIT = 0.5
_BATCH = 50
"""Members that open or play before sockets are looked at again, so that measured times are not those of the others.
As many play as have been served, if that is more."""
_REVIEW_INTERVAL = 5.0
_LATE_SHARE = 0.05
"""Share of late frames in that time from which on a warning is logged."""
_PHASE = 0.618034
"""The golden ratio: the first frames of any number of members are spread over one period."""


class Member(Protocol):
    """A bot, as its crowd sees it. Its names begin with ``_``, since it has methods of the program's besides."""

    _descriptor: int
    """The socket to wait for; -1 while there is none."""
    frame_rate: float
    """Frames per second."""
    has_ended: bool
    """Whether it is to be closed."""
    _needs_deadlines: bool
    """Whether frames alone are too rare to meet its deadlines."""

    def _enter(self, now: float) -> None:
        """Begin to connect."""

    def _play(self, now: float, delta: float) -> None:
        """Play a frame, ``delta`` seconds after the last one."""

    def _serve(self) -> None:
        """Handle received data and deadlines."""

    def _next_deadline(self) -> float | None:
        """Return in how many seconds :meth:`_serve` is needed, if nothing arrives; None if never."""

    def _crash(self, error: BaseException) -> None:
        """End, since an exception has come out of one of these methods."""

    def _leave(self) -> None:
        """Disconnect and give up the socket."""


class Seat:
    """When a member is due."""

    __slots__ = ("descriptor", "due", "frame_tick", "last_frame", "member", "next_frame")

    def __init__(self, member: Member, now: float) -> None:
        self.member = member
        self.descriptor = -1
        self.last_frame = now
        self.next_frame = now
        self.frame_tick = 0
        """The tick of the next frame."""
        self.due = _NEVER
        """The tick under which the agenda has the entry that counts; others are outdated. -1 when it has left."""


class Crowd:
    """The members of a process, and when each of them is due.

    Args:
        waiter: waits for sockets.
        clock: seconds.
    """

    def __init__(self, waiter: Waiter[Seat], clock: Callable[[], float]) -> None:
        self._waiter = waiter
        self._clock = clock
        self._seats: dict[Member, Seat] = {}
        self._agenda: dict[int, deque[Seat]] = {}
        """By tick. Frames come too often for a heap of them all, whose entries lie all over the memory."""
        self._ticks: list[int] = []
        """A heap of the keys of the agenda."""
        self._arriving: deque[Member] = deque()
        self._leaving: deque[Seat] = deque()
        self._phase = 0.0
        self._is_busy = False
        """Whether a member is at work, maybe the one that leaves. Under gevent its methods may let others run."""
        self._review_at = clock() + _REVIEW_INTERVAL
        self._reviewed = (0, 0)
        self.frames = 0
        """Frames played."""
        self.late_frames = 0
        """Frames that began when the next one was due already, since this process could not keep up."""

    def __len__(self) -> int:
        return len(self._seats) + len(self._arriving)

    def add(self, member: Member) -> None:
        """Have a member open in the next turn, and play from then on."""
        self._arriving.append(member)
        self._waiter.wake()

    def remove(self, member: Member) -> None:
        """Have a member close, at once unless a member is at work. Unknown ones are ignored."""
        if member in self._arriving:
            self._arriving.remove(member)
        seat = self._seats.pop(member, None)
        if seat is not None:
            seat.due = -1
            self._leaving.append(seat)
            if not self._is_busy:
                self._let_go()

    def turn(self, limit: float = _MAX_WAIT) -> None:
        """Do what is due; if there is nothing, wait for it, at most ``limit`` seconds."""
        ticks = self._ticks
        if self._arriving:
            wait = 0.0
        elif ticks:  # its middle, which no rounding can miss
            wait = min((ticks[0] + 0.5) / _TICKS - self._clock(), limit)
        else:
            wait = limit
        ready = self._waiter.wait(wait)
        self._is_busy = True
        try:
            self._let_in()
            for seat in ready:
                if seat.due >= 0:
                    self._serve(seat)
            self._do_due(max(_BATCH, len(ready)))  # or readable sockets would leave no time for frames
        finally:
            self._is_busy = False
            self._let_go()
        self._review()

    def _let_in(self) -> None:
        for _ in range(min(len(self._arriving), _BATCH)):
            member, now = self._arriving.popleft(), self._clock()
            seat = self._seats[member] = Seat(member, now)
            try:
                if not member.has_ended:  # by its own on_start
                    member._enter(now)
                if not member.has_ended:
                    self._phase = (self._phase + _PHASE) % 1.0
                    seat.next_frame += self._phase / member.frame_rate
                    seat.frame_tick = int(seat.next_frame * _TICKS)
            except Exception as error:
                _expel(member, error)
            self._schedule(seat)

    def _let_go(self) -> None:
        while self._leaving:
            seat = self._leaving.popleft()
            self._watch(seat, -1)
            seat.member._leave()

    def _do_due(self, most: int) -> None:
        """Have members that are due play or serve."""
        agenda, ticks, now = self._agenda, self._ticks, self._clock()
        current = int(now * _TICKS)
        while most and ticks and ticks[0] <= current:
            tick = ticks[0]
            seats = agenda[tick]
            if not seats:
                del agenda[heappop(ticks)]
            while seats and most:
                most -= 1
                seat = seats.popleft()
                if seat.due == tick:
                    seat.due = _NEVER
                    if seat.frame_tick <= current:
                        self._play(seat, now + _TICK)
                    else:
                        self._serve(seat)

    def _play(self, seat: Seat, until: float) -> None:
        """Have a member play the frame that begins now. The next one is late if it was due at ``until``."""
        member, now = seat.member, self._clock()
        try:
            next_frame = seat.next_frame + 1.0 / member.frame_rate  # which its methods may have set to anything
            if not next_frame > until:
                next_frame = until + _TICK  # the frames in between are not made up for
                self.late_frames += 1
            seat.next_frame = next_frame
            seat.frame_tick = tick = int(next_frame * _TICKS)
            if not member._needs_deadlines:
                self._note(seat, tick)
            if not member.has_ended:  # by another greenlet
                delta, seat.last_frame = now - seat.last_frame, now
                self.frames += 1
                member._play(now, delta)
        except Exception as error:
            _expel(member, error)
        if member._needs_deadlines or member.has_ended or seat.descriptor != member._descriptor:
            self._schedule(seat)

    def _serve(self, seat: Seat) -> None:
        """Have a member serve its socket."""
        member = seat.member
        try:
            if not member.has_ended:
                member._serve()
        except Exception as error:
            _expel(member, error)
        if member._needs_deadlines or member.has_ended or seat.descriptor != member._descriptor:
            self._schedule(seat)

    def _review(self) -> None:
        """Warn if this process has not kept up lately."""
        now = self._clock()
        if now < self._review_at:
            return
        frames, late = self.frames - self._reviewed[0], self.late_frames - self._reviewed[1]
        self._review_at, self._reviewed = now + _REVIEW_INTERVAL, (self.frames, self.late_frames)
        if late > frames * _LATE_SHARE:
            _log.warning(
                "%d %% of the frames of %d bots were late: this process does not keep up, and the times that it "
                "measures are its own. Use more processes, or a lower frame_rate.",
                round(100 * late / frames),
                len(self._seats),
            )

    def _schedule(self, seat: Seat) -> None:
        """Note when a member that has done something is due next."""
        member, due = seat.member, seat.frame_tick
        if member.has_ended:
            self.remove(member)
        if seat.due < 0:
            return
        if seat.descriptor != member._descriptor:
            self._watch(seat, member._descriptor)
        if member._needs_deadlines and (deadline := member._next_deadline()) is not None:
            due = min(due, int((self._clock() + max(deadline, _TICK)) * _TICKS))
        if due < seat.due:
            self._note(seat, due)

    def _note(self, seat: Seat, tick: int) -> None:
        """Have a member play or serve in this tick, and not in the one that was noted before."""
        seat.due = tick
        seats = self._agenda.get(tick)
        if seats is None:
            seats = self._agenda[tick] = deque()
            heappush(self._ticks, tick)
        seats.append(seat)

    def _watch(self, seat: Seat, descriptor: int) -> None:
        if seat.descriptor >= 0:
            self._waiter.unwatch(seat.descriptor)
        seat.descriptor = descriptor
        if descriptor >= 0:
            self._waiter.watch(descriptor, seat)


def _expel(member: Member, error: Exception) -> None:
    """End one member, and not all the others."""
    if raised_by_signal_handler(error):
        raise error
    member._crash(error)
