"""``python -m godot_enet demo``: lists the demos, runs one, and says what it cannot find."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from godot_enet.__main__ import main
from godot_enet.tools import demo

PROGRAM = '''"""{name} teaches.

And more.
"""

from .{up}_shared import say

def main(argv):
    say("{name}", argv)
    return len(argv)
'''


@pytest.fixture(params=["installed", "checkout"])
def package(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with two demos, where a wheel has them, or a checkout."""
    folder = tmp_path / "godot_enet"
    demos = folder / "demos" if request.param == "installed" else tmp_path / "demos"
    (demos / "game").mkdir(parents=True)
    (demos / "_shared.py").write_text("def say(*words):\n    print(*words)\n", encoding="utf-8")
    (demos / "hello.py").write_text(PROGRAM.format(name="hello", up=""), encoding="utf-8")
    (demos / "game" / "__main__.py").write_text(PROGRAM.format(name="game", up="."), encoding="utf-8")
    monkeypatch.setattr(demo, "__file__", str(folder / "tools" / "demo.py"))
    for name in list(sys.modules):
        if name.startswith("godot_enet_demos"):
            monkeypatch.delitem(sys.modules, name)
    return folder


@pytest.mark.usefixtures("package")
def test_without_a_name_it_lists_each_with_the_first_line_of_its_docstring(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo"]) == 0
    assert capsys.readouterr().out == "python -m godot_enet demo NAME\n\ngame   game teaches.\nhello  hello teaches.\n"


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("name", ["hello", "game"])
def test_a_demo_gets_all_that_follows_its_name(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", name, "--help", "x"]) == 2
    assert capsys.readouterr().out == f"{name} ['--help', 'x']\n"


@pytest.mark.usefixtures("package")
def test_an_unknown_name_is_answered_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "_shared"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("demo: there is no demo '_shared'; there are\n")
    assert "hello  hello teaches.\n" in error


def test_an_installation_without_demos_says_so(
    package: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "__file__", str(package / "elsewhere" / "godot_enet" / "tools" / "demo.py"))
    assert main(["demo"]) == 2
    assert capsys.readouterr().err == "demo: this installation has no demos\n"
