"""The page about recordings: its match is recorded, traced, and played again by its test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.demos.program import PATIENCE, ROOT, free_port
from tests.docs.snippets import page, programs

NAME = "docs/recording.md"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def without_numbers(lines: list[str]) -> list[str]:
    """The lines of a trace, without the times, ports and resends of one run."""
    return [re.sub(r":\d+\b", "", line.split(maxsplit=1)[1]) for line in lines if "(again)" not in line]


def test_the_bug_report_becomes_a_test(tmp_path: Path) -> None:
    port = str(free_port())
    for file, code in programs(NAME).items():
        (tmp_path / file).write_text(code.replace("7777", port), encoding="utf-8")
    ran = run(tmp_path, "match.py")
    assert ran.returncode == 0, ran.stderr
    assert "ZeroDivisionError" in ran.stderr

    traced = run(tmp_path, "-m", "godot_enet", "trace", "match.enetrec", "--kind", "RPC")
    shown = [line for line in page(NAME).splitlines() if "  arrived  " in line]
    assert len(shown) == 2
    assert without_numbers(traced.stdout.splitlines()) == without_numbers(shown)

    test = ("-c", "import test_match; test_match.test_the_average_of_no_shots()")
    assert "AssertionError" in run(tmp_path, *test).stderr
    game = tmp_path / "game.py"
    fixed = game.read_text(encoding="utf-8").replace("points / shots", "points / shots if shots else 0.0")
    game.write_text(fixed, encoding="utf-8")
    passed = run(tmp_path, *test)
    assert passed.returncode == 0, passed.stderr
