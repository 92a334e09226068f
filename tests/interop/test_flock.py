"""demos/flock.py and demos/godot/flock in one game: two Godots and a Python end with the same trees and values."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from math import dist
from pathlib import Path

import pytest

from godot_enet.tools.rpc_check import differences, methods_of_class, methods_of_scripts
from tests.demos.program import ROOT, free_port
from tests.demos.window import Keys

from .conftest import need_godot
from .flock_ends import FRAME, LATE, End, GodotEnd, PythonEnd, States, godot_project
from .relay import relay

pytestmark = pytest.mark.interop

PATIENCE = 60.0
SERVER, WOLF, SHEPHERD = "server", "wolf", "shepherd"
ROLES = SERVER, WOLF, SHEPHERD
"""In the order in which they come."""
SIGHT = 150.0


class Table:
    """The three ends of one game: the role of one is played by Python, the others by Godots."""

    def __init__(self, python: str, home: Path, keys: Keys) -> None:
        executable = need_godot()
        self._executable, self._python, self._home = executable, python, home
        self._project = godot_project(home / "project")
        self._modules = keys.load("demos.flock"), keys.load("demos._flock_pieces")
        self._port = free_port()
        self.ends: dict[str, End] = {}

    def seat(self, role: str, road: int | None = None, *, auto: bool = False) -> End:
        """Start one; ``road`` is the port of a relay to the server."""
        serves, port = role == SERVER, road or self._port
        if role == self._python:
            self.ends[role] = PythonEnd(*self._modules, port, serves=serves, auto=auto)
        else:
            side = ["--server"] if serves else ["--host", "127.0.0.1"]
            arguments = [*side, "--port", str(port), *(["--auto"] if auto else [])]
            self.ends[role] = GodotEnd(self._executable, self._project, self._home / role, arguments)
        self.until(lambda: self._is_in(role))
        return self.ends[role]

    @contextlib.contextmanager
    def bad_road(self, seed: int) -> Iterator[int]:
        with relay(self._port, loss=0.05, delay=0.1, seed=seed) as road:
            yield road

    def _is_in(self, role: str) -> bool:
        name = str(self.ends[role].id)
        return any(f"/{name}/State" in path for path in self.states()[role])

    def states(self) -> dict[str, States]:
        return {role: end.states() for role, end in self.ends.items()}

    def run(self, seconds: float) -> None:
        """Let them play."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            self.frame()
            time.sleep(max(0.0, min(FRAME - (time.monotonic() - now), end - now)))

    def frame(self) -> None:
        python = self.ends.get(self._python)
        if isinstance(python, PythonEnd):
            python.frame()

    def until(self, happened: Callable[[], bool]) -> None:
        """Let them play until it has happened."""
        deadline = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < deadline, unlike(self)
            self.run(4 * FRAME)

    def leave(self, role: str) -> None:
        """One of them leaves the game."""
        self.ends.pop(role).close()

    def close(self) -> None:
        with contextlib.ExitStack() as stack:  # the next is closed even if something is wrong with one
            for end in self.ends.values():
                stack.callback(end.close)


@pytest.fixture(params=ROLES)
def table(
    request: pytest.FixtureRequest,
    host_engine: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Table]:
    """Python as each of the three, with each engine."""
    table = Table(request.param, tmp_path, Keys(monkeypatch))
    yield table
    table.close()
    assert not [record for record in caplog.get_records("call") if LATE not in record.getMessage()]


def place(states: States, path: str) -> tuple[float, float]:
    x, y = states[f"/root/Flock/{path}"][1][0]
    return x, y


def distance(states: States, path: str, other: str) -> float:
    return dist(place(states, path), place(states, other))


def unlike(table: Table) -> list[str]:
    """Where a client has not what it should have, given what the server has."""
    states = table.states()
    server, found = states.pop(SERVER), []
    for role, client in states.items():
        id = table.ends[role].id
        for path in sorted(server.keys() | client.keys()):
            ours, theirs = server.get(path), client.get(path)
            _, _, _, *names = path.split("/")
            if names[0] == "Wolves" and role == SHEPHERD and ours:
                away = distance(server, f"Wolves/{names[1]}/State", f"Shepherds/{id}/State")
                if abs(away - SIGHT) < 10 or (away > SIGHT and theirs is None):
                    continue  # on the edge either is right
            if names[-1] == "Input" and names[1] != str(id) and ours and theirs:
                ours, theirs = (ours[0], []), (theirs[0], [])  # only the server gets to know what a player wants
            if ours != theirs:
                found.append(f"{role}: {path} is {theirs}, not {ours}")
    return found


