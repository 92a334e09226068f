"""``error_string`` says what a real Godot says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from godot_enet import error_string

from .conftest import need_godot

pytestmark = pytest.mark.interop

NUMBERS = range(-2, 60)
SCRIPT = f"""extends SceneTree
func _init():
    for number in range({NUMBERS.start}, {NUMBERS.stop}):
        print(number, "|", error_string(number))
    quit()
"""


def test_every_error_has_the_text_of_godot(tmp_path: Path) -> None:
    executable = need_godot()
    script = tmp_path / "errors.gd"
    script.write_text(SCRIPT, encoding="utf-8")
    command = [executable, "--headless", "--script", str(script)]
    output = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True).stdout
    found = {int(number): text for number, text in re.findall(r"^(-?\d+)\|(.*)$", output, re.MULTILINE)}
    assert found == {number: error_string(number) for number in NUMBERS}
