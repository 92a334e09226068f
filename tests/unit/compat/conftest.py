"""A stage for connections, once with network threads and once without, and what was logged."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from godot_enet.compat import errors
from tests.every_line import EveryLine
from tests.godot_lines import godot_line
from tests.unit.compat.stage import Stage


@pytest.fixture(params=[True, False], ids=["threaded", "inline"])
def stage(request: pytest.FixtureRequest, host_engine: str) -> Iterator[Stage]:
    """Connections that are destroyed after the test."""
    stage = Stage(request.param)
    yield stage
    stage.close()


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """The error lines since this was last called, as if that had been more than ten seconds ago: what Godot says,
    without what we add in brackets."""

    def take() -> list[str]:
        lines = [godot_line(record) for record in caplog.records if record.levelname == "ERROR"]
        assert {record.name for record in caplog.records if record.levelname == "ERROR"} <= {"godot_enet"}
        caplog.clear()
        monkeypatch.setattr(errors, "_limiter", EveryLine())
        return lines

    return take


@pytest.fixture
def no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that knows this machine only and asks nobody, since tests stay on loopback."""
    look_up = socket.getaddrinfo

    def look_up_here(host: str, *arguments: Any, **options: Any) -> Any:
        if host != "localhost" and len(host) < 64:  # too long a label fails before it is looked up
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up_here)
