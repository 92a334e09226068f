"""A library that is missing, broken or not ours: one clear sentence, and the Python engine instead."""

from __future__ import annotations

import ctypes
import importlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from godot_enet.core.native import library, loader
from godot_enet.core.native.loader import NativeUnavailable, load_library
from godot_enet.core.native.records import RECORDS
from tests.native.running import run

USE = """
import logging, sys
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
import godot_enet
from godot_enet import ENetConnection
print(" ".join(godot_enet.available_engines()))
host = ENetConnection()
host.create_host(1)
host.service()
print(host.engine_name)
host.destroy()
"""


def path() -> str:
    """The library that is in use."""
    return library()._name


class TestWhatIsChecked:
    def test_the_one_in_use(self) -> None:
        assert load_library(path()).gde_abi_version() == loader.ABI_VERSION

    def test_another_abi_version(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(loader, "ABI_VERSION", loader.ABI_VERSION + 1)
        with pytest.raises(NativeUnavailable, match=r"has ABI version \d+, this package needs \d+$"):
            load_library(path())

    def test_another_struct_size(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class CEvent(ctypes.Structure):
            _fields_ = [("peer", ctypes.c_uint64)]

        records: list[Any] = [CEvent if record.__name__ == "CEvent" else record for record in RECORDS]
        monkeypatch.setattr(loader, "RECORDS", tuple(records))
        with pytest.raises(NativeUnavailable, match=r"has another layout of CEvent$"):
            load_library(path())

    def test_a_function_less(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(loader._FUNCTIONS, "gde_no_such_function", (None, []))
        with pytest.raises(NativeUnavailable, match=r"lacks a function.*gde_no_such_function"):
            load_library(path())

    def test_the_sizes_of_all_records(self) -> None:
        sizes = [library().gde_sizeof(kind) for kind in range(len(RECORDS) + 1)]
        assert sizes == [*(ctypes.sizeof(record) for record in RECORDS), 0]


def foreign() -> Path:
    """A library that has nothing to do with this package."""
    found = importlib.import_module("_ctypes").__file__
    assert found is not None
    return Path(found)


@pytest.fixture(params=["_gde", "_gde_hot"])
def stem(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class TestFallback:
    @pytest.fixture
    def place(self, tmp_path: Path, stem: str) -> Path:
        """Where a program with this folder looks for the library."""
        return tmp_path / f"{stem}.so"

    def check(self, folder: Path, *words: str) -> None:
        """One sentence for whoever asks, none for whoever does not; the Python engine; no library, no native."""
        here = {"GODOT_ENET_NATIVE_LIBRARY": str(folder)}
        result = run(USE, **here, GODOT_ENET_ENGINE=None)
        assert (result.returncode, result.stdout) == (0, "python\npython\n"), result.stderr
        lines = result.stderr.splitlines()
        assert 1 <= len(lines) <= 2
        for line in lines:
            assert line.startswith(("WARNING godot_enet.native ", "INFO godot_enet "))
            assert all(word in line for word in words), line
        assert "using the Python engine" in lines[-1]

        assert run(USE, **here, GODOT_ENET_ENGINE="python").stdout == "python\npython\n"
        result = run(USE, **here, GODOT_ENET_ENGINE="native")
        assert (result.returncode, result.stdout) == (1, "python\n")
        last = result.stderr.splitlines()[-1]
        assert last.startswith("godot_enet.core.native.loader.NativeUnavailable: the native engine is not available")
        assert all(word in last for word in words), last

    def test_nothing_there(self, tmp_path: Path) -> None:
        self.check(tmp_path, "it was not built")

    def test_no_such_folder(self, tmp_path: Path) -> None:
        self.check(tmp_path / "nowhere", "it was not built")

    def test_noise(self, place: Path) -> None:
        place.write_bytes(bytes(range(256)) * 40)
        self.check(place.parent, "cannot be loaded", place.name)

    def test_an_empty_file(self, place: Path) -> None:
        place.touch()
        self.check(place.parent, "cannot be loaded", place.name)

    def test_a_folder_of_that_name(self, place: Path) -> None:
        place.mkdir()
        self.check(place.parent, "cannot be loaded", place.name)

    def test_somebody_elses_library(self, place: Path) -> None:
        shutil.copy(foreign(), place)
        self.check(place.parent, "lacks a function", place.name)

    def test_our_library_cut_off_in_its_head(self, place: Path) -> None:
        place.write_bytes(Path(path()).read_bytes()[:50])
        self.check(place.parent, "cannot be loaded", place.name)

    @pytest.mark.parametrize("part", [0.25, 0.5, 0.75])
    def test_our_library_cut_off_in_the_middle(self, place: Path, part: float) -> None:
        """As a copy that did not finish; loading it would end the interpreter."""
        whole = Path(path()).read_bytes()
        place.write_bytes(whole[: int(len(whole) * part)])
        self.check(place.parent, "cut off", place.name)


class TestGoodLibrary:
    @pytest.mark.parametrize(("value", "engine"), [(None, "native"), ("", "native"), ("auto", "native")])
    def test_it_is_preferred(self, value: str | None, engine: str) -> None:
        result = run(USE, GODOT_ENET_ENGINE=value)
        assert (result.returncode, result.stdout, result.stderr) == (0, f"native python\n{engine}\n", "")

    @pytest.mark.parametrize("value", ["native", "python"])
    def test_either_can_be_asked_for(self, value: str) -> None:
        result = run(USE, GODOT_ENET_ENGINE=value)
        assert (result.returncode, result.stdout, result.stderr) == (0, f"native python\n{value}\n", "")

    def test_any_other_name_is_refused(self) -> None:
        result = run(USE, GODOT_ENET_ENGINE="Native")
        assert result.returncode == 1
        last = result.stderr.splitlines()[-1]
        assert last == "ValueError: GODOT_ENET_ENGINE must be auto, python or native, not 'Native'"

    def test_the_plain_library_alone_is_enough(self, tmp_path: Path) -> None:
        shutil.copy(path(), tmp_path / "_gde.so")
        result = run(USE, GODOT_ENET_NATIVE_LIBRARY=str(tmp_path), GODOT_ENET_ENGINE=None)
        assert (result.returncode, result.stdout, result.stderr) == (0, "native python\nnative\n", "")

    def test_a_broken_one_with_c_methods_leaves_the_plain_one(self, tmp_path: Path) -> None:
        shutil.copy(path(), tmp_path / "_gde.so")
        (tmp_path / "_gde_hot.so").write_bytes(b"no library")
        result = run(USE, GODOT_ENET_NATIVE_LIBRARY=str(tmp_path), GODOT_ENET_ENGINE=None)
        assert (result.returncode, result.stdout) == (0, "native python\nnative\n")
        (line,) = result.stderr.splitlines()
        assert "_gde_hot.so cannot be loaded" in line
