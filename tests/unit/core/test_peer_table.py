"""Slots, handles and who is where."""

from __future__ import annotations

import pytest

from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.peer_table import PeerTable
from godot_enet.core.interface import Address
from godot_enet.core.protocol.constants import MAXIMUM_PEER_ID, UNKNOWN_SESSION, PeerState
from godot_enet.core.protocol.events import PeerHandle

HERE = Address("10.0.0.1", 1)


def take(table: PeerTable, address: Address = HERE) -> Peer:
    peer = table.allocate(address)
    assert peer is not None
    return peer


def test_slots_are_taken_lowest_first() -> None:
    table = PeerTable(5, 1392, False)
    peers = [take(table) for _ in range(5)]
    assert [peer.slot for peer in peers] == [0, 1, 2, 3, 4]
    assert table.allocate(HERE) is None
    for slot in (3, 1, 4):
        table.release(peers[slot])
    assert [take(table).slot for _ in range(3)] == [1, 3, 4]
    assert table.allocate(HERE) is None


@pytest.mark.parametrize("slots", [1, 4095])
def test_every_slot_can_be_taken(slots: int) -> None:
    table = PeerTable(slots, 1392, False)
    assert [take(table).slot for _ in range(slots)] == list(range(slots))
    assert table.allocate(HERE) is None


def test_a_handle_is_never_used_again() -> None:
    table = PeerTable(2, 1392, False)
    seen: set[int] = set()
    for _ in range(1000):
        peer = take(table)
        assert peer.handle not in seen
        assert peer.handle & MAXIMUM_PEER_ID == peer.slot
        assert table.get(peer.handle) is peer
        seen.add(peer.handle)
        table.release(peer)
        assert table.get(peer.handle) is None
    fresh = take(table)
    assert [table.get(PeerHandle(handle)) for handle in seen] == [None] * 1000
    assert table.get(fresh.handle) is fresh


@pytest.mark.parametrize("handle", [0, 1, 4094, 4095, -1, 2**40])
def test_a_made_up_handle_names_nobody(handle: int) -> None:
    table = PeerTable(8, 1392, False)
    take(table)
    assert table.get(PeerHandle(handle)) is None


def test_session_ids_outlive_the_peer() -> None:
    table = PeerTable(2, 1392, False)
    peer = take(table)
    assert (peer.incoming_session, peer.outgoing_session) == (UNKNOWN_SESSION, UNKNOWN_SESSION)
    peer.incoming_session, peer.outgoing_session = 2, 3
    table.release(peer)
    again, other = take(table), take(table)
    assert (again.slot, again.incoming_session, again.outgoing_session) == (0, 2, 3)
    assert (other.incoming_session, other.outgoing_session) == (UNKNOWN_SESSION, UNKNOWN_SESSION)


def test_a_repeated_connect_is_recognised() -> None:
    table = PeerTable(8, 1392, False)
    peer = table.prepare(HERE)
    assert peer is not None
    peer.connect_id, peer.state = 77, PeerState.ACKNOWLEDGING_CONNECT
    table.add(peer)
    assert table.has_connection(HERE, 77)
    assert not table.has_connection(HERE, 78)
    assert not table.has_connection(Address("10.0.0.1", 2), 77)
    peer.state = PeerState.CONNECTING  # our own attempt, with an id of our own
    assert not table.has_connection(HERE, 77)
    peer.state = PeerState.ZOMBIE
    assert table.has_connection(HERE, 77)
    table.release(peer)
    assert not table.has_connection(HERE, 77)


def test_peers_of_one_ip_address_are_counted_but_not_our_own_attempts() -> None:
    table = PeerTable(16, 1392, False)
    for port in range(4):
        take(table, Address("10.0.0.1", port)).state = PeerState.CONNECTED
    take(table, Address("10.0.0.1", 9)).state = PeerState.CONNECTING
    take(table, Address("10.0.0.2", 1)).state = PeerState.CONNECTED
    assert table.count_from("10.0.0.1", 4) == 4
    assert table.count_from("10.0.0.1", 1) == 4
    assert table.count_from("10.0.0.1", 5) == 4
    assert table.count_from("10.0.0.2", 1) == 1
    assert table.count_from("10.0.0.3", 1) == 0


def test_released_peers_leave_nothing_behind() -> None:
    table = PeerTable(8, 1392, False)
    for _ in range(50):
        peers = [take(table, Address(f"10.0.0.{number % 3}", number)) for number in range(8)]
        for peer in peers:
            table.release(peer)
    assert table.slots == {}
    assert table.in_order() == []
    assert all(table.count_from(f"10.0.0.{number}", 0) == 0 for number in range(3))


def test_in_order_means_by_slot() -> None:
    table = PeerTable(8, 1392, False)
    peers = [take(table) for _ in range(4)]
    table.release(peers[1])
    again = take(table)
    assert table.in_order() == [peers[0], again, peers[2], peers[3]]
