"""From a host in C to one in Python and back in the middle of a connection: compression that only Python has."""

from __future__ import annotations

import contextlib
import gc
import socket
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error
from godot_enet.core import Event, EventType, HostConfig
from godot_enet.core.clock import SystemClock
from godot_enet.core.host import Host
from godot_enet.core.native import NativeEngine, NativeHost
from godot_enet.core.native import host as native_host
from godot_enet.core.native.host import CtypesHost
from godot_enet.core.native.structs import event_of
from godot_enet.core.protocol.constants import HostStatistic, PeerStatistic
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.transports.udp import UdpTransport
from tests.native.native_connections import fill, needs_hot, same_host
from tests.unit.compat.stage import DEADLINE, Link, Stage

NONE, RANGE_CODER, FASTLZ, ZLIB = (
    ENetConnection.COMPRESS_NONE,
    ENetConnection.COMPRESS_RANGE_CODER,
    ENetConnection.COMPRESS_FASTLZ,
    ENetConnection.COMPRESS_ZLIB,
)


class Alarm(Exception):
    """As a signal handler raises it."""


@pytest.fixture
def link(stage: Stage) -> Link:
    return stage.link()


def switch(link: Link, mode: ENetConnection.CompressionMode) -> None:
    for connection in (link.client, link.server):
        connection.compress(mode)


def test_the_connection_stays(link: Link) -> None:
    peers = link.client.get_peers(), link.server.get_peers()
    ports = link.client.get_local_port(), link.server.get_local_port()
    assert same_host(link.server, native=True)
    for number, mode in enumerate((RANGE_CODER, ZLIB, FASTLZ, NONE, ZLIB, RANGE_CODER)):
        switch(link, mode)
        assert same_host(link.server, native=number == 0)
        assert link.server.engine_name == "native"
        link.fence()
        assert link.deliver(b"%d" % number * 3000)[0] == b"%d" % number * 3000
        while link.at_server.get_available_packet_count():
            link.at_server.get_packet()
    assert (link.client.get_peers(), link.server.get_peers()) == peers
    assert (link.client.get_local_port(), link.server.get_local_port()) == ports
    assert {event.type for event in link.stage.peek(link.client)} == {ENetConnection.EVENT_RECEIVE}


def test_packets_that_wait_to_be_taken(link: Link) -> None:
    """In order, with their flags, from before and after."""
    fill(link, [b"1", b"", b"3"])
    fill(link, [b"4"], ENetPacketPeer.FLAG_UNSEQUENCED)
    assert link.at_server.get_packet() == b"1"
    switch(link, ZLIB)
    assert link.at_server.get_available_packet_count() == 3
    fill(link, [b"5"])
    taken = []
    while link.at_server.get_available_packet_count():
        flags = link.at_server.get_packet_flags()
        taken.append((link.at_server.get_packet(), flags))
        assert link.at_server.get_packet_error() is Error.OK
    assert taken == [(b"", 1), (b"3", 1), (b"4", 2), (b"5", 1)]


def test_packets_that_wait_to_be_sent(link: Link) -> None:
    for number in range(100):
        assert link.at_client.send(0, b"%d" % number, ENetPacketPeer.FLAG_RELIABLE) is Error.OK
        if number == 50:
            switch(link, ZLIB)
    link.stage.run(lambda: link.at_server.get_available_packet_count() == 100)
    assert [link.at_server.get_packet() for _ in range(100)] == [b"%d" % number for number in range(100)]


def test_events_that_wait_to_be_reported(stage: Stage) -> None:
    server, client = stage.server(), stage.client()
    peer = client.connect_to_host("127.0.0.1", server.get_local_port())
    assert peer is not None
    switched = False
    while not switched:
        server.service()
        client.service(1)
        switched = peer.get_state() == ENetPacketPeer.STATE_CONNECTED
    server.compress(ZLIB)
    client.compress(ZLIB)
    assert peer.send(0, b"x", 1) is Error.OK
    stage.run(lambda: server.get_peers() and server.get_peers()[0].get_available_packet_count())
    assert server.get_peers()[0].get_packet() == b"x"


def test_statistics_go_on(link: Link) -> None:
    """What a total was before is counted once, and not forgotten."""
    link.fence()
    link.server.pop_statistic(ENetConnection.HOST_TOTAL_RECEIVED_PACKETS)
    before = link.at_server.get_statistic(ENetPacketPeer.PEER_LAST_ROUND_TRIP_TIME)
    fill(link, [b"x"])
    link.server.compress(ZLIB)
    assert link.at_server.get_statistic(ENetPacketPeer.PEER_LAST_ROUND_TRIP_TIME) == before
    assert link.server.pop_statistic(ENetConnection.HOST_TOTAL_RECEIVED_PACKETS) >= 1
    assert link.server.counters() == dict.fromkeys(link.server.counters(), 0)


def test_totals_and_a_refusal_go_on(link: Link, stage: Stage) -> None:
    received = ENetConnection.HOST_TOTAL_RECEIVED_PACKETS
    link.fence()
    link.server.pop_statistic(received)
    before = link.server.get_total(received)
    link.server.refuse_connects(True, 9)
    link.server.compress(ZLIB)
    assert link.server.get_total(received) >= before > 0
    assert link.server.pop_statistic(received) <= link.server.get_total(received) - before
    summary = link.server.summary()
    assert summary is not None
    assert summary.connected == 1
    client = stage.client()
    client.compress(ZLIB)
    client.connect_to_host("127.0.0.1", link.server.get_local_port())
    stage.run(lambda: stage.peek(client))
    (event,) = stage.events(client)
    assert (event.type, event.data) == (ENetConnection.EVENT_DISCONNECT, 9)


def read_everything(server: ENetConnection, host: Any, peer: int) -> dict[str, object]:
    """What a thread that has asked for the host just before its change finds there."""
    return {
        "peers": host.peers(),
        "state": host.peer_state(peer),
        "port": host.peer_info(peer).address.port,
        "address": host.peer_address(peer),
        "limit": host.peer_statistic(peer, PeerStatistic.PACKET_THROTTLE_LIMIT),
        "connected": host.summary().connected,
        "received": host.total(HostStatistic.TOTAL_RECEIVED_PACKETS) > 0,
        "drops": host.counters()[Drop.UNKNOWN_PEER],
        "bound": host.local_address().port,
        "channels": host.channel_limit,
        "socket": host.fileno(),
    }


@pytest.fixture
def counting(link: Link) -> Link:
    """One whose server has something to lose: a limit of its own, and a drop."""
    link.server.channel_limit(9)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto((5).to_bytes(2, "big") + bytes(98), ("127.0.0.1", link.server.get_local_port()))
        link.stage.run(lambda: link.server.counters()[Drop.UNKNOWN_PEER])
    link.server.fileno()
    return link


class Late:
    """The functions of C, where the host is changed just before one of them is called."""

    def __init__(self, functions: Any, name: str, change: Callable[[], object]) -> None:
        self._functions, self._name, self._change = functions, name, change

    def __getattr__(self, name: str) -> Any:
        if name == self._name:
            self._name = ""
            self._change()
        return getattr(self._functions, name)


@pytest.mark.parametrize(
    "name",
    ["peers", "peer_state", "peer_info", "peer_statistic", "add_summary", "total", "drops", "local_address", "fileno"],
)
def test_no_read_finds_the_empty_host_that_remains(counting: Link, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A scrape in another thread would take its zeros for true, and Prometheus for a restart."""
    server, peer = counting.server, counting.at_server._handle
    host: Any = server._host
    expected = read_everything(server, host, peer)
    late = Late(host._gde, f"gde_host_{name}", lambda: server.compress(ZLIB))
    monkeypatch.setattr(host, "_gde", late)
    monkeypatch.setattr(type(host), "_known_address", CtypesHost._known_address)
    assert read_everything(server, host, peer) == expected
    assert server._host is not host
    assert read_everything(server, host, peer) == expected, "it still has none of its own"


def test_a_read_waits_while_another_thread_changes_the_host(counting: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    server, peer = counting.server, counting.at_server._handle
    host: Any = server._host
    expected = read_everything(server, host, peer)
    found: list[object] = []
    reader = threading.Thread(target=lambda: found.append(read_everything(server, host, peer)))
    adopt = NativeEngine.adopt

    def begin(*given: Any) -> NativeEngine:
        """The engine is on its way; nobody has it."""
        reader.start()
        reader.join(0.05)
        assert not found
        return adopt(*given)

    monkeypatch.setattr(NativeEngine, "adopt", begin)
    server.compress(ZLIB)
    reader.join(DEADLINE)
    assert found == [expected]


def test_what_is_popped_during_a_change_is_popped_once(counting: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    server, received = counting.server, HostStatistic.TOTAL_RECEIVED_DATA
    host: Any = server._host
    server.pop_statistic(received)
    before = server.get_total(received)
    fill(counting, [bytes(1000)])
    late = Late(host._gde, "gde_host_pop_statistic", lambda: server.compress(ZLIB))
    monkeypatch.setattr(host, "_gde", late)
    popped = host.pop_statistic(received)
    assert popped >= 1000
    assert popped + host.pop_statistic(received) == server.get_total(received) - before


def test_a_flush_of_the_host_of_before_sends(link: Link) -> None:
    host: Any = link.client._host
    link.client.compress(NONE)
    for connection in (link.client, link.server):
        connection.compress(ZLIB)
    link.client.pop_statistic(ENetConnection.HOST_TOTAL_SENT_PACKETS)
    link.at_client.send(0, b"x", 1)
    host.flush()
    assert link.client.pop_statistic(ENetConnection.HOST_TOTAL_SENT_PACKETS) >= 1
    link.fence()


def test_other_methods_still_find_the_peer(link: Link) -> None:
    switch(link, ZLIB)
    assert link.at_client.is_active()
    assert link.at_client.get_state() == ENetPacketPeer.STATE_CONNECTED
    assert link.at_client.get_channels() == 255
    link.at_client.peer_disconnect(7)
    link.stage.run(lambda: link.stage.peek(link.server))
    (event,) = link.stage.events(link.server)
    assert (event.type, event.peer, event.data) == (ENetConnection.EVENT_DISCONNECT, link.at_server, 7)
    assert not link.at_server.is_active()


def test_destroyed_afterwards(link: Link) -> None:
    switch(link, ZLIB)
    port = link.server.get_local_port()
    link.server.destroy()
    assert not link.at_server.is_active()
    assert link.server.create_host_bound("127.0.0.1", port) is Error.OK
    assert same_host(link.server, native=True)


@pytest.mark.skipif(sys.platform != "linux", reason="others do not put datagrams together")
def test_datagrams_that_the_system_has_put_together_before(link: Link) -> None:
    """They wait in the socket as one block, whose length only the system knows how to cut up."""
    unknown_peer = (5).to_bytes(2, "big") + bytes(98)
    last = unknown_peer[:50]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        cut = [(socket.IPPROTO_UDP, 103, len(unknown_peer).to_bytes(2, sys.byteorder))]  # UDP_SEGMENT
        address = ("127.0.0.1", link.server.get_local_port())
        link.server.flush()
        try:
            sender.sendmsg([unknown_peer * 3 + last], cut, 0, address)
        except OSError as error:
            pytest.skip(f"this system does not cut datagrams up: {error}")
    link.server.compress(ZLIB)
    for _ in range(3):
        link.server.service()
    drops = {cause.name: count for cause, count in link.server.counters().items() if count}
    assert drops == {"UNKNOWN_PEER": 4}
    link.client.compress(ZLIB)
    link.fence()


@needs_hot
def test_a_packet_that_was_taken_just_before(link: Link) -> None:
    """It is acknowledged, so nobody would send it again."""
    server = link.server

    def hand_over(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_name == "_await_peer":
            sys.setprofile(None)
            switch(link, ZLIB)

    # As if the call that took its CONNECT event were not done yet.
    server._register_peer(link.at_server._handle & 0xFFF, None)
    link.at_client.send(3, b"precious", ENetPacketPeer.FLAG_RELIABLE)
    link.client.flush()
    deadline = time.monotonic() + DEADLINE
    sys.setprofile(hand_over)
    try:
        while (event := server.service(10)).type == ENetConnection.EVENT_NONE:
            assert time.monotonic() < deadline
    finally:
        sys.setprofile(None)
    assert not same_host(server, native=True)
    assert event == (ENetConnection.EVENT_RECEIVE, link.at_server, 0, 3)
    assert (link.at_server.get_packet_flags(), link.at_server.get_packet()) == (1, b"precious")


def take_into(connection: ENetConnection) -> Any:
    """As an ENetMultiplayerPeer takes events."""
    events: list[Any] = []
    connection._service_into(events)
    return events[0] if events else connection._service_again(0)


@needs_hot
@pytest.mark.parametrize("take", [ENetConnection.service, take_into])
def test_a_packet_of_an_interrupted_call_goes_to_the_successor(
    link: Link, take: Callable[[ENetConnection], Any]
) -> None:
    """The engine has moved on when the call gives the packet back."""
    server = link.server

    def hand_over(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_name == "_await_peer":
            sys.setprofile(None)
            switch(link, ZLIB)
            raise Alarm

    server._register_peer(link.at_server._handle & 0xFFF, None)
    link.at_client.send(3, b"precious", ENetPacketPeer.FLAG_RELIABLE)
    link.client.flush()
    deadline = time.monotonic() + DEADLINE
    sys.setprofile(hand_over)
    try:
        with contextlib.suppress(Alarm):
            while take(server)[0] == ENetConnection.EVENT_NONE:
                assert time.monotonic() < deadline
    finally:
        sys.setprofile(None)
    assert not same_host(server, native=True)
    assert server.service() == (ENetConnection.EVENT_RECEIVE, link.at_server, 0, 3)
    assert link.at_server.get_packet() == b"precious"


@pytest.mark.parametrize("kind", [pytest.param(NativeHost, marks=needs_hot), CtypesHost])
def test_an_event_of_an_interrupted_call_goes_to_the_successor(
    kind: type[CtypesHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = kind(HostConfig(), SystemClock(), bind="127.0.0.1", threaded=False)
    client = Host(threaded=False)
    address = server.local_address()
    assert address is not None
    client.connect(address, 2, 7)
    successors: list[Host] = []

    def succeed(engine: NativeEngine, descriptor: int, events: object, totals: object) -> Host:
        transport = UdpTransport.adopt(descriptor)
        return Host(server.config, threaded=False, transport=transport, engine=engine, left=server.left)

    def hand_over(*given: Any) -> Event:
        if not successors:
            successors.append(server.detach_to(succeed))
            raise Alarm
        return original(*given)

    original: Callable[..., Event]
    if kind is CtypesHost:
        original = event_of
        monkeypatch.setattr(native_host, "event_of", hand_over)
    else:
        original = server._event
        monkeypatch.setattr(server, "_event", hand_over)
    deadline = time.monotonic() + DEADLINE
    with contextlib.suppress(Alarm):
        while server.service() is None:
            client.service()
            assert time.monotonic() < deadline
    event = successors[0].service()
    assert event is not None
    assert (event.type, event.data) == (EventType.CONNECT, 7)
    successors[0].close()
    client.close()


@needs_hot
@pytest.mark.refcounts
def test_a_finalizer_may_give_a_connection_its_next_host() -> None:
    """A peer that goes with the former one."""
    host = NativeHost(HostConfig(), SystemClock(), threaded=False)
    connection = ENetConnection()

    class Last(ENetPacketPeer):
        def __del__(self) -> None:
            connection._native(host, {}, [], [])

    connection._native(host, {}, [], [])
    connection._register_peer(1, Last.__new__(Last))
    connection._native(None, {}, [], [])
    assert host in gc.get_referents(connection)
    connection._native(None, {}, [], [])
    assert host not in gc.get_referents(connection)
    host.close()
