"""A server and clients, each with a tree and a multiplayer of its own, in memory; and what happens to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from godot_enet.compat.scene.scene_tree import SceneTree
from tests.unit.compat.scene.memory import MemoryNetwork, MemoryPeer

__all__ = ["Member", "Party"]

_SIGNALS = (
    "peer_connected",
    "peer_disconnected",
    "connected_to_server",
    "connection_failed",
    "server_disconnected",
    "peer_authenticating",
    "peer_authentication_failed",
    "peer_packet",
)


class Member:
    """One end: its signals are in ``heard``, in order."""

    def __init__(self, network: MemoryNetwork, number: int, make_node: Callable[[], Node] | None) -> None:
        self.number = number
        self.tree = SceneTree()
        api = self.tree.get_multiplayer()
        assert isinstance(api, SceneMultiplayer)
        self.api = api
        self.heard: list[tuple[Any, ...]] = []
        for name in _SIGNALS:
            getattr(api, name).connect(self._listener(name))
        self.node = Node("Main")
        if make_node is not None:
            self.node = make_node()
            self.node.name = "Main"
        self.tree.root.add_child(self.node)
        self._network = network
        self._transport: MemoryPeer | None = None

    def _listener(self, name: str) -> Callable[..., None]:
        return lambda *arguments: self.heard.append((name, *arguments))

    @property
    def transport(self) -> MemoryPeer:
        assert self._transport is not None
        return self._transport

    def join(self, *, relays: bool = True) -> None:
        """Connect; the others hear of it in their next poll."""
        self._transport = self._network.add(self.number, relays=relays)
        self.api.multiplayer_peer = self._transport

    def take(self) -> list[tuple[Any, ...]]:
        """What was heard since the last time."""
        heard, self.heard = self.heard, []
        return heard


class Party:
    """All of them."""

    def __init__(self, *clients: int, make_node: Callable[[], Node] | None = None, join: bool = True) -> None:
        self.network = MemoryNetwork()
        self.members = {number: Member(self.network, number, make_node) for number in (1, *clients)}
        if join:
            for member in self.members.values():
                member.join()
                self.settle()

    def __getitem__(self, number: int) -> Member:
        return self.members[number]

    def settle(self) -> None:
        """Poll everybody until nothing is on its way."""
        for _ in range(8):
            for number in (*sorted(self.members, reverse=True),):
                self.members[number].api.poll()

    def packets(self) -> list[tuple[int, int, str]]:
        """What was sent since the last time: from, to, bytes in hexadecimal."""
        log = list(self.network.log)
        self.network.log.clear()
        return [(packet.sender, packet.to, packet.data.hex()) for packet in log]
