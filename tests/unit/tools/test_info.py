"""``python -m godot_enet info``, and what is listed without a tool."""

from __future__ import annotations

import json
import platform
import re
import sys
from importlib.metadata import metadata
from typing import TYPE_CHECKING

import godot_enet
from godot_enet.__main__ import main
from godot_enet.tools import info
from godot_enet.tools.engines import describe

if TYPE_CHECKING:
    import pytest


def test_it_tells_versions_and_the_engine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    package, python, engine, *extras = capsys.readouterr().out.splitlines()
    assert package.startswith(f"godot_enet {godot_enet.__version__} in ")
    assert python.startswith(f"{platform.python_implementation()} {platform.python_version()}")
    assert engine == describe()
    for_users = {*(metadata("godot_enet").get_all("Provides-Extra") or ())} - {"dev", "docs"}
    assert {line.split()[0] for line in extras} == for_users


def test_the_same_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["engines"] == list(godot_enet.available_engines())
    assert found["c_methods"] is describe().endswith("with its C methods.")
    assert found["implementation"] == sys.implementation.name


def test_what_is_missing_is_named_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(info, "find_spec", lambda name: None)
    assert main(["info"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "dtls     encrypted connections: not installed; pip install pyOpenSSL" in lines


def test_without_a_tool_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    listed = capsys.readouterr().out
    for tool in ("demo", "echo", "ping", "info", "engines", "trace", "rpc-check", "scene-check", "scene-skeleton"):
        assert re.search(rf"^    {tool}\b", listed, re.MULTILINE)
