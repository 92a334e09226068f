"""Time shared over the virtual network: how near it comes, and that it never goes back."""

from __future__ import annotations

from itertools import pairwise

import pytest

from godot_enet.core.interface import Address
from godot_enet.core.sim import LinkConfig, World
from godot_enet.netcode import MessageError, TickClock

SERVER, CLIENT = Address("10.0.0.1", 1), Address("10.0.0.2", 1)
RATE = 20


class Ends:
    """A server that sends a tick every 50 ms, and a client whose own clock shows something else."""

    def __init__(self, link: LinkConfig, ahead: float = 12_345.0, drift: float = 0.0, cover: float = 0.97) -> None:
        self.world = World(seed=1, capture=False)
        self.world.set_link(SERVER, CLIENT, link)
        self.world.set_link(CLIENT, SERVER, link)
        self.server, self.client = self.world.add_mailbox(SERVER), self.world.add_mailbox(CLIENT)
        self.clock = TickClock(RATE, cover)
        self.ahead, self.drift = ahead, drift
        self.errors: list[float] = []
        self.times: list[float] = []
        self.shown: list[float] = []
        self.starved = 0
        self.newest = -1

    def local(self) -> float:
        return self.world.now * (1 + self.drift) + self.ahead

    def run(self, seconds: int, since: int = 0, step: int = 10) -> None:
        """In frames of ``step`` ms. What is noted begins after ``since`` seconds."""
        for _ in range(seconds * 1000 // step):
            self.world.run_for(step)
            now = self.world.now
            for ping in self.server.take():
                self.server.send(CLIENT, b"p" + TickClock.pong(ping, now))
            if now % 50 == 0:
                self.server.send(CLIENT, b"s" + (now // 50).to_bytes(4, "big"))
            if now % 500 == 0:
                self.client.send(SERVER, self.clock.ping(self.local()))
            for message in self.client.take():
                if message[:1] == b"p":
                    self.clock.receive_pong(message[1:], self.local())
                else:
                    tick = int.from_bytes(message[1:], "big")
                    self.newest = max(self.newest, tick)
                    self.clock.receive_snapshot(tick, self.local())
            self.clock.update(self.local())
            if now > 1000 * since and self.clock.server_time is not None and self.clock.shown_tick is not None:
                self.errors.append(self.clock.server_time - now)
                self.times.append(self.clock.server_time)
                self.shown.append(self.clock.shown_tick)
                self.starved += self.clock.shown_tick > self.newest


def test_over_an_even_link_the_time_is_exact() -> None:
    ends = Ends(LinkConfig(delay=50))
    ends.run(20, since=1)
    assert max(map(abs, ends.errors)) < 0.01
    assert (ends.clock.round_trip, ends.clock.jitter, ends.clock.drift) == (100, 0, 0)
    assert ends.clock.server_tick == ends.world.now // 50
    # a tick is there 50 ms after it was, and has to last for 50 ms more
    assert ends.shown[-1] == pytest.approx((ends.world.now - 100) / 50, abs=0.01)
    assert ends.starved == 0


@pytest.mark.parametrize(("loss", "within"), [(0.0, 5), (0.05, 5), (0.2, 6)])
def test_jitter_and_losses_move_it_by_a_few_milliseconds(loss: float, within: float) -> None:
    ends = Ends(LinkConfig(delay=50, jitter=40, loss=loss))
    ends.run(60, since=10)
    assert max(map(abs, ends.errors)) < within


@pytest.mark.parametrize(("loss", "starved", "behind"), [(0.0, 0.0, 2.85), (0.05, 0.03, 3.8), (0.2, 0.03, 5.2)])
def test_the_depth_follows_jitter_and_losses(loss: float, starved: float, behind: float) -> None:
    """Of 100 frames at most 3 have to be extrapolated, and the drawn time lies no further behind than that needs."""
    ends = Ends(LinkConfig(delay=50, jitter=40, loss=loss))
    ends.run(60, since=10)
    assert ends.starved / len(ends.shown) <= starved
    lags = [time / 50 - shown for time, shown in zip(ends.times, ends.shown, strict=True)]
    assert 2.0 < sum(lags) / len(lags) < behind


def test_a_drift_of_two_hundred_parts_in_a_million_is_found() -> None:
    ends = Ends(LinkConfig(delay=40, jitter=10), drift=200e-6)
    ends.run(90, since=45, step=2)
    assert ends.clock.drift == pytest.approx(-200e-6, abs=20e-6)
    assert max(map(abs, ends.errors)) < 1


@pytest.mark.parametrize("delay", [20, 400])
def test_no_clock_goes_back_whatever_the_link_does(delay: int) -> None:
    ends = Ends(LinkConfig(delay=150, jitter=100, loss=0.1, reorder=0.3))
    ends.run(10)
    ends.world.set_link(SERVER, CLIENT, LinkConfig(delay=delay, jitter=5))
    ends.run(20)
    for earlier, later in [*pairwise(ends.times), *((a * 50, b * 50) for a, b in pairwise(ends.shown))]:
        assert 0 <= later - earlier <= 10 * 1.05 + 1e-6 or later - earlier > 250


HOURS = 7_200_000


@pytest.mark.parametrize(
    ("step", "within"),
    [(HOURS, 1), (-HOURS, 1), (-3000, 1), (3000, 20)],  # the last may be a long frame: the times go on, and wait then
)
def test_this_machines_clock_is_set(step: int, within: int) -> None:
    """By its user, or by NTP. The times of the game go on, and soon are as exact as before."""
    ends = Ends(LinkConfig(delay=50, jitter=10))
    ends.run(40)
    ends.ahead += step
    ends.run(within)
    ends.errors.clear()
    ends.run(20)
    assert max(map(abs, ends.errors)) < 10
    assert 50 < ends.world.now - 50 * ends.shown[-1] < 200
    for earlier, later in pairwise(ends.times):
        assert 0 <= later - earlier < 3200, "it goes back, or ahead by hours"


def test_this_machines_clock_is_set_back_just_before_a_ping() -> None:
    """And its answer arrives before the next frame: the time goes on evenly all the same."""
    clock, server, now = TickClock(RATE), 1000.0, 1e9

    def ask() -> None:
        ping = clock.ping(now)
        clock.receive_pong(TickClock.pong(ping, server), now)

    for _ in range(40):
        ask()
        clock.update(now)
        server, now = server + 16, now + 16
    now -= 3_600_000
    ask()
    times = []
    for _ in range(100):
        server, now = server + 16, now + 16
        clock.update(now)
        assert clock.server_time is not None
        times.append(clock.server_time)
    assert all(before < after < before + 20 for before, after in pairwise(times))
    assert times[-1] == pytest.approx(server, abs=2)


def test_this_machine_sleeps() -> None:
    """For twenty seconds of the server's, whose snapshots wait in the socket."""
    ends = Ends(LinkConfig(delay=50, jitter=10))
    ends.run(40)
    for _ in range(400):
        ends.world.run_for(50)
        ends.server.send(CLIENT, b"s" + (ends.world.now // 50).to_bytes(4, "big"))
    before, shown = ends.times[-1], ends.shown[-1]
    ends.run(2)
    assert min(ends.times) >= ends.times[0]
    assert ends.times[-1] - before > 20_000
    assert ends.shown[-1] - shown > 400
    assert abs(ends.errors[-1]) < 10
    assert ends.world.now - 50 * ends.shown[-1] < 200
    assert abs(ends.clock.drift) < 1e-6


def test_a_server_whose_clock_is_set_is_followed_at_once() -> None:
    """Answers of before would make the estimate slide for as long as they count."""
    clock, now = TickClock(RATE), 0.0
    for server in (0.0, 500_000.0):
        for _ in range(32):
            now += 500
            clock.receive_pong(TickClock.pong(clock.ping(now - 40), server + now - 20), now)
        clock.receive_pong(TickClock.pong(clock.ping(now + 460), server + now + 480), now + 500)
        assert clock.offset_at(now + 500) == pytest.approx(server)
    clock.receive_pong(TickClock.pong(clock.ping(now + 960), now + 980), now + 1000)
    assert clock.offset_at(now + 1000) == pytest.approx(0)


def test_a_clock_that_is_far_off_stands_still_or_jumps() -> None:
    clock = TickClock(RATE)

    def hear(server: float, now: float) -> None:
        for moment in range(40):
            clock.receive_pong(TickClock.pong(clock.ping(now + moment / 100), server), now + moment / 100)

    hear(5000, 0)
    clock.update(0)
    assert clock.server_time == pytest.approx(5000, abs=1)
    hear(4000, 10)  # the server began again
    clock.update(20)
    assert clock.server_time == pytest.approx(5000, abs=1)
    clock.update(1200)  # and went on
    clock.update(1500)
    assert clock.server_time == pytest.approx(5490, abs=20)
    hear(90_000, 1510)
    clock.update(1520)
    assert clock.server_time == pytest.approx(90_010, abs=2)


def test_before_anything_is_known() -> None:
    clock = TickClock(RATE)
    clock.update(5)
    clock.receive_snapshot(1, 10)
    clock.update(20)
    assert (clock.server_time, clock.server_tick, clock.shown_tick) == (None, None, None)
    assert (clock.round_trip, clock.jitter, clock.drift) == (0, 0, 0)


def test_answers_that_nobody_asked_for_are_ignored() -> None:
    clock = TickClock(RATE)
    ping = clock.ping(100)
    clock.receive_pong(TickClock.pong(ping, float("nan")), 110)
    clock.receive_pong(TickClock.pong(TickClock(RATE).ping(99), 5000), 110)
    clock.update(111)
    assert clock.server_time is None
    clock.receive_pong(TickClock.pong(ping, 5000), 120)
    clock.receive_pong(TickClock.pong(ping, 9000), 121)
    clock.update(121)
    assert clock.server_time == 5011
    for wrong in (b"", bytes(7), bytes(17)):
        with pytest.raises(MessageError, match="bytes, not"):
            TickClock.pong(wrong, 0)
        with pytest.raises(MessageError, match="bytes, not"):
            clock.receive_pong(wrong, 0)


def test_arguments_out_of_range() -> None:
    for rate, cover, nudge in ((0, 0.9, 0.1), (20, 0, 0.1), (20, 1.1, 0.1), (20, 0.9, 1)):
        with pytest.raises(ValueError, match="must be"):
            TickClock(rate, cover, nudge)


@pytest.mark.parametrize("server", [1.7e308, -1.7e308, 1e17, float("inf"), float("nan")])
def test_times_that_cannot_be_are_ignored(server: float) -> None:
    clock = TickClock(RATE)
    for number in range(40):
        now = 500.0 * number
        clock.receive_pong(TickClock.pong(clock.ping(now), server if number else 1000.0), now + 10)
        clock.update(now + 10)
    assert clock.server_tick == (1005 + 500 * 39) // 50


def test_an_answer_from_before_the_clock_was_set_back_is_ignored() -> None:
    clock = TickClock(RATE)
    clock.receive_pong(TickClock.pong(clock.ping(0.0), 1000.0), 10.0)
    clock.receive_pong(TickClock.pong(clock.ping(200.0), 1200.0), 10.0)
    assert clock.round_trip == 10.0
    assert clock.offset_at(10.0) == 995.0
    clock.receive_pong(TickClock.pong(clock.ping(200.0), 1200.0), -100.0)  # by more than a moment: it was set
    assert clock.round_trip == 0.0
