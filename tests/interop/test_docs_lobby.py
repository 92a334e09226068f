"""docs/lobby.md: each of its two lobbies serves the other, as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.demos.program import ROOT, free_port
from tests.docs.snippets import FENCE, page

from .conftest import missing
from .programs import find_godot

pytestmark = pytest.mark.interop

PATIENCE = 60.0
PROJECT = """config_version=5
[application]
config/name="lobby"
run/main_scene="res://lobby.tscn"
config/features=PackedStringArray("4.6")
[debug]
file_logging/enable_file_logging=false
"""
SCENE = """[gd_scene load_steps=2 format=3]
[ext_resource type="Script" path="res://lobby.gd" id="1"]
[node name="Lobby" type="Node"]
script = ExtResource("1")
"""
GODOT, PYTHON = "Godot is here, in #6495ed", "Python is here, in #ffd700"
MEETING = re.compile(r"all meet at -320(\.0)?, -180(\.0)?")


class Lobby:
    """One of them, in a process of its own."""

    def __init__(self, command: list[str], home: Path, name: str) -> None:
        self._file = home / f"{name}.txt"
        places = {place: str(home / place) for place in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        environment = {**os.environ, **places, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
        with self._file.open("wb") as output:
            self.process = subprocess.Popen(
                command, env=environment, cwd=home, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )

    @property
    def output(self) -> str:
        return self._file.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, pattern: str, times: int = 1, *, dies: bool = False) -> None:
        deadline = time.monotonic() + PATIENCE
        while len(re.findall(pattern, self.output)) < times:
            assert dies or self.process.poll() is None, self.output
            assert time.monotonic() < deadline, f"no {pattern!r} in\n{self.output}"
            time.sleep(0.02)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def commands(tmp_path: Path) -> dict[str, list[str]]:
    """How to start each, on a port that is free."""
    executable = find_godot()
    if executable is None:
        missing("Godot is not installed (run tests/interop/install_godot.sh or set GODOT)")
    port = str(free_port())
    code = {language: text.replace("7777", port) for language, text in FENCE.findall(page("docs/lobby.md"))}
    for name, text in (("project.godot", PROJECT), ("lobby.tscn", SCENE), ("lobby.gd", code["gdscript"])):
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "lobby.py").write_text(code["python"], encoding="utf-8")
    return {
        "godot": [executable, "--headless", "--path", str(tmp_path), "--"],
        "python": [sys.executable, str(tmp_path / "lobby.py")],
    }


@contextmanager
def running(command: list[str], home: Path, name: str) -> Iterator[Lobby]:
    lobby = Lobby(command, home, name)
    try:
        yield lobby
    finally:
        lobby.end()
    assert "ERROR" not in lobby.output, lobby.output
    assert "Traceback" not in lobby.output, lobby.output


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
        python.wait_for("the server has gone", dies=True)
        assert python.process.wait(PATIENCE) == 0
