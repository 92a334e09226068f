"""The wheel without the native engine: its tag, its contents, its metadata, and that it works by itself.

The other one, and what happens without a compiler, takes longer: see ``test_builds``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

import pytest


def headers(unpacked: Path, name: str) -> Message:
    [folder] = unpacked.glob("godot_enet-*.dist-info")
    return HeaderParser().parsestr((folder / name).read_text(encoding="utf-8"))


def test_it_serves_every_python_and_platform(wheel: Path, unpacked: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")
    described = headers(unpacked, "WHEEL")
    assert described.get_all("Tag") == ["py3-none-any"]
    assert described["Root-Is-Purelib"] == "true"


def test_the_wheel_holds_the_package_its_demos_and_nothing_else(unpacked: Path, checkout: Path) -> None:
    installed = {
        path.relative_to(unpacked).as_posix()
        for path in unpacked.rglob("*")
        if path.is_file() and not path.relative_to(unpacked).parts[0].endswith(".dist-info")
    }
    package = {path.relative_to(checkout).as_posix() for path in (checkout / "godot_enet").rglob("*.py")}
    demos = {
        f"godot_enet/{path.relative_to(checkout).as_posix()}"
        for path in (checkout / "demos").rglob("*")
        if path.is_file() and not {"__pycache__", ".godot"} & set(path.parts)
    }
    assert installed == package | {"godot_enet/py.typed", "godot_enet/scenes/native_properties.json"} | demos


def test_its_demos_run_from_an_empty_folder(unpacked: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    for arguments, line in ([], "hello  "), (["hello"], "both sides are closed"), (["arena", "--help"], "usage: "):
        command = [sys.executable, "-S", "-m", "godot_enet", "demo", *arguments]
        ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=90)
        assert ran.returncode == 0, ran.stderr
        assert any(each.startswith(line) for each in ran.stdout.splitlines()), ran.stdout


def test_nothing_else_has_to_be_installed(unpacked: Path) -> None:
    requirements = headers(unpacked, "METADATA").get_all("Requires-Dist", [])
    assert [each for each in requirements if "extra ==" not in each] == []


def test_the_licence_travels_along(unpacked: Path, checkout: Path) -> None:
    assert headers(unpacked, "METADATA")["License-Expression"] == "MIT"
    [licence] = unpacked.glob("godot_enet-*.dist-info/licenses/LICENSE")
    assert licence.read_bytes() == (checkout / "LICENSE").read_bytes()


def test_the_changelog_knows_this_version(unpacked: Path, checkout: Path) -> None:
    version = headers(unpacked, "METADATA")["Version"]
    assert f"\n## [{version}]" in (checkout / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.timeout(100)
def test_a_packet_gets_through_with_nothing_but_the_wheel(unpacked: Path, checkout: Path, tmp_path: Path) -> None:
    smoke = checkout / "tests" / "packaging" / "smoke.py"
    # -S: no site-packages, hence neither the checkout that is installed there nor any other package
    command = [sys.executable, "-S", "-W", "error", str(smoke), "--under", str(unpacked), "python"]
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    environment.pop("GODOT_ENET_ENGINE", None)
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=90)
    assert ran.returncode == 0, ran.stderr
    warnings = [line.partition(":")[0] for line in ran.stderr.splitlines()]
    is_slower = sys.implementation.name == "cpython"
    assert warnings == ["Using the Python engine, which is slower"] * is_slower
