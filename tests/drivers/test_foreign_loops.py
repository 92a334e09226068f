"""Loops that other packages bring, waiting for the descriptor of a connection: trio, anyio and gevent."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Awaitable, Callable

import pytest

from godot_enet import ENetConnection
from tests.unit.compat.stage import DEADLINE, Link, Stage

RECEIVE = ENetConnection.EVENT_RECEIVE
COUNT = 50


async def echo(connection: ENetConnection, readable: Callable[[int, float], Awaitable[object]], packets: int) -> int:
    """Send back the given number of packets, waiting between them as a program on such a loop does."""
    done = 0
    while True:
        for event in connection.events():
            if event.type == RECEIVE:
                assert event.peer is not None
                event.peer.send(0, event.peer.get_packet(), 1)
                done += 1
        connection.flush()
        if done == packets:
            return done
        timeout = connection.poll_timeout()
        await readable(connection.fileno(), DEADLINE if timeout is None else timeout)


async def both(link: Link, readable: Callable[[int, float], Awaitable[object]], start: Callable[..., object]) -> None:
    """Serve both ends at once, each in a task."""
    for number in range(COUNT):
        link.at_client.send(0, bytes([number]), 1)
    start(echo, link.server, readable, COUNT)
    start(echo, link.client, readable, COUNT)


def test_trio(stage: Stage) -> None:
    trio = pytest.importorskip("trio")
    link = stage.link()

    async def readable(descriptor: int, timeout: float) -> None:
        with trio.move_on_after(timeout):
            await trio.lowlevel.wait_readable(descriptor)

    async def main() -> None:
        with trio.fail_after(DEADLINE):
            async with trio.open_nursery() as nursery:
                await both(link, readable, nursery.start_soon)

    trio.run(main)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_anyio(stage: Stage, backend: str) -> None:
    anyio = pytest.importorskip("anyio")
    pytest.importorskip(backend)
    link = stage.link()

    async def readable(descriptor: int, timeout: float) -> None:
        with anyio.move_on_after(timeout):
            await anyio.wait_readable(descriptor)

    async def main() -> None:
        with anyio.fail_after(DEADLINE):
            async with anyio.create_task_group() as group:
                await both(link, readable, group.start_soon)

    anyio.run(main, backend=backend)


GEVENT = """
import gevent, gevent.socket, sys
from godot_enet import ENetConnection

def echo(connection, packets):
    done = 0
    while True:
        for event in connection.events():
            if event.type == ENetConnection.EVENT_CONNECT and connection is client:
                for number in range(packets):
                    event.peer.send(0, bytes([number]), 1)
            if event.type == ENetConnection.EVENT_RECEIVE:
                event.peer.send(0, event.peer.get_packet(), 1)
                done += 1
        connection.flush()
        if done == packets:
            return
        try:
            gevent.socket.wait_read(connection.fileno(), connection.poll_timeout())
        except TimeoutError:
            pass

threaded = sys.argv[1] == "threaded"
with ENetConnection(threaded=threaded) as server, ENetConnection(threaded=threaded) as client:
    server.create_host_bound("127.0.0.1", 0)
    client.create_host()
    client.connect_to_host("127.0.0.1", server.get_local_port())
    tasks = [gevent.spawn(echo, each, 50) for each in (server, client)]
    gevent.joinall(tasks, timeout=60, raise_error=True)
    print(all(task.successful() for task in tasks))
"""


def test_gevent(stage: Stage) -> None:
    """In a process of its own: a hub stays in its thread."""
    pytest.importorskip("gevent")
    kind = "threaded" if stage.threaded else "inline"
    done = subprocess.run(
        [sys.executable, "-c", GEVENT, kind], capture_output=True, text=True, timeout=DEADLINE * 2, check=False
    )
    assert (done.stdout, done.stderr) == ("True\n", "")
