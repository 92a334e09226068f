"""ENetMultiplayerPeers on loopback, polled in turns until something has happened, and all that they announced."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from godot_enet.compat.enet_connection import ENetConnection
from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.compat.globals import Error
from godot_enet.core.any_host import HostOpener
from godot_enet.core.host import Host

__all__ = ["DEADLINE", "ENetParty", "Packet"]

DEADLINE = 60.0
"""Seconds after which something that should happen at once is taken never to happen."""


class Packet(NamedTuple):
    """A packet as its receiver describes it."""

    sender: int
    channel: int
    mode: int
    data: bytes


class ENetParty:
    """Makes peers of one kind, polls all that are not closed, and closes them in the end."""

    def __init__(self, threaded: bool, opener: HostOpener = Host.open) -> None:
        self.threaded = threaded
        self._opener = opener
        self.signals: dict[ENetMultiplayerPeer, list[tuple[str, int]]] = {}
        """Every signal so far, in order."""
        self._connections: list[ENetConnection] = []

    def peer(self) -> ENetMultiplayerPeer:
        """A new one, not connected."""
        peer = ENetMultiplayerPeer(threaded=self.threaded, opener=self._opener)
        heard = self.signals[peer] = []
        peer.peer_connected.connect(lambda id: heard.append(("connected", id)))
        peer.peer_disconnected.connect(lambda id: heard.append(("disconnected", id)))
        return peer

    def server(self, max_clients: int = 32, max_channels: int = 0, *bandwidths: int) -> ENetMultiplayerPeer:
        """A server on a free port."""
        server = self.peer()
        server.set_bind_ip("127.0.0.1")
        assert server.create_server(0, max_clients, max_channels, *bandwidths) is Error.OK
        return server

    def dial(self, server: ENetMultiplayerPeer, channel_count: int = 0) -> ENetMultiplayerPeer:
        """A client that begins to connect."""
        client = self.peer()
        assert server.host is not None
        assert client.create_client("127.0.0.1", server.host.get_local_port(), channel_count) is Error.OK
        return client

    def join(self, server: ENetMultiplayerPeer, channel_count: int = 0) -> ENetMultiplayerPeer:
        """A client that has connected, and of which the server knows."""
        client = self.dial(server, channel_count)
        self.run(lambda: ("connected", client.get_unique_id()) in self.signals[server])
        self.run(lambda: client.get_connection_status() == ENetMultiplayerPeer.CONNECTION_CONNECTED)
        return client

    def hosts(self) -> tuple[ENetConnection, ENetConnection]:
        """Two connections that are connected to each other, as a mesh takes them."""
        one, two = ENetConnection(threaded=self.threaded), ENetConnection(threaded=self.threaded)
        self._connections += one, two
        assert one.create_host_bound("127.0.0.1", 0, 1) is two.create_host(1) is Error.OK
        assert two.connect_to_host("127.0.0.1", one.get_local_port()) is not None
        waiting = {one, two}
        deadline = time.monotonic() + DEADLINE
        while waiting:
            assert time.monotonic() < deadline
            waiting -= {each for each in waiting if each.service(1).type == ENetConnection.EVENT_CONNECT}
        return one, two

    def mesh(self, *ids: int) -> list[ENetMultiplayerPeer]:
        """A mesh in which each is connected to each."""
        members = [self.peer() for _ in ids]
        for member, id in zip(members, ids, strict=True):
            assert member.create_mesh(id) is Error.OK
        for first, one in enumerate(members):
            for two in members[first + 1 :]:
                for member, other, host in zip((one, two), (two, one), self.hosts(), strict=True):
                    assert member.add_mesh_peer(other.get_unique_id(), host) is Error.OK
        return members

    def step(self) -> None:
        """What a frame does."""
        for peer in self.signals:
            if peer.get_connection_status() != ENetMultiplayerPeer.CONNECTION_DISCONNECTED:
                peer.poll()

    def run(self, until: Callable[[], object], each: Callable[[], object] | None = None) -> None:
        """Poll all in turns until the condition holds; ``each`` is called four times a second."""
        deadline = time.monotonic() + DEADLINE
        next_call = time.monotonic()
        while not until():
            now = time.monotonic()
            assert now < deadline, f"did not happen within {DEADLINE} s; signals so far: {list(self.signals.items())}"
            if each is not None and now >= next_call:
                each()
                next_call = now + 0.25
            self.step()
            time.sleep(0.0002)

    def spend(self, seconds: float) -> None:
        """Poll all for a time in which nothing in particular is expected."""
        end = time.monotonic() + seconds
        self.run(lambda: time.monotonic() >= end)

    def take(self, receiver: ENetMultiplayerPeer) -> Packet:
        """The next packet; waits for it."""
        self.run(receiver.get_available_packet_count)
        sender, channel, mode = receiver.get_packet_peer(), receiver.get_packet_channel(), receiver.get_packet_mode()
        return Packet(sender, channel, mode, receiver.get_packet())

    def deliver(self, sender: ENetMultiplayerPeer, receiver: ENetMultiplayerPeer, data: bytes) -> Packet:
        """Send until it arrives, which an unreliable packet need not do at once; returns it."""

        def send() -> None:
            assert sender.put_packet(data) is Error.OK

        reliable = sender.transfer_mode == ENetMultiplayerPeer.TRANSFER_MODE_RELIABLE
        if reliable:
            send()
        self.run(receiver.get_available_packet_count, each=None if reliable else send)
        return self.take(receiver)

    def close(self) -> None:
        """Close all, and destroy the connections that were made for meshes."""
        for peer in self.signals:
            peer.close()
        for connection in self._connections:
            if connection.engine_name:
                connection.destroy()
