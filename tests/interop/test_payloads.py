"""Packets of every size and kind arrive intact, with the flags ENet gives them, in both directions."""

from __future__ import annotations

import time

import pytest

from .endpoints import Message
from .net import LOOPBACK, End, Link, Net
from .relay import relay

pytestmark = pytest.mark.interop

LARGEST_UNFRAGMENTED = 1364
SIZES = (0, 1, 15, 16, 1363, 1364, 1365, 1391, 1392, 1393, 5000, 100_000)
MEGABYTE = 1_000_000
FLAGS = (0, 1, 2, 8, 10)
WHOLE = {0: 0, 1: 1, 2: 2, 8: 0, 10: 2}
"""Flags of a packet that fits into one datagram: as sent -> as received."""
FRAGMENTED = {0: 1, 1: 1, 2: 1, 8: 8, 10: 8}
"""Flags of a larger one: without 8 the fragments are reliable."""
MAXIMUM_TRIES = 5
"""A megabyte is 734 datagrams, and one lost is the packet lost; the relay makes that rare, not impossible."""
SECONDS_PER_TRY = 2.0


@pytest.mark.parametrize("size", SIZES)
def test_packets_of_every_flag_arrive_as_they_were_sent(link: Link, size: int) -> None:
    link.steady()
    arrives_as = WHOLE if size <= LARGEST_UNFRAGMENTED else FRAGMENTED
    for sender, receiver in link.directions():
        for flags in FLAGS:
            message = Message(size * 31 + flags, size)
            seen = link.transfer(sender, receiver, message, flags, channel=flags)
            assert (seen.size, seen.digest) == (size, message.digest())
            assert (seen.flags, seen.channel, seen.data) == (arrives_as[flags], flags, 0)


@pytest.mark.parametrize("flags", [0, 1, 2])
def test_a_megabyte_arrives_reliably(link: Link, flags: int) -> None:
    for sender, receiver in link.directions():
        message = Message(flags + 1, MEGABYTE)
        seen = link.transfer(sender, receiver, message, flags)
        assert (seen.size, seen.digest, seen.flags) == (MEGABYTE, message.digest(), 1)


@pytest.mark.parametrize("flags", [8, 10])
def test_a_megabyte_arrives_unreliably(net: Net, roles: tuple[str, str], flags: int) -> None:
    server, client = (net.add(side) for side in roles)
    port = server.open(LOOPBACK)
    client.open(peers=1)
    with relay(port) as relayed:
        link = net.link(server, client, relayed)
        link.steady()
        for sender, receiver in link.directions():
            message = Message(flags + 1, MEGABYTE)
            tries = 0
            while not arrived_within(SECONDS_PER_TRY, link, sender, receiver, message, flags):
                tries += 1
                assert tries < MAXIMUM_TRIES
            seen = receiver.of("receive")[-1]
            assert (seen.size, seen.digest, seen.flags) == (MEGABYTE, message.digest(), 8)


def arrived_within(seconds: float, link: Link, sender: End, receiver: End, message: Message, flags: int) -> bool:
    """Send a packet that may be lost; whether anything has arrived."""
    assert sender.send(message, flags) == 0
    deadline = time.monotonic() + seconds
    link.net.until(lambda: bool(receiver.of("receive")) or time.monotonic() > deadline, "the packet or its loss")
    return bool(receiver.of("receive"))
