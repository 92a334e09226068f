"""Asks a real Godot for the defaults of properties: ``python -m tests.interop.native_recorder`` records the table."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import godot_enet.scenes
from tests.interop.programs import HERE, godot_or_exit

__all__ = ["TABLE", "record"]

TABLE = Path(godot_enet.scenes.__file__).with_name("native_properties.json")
SECONDS = 120
_BEGIN = "native "


def record(executable: str) -> dict[str, Any]:
    """By class, the class that it inherits and the properties that are not as there."""
    with tempfile.TemporaryDirectory() as home:
        project = Path(home, "project")
        project.mkdir()
        (project / "project.godot").write_text("config_version=5\n", encoding="utf-8")
        shutil.copy(HERE / "godot" / "native_properties.gd", project)
        places = {name: str(Path(home, name)) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        said = subprocess.run(
            [executable, "--headless", "--path", str(project), "--script", "native_properties.gd"],
            env=os.environ | places,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
            encoding="utf-8",
        ).stdout
    line = next(line for line in said.splitlines() if line.startswith(_BEGIN))
    found: dict[str, Any] = json.loads(line.removeprefix(_BEGIN))
    return {
        name: [base, {key: value for key, value in own.items() if found.get(base, [0, {}])[1].get(key) != value}]
        for name, (base, own) in sorted(found.items())
    }


def main() -> None:
    """Write the table."""
    executable = godot_or_exit()
    found = record(executable)
    lines = [f" {json.dumps(name)}: {json.dumps(row)}" for name, row in found.items()]
    TABLE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    sys.stdout.write(f"{len(found)} classes recorded\n")


if __name__ == "__main__":
    main()