def test_players_of_both_kinds_carry_sheep_and_hide(table: Table) -> None:
    server, wolf = table.seat(SERVER), table.seat(WOLF)
    sheep = "/root/Flock/Sheep/Sheep"
    its_id, wolf_path = wolf.id, f"Wolves/{wolf.id}"
    wolf_state = f"/root/Flock/{wolf_path}/State"
    table.until(lambda: f"{sheep}8/State" in wolf.states())
    for number in range(2, 9):
        server.change(f"Sheep/Sheep{number}", "home", 1)  # out of the way

    # The server spawned it by a function, and it has its own input: the server moves it.
    assert wolf.states()[f"/root/Flock/{wolf_path}/Input"][0] == its_id
    assert server.states()[wolf_state][0] == 1
    server.change(wolf_path, "position", (500.0, 60.0))
    wolf.press("ui_up")
    table.until(lambda: all(place(states, f"{wolf_path}/State") == (500, 0) for states in table.states().values()))
    wolf.press("ui_up", down=False)
    table.until(lambda: server.states()[f"/root/Flock/{wolf_path}/Input"][1] == [[0, 0]])

    # It picks up a sheep: authority over the place goes to its peer.
    for path in (wolf_path, "Sheep/Sheep"):
        server.change(path, "position", (500.0, 60.0))
    table.until(lambda: all(states[f"{sheep}/Place"][0] == its_id for states in table.states().values()))

    # Who comes later is told who carries it, gets its place from the carrier, and does not see the wolf.
    shepherd = table.seat(SHEPHERD)
    table.until(lambda: shepherd.states().get(f"{sheep}/Place") == (its_id, [[500, 46]]))  # on its head
    assert wolf_state not in shepherd.states()

    # It comes near, and shows; scared, it gives the sheep back, and the server has authority everywhere.
    beside = place(server.states(), f"Shepherds/{shepherd.id}/State")
    server.change(wolf_path, "position", (beside[0] + 60.0, beside[1]))
    table.until(lambda: all(states[f"{sheep}/Place"][0] == 1 for states in table.states().values()))
    table.until(lambda: wolf_state in shepherd.states())
    table.until(lambda: distance(shepherd.states(), f"{wolf_path}/State", "Sheep/Sheep/Place") < 40)

    # It goes, and takes a sheep along: to whom it is near no more it is gone; the sheep is not.
    server.change(wolf_path, "position", (500.0, 340.0))
    table.until(lambda: wolf_state not in shepherd.states())
    table.until(lambda: place(wolf.states(), f"{wolf_path}/State") == (500, 340))
    server.change("Sheep/Sheep2", "position", (500.0, 340.0))
    server.change("Sheep/Sheep2", "home", 0)
    table.until(lambda: shepherd.states()[f"{sheep}2/Place"][0] == its_id)

    # Without its peer there is no wolf, and its sheep is the server's again.
    table.leave(WOLF)
    table.until(lambda: all(states[f"{sheep}2/Place"][0] == 1 for states in table.states().values()))
    assert wolf_state not in server.states()
    for end in table.ends.values():
        end.pause()
    table.until(lambda: unlike(table) == [])


def authorities(table: Table) -> set[int]:
    """Over places of sheep, at the server."""
    return {authority for path, (authority, _) in table.ends[SERVER].states().items() if path.endswith("/Place")}


def play(table: Table, seconds: float) -> None:
    """Two clients that play by themselves, each behind 100 ms each way and 5 % of loss; the second comes late."""
    with table.bad_road(1) as road, table.bad_road(2) as other:
        table.seat(SERVER, auto=True)
        table.seat(WOLF, road, auto=True)
        table.run(1.0)
        table.seat(SHEPHERD, other, auto=True)
        table.run(seconds)
        table.until(lambda: any(authority != 1 for authority in authorities(table)))  # not between two rounds
        for end in table.ends.values():
            end.pause()
        table.until(lambda: unlike(table) == [])


def test_all_see_the_same_after_a_few_seconds_of_loss_and_delay(table: Table) -> None:
    play(table, 2.0)


@pytest.mark.long
@pytest.mark.parametrize("table", ROLES[:1], indirect=True)  # the others play for seconds, above
def test_all_see_the_same_after_a_minute_of_loss_and_delay(table: Table) -> None:
    play(table, 60.0)


def test_the_scripts_and_the_classes_have_the_same_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    Keys(monkeypatch).load("demos._flock_pieces")
    ours = methods_of_class("demos._flock_pieces:Sheep")
    assert ours
    assert differences(methods_of_scripts([ROOT / "demos" / "godot" / "flock" / "sheep.gd"]), ours) == []
