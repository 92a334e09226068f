"""Has a real Godot run programs of tree operations: ``python -m tests.interop.node_recorder`` records the vectors."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.interop.programs import HERE, godot_or_exit
from tests.unit.compat.scene.node_programs import PROGRAMS
from tests.unit.compat.scene.tree_programs import Program, normalised, random_frames, random_program

__all__ = ["VECTORS", "record"]

VECTORS = Path(__file__).parents[1] / "vectors" / "nodes.json"
RECORDED_SEEDS = 40
SECONDS = 60


def record(executable: str, programs: list[Program]) -> list[list[str] | None]:
    """What Godot writes down for each program; None for one that it crashes with."""
    found: list[list[str] | None] = []
    with tempfile.TemporaryDirectory() as home:
        project = Path(home, "project")
        shutil.copytree(HERE / "godot", project)
        places = {name: str(Path(home, name)) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        given, taken = Path(home, "programs.json"), Path(home, "recorded.jsonl")
        while len(found) < len(programs):
            given.write_text(json.dumps(programs[len(found) :]), encoding="utf-8")
            command = [
                executable,
                "--headless",
                "--fixed-fps",
                "60",
                "--path",
                str(project),
                "--script",
                "nodes.gd",
                "--",
            ]
            subprocess.run(
                [*command, str(given), str(taken)],
                env=os.environ | places,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=SECONDS,
                check=False,
            )
            lines = taken.read_text(encoding="utf-8").splitlines() if taken.exists() else []
            taken.unlink(missing_ok=True)
            # What Godot says of nodes that are drawn is left out.
            found += [normalised([each for each in json.loads(line) if "get_viewport" not in each]) for line in lines]
            if len(found) < len(programs):
                found.append(None)
    return found


def main() -> None:
    """Write the vectors."""
    executable = godot_or_exit()
    programs = PROGRAMS | {f"random {seed}": random_program(seed) for seed in range(RECORDED_SEEDS)}
    programs |= {f"random frames {seed}": random_frames(seed) for seed in range(RECORDED_SEEDS // 2)}
    recorded = record(executable, list(programs.values()))
    kept = [
        {"name": name, "program": program, "lines": lines}
        for (name, program), lines in zip(programs.items(), recorded, strict=True)
        if lines is not None
    ]
    VECTORS.write_text("[\n" + ",\n".join(map(json.dumps, kept)) + "\n]\n", encoding="utf-8")
    sys.stdout.write(f"{len(kept)} programs recorded\n")


if __name__ == "__main__":
    main()
