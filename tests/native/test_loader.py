"""A library that is missing, broken or not ours: one clear sentence, and the Python engine instead. An interpreter that
cannot have the C methods: one sentence, and the rest of the library."""

from __future__ import annotations

import ctypes
import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

from godot_enet.core.native import library, loader
from godot_enet.core.native.generated import FINGERPRINT, FUNCTIONS
from godot_enet.core.native.loader import NativeUnavailable, load_library
from godot_enet.core.native.structs import STRUCTS
from tests.native.interpreter import run
from tests.native.native_connections import needs_hot

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
    def test_the_one_in_use_has_the_packages_fingerprint(self) -> None:
        assert load_library(path()).gde_fingerprint() == FINGERPRINT

    def test_one_of_other_sources_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(loader, "FINGERPRINT", FINGERPRINT ^ 1)
        with pytest.raises(NativeUnavailable, match=r" was built from different sources than this package$"):
            load_library(path())

    @pytest.mark.parametrize("name", STRUCTS)
    def test_two_fields_in_another_order_are_noticed(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """The struct is no larger and no smaller by that."""

        class Swapped(ctypes.Structure):
            _fields_ = [*STRUCTS[name]._fields_[1:], STRUCTS[name]._fields_[0]]

        monkeypatch.setitem(STRUCTS, name, Swapped)
        with pytest.raises(NativeUnavailable, match=rf" has a different layout of {name}$"):
            load_library(path())

    def test_a_missing_field_is_noticed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Short(ctypes.Structure):
            _fields_ = STRUCTS["gde_event"]._fields_[:-1]

        monkeypatch.setitem(STRUCTS, "gde_event", Short)
        with pytest.raises(NativeUnavailable, match=r" has different structs than this package$"):
            load_library(path())

    def test_a_missing_function_is_noticed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(FUNCTIONS, "gde_no_such_function", "void()")
        with pytest.raises(NativeUnavailable, match=r"lacks a function.*gde_no_such_function"):
            load_library(path())


def foreign() -> Path:
    """A library that has nothing to do with this package."""
    found = importlib.import_module("_ctypes").__file__
    assert found is not None
    return Path(found)


on_cpython = pytest.mark.skipif(sys.implementation.name != "cpython", reason="elsewhere Python is the faster engine")


@on_cpython
class TestFallback:
    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        """Where a program with this folder looks for the library."""
        return tmp_path / "_gde.so"

    def check(self, folder: Path, *words: str) -> None:
        """One sentence for whoever asks, none for whoever does not; the Python engine; no library, no native."""
        here = {"GODOT_ENET_NATIVE_LIBRARY": str(folder)}
        result = run(USE, **here, GODOT_ENET_ENGINE=None)
        assert (result.returncode, result.stdout) == (0, "python\npython\n"), result.stderr
        (line,) = result.stderr.splitlines()
        assert line.startswith("WARNING godot_enet Using the Python engine, which is slower: the native one is not ")
        assert all(word in line for word in words), line
        assert ". Correct or unset GODOT_ENET_NATIVE_LIBRARY. " in line

        result = run(USE, **here, GODOT_ENET_ENGINE="python")
        assert (result.stdout, result.stderr) == ("python\npython\n", "")
        result = run(USE, **here, GODOT_ENET_ENGINE="native")
        assert (result.returncode, result.stdout) == (1, "python\n")
        last = result.stderr.splitlines()[-1]
        assert last.startswith("godot_enet.core.native.loader.NativeUnavailable: the native engine is not available")
        assert all(word in last for word in words), last

    def test_an_empty_folder_is_named(self, tmp_path: Path) -> None:
        self.check(tmp_path, f"GODOT_ENET_NATIVE_LIBRARY={tmp_path} has no library _gde")

    def test_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        self.check(tmp_path / "nowhere", f"GODOT_ENET_NATIVE_LIBRARY={tmp_path / 'nowhere'} has no library _gde")

    def test_noise_cannot_be_loaded(self, place: Path) -> None:
        place.write_bytes(bytes(range(256)) * 40)
        self.check(place.parent, "cannot be loaded", place.name)

    def test_an_empty_file_cannot_be_loaded(self, place: Path) -> None:
        place.touch()
        self.check(place.parent, "cannot be loaded", place.name)

    def test_a_folder_of_that_name_cannot_be_loaded(self, place: Path) -> None:
        place.mkdir()
        self.check(place.parent, "cannot be loaded", place.name)

    def test_somebody_elses_library_lacks_a_function(self, place: Path) -> None:
        shutil.copy(foreign(), place)
        self.check(place.parent, "lacks a function", place.name)

    def test_our_library_cut_off_in_its_head_cannot_be_loaded(self, place: Path) -> None:
        place.write_bytes(Path(path()).read_bytes()[:50])
        self.check(place.parent, "cannot be loaded", place.name)


@on_cpython
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


FREE_THREADED = """
import sys
flags, sys.abiflags = sys.abiflags, "t"
import godot_enet.core.native
sys.abiflags = flags
"""
"""Begins a program as if this were a free-threaded build."""
PYPY = """
import sys
sys.implementation.name = "pypy"
"""


@on_cpython
class TestWithoutMethods:
    """The native engine without its C methods."""

    @pytest.mark.parametrize("value", [None, "native"])
    def test_it_works_and_one_line_says_why_they_are_missing(self, value: str | None) -> None:
        result = run(FREE_THREADED + USE, GODOT_ENET_ENGINE=value)
        assert (result.returncode, result.stdout) == (0, "native python\nnative\n"), result.stderr
        assert result.stderr == (
            "WARNING godot_enet Using the native engine without its C methods, which is slower: a free-threaded "
            "CPython has a different object layout. The main interpreter of an ordinary CPython has them.\n"
        )

    def test_nobody_warns_of_what_the_python_engine_does_not_use(self) -> None:
        result = run(FREE_THREADED + USE, GODOT_ENET_ENGINE="python")
        assert (result.returncode, result.stdout, result.stderr) == (0, "native python\npython\n", "")

    @pytest.mark.parametrize(("value", "engine"), [(None, "python"), ("auto", "python"), ("native", "native")])
    def test_pypy_prefers_the_python_engine(self, value: str | None, engine: str) -> None:
        """It compiles that, and a call into C takes it longer."""
        result = run(PYPY + USE, GODOT_ENET_ENGINE=value)
        assert (result.returncode, result.stdout, result.stderr) == (0, f"python native\n{engine}\n", "")

    @pytest.mark.parametrize("value", [None, "auto"])
    def test_on_pypy_nothing_is_missing_without_the_library(self, value: str | None, tmp_path: Path) -> None:
        result = run(PYPY + USE, GODOT_ENET_NATIVE_LIBRARY=str(tmp_path), GODOT_ENET_ENGINE=value)
        assert (result.returncode, result.stdout, result.stderr) == (0, "python\npython\n", "")


@needs_hot
class TestWhoGetsTheMethods:
    """Objects must be laid out as ``src/python_abi.h`` declares them: anything else would end the interpreter."""

    def test_this_interpreter_gets_them_once(self) -> None:
        assert loader._load_hot(library()).host is loader._load_hot(library()).host

    def test_a_package_imported_once_more_does_not(self) -> None:
        """As where tests put ``sys.modules`` back. The objects of the copies are not mixed, even once one is gone."""
        result = run(IMPORTED_TWICE)
        assert (result.returncode, result.stdout) == (0, "False\nTrue True True\n"), result.stderr
        (line,) = result.stderr.splitlines()
        assert ", which is slower: another copy of this package has the C methods. Only the copy that " in line

    def test_other_implementations_do_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys.implementation, "name", "graalpy")
        with pytest.raises(NativeUnavailable, match=r"^graalpy does not have CPython's stable ABI$"):
            loader._load_hot(library())

    @pytest.mark.parametrize("flags", ["t", "td"])
    def test_free_threaded_builds_do_not(self, flags: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "abiflags", flags)
        with pytest.raises(NativeUnavailable, match="free-threaded"):
            loader._load_hot(library())

    def test_they_are_recognised_without_flags(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As on Windows."""
        monkeypatch.delattr(sys, "abiflags")
        monkeypatch.setattr(sys, "version", "3.13.0 experimental free-threading build (main) [MSC v.1941 64 bit]")
        with pytest.raises(NativeUnavailable, match="free-threaded"):
            loader._load_hot(library())

    def test_builds_with_larger_objects_do_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As with Py_TRACE_REFS, which has two more pointers in each."""
        size = ctypes.sizeof
        monkeypatch.setattr(ctypes, "sizeof", lambda kind: 2 * size(kind))
        with pytest.raises(NativeUnavailable, match="different object layout"):
            loader._load_hot(library())

    def test_subinterpreters_do_not(self) -> None:
        """They would share objects with the main interpreter, and not its lock."""
        result = run(IN_A_SUBINTERPRETER, USE)
        if "does not support loading in subinterpreters" in result.stderr:
            pytest.skip("this Python's ctypes cannot be used in a subinterpreter")
        assert (result.returncode, result.stdout) == (0, "native python\nnative\n" * 2), result.stderr
        (line,) = result.stderr.splitlines()
        assert "Using the native engine without its C methods, which is slower: this is a subinterpreter. " in line

    def test_three_subinterpreters_at_a_time_do_not_disturb_each_other(self) -> None:
        """Nor the main one, whose C methods are in use meanwhile."""
        result = run(IN_THREE_SUBINTERPRETERS, CONVERSATION)
        if "does not support loading in subinterpreters" in result.stderr:
            pytest.skip("this Python's ctypes cannot be used in a subinterpreter")
        assert (result.returncode, result.stdout) == (0, "True\n" + "False\n" * 3), result.stderr

    def test_a_python_that_lacks_a_function_does_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ctypes, "pythonapi", library())
        with pytest.raises(NativeUnavailable, match="a function is missing: "):
            loader._load_hot(library())

    def test_one_that_wants_other_objects_of_python_does_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        older = Mock(gde_hot_function=Mock(return_value=None), gde_hot_types=Mock(side_effect=TypeError("takes 13")))
        monkeypatch.setattr(ctypes, "PyDLL", lambda *_, **__: older)
        with pytest.raises(NativeUnavailable, match=r"^takes 13$"):
            loader._load_hot(library())


