"""docs/replication.md: each of its two games serves the other, as they stand there."""

from __future__ import annotations

from pathlib import Path

import pytest

from .page_programs import PATIENCE, commands_of, running

pytestmark = pytest.mark.interop


@pytest.fixture
def commands(tmp_path: Path) -> dict[str, list[str]]:
    return commands_of("docs/replication.md", "game", tmp_path)


@pytest.mark.parametrize("server", ["godot", "python"])
def test_clients_of_both_kinds_play(commands: dict[str, list[str]], tmp_path: Path, server: str) -> None:
    with (
        running([*commands[server], "--server"], tmp_path, "server") as serving,
        running(commands["godot"], tmp_path, "godot") as godot,
        running(commands["python"], tmp_path, "python") as python,
    ):
        for client in (godot, python):
            client.wait_for("far enough: (true|True)", dies=True)
            assert client.process.wait(PATIENCE) == 0
        serving.wait_for(r"has left after \d+ steps", times=2)
