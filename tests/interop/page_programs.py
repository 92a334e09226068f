"""The programs that stand on a page of the documentation in GDScript and in Python, as processes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.demos.program import ROOT, free_port
from tests.docs.snippets import FENCE, page

from .conftest import need_godot

__all__ = ["PATIENCE", "PageProgram", "commands_of", "running"]

PATIENCE = 60.0
_PROJECT = """config_version=5
[application]
config/name="{name}"
run/main_scene="res://{name}.tscn"
config/features=PackedStringArray("4.6")
[debug]
file_logging/enable_file_logging=false
"""
_SCENE = """[gd_scene load_steps=2 format=3]
[ext_resource type="Script" path="res://{name}.gd" id="1"]
[node name="{title}" type="Node"]
script = ExtResource("1")
"""


class PageProgram:
    """One of them, in a process of its own."""

    def __init__(self, command: list[str], home: Path, name: str) -> None:
        self._file = home / f"{name}.txt"
        places = {place: str(home / place) for place in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        environment = {**os.environ, **places, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
        with self._file.open("wb") as output:
            self.process = subprocess.Popen(
                command, env=environment, cwd=home, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )

    @property
    def output(self) -> str:
        return self._file.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, pattern: str, times: int = 1, *, dies: bool = False) -> None:
        deadline = time.monotonic() + PATIENCE
        while len(re.findall(pattern, self.output)) < times:
            assert dies or self.process.poll() is None, self.output
            assert time.monotonic() < deadline, f"no {pattern!r} in\n{self.output}"
            time.sleep(0.02)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def commands_of(path: str, name: str, folder: Path) -> dict[str, list[str]]:
    """Write the programs of a page to a folder. Returns how to start each, on a port that is free."""
    executable = need_godot()
    port = str(free_port())
    code = {language: text.replace("7777", port) for language, text in FENCE.findall(page(path))}
    files = {
        "project.godot": _PROJECT.format(name=name),
        f"{name}.tscn": _SCENE.format(name=name, title=name.title()),
        f"{name}.gd": code["gdscript"],
        f"{name}.py": code["python"],
    }
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")
    return {
        "godot": [executable, "--headless", "--path", str(folder), "--"],
        "python": [sys.executable, str(folder / f"{name}.py")],
    }


@contextmanager
def running(command: list[str], home: Path, name: str) -> Iterator[PageProgram]:
    program = PageProgram(command, home, name)
    try:
        yield program
    finally:
        program.end()
    assert "ERROR" not in program.output, program.output
    assert "Traceback" not in program.output, program.output
