"""``ping`` against real servers: Godot's ENetMultiplayerPeer, libenet, and OpenSSL's DTLS."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from godot_enet.__main__ import main
from tests.demos.program import free_port
from tests.dtls.certificates import localhost

from .conftest import Programs, missing, need_godot
from .net import LOOPBACK
from .programs import HERE, Program
from .remote_endpoint import RemoteEndpoint
from .test_dtls import OPENSSL, Foreign

pytestmark = pytest.mark.interop

RANGE_CODER = 1


def ping(capsys: pytest.CaptureFixture[str], port: int, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and what ``--json`` prints."""
    code = main(["ping", LOOPBACK, str(port), "--json", "--count", "3", *arguments])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, found


@pytest.fixture(scope="module")
def godot_ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """The servers of ping_server.gd."""
    executable = need_godot()
    home = tmp_path_factory.mktemp("godot")
    project = shutil.copytree(HERE / "godot", home / "project")
    places = {name: str(home / name) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    command = [executable, "--headless", "--path", str(project), "--script", "ping_server.gd"]
    with subprocess.Popen(
        command, env=os.environ | places, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        try:
            said = []
            for line in process.stdout:
                said.append(line.decode(errors="replace"))
                if line.startswith(b"ports "):
                    yield json.loads(line.removeprefix(b"ports "))
                    break
            else:
                pytest.fail("Godot did not start:\n" + "".join(said))
        finally:
            process.kill()


@pytest.mark.parametrize("mode", ["none", "range_coder", "fastlz", "zlib", "zstd"])
def test_each_compression_of_godot(mode: str, godot_ports: dict[str, int], capsys: pytest.CaptureFixture[str]) -> None:
    code, found = ping(capsys, godot_ports[mode])
    assert (code, found["outcome"], found["compression"], found["dtls"]) == (0, "connected", mode, False)
    assert "Godot 4" in found["server_guess"]


def test_a_godot_that_refuses_new_connections(godot_ports: dict[str, int], capsys: pytest.CaptureFixture[str]) -> None:
    code, found = ping(capsys, godot_ports["refusing"], "--timeout", "2")
    assert (code, found["outcome"]) == (4, "dropped")


@pytest.fixture
def libenet(running: Programs) -> Program:
    return running("libenet")


@pytest.mark.parametrize("mode", [0, RANGE_CODER])
def test_libenet(mode: int, libenet: Program, capsys: pytest.CaptureFixture[str]) -> None:
    server = RemoteEndpoint(libenet)
    port = server.open(LOOPBACK)
    server.compress(mode)
    code, found = ping(capsys, port)
    server.close()
    assert (code, found["outcome"]) == (0, "connected")
    assert found["compression"] == ("range_coder" if mode else "none")
    assert found["server_guess"].startswith("probably ENet 1.3.1"), found


def test_a_full_libenet_is_silent(libenet: Program, capsys: pytest.CaptureFixture[str]) -> None:
    server, guest = RemoteEndpoint(libenet), RemoteEndpoint(libenet)
    port = server.open(LOOPBACK, peers=1)
    guest.open(peers=1)
    guest.connect(port, 1, 0)
    while not server.of("connect"):
        libenet.call("poll")
        server.poll()
    code, found = ping(capsys, port, "--timeout", "1.5")
    guest.close()
    server.close()
    assert (code, found["outcome"]) == (1, "no answer")


def test_dtls_of_openssl_with_no_enet_behind_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if OPENSSL is None:
        missing("the openssl program is not installed")
    key, certificate = tmp_path / "key", tmp_path / "crt"
    key.write_bytes(localhost().key_pem)
    certificate.write_bytes(localhost().pem)
    port = free_port()
    files = ["-key", str(key), "-cert", str(certificate)]
    program = Foreign(OPENSSL, "s_server", "-dtls1_2", "-accept", f"{LOOPBACK}:{port}", *files)
    try:
        while not program.hears(b"ACCEPT"):
            assert program.process.poll() is None
        code, found = ping(capsys, port, "--timeout", "3")
    finally:
        program.close()
    assert (code, found["outcome"], found["dtls"]) == (5, "locked", True)
