"""docs/lobby.md: each of its two lobbies serves the other, as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .page_programs import PATIENCE, commands_of, running

pytestmark = pytest.mark.interop

GODOT, PYTHON = "Godot is here, in #6495ed", "Python is here, in #ffd700"
MEETING = re.compile(r"everyone meets at -320(\.0)?, -180(\.0)?")


@pytest.fixture
def commands(tmp_path: Path) -> dict[str, list[str]]:
    return commands_of("docs/lobby.md", "lobby", tmp_path)


@pytest.mark.parametrize("server", ["godot", "python"])
@pytest.mark.parametrize("client", ["godot", "python"])
def test_two_meet(commands: dict[str, list[str]], tmp_path: Path, server: str, client: str) -> None:
    with (
        running([*commands[server], "--server"], tmp_path, "server") as serving,
        running(commands[client], tmp_path, "client") as joining,
    ):
        joining.wait_for(MEETING.pattern)
        serving.wait_for(MEETING.pattern)
        assert (GODOT if server == "godot" else PYTHON) in joining.output
        assert (GODOT if client == "godot" else PYTHON) in serving.output


def test_clients_of_one_server_hear_of_each_other(commands: dict[str, list[str]], tmp_path: Path) -> None:
    with (
        running([*commands["godot"], "--server"], tmp_path, "server") as server,
        running(commands["python"], tmp_path, "python") as python,
    ):
        python.wait_for(GODOT)
        server.wait_for(MEETING.pattern)
        with running(commands["godot"], tmp_path, "godot") as godot:
            python.wait_for(GODOT, times=2)
            godot.wait_for(PYTHON)
            godot.wait_for(GODOT)
            python.wait_for(MEETING.pattern, times=2)


def test_who_falls_silent_is_missed(commands: dict[str, list[str]], tmp_path: Path) -> None:
    with (
        running([*commands["python"], "--server"], tmp_path, "server") as server,
        running(commands["python"], tmp_path, "python") as python,
    ):
        with running(commands["godot"], tmp_path, "godot") as godot:
            godot.wait_for(PYTHON, times=2)
            python.wait_for(GODOT)
        server.wait_for("Godot has left")
        python.wait_for("Godot has left")
        server.end()
        python.wait_for("server disconnected", dies=True)
        assert python.process.wait(PATIENCE) == 0
