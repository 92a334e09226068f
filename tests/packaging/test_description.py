"""The description on the package index: README, whose links work there once the project has a public address."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.docs.snippets import page
from tests.packaging.conftest import ROOT
from tools.links import address_of, rewrite_links

ADDRESS = "https://code.example/owner/godot_enet"
NEEDED = ["pyproject.toml", "README.md", "LICENSE", "tools/links.py", "godot_enet/__init__.py"]
BUILD = "import sys; from scikit_build_core.build import build_sdist; build_sdist(sys.argv[1])"


def description(source: Path, out: Path) -> tuple[str, list[str]]:
    """The description and the addresses that a build of this folder has."""
    pytest.importorskip("scikit_build_core")
    environment = os.environ | {"GODOT_ENET_NO_NATIVE": "1"}
    command = [sys.executable, "-c", BUILD, str(out)]
    ran = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, timeout=100)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    [path] = out.iterdir()
    with tarfile.open(path) as archive:
        [metadata] = [name for name in archive.getnames() if name.endswith("/PKG-INFO")]
        file = archive.extractfile(metadata)
        assert file is not None
        message = message_from_bytes(file.read())
    return str(message.get_payload()), message.get_all("Project-URL") or []


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of what a build reads."""
    folder = tmp_path / "source"
    for name in NEEDED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def test_with_an_address_every_link_of_the_description_is_absolute(source: Path, tmp_path: Path) -> None:
    project = source / "pyproject.toml"
    text = re.sub(r"(?ms)^\[project\.urls\]\n.*?\n\n", "", project.read_text(encoding="utf-8"))
    project.write_text(f'{text}\n[project.urls]\nRepository = "{ADDRESS}"\n', encoding="utf-8")
    readme, urls = description(source, tmp_path / "out")
    assert urls == [f"Repository, {ADDRESS}"]
    targets = re.findall(r"\]\(([^)]+)\)", readme)
    assert [target for target in targets if not target.startswith("https://")] == []
    assert f"{ADDRESS}/blob/v0.1.0/docs/quickstart.md" in targets
    assert f"{ADDRESS}/raw/v0.1.0/docs/images/match.gif" in targets
    assert len(targets) == len(re.findall(r"\]\(([^)]+)\)", page("README.md")))


def test_links_in_code_stay() -> None:
    text = "[a](b.md) `[c](d)` ![e](f.png#g)\n```\n[h](i)\n```\n[![j](k.svg)](l/) [m](https://n) [o](#p)\n"
    assert rewrite_links(text, "docs/x.md", lambda path: f"<{path}>") == (
        "[a](<docs/b.md>) `[c](d)` ![e](<docs/f.png>#g)\n```\n[h](i)\n```\n"
        "[![j](<docs/k.svg>)](<docs/l>) [m](https://n) [o](#p)\n"
    )


def test_a_target_that_has_no_place_leaves_its_text() -> None:
    assert rewrite_links("see [the demos](../demos) for [more](more.md)", "docs/x.md", {"docs/more.md": "m"}.get) == (
        "see the demos for [more](m)"
    )


def test_addresses_are_those_of_files_folders_and_pictures() -> None:
    assert address_of("demos", ADDRESS + "/", "main") == f"{ADDRESS}/tree/main/demos"
    assert address_of("LICENSE", ADDRESS, "main") == f"{ADDRESS}/blob/main/LICENSE"
    assert address_of("docs/images/pong.png", ADDRESS, "main") == f"{ADDRESS}/raw/main/docs/images/pong.png"


def test_the_badges_show_the_facts() -> None:
    shown = {
        path.stem.removeprefix("badge-"): re.findall("<title>(.*)</title>", path.read_text(encoding="utf-8"))
        for path in (ROOT / "docs" / "images").glob("badge-*.svg")
    }
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    [python] = re.findall('^requires-python = ">=(.*)"$', project, re.MULTILINE)
    [licence] = re.findall('^license = "(.*)"$', project, re.MULTILINE)
    [godot] = re.findall(r"return values are those of Godot ([\d.]+)\.", page("README.md"))
    assert shown == {
        "python": [f"Python: {python} or later"],
        "godot": [f"Godot: {godot}"],
        "licence": [f"licence: {licence}"],
    }
