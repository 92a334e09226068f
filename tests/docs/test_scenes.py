"""The page about reading Godot projects: its program runs on one, and its limits are those of the reader."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from godot_enet.scenes.folder import MAX_FILE_SIZE
from godot_enet.scenes.scene_builder import MAX_INSTANCE_DEPTH, MAX_NODE_DEPTH, MAX_NODES
from godot_enet.scenes.values import MAX_DEPTH
from tests.docs.snippets import page, programs
from tests.unit.scenes.conftest import write_files
from tests.unit.scenes.corpus import PROJECT


def test_the_program_shows_what_replicates(tmp_path: Path) -> None:
    program = tmp_path / "look.py"
    program.write_text(programs("docs/scenes.md")["look.py"], encoding="utf-8")
    folder = write_files(tmp_path / "project", PROJECT)
    ran = subprocess.run([sys.executable, program, folder], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert lines[0] == "Corpus; with a semicolon begins with res://main.tscn"
    assert "autoload Lobby res://lobby.tscn" in lines
    spawned = ["res://player.tscn", "res://boss.tscn", "res://player.tscn"]
    assert f"res://main.tscn Spawner spawns {spawned}" in lines
    sent = [(".:position", 1), (".:hp", 2), ("Sprite:modulate", 0)]
    assert f"res://main.tscn Sync replicates {sent}" in lines
    assert any("there is no node Nowhere" in line for line in lines)


def test_the_game_starts(tmp_path: Path) -> None:
    program = tmp_path / "play.py"
    program.write_text(programs("docs/scenes.md")["play.py"], encoding="utf-8")
    folder = write_files(tmp_path / "project", PROJECT)
    ran = subprocess.run([sys.executable, program, folder], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout.splitlines()) == (0, ["Player has 100", "Minion has 5", "Boss has 500"]), (
        ran.stderr
    )


def test_what_joins_a_game_is_python() -> None:
    blocks = programs("docs/join-a-game.md")
    assert len(blocks) == 3
    for code in blocks.values():
        compile(code, "docs/join-a-game.md", "exec")


def test_the_limits_are_those_of_the_reader() -> None:
    text = " ".join(page("docs/scenes.md").split())
    assert f"A file may have {MAX_FILE_SIZE >> 20} MiB, a scene {MAX_NODES:,} nodes" in text
    assert f"{MAX_NODE_DEPTH} nodes and {MAX_INSTANCE_DEPTH} scenes inside each other" in text
    assert f"nested {MAX_DEPTH} deep" in text
