"""What every test of behaviour runs on: each engine alone, and each pair of engines.

``ENGINES`` is the one list of engines; adding one there runs the whole suite on it, alone and mixed with the others.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from godot_enet.compat import errors
from godot_enet.core.engine import PythonEngine
from godot_enet.core.interface import Engine
from godot_enet.core.native import NativeEngine, why_unavailable
from godot_enet.core.protocol.config import HostConfig
from tests.every_line import EveryLine

EngineFactory = Callable[[HostConfig], Engine]


class EnginePair(NamedTuple):
    """The engines of the two ends, chosen separately."""

    client: EngineFactory
    server: EngineFactory


OPTIONAL = {
    "pygame": ["demos", "docs/test_pages.py", "unit/tools/test_netgraph.py"],
    "cryptography.exceptions": [
        "contract/test_crypto.py",
        "demos/test_dtls_chat.py",
        "docs/test_dtls.py",
        "interop/test_crypto.py",
        "interop/test_ping.py",
        "unit/compat/crypto",
    ],
    "OpenSSL.SSL": [
        "contract/test_shadowing.py",
        "demos/test_dtls_chat.py",
        "docs/test_dtls.py",
        "dtls",
        "fuzz/test_stages.py",
        "interop/test_dtls.py",
        "interop/test_dtls_scenarios.py",
        "interop/test_ping.py",
        "packaging/test_exports.py",
        "unit/core/test_enums.py",
    ],
    "importlinter": ["packaging/test_contracts.py"],
    "tracemalloc": ["isolated/test_costs.py"],
}
"""Tests that need what has no wheels for some interpreters, or wheels that they cannot load, by what they import."""

ENGINES: dict[str, EngineFactory] = {"python": PythonEngine, "native": NativeEngine}

# "fixed" finds the same examples on every machine and leaves no files; "explore" looks for new ones.
_shared = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.register_profile("fixed", _shared, max_examples=50, derandomize=True)
settings.register_profile("explore", _shared, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Whoever has a native engine can leave it out."""
    parser.addoption("--no-native", action="store_true", help="leave the native engine out, as without a C compiler")


def why_no_native(config: pytest.Config) -> str:
    """Why there are no tests of the native engine in this run; empty if there are."""
    return "--no-native was given" if config.getoption("--no-native") else why_unavailable()


def pytest_configure(config: pytest.Config) -> None:
    """A native engine that is missing although it is required ends the run, before anything is skipped."""
    required = os.environ.get("GODOT_ENET_REQUIRE_NATIVE", "0") not in ("", "0")
    if why_unavailable() and required and not config.getoption("--no-native"):
        raise pytest.UsageError(f"the native engine is required, and not available: {why_unavailable()}")
    if why_no_native(config):
        os.environ["GODOT_ENET_ENGINE"] = "python"  # programs that tests start take it, and do not warn of it


def pytest_report_header(config: pytest.Config) -> str:
    """Which engines are tested."""
    reason = why_no_native(config)
    return f"engines: python; tests of the native one are skipped ({reason})" if reason else "engines: native, python"


@cache
def why_not_loaded(module: str) -> str:
    """What importing it says; empty if it can be had."""
    try:
        with redirect_stdout(io.StringIO()):  # pygame greets
            importlib.import_module(module)
    except ImportError as error:
        return str(error)
    return ""


def missing_packages() -> dict[str, list[str]]:
    """The packages that are not there, and the tests that need them."""
    return {name: tests for name, tests in OPTIONAL.items() if why_not_loaded(name)}


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out what could not even be imported."""
    folder = Path(__file__).parent
    return any(collection_path == folder / each for tests in missing_packages().values() for each in tests) or None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Nothing is left out without a word."""
    for name, tests in missing_packages().items():
        terminalreporter.line(f"LEFT OUT: {', '.join(tests)} ({why_not_loaded(name)})")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, with the reason, what is marked ``native`` or ``refcounts`` where there is none of it."""
    reason = why_no_native(item.config)
    if reason and item.get_closest_marker("native"):
        pytest.skip(f"needs the native engine: {reason}")
    if not hasattr(sys, "getrefcount") and item.get_closest_marker("refcounts"):
        pytest.skip(f"{sys.implementation.name} counts no references: objects go when its collector runs")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test runs on each engine, and on each combination where it has two ends."""

    def parametrize(fixture: str, values: Iterable[str]) -> None:
        if fixture in metafunc.fixturenames:
            marks = {each: [pytest.mark.native] if "native" in each else [] for each in values}
            metafunc.parametrize(fixture, [pytest.param(each, marks=marks[each]) for each in marks], indirect=True)

    parametrize("engine_factory", ENGINES)
    parametrize("engine_pair", [f"{client}-{server}" for client in ENGINES for server in ENGINES])
    parametrize("host_engine", ENGINES)


@pytest.fixture
def engine_factory(request: pytest.FixtureRequest) -> EngineFactory:
    """Makes an engine from a config; the test runs once for each engine."""
    return ENGINES[request.param]


@pytest.fixture
def engine_pair(request: pytest.FixtureRequest) -> EnginePair:
    """Makes the engines of a client and a server; the test runs once for each combination."""
    client, server = request.param.split("-")
    return EnginePair(ENGINES[client], ENGINES[server])


@pytest.fixture
def host_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The engine of every host opened during the test; the test runs once for each."""
    monkeypatch.setenv("GODOT_ENET_ENGINE", request.param)
    return str(request.param)


@pytest.fixture(autouse=True)
def _nothing_said_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is logged once in ten seconds is logged in each test, and what the program causes each time."""
    monkeypatch.setattr(errors, "_limiter", EveryLine())
