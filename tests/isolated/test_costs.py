"""What connected peers cost that are doing nothing."""

from __future__ import annotations

import json
import threading
import time

import pytest

from godot_enet.core import Address, Host, HostConfig, PeerOption, PeerState
from tests.isolated.launch import start
from tests.isolated.peers_at_rest import WARM

pytestmark = [pytest.mark.long, pytest.mark.timeout(700)]

PEERS = 500


def connect(clients: Host, server: Address, count: int) -> None:
    """Connect peers that ask for every channel, and keep still from then on."""
    for _ in range(count):
        clients.connect(server, 255)
    deadline = time.monotonic() + 300
    while any(clients.peer_state(peer) is not PeerState.CONNECTED for peer in clients.peers()):
        assert time.monotonic() < deadline
        clients.service(10)
    for peer in clients.peers():
        clients.configure(peer, PeerOption.PING_INTERVAL, 1_000_000)


def measure(engine: str) -> dict[str, float]:
    """Run ``peers_at_rest.py`` with clients that are here."""
    clients = Host(HostConfig(peer_count=WARM + PEERS), threaded=False)
    with start("peers_at_rest.py", str(PEERS), engine=engine) as program:
        watchdog = threading.Timer(600, program.kill)
        watchdog.start()
        try:
            assert program.stdout is not None
            assert program.stderr is not None
            server = Address("127.0.0.1", int(program.stdout.readline()))
            lines: list[str] = []
            reader = threading.Thread(target=lambda: lines.extend(program.stdout or ()))
            reader.start()
            connect(clients, server, WARM)
            while reader.is_alive() and not lines:
                clients.service(10)
            connect(clients, server, PEERS)
            while reader.is_alive():
                clients.service(10)
            assert (program.wait(), program.stderr.read()) == (0, "")
        finally:
            watchdog.cancel()
            program.kill()
            clients.close()
    costs: dict[str, float] = json.loads(lines[-1])
    return costs


@pytest.fixture(scope="module")
def python_costs() -> dict[str, float]:
    """What the engine in Python takes."""
    return measure("python")


def test_a_peer_with_255_channels_takes_little_memory_until_it_uses_them(python_costs: dict[str, float]) -> None:
    assert 0 < python_costs["core"] < 4096
    assert 0 < python_costs["compat"] < 1024
    assert python_costs["core"] + python_costs["compat"] < 4096


def test_a_call_costs_next_to_nothing_with_500_quiet_peers(host_engine: str, python_costs: dict[str, float]) -> None:
    costs = python_costs if host_engine == "python" else measure(host_engine)
    assert costs["microseconds"] < 50
