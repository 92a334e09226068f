"""The composition root: how a host is put together, and what it does when it is closed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from godot_enet.core import (
    Address,
    BindError,
    DisconnectMode,
    Event,
    EventType,
    Host,
    HostClosed,
    HostConfig,
    HostStatistic,
    InvalidChannel,
    NoFreePeer,
    NotConnected,
    PacketTooLarge,
    PeerHandle,
    PeerOption,
    PeerState,
    PeerStatistic,
    UnknownPeer,
)
from godot_enet.core.any_host import AnyHost
from godot_enet.core.interface import Datagram

NOWHERE = Address("127.0.0.1", 9)
Make = Callable[..., Any]


class Wire:
    """A transport without a socket."""

    def __init__(self) -> None:
        self.sent: list[Datagram] = []
        self.closed = 0

    def receive(self, limit: int, now: int) -> list[Datagram]:
        return []

    def send(self, batch: Iterable[Datagram], now: int) -> int:
        taken = list(batch)
        self.sent += taken
        return sum(len(datagram.data) for datagram in taken)

    def poll_timeout(self) -> int | None:
        return None

    def fileno(self) -> int:
        return -1

    def local_address(self) -> Address | None:
        return Address("10.1.1.1", 1)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture(params=[True, False], ids=["threaded", "inline"])
def make(request: pytest.FixtureRequest, host_engine: str) -> Iterator[Make]:
    """Makes hosts, and closes them after the test: the best there are, or around a given transport."""
    hosts: list[AnyHost] = []

    def make(config: HostConfig | None = None, **options: Any) -> AnyHost:
        opened = Host if "transport" in options else Host.open
        hosts.append(opened(config, threaded=request.param, **options))
        return hosts[-1]

    yield make
    for host in hosts:
        host.close()


def test_a_transport_of_ones_own(make: Make) -> None:
    wire = Wire()
    host = make(transport=wire)
    assert host.local_address() == Address("10.1.1.1", 1)
    host.connect(NOWHERE)
    host.flush()
    host.socket_send(b"raw", NOWHERE)
    assert [len(datagram.data) for datagram in wire.sent] == [4 + 48, 3]
    assert host.pop_statistic(HostStatistic.TOTAL_SENT_PACKETS) == 1  # raw datagrams are not counted
    host.close()
    assert wire.closed == 1


def test_connect_ids_are_random_unless_seeded(make: Make) -> None:
    def connect(seed: int) -> bytes:
        wire = Wire()
        host = make(HostConfig(seed=seed), transport=wire)
        host.connect(NOWHERE)
        host.flush()
        return wire.sent[0].data[-8:-4]  # where the connect id is

    assert connect(5) == connect(5)
    assert len({connect(0) for _ in range(4)}) > 1


def test_the_port_is_said_when_it_cannot_be_had(make: Make) -> None:
    address = make(bind="127.0.0.1").local_address()
    assert address is not None
    with pytest.raises(BindError, match=str(address.port)):
        make(bind="127.0.0.1", port=address.port)


def test_two_hosts_talk(make: Make) -> None:
    server, client = make(bind="127.0.0.1"), make(HostConfig(peer_count=1))
    address = server.local_address()
    assert address is not None
    to_server = client.connect(address, 2, 7)
    seen: list[Event] = []
    while len(seen) < 2:
        seen += [event for host in (server, client) if (event := host.service(5)) is not None]
    assert {event.type for event in seen} == {EventType.CONNECT}
    assert sorted(event.data for event in seen) == [0, 7]
    (to_client,) = server.peers()
    assert server.peer_info(to_client).channel_count == client.peer_info(to_server).channel_count == 2
    with pytest.raises(InvalidChannel):
        client.send(to_server, 2, b"x", 1)
    with pytest.raises(PacketTooLarge):
        client.send(to_server, 0, bytes(32 * 1024 * 1024 + 1), 1)
    server.broadcast(1, b"hello", 1)
    while (event := client.service(5)) is None:
        server.service(5)
    assert (event.type, event.peer, event.channel, event.packet) == (EventType.RECEIVE, to_server, 1, b"hello")


def test_mistakes_raise_and_change_nothing(make: Make) -> None:
    host = make(HostConfig(peer_count=1))
    peer = host.connect(NOWHERE)
    with pytest.raises(NoFreePeer):
        host.connect(NOWHERE)
    with pytest.raises(NotConnected):
        host.send(peer, 0, b"x", 1)
    calls: list[Callable[[PeerHandle], object]] = [
        lambda handle: host.send(handle, 0, b"x", 1),
        lambda handle: host.disconnect(handle),
        lambda handle: host.ping(handle),
        lambda handle: host.configure(handle, PeerOption.PING_INTERVAL, 1),
        lambda handle: host.peer_info(handle),
        lambda handle: host.peer_statistic(handle, PeerStatistic.ROUND_TRIP_TIME),
    ]
    for stale in (PeerHandle(0), PeerHandle(peer + 4096)):
        for call in calls:
            with pytest.raises(UnknownPeer):
                call(stale)
        assert host.peer_state(stale) is PeerState.DISCONNECTED
    assert host.peers() == [peer]
    assert host.peer_state(peer) is PeerState.CONNECTING


def test_closing_ends_everything_that_changes_something(make: Make) -> None:
    host = make(bind="127.0.0.1")
    peer = host.connect(NOWHERE)
    assert not host.closed
    host.close()
    host.close()
    assert host.closed
    calls: list[Callable[[], object]] = [
        lambda: host.service(0),
        lambda: host.service(10_000),
        lambda: host.connect(NOWHERE),
        lambda: host.send(peer, 0, b"x", 1),
        lambda: host.broadcast(0, b"x", 1),
        lambda: host.disconnect(peer),
        lambda: host.disconnect(peer, 0, DisconnectMode.NOW),
        lambda: host.ping(peer),
        lambda: host.configure(peer, PeerOption.PING_INTERVAL, 1),
        lambda: host.set_bandwidth_limit(1, 1),
        lambda: host.set_channel_limit(1),
        lambda: host.set_compressor(None),
        lambda: host.socket_send(b"x", NOWHERE),
    ]
    for call in calls:
        with pytest.raises(HostClosed):
            call()
    host.flush()
    assert host.local_address() is None
    assert host.peer_info(peer).state is PeerState.CONNECTING
    assert host.engine_name in ("native", "python")


def test_totals_are_popped_modulo_32_bits(make: Make) -> None:
    host = make(transport=Wire())
    host._pump.sent_data = 2**32 + 5
    assert host.pop_statistic(HostStatistic.TOTAL_SENT_DATA) == 5
    assert host.pop_statistic(HostStatistic.TOTAL_SENT_DATA) == 0


def test_settings_reach_the_engine(make: Make) -> None:
    host = make(HostConfig(channel_limit=9))
    assert host.channel_limit == 9
    host.set_channel_limit(3)
    assert host.channel_limit == 3
    peer = host.connect(NOWHERE, 300)
    assert host.peer_info(peer).channel_count == 255
    host.disconnect(peer, 0, DisconnectMode.RESET)
    assert host.peers() == []
    assert sum(host.counters().values()) == 0
