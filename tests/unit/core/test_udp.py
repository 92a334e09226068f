"""UDP sockets of both families, and the weather on the network."""

from __future__ import annotations

import errno
import select
import socket
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from godot_enet.core.errors import BindError
from godot_enet.core.interface import Address, Datagram
from godot_enet.core.protocol.constants import MAXIMUM_DATAGRAM
from godot_enet.core.transports import udp
from godot_enet.core.transports.udp import UdpTransport, is_ip_literal

Open = Callable[..., UdpTransport]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens transports, and closes them after the test."""
    transports: list[UdpTransport] = []

    def open_transport(host: str | None = None, port: int = 0) -> UdpTransport:
        transports.append(UdpTransport(host, port))
        return transports[-1]

    yield open_transport
    for transport in transports:
        transport.close()


def port_of(transport: UdpTransport) -> int:
    address = transport.local_address()
    assert address is not None
    return address.port


def receive(transport: UdpTransport, count: int = 1) -> list[Datagram]:
    """Wait for datagrams."""
    batch: list[Datagram] = []
    while len(batch) < count:
        assert select.select([transport.fileno()], [], [], 20)[0], f"{len(batch)} of {count} came"
        batch += transport.receive(256, 0)
    return batch


class TestBinding:
    @pytest.mark.parametrize(
        ("host", "shown"),
        [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("::1", "::1"), ("::", "::"), ("*", "::")],
    )
    def test_any_free_port(self, opened: Open, host: str, shown: str) -> None:
        address = opened(host).local_address()
        assert address is not None
        assert address.host == shown
        assert address.port > 0

    def test_a_port_of_choice(self, opened: Open) -> None:
        first = opened("127.0.0.1")
        port = port_of(first)
        with pytest.raises(BindError, match=rf"127\.0\.0\.1 port {port}: "):
            opened("127.0.0.1", port)
        first.close()
        assert opened("127.0.0.1", port).local_address() == Address("127.0.0.1", port)

    def test_an_address_of_another_machine(self, opened: Open) -> None:
        with pytest.raises(BindError, match=r"192\.0\.2\.7"):
            opened("192.0.2.7")

    def test_unbound_until_something_is_sent(self, opened: Open) -> None:
        sender, receiver = opened(), opened("127.0.0.1")
        assert sender.local_address() is None
        assert sender.receive(10, 0) == []
        sender.send([Datagram(b"x", Address("127.0.0.1", port_of(receiver)))], 0)
        assert receive(receiver) == [Datagram(b"x", Address("127.0.0.1", port_of(sender)))]

    def test_a_system_without_ipv6_serves_ipv4(self, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
        make = socket.socket

        def make_ipv4(family: int, *rest: Any) -> socket.socket:
            if family == socket.AF_INET6:
                raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
            return make(family, *rest)

        monkeypatch.setattr(socket, "socket", make_ipv4)
        everywhere, nowhere = opened("*"), opened()
        nowhere.send([Datagram(b"x", Address("127.0.0.1", port_of(everywhere)))], 0)
        assert [data for data, _ in receive(everywhere)] == [b"x"]
        with pytest.raises(BindError, match="Address family not supported"):
            opened("::1")

    def test_closing_is_final_and_harmless(self, opened: Open) -> None:
        transport = opened("127.0.0.1")
        assert transport.fileno() >= 0
        for _ in range(2):
            transport.close()
            assert transport.fileno() == -1
            assert transport.local_address() is None
            assert transport.receive(10, 0) == []
            assert transport.send([Datagram(b"x", Address("127.0.0.1", 9))], 0) == 0
            assert transport.poll_timeout() is None


class TestMoving:
    @pytest.mark.parametrize(
        ("server", "client", "target"),
        [
            ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
            ("127.0.0.1", None, "127.0.0.1"),
            ("::1", None, "::1"),
            ("*", "127.0.0.1", "127.0.0.1"),
            ("*", "::1", "::1"),
            ("*", None, "127.0.0.1"),
            ("*", "*", "::1"),
        ],
    )
    def test_datagrams_go_there_and_back(self, opened: Open, server: str, client: str | None, target: str) -> None:
        there, here = opened(server), opened(client)
        assert here.send([Datagram(b"ping", Address(target, port_of(there)))], 0) == 4
        ((data, source),) = receive(there)
        assert data == b"ping"
        assert source == Address(target, port_of(here))  # IPv4 is plain IPv4, whatever the socket
        there.send([Datagram(b"pong", source)], 0)
        assert receive(here) == [Datagram(b"pong", Address(target, port_of(there)))]

    def test_a_batch_keeps_its_order_and_the_limit_leaves_the_rest(self, opened: Open) -> None:
        there, here = opened("127.0.0.1"), opened("127.0.0.1")
        target = Address("127.0.0.1", port_of(there))
        sent = [bytes([number]) * 10 for number in range(20)]
        assert here.send([Datagram(data, target) for data in sent], 0) == 200
        assert select.select([there.fileno()], [], [], 20)[0]
        first = there.receive(3, 0)
        assert len(first) <= 3
        rest = receive(there, 20 - len(first))
        assert [data for data, _ in first + rest] == sent

    def test_the_same_address_is_the_same_object(self, opened: Open) -> None:
        there, here = opened("127.0.0.1"), opened("127.0.0.1")
        here.send([Datagram(b"x", Address("127.0.0.1", port_of(there)))] * 2, 0)
        one, other = receive(there, 2)
        assert one.address is other.address

    def test_empty_datagrams_say_nothing(self, opened: Open) -> None:
        there, here = opened("127.0.0.1"), opened("127.0.0.1")
        target = Address("127.0.0.1", port_of(there))
        here.send([Datagram(data, target) for data in (b"", b"x", b"", b"")], 0)
        assert [data for data, _ in receive(there)] == [b"x"]

    def test_longer_ones_than_enet_sends_are_seen_to_be_longer(self, opened: Open) -> None:
        there, here = opened("127.0.0.1"), opened("127.0.0.1")
        here.send([Datagram(bytes(60_000), Address("127.0.0.1", port_of(there)))], 0)
        ((data, _),) = receive(there)
        assert len(data) == MAXIMUM_DATAGRAM + 128

    def test_a_flood_of_strangers_is_not_remembered(self, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(udp, "_CACHE_LIMIT", 4)
        there = opened("127.0.0.1")
        target = Address("127.0.0.1", port_of(there))
        strangers = [opened("127.0.0.1") for _ in range(10)]
        for stranger in strangers:
            stranger.send([Datagram(b"x", target)], 0)
        sources = [source for _, source in receive(there, 10)]
        assert len(set(sources)) == 10
        assert len(there._addresses) <= 4
        assert len(there._names) <= 4
        there.send([Datagram(b"y", source) for source in sources], 0)
        for stranger in strangers:
            assert [data for data, _ in receive(stranger)] == [b"y"]


class Stormy:
    """A socket on which everything fails in turn."""

    def __init__(self, *outcomes: object) -> None:
        self.outcomes = list(outcomes)

    def next(self) -> Any:
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def recvfrom(self, _size: int) -> Any:
        return self.next()

    def sendto(self, data: bytes, _name: Any) -> int:
        return len(data) if self.next() is None else 0

    def close(self) -> None:
        self.outcomes.clear()


@pytest.fixture
def storm(opened: Open, monkeypatch: pytest.MonkeyPatch) -> Callable[..., UdpTransport]:
    """A transport whose socket gives the outcomes one by one."""

    def storm(*outcomes: object) -> UdpTransport:
        transport = opened("127.0.0.1")
        transport._socket.close()
        monkeypatch.setattr(transport, "_socket", Stormy(*outcomes))
        return transport

    return storm


WEATHER = [
    errno.ENETUNREACH,
    errno.EHOSTUNREACH,
    errno.ECONNREFUSED,
    errno.ECONNRESET,
    errno.ENOBUFS,
    errno.EMSGSIZE,
    errno.EPERM,
    errno.EAGAIN,
    errno.EINTR,
    errno.EADDRNOTAVAIL,
    errno.EINVAL,
    errno.ENETDOWN,
]


ARRIVING = [number for number in WEATHER if number not in (errno.EAGAIN, errno.EINTR, errno.EINVAL)]
"""EAGAIN is the end of what has arrived, EINTR is retried by Python, and EINVAL is a socket that is no more."""


class TestWeather:
    @pytest.mark.parametrize("number", WEATHER, ids=[errno.errorcode[number] for number in WEATHER])
    def test_what_the_system_refuses_is_lost_and_the_rest_is_sent(
        self, storm: Callable[..., UdpTransport], number: int
    ) -> None:
        target = Address("127.0.0.1", 9)
        batch = [Datagram(b"one", target), Datagram(b"three", target), Datagram(b"x", target)]
        assert storm(None, OSError(number, "storm"), None).send(batch, 0) == 4

    @pytest.mark.parametrize("number", ARRIVING, ids=[errno.errorcode[number] for number in ARRIVING])
    def test_an_error_that_arrives_hides_no_datagram(self, storm: Callable[..., UdpTransport], number: int) -> None:
        name = ("127.0.0.1", 5)
        transport = storm(
            OSError(number, "storm"), (b"x", name), OSError(number, "storm"), (b"y", name), BlockingIOError()
        )
        assert transport.receive(256, 0) == [Datagram(b"x", Address(*name)), Datagram(b"y", Address(*name))]

    def test_errors_without_end_end(self, storm: Callable[..., UdpTransport]) -> None:
        assert storm(*[OSError(errno.ENETDOWN, "storm")] * 256).receive(256, 0) == []

    @pytest.mark.parametrize(
        ("bound", "target", "data"),
        [
            ("127.0.0.1", Address("::1", 9), b"IPv6 from an IPv4 socket"),
            ("::1", Address("127.0.0.1", 9), b"IPv4 from an IPv6 address"),
            ("127.0.0.1", Address("192.0.2.1", 9), b"no way out of loopback"),
            ("::1", Address("fe80::1%no-such-interface", 9), b"nowhere"),
            ("127.0.0.1", Address("127.0.0.1", 9), bytes(70_000)),
        ],
    )
    def test_the_system_refuses_one_and_the_rest_arrives(
        self, opened: Open, bound: str, target: Address, data: bytes
    ) -> None:
        there, here = opened(bound), opened(bound)
        good = Datagram(b"arrives", Address(bound, port_of(there)))
        assert here.send([Datagram(data, target), good], 0) == 7
        assert [data for data, _ in receive(there)] == [b"arrives"]


@pytest.mark.parametrize(
    ("text", "literal"),
    [("127.0.0.1", True), ("::1", True), ("fe80::1%lo", True), ("*", False), ("localhost", False), ("", False)],
)
def test_literals_are_told_from_names(text: str, literal: bool) -> None:
    assert is_ip_literal(text) is literal


def test_the_longest_datagram_of_enet_arrives_whole_with_what_dtls_adds(opened: Open) -> None:
    sender, receiver = opened("127.0.0.1"), opened("127.0.0.1")
    longest = Random(1).randbytes(MAXIMUM_DATAGRAM + 37)
    sender.send([Datagram(longest, Address("127.0.0.1", port_of(receiver)))], 0)
    assert [datagram.data for datagram in receive(receiver)] == [longest]
