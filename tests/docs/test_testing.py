"""The page about testing: its example is a test, and passes; its tables say what there is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from godot_enet.testing import LinkConfig, Machine, Network
from tests.demos.program import PATIENCE, ROOT
from tests.docs.snippets import page, programs

NAME = "docs/testing.md"


@pytest.mark.usefixtures("host_engine")
def test_the_example_passes(tmp_path: Path) -> None:
    ((file, code),) = programs(NAME).items()
    (tmp_path / file).write_text(code, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), file]
    ran = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr


def test_each_call_of_the_table_exists() -> None:
    for owner, name in re.findall(r"`(network|machine)\.(\w+)[`(]", page(NAME)):
        cls = Network if owner == "network" else Machine
        assert hasattr(cls, name), name


def test_each_field_of_a_link_is_told() -> None:
    table = page(NAME).partition("| field | unit | meaning |")[2]
    told = {name for row in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert told == {field.name for field in fields(LinkConfig)}
