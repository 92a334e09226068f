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
            assert (PAGE.parent / link.partition("#")[0]).exists(), link
    for project in re.findall(r"^godot --path (\S+)", text, re.MULTILINE):
        assert (ROOT / project).exists(), project
    for name in re.findall(r"^python -m godot_enet demo (\S+)", text, re.MULTILINE):
        assert name in find_demos(), name


def test_films_are_small_and_loop() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    films = sorted((ROOT / "docs" / "images").glob("*.gif"))
    assert len(films) >= 3
    for film in films:
        data = film.read_bytes()
        assert data.startswith(b"GIF89a"), film
        assert len(data) < 500_000, film
        assert b"NETSCAPE2.0\x03\x01\x00\x00" in data, film  # repeated forever
        assert data.count(b"\x21\xf9\x04") > 20, film  # frames
        assert f"images/{film.name}" in PAGE.read_text(encoding="utf-8") + readme, film


def test_pictures_are_small() -> None:
    pictures = sorted((ROOT / "docs" / "images").glob("*.png"))
    assert len(pictures) >= 5
    for picture in pictures:
        data = picture.read_bytes()
        assert data.startswith(b"\x89PNG"), picture
        assert len(data) < 60_000, picture
        assert f"images/{picture.name}" in PAGE.read_text(encoding="utf-8"), picture
