"""The C methods of a host of the core do what the Python methods of the same names do."""

from __future__ import annotations

import gc
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from godot_enet import ENetConnection
from godot_enet.core import (
    Address,
    Drop,
    Event,
    EventType,
    Host,
    HostClosed,
    HostConfig,
    InvalidChannel,
    NotConnected,
    PacketFlag,
    PacketTooLarge,
    PeerHandle,
    SendQueueFull,
    UnknownPeer,
)
from godot_enet.core.any_host import AnyHost
from godot_enet.core.clock import SystemClock
from godot_enet.core.compression import Codec, make_compressor
from godot_enet.core.host import with_compressor
from godot_enet.core.native import NativeHost
from godot_enet.core.native.host import CtypesHost
from tests.interrupt.loopback_pair import open_pair
from tests.native.native_connections import needs_hot
from tests.rows import each_row

DEADLINE = 60.0
KINDS = {"C": NativeHost, "ctypes": CtypesHost}
RELIABLE = PacketFlag.RELIABLE


class Pair:
    """Two hosts that are connected."""

    def __init__(self, open_one: Callable[..., AnyHost], config: HostConfig | None = None) -> None:
        self.server = open_one(config or HostConfig(), bind="127.0.0.1")
        self.client = open_one(config or HostConfig())
        address = self.server.local_address()
        assert address is not None
        self.to_server = self.client.connect(Address("127.0.0.1", address.port), 2, 7)
        events: list[Event] = []
        own: list[Event] = []

        def connected() -> bool:
            self.client.service_into(own)
            self.server.service_into(events)
            return bool(own and events)

        self.until(connected)
        [joined] = events
        assert (joined.type, joined.data) == (EventType.CONNECT, 7)
        self.to_client = joined.peer

    def until(self, done: Callable[[], bool]) -> None:
        """Serve both until it is so."""
        deadline = time.monotonic() + DEADLINE
        while not done():
            self.client.flush()
            self.server.flush()
            assert time.monotonic() < deadline

    def arrived(self, count: int, limit: int = 1000) -> list[Event]:
        """So many events of the server, by calls that take up to ``limit``."""
        events: list[Event] = []

        def enough() -> bool:
            before = len(events)
            self.client.service()
            self.server.service_into(events, 0, limit)
            assert len(events) - before <= limit
            return len(events) >= count

        self.until(enough)
        return events


@pytest.fixture(params=KINDS)
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """Hosts in C, with the C methods and without."""
    if request.param == "C":
        request.applymarker(needs_hot)
    yield from opened(KINDS[request.param])


def opened(kind: type[CtypesHost]) -> Iterator[Pair]:
    def open_one(config: HostConfig, bind: str | None = None) -> AnyHost:
        return kind(config, SystemClock(), bind=bind, threaded=False)

    made = Pair(open_one)
    yield made
    made.server.close()
    made.client.close()


def test_events_are_the_same_records(pair: Pair) -> None:
    pair.client.send(pair.to_server, 1, b"ordered", RELIABLE)
    pair.client.send(pair.to_server, 0, b"any order", PacketFlag.UNSEQUENCED)
    pair.client.send(pair.to_server, 0, b"", 0)
    received = {event.packet: event for event in pair.arrived(3)}
    assert received == {
        b"ordered": Event(EventType.RECEIVE, pair.to_client, 1, 0, b"ordered", 1),
        b"any order": Event(EventType.RECEIVE, pair.to_client, 0, 0, b"any order", 2),
        b"": Event(EventType.RECEIVE, pair.to_client),
    }
    assert all(type(event) is Event and type(event.type) is EventType for event in received.values())
    assert all(hash(event) == hash(tuple(event)) for event in received.values())
    assert repr(received[b""]) == repr(Event(EventType.RECEIVE, pair.to_client))


def test_events_and_results_are_keys_like_any_tuple(host_engine: str) -> None:
    """Python 3.14 keeps the hash of a tuple in it, where it must not be of what was in it before."""
    found: dict[tuple[object, ...], int] = {}
    with open_pair("plain") as pair:
        for channel in range(3):
            pair.at_client.send(channel, b"same", 1)
            for _ in range(1000):
                pair.client.service()
                result = pair.server.service(1)
                if result.type is ENetConnection.EVENT_RECEIVE:
                    break
            found[result] = channel
            assert hash(result) == hash(tuple(result))
            del result
    assert [key[3] for key in found] == list(found.values()) == [0, 1, 2]


@each_row("limit", [1, 2, 7, 1000])
def test_a_call_takes_no_more_than_its_limit_and_nothing_is_lost(pair: Pair, limit: int) -> None:
    packets = [number.to_bytes(2, "big") for number in range(100)]
    for packet in packets:
        pair.client.send(pair.to_server, 0, packet, RELIABLE)
    assert [event.packet for event in pair.arrived(100, limit)] == packets


def test_what_was_left_comes_first_up_to_the_limit(pair: Pair) -> None:
    left = [Event(EventType.RECEIVE, PeerHandle(number)) for number in range(3)]
    pair.server.left += left
    taken: list[Event] = []
    pair.server.service_into(taken, 0, 2)
    assert (taken, pair.server.service(), pair.server.service()) == (left[:2], left[2], None)


