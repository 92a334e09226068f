"""Stages for connections of both kinds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.compat.stage import Stage


@pytest.fixture(params=[True, False], ids=["threaded", "inline"])
def stage(request: pytest.FixtureRequest, host_engine: str) -> Iterator[Stage]:
    """Connections that are destroyed after the test, once with network threads and once without."""
    stage = Stage(request.param)
    yield stage
    stage.close()


@pytest.fixture
def threaded(host_engine: str) -> Iterator[Stage]:
    """The same, with network threads."""
    stage = Stage(True)
    yield stage
    stage.close()


@pytest.fixture
def inline(host_engine: str) -> Iterator[Stage]:
    """The same, without."""
    stage = Stage(False)
    yield stage
    stage.close()
