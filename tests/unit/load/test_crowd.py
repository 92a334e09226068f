"""One thread for all bots: when each of them plays, and that nothing stops the others."""

from __future__ import annotations

import logging
from itertools import pairwise
from typing import Any

import pytest

from godot_enet.load.crowd import Crowd, Seat


class Time:
    """A clock and a waiter whose waits take no time but their own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.watched: dict[int, Seat] = {}
        self.readable: set[int] = set()
        self.waits: list[float] = []
        self.woken = 0

    def watch(self, descriptor: int, owner: Seat) -> None:
        assert descriptor not in self.watched
        self.watched[descriptor] = owner

    def unwatch(self, descriptor: int) -> None:
        del self.watched[descriptor]

    def wake(self) -> None:
        self.woken += 1

    def wait(self, seconds: float) -> list[Seat]:
        self.waits.append(seconds)
        if not self.readable:
            self.now += max(seconds, 0.0)
        return [self.watched[each] for each in self.readable if each in self.watched]


class Member:
    """One that notes what happens to it."""

    def __init__(self, time: Time, *, frame_rate: float = 10.0, descriptor: int = -1, effort: float = 0.0) -> None:
        self.time = time
        self.frame_rate = frame_rate
        self._descriptor = descriptor
        self.has_ended = False
        self._needs_deadlines = False
        self.deadline: float | None = None
        self.effort = effort
        self.log: list[str] = []
        self.frames: list[float] = []
        self.leaves_in_frame: Any = None

    def _enter(self, now: float) -> None:
        self.log.append("open")

    def _play(self, now: float, delta: float) -> None:
        self.time.now += self.effort
        self.frames.append(now)
        if self.leaves_in_frame is not None:
            self.leaves_in_frame.remove(self)
            assert self.log[-1] != "close"

    def _serve(self) -> None:
        self.log.append(f"serve {self.time.now:.2f}")
        self.time.readable.discard(self._descriptor)

    def _next_deadline(self) -> float | None:
        return self.deadline

    def _crash(self, error: BaseException) -> None:
        self.log.append(f"crash: {error}")
        self.has_ended = True

    def _leave(self) -> None:
        self.log.append("close")


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def crowd(time: Time) -> Crowd:
    return Crowd(time, lambda: time.now)


def run(crowd: Crowd, time: Time, seconds: float) -> None:
    end = time.now + seconds
    while time.now < end:
        crowd.turn(end - time.now)


class TestFrames:
    def test_each_has_its_rate(self, crowd: Crowd, time: Time) -> None:
        members = [Member(time, frame_rate=rate) for rate in (1.0, 10.0, 60.0)]
        for member in members:
            crowd.add(member)
        run(crowd, time, 10)
        assert [len(member.frames) for member in members] == [pytest.approx(n, abs=1) for n in (10, 100, 600)]
        assert crowd.late_frames == 0
        assert crowd.frames == sum(len(member.frames) for member in members)

    def test_first_frames_are_spread(self, crowd: Crowd, time: Time) -> None:
        members = [Member(time) for _ in range(40)]
        for member in members:
            crowd.add(member)
        run(crowd, time, 0.2)
        firsts = sorted(member.frames[0] for member in members)
        assert max(later - earlier for earlier, later in pairwise(firsts)) < 0.01

    def test_late_ones_are_counted_and_not_made_up_for(
        self, crowd: Crowd, time: Time, caplog: pytest.LogCaptureFixture
    ) -> None:
        member = Member(time, effort=0.25)
        crowd.add(member)
        with caplog.at_level(logging.WARNING, "godot_enet.load"):
            run(crowd, time, 20)
        assert len(member.frames) == pytest.approx(80, abs=3)
        assert crowd.late_frames == pytest.approx(80, abs=3)
        assert 1 <= len(caplog.records) <= 4
        assert "100 % of the frames of 1 bots were late" in caplog.records[-1].message

    def test_sockets_come_between_many_frames(self, crowd: Crowd, time: Time) -> None:
        for _ in range(1000):
            crowd.add(Member(time, frame_rate=1000.0))
        waiting = Member(time, frame_rate=0.001, descriptor=5)
        crowd.add(waiting)
        while crowd.frames < 5000:
            crowd.turn()
        time.readable.add(5)
        before = crowd.frames
        while 5 in time.readable:
            crowd.turn()
        assert crowd.frames - before <= 100


class TestSockets:
    def test_a_readable_one_is_served_at_once(self, crowd: Crowd, time: Time) -> None:
        member = Member(time, frame_rate=0.01, descriptor=5)
        crowd.add(member)
        run(crowd, time, 1)
        time.readable.add(5)
        crowd.turn()
        assert member.log == ["open", "serve 1.00"]

    def test_another_descriptor_is_watched_from_then_on(self, crowd: Crowd, time: Time) -> None:
        member = Member(time, descriptor=5)
        crowd.add(member)
        run(crowd, time, 1)
        assert list(time.watched) == [5]
        member._descriptor = 6
        run(crowd, time, 1)
        assert list(time.watched) == [6]
        member._descriptor = -1
        run(crowd, time, 1)
        assert list(time.watched) == []

    def test_deadlines_before_the_next_frame(self, crowd: Crowd, time: Time) -> None:
        member = Member(time, frame_rate=0.01)
        member._needs_deadlines, member.deadline = True, 0.25
        crowd.add(member)
        run(crowd, time, 1.1)
        assert member.log == ["open", "serve 0.25", "serve 0.50", "serve 0.75", "serve 1.00"]

    def test_an_earlier_deadline_replaces_a_later_one(self, crowd: Crowd, time: Time) -> None:
        member = Member(time, frame_rate=0.01, descriptor=5)
        member._needs_deadlines, member.deadline = True, 10.0
        crowd.add(member)
        run(crowd, time, 1)
        member.deadline = 0.5
        time.readable.add(5)
        crowd.turn()
        member.deadline = None
        run(crowd, time, 20)
        assert member.log == ["open", "serve 1.00", "serve 1.50"]


class TestComingAndGoing:
    def test_those_who_come_wake_the_waiter(self, crowd: Crowd, time: Time) -> None:
        member = Member(time)
        crowd.add(member)
        assert time.woken == 1
        assert member.log == []
        assert len(crowd) == 1
        crowd.turn()
        assert time.waits == [0.0]
        assert member.log == ["open"]

    def test_one_that_never_came_in_is_forgotten(self, crowd: Crowd, time: Time) -> None:
        member = Member(time)
        crowd.add(member)
        crowd.remove(member)
        crowd.remove(member)
        run(crowd, time, 1)
        assert member.log == []
        assert len(crowd) == 0

    def test_one_that_leaves_is_closed_once_and_plays_no_more(self, crowd: Crowd, time: Time) -> None:
        member = Member(time, descriptor=5)
        crowd.add(member)
        run(crowd, time, 1)
        crowd.remove(member)
        assert member.log == ["open", "close"]
        assert time.watched == {}
        crowd.remove(member)
        played = len(member.frames)
        run(crowd, time, 1)
        assert len(member.frames) == played
        assert member.log == ["open", "close"]

    def test_one_that_leaves_in_its_own_frame_is_closed_after_it(self, crowd: Crowd, time: Time) -> None:
        member = Member(time)
        member.leaves_in_frame = crowd
        crowd.add(member)
        run(crowd, time, 1)
        assert len(member.frames) == 1
        assert member.log == ["open", "close"]

    def test_one_that_has_ended_is_let_go(self, crowd: Crowd, time: Time) -> None:
        member = Member(time, descriptor=5)
        crowd.add(member)
        run(crowd, time, 1)
        member.has_ended = True
        run(crowd, time, 1)
        assert member.log == ["open", "close"]
        assert time.watched == {}
        assert len(crowd) == 0

    def test_one_that_breaks_ends_and_no_other(self, crowd: Crowd, time: Time) -> None:
        class Broken(Member):
            def _play(self, now: float, delta: float) -> None:
                raise RuntimeError("in a frame")

            def _serve(self) -> None:
                super()._serve()
                raise RuntimeError("at a socket")

        playing, served, other = Broken(time), Broken(time, frame_rate=0.001, descriptor=5), Member(time)
        for member in (playing, served, other):
            crowd.add(member)
        run(crowd, time, 0.5)
        time.readable.add(5)
        run(crowd, time, 0.5)
        assert playing.log == ["open", "crash: in a frame", "close"]
        assert served.log == ["open", "serve 0.50", "crash: at a socket", "close"]
        assert len(other.frames) >= 9
        assert len(crowd) == 1

    def test_one_that_breaks_when_it_comes_ends_and_no_other(self, crowd: Crowd, time: Time) -> None:
        class Broken(Member):
            def _enter(self, now: float) -> None:
                raise TypeError("a frame rate of text")

        broken, other = Broken(time), Member(time)
        crowd.add(broken)
        crowd.add(other)
        run(crowd, time, 1)
        assert broken.log == ["crash: a frame rate of text", "close"]
        assert len(other.frames) == pytest.approx(10, abs=1)

    @pytest.mark.parametrize("rate", [0.0, None, "30"])
    def test_a_frame_rate_that_becomes_none_ends_one_and_no_other(self, crowd: Crowd, time: Time, rate: Any) -> None:
        class Stopping(Member):
            def _play(self, now: float, delta: float) -> None:
                super()._play(now, delta)
                self.frame_rate = rate

        stopping, other = Stopping(time), Member(time)
        crowd.add(stopping)
        crowd.add(other)
        run(crowd, time, 1)
        assert len(stopping.frames) == 1
        assert [line.split(":")[0] for line in stopping.log] == ["open", "crash", "close"]
        assert len(other.frames) == pytest.approx(10, abs=1)

    def test_one_that_has_ended_before_does_not_begin(self, crowd: Crowd, time: Time) -> None:
        member = Member(time)
        member.has_ended = True  # quit() in its on_start
        crowd.add(member)
        run(crowd, time, 1)
        assert member.log == ["close"]
        assert len(crowd) == 0

    def test_a_crowd_without_members_waits(self, crowd: Crowd, time: Time) -> None:
        crowd.turn(0.25)
        assert time.waits == [0.25]
