"""gevent's other greenlets cannot run while C waits: that is said, once."""

from __future__ import annotations

import logging
import sys
from types import SimpleNamespace

import pytest

from godot_enet import ENetConnection
from godot_enet.core.native import host as native_host


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The lines about gevent."""
    lines = [record for record in caplog.records if "gevent" in record.getMessage()]
    assert all((record.name, record.levelno) == ("godot_enet", logging.WARNING) for record in lines)
    return [record.getMessage() for record in lines]


@pytest.mark.parametrize("patched", [True, False])
def test_it_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, host_engine: str, patched: bool
) -> None:
    monkeypatch.setattr(native_host, "_gevent_noted", False)
    monkeypatch.setitem(sys.modules, "gevent.monkey", SimpleNamespace(is_module_patched=lambda name: patched))
    for threaded in (True, False, True):
        connection = ENetConnection(threaded=threaded)
        connection.create_host()
        connection.destroy()
    lines = warnings(caplog)
    assert len(lines) == (patched and host_engine == "native")
    assert all("service(timeout)" in line for line in lines)


def test_without_gevent_nothing_is_said(caplog: pytest.LogCaptureFixture, host_engine: str) -> None:
    connection = ENetConnection()
    connection.create_host()
    connection.destroy()
    assert warnings(caplog) == []
