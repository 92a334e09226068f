"""The objects of peers: those that C makes for clients are what ``_attach`` makes, and behave as any object does."""

from __future__ import annotations

import gc
import sys
import weakref

import pytest

from godot_enet import ENetConnection, ENetPacketPeer
from godot_enet.compat import ConnectEvent
from godot_enet.core import Address
from tests.native.native_connections import needs_hot
from tests.unit.compat.stage import Link, Stage

NAMES = ["_host", "_handle", "_address", "_ended", "_packets", "_is_numbered", "_why"]
NAMES += ["_packet_error", "_encode_buffer_max_size"]


@pytest.fixture
def link(stage: Stage) -> Link:
    return stage.link()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_client_is_what_attach_makes(stage: Stage, address: str) -> None:
    link = stage.link(address=address)
    peer, host = link.at_server, link.server._host
    assert host is not None
    assert peer._address == Address(address, link.client.get_local_port())
    made = ENetPacketPeer._attach(host, peer._handle, peer._address, link.server._ended)
    for name in NAMES:
        assert getattr(peer, name) == getattr(made, name), name
        assert type(getattr(peer, name)) is type(getattr(made, name)), name
    assert repr(peer) == repr(made)


def test_the_event_of_a_client(stage: Stage) -> None:
    server, client = stage.server(), stage.client()
    client.connect_to_host("127.0.0.1", server.get_local_port(), 1, 0xFFFFFFFF)
    stage.run(lambda: stage.peek(server))
    [event] = stage.events(server)
    assert type(event) is ConnectEvent
    assert event == (ENetConnection.EVENT_CONNECT, server.get_peers()[0], 0xFFFFFFFF, 0)
    assert event.type is ENetConnection.EVENT_CONNECT
    assert server._peers == {event.peer._handle: event.peer}


def test_an_ended_peer_knows_its_address(link: Link) -> None:
    peer, port = link.at_server, link.client.get_local_port()
    link.client.destroy()
    peer.reset()
    assert peer._address == Address("127.0.0.1", port)
    assert f"127.0.0.1:{port}" in repr(peer)


@pytest.mark.refcounts
def test_a_program_adds_its_own_attributes(link: Link) -> None:
    """As it may to an object of any class; they go with the object, also where they lead back to it."""

    class Player:
        def __init__(self, peer: ENetPacketPeer) -> None:
            self.peer = peer

    for peer in (link.at_server, link.at_client):
        vars(peer)["player"] = Player(peer)
        assert peer.__dict__["player"].peer is peer
    gone = [weakref.ref(peer) for peer in (link.at_server, link.at_client)]
    players = [weakref.ref(vars(peer)["player"]) for peer in (link.at_server, link.at_client)]
    link.server.destroy()
    link.client.destroy()
    del peer, link.at_server, link.at_client
    link.stage.events(link.server)
    link.stage.events(link.client)
    gc.collect()
    assert [found() for found in (*gone, *players)] == [None] * 4


@needs_hot
def test_a_peer_is_small() -> None:
    """It has a dict when something is put into it. CPython's managed dicts take memory at once."""
    assert ENetPacketPeer.__dictoffset__ > 0
    assert sys.getsizeof(ENetPacketPeer.__new__(ENetPacketPeer)) <= 152
