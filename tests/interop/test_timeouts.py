"""A vanished program is noticed in time, a quiet one is not mistaken for it."""

from __future__ import annotations

import time

import pytest

from .conftest import EVERY_WAY, Programs
from .endpoints import Message
from .net import Net
from .programs import Program

pytestmark = pytest.mark.interop

LIMIT, MINIMUM, MAXIMUM = 4, 1000, 2000
"""Arguments of set_timeout, the last two in ms: silence of 1 to 2 s after an unanswered datagram ends a connection."""
IDLE = 5.0


def test_a_killed_program_times_out(net: Net, program: Program, start_program: Programs) -> None:
    victim = start_program(program.name)
    try:
        net.adopt(victim)
        ours = [net.pair("ours", "adopted").server, net.pair("adopted", "ours").client]
        for end in ours:
            end.endpoint.set_timeout(end.peer, LIMIT, MINIMUM, MAXIMUM)
        net.spend(0.2)
        net.abandon(victim)
    finally:
        killed = time.monotonic()
        victim.kill()
        victim.close()
    for end in ours:
        assert [seen.data for seen in net.expect(end, "disconnect")] == [0]
        assert time.monotonic() - killed >= 0.001 * MINIMUM - 0.1
        assert not end.info()["active"]


def test_an_idle_connection_stays(net: Net) -> None:
    links = [net.pair("ours", "theirs"), net.pair("theirs", "ours")]
    for end in [end for link in links for end in link.ends()]:
        end.endpoint.set_timeout(end.peer, LIMIT, 2000, 2500)
    net.spend(IDLE)
    assert all([seen.kind for seen in end.endpoint.seen] == ["connect"] for link in links for end in link.ends())
    for link in links:
        for sender, receiver in link.directions():
            link.transfer(sender, receiver, Message(1, 100), 1)


@pytest.mark.parametrize("make_connection", [way for way in EVERY_WAY if "thread" in way], indirect=True)
@pytest.mark.parametrize("program", ["godot"], indirect=True)
def test_the_thread_keeps_a_connection_alive(net: Net) -> None:
    links = [net.pair("ours", "theirs"), net.pair("theirs", "ours")]
    theirs = [links[0].client, links[1].server]
    for end in theirs:
        end.endpoint.set_timeout(end.peer, LIMIT, MINIMUM, 1500)
        end.send(Message(1, 100), 1)
    time.sleep(3.0)  # a program that is busy with something else for longer than the time-out
    assert all(end.info()["active"] for end in theirs)
    for link in links:
        for sender, receiver in link.directions():
            link.transfer(sender, receiver, Message(2, 100), 1)
            assert not sender.of("disconnect")
