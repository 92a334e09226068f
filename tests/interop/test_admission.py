"""Clients that a server of ours does not want, and that know nothing of such servers."""

from __future__ import annotations

import time

import pytest

from godot_enet import ENetConnection

from .endpoints import Message
from .local_endpoint import LocalEndpoint
from .net import LOOPBACK, End, Net

pytestmark = pytest.mark.interop

Verdict = ENetConnection.ConnectVerdict
ACCEPT, DENY, IGNORE = 1, 2, 3
"""What the data of a client here asks for."""


def door(ip: str, port: int, data: int) -> int:
    assert ip == LOOPBACK
    return {ACCEPT: Verdict.ACCEPT, DENY: Verdict.DENY, IGNORE: Verdict.IGNORE}[data]


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "compressed"])
def test_strangers_are_chosen_among(net: Net, compressed: bool) -> None:
    server = net.add("ours")
    assert isinstance(server, LocalEndpoint)
    port = server.open(LOOPBACK)
    server.connection.on_connect_request(door)
    clients = {wish: net.add("theirs") for wish in (ACCEPT, DENY, IGNORE)}
    for client in clients.values():
        client.open(peers=1)
    if compressed:
        for endpoint in (server, *clients.values()):
            endpoint.compress(1)
    link = net.link(server, clients[ACCEPT], port, 2, ACCEPT)
    for sender, receiver in link.directions():
        link.transfer(sender, receiver, Message(1, 100), 1)

    began = time.monotonic()
    denied = End(clients[DENY], clients[DENY].connect(port, 2, DENY))
    clients[IGNORE].connect(port, 2, IGNORE)
    (told,) = net.expect(denied, "disconnect")
    assert told.data == 0
    assert time.monotonic() - began < 4, "no time-out: that takes five seconds"
    assert clients[IGNORE].of("disconnect") == []
    assert len(server.of("connect")) == 1
    assert server.of("disconnect") == []
    link.transfer(link.client, link.server, Message(2, 100), 1)
