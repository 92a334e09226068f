"""sdist and wheels as they would be published, built in every situation and used by a stranger: installed into an
empty environment, outside the checkout. Slow, hence run by ``.ci/wheel``."""

from __future__ import annotations

import stat
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from tests.packaging.conftest import run_build

pytestmark = [pytest.mark.wheel, pytest.mark.timeout(400)]

LIBRARY = (".so", ".dylib", ".pyd")


@pytest.fixture(scope="module")
def sdist(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Path of the sdist."""
    out = tmp_path_factory.mktemp("sdist")
    built = run_build(checkout, out, "--sdist")
    assert built.returncode == 0, built.stdout + built.stderr
    [path] = out.iterdir()
    return path


@pytest.fixture(scope="module")
def source(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, unpacked."""
    folder = tmp_path_factory.mktemp("source")
    subprocess.run([sys.executable, "-m", "tarfile", "-e", str(sdist), str(folder)], check=True, timeout=60)
    [top] = folder.iterdir()
    return top


@pytest.fixture
def broken_compiler(tmp_path: Path) -> Path:
    """A C compiler that fails, whatever it is asked."""
    path = tmp_path / "cc"
    path.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def libraries(wheel: Path) -> set[str]:
    """The compiled files of a wheel, without their suffixes."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert [name for name in names if name.endswith((".c", ".h"))] == []
    return {name.partition(".")[0] for name in names if name.endswith(LIBRARY)}


def use(wheel: Path, folder: Path, *engines: str) -> None:
    """Install a wheel into an empty environment, have it exchange a packet on each of its engines, no more nor fewer
    than these, and run a demo."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", str(wheel)]
    subprocess.run([python, *install], check=True, timeout=100)
    smoke = Path(__file__).with_name("smoke.py")
    ran = subprocess.run(
        [python, "-I", smoke, "--under", folder, *engines], cwd=folder, capture_output=True, text=True, timeout=100
    )
    assert ran.returncode == 0, ran.stderr
    hello = [str(python), "-I", "-m", "godot_enet", "demo", "hello"]
    (empty := folder / "empty").mkdir()
    told = subprocess.run(hello, cwd=empty, capture_output=True, text=True, timeout=100, check=True)
    assert told.stdout.endswith("both sides are closed\n"), told.stdout
    warned = [line.startswith("Using the Python engine, which is slower: ") for line in ran.stderr.splitlines()]
    assert warned == ([] if "native" in engines else [True]), ran.stderr


def test_the_sdist_has_all_that_a_build_needs_and_no_leftovers(sdist: Path, checkout: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    native = checkout / "godot_enet" / "core" / "native" / "src"
    assert {path.relative_to(checkout).as_posix() for path in native.iterdir()} <= names
    assert {"CMakeLists.txt", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"} <= names
    assert [name for name in names if name.endswith((*LIBRARY, ".pyc", "CMakeCache.txt")) or "CMakeFiles" in name] == []


def test_with_a_compiler_the_wheel_has_both_engines(source: Path, tmp_path: Path) -> None:
    built = run_build(source, tmp_path / "out", "--wheel", GODOT_ENET_REQUIRE_NATIVE="1")
    assert built.returncode == 0, built.stdout + built.stderr
    [wheel] = (tmp_path / "out").iterdir()
    _, _, python, abi, platform = wheel.stem.split("-")
    assert (python, abi) == ("py3", "none")
    assert platform != "any"
    assert libraries(wheel) == {"godot_enet/core/native/_gde"}
    use(wheel, tmp_path / "environment", "native", "python")


@pytest.mark.parametrize("required", [None, "0"])
def test_a_broken_compiler_costs_the_native_engine_only(
    source: Path, tmp_path: Path, broken_compiler: Path, required: str | None
) -> None:
    environment = {"CC": str(broken_compiler)} | ({"GODOT_ENET_REQUIRE_NATIVE": required} if required else {})
    built = run_build(source, tmp_path / "out", "--wheel", "--no-isolation", **environment)
    assert built.returncode == 0, built.stdout + built.stderr
    assert "built without its native engine" in built.stdout
    [wheel] = (tmp_path / "out").iterdir()
    assert wheel.name.endswith("-py3-none-any.whl")
    assert libraries(wheel) == set()
    use(wheel, tmp_path / "environment", "python")


def test_without_any_tool_the_wheel_is_pure(source: Path, tmp_path: Path) -> None:
    (tmp_path / "no-tools").mkdir()
    built = run_build(source, tmp_path / "out", "--wheel", PATH=str(tmp_path / "no-tools"))
    assert built.returncode == 0, built.stdout + built.stderr
    [wheel] = (tmp_path / "out").iterdir()
    assert wheel.name.endswith("-py3-none-any.whl")
    assert libraries(wheel) == set()
    use(wheel, tmp_path / "environment", "python")


def test_who_asks_for_no_native_engine_gets_none(source: Path, tmp_path: Path) -> None:
    built = run_build(source, tmp_path / "out", "--wheel", "--no-isolation", GODOT_ENET_NO_NATIVE="1")
    assert built.returncode == 0, built.stdout + built.stderr
    [wheel] = (tmp_path / "out").iterdir()
    assert wheel.name.endswith("-py3-none-any.whl")
    assert libraries(wheel) == set()
    use(wheel, tmp_path / "environment", "python")


def test_who_requires_the_native_engine_gets_it_or_an_error(
    source: Path, tmp_path: Path, broken_compiler: Path
) -> None:
    built = run_build(
        source, tmp_path, "--wheel", "--no-isolation", CC=str(broken_compiler), GODOT_ENET_REQUIRE_NATIVE="1"
    )
    assert built.returncode != 0
    assert list(tmp_path.glob("*.whl")) == []
