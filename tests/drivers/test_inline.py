"""The inline driver: all work is done by whoever calls, and only then."""

from __future__ import annotations

import threading

from godot_enet import ENetConnection, ENetPacketPeer
from tests.unit.compat.stage import Stage, kinds

RECEIVED = ENetConnection.HOST_TOTAL_RECEIVED_PACKETS
SENT = ENetConnection.HOST_TOTAL_SENT_PACKETS


def test_there_is_no_thread(inline: Stage) -> None:
    before = threading.active_count()
    link = inline.link()
    assert threading.active_count() == before
    link.server.service(10)
    assert threading.active_count() == before


def test_nothing_is_sent_or_received_outside_service_and_flush(inline: Stage) -> None:
    link = inline.link()
    link.fence()
    for connection in (link.client, link.server):
        for statistic in (SENT, RECEIVED):
            connection.pop_statistic(statistic)
    link.at_client.send(0, b"one", 1)
    link.at_client.ping()
    assert link.client.pop_statistic(SENT) == 0
    link.client.flush()
    assert link.client.pop_statistic(SENT) == 1
    assert link.client.pop_statistic(RECEIVED) == link.server.pop_statistic(RECEIVED) == 0
    assert link.server.service(10_000).type == ENetConnection.EVENT_RECEIVE
    assert link.server.pop_statistic(RECEIVED) >= 1


def test_flush_receives_nothing_and_reports_nothing(inline: Stage) -> None:
    link = inline.link()
    link.at_client.send(0, b"x", 1)
    link.client.flush()
    for _ in range(100):
        link.server.flush()
    assert link.at_server.get_available_packet_count() == 0
    inline.run(link.at_server.get_available_packet_count)


def test_while_events_are_queued_the_network_is_not_touched(inline: Stage) -> None:
    link = inline.link()
    for number in range(5):
        link.at_client.send(0, bytes([number]), 1)
    link.client.flush()
    assert link.server.service(10_000).type == ENetConnection.EVENT_RECEIVE
    link.server.pop_statistic(RECEIVED)
    link.at_client.send(0, b"later", 1)
    link.client.flush()
    assert kinds([link.server.service(10_000) for _ in range(4)]) == [ENetConnection.EVENT_RECEIVE] * 4
    assert link.server.pop_statistic(RECEIVED) == 0
    assert link.server.service(10_000).type == ENetConnection.EVENT_RECEIVE
    assert link.server.pop_statistic(RECEIVED) >= 1


def test_a_wait_keeps_the_network_going(inline: Stage) -> None:
    """Who blocks in service() acknowledges, pings and answers all the while."""
    link = inline.link()
    ended = threading.Event()

    def block() -> None:
        while not ended.is_set():
            link.server.service(500)

    server = threading.Thread(target=block, daemon=True)
    server.start()
    link.at_client.set_timeout(1, 2000, 4000)
    rtt = ENetPacketPeer.PEER_ROUND_TRIP_TIME
    for _ in range(20):
        link.at_client.send(0, b"x", 1)
        for _ in range(5):
            assert link.client.service(10).type == ENetConnection.EVENT_NONE
    assert link.at_client.get_statistic(rtt) < 500
    assert link.at_client.get_state() == ENetPacketPeer.STATE_CONNECTED
    ended.set()
    server.join()
