"""gevent's other greenlets cannot run while C waits: that is said, once."""

from __future__ import annotations

import logging
import sys
from types import SimpleNamespace

import pytest

from godot_enet import ENetConnection
from godot_enet.core.native import host as native_host
from tests.demos.program import Program


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


def test_a_program_that_knows_is_not_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, host_engine: str
) -> None:
    monkeypatch.setattr(native_host, "_gevent_noted", False)
    monkeypatch.setitem(sys.modules, "gevent.monkey", SimpleNamespace(is_module_patched=lambda name: True))
    native_host.hide_gevent_note()
    connection = ENetConnection()
    connection.create_host()
    connection.destroy()
    assert warnings(caplog) == []


PATCHED = """
from gevent import monkey; monkey.patch_all()
import sys, time
import gevent
from godot_enet import ENetConnection

server, client = ENetConnection(threaded=sys.argv[1] == "thread"), ENetConnection(threaded=sys.argv[1] == "thread")
server.create_host_bound("127.0.0.1", 0)
client.create_host(1)
peer = client.connect_to_host("127.0.0.1", server.get_local_port(), 1)
for each in (server, client):
    each.compress(ENetConnection.COMPRESS_ZLIB)  # which Python serves with either engine
deadline = time.monotonic() + 60
while client.service().type != ENetConnection.EVENT_CONNECT:
    server.service()
    gevent.sleep(0.001)
    assert time.monotonic() < deadline
client.destroy()
server.destroy()
print("connected")
"""


@pytest.mark.parametrize("driver", ["inline", "thread"])
def test_the_package_may_be_imported_after_the_patches(driver: str, host_engine: str) -> None:
    """As under Locust, which patches first: locks of Python's own take the place of those in C."""
    pytest.importorskip("gevent")
    with Program("-c", PATCHED, driver) as program:
        assert program.finish() == 0, program.output
        assert program.lines[-1] == "connected"


def test_without_gevent_nothing_is_said(caplog: pytest.LogCaptureFixture, host_engine: str) -> None:
    connection = ENetConnection()
    connection.create_host()
    connection.destroy()
    assert warnings(caplog) == []
