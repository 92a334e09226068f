"""Long runs by command.

``python -m tests.soak --hours 24`` lets 64 players talk for a virtual day;
``python -m tests.soak --minutes 10`` keeps 200 real peers busy on the loopback interface.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from godot_enet.core.engine import PythonEngine
from godot_enet.core.interface import Engine
from godot_enet.core.native import NativeEngine, NativeUnavailable
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.sim import LinkConfig
from tests.soak.crowd import Crowd
from tests.soak.loopback import soak, usage

ENGINES: dict[str, Callable[[HostConfig], Engine]] = {"python": PythonEngine, "native": NativeEngine}
LINK = LinkConfig(loss=0.02, delay=20, jitter=15, reorder=0.2, duplicate=0.01)
GROWTH = 1.05
"""Memory at the end, in multiples of what it was after the warm-up."""


def main() -> int:
    """The exit code: 0 if everything held."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--hours", type=float, default=0.0, help="virtual hours")
    parser.add_argument("--players", type=int, default=64)
    parser.add_argument("--engine", choices=sorted(ENGINES), default="native")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=0.0, help="real minutes")
    parser.add_argument("--peers", type=int, default=200)
    given = parser.parse_args()
    good = True
    if not given.hours and not given.minutes:
        parser.error("say how long: --hours of virtual time, --minutes of real time, or both")
    if given.hours:
        good = virtual(given.hours, given.players, given.engine, given.seed)
    if given.minutes:
        good = real(given.minutes, given.peers) and good
    return 0 if good else 1


def virtual(hours: float, players: int, engine: str, seed: int) -> bool:
    """A session by the virtual clock; whether memory stayed flat after its first tenth."""
    crowd = Crowd(ENGINES[engine], players, LINK, churn=1 / 3600, seed=seed)
    began, seconds = time.monotonic(), int(hours * 3600)
    tenth = max(1, seconds // 10)
    first = 0
    for passed in range(0, seconds, tenth):
        crowd.run(min(tenth, seconds - passed))
        memory = usage().memory
        first = first or memory
        sys.stdout.write(
            f"{(passed + tenth) / 3600:5.1f} h: {crowd.heard:,} packets, {crowd.joined:,} joined, {crowd.left:,} left, "
            f"{memory / 1e6:.1f} MB, {time.monotonic() - began:.0f} s\n"
        )
        sys.stdout.flush()
    crowd.stop_churn()
    crowd.run(120)
    crowd.settle()
    return usage().memory <= first * GROWTH


def real(minutes: float, peers: int) -> bool:
    """A session by the real clock."""
    seconds = minutes * 60
    first, last, received = soak(peers, seconds, warm_up=min(60.0, seconds / 5))
    sys.stdout.write(f"{received:,} packets; {first} after the warm-up, {last} at the end\n")
    return last.memory <= first.memory * GROWTH and last[1:] == first[1:]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NativeUnavailable as error:
        sys.exit(f"soak: the native engine is not available ({error}); --engine python does without")
