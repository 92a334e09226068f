"""The figures of docs/netcode.md, from matches on the virtual network."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import mean

from benchmarks.netcode.match import PLACES, RADIUS, RATE, SKIPPED, STEPS, Frame, Match, Place, Settings, distance
from benchmarks.svg import Line, chart
from godot_enet.netcode import Blend, History
from godot_enet.testing import LinkConfig

__all__ = ["FULL_STATE", "figures"]

FULL_STATE = 21
"""Bytes of a player in the arena's snapshots without a packer: number, last input, place and velocity as floats."""


def figures(match: Match, everything: Match, tight: Match) -> Mapping[str, str]:
    """Each figure's SVG by the name of its file.

    Args:
        match: With all pieces.
        everything: The same without interest and budget.
        tight: With half the budget.
    """
    return {
        "netcode-clock.svg": clock(),
        "netcode-interpolation.svg": interpolation(match),
        "netcode-prediction.svg": prediction(match),
        "netcode-history.svg": history(match),
        "netcode-delta.svg": delta(match, everything),
        "netcode-interest.svg": interest(match, tight),
    }


def clock() -> str:
    """A link that becomes slower and uneven, and good again."""
    match = Match(Settings(delay=50, loss=0.0, players=2, clients=1))
    here, there = "10.0.0.1", "10.0.0.2"
    match.play(6)
    match.network.set_link(here, there, LinkConfig(delay=90, jitter=80, loss=0.05))
    match.play(8)
    match.network.set_link(here, there, LinkConfig(delay=50))
    match.play(8)
    frames = match.clients[0].frames[60:]
    start = frames[0].moment

    def behind(frame: Frame, tick: float) -> float:
        return frame.moment - match.moments[0] - (tick - 1) * 1000 / RATE

    times = [(frame.moment - start) / 1000 for frame in frames]
    lines = [
        Line("newest tick that arrived", "raw", _over(times, [behind(f, f.arrived) for f in frames]), steps=True),
        Line("tick drawn", "good", _over(times, [behind(f, f.tick) for f in frames])),
        Line("shared clock", "better", _over(times, [f.moment - f.server_time for f in frames])),
    ]
    return chart("TickClock over a link that changes", "seconds", "ms behind the server", lines, zero=True)


def interpolation(match: Match) -> str:
    """Another player that turns round, over two seconds."""
    client = match.clients[0]
    best: tuple[float, int, list[Frame]] = (0.0, -1, [])
    for start in range(SKIPPED, len(client.frames) - 120, 60):
        frames = client.frames[start : start + 120]
        for number in frames[0].others:
            if all(number in frame.others and number in frame.newest for frame in frames):
                xs = [frame.others[number].x for frame in frames]
                turning = min(max(xs) - xs[0], max(xs) - xs[-1])
                best = max(best, (turning, number, frames), key=lambda each: each[0])
    _, number, frames = best
    times = [(frame.moment - frames[0].moment) / 1000 for frame in frames]
    lines = [
        Line("true, at the time shown", "truth", _over(times, [match.true_place(number, f.tick)[0] for f in frames])),
        Line("raw", "raw", _over(times, [f.newest[number].x for f in frames]), steps=True),
        Line("interpolated", "good", _over(times, [f.others[number].x for f in frames])),
    ]
    return chart("Another player, 100 ms each way, 5 % lost", "seconds", "x in pixels", lines)


