"""What the README says of the two engines, shown."""

from __future__ import annotations

import logging
import os
import sys
import time
from pathlib import Path

import pytest

import godot_enet
from godot_enet import ENetConnection, ENetPacketPeer, Error
from tests.demos.program import PATIENCE, Demo, Program

PROGRAM = """
import logging, sys
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stdout)
import godot_enet
print(*godot_enet.available_engines())
for _ in range(2):
    connection = godot_enet.ENetConnection()
    connection.create_host(1)
    print(connection.engine_name)
"""
FALLBACK = "WARNING Using the Python engine, which is slower: the native one is not available ("

on_cpython = pytest.mark.skipif(sys.implementation.name != "cpython", reason="elsewhere Python is the faster engine")


def ran(engine: str | None, library: Path | None = None) -> tuple[int, list[str]]:
    """Exit code and output of ``PROGRAM`` with ``GODOT_ENET_ENGINE``, and with the library of this folder."""
    environment = {name: value for name, value in os.environ.items() if name != "GODOT_ENET_ENGINE"}
    if engine is not None:
        environment["GODOT_ENET_ENGINE"] = engine
    if library is not None:
        environment["GODOT_ENET_NATIVE_LIBRARY"] = str(library)
    with Program("-c", PROGRAM, environment=environment) as program:
        return program.finish(), program.lines


def test_a_connection_tells_its_engine(host_engine: str) -> None:
    assert host_engine in godot_enet.available_engines()
    connection = ENetConnection()
    assert connection.create_host(1) == Error.OK
    assert connection.engine_name == host_engine
    connection.destroy()


def test_the_native_engine_is_taken_where_it_is() -> None:
    engines = godot_enet.available_engines()
    for wanted in (None, "auto", *engines):
        code, lines = ran(wanted)
        used = wanted if wanted in engines else engines[0]
        said = [line for line in lines if not line.startswith("WARNING ")]
        assert (code, said) == (0, [" ".join(engines), used, used])


@on_cpython
@pytest.mark.parametrize("wanted", [None, "auto"])
def test_without_it_the_python_engine_takes_its_place_and_one_line_says_so(wanted: str | None, tmp_path: Path) -> None:
    code, (available, warning, *used) = ran(wanted, tmp_path)
    assert (code, available, used) == (0, "python", ["python", "python"])
    assert warning.startswith(FALLBACK)
    assert "Correct or unset GODOT_ENET_NATIVE_LIBRARY." in warning


@on_cpython
def test_the_warning_is_seen_where_no_log_is_set_up(tmp_path: Path) -> None:
    environment = os.environ | {"GODOT_ENET_NATIVE_LIBRARY": str(tmp_path), "GODOT_ENET_ENGINE": "auto"}
    with Demo("hello", environment=environment) as program:
        assert program.finish() == 0
    assert [line.startswith(FALLBACK[8:]) for line in program.lines].count(True) == 1


def test_a_command_tells_the_engine() -> None:
    with Program("-m", "godot_enet", "engines") as program:
        assert program.finish() == 0
    (line,) = program.lines
    assert line.startswith("Using the ")


def test_who_asks_for_the_python_engine_is_told_nothing(tmp_path: Path) -> None:
    assert ran("python", tmp_path) == (0, ["python", "python", "python"])


def test_who_insists_on_the_native_engine_is_told_why_not(tmp_path: Path) -> None:
    code, lines = ran("native", tmp_path)
    assert code == 1
    assert "the native engine is not available: GODOT_ENET_NATIVE_LIBRARY=" in lines[-1]


def test_a_misspelt_engine_is_not_overlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GODOT_ENET_ENGINE", "nativ")
    with pytest.raises(ValueError, match="must be auto, python or native, not 'nativ'"):
        ENetConnection().create_host(1)


@pytest.mark.usefixtures("host_engine")
def test_all_compression_modes_work(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "godot_enet")
    for mode in ENetConnection.CompressionMode:
        server, client = ENetConnection(), ENetConnection()
        assert server.create_host_bound("127.0.0.1", 0) == client.create_host(1) == Error.OK
        server.compress(mode)
        client.compress(mode)
        to_server = client.connect_to_host("127.0.0.1", server.get_local_port(), 1)
        assert to_server is not None
        packet = b"over and over " * 30
        received = None
        deadline = time.monotonic() + PATIENCE
        while received is None and time.monotonic() < deadline:
            if client.service(1).type == ENetConnection.EVENT_CONNECT:
                assert to_server.send(0, packet, ENetPacketPeer.FLAG_RELIABLE) == Error.OK
            event = server.service(1)
            if event.type == ENetConnection.EVENT_RECEIVE and event.peer is not None:
                received = event.peer.get_packet()
        assert received == packet
        counted = server.pop_statistic(ENetConnection.HOST_TOTAL_RECEIVED_DATA)
        assert (counted < len(packet)) == (mode != ENetConnection.COMPRESS_NONE)
        client.destroy()
        server.destroy()
    assert caplog.records == []
