"""The bad network between an ENetConnection and its socket, on real sockets and both engines."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error
from godot_enet.core import BindError
from godot_enet.tools import bad_network
from godot_enet.tools.bad_network import BadNetwork
from tests.unit.tools.talking_pair import Pair, connections

RELIABLE = ENetPacketPeer.FLAG_RELIABLE


@pytest.fixture
def pair(host_engine: str) -> Iterator[Pair]:
    with connections() as pair:
        assert pair.client.engine_name == host_engine
        yield pair


def test_latency_counts_both_ways(pair: Pair, host_engine: str) -> None:
    network = BadNetwork(pair.client, latency=40)
    assert pair.client.engine_name == host_engine
    began = time.monotonic()
    peer = pair.connect()
    assert time.monotonic() - began >= 0.079
    assert (network.latency, network.jitter, network.loss) == (40, 0, 0.0)

    network.change(latency=0)
    network.change(jitter=1)
    assert (network.latency, network.jitter) == (0, 1)
    peer.send(0, b"again", RELIABLE)
    pair.until(lambda: pair.at_server == [b"again"])


def test_a_lost_packet_arrives_once_the_line_is_mended(pair: Pair) -> None:
    network = BadNetwork(pair.client)
    peer = pair.connect()
    network.change(loss=1.0)
    peer.send(0, b"needed", RELIABLE)
    peer.send(1, b"not needed", 0)
    pair.client.flush()
    deadline = time.monotonic() + 0.1
    while time.monotonic() < deadline:
        pair.step()
    assert pair.at_server == []
    network.change(loss=0.0)
    pair.until(lambda: pair.at_server == [b"needed"])


def test_a_living_connection_can_get_worse(pair: Pair) -> None:
    """Peers, packets that wait and traffic totals go over, also from a host in C."""
    peer = pair.connect()
    pair.server.broadcast(0, b"before", RELIABLE)
    pair.until(lambda: pair.arrived == [b"before"])
    BadNetwork(pair.client, latency=5)
    assert pair.client.get_peers() == [peer]
    assert peer.get_state() == ENetPacketPeer.STATE_CONNECTED
    assert pair.client.pop_statistic(ENetConnection.HOST_TOTAL_RECEIVED_PACKETS) >= 2
    pair.server.broadcast(0, b"after", RELIABLE)
    pair.until(lambda: pair.arrived == [b"before", b"after"])


def test_duplicates_are_no_second_packets(pair: Pair) -> None:
    BadNetwork(pair.client, duplicate=1.0, jitter=5, reorder=0.5)
    peer = pair.connect()
    sent = [b"%d" % number for number in range(20)]
    for packet in sent:
        peer.send(0, packet, RELIABLE)
    pair.until(lambda: len(pair.at_server) >= len(sent))
    assert pair.at_server == sent


def test_it_needs_an_active_connection() -> None:
    with pytest.raises(ValueError, match="call create_host first"):
        BadNetwork(ENetConnection())


def test_without_a_descriptor_for_its_host_in_python_the_connection_ends(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_successor(*_: object) -> None:
        raise BindError("Too many open files")

    monkeypatch.setattr(bad_network, "with_stage", no_successor)
    with connections() as pair:
        with pytest.raises(ValueError, match="call create_host first"):
            BadNetwork(pair.client)
        assert pair.client.service().type is ENetConnection.EVENT_ERROR
        assert "Too many open files" in caplog.records[0].getMessage()
        assert pair.client.create_host(1) is Error.OK


def test_a_value_out_of_range_changes_nothing() -> None:
    with connections() as pair:
        network = BadNetwork(pair.client, latency=7, loss=0.25)
        with pytest.raises(ValueError, match=r"loss must be 0\.0\.\.1\.0"):
            network.change(latency=9, loss=1.5)
        with pytest.raises(ValueError, match="delay must not be negative"):
            network.change(latency=-1)
        assert (network.latency, network.loss) == (7, 0.25)
        with pytest.raises(ValueError, match="jitter"):
            BadNetwork(pair.server, jitter=-1)
        assert pair.server.get_local_port() == pair.port
