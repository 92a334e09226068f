"""Has a real Godot run programs of replication; ``python -m tests.interop.replication_recorder`` makes the vectors."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from tests.interop.programs import HERE, godot_or_exit, run_silently
from tests.unit.compat.scene.replication.programs import Program, digests, normalised
from tests.unit.compat.scene.replication.random_programs import random_program

__all__ = ["VECTORS", "record"]

VECTORS = Path(__file__).parents[1] / "vectors" / "replication_programs.json"
RECORDED_SEEDS = 80
SECONDS = 120


def record(executable: str, programs: list[Program]) -> list[list[list[str]] | None]:
    """What Godot writes down in each step of each program; None for one that it crashes with."""
    found: list[list[list[str]] | None] = []
    with tempfile.TemporaryDirectory() as home:
        project = Path(home, "project")
        shutil.copytree(HERE / "godot", project)
        places = {name: str(Path(home, name)) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        given, taken = Path(home, "programs.json"), Path(home, "recorded.jsonl")
        base = [executable, "--headless", "--fixed-fps", "60", "--path", str(project)]  # a physics frame in each
        run_silently([*base, "--import"], places, SECONDS)
        while len(found) < len(programs):
            given.write_text(json.dumps(programs[len(found) :]), encoding="utf-8")
            run_silently([*base, "--script", "replication.gd", "--", str(given), str(taken)], places, SECONDS)
            lines = taken.read_text(encoding="utf-8").splitlines() if taken.exists() else []
            taken.unlink(missing_ok=True)
            found += [normalised(json.loads(line)) for line in lines]
            if len(found) < len(programs):
                found.append(None)
    return found


def main() -> None:
    """Write the vectors."""
    executable = godot_or_exit()
    programs = {f"random {seed}": random_program(seed) for seed in range(RECORDED_SEEDS)}
    recorded = record(executable, list(programs.values()))
    kept = [
        {"name": name, "program": program, "steps": digests(steps)}
        for (name, program), steps in zip(programs.items(), recorded, strict=True)
        if steps is not None
    ]
    VECTORS.write_text("[\n" + ",\n".join(map(json.dumps, kept)) + "\n]\n", encoding="utf-8")
    sys.stdout.write(f"{len(kept)} programs recorded\n")


if __name__ == "__main__":
    main()
