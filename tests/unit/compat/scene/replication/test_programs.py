"""Programs that nobody has thought of give, step by step, what a real Godot made of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.rows import each_row
from tests.unit.compat.scene.replication.programs import digests, run
from tests.unit.compat.scene.replication.rig import Rig

if TYPE_CHECKING:
    import pytest

VECTORS = Path(__file__).parents[4] / "vectors" / "replication_programs.json"
RECORDED: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))


@each_row("recorded", RECORDED, ids=lambda recorded: recorded["name"])
def test_a_program(recorded: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(exact=True)
    with rig.listening(monkeypatch):
        steps = run(recorded["program"], rig)
    wrong = [
        (index, recorded["program"][index], lines)
        for index, (lines, found, expected) in enumerate(zip(steps, digests(steps), recorded["steps"], strict=True))
        if found != expected
    ]
    assert not wrong, wrong[0]


def test_there_are_many() -> None:
    assert len(RECORDED) >= 60
