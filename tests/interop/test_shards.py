"""Real Godot clients beside libenet's on one port with several shards."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest

from godot_enet import ENetConnection

from .endpoints import Message
from .local_endpoint import LocalEndpoint
from .net import LOOPBACK, Net
from .programs import Program
from .remote_endpoint import RemoteEndpoint

pytestmark = [
    pytest.mark.interop,
    pytest.mark.native,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux divides datagrams between sockets of one port"),
]
CLIENTS = 12
"""Of each program."""
RELIABLE = 1


def sharded() -> LocalEndpoint:
    endpoint = LocalEndpoint("native", "thread")
    endpoint.connection = ENetConnection(shards=4)
    return endpoint


@pytest.fixture
def both(running: Callable[[str], Program]) -> Iterator[Net]:
    """``"server"``, and the clients ``"godot"`` and ``"libenet"``."""
    godot, libenet = running("godot"), running("libenet")
    net = Net(
        {"server": sharded, "godot": lambda: RemoteEndpoint(godot), "libenet": lambda: RemoteEndpoint(libenet)},
        [godot, libenet],
    )
    yield net
    net.close()


def test_both_are_served_by_all_shards(both: Net) -> None:
    server = both.add("server")
    port = server.open(LOOPBACK, peers=100)
    links = []
    for number in range(2 * CLIENTS):
        client = both.add("godot" if number % 2 else "libenet")
        client.open(peers=1)
        links.append(both.link(server, client, port, 3, 100 + number))
    assert [link.server.of("connect")[0].data for link in links] == list(range(100, 100 + 2 * CLIENTS))
    for number, link in enumerate(links):
        assert link.client.send(Message(1000 * number, 4000), RELIABLE, 1, count=10) == 0
        assert link.server.send(Message(1000 * number + 500, 700), RELIABLE, 2, count=10) == 0
    for number, link in enumerate(links):
        for end, first, size in ((link.server, 1000 * number, 4000), (link.client, 1000 * number + 500, 700)):
            arrived = [seen.digest for seen in both.expect(end, "receive", 10)]
            assert arrived == [Message(first + count, size).digest() for count in range(10)]
    server.broadcast(Message(7, 5000), RELIABLE)
    for link in links:
        assert both.expect(link.client, "receive", 11)[10].digest == Message(7, 5000).digest()
    for link in links:
        link.client.end("disconnect", 8)
    for link in links:
        assert [seen.data for seen in both.expect(link.server, "disconnect")] == [8]
