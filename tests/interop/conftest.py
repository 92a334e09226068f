"""Fixtures of the interop tests: our connections, the real programs, and both in one ``net``.

Environment:
    GODOT: the Godot executable; else the one that install_godot.sh has installed is taken.
    GODOT_ENET_REQUIRE_INTEROP=1: a missing Godot or pyenet fails instead of skipping.
    GODOT_ENET_INTEROP_CONTROL=1: the other real program stands in for our package. A test that fails then
        expects something that Godot and libenet do not do among themselves.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest

from godot_enet import available_engines

from .endpoints import Endpoint
from .local_endpoint import LocalEndpoint
from .net import Link, Net
from .programs import NO_GODOT, Program, find_godot, start_godot, start_libenet
from .remote_endpoint import RemoteEndpoint

CONTROL = os.environ.get("GODOT_ENET_INTEROP_CONTROL") == "1"
collect_ignore = ["test_admission.py", "test_compression.py", "test_scene_multiplayer.py"] if CONTROL else []
"""Compression: libenet has one codec only, and neither tells of drops. And it has no high-level multiplayer, and
neither of them chooses who may connect."""

_all = ["native-inline", "python-inline", "python-thread", "native-thread"]
EVERY_WAY = ["control"] if CONTROL else [way for way in _all if way.split("-")[0] in available_engines()]
"""The ways our package can be run: each engine with each driver. A module may ask for all of them."""
WAYS = EVERY_WAY if CONTROL else ["python-inline", f"{available_engines()[0]}-thread"]
"""The ways every test is run: each engine, and each driver."""

Programs = Callable[[str], Program]
Maker = Callable[[], Endpoint]


def missing(what: str) -> NoReturn:
    if os.environ.get("GODOT_ENET_REQUIRE_INTEROP") == "1":
        pytest.fail(f"{what}, and GODOT_ENET_REQUIRE_INTEROP=1 demands it", pytrace=False)
    pytest.skip(what)


def need_godot() -> str:
    """The Godot to test with; skips or fails without one."""
    executable = find_godot()
    if executable is None:
        missing(NO_GODOT)
    return executable


def maker(way: str, program: Program, running: Programs) -> Maker:
    """Makes endpoints of our package that run in one way; in a control run, of the other real program."""
    if way == "control":
        other = running("libenet" if program.name == "godot" else "godot")
        return lambda: RemoteEndpoint(other)
    engine, driver = way.split("-")
    return lambda: LocalEndpoint(engine, driver)


@pytest.fixture(scope="session")
def start_program(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    """Starts another ``"godot"`` or ``"libenet"``, which the caller closes."""

    def start(name: str) -> Program:
        if name == "libenet":
            if importlib.util.find_spec("enet") is None:
                missing("libenet is not installed (pip install pyenet)")
            return start_libenet()
        executable = need_godot()
        return start_godot(executable, tmp_path_factory.mktemp("godot"))

    return start


@pytest.fixture(scope="session")
def running(start_program: Programs) -> Iterator[Programs]:
    """The session's one Godot and one libenet, started when first asked for."""
    programs: dict[str, Program] = {}
    finished: list[Program] = []
    broken: dict[str, RuntimeError] = {}

    def get(name: str) -> Program:
        if name in broken:
            raise broken[name]
        if name in programs and not programs[name].alive:
            finished.append(programs.pop(name))  # it crashed in a test that has failed by now
        if name not in programs:
            try:
                programs[name] = start_program(name)
            except RuntimeError as error:
                broken[name] = error
                raise
        return programs[name]

    yield get
    finished += programs.values()
    outputs = [program.output() for program in finished]
    for program in finished:
        program.close()
    assert not [output for output in outputs if "SCRIPT ERROR" in output or "Traceback" in output]


@pytest.fixture(params=["libenet", "godot"])
def program(request: pytest.FixtureRequest, running: Programs) -> Program:
    """The real program on the other side."""
    return running(request.param)


@pytest.fixture(params=WAYS)
def make_connection(request: pytest.FixtureRequest, running: Programs, program: Program) -> Maker:
    """Makes connections of our own, with each engine and each driver."""
    return maker(request.param, program, running)


@pytest.fixture
def programs(program: Program, running: Programs) -> list[Program]:
    """The programs that must be asked for events."""
    return [running("godot"), running("libenet")] if CONTROL else [program]


@pytest.fixture
def net(make_connection: Maker, program: Program, programs: list[Program]) -> Iterator[Net]:
    """``"ours"``, run in one way, and ``"theirs"``; whatever the test creates is closed at its end."""
    net = Net({"ours": make_connection, "theirs": lambda: RemoteEndpoint(program)}, programs)
    yield net
    net.close()


@pytest.fixture
def wide_net(program: Program, running: Programs, programs: list[Program]) -> Iterator[Net]:
    """All of ``EVERY_WAY`` at once, each by its name, and ``"theirs"``: for tests too long to be run for each."""
    makers: dict[str, Maker] = {way: maker(way, program, running) for way in EVERY_WAY}
    net = Net({**makers, "theirs": lambda: RemoteEndpoint(program)}, programs)
    yield net
    net.close()


@pytest.fixture(params=["serving", "dialling"])
def roles(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Who is the server and who the client: we are each in turn."""
    return ("ours", "theirs") if request.param == "serving" else ("theirs", "ours")


@pytest.fixture
def link(net: Net, roles: tuple[str, str]) -> Link:
    """One connection between us and the real program."""
    return net.pair(*roles)
