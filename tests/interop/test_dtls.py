"""DTLS with other people's implementations: the openssl program, and Mbed TLS, which is what Godot uses."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from godot_enet.core.clock import SystemClock
from godot_enet.core.dtls.client import ClientStage
from godot_enet.core.dtls.server import ServerStage
from godot_enet.core.dtls.settings import ClientTrust
from godot_enet.core.interface import Address, Datagram, Transport
from godot_enet.core.transports.udp import UdpTransport
from tests.demos.program import free_port
from tests.dtls.certificates import Identity, localhost, localhost_rsa
from tests.dtls.memory_net import View

from .conftest import missing
from .programs import HERE

pytestmark = pytest.mark.interop

DEADLINE = 30.0
OPENSSL = shutil.which("openssl")
WHO = {"ECDSA": localhost, "RSA": localhost_rsa}
SUITES = ["CHACHA20-POLY1305", "AES256-GCM-SHA384", "AES128-GCM-SHA256"]
MBED_SUITES = ["CHACHA20-POLY1305-SHA256", "AES-256-GCM-SHA384", "AES-128-GCM-SHA256"]


class Foreign:
    """Another program, its output read line by line, ended with the test."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0
        )
        self.lines: queue.Queue[bytes] = queue.Queue()
        self.heard = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        output = self.process.stdout
        assert output is not None
        while chunk := output.read(65536):
            self.lines.put(chunk)

    def hears(self, wanted: bytes) -> bool:
        """Whether it has printed this."""
        with contextlib.suppress(queue.Empty):
            while True:
                self.heard += self.lines.get_nowait()
        return wanted in self.heard

    def say(self, text: bytes) -> None:
        pipe: IO[bytes] | None = self.process.stdin
        assert pipe is not None
        pipe.write(text)

    def close(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self._reader.join(10)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def foreign() -> Iterator[list[Foreign]]:
    """Programs that are ended after the test."""
    programs: list[Foreign] = []
    yield programs
    for program in programs:
        program.close()


class Ours:
    """One of our stages on a real socket."""

    def __init__(self, stage: ServerStage | ClientStage) -> None:
        self.view = View()
        self.udp = UdpTransport("127.0.0.1", 0)
        self.transport: Transport = stage(self.udp, self.view)
        self.clock = SystemClock()
        self.got: list[Datagram] = []

    @property
    def port(self) -> int:
        address = self.udp.local_address()
        assert address is not None
        return address.port

    def send(self, data: bytes, target: Address) -> None:
        self.transport.send([Datagram(data, target)], self.clock.now())

    def run(self, until: object, *, echo: bool = False) -> None:
        """Receive until ``until()``; with ``echo``, send everything back."""
        assert callable(until)
        deadline = time.monotonic() + DEADLINE
        while not until():
            assert time.monotonic() < deadline, (self.got, self.view.notes)
            for datagram in self.transport.receive(100, self.clock.now()):
                self.got.append(datagram)
                if datagram.address not in self.view.present.values():
                    self.view.add(datagram.address)
                if echo:
                    self.send(datagram.data, datagram.address)
            time.sleep(0.002)

    def close(self) -> None:
        self.transport.close()


@pytest.fixture
def files(tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """Keys and certificates of both kinds as files."""
    paths = {}
    for kind, who in WHO.items():
        identity: Identity = who()
        for what, pem in (("key", identity.key_pem), ("crt", identity.pem)):
            path = tmp_path / f"{kind}.{what}"
            path.write_bytes(pem)
            paths[f"{kind}.{what}"] = str(path)
    return paths


def openssl() -> str:
    if OPENSSL is None:
        missing("the openssl program is not installed")
    return OPENSSL


@pytest.mark.parametrize("kind", WHO)
@pytest.mark.parametrize("suite", SUITES)
def test_s_client(foreign: list[Foreign], files: dict[str, str], kind: str, suite: str) -> None:
    ours = Ours(ServerStage(WHO[kind]().credentials, 4))
    arguments = [
        "-dtls1_2",
        "-connect",
        f"127.0.0.1:{ours.port}",
        "-CAfile",
        files[f"{kind}.crt"],
        "-verify_return_error",
    ]
    arguments += ["-servername", "localhost", "-verify_hostname", "localhost", "-cipher", f"ECDHE-{kind}-{suite}"]
    program = Foreign(openssl(), "s_client", *arguments)
    foreign.append(program)
    ours.run(lambda: program.hears(b"Verification: OK"))
    program.say(b"hello\n")
    ours.run(lambda: ours.got, echo=True)
    assert [data for data, _ in ours.got] == [b"hello\n"]
    ours.run(lambda: program.hears(b"\nhello\n"))
    assert program.hears(f"ECDHE-{kind}-{suite}".encode())
    assert program.hears(b"DTLSv1.2")
    ours.close()
    assert program.process.wait(DEADLINE) == 0  # it understands our goodbye
    assert ours.view.notes == []


@pytest.mark.parametrize("cookies", [True, False], ids=["cookies", "no-cookies"])
@pytest.mark.parametrize("kind", WHO)
def test_s_server(foreign: list[Foreign], files: dict[str, str], kind: str, cookies: bool) -> None:
    port = free_port()
    arguments = [
        "-dtls1_2",
        "-accept",
        f"127.0.0.1:{port}",
        "-key",
        files[f"{kind}.key"],
        "-cert",
        files[f"{kind}.crt"],
    ]
    program = Foreign(openssl(), "s_server", *arguments, *(["-listen"] if cookies else []))
    foreign.append(program)
    server = Address("127.0.0.1", port)
    ours = Ours(ClientStage(ClientTrust("localhost", WHO[kind]().pem)))
    ours.run(lambda: program.hears(b"ACCEPT"))
    ours.view.add(server)
    ours.send(b"hello there\n", server)
    ours.run(lambda: program.hears(b"hello there"))
    program.say(b"good day\n")
    ours.run(lambda: ours.got)
    assert ours.got == [Datagram(b"good day\n", server)]
    assert not ours.transport.failed()
    ours.close()
    deadline = time.monotonic() + DEADLINE
    while not program.hears(b"DONE"):  # it understands our goodbye
        assert time.monotonic() < deadline, program.heard
        time.sleep(0.005)


def test_s_server_with_a_certificate_that_is_not_trusted(foreign: list[Foreign], files: dict[str, str]) -> None:
    port = free_port()
    pair = ["-key", files["RSA.key"], "-cert", files["RSA.crt"]]
    program = Foreign(openssl(), "s_server", "-dtls1_2", "-accept", f"127.0.0.1:{port}", *pair)
    foreign.append(program)
    server = Address("127.0.0.1", port)
    ours = Ours(ClientStage(ClientTrust("localhost", localhost().pem)))
    ours.run(lambda: program.hears(b"ACCEPT"))
    ours.send(b"secret\n", server)
    ours.run(lambda: ours.transport.failed())
    ours.run(lambda: program.hears(b"alert"))
    assert "self-signed" in ours.view.notes[0]
    assert not program.hears(b"secret")
    ours.close()


@pytest.mark.parametrize("version", ["-dtls1", "-dtls1_2"])
def test_only_dtls_1_2_is_spoken(foreign: list[Foreign], version: str) -> None:
    ours = Ours(ServerStage(localhost().credentials, 4))
    arguments = [version, "-connect", f"127.0.0.1:{ours.port}", "-cipher", "ALL:@SECLEVEL=0"]
    program = Foreign(openssl(), "s_client", *arguments)
    foreign.append(program)
    if version == "-dtls1":
        ours.run(lambda: program.hears(b"alert protocol version"))
        assert "does not offer DTLS 1.2" in ours.view.notes[0]
    else:
        ours.run(lambda: program.hears(b"DTLSv1.2"))
    ours.close()


def mbedtls(*arguments: str) -> Foreign:
    if importlib.util.find_spec("mbedtls") is None:
        missing("python-mbedtls is not installed")
    return Foreign(sys.executable, str(HERE / "mbedtls_peer.py"), *arguments)


@pytest.mark.parametrize("kind", WHO)
@pytest.mark.parametrize("suite", [*MBED_SUITES, ""])
def test_a_client_on_mbed_tls(foreign: list[Foreign], files: dict[str, str], kind: str, suite: str) -> None:
    ours = Ours(ServerStage(WHO[kind]().credentials, 4))
    name = f"TLS-ECDHE-{kind}-WITH-{suite}" if suite else ""
    program = mbedtls("client", str(ours.port), files[f"{kind}.crt"], name)
    foreign.append(program)
    ours.run(lambda: program.hears(b"\n"), echo=True)
    assert program.hears(b"ok ")
    assert program.hears((name or f"TLS-ECDHE-{kind}-WITH-CHACHA20-POLY1305-SHA256").encode())
    assert [data for data, _ in ours.got] == [b"hello from mbed tls"]
    ours.close()


@pytest.mark.parametrize("kind", WHO)
@pytest.mark.parametrize("suite", [*MBED_SUITES, ""])
def test_a_server_on_mbed_tls(foreign: list[Foreign], files: dict[str, str], kind: str, suite: str) -> None:
    port = free_port()
    name = f"TLS-ECDHE-{kind}-WITH-{suite}" if suite else ""
    program = mbedtls("server", str(port), files[f"{kind}.key"], files[f"{kind}.crt"], name)
    foreign.append(program)
    server = Address("127.0.0.1", port)
    ours = Ours(ClientStage(ClientTrust("localhost", WHO[kind]().pem)))
    ours.run(lambda: program.hears(b"listening"))
    ours.view.add(server)
    ours.send(bytes(1392), server)
    ours.run(lambda: ours.got)
    assert ours.got == [Datagram(bytes(1392), server)]
    ours.run(lambda: program.hears(b"TLS-"))
    assert program.hears(b"ok ")
    ours.close()


@pytest.fixture(autouse=True)
def no_keylog(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the environment changes what the programs do."""
    for name in ("SSLKEYLOGFILE", "OPENSSL_CONF"):
        if name in os.environ:
            monkeypatch.delenv(name)
