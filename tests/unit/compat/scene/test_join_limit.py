"""Joins and ends that a server tells all clients of: how many those behind one address may cause, and in what."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pytest

from godot_enet.compat.enet_connection import ENetConnection
from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.enet_packet_peer import ENetPacketPeer
from godot_enet.compat.scene.drops import SceneDrop
from godot_enet.compat.scene.join_limit import JOINS_AT_ONCE, JOINS_PER_SECOND, JoinLimit
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from tests.unit.compat.enet_party import ENetParty
from tests.unit.compat.scene.party import Party

C, D, E = 7, 8, 9


class Clock:
    now = 5.0

    def __call__(self) -> float:
        return self.now


def joins(limit: JoinLimit, network: Hashable | None, most: int = 10_000) -> int:
    """How many may join at once."""
    count = 0
    while count < most and limit.may_join(network):
        count += 1
    return count


def test_it_fills_up_with_time_and_not_over_its_edge() -> None:
    clock = Clock()
    limit = JoinLimit(clock)
    assert joins(limit, "10.0.0.1") == JOINS_AT_ONCE
    assert joins(limit, "10.0.0.2") == JOINS_AT_ONCE, "each address has its own"
    clock.now += 3
    assert joins(limit, "10.0.0.1") == 3 * JOINS_PER_SECOND
    clock.now += 3600
    assert joins(limit, "10.0.0.1") == JOINS_AT_ONCE


def test_this_machine_has_no_limit() -> None:
    assert joins(JoinLimit(Clock()), None) == 10_000


def test_it_remembers_those_who_have_joined_lately_and_no_others() -> None:
    clock = Clock()
    limit = JoinLimit(clock)
    joins(limit, "busy")
    for number in range(100_000):
        clock.now += 0.001
        assert limit.may_join(number)
    assert len(limit._left) < 10_000
    clock.now += 0.001
    assert joins(limit, "busy") <= 100 * JOINS_PER_SECOND


def _party() -> tuple[Party, JoinLimit]:
    party = Party(C, D, E, join=False)
    for number in (1, C, D):
        party[number].join()
        party.settle()
    limit = party[1].api._peers._join_limit = JoinLimit(Clock())
    party[1].transport._network_of = lambda peer: "10.0.0.9"  # type: ignore[method-assign]
    party.packets()
    party[1].take()
    return party, limit


def test_beyond_it_nobody_is_told_and_the_connection_ends() -> None:
    party, limit = _party()
    joins(limit, "10.0.0.9")
    party[E].join()
    party.settle()
    assert party.packets() == []
    assert party[1].take() == []
    assert party[E].take()[-1] == ("server_disconnected",)
    assert party[1].api.counters() == {SceneDrop.JOIN_LIMIT: 1}
    assert sorted(party[1].api.get_peers()) == [C, D]


def test_who_is_authenticated_hears_that_it_failed() -> None:
    party, limit = _party()
    joins(limit, "10.0.0.9")
    for number in (1, E):
        api = party[number].api
        api.auth_callback = lambda peer, data: None
    party[E].join()
    party.settle()
    party[E].api.complete_auth(1)
    party.settle()
    party[1].api.complete_auth(E)
    party.settle()
    assert party[1].take() == [("peer_authenticating", E), ("peer_authentication_failed", E)]
    assert sorted(party[1].api.get_peers()) == [C, D]


def test_without_relay_there_is_none() -> None:
    party, limit = _party()
    party[1].api.server_relay = False
    joins(limit, "10.0.0.9")
    party[E].join()
    party.settle()
    assert sorted(party[1].api.get_peers()) == [C, D, E]


def _served() -> tuple[ENetParty, SceneMultiplayer, list[Any]]:
    party = ENetParty(threaded=False)
    server = party.server()
    api = SceneMultiplayer()
    api.root_path = "/root"
    api.multiplayer_peer = server
    return party, api, [party.join(server) for _ in range(4)]


def test_announcements_leave_together(monkeypatch: pytest.MonkeyPatch, host_engine: str) -> None:
    """One flush for all, not one for each client, which would be a call of the system and a datagram for each."""
    party, api, clients = _served()
    try:
        server = api.multiplayer_peer
        assert isinstance(server, ENetMultiplayerPeer)
        numbers = sorted(client.get_unique_id() for client in clients)
        assert sorted(api.get_peers()) == numbers
        flushes = []
        flush = ENetConnection.flush

        def counted(host: Any) -> None:
            flushes.append(host)
            flush(host)

        monkeypatch.setattr(ENetConnection, "flush", counted)
        clients[0].close()

        def has_left() -> bool:
            api.poll()
            return len(api.get_peers()) == 3

        party.run(has_left)
        newcomer = party.join(server)
        assert newcomer.get_unique_id() in api.get_peers()
        assert sum(host is server.host for host in flushes) <= 2
    finally:
        party.close()


def test_those_of_one_address_are_counted_together(monkeypatch: pytest.MonkeyPatch, host_engine: str) -> None:
    monkeypatch.setattr(ENetPacketPeer, "_network", lambda peer: "10.0.0.9")
    party, api, clients = _served()
    try:
        allowance = api._peers._join_limit._left["10.0.0.9"]
        assert JOINS_AT_ONCE - allowance.amount == pytest.approx(len(clients), abs=3)
        allowance.amount = -1000
        server = api.multiplayer_peer
        assert isinstance(server, ENetMultiplayerPeer)
        late = party.dial(server).get_unique_id()
        party.run(lambda: ("disconnected", late) in party.signals[server])
        assert len(api.get_peers()) == len(clients)
    finally:
        party.close()


def test_an_address_of_this_machine_counts_as_that(host_engine: str) -> None:
    party, api, clients = _served()
    try:
        assert not api._peers._join_limit._left
        assert len(api.get_peers()) == len(clients)
    finally:
        party.close()
