"""What ``tools/generate.py`` writes is what lies in the repository, and follows what is written by hand."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def generate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-IS", str(root / "tools" / "generate.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository, as far as the generator looks at it."""
    ignore = shutil.ignore_patterns("__pycache__", "_gde*", "compat", "sim", "dtls")
    for folder in ("godot_enet", "tools", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    shutil.copy(ROOT / "SECURITY.md", tmp_path)
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_nothing_is_stale() -> None:
    checked = generate(ROOT, "--check")
    assert (checked.returncode, checked.stdout) == (0, ""), checked.stdout + checked.stderr


CHANGES = {
    "a number": ("protocol/tuning.py", "OVER_BUDGET_TIME = 5000", "OVER_BUDGET_TIME = 4000"),
    "a size in messages of states": ("protocol/packing.py", "AGE_BITS = 6", "AGE_BITS = 7"),
    "a cause": ("protocol/drops.py", "    SHORT = 0, ", '    NEWEST = 21, "new"\n    SHORT = 0, '),
    "a default": ("protocol/config.py", "_setting(8192,", "_setting(4096,"),
    "a field of a command": (
        "protocol/wire.py",
        "class _Reliable(NamedTuple):\n    length: _U16",
        "class _Reliable(NamedTuple):\n    size: _U16",
    ),
    "a transition": (
        "protocol/states.py",
        "ZOMBIE: State(frozenset({",
        "ZOMBIE: State(frozenset({PeerState.CONNECTING, ",
    ),
    "a field of a struct": ("native/structs.py", '("flags", ctypes.c_uint32)', '("flags", ctypes.c_uint64)'),
    "a function": ("native/src/gde.h", "void gde_host_free(gde_host *host)", "int32_t gde_host_free(gde_host *host)"),
    "a name that C looks up": ("native/src/hot_connection.c", '"_await_peer"', '"_find_peer"'),
    "arguments of a method in C": ("native/src/hot_connection.c", '"OOOO"', '"OOO"'),
    "objects that C is given": ("native/src/python_abi.h", "X(PyTypeObject *, PySuper_Type) X", "X"),
    "a function for Python": ("native/src/hot_types.c", "gde_hot_function(uint32_t", "gde_hot_function(uint64_t"),
}


@pytest.mark.parametrize(("file", "old", "new"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_noticed_and_changes_the_fingerprint(copy: Path, file: str, old: str, new: str) -> None:
    header = copy / "godot_enet/core/native/src/gde_generated.h"
    before = header.read_text(encoding="utf-8").partition("GDE_FINGERPRINT ")[2]
    edit(copy / "godot_enet" / "core" / file, old, new)
    checked = generate(copy, "--check")
    assert checked.returncode == 1, checked.stdout + checked.stderr
    assert "gde_generated.h is stale: run scripts/generate" in checked.stdout
    assert generate(copy).returncode == 0
    assert header.read_text(encoding="utf-8").partition("GDE_FINGERPRINT ")[2] != before
    assert generate(copy, "--check").returncode == 0


def test_comments_do_not_change_the_fingerprint(copy: Path) -> None:
    edit(copy / "godot_enet/core/native/src/gde.h", "frees the port. Idempotent.", "frees the port.")
    assert generate(copy, "--check").returncode == 0


@pytest.mark.parametrize("broken", ["", "<<<<<<< conflict\n"])
def test_it_does_not_need_what_it_writes(copy: Path, broken: str) -> None:
    """After a merge, say."""
    made = copy / "godot_enet/core/native/generated.py"
    whole = made.read_text(encoding="utf-8")
    made.write_text(broken, encoding="utf-8")
    assert generate(copy).returncode == 0
    assert made.read_text(encoding="utf-8") == whole


def test_tables_in_the_documentation_follow(copy: Path) -> None:
    edit(copy / "godot_enet/core/protocol/drops.py", '"too short to be ENet"', '"much too short"')
    assert generate(copy).returncode == 0
    assert "| `SHORT` | much too short |" in (copy / "docs/hostile-networks.md").read_text(encoding="utf-8")
