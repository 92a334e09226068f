"""A real alarm in the middle of one pass after the other, at random times."""

from __future__ import annotations

import random
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

import godot_enet
from godot_enet import ENetConnection, ENetMultiplayerPeer, Error
from tests.interrupt.loopback_pair import open_pair, until

pytestmark = [
    pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no alarms"),
    pytest.mark.skipif(sys.implementation.name == "pypy", reason="PyPy may run handlers at any step"),
]

_PACKAGE = str(Path(godot_enet.__file__).parent)
_MAX_DELAY = 300e-6
"""Seconds until an alarm."""
_AGAIN = 50e-6


class Alarm(TimeoutError):
    """What the handler raises; an OSError, as alarms usually are."""


class Storm:
    """Calls that are interrupted at random times, wherever in the package."""

    def __init__(self, seed: int) -> None:
        self.hits = 0
        self._random = random.Random(seed)
        self._armed = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Raise, unless it came in the test itself, or in a finalizer, out of which nothing comes."""
        if not self._armed or frame is None:
            return
        inner: FrameType | None = frame
        while inner is not None and inner.f_code.co_name != "__del__":
            inner = inner.f_back
        if inner is not None or not frame.f_code.co_filename.startswith(_PACKAGE):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
            return
        self.hits += 1
        raise Alarm

    def __call__(self, call: Callable[[], object]) -> None:
        self._armed = True
        signal.setitimer(signal.ITIMER_REAL, self._random.uniform(2e-6, _MAX_DELAY))
        try:
            call()
        except Alarm:
            pass
        finally:
            self._armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def storm() -> Iterator[Storm]:
    found = Storm(1)
    before = signal.signal(signal.SIGALRM, found.handle)
    try:
        yield found
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def weather_multiplayer(passes: int, *, threaded: bool) -> None:
    """Packets through two peers: those that put_packet took come once, and in order."""
    server, client = ENetMultiplayerPeer(threaded=threaded), ENetMultiplayerPeer(threaded=threaded)
    server.set_bind_ip("127.0.0.1")
    assert server.create_server(0) is Error.OK
    assert server.host is not None
    assert client.create_client("127.0.0.1", server.host.get_local_port()) is Error.OK
    sent: list[bytes] = []
    got: list[bytes] = []

    def exchange() -> None:
        packet = b"%d" % number
        assert client.put_packet(packet) is Error.OK
        sent.append(packet)
        client.poll()
        server.poll()

    def take() -> None:
        client.poll()
        server.poll()
        while server.get_available_packet_count():
            got.append(server.get_packet())

    until(lambda: client.get_connection_status() == 2, take, "a connection")
    number = 0
    with storm() as interrupt:
        while interrupt.hits < passes:
            interrupt(exchange)
            number += 1
            while server.get_available_packet_count():
                got.append(server.get_packet())
        assert client.put_packet(b"last") is Error.OK
        until(lambda: b"last" in got, take, f"the last of {number} packets")
        assert len(got) == len(set(got))
        assert got[:-1] == sorted(got[:-1], key=int)
        assert set(sent) <= set(got)
        for _ in range(20):
            interrupt(client.close)
            interrupt(server.close)
    client.close()
    server.close()


def weather_connection(passes: int, *, threaded: bool) -> None:
    """The same for two connections."""
    sent: list[bytes] = []
    got: list[bytes] = []
    number = 0
    with open_pair("plain", threaded=threaded) as pair, storm() as interrupt:

        def exchange() -> None:
            packet = b"%d" % number
            assert pair.at_client.send(0, packet, 1) is Error.OK
            sent.append(packet)
            pair.client.service(0)
            event = pair.server.service(0)
            assert event.type in (ENetConnection.EVENT_NONE, ENetConnection.EVENT_RECEIVE)

        def take() -> None:
            for _ in range(30):  # a host that has events does not look at the network
                pair.run()
            while pair.at_server.get_available_packet_count():
                got.append(pair.at_server.get_packet())

        while interrupt.hits < passes:
            interrupt(exchange)
            number += 1
            if number % 8 == 0:
                take()
        assert pair.at_client.send(0, b"last", 1) is Error.OK
        until(lambda: b"last" in got, take, f"the last of {number} packets")
        assert len(got) == len(set(got))
        assert got[:-1] == sorted(got[:-1], key=int)
        assert set(sent) <= set(got)


@pytest.mark.parametrize("threaded", [False, True], ids=["inline", "threaded"])
def test_a_short_storm(threaded: bool, host_engine: str) -> None:
    weather_multiplayer(200, threaded=threaded)
    if host_engine == "python":  # the other one serves a connection in C, where no handler runs
        weather_connection(200, threaded=threaded)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("threaded", [False, True], ids=["inline", "threaded"])
def test_a_long_storm(threaded: bool, host_engine: str) -> None:
    weather_multiplayer(20_000, threaded=threaded)
    if host_engine == "python":
        weather_connection(20_000, threaded=threaded)
