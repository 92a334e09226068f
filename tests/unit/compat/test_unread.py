"""A program that is told of packets and does not take them: the host keeps no more of them than of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

import pytest

from godot_enet import ENetConnection, ENetMultiplayerPeer, ENetPacketPeer, Error
from godot_enet.core import Drop, HostConfig
from godot_enet.core.any_host import AnyHost
from godot_enet.core.host import Host
from tests.tight import TightConfig
from tests.unit.compat.enet_party import ENetParty
from tests.unit.compat.stage import Link, Stage

LIMIT = 300_000
NEARLY = LIMIT - 100_000
"""What waits when the host takes no more, or nearly so. It may all wait behind a packet that was lost: then the host
takes that one when the program has taken what it was told of."""
SIZE = 1000
RELIABLE = ENetPacketPeer.FLAG_RELIABLE
pytestmark = pytest.mark.usefixtures("host_engine")


PEER_LIMIT = 2 * 1024 * 1024
"""For the hosts of multiplayer peers: the least that a program may set. A poll may take over a MiB before it counts."""
PEER_SIZE = 10 * SIZE


def narrow(config: HostConfig, *, limit: int = LIMIT, **how: Any) -> AnyHost:
    """A host in which little may wait."""
    return Host.open(TightConfig(**{**asdict(config), "maximum_waiting_data": limit}), **how)


@pytest.fixture(params=[False, True], ids=["inline", "threaded"])
def link(request: pytest.FixtureRequest) -> Iterator[Link]:
    stage = Stage(request.param, narrow)
    yield stage.link()
    stage.close()


@pytest.fixture(params=[False, True], ids=["inline", "threaded"])
def party(request: pytest.FixtureRequest) -> Iterator[ENetParty]:
    party = ENetParty(request.param, partial(narrow, limit=PEER_LIMIT))
    yield party
    party.close()


def is_full(connection: ENetConnection | None) -> bool:
    """Whether data was refused since too much waits."""
    assert connection is not None
    return connection.counters()[Drop.WAITING_DATA_FULL] > 0


def waiting(peer: ENetPacketPeer) -> int:
    """What the host counts."""
    assert peer._host is not None
    return peer._host.peer_info(peer._handle).waiting_data


@pytest.mark.parametrize("size", [SIZE, 10 * SIZE])
def test_what_is_reported_counts_until_it_is_taken(link: Link, size: int) -> None:
    sent = 2 * LIMIT // size
    for number in range(sent):
        assert link.at_client.send(0, number.to_bytes(4, "big") + bytes(size - 4), RELIABLE) is Error.OK
    count_waiting = link.at_server.get_available_packet_count
    link.stage.run(lambda: is_full(link.server) and waiting(link.at_server) >= NEARLY)
    count = count_waiting()
    assert count * size <= LIMIT + 2 * size
    taken = [int.from_bytes(link.at_server.get_packet()[:4], "big") for _ in range(count)]

    def take() -> bool:
        while link.at_server.get_available_packet_count():
            taken.append(int.from_bytes(link.at_server.get_packet()[:4], "big"))
        return len(taken) == sent

    link.stage.run(take)
    assert taken == list(range(sent))
    link.stage.run(lambda: waiting(link.at_server) == 0)


def test_so_do_packets_that_may_be_lost(link: Link) -> None:
    def flood() -> bool:
        for _ in range(20):
            link.at_client.send(0, bytes(SIZE), ENetPacketPeer.FLAG_UNSEQUENCED)
        link.client.flush()
        return is_full(link.server)

    link.stage.run(flood)
    assert link.at_server.get_available_packet_count() <= LIMIT // SIZE + 2


def test_nothing_is_counted_for_a_program_that_takes_at_once(link: Link) -> None:
    for _ in range(50):
        link.deliver(bytes(SIZE))
        assert waiting(link.at_server) == 0


def test_every_way_of_taking_counts(link: Link) -> None:
    for _ in range(10):
        assert link.at_client.put_var("something to say") is Error.OK
    link.stage.run(lambda: link.at_server.get_available_packet_count() == 10)
    assert waiting(link.at_server) > 0
    assert [link.at_server.get_var() for _ in range(5)] == ["something to say"] * 5
    assert all(link.at_server.get_packet() for _ in range(5))
    assert waiting(link.at_server) == 0


def test_what_waits_goes_on_counting_when_python_takes_the_host_over(link: Link) -> None:
    for _ in range(10):
        assert link.at_client.send(0, bytes(SIZE), RELIABLE) is Error.OK
    link.stage.run(lambda: link.at_server.get_available_packet_count() == 10)
    link.server.compress(ENetConnection.COMPRESS_ZLIB)
    assert waiting(link.at_server) == 10 * SIZE
    for _ in range(10):
        assert link.at_server.get_packet() == bytes(SIZE)
    assert waiting(link.at_server) == 0


def test_a_multiplayer_peer_that_is_polled_and_not_read(party: ENetParty) -> None:
    server = party.server()
    client = party.join(server)
    client.set_target_peer(1)
    sent = 3 * PEER_LIMIT // PEER_SIZE
    for number in range(sent):
        assert client.put_packet(number.to_bytes(4, "big") + bytes(PEER_SIZE - 4)) is Error.OK
    count = server.get_available_packet_count
    at_server = server.get_peer(client.get_unique_id())
    assert at_server is not None
    party.run(lambda: is_full(server.host) and waiting(at_server) >= PEER_LIMIT // 2)
    assert count() * PEER_SIZE <= 2 * PEER_LIMIT  # the limit, and what a poll took over uncounted
    taken: list[int] = []

    def take() -> bool:
        while server.get_available_packet_count():
            taken.append(int.from_bytes(server.get_packet()[:4], "big"))
        return len(taken) == sent

    party.run(take)
    assert taken == list(range(sent))


def test_one_that_does_not_read_hears_of_others_all_the_same(party: ENetParty) -> None:
    server = party.server()
    client = party.join(server)
    client.set_target_peer(1)
    for _ in range(3 * PEER_LIMIT // PEER_SIZE):
        assert client.put_packet(bytes(PEER_SIZE)) is Error.OK
    party.run(lambda: is_full(server.host))
    other = party.join(server)
    number = other.get_unique_id()
    other.close()
    party.run(lambda: ("disconnected", number) in party.signals[server])
    client.close()
    party.run(lambda: len(party.signals[server]) == 4)
    assert isinstance(server, ENetMultiplayerPeer)
