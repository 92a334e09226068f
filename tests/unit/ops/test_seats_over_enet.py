"""A player returns over ENet itself: with the old id where the server has it free, else with another."""

from __future__ import annotations

import time
from collections.abc import Callable

from godot_enet import ENetMultiplayerPeer, Error, SceneMultiplayer
from godot_enet.ops import Seats, SeatTicket

DEADLINE = 60.0


def test_the_same_id_if_it_is_free(host_engine: str) -> None:
    transport = ENetMultiplayerPeer()
    transport.set_bind_ip("127.0.0.1")
    assert transport.create_server(0) is Error.OK
    host = transport.get_host()
    assert host is not None
    port = host.get_local_port()
    server, client = SceneMultiplayer(), SceneMultiplayer()
    server.multiplayer_peer = transport
    seats, ticket = Seats(server), SeatTicket(client)
    client.auth_timeout = server.auth_timeout = DEADLINE
    resumed: list[int] = []
    seats.resumed.connect(lambda peer, seat: resumed.append(peer))
    failed: list[bool] = []
    client.peer_authentication_failed.connect(lambda peer: failed.append(True))

    def until(done: Callable[[], object]) -> None:
        deadline = time.monotonic() + DEADLINE
        while not done():
            assert time.monotonic() < deadline
            server.poll()
            client.poll()
            time.sleep(0.002)

    def dial() -> ENetMultiplayerPeer:
        made = ticket.transport()
        assert made.create_client("127.0.0.1", port) is Error.OK
        client.multiplayer_peer = made
        return made

    first = dial()
    until(client.get_peers)
    identity = first.get_unique_id()

    client.auth_timeout = 0.3
    second = dial()  # the first connection is still there
    assert second.get_unique_id() == identity
    until(lambda: failed)
    assert resumed == []
    client.auth_timeout = DEADLINE

    third = dial()
    assert third.get_unique_id() != identity
    until(lambda: resumed and client.get_peers())
    assert resumed == list(server.get_peers()) == [third.get_unique_id()]

    third.close()
    until(seats.away)
    fourth = dial()
    assert fourth.get_unique_id() == resumed[0]
    until(lambda: len(resumed) == 2)
    assert resumed[1] == resumed[0]
    for each in (first, second, fourth, transport):
        each.close()
