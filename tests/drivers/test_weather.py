"""What goes wrong on the network is packet loss: no exception, no error line, and never the end of a host."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from random import Random
from typing import Any

import pytest

from godot_enet import ENetConnection, Error
from godot_enet.core.interface import Datagram
from godot_enet.core.transports.udp import UdpTransport
from tests.unit.compat.stage import Stage, kinds


def test_a_remote_that_is_gone_is_given_up_in_time(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    link = stage.link()
    link.at_client.set_timeout(1, 100, 300)
    link.server.destroy()  # from now on its port refuses
    for _ in range(10):
        assert link.at_client.send(0, b"x", 1) is Error.OK
        link.client.flush()
    stage.run(lambda: stage.peek(link.client))
    assert stage.events(link.client) == [(ENetConnection.EVENT_DISCONNECT, link.at_client, 0, 0)]
    assert caplog.records == []
    stage.join(stage.server(), link.client).fence()


REFUSALS = ["ENETUNREACH", "EHOSTUNREACH", "ECONNREFUSED", "ENOBUFS", "EPERM", "EMSGSIZE", "EAGAIN"]


@pytest.mark.parametrize("number", [getattr(errno, name) for name in REFUSALS], ids=REFUSALS)
def test_a_socket_that_refuses_now_and_then(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    """The operating system refuses a third of what is sent; nothing is lost for good."""
    monkeypatch.setenv("GODOT_ENET_ENGINE", "python")
    random = Random(number)
    refused = 0
    send = UdpTransport.send

    def send_or_refuse(self: UdpTransport, batch: Iterable[Datagram], now: int) -> int:
        nonlocal refused
        taken = 0
        for datagram in batch:
            good: Any = self._socket
            if random.random() < 0.33:
                refused += 1
                refusing: Any = Refusing(number)
                self._socket = refusing
            try:
                taken += send(self, [datagram], now)
            finally:
                self._socket = good
        return taken

    link = stage.link()
    for peer in (link.at_client, link.at_server):
        peer.set_timeout(2**30, 2**30, 2**30)  # round trips are so short here that resends run out in milliseconds
    monkeypatch.setattr(UdpTransport, "send", send_or_refuse)
    packets = [bytes([each]) * 100 for each in range(60)]
    for packet in packets:
        assert link.at_client.send(0, packet, 1) is Error.OK
        link.client.flush()
    stage.run(lambda: link.at_server.get_available_packet_count() == len(packets))
    assert [link.at_server.get_packet() for _ in packets] == packets
    assert refused > 10
    assert set(kinds(stage.events(link.server))) == {ENetConnection.EVENT_RECEIVE}
    assert stage.events(link.client) == []
    assert caplog.records == []


class Refusing:
    """A socket that sends nothing."""

    def __init__(self, number: int) -> None:
        self._number = number

    def sendto(self, _data: bytes, _name: object) -> int:
        raise OSError(self._number, "refused")

    def recvmsg(self, *_arguments: int) -> object:
        raise BlockingIOError("its queue of errors is empty")


@pytest.mark.parametrize("junk", [b"", b"\0", b"\xff" * 3, bytes(range(256)) * 20, bytes(65_000)], ids=len)
def test_junk_from_strangers_disturbs_nobody(stage: Stage, junk: bytes) -> None:
    link = stage.link()
    plain = stage.socket()
    for _ in range(50):
        for connection in (link.server, link.client):
            plain.sendto(junk, ("127.0.0.1", connection.get_local_port()))
    link.fence()
    assert len(link.server.get_peers()) == 1
