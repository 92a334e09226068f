"""Programs of tree operations against what Godot 4.6.3 wrote down for them, names, orders and errors included."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.rows import each_row
from tests.unit.compat.scene.tree_programs import run

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[3] / "vectors" / "nodes.json").read_text(encoding="utf-8")
)


@each_row("recorded", VECTORS, ids=lambda recorded: str(recorded["name"]))
def test_what_happens_is_what_happened_in_godot(recorded: dict[str, Any]) -> None:
    assert run(recorded["program"]) == recorded["lines"]
