"""What a server passes on for one client: how much, and with how many calls of the system."""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING, Any

from godot_enet.compat.enet_connection import ENetConnection
from godot_enet.compat.scene import scene_multiplayer
from godot_enet.compat.scene.drops import SceneDrop
from godot_enet.compat.scene.relay_budget import COPIES_AT_ONCE, COPIES_OF_ALL, COPIES_PER_SECOND, RelayBudget
from tests.unit.compat.enet_party import ENetParty
from tests.unit.compat.scene.party import Party

if TYPE_CHECKING:
    import pytest

C, D, E = 7, 8, 9
TO_ALL = pack("<BBi", 7, 3, 0) + b"\x03x"


class Clock:
    now = 5.0

    def __call__(self) -> float:
        return self.now


def test_it_fills_up_with_time_and_not_over_its_edge() -> None:
    clock = Clock()
    budget = RelayBudget(clock)
    assert budget.spend(C, COPIES_AT_ONCE)
    assert not budget.spend(C, 1)
    assert budget.spend(D, COPIES_AT_ONCE), "each peer has its own"
    clock.now += 0.5
    assert budget.spend(C, COPIES_PER_SECOND // 2)
    assert not budget.spend(C, 1)
    clock.now += 3600
    assert not budget.spend(C, COPIES_AT_ONCE + 1), "and nothing is taken then"
    assert budget.spend(C, COPIES_AT_ONCE)


def test_who_comes_again_begins_again() -> None:
    budget = RelayBudget(Clock())
    assert budget.spend(C, COPIES_AT_ONCE)
    budget.forget(C)
    assert budget.spend(C, COPIES_AT_ONCE)
    budget.clear()
    assert budget.spend(C, COPIES_AT_ONCE)


def _spend_all(budget: RelayBudget, first: int) -> int:
    """Let newcomers have as much passed on as they can; how many copies that are."""
    copies = 0
    for peer in range(first, first + 1000):
        while budget.spend(peer, 1024):
            copies += 1024
        budget.forget(peer)
    return copies


def test_who_comes_again_and_again_has_no_more_than_all() -> None:
    clock = Clock()
    budget = RelayBudget(clock)
    assert _spend_all(budget, 100) == COPIES_OF_ALL
    clock.now += 0.5
    assert _spend_all(budget, 100) == COPIES_OF_ALL // 2
    budget.clear()
    assert _spend_all(budget, 100) == 0


def test_many_connections_have_no_more_than_two_budgets_of_all() -> None:
    """One that they share, and one of which each has its part."""
    clock = Clock()
    budget = RelayBudget(clock)
    copies = 0
    for _ in range(100):
        for peer in range(100):
            while budget.spend(peer, 100):
                copies += 100
        clock.now += 0.1
    assert copies <= COPIES_OF_ALL + 2 * COPIES_OF_ALL * 10


def test_those_who_send_much_do_not_silence_those_who_send_little() -> None:
    clock = Clock()
    budget = RelayBudget(clock)
    greedy = range(100, 131)
    for turn in range(300):  # ten seconds
        assert budget.spend(C, 31), turn
        assert budget.spend(D, 31), turn
        for peer in greedy:
            while budget.spend(peer, 64):
                pass
        clock.now += 1 / 30


def test_what_is_over_the_budget_is_dropped_and_counted() -> None:
    party = Party(C, D, E)
    api = party[1].api
    api._relay.budget = RelayBudget(Clock())
    assert api._relay.budget.spend(C, COPIES_AT_ONCE - 20)
    party.packets()
    for _ in range(50):
        party[1].transport.inject(TO_ALL, C)
    api.poll()
    assert len(party.packets()) == 20, "ten packets for two receivers"
    assert api.counters() == {SceneDrop.RELAY_LIMIT: 40}
    party[1].transport.inject(TO_ALL, D)
    api.poll()
    assert len(party.packets()) == 2, "the others go on"


def test_a_packet_for_nobody_counts_too() -> None:
    party = Party(C)
    api = party[1].api
    api._relay.budget = RelayBudget(Clock())
    assert api._relay.budget.spend(C, COPIES_AT_ONCE - 3)
    for _ in range(5):
        party[1].transport.inject(pack("<BBi", 7, 3, 12345) + b"\x03x", C)
    api.poll()
    assert api.counters() == {SceneDrop.RELAY_LIMIT: 2}


def test_relayed_packets_leave_together(monkeypatch: pytest.MonkeyPatch, host_engine: str) -> None:
    """One flush for a poll, not one for each copy, which would be a call of the system and a datagram for each."""
    party = ENetParty(threaded=False)
    try:
        server = party.server()
        clients = [party.join(server) for _ in range(3)]
        api = scene_multiplayer.SceneMultiplayer()
        api.root_path = "/root"
        api.multiplayer_peer = server
        numbers = [client.get_unique_id() for client in clients]
        for number in numbers:
            api._peers.admit(number)
        server.host.flush()  # type: ignore[union-attr]
        flushes = []
        flush = ENetConnection.flush

        def counted(host: Any) -> None:
            flushes.append(host)
            flush(host)

        monkeypatch.setattr(ENetConnection, "flush", counted)
        clients[0].set_target_peer(1)
        for _ in range(20):
            clients[0].put_packet(TO_ALL)
        flushes.clear()

        def relayed() -> bool:
            api.poll()
            for client in clients[1:]:
                client.poll()
            return all(client.get_available_packet_count() >= 20 for client in clients[1:])

        party.run(relayed)
        assert sum(host is server.host for host in flushes) <= 20
    finally:
        party.close()
