"""``_service_rest``: what a caller that waits for the socket does after an event, without receiving."""

from __future__ import annotations

from godot_enet import ENetConnection, ENetPacketPeer
from tests.unit.compat.stage import DEADLINE, Link, Stage

RECEIVE, NONE = ENetConnection.EVENT_RECEIVE, ENetConnection.EVENT_NONE
TIMEOUT = int(1000 * DEADLINE)


def send(link: Link, *packets: bytes) -> None:
    for packet in packets:
        link.at_client.send(0, packet, ENetPacketPeer.FLAG_RELIABLE)
    link.client.flush()


def rest(link: Link) -> list[bytes]:
    """Take the packets that wait, each once."""
    packets = []
    while link.server._service_rest().type is RECEIVE:
        packets.append(link.at_server.get_packet())
    return packets


def test_it_reports_queued_events_and_acknowledges(stage: Stage) -> None:
    link = stage.link()
    send(link, b"1", b"2", b"3")
    assert link.server.service(TIMEOUT).type is RECEIVE
    assert link.at_server.get_packet() == b"1"
    assert rest(link) == [b"2", b"3"]
    link.client.pop_statistic(ENetConnection.HOST_TOTAL_RECEIVED_PACKETS)
    stage.run(lambda: link.client.pop_statistic(ENetConnection.HOST_TOTAL_RECEIVED_PACKETS))


def test_what_arrives_meanwhile_is_there_for_the_next_call(stage: Stage) -> None:
    link = stage.link()
    send(link, b"1")
    assert link.server.service(TIMEOUT).type is RECEIVE
    send(link, b"2", b"3")
    packets = [link.at_server.get_packet(), *rest(link)]
    while len(packets) < 3:
        assert link.server.service(TIMEOUT).type is RECEIVE
        packets += [link.at_server.get_packet(), *rest(link)]
    assert packets == [b"1", b"2", b"3"]
    assert link.server.service().type is NONE


def test_it_sends_replies(inline: Stage) -> None:
    link = inline.link()
    send(link, b"ping")
    assert link.server.service(TIMEOUT).type is RECEIVE
    link.at_server.send(0, b"pong", ENetPacketPeer.FLAG_RELIABLE)
    assert link.server._service_rest().type is NONE
    assert link.client.service(TIMEOUT).type is RECEIVE
    assert link.at_client.get_packet() == b"pong"
