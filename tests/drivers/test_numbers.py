"""Numbers at the ends of their ranges and beyond: no wait of the system's fails by them, and no network thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from godot_enet import ENetConnection
from godot_enet.core.drivers.aio import AsyncHost
from godot_enet.core.drivers.waiting import Waker, wait_readable
from godot_enet.core.host import Host
from godot_enet.core.protocol.constants import PeerOption
from godot_enet.core.sim import LinkConfig
from godot_enet.tools.bad_network import BadNetwork
from tests.equivalence.test_corners import Pair
from tests.unit.compat.stage import DEADLINE, Link, Stage

MOST = 2**31 - 1
ENDS = [0, 1, -1, MOST, -(2**31), 2**31, 2**32 - 1, 2**32, 2**63, -(2**63), 10**30]
SERVED_BY = ["C where it can be", "Python"]
"""What serves the network: the native engine has a host in C, and one in Python after some calls."""


@pytest.fixture(params=SERVED_BY)
def link(request: pytest.FixtureRequest, stage: Stage) -> Link:
    link = stage.link(channels=3)
    if request.param == "Python":
        for connection in (link.server, link.client):
            connection.compress(ENetConnection.COMPRESS_ZLIB)
    return link


def still_works(link: Link) -> None:
    """Packets pass, threads live, and destroy returns."""
    for peer in (link.at_client, link.at_server):
        peer.throttle_configure(5000, 2, 2)
    link.fence()
    began = time.monotonic()
    for connection in (link.server, link.client):
        connection.destroy()
    assert time.monotonic() - began < 10


SETTINGS: dict[str, Callable[[Link, int], object]] = {
    "ping_interval": lambda link, value: link.at_server.ping_interval(value),
    # Within 1 ms a connection ends on a busy machine, and should.
    "timeouts": lambda link, value: link.at_server.set_timeout(0, 0, 2000 if value == 1 else value),
    "all timeouts": lambda link, value: link.at_server.set_timeout(MOST, MOST, MOST),
    "throttle": lambda link, value: link.at_server.throttle_configure(value, value, value),
    "bandwidth": lambda link, value: link.server.bandwidth_limit(value, value),
    "channels": lambda link, value: link.server.channel_limit(value),
    "disconnect": lambda link, value: link.stage.connection().connect_to_host("127.0.0.1", 9, 1, value),
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_at_every_end(link: Link, setting: str) -> None:
    hooked: list[object] = []
    before = threading.excepthook
    threading.excepthook = hooked.append
    try:
        for value in ENDS:
            SETTINGS[setting](link, value)
            for connection in (link.server, link.client):
                connection.flush()
                connection.service()
        if setting == "bandwidth":
            link.server.bandwidth_limit(0, 0)
        still_works(link)
    finally:
        threading.excepthook = before
    assert hooked == []


@pytest.mark.parametrize("wait", [MOST, -1, -(2**31), 2**32 - 1, 2**63 + 1])
def test_a_wait_of_any_length(link: Link, wait: int) -> None:
    """One that is positive as a number of 32 bits lasts until something happens."""
    link.at_client.send(0, b"x", 1)
    link.client.flush()
    deadline = time.monotonic() + DEADLINE
    while link.server.service(wait).type != ENetConnection.EVENT_RECEIVE:
        assert time.monotonic() < deadline
    assert link.at_server.get_packet() == b"x"
    still_works(link)


@pytest.mark.parametrize("number", [MOST, 2**32 - 1])
def test_a_bad_network_at_its_worst(stage: Stage, number: int) -> None:
    link = stage.link()
    network = BadNetwork(link.server, latency=number, jitter=number, rate=number)
    for _ in range(3):
        link.at_client.send(0, b"x", 1)
        link.at_server.send(0, b"x", 1)
        for connection in (link.server, link.client):
            connection.service(5)
    network.change(rate=1)
    link.server.service(5)
    network.change(latency=0, jitter=0, rate=0)
    began = time.monotonic()
    link.server.destroy()
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("name", ["delay", "jitter", "rate", "queue", "mtu"])
@pytest.mark.parametrize("number", [2**32, 10**400, float("inf"), float("nan"), -1])
def test_more_is_no_link(name: str, number: float) -> None:
    with pytest.raises(ValueError, match=name):
        LinkConfig(**{name: number})  # type: ignore[arg-type]


def test_the_systems_waits_take_any_number() -> None:
    waker = Waker()
    waker.wake()
    for timeout in (0, MOST, 2**31, 2**63, 10**400, None):
        wait_readable([waker.fileno()], timeout)
    waker.close()


def test_a_host_of_the_core_takes_any_number(host_engine: str) -> None:
    for threaded in (True, False):
        host = Host.open(bind="127.0.0.1", threaded=threaded)
        address = host.local_address()
        assert address is not None
        peer = host.connect(address, 10**30, 10**30)
        for value in ENDS:
            host.configure(peer, PeerOption.PING_INTERVAL, value)
            host.configure(peer, PeerOption.TIMEOUT, value, value, value)
            host.configure(peer, PeerOption.THROTTLE, value, value, value)
            host.set_bandwidth_limit(value, value)
            host.set_channel_limit(value)
            if value <= 0:
                host.service(value)
        host.close()


def test_timers_of_a_loop_take_any_number(host_engine: str) -> None:
    async def test() -> None:
        host = AsyncHost(Host.open(bind="127.0.0.1", threaded=False))
        for due in (2**31, 2**63, 10**400):
            host.host.poll_timeout = lambda due=due: due  # type: ignore[method-assign, misc]
            host._watch.arm()
            host._watch._wake()
        await asyncio.sleep(0)
        host.close()

    asyncio.run(test())


@pytest.mark.native
@pytest.mark.parametrize("value", ENDS)
def test_both_engines_make_the_same_of_it(value: int) -> None:
    number = value & 0xFFFFFFFF
    pair = Pair()
    engines = pair.here.engines
    engines.call("configure", pair.to_there, PeerOption.PING_INTERVAL, number)
    engines.call("configure", pair.to_there, PeerOption.TIMEOUT, number, number, number)
    engines.call("configure", pair.to_there, PeerOption.THROTTLE, number, number, number)
    engines.call("bandwidth_limit", number, number)
    for _ in range(3):
        pair.send(b"x" * 3000, 1)
        pair.send(b"y" * 30, 0)
        pair.net.run(1100)
    pair.net.lose_everything()
    pair.net.run(3000)
    pair.net.compare()
