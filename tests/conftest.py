"""What every test of behaviour runs on: each engine alone, and each pair of engines.

``ENGINES`` is the one list of engines; adding one there runs the whole suite on it, alone and mixed with the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from godot_enet.compat import errors
from godot_enet.core.config import HostConfig
from godot_enet.core.engine import PythonEngine
from godot_enet.core.interface import Engine
from godot_enet.core.native import NativeEngine, why_unavailable
from tests.every_line import EveryLine

EngineFactory = Callable[[HostConfig], Engine]


class EnginePair(NamedTuple):
    """The engines of the two ends, chosen separately."""

    client: EngineFactory
    server: EngineFactory


ENGINES: dict[str, EngineFactory] = {"python": PythonEngine, "native": NativeEngine}

# "fixed" finds the same examples on every machine and leaves no files; "explore" looks for new ones.
_shared = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.register_profile("fixed", _shared, max_examples=50, derandomize=True)
settings.register_profile("explore", _shared, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """A missing compiled helper is a failure, unless somebody says that it is meant to be missing."""
    parser.addoption("--no-native", action="store_true", help="run without the compiled helper")


def pytest_configure(config: pytest.Config) -> None:
    """Without the helper its tests would fail one by one; say why, once."""
    if why_unavailable() and not config.getoption("--no-native"):
        raise pytest.UsageError(
            f"the native engine is not available ({why_unavailable()}); build it or use --no-native"
        )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test runs on each engine, and on each combination where it has two ends."""
    names = [name for name in ENGINES if name != "native" or not metafunc.config.getoption("--no-native")]
    if "engine_factory" in metafunc.fixturenames:
        metafunc.parametrize("engine_factory", names, indirect=True)
    if "engine_pair" in metafunc.fixturenames:
        pairs = [f"{client}-{server}" for client in names for server in names]
        metafunc.parametrize("engine_pair", pairs, indirect=True)
    if "host_engine" in metafunc.fixturenames:
        metafunc.parametrize("host_engine", names, indirect=True)


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
