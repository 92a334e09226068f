"""Long mixed traffic, all ways at once: nothing reliable lost, repeated or swapped, and both ends count the same."""

from __future__ import annotations

import pytest

from .conftest import EVERY_WAY
from .net import End, Link, Net
from .programs import Program
from .traffic import PERIOD, RELIABLE, STREAMS

pytestmark = pytest.mark.interop

GODOT_FRAME = 16_666
"""Microseconds between the frames of Godot while it is tested like a game at 60 frames a second."""
QUICK_FRAME = 1_000


@pytest.mark.timeout(180)
@pytest.mark.parametrize("program", ["godot"], indirect=True)
def test_a_minute_with_godot(wide_net: Net, program: Program) -> None:
    """Neither throttle may fall, so every packet of every kind must arrive."""
    links = links_of_every_way(wide_net, dialling=1)
    for link in links:
        link.steady()
    program.call("pace", microseconds=GODOT_FRAME)
    try:
        exchange(wide_net, links, 60.0)
        for sender, receiver in directions(links):
            assert receiver.endpoint.traffic_report().received == sender.endpoint.traffic_report().sent
        end_all(wide_net, links)
    finally:
        program.call("pace", microseconds=QUICK_FRAME)


@pytest.mark.parametrize("program", ["libenet"], indirect=True)
def test_ten_seconds_with_libenet(wide_net: Net) -> None:
    """With the throttles as they are a sender may leave unreliable packets out; the rest holds all the same."""
    links = links_of_every_way(wide_net, dialling=0)
    exchange(wide_net, links, 10.0)
    end_all(wide_net, links)


def links_of_every_way(net: Net, dialling: int) -> list[Link]:
    """With each way a connection, in which we are by turns the client, first at the index given, and the server."""
    roles = [("theirs", way) if index % 2 == dialling else (way, "theirs") for index, way in enumerate(EVERY_WAY)]
    return [net.pair(*each) for each in roles]


def directions(links: list[Link]) -> list[tuple[End, End]]:
    return [direction for link in links for direction in link.directions()]


def exchange(net: Net, links: list[Link], seconds: float) -> None:
    """Send for some time, then check what arrived."""
    ends = [end for link in links for end in link.ends()]
    for end in ends:
        end.endpoint.expect_traffic(end.peer)
    for end in ends:
        end.endpoint.run_traffic(True)
    net.spend(seconds)
    for end in ends:
        end.endpoint.run_traffic(False)
    net.until(lambda: all(delivered(*direction) for direction in directions(links)), "all reliable messages")
    net.spend(0.3)  # the last unreliable ones
    for sender, receiver in directions(links):
        sent, received = sender.endpoint.traffic_report(), receiver.endpoint.traffic_report()
        assert received.faults == []
        assert delivered(sender, receiver)
        assert all(0 < there <= here for here, there in zip(sent.sent, received.received, strict=True))
        assert sent.sent[0] >= STREAMS[0].burst * seconds * 1000 / PERIOD / 2  # a slow machine may send half as much


def delivered(sender: End, receiver: End) -> bool:
    """Whether all reliable messages have arrived, and none of them twice."""
    sent, received = sender.endpoint.traffic_report().sent, receiver.endpoint.traffic_report().received
    pairs = zip(STREAMS, sent, received, strict=True)
    return all(here == there for stream, here, there in pairs if stream.arrives_as == RELIABLE)


def end_all(net: Net, links: list[Link]) -> None:
    """Disconnect, from either side in turn, and compare what both sides counted from first to last."""
    for index, link in enumerate(links):
        link.ends()[index // 2 % 2].end("disconnect")
    for link in links:
        for end in link.ends():
            assert [seen.data for seen in net.expect(end, "disconnect")] == [0]
            assert [seen.kind for seen in end.endpoint.seen] == ["connect", "disconnect"]
    net.until(lambda: all(totals_agree(link) for link in links), "equal totals at both ends")


def totals_agree(link: Link) -> bool:
    """Whether each side has received every datagram and byte that the other has sent."""
    server, client = (end.endpoint.totals() for end in link.ends())
    return server[:2] == client[2:] and client[:2] == server[2:]
