"""The code blocks of a Markdown page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.demos.program import PATIENCE, ROOT

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    """The text of a page, by its path in the checkout."""
    return (ROOT / name).read_text(encoding="utf-8")


def programs(name: str) -> dict[str, str]:
    """The Python programs of a page, by the file name in the comment of their first line."""
    blocks = [code for language, code in FENCE.findall(page(name)) if language == "python"]
    return {code.partition("\n")[0].removeprefix("# "): code for code in blocks}


def commands(name: str) -> list[str]:
    """The shell commands of a page, without their comments."""
    blocks = [code for language, code in FENCE.findall(page(name)) if language == "sh"]
    return [line.partition("#")[0].strip() for code in blocks for line in code.splitlines() if line.strip()]


def check_test_file(folder: Path, file: str, code: str) -> None:
    """Run a program of a page that is one pytest test, in an empty folder; it must pass."""
    (folder / file).write_text(code, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), file],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr
