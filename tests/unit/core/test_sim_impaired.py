"""The impaired transport: around a transport that is a pair of lists, and around real sockets."""

from __future__ import annotations

import select
from collections.abc import Iterable

from godot_enet.core.clock import SystemClock
from godot_enet.core.interface import Address, Datagram, Transport
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import PacketFlag
from godot_enet.core.protocol.events import Event, EventType
from godot_enet.core.pump import Pump
from godot_enet.core.sim import LinkConfig
from godot_enet.core.transports.impaired import ImpairedTransport
from godot_enet.core.transports.udp import UdpTransport
from tests.conftest import EnginePair

PEER = Address("127.0.0.1", 4)
HERE = Address("127.0.0.1", 5)


class Lists:
    """A transport whose network is in plain sight."""

    def __init__(self) -> None:
        self.arrived: list[Datagram] = []
        self.sent: list[tuple[int, bytes]] = []
        self.timeout: int | None = None
        self.closed = 0

    def receive(self, limit: int, now: int) -> list[Datagram]:
        taken, self.arrived = self.arrived[:limit], self.arrived[limit:]
        return taken

    def send(self, batch: Iterable[Datagram], now: int) -> int:
        datagrams = list(batch)
        self.sent += [(now, datagram.data) for datagram in datagrams]
        return sum(len(datagram.data) for datagram in datagrams)

    def poll_timeout(self) -> int | None:
        return self.timeout

    def failed(self) -> bool:
        return False

    def fileno(self) -> int:
        return 42

    def local_address(self) -> Address | None:
        return HERE

    def close(self) -> None:
        self.closed += 1


def datagrams(*payloads: bytes) -> list[Datagram]:
    return [Datagram(payload, PEER) for payload in payloads]


def test_without_impairments_everything_passes_at_once() -> None:
    inner = Lists()
    transport: Transport = ImpairedTransport(inner)
    inner.arrived = datagrams(b"a", b"b", b"c")
    assert transport.receive(2, 10) == datagrams(b"a", b"b")
    assert transport.poll_timeout() == 10
    assert transport.receive(2, 11) == datagrams(b"c")
    assert transport.send(datagrams(b"xy", b"z"), 12) == 3
    assert inner.sent == [(12, b"xy"), (12, b"z")]
    assert transport.poll_timeout() is None
    assert transport.fileno() == 42
    assert transport.local_address() == HERE


def test_incoming_datagrams_wait_for_their_time() -> None:
    inner = Lists()
    transport = ImpairedTransport(inner, incoming=LinkConfig(delay=30))
    inner.arrived = datagrams(b"a")
    assert transport.receive(10, 100) == []
    assert transport.poll_timeout() == 130
    assert transport.receive(10, 129) == []
    assert transport.receive(10, 130) == datagrams(b"a")
    assert transport.poll_timeout() is None


def test_outgoing_datagrams_leave_with_the_next_call_once_they_are_due() -> None:
    inner = Lists()
    transport = ImpairedTransport(inner, outgoing=LinkConfig(delay=30))
    assert transport.send(datagrams(b"abc"), 100) == 3
    assert inner.sent == []
    assert transport.poll_timeout() == 130
    assert transport.receive(10, 131) == []
    assert inner.sent == [(131, b"abc")]


def test_timers_of_the_inner_transport_count_too() -> None:
    inner = Lists()
    inner.timeout = 7
    transport = ImpairedTransport(inner, outgoing=LinkConfig(delay=5))
    assert transport.poll_timeout() == 7
    transport.send(datagrams(b"x"), 1)
    assert transport.poll_timeout() == 6


def test_losses_count_as_sent_and_follow_the_seed() -> None:
    def survivors(seed: int) -> list[bytes]:
        inner = Lists()
        transport = ImpairedTransport(inner, outgoing=LinkConfig(loss=0.5), seed=seed)
        payloads = [b"%02d" % number for number in range(60)]
        assert transport.send(datagrams(*payloads), 0) == 120
        return [data for _, data in inner.sent]

    assert 0 < len(survivors(1)) < 60
    assert survivors(1) == survivors(1)
    assert survivors(1) != survivors(2)


def test_the_two_directions_are_independent() -> None:
    inner = Lists()
    transport = ImpairedTransport(inner, outgoing=LinkConfig(loss=1.0))
    inner.arrived = datagrams(b"in")
    transport.send(datagrams(b"out"), 0)
    assert inner.sent == []
    assert transport.receive(1, 0) == datagrams(b"in")


def test_one_call_takes_a_bounded_number_from_the_socket() -> None:
    inner = Lists()
    transport = ImpairedTransport(inner)
    inner.arrived = datagrams(*[b"x"] * 1000)
    transport.receive(10, 0)
    assert len(inner.arrived) == 1000 - 256


def test_closing_forgets_what_is_on_its_way() -> None:
    inner = Lists()
    transport = ImpairedTransport(inner, outgoing=LinkConfig(delay=5))
    transport.send(datagrams(b"x"), 0)
    transport.close()
    transport.close()
    assert inner.closed == 2
    assert inner.sent == []
    assert transport.poll_timeout() is None


def test_engines_get_through_on_real_sockets(engine_pair: EnginePair) -> None:
    clock, link = SystemClock(), LinkConfig(loss=0.15, duplicate=0.1, delay=2, jitter=5, reorder=0.5)
    transports: list[Transport] = [
        ImpairedTransport(UdpTransport("127.0.0.1", 0), outgoing=link, incoming=link, seed=3),
        UdpTransport("127.0.0.1", 0),
    ]
    config = HostConfig(seed=1)
    client, server = (
        Pump(factory(config), transport) for factory, transport in zip(engine_pair, transports, strict=True)
    )
    messages = [b"message %d" % number for number in range(200)]
    deadline = clock.now() + 60_000
    heard: list[Event] = []
    try:
        address = transports[1].local_address()
        assert address is not None
        peer = client.engine.connect(address, 1, 0)
        while len(heard) < 1 + len(messages) and clock.now() < deadline:
            now = clock.now()
            for pump in (client, server):
                pump.step(now)
            while (event := client.engine.poll_event()) is not None:
                assert event == Event(EventType.CONNECT, peer)
                for message in messages:
                    client.engine.send(peer, 0, message, PacketFlag.RELIABLE)
            while (event := server.engine.poll_event()) is not None:
                heard.append(event)
            due = [moment for pump in (client, server) if (moment := pump.poll_timeout()) is not None]
            wait = max(min([*due, deadline]) - clock.now(), 0) / 1000
            select.select([transport.fileno() for transport in transports], [], [], wait)
    finally:
        for transport in transports:
            transport.close()
    assert heard[0].type == EventType.CONNECT
    assert [event.packet for event in heard[1:]] == messages


def test_a_link_that_changes_changes_what_enters_from_then_on() -> None:
    inner = Lists()
    transport = ImpairedTransport(inner, LinkConfig(delay=10), LinkConfig(delay=10))
    transport.send(datagrams(b"slow"), 100)
    inner.arrived = datagrams(b"in")
    assert transport.receive(10, 100) == []
    transport.impair(LinkConfig(loss=1.0), LinkConfig(delay=30))
    assert transport.send(datagrams(b"lost"), 105) == 4
    inner.arrived = datagrams(b"late")
    assert transport.receive(10, 110) == datagrams(b"in")
    assert inner.sent == [(110, b"slow")]
    assert transport.receive(10, 139) == []
    assert transport.receive(10, 140) == datagrams(b"late")