def prediction(match: Match) -> str:
    """The own player around its largest correction."""
    found: tuple[float, int, list[Frame]] = (0.0, 0, [])
    for number, client in enumerate(match.clients):
        truth = match.server.players[number].truth
        for at in range(SKIPPED, len(client.frames) - 60):
            frame = client.frames[at]
            wrong = distance(frame.own, truth.get(frame.input, frame.own))
            found = max(found, (wrong, number, client.frames[at - 45 : at + 45]), key=lambda each: each[0])
    _, number, frames = found
    truth = match.server.players[number].truth
    axis = max((0, 1), key=lambda axis: max(abs(f.own[axis] - truth.get(f.input, f.own)[axis]) for f in frames))
    times = [(frame.moment - frames[0].moment) / 1000 for frame in frames]
    lines = [
        Line("true, after the same input", "truth", _over(times, [truth.get(f.input, f.own)[axis] for f in frames])),
        Line("raw", "raw", _over(times, [f.newest_own[axis] for f in frames]), steps=True),
        Line("predicted", "good", _over(times, [f.predicted[axis] for f in frames])),
        Line("drawn, corrected smoothly", "better", _over(times, [f.own[axis] for f in frames])),
    ]
    title = "The own player is pushed by another, 100 ms each way, 5 % lost"
    return chart(title, "seconds", f"{'xy'[axis]} in pixels", lines)


def history(match: Match) -> str:
    """By how much a shot misses, aimed exactly at what the shooter sees, when it reaches the server."""
    client, delay = match.clients[0], match.settings.delay
    past: History[int, Place] = History(Blend(Place), limit=RATE)
    tick = 0
    times, without, rewound = [], [], []
    start = client.frames[SKIPPED].moment
    for frame in client.frames[SKIPPED : SKIPPED + 360]:
        while tick < len(match.moments) and match.moments[tick] <= frame.moment + delay:
            tick += 1
            past.add(tick, {n: Place(*path[tick * STEPS - 1]) for n, path in match.server.paths.items()})
        seen = {number: (place.x, place.y) for number, place in frame.others.items()}
        now, then = past.at(tick), past.at(frame.tick)
        times.append((frame.moment - start) / 1000)
        without.append(mean(distance(at, (now[n].x, now[n].y)) for n, at in seen.items()))
        rewound.append(mean(distance(at, (then[n].x, then[n].y)) for n, at in seen.items()))
    lines = [
        Line("the world as it is", "raw", _over(times, without)),
        Line("the world of the shooter's tick", "good", _over(times, rewound)),
    ]
    title = "Shots at what is seen, 100 ms each way, 5 % lost"
    return chart(title, "seconds", "px beside the target, mean", lines, zero=True)


def delta(match: Match, everything: Match) -> str:
    """Bytes of each tick for one client."""
    players = match.settings.players

    def payload(of: Match) -> list[float]:
        every = of.settings.clients
        return [float(size) for size in of.server.payload[::every]][: 10 * RATE]

    ticks = [number / RATE for number in range(10 * RATE)]
    lines = [
        Line("full states", "raw", [(0, players * FULL_STATE), (10, players * FULL_STATE)]),
        Line("Packer", "extra", [(0, players * (1 + PLACES.size)), (10, players * (1 + PLACES.size))]),
        Line("and Delta", "better", _over(ticks, payload(everything))),
        Line("and Interest, budget", "good", _over(ticks, payload(match))),
    ]
    return chart("Payload for one of 64 players", "seconds", "bytes a tick", lines, zero=True)


def interest(match: Match, tight: Match) -> str:
    """How often players are sent, by their distance."""
    step = RADIUS / 11

    def rates(of: Match) -> list[tuple[float, float]]:
        bins: list[list[bool]] = [[] for _ in range(11)]
        for far, sent in of.server.distances[len(of.server.distances) // 10 :]:
            bins[min(10, int(far / step))].append(sent)
        return [((number + 0.5) * step, RATE * mean(each)) for number, each in enumerate(bins) if each]

    lines = [
        Line(f"{match.settings.budget} bytes a tick", "good", rates(match)),
        Line(f"{tight.settings.budget} bytes a tick", "better", rates(tight)),
    ]
    return chart("How often a player is sent", "distance in pixels", "states per second", lines, zero=True)


def _over(times: list[float], values: list[float]) -> list[tuple[float, float]]:
    return list(zip(times, values, strict=True))
