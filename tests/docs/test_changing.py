"""The guide to changes names files and names that exist."""

from __future__ import annotations

import re

import pytest

from tests.demos.program import ROOT
from tests.docs.snippets import page

SOURCES = ROOT / "godot_enet" / "core" / "native" / "src"
TEXT = page("docs/changing.md")
QUOTED = re.findall(r"`([^`\s]+)`", TEXT)
FILES = sorted({word for word in QUOTED if re.search(r"\.(py|c|h)$", word) or "/" in word} - {"C"})


@pytest.mark.parametrize("name", [name for name in FILES if "NAME" not in name])
def test_files_exist(name: str) -> None:
    places = [ROOT / name, ROOT / "godot_enet" / name, ROOT / "godot_enet" / "core" / name, SOURCES / name]
    places.append(ROOT / "godot_enet" / "compat" / name)
    assert any(place.exists() for place in places)


def test_there_are_ten() -> None:
    assert len(re.findall(r"^## ", TEXT, flags=re.MULTILINE)) == 10


@pytest.mark.parametrize("name", ["_STATISTICS", "gde_peer_statistic", "poll_event", "udp_open", "native_mode"])
def test_names_exist(name: str) -> None:
    assert name in TEXT
    files = [*(ROOT / "godot_enet" / "core").rglob("*.py"), *SOURCES.glob("*.c")]
    assert any(name in file.read_text(encoding="utf-8") for file in files)