IMPORTED_TWICE = """
import gc, logging, sys
logging.basicConfig(format="%(message)s")
def ours():
    return {name: module for name, module in sys.modules.items() if name.split(".")[0] == "godot_enet"}
import godot_enet
first = ours()
for name in first:
    del sys.modules[name]
from godot_enet import ENetConnection
host = ENetConnection()
host.create_host(1)
print(ENetConnection is godot_enet.ENetConnection)
host.destroy()
for name in ours():
    del sys.modules[name]
sys.modules.update(first)
del ENetConnection, host, name
gc.collect()
from godot_enet.core import Address, Event, EventType, Host, HostConfig
server, client = Host.open(HostConfig(), bind="127.0.0.1"), Host.open(HostConfig())
peer = client.connect(Address("127.0.0.1", server.local_address().port), 1)
while client.service(10) is None:
    server.service()
client.send(peer, 0, b"x", 1)
client.flush()
event = None
while event is None or event.packet != b"x":
    event = server.service(1000)
print(type(event) is Event, event.type is EventType.RECEIVE, event.reason is Event(*event[:6]).reason)
server.close(), client.close()
"""
IN_A_SUBINTERPRETER = """
import sys
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
program = sys.argv[1]
exec(program)
other = interpreters.create()
try:
    failure = getattr(interpreters, "exec", interpreters.run_string)(other, program)
    if failure:
        sys.exit(failure.formatted)
finally:
    interpreters.destroy(other)
"""
CONVERSATION = """
import sys
from godot_enet import ENetConnection
from godot_enet.core.native.loader import hot_types
server, client = ENetConnection(), ENetConnection()
server.create_host_bound("127.0.0.1", 0)
client.create_host(1)
peer = client.connect_to_host("127.0.0.1", server.get_local_port())
taken = 0
while taken < 200:
    client.service()
    if client.get_peers()[0].get_state() == peer.STATE_CONNECTED:
        peer.send(0, b"x", peer.FLAG_RELIABLE)
    event = server.service(1)
    if event.type == ENetConnection.EVENT_RECEIVE:
        taken += event.peer.get_packet() == b"x"
server.destroy()
client.destroy()
said = hot_types() is not None
"""
IN_THREE_SUBINTERPRETERS = """
import sys
import threading
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
program = sys.argv[1]

def converse():
    # In one thread from beginning to end: CPython 3.11 does not end an interpreter that another one has used.
    other = interpreters.create()
    try:
        failure = getattr(interpreters, "exec", interpreters.run_string)(other, program + "print(said, flush=True)")
        if failure:
            print(failure.formatted, file=sys.stderr)
    finally:
        interpreters.destroy(other)

exec(program)
print(said, flush=True)
threads = [threading.Thread(target=converse) for _ in range(3)]
for thread in threads:
    thread.start()
while any(thread.is_alive() for thread in threads):
    exec(program)
"""
LOOK = """
import sys
sys.path.insert(0, sys.argv[1])
from godot_enet.core.native import remedy, why_unavailable
print(why_unavailable())
print(remedy())
"""


