"""What every test of behaviour runs on: each engine alone, and each pair of engines.

``ENGINES`` is the one list of engines; adding one there runs the whole suite on it, alone and mixed with the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from godot_enet.core.config import HostConfig
from godot_enet.core.interface import Engine

EngineFactory = Callable[[HostConfig], Engine]


class EnginePair(NamedTuple):
    """The engines of the two ends, chosen separately."""

    client: EngineFactory
    server: EngineFactory


def python_engine(config: HostConfig) -> Engine:
    """The engine written in Python."""
    from godot_enet.core.engine import PythonEngine

    return PythonEngine(config)


ENGINES: dict[str, EngineFactory] = {"python": python_engine}

# "fixed" finds the same examples on every machine and leaves no files; "explore" looks for new ones.
_shared = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.register_profile("fixed", _shared, max_examples=50, derandomize=True)
settings.register_profile("explore", _shared, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


@pytest.fixture(params=list(ENGINES))
def engine_factory(request: pytest.FixtureRequest) -> EngineFactory:
    """Makes an engine from a config; the test runs once for each engine."""
    return ENGINES[request.param]


@pytest.fixture(params=[f"{client}-{server}" for client in ENGINES for server in ENGINES])
def engine_pair(request: pytest.FixtureRequest) -> EnginePair:
    """Makes the engines of a client and a server; the test runs once for each combination."""
    client, server = request.param.split("-")
    return EnginePair(ENGINES[client], ENGINES[server])
