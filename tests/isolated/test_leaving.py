"""What a server hears of programs that end without closing their ENetMultiplayerPeer."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from godot_enet import ENetMultiplayerPeer, Error
from godot_enet.core import DisconnectReason
from tests.isolated.launch import start

pytestmark = pytest.mark.usefixtures("host_engine")

DEADLINE = 60.0


@pytest.fixture
def server() -> Iterator[ENetMultiplayerPeer]:
    server = ENetMultiplayerPeer()
    server.set_bind_ip("127.0.0.1")
    assert server.create_server(0) is Error.OK
    yield server
    server.close()


def serve_until_it_ends(server: ENetMultiplayerPeer, *arguments: str) -> tuple[list[bytes], list[DisconnectReason]]:
    """What a program that joins has sent, and why its connection ended."""
    packets: list[bytes] = []
    reasons: list[DisconnectReason] = []

    def note(number: int) -> None:
        remote = server.get_peer(number)
        assert remote is not None
        reasons.append(remote.get_disconnect_reason())

    server.peer_disconnected.connect(note)
    assert server.host is not None
    deadline = time.monotonic() + DEADLINE
    with start("leave.py", str(server.host.get_local_port()), *arguments) as process:
        while process.poll() is None or not (packets or reasons):
            assert time.monotonic() < deadline
            server.poll()
            while server.get_available_packet_count():
                packets.append(server.get_packet())
            time.sleep(0.001)
    return packets, reasons


@pytest.mark.parametrize("driver", ["threaded", "inline"])
@pytest.mark.parametrize("ending", ["return", "exit", "error"])
def test_the_server_is_told(server: ENetMultiplayerPeer, driver: str, ending: str) -> None:
    assert serve_until_it_ends(server, driver, ending) == ([], [DisconnectReason.REMOTE])


if hasattr(os, "fork"):

    @pytest.mark.parametrize("driver", ["threaded", "inline"])
    def test_the_child_of_a_fork_tells_nothing(server: ENetMultiplayerPeer, driver: str) -> None:
        assert serve_until_it_ends(server, driver, "fork") == ([b"still here"], [])
