"""Round-trip times, throttle settings and bandwidth limits, as both ends see them."""

from __future__ import annotations

import time

import pytest

from .endpoints import Message
from .net import LOOPBACK, End, Link, Net

pytestmark = pytest.mark.interop

# ENetPacketPeer.PeerStatistic
PACKET_LOSS, ROUND_TRIP_TIME, ROUND_TRIP_TIME_VARIANCE, LAST_ROUND_TRIP_TIME = 0, 3, 4, 5
THROTTLE, THROTTLE_LIMIT, ACCELERATION, DECELERATION, INTERVAL = 7, 8, 11, 12, 13

LONGEST_ROUND_TRIP = 250
"""Milliseconds that not even a busy machine needs; an estimate that nothing feeds stays at 500."""

PING_INTERVAL = 40
FEWEST_PINGS = 15
"""In a second, which has room for 25; at the default interval of 500 ms there are two each way."""

LIMIT = 10_000
"""Bytes per second, for the tests that overload a connection."""


def test_the_round_trip_time_is_measured(link: Link) -> None:
    for sender, receiver in link.directions():
        for number in range(20):
            link.transfer(sender, receiver, Message(number, 100), 1)
    link.net.spend(1.0)  # automatic pings
    for end in link.ends():
        assert 1 <= end.statistic(ROUND_TRIP_TIME) <= LONGEST_ROUND_TRIP
        assert 0 <= end.statistic(ROUND_TRIP_TIME_VARIANCE) <= LONGEST_ROUND_TRIP
        assert 1 <= end.statistic(LAST_ROUND_TRIP_TIME) <= LONGEST_ROUND_TRIP
        assert end.statistic(PACKET_LOSS) == 0


def test_a_ping_is_sent_and_answered(link: Link) -> None:
    link.net.spend(1.2)  # until the bandwidth announcements that follow a connection are through
    for sender, receiver in link.directions():
        assert any(ping_alone(link, sender, receiver) for _ in range(5))


def ping_alone(link: Link, sender: End, receiver: End) -> bool:
    """Ping at a quiet moment; whether exactly one datagram of 8 bytes went out and one of 10 came back."""
    for direction in link.directions():
        link.transfer(*direction, Message(1, 1), 1)  # an acknowledgement puts automatic pings off for 500 ms
    link.net.spend(0.05)
    before = [end.endpoint.totals() for end in (sender, receiver)]
    sender.endpoint.ping(sender.peer)
    link.net.spend(0.1)
    after = [end.endpoint.totals() for end in (sender, receiver)]
    changes = [[b - a for a, b in zip(*each, strict=True)] for each in zip(before, after, strict=True)]
    return changes == [[8, 1, 10, 1], [10, 1, 8, 1]]


def test_pings_are_sent_at_the_interval(link: Link) -> None:
    for end in link.ends():
        if end.name == "libenet":  # pyenet has no call for it
            continue
        end.endpoint.ping_interval(end.peer, PING_INTERVAL)
        before = end.endpoint.totals()
        link.net.spend(1.0)
        after = end.endpoint.totals()
        assert after.sent_packets - before.sent_packets >= FEWEST_PINGS
        assert after.received_packets - before.received_packets >= FEWEST_PINGS
        end.endpoint.ping_interval(end.peer, 0)  # the default


def throttle_settings(end: End) -> list[int]:
    return [end.statistic(which) for which in (INTERVAL, ACCELERATION, DECELERATION)]


@pytest.mark.parametrize("way", [0, 1], ids=["server sets", "client sets"])
def test_throttle_settings_are_adopted(link: Link, way: int) -> None:
    setting, adopting = link.directions()[way]
    assert throttle_settings(setting) == throttle_settings(adopting) == [5000, 2, 2]
    setting.endpoint.throttle_configure(setting.peer, 1000, 3, 5)
    assert throttle_settings(setting) == [1000, 3, 5]
    link.net.until(lambda: throttle_settings(adopting) == [1000, 3, 5], "the other side to adopt them")


@pytest.mark.parametrize("program", ["libenet"], indirect=True)  # Godot does not show what it was told
def test_limits_are_announced(net: Net, roles: tuple[str, str]) -> None:
    """A host tells its outgoing limit, and as its incoming limit what it expects: never more than the other sends."""
    server, client = (net.add(side) for side in roles)
    port = server.open(LOOPBACK, incoming=400_000, outgoing=300_000)
    client.open(peers=1, incoming=500_000, outgoing=450_000)
    link = net.link(server, client, port, 2)
    if roles[0] == "ours":
        ours, theirs, told, window = link.server, link.client, (400_000, 300_000), 400_000
    else:
        ours, theirs, told, window = link.client, link.server, (300_000, 450_000), 300_000
    net.until(lambda: limits(theirs) == told, "the limits given at the start")
    assert theirs.info()["window"] == window // 65536 * 4096
    ours.endpoint.bandwidth_limit(200_000, 70_000)
    net.until(lambda: limits(theirs) == (200_000, 70_000), "the limits set later")
    assert theirs.info()["window"] == 200_000 // 65536 * 4096
    ours.endpoint.bandwidth_limit(0, 0)
    net.until(lambda: limits(theirs) == (0, 0), "the limits to be lifted")


def limits(end: End) -> tuple[int, int]:
    """The other side's incoming and outgoing limits as libenet was told."""
    info = end.info()
    return info["incoming"], info["outgoing"]


@pytest.mark.parametrize("own", [True, False], ids=["own limit", "limit of the other side"])
def test_limits_slow_down_unreliable_packets(net: Net, roles: tuple[str, str], own: bool) -> None:
    """Both ends send about six times ``LIMIT``; the throttle limit of each falls, and recovers when they stop."""
    server, client = (net.add(side) for side in roles)
    outgoing, incoming = (LIMIT, 0) if own else (100 * LIMIT, LIMIT)
    port = server.open(LOOPBACK, incoming=incoming, outgoing=outgoing)
    client.open(peers=1, incoming=incoming, outgoing=outgoing)
    link = net.link(server, client, port, 1)

    due = 0.0

    def overload() -> bool:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + 0.01
            for end in link.ends():
                end.send(Message(0, 200), 0, count=3)
        return all(1 <= end.statistic(THROTTLE_LIMIT) < 20 for end in link.ends())

    net.until(overload, "the throttle limits to fall")
    for end in link.ends():
        assert end.statistic(THROTTLE) <= end.statistic(THROTTLE_LIMIT)
    net.until(lambda: all(end.statistic(THROTTLE_LIMIT) == 32 for end in link.ends()), "their recovery")
