"""The long runs, short: that they find nothing, and would find something."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from godot_enet.core.protocol.events import Event, EventType, PeerHandle
from godot_enet.core.sim import LinkConfig
from tests.conftest import EngineFactory
from tests.soak.crowd import RELIABLE, UNRELIABLE, UNSEQUENCED, Crowd, Talk
from tests.soak.loopback import soak

ROOT = Path(__file__).resolve().parents[2]
LINK = LinkConfig(loss=0.05, delay=20, jitter=15, reorder=0.2, duplicate=0.02)


def test_some_minutes_of_coming_and_going(engine_factory: EngineFactory) -> None:
    crowd = Crowd(engine_factory, players=6, link=LINK, churn=1 / 60, seed=7)
    crowd.run(240)
    assert crowd.joined > 6
    assert crowd.left > 0
    crowd.stop_churn()
    crowd.run(120)
    crowd.settle(60)
    assert crowd.heard > 6 * 200


def test_real_peers_leave_nothing_behind() -> None:
    first, last, received = soak(peers=20, seconds=4.0, warm_up=2.0)
    assert received > 20
    assert last[1:] == first[1:]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, where there is no pytest."""
    script = "import runpy, sys; sys.modules['pytest'] = None; runpy.run_module('tests.soak', run_name='__main__')"
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)


def test_the_command_needs_the_package_alone() -> None:
    done = run("--engine", "python", "--hours", "0.002", "--players", "2")
    assert done.stderr == ""
    assert "packets" in done.stdout
    if sys.implementation.name == "cpython":  # elsewhere a compiler takes memory in the first seconds
        assert done.returncode == 0


def test_the_command_asks_how_long() -> None:
    done = run()
    assert done.returncode == 2
    assert "--hours" in done.stderr


def heard(channel: int, *numbers: int) -> Talk:
    talk = Talk()
    for number in numbers:
        talk.hear(Event(EventType.RECEIVE, PeerHandle(1), channel, 0, number.to_bytes(4, "big"), 0))
    return talk


@pytest.mark.parametrize(
    ("channel", "numbers"),
    [(RELIABLE, (0, 2)), (RELIABLE, (0, 0)), (UNRELIABLE, (4, 4)), (UNRELIABLE, (4, 3)), (UNSEQUENCED, (5, 4, 5))],
)
def test_what_breaks_a_promise_is_found(channel: int, numbers: tuple[int, ...]) -> None:
    with pytest.raises(AssertionError):
        heard(channel, *numbers)


def test_what_keeps_them_is_not() -> None:
    assert heard(RELIABLE, 0, 1, 2).heard == 3
    assert heard(UNRELIABLE, 1, 5, 6).heard == 3
    assert heard(UNSEQUENCED, 5, 4, 6).heard == 3
