"""``python -m godot_enet rpc-check``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from godot_enet.__main__ import main
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.rpc import rpc

BASE = '@rpc\nfunc inherited(): pass\n@rpc("any_peer")\nfunc join(a): pass\n'
SCRIPT = """\
extends "base.gd"
@rpc("any_peer", "call_local", "reliable", 3)
func join(a, b = 2): pass
@rpc
func only_there(): pass
"""


class Same(Node):
    @rpc
    def inherited(self) -> None: ...

    @rpc("any_peer", "call_local", "reliable", 3)
    def join(self, a: int, b: int = 2) -> None: ...

    @rpc
    def only_there(self) -> None: ...


class Different(Node):
    @rpc
    def inherited(self) -> None: ...

    @rpc("any_peer", "call_local", "unreliable")
    def join(self, a: int) -> None: ...

    @rpc
    def only_here(self) -> None: ...

    class Nested(Same):
        pass


@pytest.fixture
def scripts(tmp_path: Path) -> list[str]:
    for name, text in [("base.gd", BASE), ("lobby.gd", SCRIPT)]:
        (tmp_path / name).write_text(text, encoding="utf-8")
    return [str(tmp_path / "base.gd"), str(tmp_path / "lobby.gd")]


def test_equal_methods_are_listed_in_order(scripts: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rpc-check", *scripts, f"{__name__}:Same"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{__name__}:Same in order: inherited, join, only_there",
        "The same: 3 methods.",
    ]
    assert main(["rpc-check", *scripts, f"{__name__}:Different.Nested"]) == 0


def test_each_difference_is_a_line(scripts: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rpc-check", *scripts, f"{__name__}:Different"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "join: any_peer, call_local, reliable, channel 3 in GDScript; "
        "any_peer, call_local, unreliable, channel 0 in Python",
        "join: takes 1 to 2 arguments in GDScript; 1 argument in Python",
        "only_here: missing in GDScript",
        "only_there: missing in Python",
        f"{__name__}:Different in order: inherited, join, only_here",
        f"{scripts[1]} in order: inherited, join, only_there",
        "4 differences",
    ]
    assert main(["rpc-check", scripts[1], f"{__name__}:Same"]) == 1
    assert capsys.readouterr().out.splitlines()[0] == "inherited: missing in GDScript"


@pytest.mark.parametrize("cls", ["no.such.module:Same", "{}:NoSuchClass", "{}:SCRIPT", "{}", "pathlib:Path"])
def test_an_unknown_class_is_an_error(scripts: list[str], cls: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rpc-check", *scripts, cls.format(__name__)]) == 2
    assert capsys.readouterr().err.startswith("rpc-check: ")


def test_a_script_that_cannot_be_read_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "a.gd"
    assert main(["rpc-check", str(script), f"{__name__}:Same"]) == 2
    script.write_text("@rpc(NAME)\nfunc a(): pass")
    assert main(["rpc-check", str(script), f"{__name__}:Same"]) == 2
    script.write_bytes(b"\xff\xfe")
    assert main(["rpc-check", str(script), f"{__name__}:Same"]) == 2
    assert str(script) in capsys.readouterr().err


def test_modules_are_found_in_the_current_directory(tmp_path: Path) -> None:
    (tmp_path / "a.gd").write_text("@rpc\nfunc a(): pass")
    (tmp_path / "game.py").write_text("from godot_enet.compat.scene.node import Node\nclass A(Node): pass\n")
    command = [sys.executable, "-m", "godot_enet", "rpc-check", "a.gd", "game:A"]
    environment = {"PYTHONPATH": str(Path(__file__).parents[3])}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert ran.stdout.splitlines() == [
        "a: missing in Python",
        "game:A in order: none",
        "a.gd in order: a",
        "1 difference",
    ]


def run_in(folder: Path, script: str, cls: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "godot_enet", "rpc-check", script, cls]
    environment = {"PYTHONPATH": str(Path(__file__).parents[3])}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


MODULE = """\
import sys
from pathlib import Path
from godot_enet import Node, rpc
assert len(sys.argv) == 1 and Path(sys.argv[0]).name == "game.py", sys.argv
class Mixin:
    @rpc("any_peer")
    def mixed(self): pass
class Base(Node):
    @rpc("any_peer", 4)
    def inherited(self, a): pass
class P(Mixin, Base):
    def inherited(self, a): pass
    class Inner(Node):
        @rpc
        def inner(self): pass
"""


def test_classes_in_both_and_arguments_that_are_not_the_modules(tmp_path: Path) -> None:
    (tmp_path / "a.gd").write_text(
        """\
const CHANNEL = 4
@rpc("any_peer", "call_remote", "reliable", CHANNEL) func inherited(a): pass
@rpc("any_peer") func mixed(): pass
class Inner:
	@rpc func inner(): pass
"""
    )
    (tmp_path / "game.py").write_text(MODULE)
    for script, cls in [("a.gd", "game:P"), ("a.gd:Inner", "game:P.Inner")]:
        ran = run_in(tmp_path, script, cls)
        assert (ran.returncode, ran.stderr) == (0, ""), ran
    assert run_in(tmp_path, "a.gd:Inner", "game:P").returncode == 1
    ran = run_in(tmp_path, "a.gd:Outer", "game:P")
    assert (ran.returncode, ran.stderr) == (2, "rpc-check: a.gd: there is no class Outer\n")


@pytest.mark.parametrize("line", ["import argparse; argparse.ArgumentParser().parse_args(['x'])", "1 / 0", "exit(3)"])
def test_a_module_that_cannot_be_imported_is_an_error(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.gd").write_text("@rpc func a(): pass")
    (tmp_path / "game.py").write_text(line)
    ran = run_in(tmp_path, "a.gd", "game:P")
    assert ran.returncode == 2
    assert "rpc-check: importing game:P failed: " in ran.stderr


def test_a_channel_that_is_not_known_is_not_compared(scripts: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    script = Path(scripts[1])
    script.write_text(SCRIPT.replace("3)", "Net.CHANNEL)"), encoding="utf-8")
    assert main(["rpc-check", *scripts, f"{__name__}:Same"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "join: channel not compared; Net.CHANNEL is not in these scripts"
    assert lines[-1] == "The same: 3 methods."


def test_names_of_files_that_are_none(scripts: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = f"{__name__}:Same"
    text = tmp_path / "bytes.gd"
    text.write_bytes(b"\xff")
    for arguments, message in [
        ([str(tmp_path / "no.gd"), here], f"{tmp_path / 'no.gd'}: No such file or directory"),
        ([str(text), here], f"{text}: is not text in UTF-8"),
        ([*scripts, "game.py:P"], "'game.py:P' should be MODULE:CLASS, with the name of a module as in `import`"),
        ([*scripts, "game"], "'game' should be MODULE:CLASS, with the name of a module as in `import`"),
    ]:
        assert main(["rpc-check", *arguments]) == 2
        assert capsys.readouterr().err == f"rpc-check: {message}\n"
