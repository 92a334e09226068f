"""What the operating system takes away: interfaces, routes, descriptors, and addresses on the way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error
from godot_enet.testing import LinkConfig, Network
from tests.demos.program import Program

LINUX = sys.platform == "linux"


def may_unplug() -> bool:
    """Whether a process here may have network interfaces of its own; tried in a child."""
    unshare = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x10000000 | 0x40000000))"
    return LINUX and subprocess.run([sys.executable, "-c", unshare], check=False).returncode == 0


@pytest.fixture(params=["threaded", "inline"])
def driver(request: pytest.FixtureRequest, host_engine: str) -> str:
    """How the network is served, on each engine."""
    return str(request.param)


def test_an_interface_that_goes_down_and_up_loses_nothing(driver: str) -> None:
    """Sending fails with ENETUNREACH meanwhile: nothing is raised, and only an attempt to connect says so."""
    if not may_unplug():
        pytest.skip("needs network interfaces of its own, which only Linux gives, and not to everybody")
    with Program("-m", "tests.faults.unplugged", driver, environment=os.environ) as program:
        assert program.finish() == 0, program.output
    told, *lines = program.lines
    assert "the system reports that this address cannot be reached; the attempt goes on" in told
    assert lines == ["down: []", "up: [1]", "down again: 0", "up again: True", "events: [1]"]


if LINUX:

    def test_without_descriptors_creating_fails_and_nothing_else_does(driver: str) -> None:
        with Program("-m", "tests.faults.starved", driver, environment=os.environ) as program:
            assert program.finish() == 0, program.output
        said = [line for line in program.lines if not line.startswith("log: ")]
        logged = [line for line in program.lines if line.startswith("log: ")]
        assert said[0] == "0: not created"
        assert said[3:] == ["3: created", "end"], program.output
        assert len(logged) == sum(line.endswith("not created") for line in said)
        assert all("Too many open files" in line for line in logged)


COMPILER = shutil.which("cc") if LINUX else None

ERRNOS = {
    "inline": ("EHOSTUNREACH", "ENETUNREACH", "ECONNREFUSED", "EPERM"),
    "threaded": ("ENOBUFS", "ENETDOWN", "EMSGSIZE", "EAGAIN"),
}
"""Both drivers have the same transports; each errno meets each of these once."""

if COMPILER:

    @pytest.fixture(scope="session")
    def storm(tmp_path_factory: pytest.TempPathFactory) -> str:
        """What to preload."""
        library = tmp_path_factory.mktemp("storm") / "storm.so"
        source = Path(__file__).with_name("storm.c")
        subprocess.run(
            [str(COMPILER), "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True, timeout=60
        )
        return ":".join(filter(None, (os.environ.get("LD_PRELOAD"), str(library))))

    @pytest.mark.long
    def test_what_the_system_refuses_is_packet_loss(driver: str, storm: str) -> None:
        """Whatever the error, and with each transport's own system calls: no exception, and all arrives.

        The only line is that of an attempt to connect while the address cannot be reached.
        """
        names = ERRNOS[driver]
        preload = {**os.environ, "LD_PRELOAD": storm}
        with Program("-m", "tests.faults.stormy", driver, *names, environment=preload) as program:
            assert program.finish() == 0, program.output
        said = []
        for name in names:
            said += [f"{name}: [1, 1]", "nothing: 0", "everything: True [1, 1]", "refused: True True"]
        told = "the system reports that"
        assert [line for line in program.lines if told not in line] == said
        assert all("Connecting to 127.0.0.1:" in line for line in program.lines if told in line)


class TestAddressChange:
    """A NAT gives a client another port in the middle of a connection: ENet does not know it any more."""

    def begin(self, network: Network) -> tuple[ENetConnection, ENetConnection, ENetPacketPeer]:
        there, here = network.machine("10.0.0.1"), network.machine("10.0.0.2")
        server, client = there.connection(), here.connection()
        assert server.create_host_bound("*", 7000) is Error.OK
        client.create_host(1)
        peer = client.connect_to_host("10.0.0.1", 7000)
        assert peer is not None
        assert client.service(1000).type == ENetConnection.EVENT_CONNECT
        assert server.service(1000).type == ENetConnection.EVENT_CONNECT
        return server, client, peer

    @pytest.mark.usefixtures("host_engine")
    def test_what_comes_from_elsewhere_is_dropped_and_both_give_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        network = Network(3, LinkConfig(delay=10))
        server, client, peer = self.begin(network)
        post = network._post
        nat = network.machine("10.0.0.3")
        outside = nat.bind(40_000)

        def rebound(source: object, destination: object, data: bytes) -> None:
            here = getattr(source, "host", "") == "10.0.0.2"
            post(outside.address if here else source, destination, data)  # type: ignore[arg-type]

        monkeypatch.setattr(network, "_post", rebound)
        peer.send(0, b"from elsewhere", 1)
        event = client.service(120_000)
        assert (event.type, event.data) == (ENetConnection.EVENT_DISCONNECT, 0)
        event = server.service(120_000)
        assert (event.type, event.data) == (ENetConnection.EVENT_DISCONNECT, 0)
        drops = {cause.name: count for cause, count in server.counters().items() if count}
        assert set(drops) == {"WRONG_ADDRESS"}

    @pytest.mark.usefixtures("host_engine")
    def test_one_that_comes_back_in_time_has_lost_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        network = Network(3, LinkConfig(delay=10))
        server, client, peer = self.begin(network)
        outside = network.machine("10.0.0.3").bind(40_000)
        with monkeypatch.context() as patch:
            post = network._post
            patch.setattr(network, "_post", lambda source, to, data: post(outside.address, to, data))
            for number in range(10):
                peer.send(0, b"%d" % number, 1)
                client.flush()
                network.run(100)
        for number in range(10):
            event = server.service(20_000)
            assert event.type == ENetConnection.EVENT_RECEIVE
            assert event.peer is not None
            assert event.peer.get_packet() == b"%d" % number