def test_errors_are_those_of_the_core(pair: Pair) -> None:
    send = pair.client.send
    for wrong, arguments in (
        (InvalidChannel, (pair.to_server, 2, b"x", 1)),
        (InvalidChannel, (pair.to_server, -1, b"x", 1)),
        (InvalidChannel, (pair.to_server, 1 << 40, b"x", 1)),
        (UnknownPeer, (PeerHandle(pair.to_server + 4096), 0, b"x", 1)),
        (PacketTooLarge, (pair.to_server, 0, bytes(HostConfig().maximum_packet_size + 1), 1)),
    ):
        with pytest.raises(wrong):
            send(*arguments)
    pair.client.disconnect(pair.to_server)
    with pytest.raises(NotConnected):
        send(pair.to_server, 0, b"x", 1)
    pair.client.close()
    for call in (lambda: send(pair.to_server, 0, b"x", 1), pair.client.service, lambda: pair.client.service_into([])):
        with pytest.raises(HostClosed):
            call()
    pair.client.flush()
    assert pair.client.poll_timeout() is None


def test_what_the_queue_refuses_counts_once(pair: Pair) -> None:
    piece = bytes(HostConfig().maximum_packet_size)
    pair.client.send(pair.to_server, 0, piece, 1)
    with pytest.raises(SendQueueFull):
        pair.client.send(pair.to_server, 0, piece, 1)
    assert pair.client.counters()[Drop.QUEUED_DATA_FULL] == 1


def test_arguments_by_name_and_of_other_kinds(pair: Pair) -> None:
    pair.client.send(peer=pair.to_server, channel=0, packet=b"named", flags=1)
    pair.client.send(pair.to_server, True, b"bool", RELIABLE)
    assert [event.packet for event in pair.arrived(2)] in ([b"named", b"bool"], [b"bool", b"named"])
    assert pair.server.service(timeout=0) is None
    taken: list[Event] = []
    pair.server.service_into(taken=taken, timeout=0, limit=3)
    assert taken == []
    for arguments in ((), (1,), (pair.to_server, 0, b"x"), (pair.to_server, 0, b"x", 1, 2)):
        with pytest.raises(TypeError):
            pair.client.send(*arguments)
    with pytest.raises(TypeError):
        pair.server.service(1, 2)  # type: ignore[call-arg]


def test_a_successor_takes_the_calls_of_the_host_it_replaces(pair: Pair) -> None:
    if not isinstance(pair.client, NativeHost):
        pytest.skip("only a NativeHost has a successor")
    before = pair.client
    pair.client = with_compressor(before, make_compressor(Codec.ZLIB))
    pair.server = with_compressor(pair.server, make_compressor(Codec.ZLIB))
    try:
        before.send(pair.to_server, 0, b"by the old one", 1)
        assert [event.packet for event in pair.arrived(1)] == [b"by the old one"]
        assert before.service() is None
    finally:
        before.close()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers")
def test_a_signal_handler_that_raises_leaves_the_event_for_the_next_call(pair: Pair) -> None:
    class Alarm(Exception):
        pass

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise Alarm

    packets = [b"%d" % number for number in range(50)]
    for packet in packets:
        pair.client.send(pair.to_server, 0, packet, 1)
    heard: list[Event] = []
    gc.disable()  # what is raised inside a finalizer ends there
    before = signal.signal(signal.SIGALRM, ring)
    try:
        while len(heard) < len(packets):
            pair.client.service()
            taken: list[Event] = []
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0005)
                pair.server.service_into(taken, 100, 2)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except Alarm:
                pass
            heard += taken
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        gc.enable()
    assert [event.packet for event in heard] == packets


def test_a_peer_that_no_handle_can_be_is_unknown(pair: Pair) -> None:
    for number in (-1, 1 << 64, (1 << 64) + 1):
        with pytest.raises(UnknownPeer):
            pair.server.peer_address(PeerHandle(number))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.10.99", "127.100.199.255", "127.255.255.254", "::1"])
def test_both_return_the_address_of_a_peer(pair: Pair, host: str) -> None:
    address = Address(host, 65535)
    found = pair.client.peer_address(pair.client.connect(address, 1, 0))
    assert (found, type(found), str(found)) == (address, Address, str(address))


def test_a_closed_host_returns_no_events(pair: Pair) -> None:
    """Not those of interrupted calls either, as in Python."""
    pair.server.left = [Event(EventType.CONNECT, PeerHandle(1))]
    pair.server.close()
    for call in (pair.server.service, lambda: pair.server.service_into([])):
        with pytest.raises(HostClosed):
            call()


@needs_hot
def test_a_host_that_was_never_opened_is_refused() -> None:
    bare = NativeHost.__new__(NativeHost)
    for call in (
        lambda: bare.send(PeerHandle(1), 0, b"x", 1),
        bare.service,
        lambda: bare.service_into([]),
        bare.flush,
        bare.poll_timeout,
    ):
        with pytest.raises(AttributeError):
            call()
    bare.left = [Event(EventType.CONNECT, PeerHandle(1))]
    with pytest.raises(TypeError):
        bare.left = ()  # type: ignore[assignment]
    assert bare._known_address(PeerHandle(1)) is None
    assert len(bare.left) == 1


@pytest.mark.refcounts
def test_an_event_owns_its_packet_alone_and_outlives_its_host(pair: Pair) -> None:
    pair.client.send(pair.to_server, 0, b"kept" * 1000, 1)
    [event] = pair.arrived(1)
    packet, own = event.packet, bytes(4000)
    del event
    assert sys.getrefcount(packet) == sys.getrefcount(own)
    pair.server.close()
    assert packet == b"kept" * 1000


def test_both_kinds_are_hosts() -> None:
    hosts: list[AnyHost] = [Host(threaded=False), Host.open(threaded=False)]
    for host in hosts:
        host.close()
        assert host.closed
