"""``receive_all``: the packets that a loop over ``service`` and ``get_packet`` takes, in one list."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error
from tests.unit.compat.stage import Link, Stage

CONNECT, DISCONNECT = ENetConnection.EVENT_CONNECT, ENetConnection.EVENT_DISCONNECT
NONE = ENetConnection.EVENT_NONE
RELIABLE, UNSEQUENCED = ENetPacketPeer.FLAG_RELIABLE, ENetPacketPeer.FLAG_UNSEQUENCED

Received = list[tuple[ENetPacketPeer, int, int, bytes]]


def run_others(stage: Stage, server: ENetConnection, until: Callable[[], object]) -> None:
    """Service all connections except the server, until the condition holds."""
    own = stage._events.pop(server)
    try:
        stage.run(until)
    finally:
        stage._events[server] = own


def gather(link: Link, count: int, each: Callable[[], object] = lambda: None, *limit: int) -> Received:
    """Take packets until there are so many."""
    packets: Received = []

    def take() -> bool:
        each()
        found = link.server.receive_all(*limit)
        assert len(found) <= min(limit, default=count)
        packets.extend(found)
        return len(packets) >= count

    run_others(link.stage, link.server, take)
    return packets


def test_all_packets_come_in_order_with_peer_channel_and_flags(stage: Stage) -> None:
    link = stage.link(channels=3)
    sent = [(number % 3, RELIABLE, b"%d" % number) for number in range(200)]
    for channel, flags, packet in sent:
        assert link.at_client.send(channel, packet, flags) is Error.OK
    packets = gather(link, len(sent))
    assert all(peer is link.at_server for peer, _, _, _ in packets)
    for channel in range(3):
        assert [each[1:] for each in packets if each[1] == channel] == [each for each in sent if each[0] == channel]
    assert link.at_server.get_available_packet_count() == 0
    assert link.server.receive_all() == []
    assert link.server.service().type is NONE


def test_flags_of_unsequenced_packets(stage: Stage) -> None:
    link = stage.link()
    packets = gather(link, 1, lambda: link.at_client.send(0, b"", UNSEQUENCED))
    assert packets[0] == (link.at_server, 0, UNSEQUENCED, b"")


def test_another_event_ends_the_list_and_comes_next(stage: Stage) -> None:
    link = stage.link()
    for number in range(3):
        link.at_client.send(0, b"%d" % number, RELIABLE)
    link.at_client.peer_disconnect_later(7)
    assert [packet for *_, packet in gather(link, 3)] == [b"0", b"1", b"2"]
    seen: list[object] = []

    def left() -> bool:
        assert link.server.receive_all() == []
        event = link.server.service()
        if event.type is not NONE:
            seen.append((event.type, event.peer, event.data))
        return bool(seen)

    run_others(stage, link.server, left)
    assert seen == [(DISCONNECT, link.at_server, 7)]


def test_a_connect_comes_before_the_packets_of_its_peer(stage: Stage) -> None:
    server, client = stage.server(), stage.client()
    peer = client.connect_to_host("127.0.0.1", server.get_local_port(), 1, 5)
    assert peer is not None
    packets = [b"0", b"1", b"2"]
    order: list[object] = []

    def take() -> bool:
        if peer.get_state() == peer.STATE_CONNECTED and packets:
            while packets:
                peer.send(0, packets.pop(0), RELIABLE)
            client.flush()
        order.extend(packet for *_, packet in server.receive_all())
        event = server.service()
        if event.type is CONNECT:
            order.append(event.data)
        elif event.type is ENetConnection.EVENT_RECEIVE:
            order.append(event.peer.get_packet())
        return len(order) >= 4

    run_others(stage, server, take)
    assert order[:4] == [5, b"0", b"1", b"2"]


def test_a_limit_leaves_the_others_for_the_next_call(stage: Stage) -> None:
    link = stage.link()
    for number in range(10):
        link.at_client.send(0, b"%d" % number, RELIABLE)
    packets = gather(link, 10, lambda: None, 4)
    assert [packet for *_, packet in packets] == [b"%d" % number for number in range(10)]


@pytest.mark.parametrize("destroyed", [False, True])
def test_without_a_host_it_is_empty_and_logged(
    stage: Stage, logged: Callable[[], list[str]], *, destroyed: bool
) -> None:
    connection = stage.connection()
    if destroyed:
        connection.create_host(1)
        connection.destroy()
    logged()
    assert connection.receive_all() == []
    assert logged() == ["The ENetConnection instance isn't currently active."]
