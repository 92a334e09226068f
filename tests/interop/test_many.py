"""One server, several clients: events name the right peer, broadcasts reach whom they should."""

from __future__ import annotations

import pytest

from .endpoints import Message
from .net import LOOPBACK, Link, Net

pytestmark = pytest.mark.interop

CLIENTS = 6


def crowd(net: Net, roles: tuple[str, str], channels: list[int]) -> list[Link]:
    """A server and a client for each channel count, connected; connect data 100, 101, ..."""
    server = net.add(roles[0])
    port = server.open(LOOPBACK, peers=16)
    links = []
    for index, count in enumerate(channels):
        client = net.add(roles[1])
        client.open(peers=1)
        links.append(net.link(server, client, port, count, 100 + index))
    return links


def digests(first: int, size: int, count: int) -> list[str]:
    return [Message(first + number, size).digest() for number in range(count)]


def test_several_clients_are_served_at_once(net: Net, roles: tuple[str, str]) -> None:
    links = crowd(net, roles, [3] * CLIENTS)
    assert [link.server.of("connect")[0].data for link in links] == [100 + index for index in range(CLIENTS)]
    assert len({link.server.peer for link in links}) == CLIENTS
    for index, link in enumerate(links):
        assert link.client.send(Message(1000 * index, 4000), 1, 1, count=20) == 0
        assert link.server.send(Message(1000 * index + 500, 700), 1, 2, count=20) == 0
    for index, link in enumerate(links):
        arrived = [seen.digest for seen in net.expect(link.server, "receive", 20)]
        assert arrived == digests(1000 * index, 4000, 20)
        arrived = [seen.digest for seen in net.expect(link.client, "receive", 20)]
        assert arrived == digests(1000 * index + 500, 700, 20)


def test_one_leaves_and_the_others_stay(net: Net, roles: tuple[str, str]) -> None:
    leaving, *staying = crowd(net, roles, [2] * 4)
    leaving.client.end("disconnect", 8)
    assert [seen.data for seen in net.expect(leaving.server, "disconnect")] == [8]
    net.expect(leaving.client, "disconnect")
    for link in staying:
        for sender, receiver in link.directions():
            link.transfer(sender, receiver, Message(5, 50), 1)
            assert not sender.of("disconnect")


@pytest.mark.parametrize("size", [0, 30, 5000])
def test_a_broadcast_reaches_everybody(net: Net, roles: tuple[str, str], size: int) -> None:
    links = crowd(net, roles, [1, 2, 3, 255])
    server = links[0].server.endpoint
    unreliable = 0 if size < 1000 else 8
    server.broadcast(Message(1, size), 1, 2)
    server.broadcast(Message(2, size), unreliable, 0)
    server.broadcast(Message(3, size), 1, 0)
    for link in links:
        has_channel = link.client.info()["channels"] > 2
        seen = net.expect(link.client, "receive", 2 + has_channel)
        everybody = [(Message(2, size).digest(), unreliable), (Message(3, size).digest(), 1)]
        assert [(each.digest, each.flags) for each in seen if each.channel == 0] == everybody
        assert [each.digest for each in seen if each.channel == 2] == [Message(1, size).digest()] * has_channel
        assert len(seen) == 2 + has_channel