class TestRemedy:
    """What to do where the package has no library beside it."""

    @pytest.fixture
    def copied(self, tmp_path: Path) -> Path:
        """A folder with the package, but for its library."""
        package = Path(loader.__file__).parents[2]
        shutil.copytree(package, tmp_path / "godot_enet", ignore=shutil.ignore_patterns("_gde*", "__pycache__"))
        return tmp_path

    def look(self, folder: Path) -> list[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GODOT_ENET_")}
        # -S: the finder of an editable install would come first
        command = [sys.executable, "-I", "-S", "-c", LOOK, str(folder)]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
        return ran.stdout.splitlines()

    def test_an_installed_package(self, copied: Path) -> None:
        assert self.look(copied) == [
            "it was not built",
            "Install a C compiler, then godot_enet again; with GODOT_ENET_REQUIRE_NATIVE=1 pip shows what fails.",
        ]

    def test_a_checkout(self, copied: Path) -> None:
        """`pip install .` builds a library, and installs it elsewhere."""
        (copied / "CMakeLists.txt").touch()
        assert self.look(copied) == [
            "this checkout has no built library",
            f"With a C compiler, run `pip install -e .` in {copied}.",
        ]

    def test_an_archive(self, copied: Path) -> None:
        packed = shutil.make_archive(str(copied / "archive"), "zip", copied, "godot_enet")
        assert self.look(Path(packed)) == [
            "a library cannot be loaded from inside an archive",
            "shiv makes archives that unpack themselves first.",
        ]

    def test_a_library_of_another_version(self, copied: Path) -> None:
        """As after an update of a checkout that was not built again."""
        (copied / "CMakeLists.txt").touch()
        (copied / "godot_enet/core/native/_gde.so").write_bytes(b"no library")
        reason, remedy = self.look(copied)
        assert "_gde.so cannot be loaded" in reason
        assert remedy == f"With a C compiler, run `pip install -e .` in {copied}."
