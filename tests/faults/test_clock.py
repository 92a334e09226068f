"""Clocks that leap: a machine that slept, a day without a frame, and a wall clock that somebody sets."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error
from godot_enet.core.clock import SystemClock
from godot_enet.testing import Network
from tests.demos.program import Program
from tests.rows import each_row

pytestmark = pytest.mark.usefixtures("host_engine")
HOUR = 3_600_000
CONNECTED = ENetPacketPeer.STATE_CONNECTED
COMPILER = shutil.which("cc") if sys.platform == "linux" else None


class Meeting:
    """Two inline connections, which know of time only what passes between their calls."""

    def __init__(self) -> None:
        self.network = Network(9)
        there, here = self.network.machine(), self.network.machine()
        self.server, self.client = there.connection(threaded=False), here.connection(threaded=False)
        self.server.create_host_bound("*", 7000)
        self.client.create_host(1)
        peer = self.client.connect_to_host(there.ip, 7000)
        assert peer is not None
        self.to_server = peer
        self.talk(3000)
        (self.to_client,) = self.server.get_peers()

    def talk(self, milliseconds: int) -> None:
        """Frames on both sides for so long."""
        for _ in range(milliseconds // 20):
            self.network.run(20)
            self.server.service()
            self.client.service()

    def deliver(self) -> None:
        """A packet gets through."""
        before = self.to_client.get_available_packet_count()
        assert self.to_server.send(0, b"x", 1) is Error.OK
        self.talk(2000)
        assert self.to_client.get_available_packet_count() == before + 1


@each_row("leap", [HOUR, 24 * HOUR, 1 << 31, 1 << 32, (1 << 32) + HOUR, 3 << 33])
def test_both_sides_leap(leap: int) -> None:
    """Everything was acknowledged: a leap is no silence, since nobody was asked anything meanwhile."""
    meeting = Meeting()
    meeting.network.run(leap)
    meeting.talk(3000)
    assert meeting.to_server.get_state() == meeting.to_client.get_state() == CONNECTED
    meeting.deliver()


def test_one_side_stands_still_for_an_hour() -> None:
    meeting = Meeting()
    for _ in range(HOUR // 1000):
        meeting.network.run(1000)
        if meeting.client.service().type == ENetConnection.EVENT_DISCONNECT:
            break
    assert not meeting.to_server.is_active()
    meeting.network.run(HOUR)
    ends = []
    for _ in range(200_000 // 20):
        meeting.network.run(20)
        if (event := meeting.server.service()).type != ENetConnection.EVENT_NONE:
            ends.append(event.type)
    assert ends == [ENetConnection.EVENT_DISCONNECT], "it learns of it when it goes on, once"


def test_the_wall_clock_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    before = clock.now()
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: 0.0)
        patch.setattr(time, "time_ns", lambda: 0)
        after = clock.now()
    assert 0 <= after - before < 10_000


if COMPILER:

    def test_the_network_thread_goes_on_when_the_wall_clock_is_set_back(tmp_path: Path) -> None:
        library, source = str(tmp_path / "astray.so"), str(Path(__file__).with_name("astray.c"))
        command = [str(COMPILER), "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]
        subprocess.run(command, check=True, timeout=60)
        preload = ":".join(filter(None, (os.environ.get("LD_PRELOAD"), str(library))))
        with Program("-m", "tests.faults.astray", environment={**os.environ, "LD_PRELOAD": preload}) as program:
            assert program.finish() == 0, program.output
        assert program.lines == ["10 of 10"]
