"""Memory that runs out: every allocation of the engine in C fails once, and some in a row."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SOURCE = HERE.parent.parent / "godot_enet" / "core" / "native" / "src"
WRAPPED = "-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc"


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("gcc"), reason="needs gcc and its linker's --wrap")
def test_nothing_promised_is_lost_and_nobody_is_left_behind(tmp_path: Path) -> None:
    program = tmp_path / "starved"
    files = [HERE / "starved.c", *SOURCE.glob("*.c")]
    subprocess.run(["gcc", "-std=c11", "-O2", f"-I{SOURCE}", WRAPPED, "-o", program, *files, "-lpthread"], check=True)
    run = subprocess.run([program, "37"], capture_output=True, text=True, timeout=120)
    assert (run.returncode, run.stderr) == (0, "")
