"""Has a real Godot read scenes: ``python -m tests.interop.scene_recorder`` records the vectors."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.interop.programs import HERE, godot_or_exit, run_silently
from tests.unit.scenes.corpus import BROKEN, PROJECT, VALUES

__all__ = ["VECTORS", "record"]

VECTORS = Path(__file__).parents[1] / "vectors" / "scenes.json"
SECONDS = 120


def record(executable: str) -> dict[str, Any]:
    """What Godot says of the corpus."""
    with tempfile.TemporaryDirectory() as home:
        project = Path(home, "project")
        project.mkdir()
        for name, text in PROJECT.items():
            (project / name).write_bytes(text.encode())
        values = [f"res://value{number}.tscn" for number in range(len(VALUES))]
        broken = [f"res://broken{number}.tscn" for number in range(len(BROKEN))]
        shutil.copy(HERE / "godot" / "scenes.gd", project)
        places = {name: str(Path(home, name)) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        start = [executable, "--headless", "--path", str(project)]
        run_silently([*start, "--import"], places, SECONDS)  # finds the unique ids
        for path, value in zip(values, VALUES, strict=True):
            text = f'[gd_scene format=3]\n[node name="R" type="Node"]\nv = {value}\n'
            (project / path.removeprefix("res://")).write_bytes(text.encode())
        for path, text in zip(broken, BROKEN.values(), strict=True):
            (project / path.removeprefix("res://")).write_bytes(text.encode())
        asked, taken = Path(home, "asked.json"), Path(home, "taken.json")
        scenes = [f"res://{name}" for name in PROJECT if name.endswith(".tscn")]
        asked.write_text(json.dumps({"values": values, "broken": broken, "scenes": scenes}), encoding="utf-8")
        run_silently([*start, "--script", "scenes.gd", "--", str(asked), str(taken)], places, SECONDS)
        found = json.loads(taken.read_text(encoding="utf-8"))
    loaded = dict(zip(BROKEN, found["broken"].values(), strict=True))
    return {
        "values": [[text, value] for text, value in zip(VALUES, found["values"], strict=True)],
        "broken": [[name, is_loaded] for name, is_loaded in loaded.items()],
        "scenes": found["scenes"],
    }


def main() -> None:
    """Write the vectors."""
    executable = godot_or_exit()
    found = record(executable)
    parts = []
    for name, rows in found.items():
        if isinstance(rows, dict):
            lines = [f"{json.dumps(key)}: {json.dumps(row)}" for key, row in rows.items()]
            parts.append(f"{json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n}")
        else:
            parts.append(f"{json.dumps(name)}: [\n" + ",\n".join(map(json.dumps, rows)) + "\n]")
    VECTORS.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
    sys.stdout.write(f"{len(found['values'])} values and {len(found['scenes'])} scenes recorded\n")


if __name__ == "__main__":
    main()
