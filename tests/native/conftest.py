"""Every test here is about the compiled helper: all hosts are native."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.unit.compat.stage import Stage


@pytest.fixture(autouse=True)
def _native(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hosts are native, and errors that are part of a test are not logged."""
    monkeypatch.setenv("GODOT_ENET_ENGINE", "native")
    log = logging.getLogger("godot_enet")
    level = log.level
    log.setLevel(logging.CRITICAL)
    yield
    log.setLevel(level)


@pytest.fixture(params=[True, False], ids=["threaded", "inline"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Connections that are destroyed after the test, once with network threads and once without."""
    stage = Stage(request.param)
    yield stage
    stage.close()


def pytest_itemcollected(item: pytest.Item) -> None:
    """All of these need it."""
    item.add_marker("native")
