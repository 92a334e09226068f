"""A Godot that decodes, encodes and computes Variants on command."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from .programs import Program

__all__ = ["Godot"]

HERE = Path(__file__).parent


class Godot:
    """The process; close it."""

    def __init__(self, executable: str, home: Path) -> None:
        project = home / "project"
        shutil.copytree(HERE / "godot", project)
        places = {name: str(home / name) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        command = [executable, "--headless", "--path", str(project), "--script", "variant.gd", "--"]
        self.program = Program("godot", command, project, places)

    def round_trip(self, values: Sequence[bytes]) -> list[tuple[bytes, str]]:
        """Each value after Godot has decoded and encoded it, and the name that Godot has for its type."""
        answers = self.program.call("round_trip", values=[value.hex() for value in values])
        return [(bytes.fromhex(data), kind) for data, kind in answers]

    def evaluate(self, expressions: Sequence[str]) -> list[bytes]:
        """The values of GDScript expressions, encoded."""
        answers = self.program.call("evaluate", expressions=list(expressions))
        assert answers is not None, self.program.output()
        return [bytes.fromhex(answer) for answer in answers]

    def close(self) -> None:
        self.program.close()
