"""The ways a connection ends: who is told, with what data, and what still arrives."""

from __future__ import annotations

import pytest

from .conftest import EVERY_WAY
from .endpoints import Message
from .net import LOOPBACK, End, Link, Net

pytestmark = [pytest.mark.interop, pytest.mark.parametrize("make_connection", EVERY_WAY, indirect=True)]

QUIET = 0.3
"""Seconds in which something that must not happen would have happened."""
PEER_TIMEOUT = (4, 500, 1000)


@pytest.fixture(params=["server ends", "client ends"])
def ends(request: pytest.FixtureRequest, link: Link) -> tuple[End, End]:
    """Who ends the connection, and who is told."""
    return link.ends() if request.param == "server ends" else (link.client, link.server)


def dead(end: End) -> bool:
    info = end.info()
    return (info["state"], info["active"], info["address"]) == (0, False, "")


@pytest.mark.parametrize("data", [0, 77, 0xFFFFFFFF, -1])
def test_disconnect(link: Link, ends: tuple[End, End], data: int) -> None:
    ending, told = ends
    if ending.name == "libenet":
        data &= 0xFFFFFFFF  # pyenet takes no negative numbers
    ending.end("disconnect", data)
    assert [seen.data for seen in link.net.expect(told, "disconnect")] == [data & 0xFFFFFFFF]
    assert [seen.data for seen in link.net.expect(ending, "disconnect")] == [0]
    assert dead(ending)
    assert dead(told)


@pytest.mark.parametrize(("count", "size"), [(3000, 20), (40, 20_000)])
def test_later_delivers_what_is_queued_first(link: Link, ends: tuple[End, End], count: int, size: int) -> None:
    ending, told = ends
    ending.endpoint.send_and_end(ending.peer, Message(1, size), count, "later", 5)
    assert [seen.data for seen in link.net.expect(told, "disconnect")] == [5]
    assert [seen.data for seen in link.net.expect(ending, "disconnect")] == [0]
    assert [seen.digest for seen in told.of("receive")] == [Message(1 + n, size).digest() for n in range(count)]
    assert told.endpoint.seen[-1].kind == "disconnect"


@pytest.mark.parametrize("mode", ["disconnect", "now"])
def test_the_other_modes_drop_what_is_queued(link: Link, ends: tuple[End, End], mode: str) -> None:
    ending, told = ends
    ending.endpoint.send_and_end(ending.peer, Message(1, 20_000), 10, mode, 6)
    assert [seen.data for seen in link.net.expect(told, "disconnect")] == [6]
    assert not told.of("receive")


@pytest.mark.parametrize("data", [0, 0xFFFFFFFF])
def test_now_tells_only_the_other_side(link: Link, ends: tuple[End, End], data: int) -> None:
    ending, told = ends
    ending.end("now", data)
    assert dead(ending)
    assert [seen.data for seen in link.net.expect(told, "disconnect")] == [data]
    assert dead(told)
    link.net.spend(QUIET)
    assert not ending.of("disconnect")


def test_reset_tells_nobody(link: Link, ends: tuple[End, End]) -> None:
    ending, told = ends
    told.endpoint.set_timeout(told.peer, *PEER_TIMEOUT)
    ending.end("reset")
    assert dead(ending)
    link.net.spend(QUIET)
    assert told.info()["active"]
    if told.name != "libenet":  # which would take more than 5 s
        assert [seen.data for seen in link.net.expect(told, "disconnect")] == [0]
    assert not ending.of("disconnect")


def test_the_same_slot_again_and_again(net: Net, roles: tuple[str, str]) -> None:
    server, client = (net.add(side) for side in roles)
    port = server.open(LOOPBACK, peers=1)
    client.open(peers=1)
    before: dict[object, list[int]] = {}
    for attempt in range(6):
        link = net.link(server, client, port, 2, attempt)
        assert (link.server.peer, link.client.peer) == (attempt, attempt)  # a new connection each time
        assert link.server.of("connect")[0].data == attempt
        for sender, receiver in link.directions():
            sessions = sender.info().get("sessions")
            if sessions is not None:  # only libenet tells; ours are drawn, and differ from those of the last connection
                assert all(0 <= each <= 3 for each in sessions)
                assert all(map(int.__ne__, sessions, before.get(sender, [4, 4])))
                before[sender] = sessions
            message = Message(attempt, 3000)
            assert link.transfer(sender, receiver, message, 1).digest == message.digest()
        ending, told = link.directions()[attempt % 2]
        ending.end("disconnect", attempt)
        assert [seen.data for seen in net.expect(told, "disconnect")] == [attempt]
        net.expect(ending, "disconnect")
    assert len(server.of("disconnect")) == len(client.of("disconnect")) == 6


@pytest.mark.parametrize("mode", ["now", "reset"])
def test_connecting_again_after_a_forced_end(net: Net, roles: tuple[str, str], mode: str) -> None:
    server, client = (net.add(side) for side in roles)
    port = server.open(LOOPBACK)
    client.open(peers=1)
    old = net.link(server, client, port, 2)
    old.client.end(mode, 1)
    net.step()  # the list of peers is pruned by a service call; until then connect_to_host refuses
    new = net.link(server, client, port, 2, 2)
    assert new.server.peer != old.server.peer
    for sender, receiver in new.directions():
        assert new.transfer(sender, receiver, Message(3, 2000), 1).digest == Message(3, 2000).digest()
    assert [seen.data for seen in old.server.of("disconnect")] == ([1] if mode == "now" else [])
    assert not new.server.of("disconnect")
