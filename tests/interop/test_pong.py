"""demos/pong.py and demos/godot/pong play a match against each other, in both roles, and agree how it ended."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from godot_enet.tools.rpc_check import differences, methods_of_class, methods_of_scripts
from tests.demos.program import free_port

from .conftest import need_godot
from .programs import HERE

pytestmark = pytest.mark.interop

ROOT = HERE.parents[1]
PATIENCE = 120.0
SCORES = ("Left wins, 2 : 0.", "Left wins, 2 : 1.", "Right wins, 0 : 2.", "Right wins, 1 : 2.")
MATCH = ("--auto", "--points", "2", "--speed", "900")


@pytest.fixture
def godot(tmp_path: Path) -> list[str]:
    """The command that starts the Godot project, as it is in the checkout, without a window."""
    executable = need_godot()
    project = tmp_path / "project"
    shutil.copytree(ROOT / "demos" / "godot" / "pong", project, ignore=shutil.ignore_patterns(".godot"))
    return [executable, "--headless", "--path", str(project), "--"]


def wait_for(text: str, process: subprocess.Popen[bytes], file: Path) -> None:
    """Wait until the program has said that."""
    deadline = time.monotonic() + PATIENCE
    while text not in (said := file.read_text(encoding="utf-8", errors="replace")):
        assert process.poll() is None, said
        assert time.monotonic() < deadline, said
        time.sleep(0.02)


def play(server: list[str], client: list[str], home: Path) -> list[str]:
    """Run both to their end. Returns what each has said of how the match ended."""
    places = {name: str(home / name) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    environment = {**os.environ, **places, "SDL_VIDEODRIVER": "dummy", "PYTHONUNBUFFERED": "1"}
    files = [home / "server.txt", home / "client.txt"]
    running: list[subprocess.Popen[bytes]] = []
    try:
        for command, file in zip((server, client), files, strict=True):
            with file.open("wb") as output:
                process = subprocess.Popen(
                    command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
                )
            running.append(process)
            if process is running[0]:  # a client gives up within 3 s, which a busy server may need to begin
                wait_for("Waiting for a player", process, file)
        for process in running:
            process.wait(PATIENCE)
    finally:
        for process in running:
            process.kill()
            process.wait()
    texts = [file.read_text(encoding="utf-8", errors="replace") for file in files]
    for process, text in zip(running, texts, strict=True):
        assert process.returncode == 0, text
        assert "ERROR" not in text, text
        assert "Traceback" not in text, text
    results = [[line for line in text.splitlines() if " wins, " in line] for text in texts]
    assert [len(result) for result in results] == [1, 1], texts
    return [result[0] for result in results]


@pytest.mark.parametrize("hosting", ["python", "godot"])
def test_a_match_ends_alike_for_both(hosting: str, godot: list[str], tmp_path: Path) -> None:
    python = [sys.executable, "-m", "godot_enet", "demo", "pong"]
    server, client = (python, godot) if hosting == "python" else (godot, python)
    port = ("--port", str(free_port()))
    host = [*server, "--server", *MATCH, *port]
    join = [*client, "--host", "127.0.0.1", "--auto", *port]
    results = play(host, join, tmp_path)
    assert results[0] == results[1]
    assert results[0] in SCORES


@pytest.mark.parametrize(
    ("script", "cls"),
    [
        ("pong.gd", "demos.pong:Pong"),
        ("ball.gd", "demos._pong_pieces:Ball"),
        ("paddle.gd", "demos._pong_pieces:Paddle"),
    ],
)
def test_both_ends_have_the_same_calls(script: str, cls: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pygame's own, while it is imported
        ours = methods_of_class(cls)
    assert ours
    assert differences(methods_of_scripts([ROOT / "demos" / "godot" / "pong" / script]), ours) == []
