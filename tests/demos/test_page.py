"""docs/demos.md lists every demo, its commands are about files that exist, and its pictures are small."""

from __future__ import annotations

import re

from godot_enet.tools.demo import find_demos
from tests.demos.program import ROOT

DEMOS, PAGE = ROOT / "demos", ROOT / "docs" / "demos.md"


def test_every_demo_is_listed() -> None:
    listed = re.findall(r"^\| \[`([\w.]+)`\]", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    files = {file.name for file in DEMOS.glob("*.py") if not file.name.startswith("_")}
    folders = {file.parent.name for file in DEMOS.glob("*/__main__.py")}
    assert sorted(listed) == sorted(files | folders)


def test_links_commands_and_pictures_exist() -> None:
    text = PAGE.read_text(encoding="utf-8")
    headings = {line.removeprefix("## ").lower() for line in text.splitlines() if line.startswith("## ")}
    for link in re.findall(r"\]\(([^)]+)\)", text):
        if link.startswith("#"):
            assert link[1:] in headings, link
        else:
            assert (PAGE.parent / link).exists(), link
    for project in re.findall(r"^godot --path (\S+)", text, re.MULTILINE):
        assert (ROOT / project).exists(), project
    for name in re.findall(r"^python -m godot_enet demo (\S+)", text, re.MULTILINE):
        assert name in find_demos(), name


def test_pictures_are_small() -> None:
    pictures = sorted((ROOT / "docs" / "images").glob("*.png"))
    assert len(pictures) >= 5
    for picture in pictures:
        data = picture.read_bytes()
        assert data.startswith(b"\x89PNG"), picture
        assert len(data) < 60_000, picture
        assert f"images/{picture.name}" in PAGE.read_text(encoding="utf-8"), picture
