"""What the handshake carries: channels, data, addresses, sizes."""

from __future__ import annotations

import pytest

from .conftest import CONTROL
from .endpoints import Message
from .net import LOOPBACK, End, Link, Net
from .relay import relay

pytestmark = pytest.mark.interop

CONNECTED = 5


@pytest.mark.parametrize(
    ("wanted", "limit", "agreed"), [(1, 0, 1), (2, 0, 2), (255, 0, 255), (8, 4, 4), (4, 8, 4), (255, 1, 1)]
)
def test_both_ends_agree_on_the_smaller_number_of_channels(
    net: Net, roles: tuple[str, str], wanted: int, limit: int, agreed: int
) -> None:
    server, client = (net.add(side) for side in roles)
    port = server.open(LOOPBACK, channels=limit)
    client.open(peers=1)
    link = net.link(server, client, port, wanted)
    for sender, receiver in link.directions():
        assert sender.info()["channels"] == agreed
        assert sender.send(Message(1, 10), 1, agreed) != 0
        seen = link.transfer(sender, receiver, Message(2, 10), 1, agreed - 1)
        assert (seen.channel, seen.digest) == (agreed - 1, Message(2, 10).digest())
        assert len(receiver.endpoint.of("receive")) == 1


def test_all_255_channels_carry_packets(link: Link) -> None:
    expected = {channel: (channel + 1, Message(channel, channel + 1).digest()) for channel in range(255)}
    for end in link.ends():
        for channel in range(255):
            assert end.send(Message(channel, channel + 1), 1, channel) == 0
    for end in link.ends():
        seen = link.net.expect(end, "receive", 255)
        assert len(seen) == 255
        assert {each.channel: (each.size, each.digest) for each in seen} == expected


@pytest.mark.parametrize("data", [0, 1, 0x7FFFFFFF, 0xFFFFFFFF, -1])
def test_the_connect_data_arrives(net: Net, roles: tuple[str, str], data: int) -> None:
    server, client = (net.add(side) for side in roles)
    port = server.open(LOOPBACK)
    client.open(peers=1)
    if client.name == "libenet":
        data &= 0xFFFFFFFF  # pyenet takes no negative numbers
    net.link(server, client, port, 1, data)
    assert [seen.data for seen in server.of("connect")] == [data & 0xFFFFFFFF]
    assert [seen.data for seen in client.of("connect")] == [0]


@pytest.mark.parametrize("bind", [LOOPBACK, "*"])
def test_both_ends_describe_the_connection_alike(net: Net, roles: tuple[str, str], bind: str) -> None:
    server, client = (end.info() for end in net.pair(*roles, bind=bind).ends())
    for info in (server, client):
        assert (info["state"], info["active"], info["address"]) == (CONNECTED, True, "127.0.0.1")
    assert (server["port"], client["port"]) == (client["local_port"], server["local_port"])
    for info in (server, client):
        if "mtu" in info:  # only libenet tells
            assert (info["mtu"], info["window"]) == (1392, 65536)


def test_an_attempt_at_a_full_server_succeeds_when_a_place_is_free(net: Net) -> None:
    server, first, second = (net.add(side) for side in ("theirs", "ours", "ours"))
    port = server.open(LOOPBACK, peers=1)
    first.open(peers=1)
    second.open(peers=1)
    link = net.link(server, first, port, 2)
    waiting = End(second, second.connect(port, 2, 9))
    net.spend(0.7)  # long enough for the first repetition of the attempt
    assert not second.seen
    assert len(server.of("connect")) == 1
    link.client.end("disconnect")
    net.expect(waiting, "connect")
    net.until(lambda: len(server.of("connect")) == 2, "the second client to arrive")
    assert [seen.data for seen in server.of("connect")] == [0, 9]


@pytest.mark.parametrize("seed", [1, 3, 4])
def test_they_connect_on_a_road_that_loses_and_reorders(net: Net, roles: tuple[str, str], seed: int) -> None:
    """Each end's messages arrive once and in order, whichever datagrams of the handshake were lost."""
    server, client = (net.add(side) for side in roles)
    port = server.open(LOOPBACK)
    client.open(peers=1)
    with relay(port, loss=0.3, jitter=0.06, seed=seed) as road:
        link = net.link(server, client, road, 2, 7)
        assert [seen.data for seen in server.of("connect")] == [7]
        for sender, receiver in link.directions():
            for number in range(5):
                assert sender.send(Message(number, 20), 1, 1) == 0
            net.expect(receiver, "receive", 5)
        for end in link.ends():
            assert [seen.digest for seen in end.of("receive")] == [Message(number, 20).digest() for number in range(5)]
        assert (len(server.of("connect")), len(client.of("connect"))) == (1, 1)


def test_they_connect_from_far_away(net: Net, roles: tuple[str, str]) -> None:
    """The CONNECT is repeated before its answer is there, so there are several answers and acknowledgements."""
    server, client = (net.add(side) for side in roles)
    port = server.open(LOOPBACK)
    client.open(peers=1)
    with relay(port, jitter=0.9, seed=1) as road:
        link = net.link(server, client, road, 2, 7)
        for sender, receiver in link.directions():
            assert link.transfer(sender, receiver, Message(1, 20), 1, 1).digest == Message(1, 20).digest()
        assert (len(server.of("connect")), len(client.of("connect"))) == (1, 1)


@pytest.mark.skipif(CONTROL, reason="a full server of another program is silent")
def test_a_full_server_of_ours_refuses_a_real_client_at_once(net: Net) -> None:
    """An ENet acknowledges the ACKNOWLEDGE that it is sent while it is connecting, and takes the DISCONNECT."""
    server, first, late = net.add("ours"), net.add("theirs"), net.add("theirs")
    port = server.open(LOOPBACK, peers=1)
    first.open(peers=1)
    late.open(peers=1)
    link = net.link(server, first, port)
    refused = End(late, late.connect(port))
    net.expect(refused, "disconnect")
    assert refused.of("connect") == []
    assert len(server.of("connect")) == 1
    link.transfer(link.client, link.server, Message(1, 10), 1)
